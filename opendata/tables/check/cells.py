"""One cell against its field: the exact rule, in plain Python, for the texts that whole columns cannot settle.

Source: Table Schema v2, read strictly. What only a lenient reader (frictionless 5.21) takes has an error type of its
own, `lax-…`: the value is plain to see, so it can be repaired. Types that occur rarely are read by frictionless.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from opendata.domain.findings import Problem
from opendata.domain.schema import Field, TableSchema
from opendata.tables.schema.schema import build_engine_field
from opendata.tables.types.field_type import Note
from opendata.tables.types.registry import TYPES

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "minimum": operator.ge,
    "maximum": operator.le,
    "exclusiveMinimum": operator.gt,
    "exclusiveMaximum": operator.lt,
}
_ORDER = ("required", "minLength", "maxLength", "pattern", *_COMPARE, "enum")
"""In which order the constraints of one cell are tested and told."""


@dataclass(frozen=True, slots=True)
class CellValue:
    """A cell read: its value (None: missing, or of the wrong type) and every rule it breaks.

    `parsed` is the value even where it breaks a rule and cannot be published, as an integer beyond 64 bits.
    """

    value: Any
    problems: tuple[Problem, ...] = ()
    parsed: Any = None


class CellRule:
    """The rules of one field. `read` is the only way in; the rest tells columns what they may settle at once."""

    def __init__(self, schema: TableSchema, field: Field, *, is_extra: bool = False) -> None:
        self.field = field
        self.kind = field.type
        self._strength = field.find_strength
        self.nulls: tuple[str, ...] = ("",) if is_extra else tuple(schema.missing_values_of(field))
        self.constraints: Mapping[str, Any] = {
            name: bound for name, bound in field.constraints.items() if bound is not None and name != "unique"
        }
        self.trims = bool(self.constraints.get("required")) and field.own.get("trim", True) is not False
        self.categories: tuple[Any, ...] | None = _list_categories(field)
        self.type = TYPES[self.kind]
        self.is_native = self.type.is_native and field.format == "default"
        self._parse = self._parse_natively if self.is_native else self._ask_engine()
        self._checks = self._build_checks() if self.is_native else []
        self._more: Sequence[Callable[[Any, str], Problem | None]] = self._build_more()

    def strength(self, rule: str) -> str:
        """How much breaking a rule of this field weighs."""
        return self._strength(rule)

    def read(self, text: str | None) -> CellValue:
        """Read one cell; `text` None is a cell that its row lacks."""
        if text is None or text in self.nulls:
            return CellValue(None, self._miss())
        if self.trims and text and not text.strip():
            return CellValue(None, (Problem("blank-cell", "required", self.strength("required")),))
        value, problems = self._parse(text)
        if value is None:
            return CellValue(None, tuple(problems) or (self._type_problem(),))
        broken = [*problems, *self._break_constraints(value, text)]
        misfit = self.type.find_misfit(value, self.field, self.nulls)
        if misfit is not None:
            if not broken:
                return CellValue(None, (misfit,))
            return CellValue(None, tuple(broken), value)
        return CellValue(value, tuple(broken), value)

    def is_right(self, text: str | None) -> bool:
        """Whether a cell breaks no rule."""
        return not self.read(text).problems

    def find_note(self, value: Any, text: str | None) -> Note | None:
        """What to remember of a right cell."""
        return None if value is None or text is None else self.type.find_note(value, text, self.field)

    def read_bound(self, bound: Any) -> Any:
        """The value of a bound or of an item of an enum as this field reads it; None where it does not."""
        if not self.is_native:
            return self._engine_field().create_value_reader()(bound)
        return self.type.read_bound(bound, self.field)

    def _miss(self) -> tuple[Problem, ...]:
        if not self.constraints.get("required"):
            return ()
        return (self._break("required"),)

    def _type_problem(self) -> Problem:
        return Problem("type-error", "type", params={"type": self.kind, "format": self.field.format})

    def _break(self, name: str) -> Problem:
        return Problem("constraint-error", name, self.strength(name), {"limit": _plain(self.constraints[name])})

    def _read_note(self, name: str, note: str) -> Problem:
        """A rule by its name in the notes of frictionless, which say where it is an item that breaks it."""
        if note.startswith("array item "):
            return self._break_by_item(name)
        return self._type_problem() if name == "type" else self._break(name)

    def _break_by_item(self, name: str) -> Problem:
        """A rule that an item of a list breaks, or its type."""
        rules = self.field.descriptor["arrayItem"]
        if name == "type":
            params = {"type": rules.get("type") or "any", "format": rules.get("format") or "default"}
            return Problem("array-item-type", "type", params=params)
        return Problem(
            "array-item-constraint", name, self.strength(name), {"limit": _plain(rules["constraints"][name])}
        )

    # --- values

    def _parse_natively(self, text: str) -> tuple[Any, Sequence[Problem]]:
        value = self.type.read(text, self.field)
        if value is None:
            refusal = self.type.find_refusal(text, self.field)
            return (None, () if refusal is None else (refusal,))
        lax = self.type.find_laxity(text, self.field)
        return (None, (lax,)) if lax is not None else (value, ())

    # --- what frictionless reads, and what the standard says beyond it

    def _engine_field(self) -> Any:
        return build_engine_field(self.field.descriptor, self.nulls)

    def _ask_engine(self) -> Callable[[str], tuple[Any, Sequence[Problem]]]:
        @cache
        def get_reader() -> Callable[[str], tuple[Any, Mapping[str, str] | None]]:
            reader: Callable[[str], tuple[Any, Mapping[str, str] | None]] = self._engine_field().create_cell_reader()
            return reader

        def parse(text: str) -> tuple[Any, Sequence[Problem]]:
            try:
                value, notes = get_reader()(text)
            except (TypeError, ValueError, ArithmeticError, KeyError) as error:
                return None, (Problem("unreadable-value", "type", params={"reason": str(error)}),)
            broken = [self._read_note(name, note) for name, note in (notes or {}).items()]
            if notes and "type" in notes:
                return None, [problem for problem in broken if problem.rule == "type"]
            lax = self.type.find_laxity(text, self.field) if value is not None else None
            if lax is not None:
                return None, (lax,)
            return value, broken

        return parse

    # --- constraints

    def _break_constraints(self, value: Any, text: str) -> list[Problem]:
        broken = [self._break(name) for name, holds in self._checks if not holds(value)]
        return [*broken, *(problem for find in self._more if (problem := find(value, text)) is not None)]

    def _build_checks(self) -> list[tuple[str, Callable[[Any], bool]]]:
        return [
            (name, self._build_check(name, self.constraints[name]))
            for name in _ORDER
            if name in self.constraints and name != "required"
        ]

    def _build_check(self, name: str, bound: Any) -> Callable[[Any], bool]:
        match name:
            case "minLength":
                return lambda value: len(value) >= bound
            case "maxLength":
                return lambda value: len(value) <= bound
            case "pattern":
                from opendata.tables.schema.engine import compile_pattern

                match_whole = compile_pattern(bound).fullmatch
                return lambda value: match_whole(value) is not None
            case "enum":
                items = _hash_if_possible(self._read_items(bound))
                return lambda value: value in items
        limit, compare = self.read_bound(bound), _COMPARE[name]

        def holds(value: Any) -> bool:
            try:
                return limit is not None and value == value and compare(value, limit)
            except (TypeError, ArithmeticError):
                return False

        return holds

    def _read_items(self, items: Sequence[Any]) -> list[Any]:
        """The values of the items of an enum or of categories."""
        return [self.type.read(item, self.field) if isinstance(item, str) else self.read_bound(item) for item in items]

    def _build_more(self) -> list[Callable[[Any, str], Problem | None]]:
        """The rules frictionless has not: categories, and JSON Schema for objects and arrays."""
        more: list[Callable[[Any, str], Problem | None]] = []
        if self.categories is not None:
            values = self._read_items(self.categories)
            outside = Problem(
                "category-error", "categories", self.strength("categories"), {"limit": list(self.categories)}
            )
            more.append(lambda value, _: None if value in values else outside)
        if "jsonSchema" in self.constraints:
            more.append(self._build_json_check(self.constraints["jsonSchema"]))
        return more

    def _build_json_check(self, rules: Mapping[str, Any]) -> Callable[[Any, str], Problem | None]:
        from opendata.tables.schema.engine import build_json_validator

        validator = build_json_validator(rules)
        limit = json.dumps(rules, ensure_ascii=False)
        broken = Problem("constraint-error", "jsonSchema", self.strength("jsonSchema"), {"limit": limit})
        return lambda _, text: None if validator.is_valid(json.loads(text)) else broken


def _plain(limit: Any) -> str | int | float | list[Any]:
    return limit if isinstance(limit, (str, int, float, list)) else str(limit)


def _hash_if_possible(items: list[Any]) -> Container[Any]:
    try:
        return frozenset(items)
    except TypeError:
        return items


def _list_categories(field: Field) -> tuple[Any, ...] | None:
    return tuple(field.categories) if field.categories and field.type in ("string", "integer") else None
