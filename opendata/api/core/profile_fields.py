"""The fields of REST's shapes that the profile of metadata adds: one for each of its further properties."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from opendata.api.core.fields import Inner, Many, Shape, Switch, Text, Whole
from opendata.errors import N_
from opendata.metadata.properties.reading import Profile, Property
from opendata.metadata.properties.values import LONGEST
from opendata.settings import SOURCE_LANGUAGE

Fields = dict[str, fields.Field[Any]]


class DataItemInput(Shape):
    """An information item of the resource."""

    name = Text(longest=LONGEST, metadata={"description": "What people call it."})
    type = Text(longest=1, allow_none=True, metadata={"description": "The letter of its type, such as `C`."})
    length = Whole(1, 10_000_000, error=N_("A length must be a whole number above 0"), allow_none=True)
    key = Switch(allow_none=True, metadata={"description": "Whether it is part of the key."})
    nullable = Switch(allow_none=True, metadata={"description": "Whether it may be empty."})


class DataItemShape(Schema):
    """An information item of the resource; what nobody said is left out."""

    name = fields.String(required=True)
    type = fields.String()
    length = fields.Integer()
    key = fields.Boolean()
    nullable = fields.Boolean()


def build_inputs(profile: Profile, prefix: str = "") -> Fields:
    """What the API takes: the shape alone. The service says what is wrong with a value.

    The shapes of objects have names that begin with `prefix`, which tells those of two profiles apart.
    """
    return {item.name: _build_input(item, prefix) for item in profile.further}


def build_outputs(profile: Profile) -> Fields:
    """What the API answers with. A property that says nothing is left out."""
    return {item.name: _build_output(item, f"further.{item.name}") for item in profile.further}


def _build_input(item: Property, prefix: str) -> fields.Field[Any]:
    if item.parts:
        parts: Any = {part.name: _build_input(part, prefix) for part in item.parts}
        shape: Any = type(f"{prefix}{_name_shape(item)}Input", (Shape,), parts)
        return Inner(shape, allow_none=True, metadata=_describe(item))
    if item.type in ("codes", "texts"):
        return Many(Text(longest=LONGEST), allow_none=True, metadata=_describe(item))
    if item.type == "dataItems":
        return Many(Inner(DataItemInput), allow_none=True, metadata=_describe(item))
    return Text(longest=item.limit or LONGEST, allow_none=True, metadata=_describe(item))


def _build_output(item: Property, attribute: str | None = None) -> fields.Field[Any]:
    if item.parts:
        parts: Any = {part.name: _build_output(part) for part in item.parts}
        shape: Any = type(f"{_name_shape(item)}Shape", (Schema,), parts)
        return fields.Nested(shape, attribute=attribute, metadata=_describe(item))
    if item.type == "dataItems":
        items: fields.Field[Any] = fields.Nested(DataItemShape)
        return fields.List(items, attribute=attribute, metadata=_describe(item))
    if item.type in ("codes", "texts"):
        inner: fields.Field[Any] = fields.String()
        return fields.List(inner, attribute=attribute, metadata=_describe(item))
    return fields.String(attribute=attribute, metadata=_describe(item))


def _name_shape(item: Property) -> str:
    return item.name[0].upper() + item.name[1:]


def _describe(item: Property) -> dict[str, Any]:
    """What the OpenAPI document says of a property: in English, and beside it in the other languages of the profile."""
    translations = {key: text for key, text in item.explanations.items() if key != SOURCE_LANGUAGE}
    return {"description": item.explanations[SOURCE_LANGUAGE], "x-i18n": translations}
