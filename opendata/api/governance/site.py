"""The public side: pages that maintainers keep, re-uses, and what works now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import PREFIX, ApiBlueprint
from opendata.api.core.conditions import Answer
from opendata.api.core.current import services
from opendata.api.core.fields import Address, Instant, Many, Object, Shape, Switch, Text, Whole
from opendata.api.core.inputs import PageQuery
from opendata.api.core.shapes import page_of
from opendata.domain.site.kinds import PageKind
from opendata.domain.site.reuses import ReuseState
from opendata.errors import N_, NotFoundError
from opendata.services.core.paging import cut_page
from opendata.services.core.values import Page
from opendata.services.governance.site.values import (
    ColumnView,
    PageVersionView,
    PageView,
    ReuseView,
    StatusView,
)

blueprint = ApiBlueprint("site", N_("The public side: who runs the site, the disclosure column, columns, re-uses."))

_ONE = "/site/<kind>/<page>"


class ReuseQuery(PageQuery):
    """Which re-uses."""

    dataset = Text(longest=100, metadata={"description": "Only those made from this dataset."})
    call = Text(longest=100, metadata={"description": "Only those sent for this call."})
    state = Text(
        one_of=tuple(ReuseState),
        error=N_("“state” must be “waiting”, “approved” or “refused”"),
        metadata={"description": "For maintainers: those in this state, the gallery's or not."},
    )


class SitePageInput(Shape):
    """A page. `data` has the fields of its kind, with `i18n` for other languages."""

    data = Object(required=True, metadata={"description": "The fields, as `data` of the answers has them."})
    is_public = Switch(load_default=True, attribute="is_public", data_key="public")
    position = Whole(0, 9999, error=N_("“position” must be a whole number from 0 to 9999"))


class ReuseInput(Shape):
    """A re-use that a maintainer shows."""

    title = Text(required=True, longest=200)
    description = Text(required=True, longest=4000)
    url = Text(required=True, longest=1000)
    author = Text(required=True, longest=200)
    datasets = Many(Text(longest=100))
    call = Text(longest=100)


class ReuseDecisionInput(Shape):
    """Whether a re-use is shown. One that isn't needs a reason."""

    approve = Switch(required=True)
    reason = Text(longest=4000)


class SitePageShape(Schema):
    """A page. `state` is that of a call."""

    kind = fields.String(required=True, metadata={"enum": list(PageKind)})
    id = fields.String(required=True)
    data = fields.Dict(required=True)
    position = fields.Integer(required=True)
    is_public = fields.Boolean(required=True, data_key="public")
    revision = fields.Integer(required=True)
    created = Instant(required=True)
    modified = Instant(required=True)
    published = Instant(required=True, allow_none=True)
    state = fields.String(required=True, allow_none=True)


class SitePageVersionShape(Schema):
    """A page as it was after a change."""

    revision = fields.Integer(required=True)
    at = Instant(required=True)
    data = fields.Dict(required=True)
    is_public = fields.Boolean(required=True, data_key="public")


class ReuseShape(Schema):
    """A re-use. `contact` and `reason` are empty for all but maintainers."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    description = fields.String(required=True)
    url = fields.String(required=True, metadata={"description": "Where it can be seen, on another site."})
    author = fields.String(required=True)
    contact = fields.String(required=True)
    call = fields.String(required=True)
    state = fields.String(required=True)
    reason = fields.String(required=True)
    created = Instant(required=True)
    decided = Instant(required=True, allow_none=True)
    modified = Instant(required=True)
    link_state = fields.String(
        required=True,
        attribute="link",
        data_key="linkState",
        metadata={"description": "`unchecked`, `alive`, `failing` or `dead`. A dead one isn't in the gallery."},
    )
    checked = Instant(required=True, allow_none=True)
    datasets = fields.List(fields.Dict(), required=True)
    page = Address("/reuses/{0.id}", metadata={"description": "Its page on this portal."})


class ColumnGroupShape(Schema):
    """Datasets of a column that belong together; `heading` is null for what their metadata don't say."""

    heading = fields.String(required=True, allow_none=True)
    by = fields.String(required=True)
    datasets = fields.Function(
        lambda group: [view.id for view in group.datasets],
        required=True,
        metadata={"type": "array", "items": {"type": "string"}},
    )
    groups = fields.List(fields.Nested(lambda: ColumnGroupShape()), required=True)


class ColumnShape(Schema):
    """The datasets of a column, arranged as it says; `total` counts those that aren't listed too."""

    total = fields.Integer(required=True)
    groups = fields.List(fields.Nested(ColumnGroupShape), required=True)


class StatusPartShape(Schema):
    """A part of the portal, or a check: `works` is null where that isn't known."""

    name = fields.String(required=True)
    is_working = fields.Boolean(required=True, allow_none=True, data_key="works")
    text = fields.Function(
        lambda part: part.said % part.params if part.params else part.said, required=True, metadata={"type": "string"}
    )


