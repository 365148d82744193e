"""One column of text at a time: the cells that are certainly right, cast at once; every other by the exact rule alone.

A vectorised pass accepts a cell only under a strict sub-language (canonical integers, plain decimals, ISO dates …)
and only where every constraint certainly holds. The rest, each distinct text once, goes to the engine's own cell
reader, which decides. So the fast way can never be wrong, only undecided.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from opendata.tabular.casting import DOUBLE_DIGITS, build_column, find_misfit, is_rounded
from opendata.tabular.schema import TableSchema, arrow_type

if TYPE_CHECKING:
    import pyarrow as pa

_INTEGER = r"^-?[0-9]{1,18}$"
_NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"
_DATE = r"^[0-9]{4}-(0[1-9]|1[0-2])-([0-2][0-9]|3[01])$"
_DATETIME = r"^[0-9]{4}-(0[1-9]|1[0-2])-([0-2][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$"
_YEAR = r"^[0-9]{4}$"

_PLAIN = frozenset(["string", "any", "year"])
"""Types whose canonical text is the source's, and whose Arrow type is text."""

_LEXICAL = ("format", "decimalChar", "groupChar", "bareNumber", "floatNumber", "trueValues", "falseValues")

CellReader = Callable[[Any], tuple[Any, Mapping[str, str] | None]]


class NeedsRowsError(Exception):
    """There is something in the table that only reading row by row tells right."""


@dataclass(frozen=True, slots=True)
class ScreenedColumn:
    """A column cast: `typed` and `text` as batches have them; `wrong` marks the rows whose cell is an error, if any.

    `rounded` counts numbers of which a double does not keep every digit; `has_misfits` says that some wrong
    cell has a value all the same, which `typed` lacks.
    """

    typed: pa.Array
    text: pa.Array
    wrong: pa.Array | None
    rounded: int = 0
    has_misfits: bool = False


class ColumnScreen:
    """Casts the cells of one field. `read` is the engine's reader of a cell: text to value and notes.

    A field that is not of the schema (`is_extra`) has nulls only the engine knows, so it decides every cell.
    """

    def __init__(
        self, schema: TableSchema, field: Mapping[str, Any], read: CellReader, *, is_extra: bool = False
    ) -> None:
        self.name: str = field["name"]
        self._field = field
        self._read = read
        self._nulls = schema.missing_values_of(field)
        self._kind: str = field["type"]
        self._type = arrow_type(field)
        self._constraints: Mapping[str, Any] = field.get("constraints") or {}
        plain = not is_extra and not any(option in field for option in _LEXICAL)
        self._cast = _CASTS.get(self._kind) if plain else None
        self._checks = self._build_checks() if self._cast else []

    def screen(self, cells: pa.Array) -> ScreenedColumn:
        """Cast one batch of cells (text without nulls)."""
        import pyarrow as pa
        import pyarrow.compute as pc

        null = self._find_nulls(cells)
        text = pc.if_else(null, pa.scalar(None, pa.string()), cells)
        if self._cast is None:
            return self._decide(cells, text, None, None)
        typed, doubt = self._cast(text, self._type)
        for check in self._checks:
            failed = check(typed, text)
            doubt = failed if doubt is None else pc.or_(doubt, failed)
        if self._constraints.get("required") and text.null_count:
            doubt = null if doubt is None else pc.or_(doubt, null)
        if doubt is None or not pc.any(doubt, min_count=0).as_py():
            return ScreenedColumn(typed, text, None)
        return self._decide(cells, text, typed, doubt)

    def _find_nulls(self, cells: pa.Array) -> pa.Array:
        import pyarrow as pa
        import pyarrow.compute as pc

        if len(self._nulls) == 1:
            return pc.equal(cells, self._nulls[0])
        return pc.is_in(cells, value_set=pa.array(self._nulls, pa.string()))

    def _decide(
        self, cells: pa.Array, text: pa.Array, typed: pa.Array | None, doubt: pa.Array | None
    ) -> ScreenedColumn:
        """Put the doubtful cells (all, where `doubt` is None) before the exact rule, each distinct text once."""
        import pyarrow as pa
        import pyarrow.compute as pc

        doubtful = cells if doubt is None else cells.filter(doubt)
        coded = pc.dictionary_encode(doubtful)
        sources = coded.dictionary.to_pylist()
        values, wrong, rounded = [], [], []
        has_misfits = False
        for source in sources:
            try:
                value, notes = self._read(source)
            except (TypeError, ValueError, ArithmeticError, KeyError):
                raise NeedsRowsError from None  # a rule that cannot be applied: told there with its row
            bad = bool(notes) or (value is not None and find_misfit(self._field, self._nulls, value) is not None)
            values.append(None if bad else value)
            wrong.append(bad)
            has_misfits = has_misfits or (bad and value is not None)
            rounded.append(not bad and self._is_rounded(source, value))
        exact_typed, exact_text = build_column(self._field, values, sources)
        taken_typed, taken_text = exact_typed.take(coded.indices), exact_text.take(coded.indices)
        taken_wrong = pa.array(wrong, pa.bool_()).take(coded.indices)
        count = pc.sum(pa.array(rounded, pa.bool_()).take(coded.indices)).as_py() or 0
        if doubt is None or typed is None:
            return ScreenedColumn(taken_typed, taken_text, _some(taken_wrong), count, has_misfits)
        none = pa.repeat(pa.scalar(False), len(cells))
        return ScreenedColumn(
            pc.replace_with_mask(typed, doubt, taken_typed),
            pc.replace_with_mask(text, doubt, taken_text),
            _some(pc.replace_with_mask(none, doubt, taken_wrong)),
            count,
            has_misfits,
        )

    def _is_rounded(self, source: str, value: Any) -> bool:
        import pyarrow as pa

        if value is None or self._kind != "number" or not pa.types.is_floating(self._type):
            return False
        return len(source) > DOUBLE_DIGITS and is_rounded(value)

    def _build_checks(self) -> list[Callable[[pa.Array, pa.Array], pa.Array]]:
        """One function per constraint: typed and text in, where it may be broken out."""
        checks = []
        for name, bound in self._constraints.items():
            if name in ("required", "unique"):
                continue
            build = _CHECKS.get(name)
            check = build(self._kind, self._type, bound, self._read) if build else None
            if check is None:  # a constraint this pass knows nothing of: the exact rule decides every cell
                self._cast = None
                return []
            checks.append(check)
        return checks


