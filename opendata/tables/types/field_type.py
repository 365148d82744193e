"""What is known of a type of field, in one object; each type's own module says what differs from most.

Source: Table Schema v2; canonical form and Arrow types in docs/architecture.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from opendata.domain.findings import Problem
from opendata.domain.schema import Field
from opendata.tables.notation.spellings import drop_decimal_zeros, narrow_number, trim, unwrap_formula
from opendata.tables.types.canonical import write_value

if TYPE_CHECKING:
    import pyarrow as pa

LEXICAL = ("decimalChar", "groupChar", "bareNumber", "floatNumber", "trueValues", "falseValues")
"""Options that tell how a value is written in the source; canonical CSV has no need of them."""

UNIT = "unit"
"""The kind of note that says which unit was taken off a number."""

ZONE = "zone"
"""The kind of note that says that a moment has a zone, where the schema doesn't say whether it should."""

CUT = "cut"
"""The kind of note that says that a moment is finer than a microsecond."""

Reads = Callable[[str | None], bool]
"""Whether a text (None: a missing value) is right under all rules of a field."""

Mend = Callable[[str], str | None]
"""One kind of repair at work in one field: a cell in, another text out; None where it has nothing to do."""


class Note(NamedTuple):
    """What is remembered of right cells, by column: a word for what it is, and what differs from cell to cell."""

    kind: str
    detail: str = ""


@dataclass(slots=True)
class Cast:
    """A column of text cast at once: its values by the Arrow type, and their canonical texts.

    `doubt` marks the cells of which it isn't certain that they are right (None: all are), whose values mean nothing.
    `spaced` counts moments with a space instead of their T. `is_rewritten` says that some text isn't the cell's own.
    """

    typed: pa.Array
    text: pa.Array
    doubt: pa.Array | None = None
    spaced: int = 0
    is_rewritten: bool = False


class FieldType:
    """A type of Table Schema. Unless its own class says otherwise, its values are kept as text."""

    is_native = False
    """Whether `parse` reads its default format; every other way of writing is read by frictionless."""

    is_own = False
    """Whether frictionless lacks the type, so that it can't be asked about its fields."""

    is_rewritten = False
    """Whether the canonical text follows from the value; else the source's text stays as it is."""

    has_typed_keys = False
    """Whether the Arrow value tells, for nearly all, whether values are equal."""

    is_castable = False
    """Whether `cast` knows cells of its default format that are certainly right."""

    is_text = False
    """Whether the value is the text itself, so that patterns and lengths can look at whole columns."""

    is_exact = True
    """Whether equal Arrow values are equal values."""

    arrow = "string"
    """The name of the Arrow type."""

    proposed = ""
    """RE2 pattern of the texts that are surely meant to be of this type."""

    strict: re.Pattern[str] | None = None
    """What the standard asks of an unwrapped text in the default format that a lenient reader takes."""

    enum_kind: type | None = None
    """The Python type of the items of an enum whose texts are those of right cells."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lax = Problem(f"lax-{name}", "type")

    # --- one cell

    def parse(self, text: str, field: Field) -> Any:
        """The value as a lenient reader sees it. None, `ValueError` or `ArithmeticError` where even that sees none."""
        return text

    def unwrap(self, text: str, field: Field) -> str:
        """The text without what the field's own options say belongs around and between its characters."""
        return text

    def read(self, text: str, field: Field) -> Any:
        """The value as a lenient reader sees it; None where even that sees none."""
        try:
            return self.parse(text, field)
        except (ValueError, ArithmeticError):
            return None

    def find_laxity(self, text: str, field: Field) -> Problem | None:
        """What the standard has against a text that a lenient reader takes."""
        if self.strict is None or field.format != "default":
            return None
        return None if self.strict.fullmatch(self.unwrap(text, field)) else self.lax

    def find_refusal(self, text: str, field: Field) -> Problem | None:
        """Why a text that looks like a value isn't one, where there is more to say than its type."""
        return None

    def find_note(self, value: Any, text: str, field: Field) -> Note | None:
        """What to remember of a cell that is right: what was taken off it, what its value doesn't keep."""
        return None

    def read_bound(self, bound: Any, field: Field) -> Any:
        """The value of a bound that a schema gives; None where the type has none such."""
        return self.read(bound, field) if isinstance(bound, str) else None

    def find_overflow(self, value: Any, field: Field) -> Problem | None:
        """Why a valid value does not fit its Arrow type."""
        return None

    def find_misfit(self, value: Any, field: Field, nulls: Collection[str]) -> Problem | None:
        """Why a valid value cannot be published: it does not fit its Arrow type, or its text would be read as null."""
        problem = self.find_overflow(value, field)
        if problem is None and nulls and self.is_rewritten and self.write(value) in nulls:
            return Problem("value-like-missing", "type")
        return problem

    def write(self, value: Any) -> str:
        """The canonical text of a value, where the type is rewritten."""
        return write_value(value)

    def write_key(self, value: Any, source: str | None) -> str | None:
        """A text that is the same for equal values and only for these, where the Arrow value isn't enough."""
        return source

    # --- whole columns

    def arrow_type(self, field: Field) -> pa.DataType:
        """The Arrow type of a field, told by its descriptor alone."""
        import pyarrow as pa

        return pa.type_for_alias(self.arrow)

    def prepare(self, values: Sequence[Any], wanted: pa.DataType) -> Sequence[Any]:
        """Values (None: missing) as Arrow takes them for a column of this type."""
        return values

    def cast(self, text: pa.Array, wanted: pa.DataType) -> Cast:
        """A column of text, null where a cell is missing, cast under a strict sub-language of the type."""
        return Cast(text, text)

    def is_usual(self, field: Field) -> bool:
        """Whether the Arrow type of a field is the one that most fields of the type have."""
        return True

    def choose_limit(self, bound: Any, field: Field) -> Any:
        """A bound from `read_bound` as a value that compares exactly with cast cells; None if no value does."""
        return None

    def is_rounded(self, value: Any, source: str, field: Field) -> bool:
        """Whether the Arrow value keeps less than the text says."""
        return False

    def fits(self, column: pa.Array) -> bool:
        """Whether a column of text, without nulls, is surely meant to be of this type."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if not self.proposed or not pc.all(pc.match_substring_regex(column, self.proposed), min_count=0).as_py():
            return False
        try:
            pc.cast(column, self.arrow_type(Field.from_json({"name": "", "type": self.name})))
        except pa.ArrowInvalid:  # a day that is none, such as the 30th of February
            return False
        return True

    # --- repairs

    def list_mends(self, field: Field, reads: Reads) -> dict[str, Mend]:
        """The kinds of repair that may help in a field."""
        return {
            "formula-text": unwrap_formula,
            "full-width": narrow_number,
            "trim-blanks": trim,
            "number-text": drop_decimal_zeros,
        }
