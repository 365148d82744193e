"""A search as a feed: the datasets that it finds, newest first, so that a reader hears of new and changed ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flask import Blueprint, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.errors import N_, BackendError
from opendata.metadata.atom import Entry, Feed, Link
from opendata.metering import cost_class
from opendata.services.core.values import DatasetView
from opendata.services.search.searching import Search, SearchResult
from opendata.web.catalogue.feed_forms import add_json, find_media_type, send_feed
from opendata.web.catalogue.feeds import NEVER, PAGE_SIZE, say_archived
from opendata.web.catalogue.searching import link_search, list_chosen, read_search
from opendata.web.core.instance import absolute_url, services
from opendata.web.core.languages import PARAMETER, TAGS, choose_language, say_plain
from opendata.web.core.skin.identity import name_portal
from opendata.web.delivery.downloads import JSON, open_to_all

blueprint = Blueprint("search_feeds", __name__)
blueprint.after_request(open_to_all)

_HTML = "text/html"


@blueprint.get("/datasets.atom")
@cost_class("light")
def send_search_feed() -> Response:
    """What the same search finds as a page. Only datasets that have all the words are in it, whatever else is near."""
    wanted = replace(read_search(), sort="updated", limit=PAGE_SIZE)
    found = services().searching.search(wanted)
    items = [item.dataset for item in found.items] if found.exact == found.total else []
    if not found.is_ready:
        if wanted.text or wanted.filters or wanted.cursor:
            raise BackendError(N_("The search index isn't ready yet. Try again in a minute"))
        items = list(services().datasets.list_recent(PAGE_SIZE))
    portal = name_portal()
    whole = replace(wanted, sort="", cursor=None)
    return send_feed(
        Feed(
            id=absolute_url(link_search(whole, str(request.endpoint))),
            title=" · ".join([*_list_words(wanted, found), gettext("Datasets"), portal]),
            author=portal,
            updated=max([NEVER, *(item.modified for item in items)]),
            language=TAGS[choose_language()],
            links=(Link("alternate", absolute_url(link_search(whole)), _HTML), *_list_pages(wanted, found, len(items))),
            entries=[_describe(item) for item in items],
        )
    )


add_json(blueprint, {"/datasets.feed.json": send_search_feed})


def _list_words(wanted: Search, found: SearchResult) -> Iterator[str]:
    """What was asked for, in the reader's words."""
    if wanted.text:
        yield gettext("“%(text)s”", text=wanted.text)
    yield from (choice.title for choice in list_chosen(wanted, found))


def _list_pages(wanted: Search, found: SearchResult, count: int) -> Iterator[Link]:
    following = found.next if count else None
    for rel, cursor in (("self", wanted.cursor), ("first", None), ("next", following)):
        if cursor is not None or rel != "next":
            own = {PARAMETER: request.args.get(PARAMETER), "cursor": cursor, "sort": None}
            yield Link(rel, absolute_url(link_search(wanted, str(request.endpoint), **own)), find_media_type())


def _describe(dataset: DatasetView) -> Entry:
    page = absolute_url(url_for("catalogue.show_dataset", dataset=dataset.id))
    document = absolute_url(f"{request.script_root}/api/v1/datasets/{dataset.id}")
    return Entry(
        id=f"urn:uuid:{dataset.uuid}",
        title=say_plain(dataset),
        author=say_plain(dataset.publisher),
        published=dataset.created,
        updated=dataset.modified,
        paragraphs=list(_list_paragraphs(dataset)),
        links=(Link("alternate", page, _HTML), Link("describedby", document, JSON)),
        categories=list(dataset.further.get("themes", ())),
    )


def _list_paragraphs(dataset: DatasetView) -> Iterator[str]:
    if dataset.archived:
        yield say_archived(dataset)
    if dataset.description:
        yield say_plain(dataset, "description")
    if dataset.latest:
        yield gettext("Version %(version)s", version=dataset.latest)
