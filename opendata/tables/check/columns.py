"""One column of text at a time: the cells that are certainly right, cast at once; every other by the exact rule alone.

A vectorised pass accepts a cell only under a strict sub-language (plain integers and decimals, ISO dates …) and only
where every constraint certainly holds. The rest, each distinct text once, goes to `cells`, which decides. So the fast
way can never be wrong, only undecided.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from opendata.domain.findings import Problem
from opendata.tables.arrow.arrays import make_scalar, make_text, make_texts, no_to_nulls, view_flags, view_numbers
from opendata.tables.arrow.shapes import DIGITS, Matcher, find_bytes, find_classes, find_lengths, is_of_bytes
from opendata.tables.check.cells import CellRule, Reading
from opendata.tables.types.arrow_types import arrow_type
from opendata.tables.types.casting import DOUBLE_DIGITS, build_column, is_rounded, write_key

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from opendata.tables.types.repairs import Repairer

_LEXICAL = ("decimalChar", "groupChar", "bareNumber", "floatNumber", "trueValues", "falseValues")

_TYPED_KEYS = frozenset(["boolean", "date", "datetime", "integer", "number"])
"""Types of which the Arrow value tells whether values are equal, for nearly all."""

_LONGEST = 2**31 - 1


@dataclass(slots=True)
class ScreenedColumn:
    """A column cast: `typed` and `text` as batches have them, null where a cell is missing or has no value.

    `rows` (ascending) and `codes` tell the broken cells: `problems[codes[i]]` are those of row `rows[i]`. `rounded`
    counts numbers of which a double does not keep every digit, `spaced` moments with a blank for their T. `keys` are
    arrays that are equal exactly where the values are, where a key was asked for. `wrong` counts the distinct texts of
    broken cells, `repaired` the cells repaired, by the kinds of repair.
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


