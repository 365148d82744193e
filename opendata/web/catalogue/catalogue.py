"""The public catalogue: home, datasets, publishers, schemas; for programs the same addresses lead to REST."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest

from flask import Blueprint, g, redirect, request
from werkzeug.wrappers import Response

from opendata.domain.offices.tree import walk_tree
from opendata.domain.resources import TableResource
from opendata.domain.site.kinds import PARTS, PageKind
from opendata.metadata.expectation import DELAYS
from opendata.metering import cost_class
from opendata.problems import choose_voice
from opendata.sending.content import describe_bytes, send
from opendata.services.core.editions.version_values import VersionView
from opendata.services.core.values import DatasetView, Page
from opendata.services.exchange.upward.values import RecordView
from opendata.services.governance.duties.reading import UpdateView
from opendata.web.catalogue.editions import say_expected
from opendata.web.catalogue.offices import describe_office
from opendata.web.catalogue.searching import FILTERS, read_search, render_search
from opendata.web.catalogue.snippets import build_snippets
from opendata.web.catalogue.tables import Preview, build_preview
from opendata.web.core.instance import prefers_json, rest_path, services
from opendata.web.core.languages import choose_language, vary_by_reader
from opendata.web.core.markdown import add_markdown, prefers_markdown, render_page
from opendata.web.core.readers import read_once
from opendata.web.properties.shown import list_groups, show_measures
from opendata.wording.governance.site import KIND_NAMES
from opendata.wording.governance.upward import RECORD_STATES

blueprint = Blueprint("catalogue", __name__)

PAGE_SIZE = 20
NEWEST_VERSIONS = 10
VERSIONS_PAGE_SIZE = 100
PREVIEW_ROWS = 5
PREVIEWED_TABLES = 5
MANY = 1000
MOST_REUSES = 5


@blueprint.get("/")
@read_once
def show_home() -> Response:
    """What the portal is, and what is new."""
    publishers = services().publishers.list(limit=MANY).items
    recent = services().datasets.list_recent(6)
    return render_page(
        "catalogue/home.html",
        publishers=[publisher for publisher in publishers if publisher.datasets],
        datasets=sum(publisher.datasets for publisher in publishers),
        recent=recent,
        updates=_find_updates(recent),
        parts=[(part, KIND_NAMES[part]) for part in services().pages.list_used(PARTS)],
        columns=services().pages.list(None, PageKind.COLUMN),
    )


@blueprint.get("/datasets")
@cost_class("light")
@read_once
def list_datasets() -> Response:
    """The datasets: those that a search finds, or all, a page at a time. Without an index they are in order of ids."""
    is_search = any(request.args.get(name) for name in ("q", "sort", *FILTERS) if name != "publisher")
    if prefers_json() and not prefers_markdown():
        return _lead_to_rest("search" if is_search else "datasets")
    if services().searching.is_ready():
        wanted = read_search()
        found = services().searching.search(wanted)
        if found.is_ready:
            return render_search(wanted, found)
    publisher, cursor = request.args.get("publisher") or None, request.args.get("cursor") or None
    page = services().datasets.list(None, publisher=publisher, cursor=cursor, limit=PAGE_SIZE)
    return render_page(
        "catalogue/datasets.html",
        page=page,
        updates=_find_updates(page.items),
        publishers=services().publishers.list(limit=MANY).items,
        publisher=publisher,
        cursor=cursor,
    )


@blueprint.get("/datasets/<dataset>")
@read_once
def show_dataset(dataset: str) -> Response:
    """A dataset: what it is, its tables, its versions."""
    if prefers_json() and not prefers_markdown():
        return _lead_to_rest("datasets", dataset)
    found = services().datasets.get(dataset, g.actor)
    versions = _pair_versions(found, services().versions.list_page(dataset, limit=NEWEST_VERSIONS))
    manifest = services().versions.get_manifest(dataset, found.latest) if found.latest else None
    readable, public = (
        services().versions.list_readable(who, dataset, found.latest) if found.latest else frozenset()
        for who in (g.actor, None)
    )
    previewed = [item for item in manifest.tables if item.name in readable][:PREVIEWED_TABLES] if manifest else []
    may_edit = g.actor is not None and g.actor.may_edit(found.publisher.id)
    return render_page(
        "catalogue/dataset.html",
        dataset=found,
        quality=services().measuring.find(dataset, found.latest) if found.latest else {},
        ground=services().negative_lists.find_entry(found.disclosure.ground),
        update=_find_updates([found]).get(found.uuid),
        editions=services().editions.list(dataset),
        expected=services().editions.find_next(found),
        say_expected=say_expected,
        default_delay=DELAYS.get(found.update_cycle, ("", 0))[1],
        readable=readable,
        versions=versions,
        usage=services().downloads.find(found, g.actor),
        announced=services().drafts.list_announced(dataset),
        tables=manifest.tables if manifest else (),
        previews={item.name: _preview(found, item) for item in previewed},
        attachments=manifest.attachments if manifest else (),
        external_resources=found.external,
        external_states=services().external_links.list_states(found.id) if found.origin else {},
        property_groups=list_groups(),
        measures=show_measures(manifest.tables if manifest else ()),
        reuses=services().reuses.list(dataset=found.id, limit=MOST_REUSES),
        registered=services().upward.records.list_public(found.uuid),
        upward=_list_upward(found.id) if may_edit else (),
        record_states=RECORD_STATES,
        snippets=build_snippets(dataset, manifest, public) if manifest else {},
        may_edit=may_edit,
        registrations=services().registrations.list_public(found.id),
        can_archive=services().archiving.is_possible(g.actor, found.id),
        can_delete=g.actor is not None and found.head is None and services().deletion.is_possible(g.actor, found.id),
    )


def _list_upward(dataset: str) -> Sequence[tuple[RecordView, str]]:
    """What became of a dataset at each higher platform, with the reason in words."""
    voice = choose_voice()
    return [
        (item, item.answer or (voice.fill(item.reason["message"], item.reason["params"]) if item.reason else ""))
        for item in services().upward.records.list_of(g.actor, dataset)
    ]


@blueprint.get("/datasets/<dataset>/versions")
@read_once
def list_versions(dataset: str) -> Response:
    """The versions of a dataset with what changed in each, a page at a time."""
    if prefers_json() and not prefers_markdown():
        return _lead_to_rest("datasets", dataset, "versions")
    found = services().datasets.get(dataset, g.actor)
    cursor = request.args.get("cursor") or None
    page = services().versions.list_page(dataset, cursor=cursor, limit=VERSIONS_PAGE_SIZE)
    return render_page("catalogue/versions.html", dataset=found, page=page, versions=_pair_versions(found, page))


@blueprint.get("/publishers")
@read_once
def list_publishers() -> Response:
    """The publishers: a tree of them, or a page of those that the filters leave."""
    if prefers_json() and not prefers_markdown():
        return _lead_to_rest("publishers")
    kind, q = request.args.get("kind", ""), request.args.get("q", "").strip()[:200]
    cursor = request.args.get("cursor") or None
    if kind or q or cursor or prefers_markdown():
        page = services().publishers.list(kind=kind or None, q=q or None, cursor=cursor, limit=100)
        return render_page("catalogue/publishers.html", page=page, levels=(), kind=kind, q=q)
    known = {item.id: item for item in services().publishers.list_all() if item.ended is None}
    levels = [(known[name], level) for name, level in walk_tree({item.id: item.parent for item in known.values()})]
    return render_page("catalogue/publishers.html", page=None, levels=levels, kind="", q="")


@blueprint.get("/publishers.csv")
def send_publishers() -> Response:
    """All publishers with what is public of them, as a table."""
    data = services().publisher_lists.write(None, choose_language())
    response = send(describe_bytes(data, "text/csv", "no-cache"))
    vary_by_reader(response)
    return response


@blueprint.get("/publishers/<publisher>")
@read_once
def show_publisher(publisher: str) -> Response:
    """A publisher: what it is, its place, its datasets, its figures, what happened to it."""
    if prefers_json() and not prefers_markdown():
        return _lead_to_rest("publishers", publisher)
    found = services().publishers.get(publisher)
    cursor = request.args.get("cursor") or None
    # One that was merged or split has no datasets: the list would be of the publishers that it became.
    has_own = found.ending is None or not found.ending.get("others")
    page = services().datasets.list(None, publisher=publisher, cursor=cursor, limit=PAGE_SIZE) if has_own else Page([])
    updates = _find_updates(page.items)
    return render_page(
        "catalogue/publisher.html", publisher=found, page=page, updates=updates, **describe_office(found)
    )


@blueprint.get("/schemas")
@read_once
def list_schemas() -> Response:
    """The library of schemas."""
    if prefers_json() and not prefers_markdown():
        return _lead_to_rest("schemas")
    return render_page(
        "catalogue/schemas.html", page=services().schemas.list(cursor=request.args.get("cursor"), limit=100)
    )


@blueprint.get("/schemas/<schema>")
@read_once
def show_schema(schema: str) -> Response:
    """A schema: its fields and its versions."""
    if prefers_json() and not prefers_markdown():
        return _lead_to_rest("schemas", schema)
    found = services().schemas.get(schema, request.args.get("version") or None)
    return render_page("catalogue/schema.html", schema=found, versions=services().schemas.list_versions(schema))


@blueprint.get("/datasets.json", defaults={"collection": "datasets"})
@blueprint.get("/publishers.json", defaults={"collection": "publishers"})
@blueprint.get("/schemas.json", defaults={"collection": "schemas"})
def lead_to_collection(collection: str) -> Response:
    """The REST document of a collection."""
    return _lead_to_rest(collection)


@blueprint.get("/datasets/<dataset>/versions.json")
def lead_to_versions(dataset: str) -> Response:
    """The REST document of the versions of a dataset."""
    return _lead_to_rest("datasets", dataset, "versions")


@blueprint.get("/datasets/<name>.json", defaults={"collection": "datasets"})
@blueprint.get("/publishers/<name>.json", defaults={"collection": "publishers"})
@blueprint.get("/schemas/<name>.json", defaults={"collection": "schemas"})
def lead_to_item(collection: str, name: str) -> Response:
    """The REST document of one thing."""
    return _lead_to_rest(collection, name)


add_markdown(
    blueprint,
    {
        "/index.md": show_home,
        "/datasets.md": list_datasets,
        "/datasets/<dataset>.md": show_dataset,
        "/datasets/<dataset>/versions.md": list_versions,
        "/publishers.md": list_publishers,
        "/publishers/<publisher>.md": show_publisher,
        "/schemas.md": list_schemas,
        "/schemas/<schema>.md": show_schema,
    },
)


def _preview(dataset: DatasetView, table: TableResource) -> Preview:
    rows = services().versions.read_rows(dataset.id, str(dataset.latest), table.name, PREVIEW_ROWS, g.actor)
    return build_preview(table, rows)


def _find_updates(datasets: Sequence[DatasetView]) -> Mapping[str, UpdateView]:
    """By their `uuid`: whether datasets on a list are up to date."""
    return services().duties.find_updates([dataset.uuid for dataset in datasets])


def _pair_versions(dataset: DatasetView, page: Page[VersionView]) -> Sequence[tuple[VersionView, VersionView | None]]:
    """Each version of a page with the one before it."""
    older = services().versions.list_page(dataset.id, cursor=page.next, limit=1).items if page.next else ()
    return list(zip_longest(page.items, [*page.items[1:], *older]))


def _lead_to_rest(*parts: str) -> Response:
    query = request.query_string.decode("ascii", "replace")
    target = rest_path(*parts)
    response = redirect(f"{target}?{query}" if query else target, 302)
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.vary.add("Accept")
    return response


@blueprint.after_request
def _vary(response: Response) -> Response:
    response.vary.add("Accept")
    return response
