"""Portals that datasets are harvested from: reports for anybody; maintainers register, try, start and stop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from marshmallow import Schema, fields

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import ApiBlueprint
from opendata.api.core.current import services
from opendata.api.core.fields import IDENTIFIER, Instant, Object, Shape, Switch, Text, Whole
from opendata.api.core.inputs import PageQuery
from opendata.api.core.shapes import page_of
from opendata.domain.access.scopes import Verb
from opendata.domain.harvest.runs import HarvestOutcome
from opendata.domain.harvest.sources import HarvestKind
from opendata.errors import N_, KeptMessage
from opendata.exchange.reading.readers import READERS
from opendata.problems import choose_voice
from opendata.services.core.paging import cut_page
from opendata.services.core.values import Page
from opendata.services.harvest.values import CYCLES, HarvestInput, HarvestRunView, HarvestSourceView

blueprint = ApiBlueprint("harvests", N_("Portals that datasets are harvested from, and what became of each run."))

_HARVEST = "/harvests/<identifier:source>"
_NO_DAY = N_("“day” must be a whole number from 1 to 28")
_NO_SHARE = N_("“mostGone” must be a whole number from 0 to 100")


class HarvestBody(Shape):
    """A portal to harvest."""

    title = Text(required=True, longest=200, metadata={"description": "Its name, shown with each of its datasets."})
    url = Text(
        required=True,
        longest=2000,
        metadata={"description": "Its home page for `ckan` and `opendata`, otherwise the document."},
    )
    kind = Text(required=True, longest=20, metadata={"enum": [str(item) for item in READERS]})
    publisher = Text(
        required=True,
        longest=100,
        metadata={"description": "The id of the publisher who answers for its datasets here.", "pattern": IDENTIFIER},
    )
    mapping = Object(
        keys=Text(longest=500),
        values=Text(longest=100),
        metadata={"description": "A publisher there, by its name or id, to the id of another one here."},
    )
    most_gone = Whole(
        0,
        100,
        error=_NO_SHARE,
        data_key="mostGone",
        attribute="mostGone",
        metadata={"description": "The largest share of its datasets, in percent, that may vanish at once. Default 20."},
    )
    cycle = Text(longest=20, metadata={"enum": list(CYCLES), "description": "How often. Default `daily`."})
    at = Text(longest=5, metadata={"description": "The time of day in the portal's zone, such as 03:00."})
    day = Whole(1, 28, error=_NO_DAY, metadata={"description": "The day of the week (1 is Monday), or of the month."})
    data = Switch(
        metadata={
            "description": "Whether the first table of each dataset is fetched too, as a draft of your account that is"
            " submitted if it has no errors."
        }
    )


class HarvestRunBody(Shape):
    """What kind of run."""

    may_be_absent = True

    trial = Switch(load_default=False, metadata={"description": "Write nothing, and report what a run would do."})


def _say(found: HarvestRunView) -> str | None:
    return _fill(found.reason) if found.reason else None


def _list_refused(found: HarvestRunView) -> list[dict[str, Any]]:
    return [{**item, "reason": _fill(item["reason"])} for item in found.refused]


def _list_unfetched(found: HarvestRunView) -> list[dict[str, Any]]:
    return [{**item, "reason": _fill(item["reason"])} for item in found.unfetched]


def _fill(reason: KeptMessage) -> str:
    return choose_voice().fill(reason["message"], reason["params"])


class HarvestCountsShape(Schema):
    """`seen` = `kept` + `new` + `changed` + `refused`; `gone` were there before."""

    seen = fields.Integer(required=True)
    kept = fields.Integer(required=True)
    new = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    gone = fields.Integer(required=True)


class HarvestRunShape(Schema):
    """One time that a portal was read."""

    trial = fields.Boolean(required=True, attribute="is_trial")
    begun = Instant(required=True)
    ended = Instant(required=True, allow_none=True)
    outcome = fields.String(required=True, metadata={"enum": list(HarvestOutcome)})
    reason = fields.Function(
        _say,
        required=True,
        metadata={"type": ["string", "null"], "description": "Why it failed, in the language the request asks for."},
    )
    counts = fields.Nested(HarvestCountsShape, required=True)
    refused = fields.Function(
        _list_refused,
        required=True,
        metadata={
            "type": "array",
            "items": {"type": "object"},
            "description": "Datasets that couldn't be used: `identifier`, `title`, `reason`; the first 1,000.",
        },
    )
    unfetched = fields.Function(
        _list_unfetched,
        required=True,
        metadata={
            "type": "array",
            "items": {"type": "object"},
            "description": "Datasets whose table can't be fetched: `dataset`, `reason`.",
        },
    )
    changes = fields.List(
        fields.Dict(),
        required=True,
        metadata={
            "description": "What changed, or would: `fate` (new, changed, gone), `identifier`, `title`, and of a"
            " changed one the `properties` and whether it was `renamed` there; the first 1,000."
        },
    )


class HarvestShape(Schema):
    """A portal that is harvested, with its newest runs."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    url = fields.String(required=True)
    kind = fields.String(required=True, metadata={"enum": list(HarvestKind)})
    publisher = fields.String(required=True)
    mapping = fields.Dict(required=True)
    most_gone = fields.Integer(required=True, data_key="mostGone")
    cycle = fields.String(required=True, metadata={"enum": list(CYCLES)})
    at = fields.String(required=True)
    day = fields.Integer(required=True)
    data = fields.Boolean(required=True, attribute="takes_data")
    active = fields.Boolean(
        required=True, attribute="is_active", metadata={"description": "Whether it is harvested by its timetable."}
    )
    due = Instant(required=True, allow_none=True)
    waiting = fields.Boolean(required=True, attribute="is_waiting")
    live = fields.Integer(required=True, metadata={"description": "Datasets here that it still has."})
    gone = fields.Integer(required=True, metadata={"description": "Datasets here that it no longer has."})
    runs = fields.List(fields.Nested(HarvestRunShape), required=True, metadata={"description": "The newest first."})