class ColumnScreen:
    """Casts the cells of one field, a wrong one repaired where `repairer` can.

    `is_key` asks for arrays that tell whether values repeat, `is_read` for values even where a table is wrong.
    """

    def __init__(self, rule: CellRule, repairer: Repairer | None = None) -> None:
        self.rule = rule
        self._repairer = repairer
        self.name: str = rule.field["name"]
        self._kind = rule.kind
        self.is_key = False
        self.is_read = False
        self._type = arrow_type(rule.field)
        self._nulls = rule.nulls
        self._required = bool(rule.constraints.get("required"))
        self._cast = _CASTS.get(self._kind) if self._is_plain() else None
        self._checks = self._build_checks() if self._cast else []

    def _is_plain(self) -> bool:
        lexical = any(option in self.rule.field for option in _LEXICAL)
        plain = self.rule.field.get("format", "default") == "default" and not lexical
        return plain and self.rule.categories is None

    def screen(self, cells: pa.Array, *, wants_values: bool = True) -> ScreenedColumn:
        """Cast one batch of cells (text; null: the row has no such cell).

        Without `wants_values` the doubtful ones are judged, but `typed` and `text` may lack their values.
        """
        import pyarrow.compute as pc

        null = self._find_nulls(cells)
        text = cells if null is None else pc.if_else(null, make_text(None), cells)
        if self._cast is None:
            return self._decide(cells, ScreenedColumn(text, text), None, wants_values)
        column = ScreenedColumn(text, text)
        doubt = self._cast(text, self._type, column)
        if column.text is not text and any(self._nulls):  # what it is rewritten to might be a missing value's text
            doubt = _either(doubt, _only(pc.not_equal(column.text, text)))
        for check in self._checks:
            doubt = _either(doubt, check(column.typed, text))
        if self._required:
            doubt = _either(doubt, null)
            if self.rule.trims:
                doubt = _either(doubt, _find_blanks(text))
        if doubt is not None and pc.any(doubt, min_count=0).as_py():
            return self._decide(cells, column, doubt, wants_values)
        if self.is_key:
            column.keys = self._list_keys(column.typed)
        return column

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
        decided.rounded = column.rounded + int(rounded[codes].sum()) if len(codes) else column.rounded
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
                rest = pa.nulls(len(cells), pa.string()) if self._kind in _TYPED_KEYS else column.text
                taken = pc.replace_with_mask(rest, doubt, taken)
            decided.keys = self._list_keys(decided.typed, taken)
        return decided

    def _repair(
        self, sources: list[str | None], readings: list[Reading], counts: np.ndarray
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

    def _list_keys(self, typed: pa.Array, tails: pa.Array | None = None) -> Sequence[pa.Array]:
        """The values as arrays that compare exactly; `tails` keep apart what the Arrow type cannot."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self._kind not in _TYPED_KEYS:
            return (typed if tails is None else tails,)
        if pa.types.is_floating(typed.type):
            typed = pc.add(typed, 0.0)
        return (typed, pa.nulls(len(typed), pa.string()) if tails is None else tails)

    def _write_key(self, reading: Reading, source: str | None) -> str | None:
        """What tells a value apart beside its Arrow value; all of it, where the column cannot hold it."""
        key = write_key(self._kind, reading.parsed, source)
        if key is None and reading.value is None and reading.parsed is not None:
            return str(reading.parsed)
        return key

    def _is_rounded(self, source: str | None, value: Any) -> bool:
        import pyarrow as pa

        if value is None or source is None or self._kind != "number" or not pa.types.is_floating(self._type):
            return False
        return len(source) > DOUBLE_DIGITS and is_rounded(value)

    def _build_checks(self) -> list[Check]:
        """One function per constraint: typed and text in, where it may be broken out."""
        checks = []
        for name, bound in self.rule.constraints.items():
            if name == "required" or bound is False:
                continue
            build = _CHECKS.get(name)
            check = build(self.rule, self._type, bound) if build else None
            if check is None:  # a constraint this pass knows nothing of: the exact rule decides every cell
                self._cast = None
                return []
            checks.append(check)
        return checks


def _either(one: pa.Array | None, other: pa.Array | None) -> pa.Array | None:
    import pyarrow.compute as pc

    if one is None or other is None:
        return other if one is None else one
    return pc.or_(one, other)


def _only(mask: pa.Array) -> pa.Array | None:
    """A mask with its nulls taken for no; None where nothing is left."""
    import pyarrow.compute as pc

    return no_to_nulls(mask) if pc.any(mask, min_count=0).as_py() else None


def _find_blanks(text: pa.Array) -> pa.Array | None:
    """Where there is nothing but blanks."""
    import pyarrow.compute as pc

    if is_of_bytes(text, 0x21, 0x7E):
        return None
    return _only(pc.utf8_is_space(text))


# --- casts: text (null where missing) in; `typed` and `text` are set, and where a cell is doubtful is given back


def _cast_text(text: pa.Array, wanted: pa.DataType, column: ScreenedColumn) -> pa.Array | None:  # noqa: ARG001
    return None


_YEAR = Matcher("[0-9]{4}", DIGITS)
_INTEGER = Matcher("[+-]?[0-9]{1,18}", DIGITS)
_NUMBER = Matcher(r"-?[0-9]+(\.[0-9]+)?", DIGITS)
_DATE = Matcher("[0-9]{4}-[0-9]{2}-[0-9]{2}", DIGITS)
_DATETIME = Matcher("[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}", DIGITS)


def _cast_year(text: pa.Array, wanted: pa.DataType, column: ScreenedColumn) -> pa.Array | None:  # noqa: ARG001
    return _YEAR.find_others(text)


def _cast_integer(text: pa.Array, wanted: pa.DataType, column: ScreenedColumn) -> pa.Array | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    doubt = None
    lengths = find_lengths(text)
    if not is_of_bytes(text, 48, 57) or lengths.max(initial=0) > 18 or lengths.min(initial=1) < 1:
        doubt = _INTEGER.find_others(text)
        text = _blank_out(text, doubt)
        column.text = text
    rewritten = _leads_with_zero(text)
    if not is_of_bytes(text, 45, 57):
        text = pc.utf8_ltrim(text, "+")
        rewritten = True
    column.typed = pc.cast(text, wanted)
    if rewritten:
        column.text = pc.cast(column.typed, pa.string())
    return doubt


def _cast_number(text: pa.Array, wanted: pa.DataType, column: ScreenedColumn) -> pa.Array | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    doubt = _NUMBER.find_others(text)
    if _leads_with_zero(text):
        doubt = _either(doubt, _only(pc.match_substring_regex(text, r"^-?0[0-9]")))
    if pa.types.is_floating(wanted):
        return _cast_double(text, wanted, column, doubt)
    decimals = rf"-?[0-9]{{1,{38 - wanted.scale}}}(\.[0-9]{{1,{max(1, wanted.scale)}}})?"
    decimals = decimals if wanted.scale else "-?[0-9]{1,38}"
    doubt = _either(doubt, Matcher(decimals, DIGITS).find_others(text))
    column.typed = pc.cast(_blank_out(text, doubt), wanted)
    return doubt


def _cast_double(
    text: pa.Array, wanted: pa.DataType, column: ScreenedColumn, doubt: pa.Array | None
) -> pa.Array | None:
    """Of a number with many digits it is certain that a double keeps them where it is written back the same."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column.typed = pc.cast(_blank_out(text, doubt), wanted)
    if find_lengths(text).max(initial=0) <= DOUBLE_DIGITS:
        return doubt
    long = pc.greater(pc.binary_length(text), make_scalar(DOUBLE_DIGITS, pa.int32()))
    return _either(doubt, _only(pc.and_(long, pc.not_equal(pc.cast(column.typed, pa.string()), text))))


def _cast_boolean(text: pa.Array, wanted: pa.DataType, column: ScreenedColumn) -> pa.Array | None:  # noqa: ARG001
    import pyarrow as pa
    import pyarrow.compute as pc

    true, false = pc.equal(text, make_text("true")), pc.equal(text, make_text("false"))
    known = pc.or_(true, false)
    if pc.all(known, min_count=0).as_py():
        column.typed = true
        return None
    column.typed = pc.if_else(known, true, pa.nulls(1, pa.bool_())[0])
    return _only(pc.invert(known))


def _cast_date(text: pa.Array, wanted: pa.DataType, column: ScreenedColumn) -> pa.Array | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    doubt = _DATE.find_others(text)
    text = _blank_out(text, doubt)
    try:
        column.typed = pc.cast(text, wanted)
    except pa.ArrowInvalid:  # a day that is none, such as the 30th of February: it comes back as another
        found = pc.cast(pc.strptime(text, format="%Y-%m-%d", unit="s", error_is_null=True), wanted)
        lost = pc.and_(found.is_null(), text.is_valid())
        other = pc.or_kleene(pc.not_equal(pc.cast(found, pa.string()), text), lost)
        doubt = _either(doubt, _only(other))
        column.typed = found
    return _either(doubt, _only(pc.less(column.typed, make_scalar(date.min, wanted))))


def _cast_datetime(text: pa.Array, wanted: pa.DataType, column: ScreenedColumn) -> pa.Array | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    doubt = _DATETIME.find_others(text)
    text = _blank_out(text, doubt)
    if not is_of_bytes(text, 0x21, 0x7F):
        spaced = pc.count_substring(text, " ")
        column.spaced = pc.sum(spaced).as_py() or 0
        text = pc.replace_substring(text, " ", "T")
        column.text = text
    early = _only(pc.less(text, make_text("0001")))
    if early is not None:
        doubt, text = _either(doubt, early), _blank_out(text, early)
    try:
        column.typed = pc.cast(text, wanted)
    except pa.ArrowInvalid:
        found = pc.strptime(text, format="%Y-%m-%dT%H:%M:%S", unit="s", error_is_null=True)
        back = pc.replace_substring(pc.cast(found, pa.string()), " ", "T")
        doubt = _either(doubt, _only(pc.or_kleene(pc.not_equal(back, text), pc.and_(found.is_null(), text.is_valid()))))
        column.typed = pc.cast(found, wanted)
    return doubt


def _blank_out(text: pa.Array, doubt: pa.Array | None) -> pa.Array:
    """The text with what is doubtful made null."""
    import pyarrow.compute as pc

    return text if doubt is None else pc.if_else(doubt, make_text(None), text)


def _leads_with_zero(text: pa.Array) -> bool:
    """Whether a number may have more zeros in front than it needs: 007, -05."""
    first = find_bytes(text, 0)
    zero = first == 48
    if zero.any():
        second = find_bytes(text, 1)[zero]
        if ((second >= 48) & (second <= 57)).any():
            return True
    negative = first == 45
    return bool(negative.any() and (find_bytes(text, 1)[negative] == 48).any())


_CASTS: Mapping[str, Callable[[Any, Any, ScreenedColumn], Any]] = {
    "string": _cast_text,
    "any": _cast_text,
    "year": _cast_year,
    "integer": _cast_integer,
    "number": _cast_number,
    "boolean": _cast_boolean,
    "date": _cast_date,
    "datetime": _cast_datetime,
}


# --- checks: a constraint's bound in; a function from typed and text to where it may be broken out, or None

Check = Callable[["pa.Array", "pa.Array"], "pa.Array | None"]


def _check_pattern(rule: CellRule, wanted: pa.DataType, bound: Any) -> Check | None:  # noqa: ARG001
    import pyarrow as pa

    if rule.kind != "string":
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

        if rule.kind != "string":
            return None
        compare = pc.less if least else pc.greater

        def check(typed: pa.Array, text: pa.Array) -> pa.Array | None:  # noqa: ARG001
            lengths = find_lengths(text)  # a character has one to four bytes
            if least and not text.null_count and lengths.min(initial=bound * 4) >= bound * 4:
                return None
            if not least and lengths.max(initial=0) <= bound:
                return None
            return _only(compare(pc.utf8_length(text), make_scalar(min(bound, _LONGEST), pa.int32())))

        return check

    return build


def _check_bound(compare: str) -> Callable[[CellRule, pa.DataType, Any], Check | None]:
    def build(rule: CellRule, wanted: pa.DataType, bound: Any) -> Check | None:
        import pyarrow as pa
        import pyarrow.compute as pc

        if rule.kind not in ("integer", "number", "date") or pa.types.is_decimal(wanted):
            return None
        limit = _find_limit(rule, bound)
        if limit is None:
            return None
        within = getattr(pc, compare)
        scalar = make_scalar(limit, wanted)
        if rule.kind != "number":
            return lambda typed, text: _only(pc.invert(within(typed, scalar)))  # noqa: ARG005

        def check(typed: pa.Array, text: pa.Array) -> pa.Array | None:
            doubt = _only(pc.invert(within(typed, scalar)))
            if find_lengths(text).max(initial=0) <= DOUBLE_DIGITS:
                return doubt
            return _either(doubt, _only(pc.equal(typed, scalar)))  # the double may stand for a decimal beside it

        return check

    return build


def _find_limit(rule: CellRule, bound: Any) -> Any:
    """A bound as a value that compares exactly with the cast cells; None leaves it to the exact rule."""
    limit = rule.read_bound(bound)
    if rule.kind == "integer":
        return limit if isinstance(limit, int) and -(2**63) <= limit < 2**63 else None
    if rule.kind == "date":
        return limit if isinstance(limit, date) else None
    if not isinstance(limit, Decimal) or not limit.is_finite():
        return None
    # Cells are exact in a double up to 15 digits, so they compare as their decimals do with such a bound.
    return float(limit) if len(limit.as_tuple().digits) <= DOUBLE_DIGITS and abs(limit.adjusted()) < 300 else None


def _check_enum(rule: CellRule, wanted: pa.DataType, bound: Any) -> Check | None:  # noqa: ARG001
    import pyarrow.compute as pc

    wanted_item = {"string": str, "integer": int}.get(rule.kind)
    if wanted_item is None or not all(type(item) is wanted_item for item in bound):
        return None
    allowed = make_texts([str(item) for item in bound])

    def check(typed: pa.Array, text: pa.Array) -> pa.Array | None:  # noqa: ARG001
        outside = pc.invert(pc.is_in(text, value_set=allowed))
        return _only(pc.and_(outside, text.is_valid()) if text.null_count else outside)

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
