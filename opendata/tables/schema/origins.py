"""Where the rules of a schema came from, as marks in it: proposed by us, or changed by steps. No mark is published.

`opendata.proposed` of a field is true where its rules were proposed, and `BY_STEP` where a step made its column and
nobody has said what it is. `opendata.steps` of the schema has the fields that are gone with their columns (`gone`), the
rules that steps made false (`loosened`), and the keys that fell with a column (`keys`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opendata.domain.schema import find_own

PROPOSED, BY_STEP, STEPS = "proposed", "step", "steps"


def mark_proposed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema all of whose rules are proposed."""
    return {**schema, "fields": [with_own(item, {PROPOSED: True}) for item in schema["fields"]]}


def drop_marks(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema as somebody declares it, without what says where its rules came from."""
    fields = schema.get("fields")
    found = without_own(schema, STEPS)
    if isinstance(fields, list):
        found["fields"] = [without_own(item, PROPOSED) if isinstance(item, Mapping) else item for item in fields]
    return found


def settle_field(field: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A field of which somebody said what it is: no step is asked about it any more."""
    return {**without_own(field, PROPOSED), **changes}


def list_unsettled(schema: Mapping[str, Any]) -> Sequence[str]:
    """The columns that a step made, and of which nobody has said that they are text."""
    return [
        item["name"]
        for item in schema.get("fields", ())
        if find_own(item).get(PROPOSED) == BY_STEP and item.get("type") == "string"
    ]


def with_own(descriptor: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """A descriptor with more of what is ours."""
    return {**descriptor, "opendata": {**find_own(descriptor), **own}} if own else dict(descriptor)


def without_own(descriptor: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A descriptor without one property of ours."""
    own = find_own(descriptor)
    if name not in own:
        return dict(descriptor)
    left = {key: value for key, value in own.items() if key != name}
    plain = {key: value for key, value in descriptor.items() if key != "opendata"}
    return {**plain, **({"opendata": left} if left else {})}
