"""Feeds of the news about versions, of one dataset or of all: published, withdrawn, corrected.

Source: RFC 4287 (Atom), RFC 5005 (pages of a feed).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.metadata.atom import Entry, Feed, Link
from opendata.metadata.citation import identify_version
from opendata.metadata.reasons import keep_reasons
from opendata.metadata.schema_changes import compare_schemas
from opendata.services.core.values import DatasetView, News, Page, SchemaView
from opendata.web.catalogue.editions import say_expected
from opendata.web.catalogue.feed_forms import add_json, find_media_type, send_feed
from opendata.web.core.instance import absolute_url, services
from opendata.web.core.languages import (
    PARAMETER,
    TAGS,
    choose_language,
    choose_separator,
    pick_reason,
    say_plain,
)
from opendata.web.core.skin.identity import name_portal
from opendata.web.delivery.downloads import JSON, open_to_all

blueprint = Blueprint("feeds", __name__)
blueprint.after_request(open_to_all)

PAGE_SIZE = 100
_HTML = "text/html"
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When a feed without entries was changed: it has to say."""


@blueprint.get("/feed.atom")
def send_catalogue_feed() -> Response:
    """What was said last of the versions of all datasets."""
    news = services().versions.list_news(limit=PAGE_SIZE, cursor=request.args.get("cursor") or None)
    title = name_portal()
    address = absolute_url(url_for("feeds.send_catalogue_feed"))
    return _send(news, address, title, title, absolute_url(url_for("catalogue.show_home")))


@blueprint.get("/datasets/<dataset>/feed.atom")
def send_dataset_feed(dataset: str) -> Response:
    """What was said last of the versions of a dataset."""
    news = services().versions.list_news(dataset, limit=PAGE_SIZE, cursor=request.args.get("cursor") or None)
    entry = services().datasets.get(dataset)
    title = gettext("Versions of “%(title)s”", title=say_plain(entry))
    page = absolute_url(url_for("catalogue.list_versions", dataset=dataset))
    expected = services().editions.find_next(entry)
    subtitle = say_archived(entry) if entry.archived else say_expected(expected) if expected else ""
    since = datetime.fromisoformat(entry.archived["since"]) if entry.archived else NEVER
    return _send(news, f"urn:uuid:{entry.uuid}", title, say_plain(entry.publisher), page, subtitle, since)


@blueprint.get("/publishers/<publisher>/feed.atom")
def send_publisher_feed(publisher: str) -> Response:
    """What was said last of the versions of a publisher's datasets."""
    found = services().publishers.get(publisher)
    news = services().versions.list_news(
        publisher=publisher, limit=PAGE_SIZE, cursor=request.args.get("cursor") or None
    )
    title = gettext("Datasets of “%(title)s”", title=say_plain(found))
    address = absolute_url(url_for("feeds.send_publisher_feed", publisher=publisher))
    page = absolute_url(url_for("catalogue.show_publisher", publisher=publisher))
    return _send(news, address, title, say_plain(found), page)


@blueprint.get("/schemas/<schema>/feed.atom")
def send_schema_feed(schema: str) -> Response:
    """The versions of a schema of the library, with what changed in each."""
    versions = services().schemas.list_history(schema)
    newest = versions[0]
    return send_feed(
        Feed(
            id=absolute_url(url_for("feeds.send_schema_feed", schema=schema)),
            title=gettext("Versions of the schema “%(title)s”", title=say_plain(newest)),
            author=name_portal(),
            updated=max(item.created for item in versions),
            language=TAGS[choose_language()],
            links=(
                Link("alternate", absolute_url(url_for("catalogue.show_schema", schema=schema)), _HTML),
                *_list_pages(None),
            ),
            entries=[
                _describe_schema(item, before)
                for item, before in zip_longest(versions[:PAGE_SIZE], versions[1 : PAGE_SIZE + 1])
            ],
        )
    )


def _describe_schema(schema: SchemaView, before: SchemaView | None) -> Entry:
    page = absolute_url(url_for("catalogue.show_schema", schema=schema.name, version=schema.version))
    address = absolute_url(url_for("downloads.send_schema", schema=schema.name, version=schema.version))
    paragraphs = [say_plain(schema, "description")] if schema.description else []
    if before is not None:
        reasons = keep_reasons(compare_schemas(schema.name, before.schema, schema.schema))
        changes = choose_separator().join(pick_reason(reason)[0] for reason in reasons)
        paragraphs += [f"{gettext('What changed:')} {changes}"] if changes else []
    return Entry(
        id=address,
        title=f"{say_plain(schema)} {schema.version}",
        author=name_portal(),
        published=schema.created,
        updated=schema.created,
        paragraphs=paragraphs,
        links=(Link("alternate", page, _HTML), Link("describedby", address, JSON)),
    )