def _some(mask: pa.Array) -> pa.Array | None:
    import pyarrow.compute as pc

    return mask if pc.any(mask, min_count=0).as_py() else None


# --- casts: text (null where missing) in, typed array and a mask of doubtful cells (or None) out


def _cast_text(text: pa.Array, wanted: pa.DataType) -> tuple[pa.Array, pa.Array | None]:  # noqa: ARG001
    return text, None


def _cast_year(text: pa.Array, wanted: pa.DataType) -> tuple[pa.Array, pa.Array | None]:  # noqa: ARG001
    return text, _differs(text, _YEAR)


def _cast_integer(text: pa.Array, wanted: pa.DataType) -> tuple[pa.Array, pa.Array | None]:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        typed = pc.cast(text, wanted)
    except pa.ArrowInvalid:
        text, doubt = _blank_out(text, _INTEGER)
        typed = pc.cast(text, wanted)
    else:
        doubt = None
    # What is not written as the number is written back (zeros in front, a plus, hexadecimal) is left to the rule.
    other = pc.fill_null(pc.not_equal(pc.cast(typed, pa.string()), text), False)
    return typed, other if doubt is None else pc.or_(doubt, other)


def _cast_number(text: pa.Array, wanted: pa.DataType) -> tuple[pa.Array, pa.Array | None]:
    import pyarrow as pa
    import pyarrow.compute as pc

    doubt = _differs(text, _NUMBER)
    if pa.types.is_floating(wanted):
        doubt = pc.or_(doubt, pc.fill_null(pc.greater(pc.binary_length(text), DOUBLE_DIGITS), False))
    else:
        decimals = rf"^-?[0-9]{{1,{38 - wanted.scale}}}(\.[0-9]{{1,{max(1, wanted.scale)}}})?$"
        doubt = pc.or_(doubt, _differs(text, decimals if wanted.scale else r"^-?[0-9]{1,38}$"))
    if pc.any(doubt, min_count=0).as_py():
        text = pc.if_else(doubt, pa.scalar(None, pa.string()), text)
    return pc.cast(text, wanted), doubt


def _cast_boolean(text: pa.Array, wanted: pa.DataType) -> tuple[pa.Array, pa.Array | None]:  # noqa: ARG001
    import pyarrow as pa
    import pyarrow.compute as pc

    true, false = pc.equal(text, "true"), pc.equal(text, "false")
    return pc.if_else(pc.or_(true, false), true, pa.scalar(None, pa.bool_())), pc.fill_null(
        pc.invert(pc.or_(true, false)), False
    )


def _cast_date(text: pa.Array, wanted: pa.DataType) -> tuple[pa.Array, pa.Array | None]:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        typed = pc.cast(text, wanted)
    except pa.ArrowInvalid:
        text, doubt = _blank_out(text, _DATE)
        typed = pc.cast(pc.strptime(text, format="%Y-%m-%d", unit="s", error_is_null=True), wanted)
        doubt = pc.or_(doubt, pc.and_(pc.is_null(typed), pc.is_valid(text)))
    else:
        doubt = None
    other = pc.fill_null(pc.not_equal(pc.cast(typed, pa.string()), text), False)
    early = pc.fill_null(pc.less(text, "0001"), False)
    other = pc.or_(other, early)
    return typed, other if doubt is None else pc.or_(doubt, other)


