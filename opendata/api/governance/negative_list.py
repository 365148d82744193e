"""The negative list: in force, in each version, as it is prepared; and the datasets that lack a ground."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import ApiBlueprint
from opendata.api.core.current import services
from opendata.api.core.fields import Inner, Instant, Many, Shape, Switch, Text, Whole
from opendata.api.core.inputs import PageQuery
from opendata.api.core.parsing import read_path_number
from opendata.api.core.shapes import DisclosureShape, page_of
from opendata.domain.access.scopes import Verb
from opendata.domain.grounds.codes import GROUNDS, Force
from opendata.domain.grounds.entries import LONGEST, Entry
from opendata.errors import N_, NotFoundError
from opendata.services.core.paging import cut_page
from opendata.services.core.reasons import MAX_REASON
from opendata.services.core.values import Page
from opendata.services.governance.grounds.values import LapseView, ListView, UngroundedView

blueprint = ApiBlueprint("negative_list", N_("Why data isn't disclosed: the negative list, and what lacks a ground."))

_LIST = "/negative-list"
_MOST = 1 << 31


class EntryInput(Shape):
    """An entry of the negative list. Without `id` it gets the next number."""

    id = Text(longest=40)
    title = Text(required=True, longest=300, metadata={"description": "What isn't disclosed."})
    description = Text(longest=LONGEST)
    ground = Text(required=True, longest=40, metadata={"enum": list(GROUNDS)})
    legal_basis = Text(required=True, longest=LONGEST, attribute="legalBasis", data_key="legalBasis")
    publishers = Many(Text(longest=100), metadata={"description": "Those it is for. Empty: all."})
    begins = Text(
        longest=10, allow_none=True, attribute="from", data_key="from", metadata={"description": "Its first day."}
    )
    ends = Text(
        longest=10, allow_none=True, attribute="until", data_key="until", metadata={"description": "Its last day."}
    )


class ListInput(Shape):
    """All entries of the list that is prepared."""

    entries = Many(Inner(EntryInput), required=True)
    revision = Whole(
        0, _MOST, error=N_("“revision” must be a whole number"), metadata={"description": "Refused if it isn't this."}
    )


class EnforceInput(Shape):
    """What changes and why, and that datasets may lose their ground by it."""

    note = Text(required=True, longest=MAX_REASON)
    confirmed = Switch(load_default=False)
    revision = Whole(0, _MOST, error=N_("“revision” must be a whole number"))


class VersionsQuery(Shape):
    """Two versions of the list."""

    old = Whole(1, _MOST, error=N_("“old” must be the number of a version"), required=True)
    new = Whole(1, _MOST, error=N_("“new” must be the number of a version"), required=True)


class UngroundedQuery(PageQuery):
    """Which datasets."""

    publisher = Text(longest=100, metadata={"description": "Of this publisher only."})


class EntryShape(Schema):
    """An entry. `article` is that of the Regulations; what `must` stay closed can't be opened by the office alone."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    description = fields.String(required=True)
    ground = fields.String(required=True, metadata={"enum": list(GROUNDS)})
    article = fields.String(required=True, attribute="kind.article")
    force = fields.String(required=True, attribute="kind.force", metadata={"enum": list(Force)})
    legal_basis = fields.String(required=True, data_key="legalBasis")
    publishers = fields.List(fields.String(), required=True)
    begins = fields.Date(required=True, allow_none=True, data_key="from")
    ends = fields.Date(required=True, allow_none=True, data_key="until")


class ListSummaryShape(Schema):
    """A version of the list; `version` and `enforced` are null where none is in force yet."""

    version = fields.Integer(required=True, allow_none=True, attribute="number")
    enforced = Instant(required=True, allow_none=True)
    note = fields.String(required=True)


class NegativeListShape(ListSummaryShape):
    """A version of the list with its entries."""

    entries = fields.List(fields.Nested(EntryShape), required=True)


class PreparedListShape(NegativeListShape):
    """The version that is prepared."""

    revision = fields.Integer(required=True)


class EntryChangeShape(Schema):
    """An entry that changed: before, after, and which of its properties."""

    before = fields.Nested(EntryShape, required=True)
    after = fields.Nested(EntryShape, required=True)
    properties = fields.List(fields.String(), required=True)


class ListDifferenceShape(Schema):
    """How two versions differ."""

    added = fields.List(fields.Nested(EntryShape), required=True)
    removed = fields.List(fields.Nested(EntryShape), required=True)
    changed = fields.List(fields.Nested(EntryChangeShape), required=True)


class LapseShape(Schema):
    """A dataset that loses its ground, and its first day without one."""

    dataset = fields.String(required=True)
    title = fields.String(required=True)
    publisher = fields.String(required=True)
    entry = fields.Nested(EntryShape, required=True)
    day = fields.Date(required=True)


