"""DCAT-AP documents: the catalogue as a stream or in pages, each dataset and version, and the way to them from pages.

A page leads there who asks for RDF by `Accept`. Source: DCAT-AP; the addresses and parameters of ckanext-dcat; RFC 9110
(12, content negotiation), RFC 8288 (`Link`).
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from flask import Blueprint, g, redirect, request, stream_with_context, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from opendata import __version__
from opendata.domain.moments import read_moment
from opendata.errors import N_, InputError
from opendata.exchange.dcat.catalogue import (
    PageLinks,
    describe_catalogue,
    describe_entries,
    describe_one,
    describe_one_version,
)
from opendata.exchange.dcat.profiles import LATEST, PROFILES, Profile
from opendata.exchange.dcat.scope import Scope
from opendata.exchange.dcat.vocabulary import Triple
from opendata.exchange.dcat.writing import FORMS, write_document
from opendata.metering import charge
from opendata.sending.content import choose_coding, describe_bytes, is_in_hand, send, send_unchanged
from opendata.sending.forms import open_to_origins
from opendata.web.core.instance import absolute_url, services
from opendata.web.exchange.core import CATALOGUE_CACHE, addresses, portal

blueprint = Blueprint("dcat", __name__)

_SUFFIX = 'any("ttl","xml","jsonld","nt"):suffix'
_PARAMETERS = ("page", "limit", "modified_since", "profile", "profiles", "publisher", "after", "lang")
PAGE_SIZE = 100
MOST = 1000
_LAST_PAGE = 10**9
_GZIP = 16 + zlib.MAX_WBITS

_PAGES: Mapping[str, str] = {
    "catalogue.list_datasets": "dcat.send_catalogue",
    "catalogue.show_dataset": "dcat.send_dataset",
    "version_pages.show_version": "dcat.send_version",
}
"""The view of a page → that of its document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for of the catalogue; `page` is None for all of it."""

    profile: Profile
    page: int | None
    limit: int
    since: datetime | None
    publisher: str | None
    after: str = ""
    """The last dataset of the page before, where a link leads from page to page."""


@blueprint.get(f"/catalog.<{_SUFFIX}>")
def send_catalogue(suffix: str) -> Response:
    """The catalogue: all of it as a stream, or with `page` or `limit` a page of it."""
    wanted = read_wanted()
    tag = _digest(suffix, request.query_string, services().entries.find_state(), portal(), addresses())
    if is_in_hand(tag):
        return send_unchanged(tag, CATALOGUE_CACHE)
    if request.method == "HEAD":
        charge("light")
    else:
        charge("heavy" if wanted.page is None else "rows")
    pieces = write_document(_list_pieces(wanted, suffix), suffix)
    response = Response(content_type=_content_type(suffix))
    response.headers["Cache-Control"] = CATALOGUE_CACHE
    response.vary.add("Accept-Encoding")
    response.set_etag(tag, weak=True)
    if choose_coding(("gzip",)) is not None:
        response.headers["Content-Encoding"] = "gzip"
        pieces = _compress(pieces)
    response.response = stream_with_context(pieces)
    return response


@blueprint.get(f"/datasets/<dataset>.<{_SUFFIX}>")
def send_dataset(dataset: str, suffix: str) -> Response:
    """A dataset, with its versions in short."""
    scope = _scope(read_profile())
    return _send(describe_one(services().entries.get(dataset), scope), suffix)


@blueprint.get(f"/datasets/<dataset>/<version>/dcat.<{_SUFFIX}>")
def send_version(dataset: str, version: str, suffix: str) -> Response:
    """A version as a dataset of its own."""
    scope = _scope(read_profile())
    return _send(describe_one_version(services().entries.get_version(dataset, version), scope), suffix)


def read_wanted() -> Wanted:
    """What the address asks for of the catalogue. Raises `InputError`."""
    unknown = next((name for name in request.args if name not in _PARAMETERS), None)
    if unknown is not None:
        raise InputError(
            N_("There is no parameter “%(name)s” here. Possible are: %(known)s"),
            name=unknown[:60],
            known=", ".join(_PARAMETERS[:-1]),
        )
    page, limit = _read_number("page", _LAST_PAGE), _read_number("limit", MOST)
    text = request.args.get("modified_since") or ""
    since = read_moment(text, UTC) if text else None
    if text and since is None:
        raise InputError(
            N_("“%(value)s” isn't a date or time. Write it like 2026-03-31 or 2026-03-31T08:00:00Z"), value=text[:60]
        )
    return Wanted(
        profile=read_profile(),
        page=page or (1 if limit else None),
        limit=limit or PAGE_SIZE,
        since=since,
        publisher=request.args.get("publisher") or None,
        after=request.args.get("after") or "",
    )


def read_profile() -> Profile:
    """The profile that the address asks for: the first it names that we have. Raises `InputError`."""
    text = request.args.get("profile") or request.args.get("profiles") or ""
    names = text.replace(",", " ").split()
    found = next((PROFILES[name] for name in names if name in PROFILES), None)
    if names and found is None:
        raise InputError(
            N_("There is no profile “%(name)s” here. Possible are: %(known)s"),
            name=text[:60],
            known=", ".join(dict.fromkeys(item.id for item in PROFILES.values())),
        )
    return found or LATEST


@blueprint.before_app_request
def lead_to_document() -> Response | None:
    """Lead from a page to its document who asks for a form of RDF and likes neither the page nor JSON better."""
    target = _PAGES.get(request.endpoint or "")
    suffix = choose_suffix() if target and request.method in ("GET", "HEAD") else ""
    if not target or not suffix:
        return None
    query = request.query_string.decode("ascii", "replace")
    address = url_for(target, suffix=suffix, **(request.view_args or {}))
    response = redirect(f"{address}?{query}" if query else address, 303)
    response.headers["Cache-Control"] = "no-cache"
    response.vary.add("Accept")
    open_to_origins(response)
    return response


@blueprint.after_app_request
def link_to_documents(response: Response) -> Response:
    """Say on a page where its documents are."""
    if response.status_code == 200 and response.mimetype == "text/html":
        for address, media_type, _ in _list_documents():
            response.headers.add("Link", f'<{address}>; rel="alternate"; type="{media_type}"')
    return response


@blueprint.app_template_global()
def link_rdf() -> Markup:
    """The links to the documents of a page, for its head."""
    line = Markup('<link rel="alternate" type="{}" title="DCAT-AP ({})" href="{}">\n')
    return Markup().join(line.format(media_type, label, address) for address, media_type, label in _list_documents())


@blueprint.after_request
def open_to_all(response: Response) -> Response:
    """Programs in any web page may read them."""
    open_to_origins(response)
    return response


def choose_suffix() -> str:
    """The form that `Accept` likes best by name, as a suffix; empty where a page or JSON is as welcome."""
    named = {kind.partition(";")[0].strip().lower(): quality for kind, quality in request.accept_mimetypes}
    others = max(named.get(kind, 0) for kind in ("text/html", "application/json", "text/markdown"))
    best = max(FORMS.values(), key=lambda form: named.get(form.media_type, 0))
    quality = named.get(best.media_type, 0)
    return best.suffix if quality > others else ""


def _list_documents() -> Iterator[tuple[str, str, str]]:
    """The documents of the page at hand: address, media type, what people call it.

    Those who are signed in may see a page that isn't public yet, which has none.
    """
    target = _PAGES.get(request.endpoint or "") if g.get("actor") is None else None
    for form in FORMS.values() if target else ():
        yield url_for(str(target), suffix=form.suffix, **(request.view_args or {})), form.media_type, form.label


def _list_pieces(wanted: Wanted, suffix: str) -> Iterator[list[Triple]]:
    """The catalogue, then its datasets one by one: what comes first needs none of them."""
    scope, entries = _scope(wanted.profile), services().entries
    if wanted.page is None:
        yield describe_catalogue(scope, entries.find_change())
        yield from describe_entries(entries.iterate(publisher=wanted.publisher, since=wanted.since), scope)
        return
    before = (wanted.page - 1) * wanted.limit
    total = entries.count(wanted.publisher, wanted.since)
    after: str | None = wanted.after if before else ""
    if before and not after:
        after = entries.find_place(before, publisher=wanted.publisher, since=wanted.since)
    yield describe_catalogue(scope, entries.find_change(), _link_pages(wanted, suffix, total, after))
    if after is not None:
        found = entries.iterate(publisher=wanted.publisher, since=wanted.since, after=after, limit=wanted.limit)
        yield from describe_entries(found, scope)


def _link_pages(wanted: Wanted, suffix: str, total: int, after: str | None) -> PageLinks:
    page, last = wanted.page or 1, max(1, -(-total // wanted.limit))
    left_out = ("page", "limit", "lang", "after")
    kept = [(name, value) for name, value in sorted(request.args.items()) if name not in left_out]
    place = absolute_url(url_for("dcat.send_catalogue", suffix=suffix))

    def link(number: int, after: str | None = None) -> str:
        known = [("after", after)] if after else []
        return f"{place}?{urlencode([('page', number), ('limit', wanted.limit), *kept, *known])}"

    def find_near(places: int) -> str | None:
        if after is None:
            return None
        return services().entries.find_near(after, places, publisher=wanted.publisher, since=wanted.since)

    return PageLinks(
        address=link(page, wanted.after if page > 1 else None),
        first=link(1),
        last=link(last),
        previous=link(min(page - 1, last), find_near(-wanted.limit) if 2 < page <= last else None) if page > 1 else "",
        next=link(page + 1, find_near(wanted.limit)) if page < last else "",
        total=total,
        size=wanted.limit,
    )


def _scope(profile: Profile) -> Scope:
    return Scope(portal=portal(), addresses=addresses(), profile=profile)


def _send(triples: list[Triple], suffix: str) -> Response:
    data = b"".join(write_document([triples], suffix))
    return send(describe_bytes(data, _content_type(suffix), "no-cache"))


def _content_type(suffix: str) -> str:
    media_type = FORMS[suffix].media_type
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr((__version__, parts)).encode()).hexdigest()[:32]


def _compress(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces with gzip; the first at once, since it is waited for."""
    packer = zlib.compressobj(4, zlib.DEFLATED, _GZIP)
    is_first = True
    for piece in pieces:
        packed = packer.compress(piece)
        if is_first and piece:
            packed, is_first = packed + packer.flush(zlib.Z_SYNC_FLUSH), False
        if packed:
            yield packed
    yield packer.flush()


def _read_number(name: str, most: int) -> int | None:
    text = request.args.get(name) or ""
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:12]) <= most:
        raise InputError(N_("“%(name)s” must be a whole number from 1 to %(most)s"), name=name, most=most)
    return int(text)
