"""One column of text at a time: the cells that are certainly right, cast at once; every other by the exact rule alone.

A vectorised pass accepts a cell only under a strict sub-language (plain integers and decimals, ISO dates …) and only
where every constraint certainly holds. The rest, each distinct text once, goes to `cells`, which decides. So the fast
way can never be wrong, only undecided.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from opendata.domain.findings import Problem
from opendata.tables.arrow.arrays import make_text, make_texts, view_flags, view_numbers
from opendata.tables.arrow.masks import either, only
from opendata.tables.arrow.shapes import find_lengths, is_of_bytes
from opendata.tables.check.cells import CellRule, CellValue
from opendata.tables.check.column_checks import CHECKS, Check
from opendata.tables.check.odd_texts import build_cleaner, find_odd
from opendata.tables.check.uniqueness import UNEQUAL
from opendata.tables.text.records import Ascent, Certain, Judged
from opendata.tables.types.casting import build_column
from opendata.tables.types.field_type import LEXICAL, ZONE, Cast, Note

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from opendata.tables.repair.repairs import Repairer

_LONGEST = 2**31 - 1
_MOST_KNOWN = 10_000

TEXTS = ("string", "any")
"""The types whose texts may be odd without breaking a rule."""


@dataclass(slots=True)
class ScreenedColumn:
    """A column cast: `typed` and `text` as batches have them, null where a cell is missing or has no value.

    A column that was only judged has neither. `given` is the number of its values, `ascent` its values where they
    are a key's and each is greater than the one before.
    `rows` (ascending) and `codes` tell the broken cells: `problems[codes[i]]` are those of row `rows[i]`. `rounded`
    counts numbers of which a double does not keep every digit, `spaced` moments with a space instead of their T. `keys`
    are arrays that are equal exactly where the values are, where a key was asked for. `wrong` counts the distinct texts
    of broken cells, `repaired` the cells repaired, by the kinds of repair, `notes` what is remembered of right cells,
    `odd` the oddities of texts with their rows.
    """

    typed: pa.Array
    text: pa.Array
    rows: np.ndarray | None = None
    codes: np.ndarray | None = None
    problems: Sequence[tuple[Problem, ...]] = ()
    rounded: int = 0
    spaced: int = 0
    keys: Sequence[pa.Array] = field(default_factory=tuple)
    wrong: Mapping[str, int] = field(default_factory=dict)
    repaired: Mapping[tuple[str, ...], int] = field(default_factory=dict)
    notes: Mapping[Note, int] = field(default_factory=dict)
    odd: Sequence[tuple[Problem, np.ndarray]] = ()
    given: int | None = None
    ascent: Ascent | None = None

    def list_keys(self) -> Sequence[pa.Array]:
        """The arrays of a key."""
        import pyarrow as pa

        if self.ascent is None:
            return self.keys
        return (self.ascent.make_column(), pa.nulls(self.ascent.rows, pa.string()))

    def count_values(self) -> int:
        """How many cells have a value."""
        return len(self.typed) - self.typed.null_count if self.given is None else self.given


class ColumnScreen:
    """Casts the cells of one field, a wrong one repaired where `repairer` can.

    `is_key` asks for arrays that show which values repeat, `is_read` for values even where a table is wrong.
    """

    def __init__(self, rule: CellRule, repairer: Repairer | None = None, repairs: Collection[str] = ()) -> None:
        self.rule = rule
        self._repairer = repairer
        self.name: str = rule.field.name
        self._kind = rule.type
        self.is_key = False
        self.is_read = False
        self._nulls = rule.nulls
        self._required = bool(rule.constraints.get("required"))
        self._clean = build_cleaner(repairs) if rule.type.name in TEXTS else None
        self._known: dict[str, CellValue] = {}

    @cached_property
    def arrow_type(self) -> pa.DataType:
        """The Arrow type of the column."""
        return self._kind.arrow_type(self.rule.field)

    @cached_property
    def _is_castable(self) -> bool:
        lexical = any(option in self.rule.field.descriptor for option in LEXICAL)
        plain = self.rule.field.format == "default" and not lexical
        return self._kind.is_castable and plain and self.rule.categories is None

    @property
    def is_certain(self) -> bool:
        """Whether the type's plain form can be found right without the exact rule, as the file has it."""
        return self._is_castable and self._clean is None

    def screen(
        self, cells: pa.Array, *, wants_values: bool = True, may_be_odd: bool = True, cast: Cast | None = None
    ) -> ScreenedColumn:
        """Cast one batch of cells (text; null: the row has no such cell), unless they come with a `cast`.

        Without `wants_values` the doubtful ones are judged, but `typed` and `text` may lack their values. Odd texts are
        looked for only where there `may_be` some.
        """
        if not may_be_odd or self._kind.name not in TEXTS:
            return self._screen(cells, wants_values, cast)
        cleaned: Mapping[str, int] = {}
        if self._clean is not None:
            cells, cleaned = self._clean(cells)
        column = self._screen(cells, wants_values, cast)
        column.odd = find_odd(cells)
        if cleaned:
            column.repaired = {**column.repaired, **{(kind,): count for kind, count in cleaned.items()}}
        return column

    def _screen(self, cells: pa.Array, wants_values: bool, cast: Cast | None) -> ScreenedColumn:
        import pyarrow.compute as pc

        if cast is None:
            null = self._find_nulls(cells)
            text = cells if null is None else pc.if_else(null, make_text(None), cells)
            if self._checks is None:
                return self._decide(cells, ScreenedColumn(text, text), None, wants_values)
            cast = self._cast(text, null, self._checks)
        column, doubt = ScreenedColumn(cast.typed, cast.text, spaced=cast.spaced), cast.doubt
        if cast.is_rewritten and any(self._nulls):  # what it is rewritten to might be a missing value's text
            doubt = either(doubt, only(pc.not_equal(column.text, cells)))
        if doubt is not None and pc.any(doubt, min_count=0).as_py():
            return self._decide(cells, column, doubt, wants_values)
        if self.is_key:
            column.keys = self._list_keys(column.typed)
        return column

    def judge(self, found: Judged | Certain) -> ScreenedColumn:
        """The verdict on a column of which only the cells in doubt have come, each distinct text once, or none is."""
        if isinstance(found, Certain):
            keys = self._list_keys(found.typed) if self.is_key and found.ascent is None else ()
            return ScreenedColumn(found.typed, found.text, keys=keys, ascent=found.ascent)
        column = ScreenedColumn(None, None, spaced=found.spaced, ascent=found.ascent)
        column.given = found.rows - found.nulls
        if not found.doubts:
            return column
        import numpy as np

        rows, codes = np.frombuffer(found.places, np.int32), np.frombuffer(found.codes, np.int32)
        sources: list[str | None] = list(found.texts)
        readings = [self._read(text) for text in found.texts]
        counts = np.bincount(codes, minlength=len(sources))
        column.repaired = self._repair(sources, readings, counts)
        column.given -= int(counts[np.array([reading.value is None for reading in readings], bool)].sum())
        column.given += sum(int(count) for count, text in zip(counts, found.texts, strict=True) if text in self._nulls)
        return self._report(column, sources, readings, codes, counts, rows)

    def _read(self, text: str) -> CellValue:
        """A cell read by the exact rule; what was read before is known."""
        reading = self._known.get(text)
        if reading is None:
            reading = self.rule.read(text)
            if len(self._known) < _MOST_KNOWN:
                self._known[text] = reading
        return reading

    def _cast(self, text: pa.Array, null: pa.Array | None, checks: Sequence[Check]) -> Cast:
        """A column of text, null where a cell is missing, cast; in doubt wherever a rule may be broken."""
        cast = self._kind.cast(text, self.arrow_type)
        cast.is_rewritten = cast.text is not text
        doubt = cast.doubt
        for check in checks:
            doubt = either(doubt, check(cast.typed, text))
        if self._required:
            doubt = either(doubt, null)
            if self.rule.trims:
                doubt = either(doubt, _find_blanks(text))
        cast.doubt = doubt
        return cast

    def _find_nulls(self, cells: pa.Array) -> pa.Array | None:
        import pyarrow.compute as pc

        if not len(cells):
            return None
        if self._nulls == ("",) and not cells.null_count:
            if find_lengths(cells).min() > 0:
                return None
            null = pc.equal(cells, make_text(""))
        elif not self._nulls:
            null = cells.is_null()
        else:
            null = pc.is_in(cells, value_set=make_texts(self._nulls))
            null = pc.or_(null, cells.is_null()) if cells.null_count else null
        return null if pc.any(null).as_py() else None

    def _decide(
        self, cells: pa.Array, column: ScreenedColumn, doubt: pa.Array | None, wants_values: bool
    ) -> ScreenedColumn:
        """Put the doubtful cells (all, where `doubt` is None) before the exact rule, each distinct text once."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        doubtful = cells if doubt is None else cells.filter(doubt)
        coded = pc.dictionary_encode(doubtful, null_encoding="encode")
        sources = coded.dictionary.to_pylist()
        codes = view_numbers(coded.indices)
        counts = np.bincount(codes, minlength=len(sources))
        column.repaired = self._repair(sources, readings := [self.rule.read(source) for source in sources], counts)
        values = [reading.value for reading in readings]
        places = None if doubt is None else np.flatnonzero(view_flags(doubt))
        decided = replace(column)
        if wants_values or self.is_key or self.is_read or doubt is None:
            exact_typed, exact_text = build_column(self.rule.field, values, sources)
            decided.typed, decided.text = exact_typed.take(coded.indices), exact_text.take(coded.indices)
            if doubt is not None:
                decided.typed = pc.replace_with_mask(column.typed, doubt, decided.typed)
                decided.text = pc.replace_with_mask(column.text, doubt, decided.text)
        else:  # a right cell isn't blank
            right = [None if value is None else source for source, value in zip(sources, values, strict=True)]
            decided.text = pc.replace_with_mask(column.text, doubt, make_texts(right).take(coded.indices))
            decided.given = len(cells) - decided.text.null_count
        self._report(decided, sources, readings, codes, counts, places)
        if self.is_key:
            tails = [self._write_key(reading, source) for reading, source in zip(readings, sources, strict=True)]
            taken = make_texts(tails).take(coded.indices)
            if doubt is not None:
                rest = pa.nulls(len(cells), pa.string()) if self._kind.has_typed_keys else column.text
                taken = pc.replace_with_mask(rest, doubt, taken)
            decided.keys = self._list_keys(decided.typed, taken)
        return decided

    def _report(
        self,
        column: ScreenedColumn,
        sources: Sequence[str | None],
        readings: Sequence[CellValue],
        codes: np.ndarray,
        counts: np.ndarray,
        places: np.ndarray | None,
    ) -> ScreenedColumn:
        """Put into a column what its distinct texts have shown; `codes` are of the cells at `places` (None: all)."""
        import numpy as np

        values = [reading.value for reading in readings]
        rounded = np.array([self._is_rounded(*pair) for pair in zip(sources, values, strict=True)], bool)
        column.rounded += int(rounded[codes].sum()) if len(codes) else 0
        column.notes = self._count_notes(values, sources, counts)
        broken = np.array([bool(reading.problems) for reading in readings], bool)
        if broken.any():
            found = np.flatnonzero(broken[codes])
            column.rows = found if places is None else places[found]
            kinds: dict[tuple[Problem, ...], int] = {}
            numbers = np.array([kinds.setdefault(reading.problems, len(kinds)) for reading in readings], np.int32)
            column.codes = numbers[codes[found]]
            column.problems = list(kinds)
            wrong = zip(sources, broken.tolist(), counts.tolist(), strict=True)
            column.wrong = {source: count for source, is_broken, count in wrong if is_broken and source is not None}
        return column

    def _repair(
        self, sources: list[str | None], readings: list[CellValue], counts: np.ndarray
    ) -> Mapping[tuple[str, ...], int]:
        """Put the repaired texts and their readings in the place of broken ones; the cells repaired, by kind."""
        repaired: Counter[tuple[str, ...]] = Counter()
        if self._repairer is None:
            return repaired
        for place, (source, reading) in enumerate(zip(sources, readings, strict=True)):
            fixed = self._repairer.repair(source) if reading.problems and source is not None else None
            if fixed is not None:
                sources[place], readings[place] = fixed.text, self.rule.read(fixed.text)
                repaired[fixed.kinds] += int(counts[place])
        return repaired

    def _count_notes(
        self, values: Sequence[Any], sources: Sequence[str | None], counts: np.ndarray
    ) -> Mapping[Note, int]:
        """What is remembered of right cells, and of how many."""
        notes: Counter[Note] = Counter()
        for value, source, count in zip(values, sources, counts.tolist(), strict=True):
            note = self.rule.find_note(value, source)
            if note is not None:
                notes[note] += count
        return notes

    def _list_keys(self, typed: pa.Array, tails: pa.Array | None = None) -> Sequence[pa.Array]:
        """The values as arrays that compare exactly; `tails` keep apart what the Arrow type cannot."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if not self._kind.has_typed_keys:
            return (typed if tails is None else tails,)
        if pa.types.is_floating(typed.type):
            typed = pc.add(typed, 0.0)
        return (typed, pa.nulls(len(typed), pa.string()) if tails is None else tails)

    def _write_key(self, reading: CellValue, source: str | None) -> str | None:
        """What tells a value apart beside its Arrow value; all of it, where the column cannot hold it."""
        if reading.parsed is None:
            return None
        if reading.parsed != reading.parsed:  # NaN
            return UNEQUAL if reading.value is None else None
        note = self.rule.find_note(reading.parsed, source)
        if note is not None and note.kind == ZONE:  # no moment with a zone is equal to one without
            return ZONE
        key = self._kind.write_key(reading.parsed, source)
        return str(reading.parsed) if key is None and reading.value is None else key

    def _is_rounded(self, source: str | None, value: Any) -> bool:
        return value is not None and source is not None and self._kind.is_rounded(value, source, self.rule.field)

    @cached_property
    def _checks(self) -> Sequence[Check] | None:
        """One function per constraint: typed and text in, where it may be broken out; None where no cell is certain."""
        if not self._is_castable:
            return None
        checks = []
        for name, bound in self.rule.constraints.items():
            if name == "required" or bound is False:
                continue
            build = CHECKS.get(name)
            check = build(self.rule, self.arrow_type, bound) if build else None
            if check is None:  # a constraint this pass knows nothing of: the exact rule decides every cell
                return None
            checks.append(check)
        return checks


def _find_blanks(text: pa.Array) -> pa.Array | None:
    """Where a text is white space only."""
    import pyarrow.compute as pc

    if is_of_bytes(text, 0x21, 0x7E):
        return None
    return only(pc.utf8_is_space(text))