class UngroundedShape(Schema):
    """A dataset that isn't open and has no ground in force. `entry` is the one that it points to, if it was listed."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    publisher = fields.String(required=True, attribute="publisher.id")
    disclosure = fields.Nested(DisclosureShape, required=True)
    entry = fields.Nested(EntryShape, required=True, allow_none=True)


@dataclass(frozen=True, slots=True)
class _NoList:
    number: int | None = None
    enforced: datetime | None = None
    note: str = ""
    entries: Sequence[Entry] = ()


VersionPage = page_of(ListSummaryShape)
LapsePage = page_of(LapseShape)
UngroundedPage = page_of(UngroundedShape)


@blueprint.operation("GET", _LIST, shape=NegativeListShape)
def get_negative_list() -> ListView | _NoList:
    """Read the negative list that is in force. What isn't on it is open in principle."""
    return services().negative_lists.get() or _NoList()


@blueprint.operation("GET", f"{_LIST}/versions", shape=VersionPage, query=PageQuery, problems=(400, 422))
def list_negative_lists(query: Mapping[str, Any]) -> Page[ListView]:
    """List all versions of the negative list, the newest first."""
    return cut_page(services().negative_lists.list_versions(), lambda item: str(item.number), **query)


@blueprint.operation("GET", f"{_LIST}/versions/<number>", shape=NegativeListShape, problems=(404,))
def get_negative_list_version(number: str) -> ListView | None:
    """Read a version of the negative list."""
    return services().negative_lists.get(read_path_number(number))


@blueprint.operation(
    "GET", f"{_LIST}/differences", shape=ListDifferenceShape, query=VersionsQuery, problems=(400, 404, 422)
)
def compare_negative_lists(query: Mapping[str, Any]) -> Mapping[str, Any]:
    """Compare two versions of the negative list, entry by entry."""
    found = services().negative_lists.compare(query["old"], query["new"])
    names = {"legal_basis": "legalBasis", "begins": "from", "ends": "until"}
    return {
        "added": found.added,
        "removed": found.removed,
        "changed": [
            {"before": before, "after": after, "properties": [names.get(name, name) for name in changed]}
            for before, after, changed in found.changed
        ],
    }


@blueprint.operation("GET", f"{_LIST}/draft", shape=PreparedListShape, problems=(403, 404), public=False)
def get_negative_list_draft() -> ListView:
    """Read the version that is prepared. For maintainers."""
    found = services().negative_lists.get_draft(caller())
    if found is None:
        raise NotFoundError(N_("No change of the negative list is being prepared"))
    return found


@blueprint.operation(
    "PUT", f"{_LIST}/draft", shape=PreparedListShape, body=ListInput, problems=(400, 403, 412, 413, 415, 422)
)
def change_negative_list_draft(body: Mapping[str, Any]) -> ListView:
    """Prepare the next version: these entries take the place of those in it. For maintainers."""
    return services().negative_lists.change(caller(), body["entries"], revision=body.get("revision"))


@blueprint.operation("DELETE", f"{_LIST}/draft", status=204, problems=(403, 404))
def discard_negative_list_draft() -> None:
    """Give up the version that is prepared. For maintainers."""
    services().negative_lists.discard(caller())


@blueprint.operation(
    "GET", f"{_LIST}/draft/lapses", shape=LapsePage, query=PageQuery, problems=(400, 403, 404, 422), public=False
)
def list_lapses(query: Mapping[str, Any]) -> Page[LapseView]:
    """List the datasets that lose their ground once the version that is prepared is in force. For maintainers."""
    return cut_page(services().negative_lists.foresee(caller()), lambda item: item.dataset, **query)


@blueprint.operation(
    "POST",
    f"{_LIST}/draft/enforce",
    shape=NegativeListShape,
    body=EnforceInput,
    problems=(400, 403, 404, 409, 412, 413, 415, 422),
)
def enforce_negative_list(body: Mapping[str, Any]) -> ListView:
    """Put the version that is prepared in force. Nothing is opened by it. For maintainers.

    If datasets lose their ground by it, this must be `confirmed`. The people of their publishers get a mail.
    """
    return services().negative_lists.enforce(
        caller(), body["note"], confirmed=body["confirmed"], revision=body.get("revision")
    )


@blueprint.operation(
    "GET",
    "/grounds/missing",
    shape=UngroundedPage,
    query=UngroundedQuery,
    problems=(400, 403, 422),
    public=False,
    needs=Verb.READ,
)
def list_ungrounded(query: Mapping[str, Any]) -> Page[UngroundedView]:
    """List the datasets that aren't open and have no ground in force. For editors theirs, for maintainers all."""
    return services().ungrounded.list(
        caller(), publisher=query.get("publisher"), cursor=query.get("cursor"), limit=query["limit"]
    )