@blueprint.operation("GET", "/harvests", shape=page_of(HarvestShape), query=PageQuery, problems=(400,))
def list_harvests(query: Mapping[str, Any]) -> Page[HarvestSourceView]:
    """List the portals that datasets are harvested from, each with its newest run."""
    found = [_hide_trials(item) for item in services().harvests.list()]
    return cut_page(found, lambda item: item.id, limit=query["limit"], cursor=query.get("cursor"))


@blueprint.operation("GET", _HARVEST, shape=HarvestShape, problems=(404,))
def get_harvest(source: str) -> HarvestSourceView:
    """Get a portal with what became of its last runs, and why datasets were refused.

    What a trial found is listed for maintainers alone: nothing of it is in the catalogue.
    """
    return _hide_trials(services().harvests.get(source))


def _hide_trials(found: HarvestSourceView) -> HarvestSourceView:
    """A portal as the caller may see it: its page hides what trials found from others than maintainers too."""
    actor = caller()
    if actor is not None and actor.is_maintainer:
        return found
    return replace(found, runs=[replace(run, changes=(), refused=()) if run.is_trial else run for run in found.runs])


@blueprint.operation(
    "PUT", _HARVEST, shape=HarvestShape, body=HarvestBody, problems=(400, 403, 404, 413, 415, 422), needs=Verb.PUBLISH
)
def put_harvest(body: Mapping[str, Any], source: str) -> HarvestSourceView:
    """Register or change a portal. It is read at once, and the newest run says what would come in."""
    return services().harvests.put(caller(), source, HarvestInput.from_values(body))[0]


@blueprint.operation("DELETE", _HARVEST, status=204, problems=(403, 404, 409), needs=Verb.PUBLISH)
def delete_harvest(source: str) -> None:
    """Forget a portal from which nothing has come."""
    services().harvests.delete(caller(), source)


@blueprint.operation(
    "POST",
    f"{_HARVEST}/run",
    status=202,
    shape=HarvestShape,
    body=HarvestRunBody,
    problems=(400, 403, 404, 409, 413, 415, 422),
    needs=Verb.PUBLISH,
)
def run_harvest(body: Mapping[str, Any], source: str) -> HarvestSourceView:
    """Harvest a portal now, and by its timetable from now on; or try it. A worker does it in a moment."""
    return services().harvests.ask(caller(), source, is_trial=bool(body.get("trial")))


@blueprint.operation("POST", f"{_HARVEST}/stop", shape=HarvestShape, problems=(403, 404), needs=Verb.PUBLISH)
def stop_harvest(source: str) -> HarvestSourceView:
    """Harvest a portal no more. Its datasets stay."""
    return services().harvests.stop(caller(), source)
