"""For machines that look after the portal: is it alive, is it ready, what may be crawled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, render_template, request, url_for

from opendata.domain.moments import format_time
from opendata.domain.site.kinds import PARTS, PageKind
from opendata.errors import N_, NotFoundError
from opendata.services.core.values import DatasetView
from opendata.web.core.instance import absolute_url, services

blueprint = Blueprint("operations", __name__)

_UNENDING = (
    "/workspace",
    "/sign-in",
    "/datasets?*",
    "/datasets.atom",
    "/datasets/*/*/*?*",
    "/datasets/*/chart",
    "/api/v1/search",
    "/api/v1/sql",
    "/api/v1/datasets?*",
    "/api/v1/datasets/*/rows",
    "/api/v1/datasets/*/joins",
    "/search/tables?*",
    "/sql",
    "/search/",
    "/mcp",
    "/leave?*",
    "/reuses/new",
)
"""Where crawlers would find no end, or nothing that is for them (RFC 9309).

A rule that ends in a question mark keeps Python's own parser out of all that begins like it: hence the stars.
"""

_PAGES = (
    *("catalogue.show_home", "catalogue.list_datasets", "catalogue.list_publishers", "catalogue.list_schemas"),
    *("disclosure.show_disclosure", "site_reuses.list_reuses", "site_topics.list_calls", "site_status.show_status"),
    *("site_public.show_sitemap", "guide.show_accessibility"),
)
"""The pages of the site map that every portal has."""

_CONTACT_DAYS = 180
"""How long a copy of the contact may be used: less than a year, as the standard recommends."""

MAX_ADDRESSES = 50_000
"""What one site map may hold (sitemaps.org)."""


@blueprint.get("/healthz")
def show_health() -> Response:
    """The process answers."""
    return _plain("ok\n")


@blueprint.get("/readyz")
def show_readiness() -> Response:
    """Everything that readers need answers too; else a problem. Further lines say what hinders those who send."""
    health = services().health
    health.check()
    lines = ["ready"]
    fault = health.find_write_fault()
    if fault is not None:
        lines.append(f"nothing can be sent: {fault}")
    if health.has_scanner():
        lines.append("scanner: not answering, uploads are held" if health.find_scanner_fault() else "scanner: ready")
    if services().settings.sends_mail:
        lines.append("mail: not getting through" if services().outbox.is_stuck() else "mail: ready")
    return _plain("\n".join([*lines, ""]))


@blueprint.get("/.well-known/opendata-keys.json")
def show_keys() -> Response:
    """The keys that sign what is published, oldest first, each vouched for by the one before it."""
    response = Response(json.dumps({"keys": list(services().keys.list())}), mimetype="application/json")
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@blueprint.get("/.well-known/security.txt")
def show_security_contact() -> Response:
    """Where to report weaknesses (RFC 9116)."""
    settings = services().settings
    if not settings.security_contact:
        raise NotFoundError(N_("This portal names no contact for reports of weaknesses"))
    expires = datetime.now(UTC).replace(hour=0, minute=0, second=0) + timedelta(days=_CONTACT_DAYS)
    lines = [
        *(f"Contact: {address}" for address in settings.security_contact),
        f"Expires: {format_time(expires)}",
        f"Preferred-Languages: {', '.join(settings.languages)}",
        f"Canonical: {absolute_url(url_for('operations.show_security_contact'))}",
    ]
    return Response("\n".join(lines) + "\n", mimetype="text/plain", headers={"Cache-Control": "public, max-age=3600"})


@blueprint.get("/robots.txt")
def show_robots() -> Response:
    """What crawlers leave alone: what has no end, such as searches and queries. What it is about is in files."""
    root = request.script_root
    rules = [
        "# Each search, filter, order and query has an address, so there are more of them than anybody can fetch.",
        "# All of the data is in files: the site map names each dataset, its datapackage.json names its files (CSV,",
        "# Parquet), and the feed names each version. They have no limit of requests.",
        "User-agent: *",
        *(f"Disallow: {root}{path}" for path in _UNENDING),
        f"Sitemap: {absolute_url(url_for('operations.show_sitemap'))}",
    ]
    return Response("\n".join(rules) + "\n", mimetype="text/plain")


@blueprint.get("/sitemap.xml")
def show_sitemap() -> Response:
    """The pages worth finding."""
    pages = list(_list_pages())
    text = render_template("operations/sitemap.xml", pages=pages, datasets=list(_list_public(len(pages))))
    return Response(text, mimetype="application/xml", headers={"Cache-Control": "no-cache"})


def _list_pages() -> Iterator[tuple[str, datetime | None]]:
    """The pages of the site that aren't datasets, and when each was changed, where that is known."""
    for endpoint in _PAGES:
        yield url_for(endpoint), None
    for part in PARTS:
        for page in services().pages.list(None, part):
            yield url_for("site_disclosure.show_page", part=part, page=page.id), page.published
    for kind, endpoint in ((PageKind.COLUMN, "site_topics.show_column"), (PageKind.CALL, "site_topics.show_call")):
        for page in services().pages.list(None, kind):
            yield url_for(endpoint, page=page.id), page.published


def _list_public(others: int) -> Iterator[DatasetView]:
    cursor, left = None, MAX_ADDRESSES - others
    while left > 0:
        page = services().datasets.list(None, cursor=cursor, limit=min(1000, left))
        yield from page.items
        cursor, left = page.next, left - len(page.items)
        if cursor is None:
            return


def _plain(text: str) -> Response:
    return Response(text, mimetype="text/plain", headers={"Cache-Control": "no-store"})