class StatusShape(Schema):
    """What works now."""

    at = Instant(required=True)
    is_working = fields.Boolean(required=True, data_key="works")
    parts = fields.List(fields.Nested(StatusPartShape), required=True)
    checks = fields.List(fields.Nested(StatusPartShape), required=True)
    incidents = fields.List(fields.Nested(SitePageShape), required=True)


SitePages = page_of(SitePageShape)
SitePageVersions = page_of(SitePageVersionShape)
ReusePage = page_of(ReuseShape)


@blueprint.operation("GET", "/site/<kind>", shape=SitePages, query=PageQuery, problems=(400, 404, 422))
def list_site_pages(query: Mapping[str, Any], kind: str) -> Page[PageView]:
    """List the pages of a kind: the identity of the site, a part of the disclosure column, columns, calls, incidents.

    Maintainers see those too that aren't public.
    """
    return cut_page(services().pages.list(caller(), _read_kind(kind)), lambda item: item.id, **query)


@blueprint.operation("GET", _ONE, shape=SitePageShape, problems=(404,))
def get_site_page(kind: str, page: str) -> PageView:
    """A page."""
    return services().pages.get(caller(), _read_kind(kind), page)


@blueprint.operation("GET", f"{_ONE}/versions", shape=SitePageVersions, query=PageQuery, problems=(400, 404, 422))
def list_site_page_versions(query: Mapping[str, Any], kind: str, page: str) -> Page[PageVersionView]:
    """A page as it was after each change, the newest first."""
    found = services().pages.list_versions(caller(), _read_kind(kind), page)
    return cut_page(found, lambda item: str(item.revision), **query)


@blueprint.operation("PUT", _ONE, shape=SitePageShape, body=SitePageInput, problems=(400, 403, 404, 409, 413, 415, 422))
def put_site_page(body: Mapping[str, Any], kind: str, page: str) -> PageView:
    """Make or change a page. Maintainers only. Files are sent on its form or with `opendata site file`."""
    return services().pages.put(
        caller(), _read_kind(kind), page, body["data"], is_public=body["is_public"], position=body.get("position")
    )[0]


@blueprint.operation("DELETE", _ONE, status=204, problems=(403, 404))
def delete_site_page(kind: str, page: str) -> None:
    """Delete a page. Maintainers only."""
    services().pages.delete(caller(), _read_kind(kind), page)


@blueprint.operation("GET", "/columns/<page>/datasets", shape=ColumnShape, problems=(404,))
def get_column_datasets(page: str) -> ColumnView:
    """The datasets of a column."""
    return services().columns.show(services().pages.get(caller(), PageKind.COLUMN, page))


@blueprint.operation("GET", "/reuses", shape=ReusePage, query=ReuseQuery, problems=(400, 403, 422))
def list_reuses(query: Mapping[str, Any]) -> Page[ReuseView]:
    """List re-uses, the newest first: those of the gallery unless a `state` is asked for."""
    state = ReuseState(query["state"]) if query.get("state") else None
    return services().reuses.list(caller(), **{**query, "state": state})


@blueprint.operation("GET", "/reuses/<reuse>", shape=ReuseShape, problems=(404,))
def get_reuse(reuse: str) -> ReuseView:
    """A re-use that is or was in the gallery."""
    return services().reuses.get(caller(), reuse)


@blueprint.operation(
    "POST",
    "/reuses",
    status=201,
    shape=ReuseShape,
    body=ReuseInput,
    gives=("Location",),
    problems=(400, 403, 409, 413, 415, 422),
)
def add_reuse(body: Mapping[str, Any]) -> Answer:
    """Show a re-use. Maintainers only; everybody else sends one with the form at `/reuses/new`."""
    found = services().reuses.add(caller(), body)
    return found, {"Location": f"{PREFIX}/reuses/{found.id}"}


@blueprint.operation(
    "POST",
    "/reuses/<reuse>/decision",
    shape=ReuseShape,
    body=ReuseDecisionInput,
    problems=(400, 403, 404, 409, 413, 415, 422),
)
def decide_reuse(body: Mapping[str, Any], reuse: str) -> ReuseView:
    """Show a re-use or refuse it; the contact is erased. Maintainers only."""
    return services().reuses.decide(caller(), reuse, approve=body["approve"], reason=body.get("reason", ""))


@blueprint.operation("GET", "/status", shape=StatusShape)
def get_status() -> StatusView:
    """What of the portal works now, what the last checks found, and incidents."""
    return services().status.read()


def _read_kind(text: str) -> PageKind:
    """The kind that an address names. Raises `NotFoundError`."""
    if text not in list(PageKind):
        raise NotFoundError(N_("There is no such kind of page. Kinds are: %(kinds)s"), kinds=", ".join(PageKind))
    return PageKind(text)
