"""One column of text at a time: the cells that are certainly right, cast at once; every other by the exact rule alone.

A vectorised pass accepts a cell only under a strict sub-language (plain integers and decimals, ISO dates …) and only
where every constraint certainly holds. The rest, each distinct text once, goes to `cells`, which decides. So the fast
way can never be wrong, only undecided.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from opendata.domain.findings import Problem
from opendata.tables.arrow.arrays import make_scalar, make_text, make_texts, view_flags, view_numbers
from opendata.tables.arrow.masks import either, only
from opendata.tables.arrow.shapes import Matcher, find_classes, find_lengths, is_of_bytes
from opendata.tables.check.cells import CellRule, CellValue
from opendata.tables.check.odd_texts import build_cleaner, find_odd
from opendata.tables.check.uniqueness import UNEQUAL
from opendata.tables.types.casting import build_column
from opendata.tables.types.field_type import LEXICAL, Cast, Note
from opendata.tables.types.number import DOUBLE_DIGITS

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from opendata.tables.repair.repairs import Repairer

_LONGEST = 2**31 - 1

TEXTS = ("string", "any")
"""The types whose texts may be odd without breaking a rule."""


@dataclass(slots=True)
class ScreenedColumn:
    """A column cast: `typed` and `text` as batches have them, null where a cell is missing or has no value.

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

    @property
    def has_moments(self) -> bool:
        """Whether the values are moments."""
        import pyarrow as pa

        return bool(pa.types.is_timestamp(self.typed.type))


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
        self.arrow_type = rule.type.arrow_type(rule.field)
        self._nulls = rule.nulls
        self._required = bool(rule.constraints.get("required"))
        self._casts = rule.type.is_castable and self._is_plain()
        self._checks = self._build_checks() if self._casts else []
        self._clean = build_cleaner(repairs) if rule.type.name in TEXTS else None

    def _is_plain(self) -> bool:
        lexical = any(option in self.rule.field.descriptor for option in LEXICAL)
        plain = self.rule.field.format == "default" and not lexical
        return plain and self.rule.categories is None

    @property
    def is_certain(self) -> bool:
        """Whether cells can be found right without the exact rule, as the file has them."""
        return self._casts and self._clean is None

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
            if not self._casts:
                return self._decide(cells, ScreenedColumn(text, text), None, wants_values)
            cast = self._cast(text, null)
        column, doubt = ScreenedColumn(cast.typed, cast.text, spaced=cast.spaced), cast.doubt
        if cast.is_rewritten and any(self._nulls):  # what it is rewritten to might be a missing value's text
            doubt = either(doubt, only(pc.not_equal(column.text, cells)))
        if doubt is not None and pc.any(doubt, min_count=0).as_py():
            return self._decide(cells, column, doubt, wants_values)
        if self.is_key:
            column.keys = self._list_keys(column.typed)
        return column

    def _cast(self, text: pa.Array, null: pa.Array | None) -> Cast:
        """A column of text, null where a cell is missing, cast; in doubt wherever a rule may be broken."""
        cast = self._kind.cast(text, self.arrow_type)
        cast.is_rewritten = cast.text is not text
        doubt = cast.doubt
        for check in self._checks:
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
        rounded = np.array([self._is_rounded(*pair) for pair in zip(sources, values, strict=True)], bool)
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
        decided.rounded = column.rounded + int(rounded[codes].sum()) if len(codes) else column.rounded
        decided.notes = self._count_notes(values, sources, counts)
        broken = np.array([bool(reading.problems) for reading in readings], bool)
        if broken.any():
            found = np.flatnonzero(broken[codes])
            decided.rows = found if places is None else places[found]
            kinds: dict[tuple[Problem, ...], int] = {}
            numbers = np.array([kinds.setdefault(reading.problems, len(kinds)) for reading in readings], np.int32)
            decided.codes = numbers[codes[found]]
            decided.problems = list(kinds)
            wrong = zip(sources, broken.tolist(), counts.tolist(), strict=True)
            decided.wrong = {source: count for source, is_broken, count in wrong if is_broken and source is not None}
        if self.is_key:
            tails = [self._write_key(reading, source) for reading, source in zip(readings, sources, strict=True)]
            taken = make_texts(tails).take(coded.indices)
            if doubt is not None:
                rest = pa.nulls(len(cells), pa.string()) if self._kind.has_typed_keys else column.text
                taken = pc.replace_with_mask(rest, doubt, taken)
            decided.keys = self._list_keys(decided.typed, taken)
        return decided

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
        key = self._kind.write_key(reading.parsed, source)
        return str(reading.parsed) if key is None and reading.value is None else key

    def _is_rounded(self, source: str | None, value: Any) -> bool:
        return value is not None and source is not None and self._kind.is_rounded(value, source, self.arrow_type)

    def _build_checks(self) -> list[Check]:
        """One function per constraint: typed and text in, where it may be broken out."""
        checks = []
        for name, bound in self.rule.constraints.items():
            if name == "required" or bound is False:
                continue
            build = _CHECKS.get(name)
            check = build(self.rule, self.arrow_type, bound) if build else None
            if check is None:  # a constraint this pass knows nothing of: the exact rule decides every cell
                self._casts = False
                return []
            checks.append(check)
        return checks


