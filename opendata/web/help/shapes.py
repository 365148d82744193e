"""JSON Schema as people read it: which properties there are, of which type, within which limits, what they are for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opendata.errors import N_
from opendata.wording.voice import Voice

MAX_DEPTH = 6
"""Properties further down aren't listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One property of a JSON object, with those of the object or objects it holds."""

    name: str
    type: str
    is_required: bool
    description: str
    limits: Sequence[str]
    inner: Sequence[Property] = ()


class ShapeReader:
    """Reads the schemas of an OpenAPI document in one language."""

    def __init__(self, document: Mapping[str, Any], voice: Voice) -> None:
        self._document = document
        self._voice = voice

    def resolve(self, part: Mapping[str, Any]) -> Mapping[str, Any]:
        """A part of the document, or what it refers to."""
        while "$ref" in part:
            found: Any = self._document
            for step in part["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            part = found
        return part

    def find_name(self, schema: Mapping[str, Any]) -> str:
        """The name of the component that a value, or each of a list, is described by; empty where it has none."""
        if "$ref" in schema:
            return str(schema["$ref"].rsplit("/", 1)[-1])
        return self.find_name(schema["items"]) if "items" in schema else ""

    def list_properties(self, schema: Mapping[str, Any], depth: int = 0) -> Sequence[Property]:
        """The properties of an object, or of the objects in a list."""
        whole = self._find_object(schema)
        if whole is None or depth >= MAX_DEPTH:
            return ()
        required = whole.get("required", ())
        return [
            self._read(name, self.resolve(item), is_required=name in required, depth=depth)
            for name, item in whole.get("properties", {}).items()
        ]

    def name_type(self, schema: Mapping[str, Any]) -> str:
        """The JSON type, such as `string | null` or `array<object>`."""
        schema = self.resolve(schema)
        choices = [self.name_type(item) for item in schema.get("anyOf", ())]
        kinds = schema.get("type", ())
        for kind in [kinds] if isinstance(kinds, str) else kinds:
            if kind == "array":
                choices.append(f"array<{self.name_type(schema.get('items', {}))}>")
            elif kind == "string" and schema.get("format"):
                choices.append(f"string ({schema['format']})")
            else:
                choices.append(kind)
        return " | ".join(dict.fromkeys(choices)) or "any"

    def list_limits(self, schema: Mapping[str, Any]) -> Sequence[str]:
        """What a value must keep to, each as a short phrase."""
        say, schema = self._voice.say, self.resolve(schema)
        low, high = schema.get("minimum"), schema.get("maximum")
        phrases = []
        if schema.get("enum"):
            values = self._voice.separator.join(f"`{value}`" for value in schema["enum"] if value is not None)
            phrases.append(say(N_("one of: %(values)s"), values=values))
        if low is not None and high is not None:
            phrases.append(say(N_("from %(low)s to %(high)s"), low=low, high=high))
        elif low is not None:
            phrases.append(say(N_("at least %(low)s"), low=low))
        if "maxLength" in schema:
            phrases.append(say(N_("at most %(count)s characters"), count=schema["maxLength"]))
        if "pattern" in schema:
            phrases.append(say(N_("pattern: %(pattern)s"), pattern=f"`{schema['pattern']}`"))
        if "default" in schema:
            phrases.append(say(N_("default: %(value)s"), value=f"`{json.dumps(schema['default'])}`"))
        return phrases

    def build_example(self, schema: Mapping[str, Any], name: str = "", depth: int = 0) -> Any:
        """A value that fits: of an object what is required, or its first two properties where nothing is."""
        schema = self.resolve(schema)
        if schema.get("anyOf"):
            return self.build_example(schema["anyOf"][0], name, depth)
        if schema.get("enum"):
            return schema["enum"][0]
        kinds = schema.get("type", "object")
        kind = kinds if isinstance(kinds, str) else kinds[0]
        if kind == "array":
            return [self.build_example(schema.get("items", {}), name, depth + 1)]
        if kind == "object":
            known = {key: self.resolve(item) for key, item in schema.get("properties", {}).items()}
            wanted = [key for key in known if key in schema.get("required", ())] or list(known)[:2]
            if depth > MAX_DEPTH:
                return {}
            return {key: self.build_example(known[key], key, depth + 1) for key in wanted}
        if kind == "string":
            return _TEXTS.get(name, "…")
        return {"integer": schema.get("minimum", 1), "number": 1.5, "boolean": True}.get(kind)

    def _read(self, name: str, schema: Mapping[str, Any], *, is_required: bool, depth: int) -> Property:
        return Property(
            name=name,
            type=self.name_type(schema),
            is_required=is_required,
            description=self._describe(schema),
            limits=self.list_limits(schema),
            inner=self.list_properties(schema, depth + 1),
        )

    def _describe(self, schema: Mapping[str, Any]) -> str:
        """What a property is for. Those of the profile bring their translations along."""
        own: str | None = schema.get("x-i18n", {}).get(self._voice.language)
        return own or self._voice.translate(schema.get("description", ""))

    def _find_object(self, schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The first object with properties among what a value may be."""
        schema = self.resolve(schema)
        if schema.get("properties"):
            return schema
        parts = [*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else [])]
        return next((found for part in parts if (found := self._find_object(part)) is not None), None)


_TEXTS = {
    "id": "reservoirs",
    "title": "水库",
    "publisher": "water-bureau",
    "name": "reservoirs",
    "version": "1.0.0",
    "until": "2030-12-31",
    "since": "2026-01-01",
    "draft": "9f2c1e7ab04d",
    "upload": "9f2c1e7ab04d",
    "digest": "sha256:…",
    "check": "secrecy",
    "file": "levels.csv",
}
"""Examples of texts, by the name of their property."""
