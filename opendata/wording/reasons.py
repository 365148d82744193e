"""Why a version has its number, in words: one sentence for each type of reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opendata.errors import N_
from opendata.wording.voice import Voice

REASONS: Mapping[str, str] = {
    "first": N_("first version"),
    "line-withdrawn": N_("goes back to before version %(version)s, which was withdrawn"),
    "raised": N_("raised by the publisher"),
    "resource-removed": N_("%(resource)s: resource removed"),
    "resource-added": N_("%(resource)s: resource added"),
    "resources-moved": N_("resources are in a different order"),
    "attachment-replaced": N_("%(resource)s: file replaced"),
    "column-removed": N_("%(resource)s: column %(field)s removed"),
    "column-added": N_("%(resource)s: column %(field)s added"),
    "column-renamed": N_("%(resource)s: column %(old)s renamed to %(field)s"),
    "columns-moved": N_("%(resource)s: columns are in a different order"),
    "column-retyped": N_("%(resource)s: column %(field)s is now %(new)s, was %(old)s"),
    "unit-changed": N_("%(place)s: the unit is now %(new)s, was %(old)s"),
    "unit-removed": N_("%(place)s: no unit is stated any more, it was %(old)s"),
    "unit-added": N_("%(place)s: the unit is stated: %(new)s"),
    "period-changed": N_("%(resource)s: new period %(new)s"),
    "match-changed": N_("%(resource)s: fieldsMatch is now %(new)s, was %(old)s"),
    "key-changed": N_("%(resource)s: %(key)s changed"),
    "constraint-tightened": N_("%(resource)s: %(constraint)s of column %(field)s is stricter"),
    "constraint-loosened": N_("%(resource)s: %(constraint)s of column %(field)s is less strict"),
    "check-tightened": N_("%(resource)s: check %(check)s is new or stricter"),
    "check-loosened": N_("%(resource)s: check %(check)s was removed or is less strict"),
    "rows-refused": N_("%(resource)s: the previous schema finds errors in the new rows (%(count)s)"),
    "rows-added": N_("%(resource)s: rows added: %(count)s"),
    "rows-removed": N_("%(resource)s: rows removed: %(count)s"),
    "rows-changed": N_("%(resource)s: rows changed: %(count)s"),
    "rows-differ": N_("%(resource)s: rows changed"),
    "rows-moved": N_("%(resource)s: rows are in a different order"),
    "rows-rewritten": N_("%(resource)s: the same values, some written differently"),
    "schema-described": N_("%(resource)s: descriptions of columns changed"),
    "resource-described": N_("%(resource)s: description changed"),
    "metadata-changed": N_("metadata changed: %(names)s"),
    "more": N_("and other reasons: %(count)s"),
}
"""Type of a reason → the sentence for it."""

NAMES: Mapping[str, str] = {"period": N_("Period"), "publisher": N_("Publisher")}
"""What is called the metadata that no property of the profile is."""

KEYS = (N_("primary key"), N_("unique keys"), N_("foreign keys"))
"""What kinds of keys are called."""


def say_reason(voice: Voice, kind: str, params: Mapping[str, Any]) -> str:
    """A reason in words."""
    shown = {**params, "key": voice.translate(params["key"])} if "key" in params else dict(params)
    shown["place"] = " ".join(str(params[name]) for name in ("resource", "field") if name in params)
    return voice.translate(REASONS[kind]) % shown