def _find_blanks(text: pa.Array) -> pa.Array | None:
    """Where a text is white space only."""
    import pyarrow.compute as pc

    if is_of_bytes(text, 0x21, 0x7E):
        return None
    return only(pc.utf8_is_space(text))


# --- checks: a constraint's bound in; a function from typed and text to where it may be broken out, or None

Check = Callable[["pa.Array", "pa.Array"], "pa.Array | None"]


def _check_pattern(rule: CellRule, wanted: pa.DataType, bound: Any) -> Check | None:  # noqa: ARG001
    import pyarrow as pa

    if not rule.type.is_text:
        return None
    from opendata.tables.schema.engine import translate_pattern

    matcher = Matcher(translate_pattern(bound), find_classes(bound))
    try:
        matcher.find_others(make_texts([""]))
    except pa.ArrowInvalid:  # just too large for Arrow
        return None
    return lambda typed, text: matcher.find_others(text)  # noqa: ARG005


def _check_length(least: bool) -> Callable[[CellRule, pa.DataType, Any], Check | None]:
    def build(rule: CellRule, wanted: pa.DataType, bound: Any) -> Check | None:  # noqa: ARG001
        import pyarrow as pa
        import pyarrow.compute as pc

        if not rule.type.is_text:
            return None
        compare = pc.less if least else pc.greater

        def check(typed: pa.Array, text: pa.Array) -> pa.Array | None:  # noqa: ARG001
            lengths = find_lengths(text)  # a character has one to four bytes
            if least and not text.null_count and lengths.min(initial=bound * 4) >= bound * 4:
                return None
            if not least and lengths.max(initial=0) <= bound:
                return None
            return only(compare(pc.utf8_length(text), make_scalar(min(bound, _LONGEST), pa.int32())))

        return check

    return build


def _check_bound(compare: str) -> Callable[[CellRule, pa.DataType, Any], Check | None]:
    def build(rule: CellRule, wanted: pa.DataType, bound: Any) -> Check | None:
        import pyarrow.compute as pc

        limit = rule.type.choose_limit(rule.read_bound(bound), wanted)
        if limit is None:
            return None
        within = getattr(pc, compare)
        scalar = make_scalar(limit, wanted)
        if rule.type.is_exact:
            return lambda typed, text: only(pc.invert(within(typed, scalar)))  # noqa: ARG005

        def check(typed: pa.Array, text: pa.Array) -> pa.Array | None:
            doubt = only(pc.invert(within(typed, scalar)))
            if find_lengths(text).max(initial=0) <= DOUBLE_DIGITS:
                return doubt
            return either(doubt, only(pc.equal(typed, scalar)))  # the double may stand for a decimal beside it

        return check

    return build


def _check_enum(rule: CellRule, wanted: pa.DataType, bound: Any) -> Check | None:  # noqa: ARG001
    import pyarrow.compute as pc

    if not all(type(item) is rule.type.enum_kind for item in bound):
        return None
    allowed = make_texts([str(item) for item in bound])

    def check(typed: pa.Array, text: pa.Array) -> pa.Array | None:  # noqa: ARG001
        outside = pc.invert(pc.is_in(text, value_set=allowed))
        return only(pc.and_(outside, text.is_valid()) if text.null_count else outside)

    return check


_CHECKS: Mapping[str, Callable[[CellRule, Any, Any], Check | None]] = {
    "pattern": _check_pattern,
    "minLength": _check_length(least=True),
    "maxLength": _check_length(least=False),
    "minimum": _check_bound("greater_equal"),
    "maximum": _check_bound("less_equal"),
    "exclusiveMinimum": _check_bound("greater"),
    "exclusiveMaximum": _check_bound("less"),
    "enum": _check_enum,
}
