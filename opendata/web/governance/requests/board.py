"""The public board of requests, its feed and files, the statistics, and the table of the annual report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request, url_for
from flask_babel import gettext

from opendata.domain.requests.annual import COLUMNS, ROWS, AnnualTable
from opendata.domain.requests.kinds import PRIVATE, RequestKind
from opendata.metadata.atom import MEDIA_TYPE, Entry, Feed, Link, write_feed
from opendata.metering import cost_class
from opendata.services.governance.requests.board import BoardFilter
from opendata.services.governance.requests.figures import RequestFigures
from opendata.services.governance.requests.values import RequestView
from opendata.web.catalogue.feeds import NEVER
from opendata.web.core.instance import absolute_url, services
from opendata.web.core.languages import TAGS, choose_language, say_plain, vary_by_reader
from opendata.web.governance.requests.showing import NAMES, read_word, read_year, say_clock, send_csv
from opendata.wording.governance.requests import ANNUAL_COLUMNS, ANNUAL_ROWS, KINDS, STATES

blueprint = Blueprint("requests", __name__, url_prefix="/requests")

PAGE_SIZE = 20
_FILE_SIZE = 1000
_MANY = 1000
_FILTERS = ("kind", "publisher", "dataset", "state", "q")


@blueprint.get("")
@cost_class("light")
def list_requests() -> str:
    """The requests on the board, the newest first, or those that the form asks for."""
    values = _read_values()
    page = services().requests.board.list(_filter(values), limit=PAGE_SIZE, cursor=request.args.get("cursor") or None)
    return render_template(
        "governance/requests/board.html",
        page=page,
        items=[(item, say_clock(item)) for item in page.items],
        values=values,
        names=NAMES,
        kinds=[kind for kind in RequestKind if kind not in PRIVATE],
        publishers=services().publishers.list(limit=_MANY).items,
    )


@blueprint.get("/board.csv")
@cost_class("light")
def send_board() -> Response:
    """The same as a file."""
    page = services().requests.board.list(_filter(_read_values()), limit=_FILE_SIZE)
    head = ("number", "kind", "publisher", "dataset", "state", "received", "due", "replied", "days", "onTime")
    rows = [
        (
            item.number,
            item.kind,
            item.publisher.id,
            item.dataset.id if item.dataset else "",
            item.state,
            item.created.date(),
            item.clock.due if item.is_open else "",
            item.ended.date() if item.outcome and item.ended else "",
            item.days if item.outcome else "",
            "" if item.is_on_time is None else str(item.is_on_time).lower(),
            item.outcome or "",
            item.basis,
            item.summary,
            item.reply,
        )
        for item in page.items
    ]
    return send_csv("requests", [(*head, "outcome", "basis", "summary", "reply"), *rows])


@blueprint.get("/feed.atom")
def send_feed() -> Response:
    """The newest requests on the board as a feed."""
    values = _read_values()
    items = services().requests.board.list(_filter(values), limit=_FILE_SIZE // 10).items
    address = absolute_url(url_for("requests.send_feed"))
    title = services().settings.title or gettext("Open Data Portal")
    feed = Feed(
        id=address,
        title=gettext("Requests and replies"),
        author=title,
        updated=max((item.changed for item in items), default=NEVER),
        language=TAGS[choose_language()],
        links=(
            Link("self", absolute_url(request.full_path.rstrip("?")), MEDIA_TYPE),
            Link("alternate", absolute_url(url_for("requests.list_requests")), "text/html"),
        ),
        entries=[_describe(item) for item in items],
    )
    answer = Response(write_feed(feed), mimetype=MEDIA_TYPE)
    vary_by_reader(answer)
    return answer


@blueprint.get("/<number>")
def show_request(number: str) -> str:
    """A request on the board, with what happened to it and the reply."""
    item = services().requests.board.get(number)
    return render_template("governance/requests/request.html", item=item, names=NAMES, clock=say_clock(item))


@blueprint.get("/statistics")
@cost_class("light")
def show_statistics() -> str:
    """The requests of a year in numbers."""
    found = services().requests.figures.count(
        read_year(request.args.get("year", "")), request.args.get("publisher", "")
    )
    return render_template(
        "governance/requests/statistics.html",
        found=found,
        names=NAMES,
        publisher_names={item.id: say_plain(item) for item in found.names},
        publisher=request.args.get("publisher", ""),
        publishers=services().publishers.list(limit=_MANY).items,
    )


@blueprint.get("/statistics.csv")
@cost_class("light")
def send_statistics() -> Response:
    """The same as a file."""
    found = services().requests.figures.count(
        read_year(request.args.get("year", "")), request.args.get("publisher", "")
    )
    head = ("year", "by", "key", "received", "waiting", "replied", "withdrawn", "onTime", "late", "share", "medianDays")
    groups = (("", [found.total]), ("kind", found.kinds), ("publisher", found.publishers), ("outcome", found.outcomes))
    rows = [
        (
            *(found.year, by, line.key, line.received, line.waiting, line.replied, line.withdrawn),
            *(line.on_time, line.late, "" if line.share is None else round(line.share, 4), line.median_days),
        )
        for by, lines in groups
        for line in lines
    ]
    return send_csv(f"request-statistics-{found.year}", [head, *rows])


@blueprint.get("/annual")
@cost_class("light")
def show_annual() -> str:
    """Table 3 of the annual report."""
    table = _count_annual()
    return render_template(
        "governance/requests/annual.html",
        table=table,
        rows=[(ANNUAL_ROWS[code], table.row(code)) for code in ROWS],
        columns=[ANNUAL_COLUMNS[code] for code in COLUMNS],
        faults=table.list_faults(),
        publisher=request.args.get("publisher", ""),
        publishers=services().publishers.list(limit=_MANY).items,
    )


@blueprint.get("/annual.<any('csv','json'):suffix>")
@cost_class("light")
def send_annual(suffix: str) -> Response:
    """The same as a file: one number a line."""
    table = _count_annual()
    cells = [
        {"year": table.year, "row": row, "column": column, "value": table.cells[row, column]}
        for row in ROWS
        for column in COLUMNS
    ]
    if suffix == "json":
        return jsonify({"year": table.year, "cells": cells})
    rows = [list(item.values()) for item in cells]
    return send_csv(f"applications-{table.year}", [("year", "row", "column", "value"), *rows])


def _count_figures() -> RequestFigures:
    year, publisher = read_year(request.args.get("year", "")), request.args.get("publisher", "")
    return services().requests.figures.count(year, publisher)


def _count_annual() -> AnnualTable:
    year, publisher = read_year(request.args.get("year", "")), request.args.get("publisher", "")
    return services().requests.figures.count_annual(year, publisher)


def _read_values() -> dict[str, str]:
    return {name: text for name in _FILTERS if (text := request.args.get(name, "").strip())}


def _filter(values: dict[str, str]) -> BoardFilter:
    kind = read_word(RequestKind, values.get("kind", ""))
    return BoardFilter(
        kind=RequestKind(kind) if kind else None,
        publisher=values.get("publisher"),
        dataset=values.get("dataset"),
        is_open={"open": True, "closed": False}.get(values.get("state", "")),
        text=values.get("q", ""),
    )


def _describe(item: RequestView) -> Entry:
    address = absolute_url(url_for("requests.show_request", number=item.number))
    return Entry(
        id=address,
        title=f"{item.number} {gettext(KINDS[item.kind])}",
        author=say_plain(item.publisher),
        published=item.created,
        updated=item.changed,
        paragraphs=list(_list_paragraphs(item)),
        links=(Link("alternate", address, "text/html"),),
        categories=(str(item.state),),
    )


def _list_paragraphs(item: RequestView) -> Iterator[str]:
    texts: Sequence[Any] = (item.summary, gettext(STATES[item.state]), say_clock(item), item.reply, item.basis)
    yield from (str(text) for text in texts if text)