add_json(
    blueprint,
    {
        "/feed.json": send_catalogue_feed,
        "/datasets/<dataset>/feed.json": send_dataset_feed,
        "/publishers/<publisher>/feed.json": send_publisher_feed,
        "/schemas/<schema>/feed.json": send_schema_feed,
    },
)


def say_archived(dataset: DatasetView) -> str:
    """Since when a dataset is no longer kept, why, and which one to use instead; empty while it is kept."""
    found = dataset.archived
    if found is None:
        return ""
    text = gettext("This dataset has been archived since %(day)s and is no longer updated. Reason: %(reason)s")
    said = text % {"day": found["since"][:10], "reason": found["reason"]}
    return f"{said} {gettext('Use instead:')} {found['successor']}" if found["successor"] else said


def _send(
    news: Page[News],
    identifier: str,
    title: str,
    author: str,
    page: str,
    subtitle: str = "",
    changed: datetime = NEVER,
) -> Response:
    return send_feed(
        Feed(
            id=identifier,
            title=title,
            author=author,
            updated=max([changed, *(item.version.changed for item in news.items)]),
            language=TAGS[choose_language()],
            links=(Link("alternate", page, _HTML), *_list_pages(news.next)),
            entries=[_describe(item) for item in news.items],
            subtitle=subtitle,
        )
    )


def _list_pages(following: str | None) -> Iterator[Link]:
    """The page of the feed that is asked for, the first one and the next."""
    cursor = request.args.get("cursor") or None
    for rel, place in (("self", cursor), ("first", None), ("next", following)):
        if place is not None or rel != "next":
            values: dict[str, Any] = {PARAMETER: request.args.get(PARAMETER), "cursor": place}
            path = url_for(str(request.endpoint), **(request.view_args or {}), **values)
            yield Link(rel, absolute_url(path), find_media_type())


def _describe(item: News) -> Entry:
    dataset, version = item.dataset, item.version
    place = absolute_url(url_for("version_pages.show_version", dataset=dataset.id, version=version.version))
    stopped = "suspension.json" if version.suspension else "datapackage.json"
    record = "withdrawal.json" if version.withdrawal else stopped
    title = " ".join(filter(None, (say_plain(dataset), version.period, version.version)))
    return Entry(
        id=identify_version(dataset.uuid, version.version),
        title=f"{title} ({gettext('withdrawn')})" if version.withdrawal else title,
        author=say_plain(dataset.publisher),
        published=version.published,
        updated=version.changed,
        paragraphs=list(_list_paragraphs(item)),
        links=(Link("alternate", place, _HTML), Link("describedby", place + record, JSON)),
        categories=list(_list_categories(item)),
    )


def _list_paragraphs(item: News) -> Iterator[str]:
    version = item.version
    if version.withdrawal:
        yield f"{gettext('Withdrawn on')} {version.withdrawal['withdrawn'][:10]}: {version.withdrawal['reason']}"
        if version.withdrawal["successor"]:
            yield f"{gettext('Version to use instead')}: {version.withdrawal['successor']}"
    elif version.suspension:
        yield f"{gettext('Stopped on')} {version.suspension['created'][:10]}: {version.suspension['reason']}"
    yield from _list_corrections(item.dataset, version.version)
    if version.reasons:
        changes = choose_separator().join(pick_reason(reason)[0] for reason in version.reasons)
        yield f"{gettext('What changed:')} {changes}"
    if version.notes:
        yield version.notes


def _list_corrections(dataset: DatasetView, version: str) -> Iterator[str]:
    for erratum in dataset.errata:
        if erratum["version"] == version:
            yield f"{gettext('Correction of %(day)s:', day=erratum['created'][:10])} {erratum['text']}"
            if erratum["successor"]:
                yield gettext("Corrected in version %(version)s", version=erratum["successor"])
        elif erratum["successor"] == version:
            yield f"{gettext('Corrects version %(version)s:', version=erratum['version'])} {erratum['text']}"


def _list_categories(item: News) -> Iterator[str]:
    """Words for programs: the themes of the dataset, and what became of a version since it was published."""
    yield from item.dataset.further.get("themes", ())
    if item.dataset.archived:
        yield "archived"
    if item.version.withdrawal:
        yield "withdrawn"
    elif item.version.suspension:
        yield "suspended"
    if any(erratum["version"] == item.version.version for erratum in item.dataset.errata):
        yield "corrected"
