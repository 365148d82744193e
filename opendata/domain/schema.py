"""A Table Schema: its fields and keys. Nothing here checks one; `tables.schema.schema.read_schema` does.

Source: Table Schema v2 (datapackage.org, 2024-06); what is ours sits in objects named `opendata`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from opendata.domain.texts import I18n

MEASURES = ("unit", "percent", "crs")
"""The properties of ours that say how the values of a field are meant; a file may give them (`intake.grid`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field. `type` is `any` and `format` is `default` if it doesn't name them.

    `descriptor` holds all its properties, including the options of its type; never change it.
    """

    name: str
    type: str
    format: str
    title: str
    description: str
    constraints: Mapping[str, Any]
    descriptor: Mapping[str, Any]

    @classmethod
    def from_json(cls, descriptor: Mapping[str, Any]) -> Self:
        """Read a descriptor."""
        return cls(
            name=descriptor["name"],
            type=descriptor.get("type", "any"),
            format=descriptor.get("format") or "default",
            title=descriptor.get("title") or "",
            description=descriptor.get("description") or "",
            constraints=descriptor.get("constraints") or {},
            descriptor=descriptor,
        )

    @property
    def own(self) -> Mapping[str, Any]:
        """What is ours in it, whose shape nobody has checked."""
        return find_own(self.descriptor)

    @property
    def is_measured(self) -> bool:
        """Whether it says how its values are meant: their `unit`, that they are a `percent`, their `crs`."""
        return any(self.own.get(name) for name in MEASURES)

    @property
    def i18n(self) -> I18n:
        """Its texts in other languages."""
        found = self.own.get("i18n") or self.descriptor.get("i18n")
        return found if isinstance(found, Mapping) else {}

    @property
    def is_required(self) -> bool:
        """Whether each row needs a value."""
        return bool(self.constraints.get("required"))

    @property
    def categories(self) -> list[Any] | None:
        """The values of its categories, labels of labelled ones left out; None where it has none."""
        found = self.descriptor.get("categories")
        return None if found is None else [item["value"] if isinstance(item, Mapping) else item for item in found]

    @property
    def strengths(self) -> Mapping[str, str]:
        """Rule → how much breaking it weighs, where that is not `error`."""
        return self.own.get("strengths") or {}

    def find_strength(self, rule: str) -> str:
        """How much breaking a rule weighs: `error`, `warning` or `note`."""
        return str(self.strengths.get(rule, "error"))


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns whose values must occur in columns of another resource (`""`: of this one).

    `package` names the published version that has the resource, as `dataset@1.0.0`; `""` is the table's own package.
    """

    fields: tuple[str, ...]
    resource: str
    reference_fields: tuple[str, ...]
    package: str = ""

    @property
    def target(self) -> str:
        """What the key refers to, in a word."""
        return f"{self.package}/{self.resource}" if self.package else self.resource


@dataclass(frozen=True)
class TableSchema:
    """A Table Schema; `descriptor` is the whole of it, never change it. Without slots: its fields are read once."""

    descriptor: Mapping[str, Any]

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The fields, in order."""
        return tuple(map(Field.from_json, self.descriptor.get("fields", ())))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields, in order."""
        return tuple(item.name for item in self.fields)

    @property
    def labels(self) -> tuple[str, ...]:
        """The names and titles of the fields: what the columns of a file may be called."""
        texts = (item.descriptor.get(key) for item in self.fields for key in ("name", "title"))
        return tuple(text for text in texts if isinstance(text, str) and text)

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The names of the primary key's fields, or none."""
        return _list_names(self.descriptor.get("primaryKey"))

    @property
    def unique_keys(self) -> tuple[tuple[str, ...], ...]:
        """The names of the fields of each unique key."""
        return tuple(tuple(key) for key in self.descriptor.get("uniqueKeys", ()))

    @property
    def fields_match(self) -> str:
        """How the columns of a file are matched with the fields: `exact` (by order) or one of four ways by name."""
        return str(self.descriptor.get("fieldsMatch", "exact"))

    @property
    def foreign_keys(self) -> tuple[ForeignKey, ...]:
        """The foreign keys, in order; those to other packages are published in what is ours."""
        return tuple(
            ForeignKey(
                fields=_list_names(key["fields"]),
                resource=key["reference"].get("resource", ""),
                reference_fields=_list_names(key["reference"]["fields"]),
                package=key["reference"].get("package", ""),
            )
            for key in (*(self.descriptor.get("foreignKeys") or ()), *self.own.get("foreignKeys", ()))
        )

    @property
    def own(self) -> Mapping[str, Any]:
        """What is ours in it."""
        return find_own(self.descriptor)

    @property
    def null_text(self) -> str:
        """How canonical CSV writes a missing value: empty where that is allowed, else the first missing value."""
        return _choose_null_text(missing_values(self.descriptor))

    def null_text_of(self, item: Field) -> str:
        """The text of a missing value in one column, whose field may have missing values of its own."""
        return _choose_null_text(self.missing_values_of(item))

    def missing_values_of(self, item: Field) -> list[str]:
        """The texts that stand for a missing value in one column: the field's own, else the schema's."""
        return missing_values(item.descriptor if "missingValues" in item.descriptor else self.descriptor)

    def find_strength(self, rule: str) -> str:
        """How much breaking a rule of the whole table weighs: `error`, `warning` or `note`."""
        return str((self.own.get("strengths") or {}).get(rule, "error"))


def missing_values(descriptor: Mapping[str, Any]) -> list[str]:
    """The texts that stand for a missing value, labels of labelled ones left out."""
    found = descriptor.get("missingValues", [""])
    return [item["value"] if isinstance(item, Mapping) else item for item in found]


def find_own(descriptor: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is ours in a descriptor; nothing where its `opendata` is somebody else's."""
    own = descriptor.get("opendata")
    return own if isinstance(own, Mapping) else {}


def _choose_null_text(values: Sequence[str]) -> str:
    return "" if "" in values or not values else values[0]


def _list_names(found: str | Sequence[str] | None) -> tuple[str, ...]:
    """One or several names, as the standard lets them be written."""
    return (found,) if isinstance(found, str) else tuple(found or ())