def _cast_datetime(text: pa.Array, wanted: pa.DataType) -> tuple[pa.Array, pa.Array | None]:
    import pyarrow as pa
    import pyarrow.compute as pc

    doubt = pc.or_(_differs(text, _DATETIME), pc.fill_null(pc.less(text, "0001"), False))
    if pc.any(doubt, min_count=0).as_py():
        text = pc.if_else(doubt, pa.scalar(None, pa.string()), text)
    try:
        return pc.cast(text, wanted), doubt
    except pa.ArrowInvalid:  # a day that is none, such as the 30th of February: it comes back as another
        typed = pc.strptime(text, format="%Y-%m-%dT%H:%M:%S", unit="s", error_is_null=True)
        back = pc.replace_substring(pc.cast(typed, pa.string()), " ", "T")
        return pc.cast(typed, wanted), pc.or_(doubt, pc.fill_null(pc.not_equal(back, text), False))


def _blank_out(text: pa.Array, pattern: str) -> tuple[pa.Array, pa.Array]:
    """The text with what does not follow the pattern made null, and where that was."""
    import pyarrow as pa
    import pyarrow.compute as pc

    doubt = _differs(text, pattern)
    return pc.if_else(doubt, pa.scalar(None, pa.string()), text), doubt


def _differs(text: pa.Array, pattern: str) -> pa.Array:
    import pyarrow.compute as pc

    return pc.fill_null(pc.invert(pc.match_substring_regex(text, pattern)), False)


_CASTS: Mapping[str, Callable[[pa.Array, pa.DataType], tuple[pa.Array, pa.Array | None]]] = {
    "string": _cast_text,
    "any": _cast_text,
    "year": _cast_year,
    "integer": _cast_integer,
    "number": _cast_number,
    "boolean": _cast_boolean,
    "date": _cast_date,
    "datetime": _cast_datetime,
}


# --- checks: a constraint's bound in, a function from typed and text to where it may be broken (or None) out

Check = Callable[["pa.Array", "pa.Array"], "pa.Array"]


def _check_pattern(kind: str, wanted: pa.DataType, bound: Any, read: CellReader) -> Check | None:  # noqa: ARG001
    import pyarrow as pa

    if kind != "string":
        return None
    from opendata.tabular.engine import translate_pattern

    pattern = rf"\A(?:{translate_pattern(bound)})\z"
    try:
        _differs(pa.array([""]), pattern)
    except pa.ArrowInvalid:  # just too large for Arrow
        return None
    return lambda typed, text: _differs(text, pattern)  # noqa: ARG005


def _check_length(least: bool) -> Callable[[str, pa.DataType, Any, CellReader], Check | None]:
    def build(kind: str, wanted: pa.DataType, bound: Any, read: CellReader) -> Check | None:  # noqa: ARG001
        import pyarrow.compute as pc

        if kind != "string":
            return None
        compare = pc.less if least else pc.greater
        return lambda typed, text: pc.fill_null(compare(pc.utf8_length(text), bound), False)  # noqa: ARG005

    return build


def _check_bound(compare: str) -> Callable[[str, pa.DataType, Any, CellReader], Check | None]:
    def build(kind: str, wanted: pa.DataType, bound: Any, read: CellReader) -> Check | None:  # noqa: ARG001
        import pyarrow as pa
        import pyarrow.compute as pc

        if kind not in ("integer", "number", "date"):
            return None
        limit = _read_bound(kind, bound)
        if limit is None or pa.types.is_decimal(wanted):
            return None
        within = getattr(pc, compare)
        scalar = pa.scalar(limit, wanted)
        # A double may stand for a decimal beside the bound: only what is truly beyond it is certain.
        return lambda typed, text: pc.fill_null(pc.invert(within(typed, scalar)), False)  # noqa: ARG005

    return build


def _read_bound(kind: str, bound: Any) -> Any:
    """A bound as a value that compares exactly with the cast cells; None leaves it to the exact rule."""
    from datetime import date

    text = str(bound)
    try:
        if kind == "integer":
            return int(text) if text.removeprefix("-").isascii() and text.removeprefix("-").isdigit() else None
        if kind == "date":
            return date.fromisoformat(text) if len(text) == 10 else None
        number = Decimal(text)
    except (ValueError, ArithmeticError):
        return None
    # Cells are exact in a double up to 15 digits, so they compare as their decimals do with such a bound.
    return float(number) if number.is_finite() and len(number.as_tuple().digits) <= DOUBLE_DIGITS else None


def _check_enum(kind: str, wanted: pa.DataType, bound: Any, read: CellReader) -> Check | None:  # noqa: ARG001
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted_item = {"string": str, "integer": int}.get(kind)
    if wanted_item is None or not all(type(item) is wanted_item for item in bound):
        return None
    allowed = pa.array([str(item) for item in bound], pa.string())
    return lambda typed, text: pc.and_(pc.is_valid(text), pc.invert(pc.is_in(text, value_set=allowed)))  # noqa: ARG005


_CHECKS: Mapping[str, Callable[[str, pa.DataType, Any, CellReader], Check | None]] = {
    "pattern": _check_pattern,
    "minLength": _check_length(least=True),
    "maxLength": _check_length(least=False),
    "minimum": _check_bound("greater_equal"),
    "maximum": _check_bound("less_equal"),
    "exclusiveMinimum": _check_bound("greater"),
    "exclusiveMaximum": _check_bound("less"),
    "enum": _check_enum,
}
