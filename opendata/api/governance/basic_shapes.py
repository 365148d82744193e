"""What the API takes and gives of the basic catalogue of proactive disclosure."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from opendata.api.core.fields import Instant, Many, Shape, Switch, Text
from opendata.api.core.inputs import PageQuery
from opendata.api.core.shapes import page_of
from opendata.domain.basics.codes import Audience, Level
from opendata.domain.basics.entries import LISTS, MOST_TEXT, NAMES
from opendata.domain.basics.timing import Doubt, Kind, Trigger
from opendata.domain.clocks.limits import Unit
from opendata.errors import N_
from opendata.services.governance.basics.drafting import INCOMPLETE
from opendata.services.governance.basics.values import OVERDUE, EntryView, State

_WRONG = N_("This isn't one of the codes of its list")


class BasicQuery(PageQuery):
    """Which entries."""

    domain = Text(longest=100, metadata={"description": "A code of a pilot domain, or the name of an own one."})
    publisher = Text(longest=100, metadata={"description": "`-`: bodies that aren't publishers of this portal."})
    level = Text(one_of=[str(level) for level in Level], error=_WRONG)
    audience = Text(one_of=[str(audience) for audience in Audience], error=_WRONG)
    state = Text(one_of=[*map(str, State), OVERDUE], error=_WRONG)
    text = Text(longest=200, data_key="q", metadata={"description": "Words that the entry has."})
    version = Text(longest=9, metadata={"description": "A number; without it the version in force."})


class BasicDraftQuery(PageQuery):
    """Which entries of the draft."""

    domain = Text(longest=100)
    publisher = Text(longest=100)
    state = Text(one_of=[INCOMPLETE, "added", "changed", "removed"], error=_WRONG)
    text = Text(longest=200, data_key="q", metadata={"description": "Words that the entry has."})


class ComparisonQuery(Shape):
    """Which version is compared."""

    old = Text(longest=9, data_key="from", metadata={"description": "A number; 0 is before the first version."})


def _make_entry(name: str, text: str, *, is_input: bool) -> type[Schema]:
    parts: dict[str, Any] = {}
    for field, key in NAMES.items():
        if field in LISTS:
            codes = [str(code) for code in LISTS[field]]
            inner = Text(one_of=codes, error=_WRONG) if is_input else fields.String(metadata={"enum": codes})
            list_of = Many if is_input else fields.List
            parts[field] = list_of(inner, attribute=key if is_input else field, data_key=key, required=not is_input)
        else:
            kind = Text(longest=MOST_TEXT, attribute=key, data_key=key) if is_input else None
            parts[field] = kind or fields.String(required=True, data_key=key)
    made = type(name, (Shape if is_input else Schema,), parts)
    made.__doc__ = text
    return made


BasicEntryInput = _make_entry("BasicEntryInput", "What an entry of the draft says.", is_input=True)
EntryShape = _make_entry("BasicEntryFieldsShape", "What an entry says.", is_input=False)


class TimeLimitShape(Schema):
    """A time limit, as it is understood. `limit` has the `number` and `unit` where it can be counted."""

    kind = fields.String(required=True, metadata={"enum": [str(kind) for kind in Kind]})
    trigger = fields.String(required=True, metadata={"enum": [str(trigger) for trigger in Trigger]})
    number = fields.Function(lambda found: found.limit.number if found.limit else None, required=True)
    unit = fields.Function(
        lambda found: str(found.limit.unit) if found.limit else None,
        required=True,
        metadata={"enum": [*map(str, Unit), None]},
    )
    doubt = fields.String(required=True, allow_none=True, metadata={"enum": [*map(str, Doubt), None]})


def _list_public(view: EntryView) -> list[dict[str, Any]]:
    return [{"id": item.id, "title": item.title, "public": item.is_public} for item in view.datasets if item.is_listed]


class BasicEntryShape(Schema):
    """An entry of a version of the catalogue."""

    id = fields.String(required=True)
    entry = fields.Nested(EntryShape, required=True)
    time_limit = fields.Nested(TimeLimitShape, required=True, attribute="entry.limit", data_key="timeLimit")
    since = fields.Integer(required=True, metadata={"description": "The version that it first was in."})
    begun = fields.Date(required=True, metadata={"description": "The day on which that came into force."})
    state = fields.String(required=True, metadata={"enum": [str(state) for state in State]})
    due = fields.Date(required=True, allow_none=True)
    overdue = fields.Boolean(required=True, attribute="is_overdue")
    datasets = fields.Function(
        _list_public,
        required=True,
        metadata={"type": "array", "items": {"type": "object"}, "description": "Those that are in the catalogue."},
    )


class BasicDraftShape(Schema):
    """An entry of the draft: what putting it in force changes, and what it lacks for that."""

    id = fields.String(required=True)
    entry = fields.Nested(EntryShape, required=True)
    time_limit = fields.Nested(TimeLimitShape, required=True, attribute="entry.limit", data_key="timeLimit")
    change = fields.String(required=True, metadata={"enum": ["", "added", "changed", "removed"]})
    missing = fields.Function(
        lambda found: [NAMES[name] for name in found.missing],
        required=True,
        metadata={"type": "array", "items": {"type": "string"}},
    )
    revision = fields.Integer(required=True)


class BasicVersionShape(Schema):
    """A version of the catalogue: how many entries it has, and how many changed."""

    number = fields.Integer(required=True)
    at = Instant(required=True)
    note = fields.String(required=True)
    entries = fields.Integer(required=True)
    added = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    removed = fields.Integer(required=True)


class BasicVersionsShape(Schema):
    """All versions, the newest first."""

    items = fields.List(fields.Nested(BasicVersionShape), required=True)
    next = fields.String(required=True, allow_none=True)


class BasicChangeShape(Schema):
    """What became of an entry from one version to another."""

    id = fields.String(required=True)
    kind = fields.String(required=True, metadata={"enum": ["added", "changed", "removed"]})
    old = fields.Nested(EntryShape, required=True, allow_none=True)
    new = fields.Nested(EntryShape, required=True, allow_none=True)
    fields_ = fields.Function(
        lambda change: [NAMES[name] for name in change.fields],
        required=True,
        data_key="fields",
        metadata={"type": "array", "items": {"type": "string"}},
    )


class BasicComparisonShape(Schema):
    """The changes from version `old` to version `new`."""

    old = fields.Integer(required=True)
    new = fields.Integer(required=True)
    changes = fields.List(fields.Nested(BasicChangeShape), required=True)


class CoverageCellShape(Schema):
    """Numbers of entries."""

    entries = fields.Integer(required=True)
    published = fields.Integer(required=True)
    planned = fields.Integer(required=True)
    gap = fields.Integer(required=True)
    overdue = fields.Integer(required=True)


class CoverageRowShape(Schema):
    """A domain: all of its entries, and those of each body by its id."""

    domain = fields.String(required=True)
    total = fields.Nested(CoverageCellShape, required=True)
    bodies = fields.Dict(keys=fields.String(), values=fields.Nested(CoverageCellShape), required=True)


class CoverageShape(Schema):
    """How far public datasets cover the catalogue: each pilot domain, then own ones."""

    version = fields.Integer(required=True, metadata={"description": "0 before the first."})
    total = fields.Nested(CoverageCellShape, required=True)
    rows = fields.List(fields.Nested(CoverageRowShape), required=True, data_key="items")


class InForceInput(Shape):
    """What is new in the version, and whether incomplete entries stay in the draft."""

    note = Text(required=True, longest=2000)
    leave_incomplete = Switch(load_default=False, data_key="leaveIncomplete")


BasicEntryPage = page_of(BasicEntryShape)
BasicDraftPage = page_of(BasicDraftShape)
