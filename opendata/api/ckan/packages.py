"""The actions about packages and resources, and those about the site."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from opendata.api.ckan.actions import action, list_help
from opendata.api.core.current import absolute, services
from opendata.domain.access.costs import Cost
from opendata.domain.catalogue.addresses import Addresses
from opendata.exchange.ckan.analysis import ANY, clean
from opendata.exchange.ckan.asking import read_asked
from opendata.exchange.ckan.faults import AbsentError, ParameterError, QueryError
from opendata.exchange.ckan.fields import RESOURCE_FIELDS
from opendata.exchange.ckan.packages import Json, list_licences
from opendata.exchange.ckan.parameters import Parameters, read_list, read_number, read_text, require_text
from opendata.exchange.ckan.tree import Both, Either, Everything, Match
from opendata.metering import charge

VERSION = "2.10.0"
"""The version of CKAN whose behaviour this copies."""

_FEW = 100
"""So many packages make an answer that is counted as a page of rows."""

_FAR = 1_000
"""A page so far from the first takes the index longer."""


def addresses() -> Addresses:
    """The addresses of this portal."""
    return Addresses(absolute(""))


_MOST_PAIRS = 20


@action("site_read")
def read_site(_: Parameters) -> bool:
    """Always true."""
    return True


@action("status_show")
def show_status(_: Parameters) -> Json:
    """The site, and the version of CKAN whose API this is."""
    portal = services().portals.get()
    return {
        "site_title": portal.names[portal.language],
        "site_description": portal.description.get(portal.language, ""),
        "site_url": absolute(""),
        "error_emails_to": None,
        "locale_default": {"zh": "zh_Hans_CN"}.get(portal.language, portal.language),
        "extensions": ["datastore"],
        "ckan_version": VERSION,
        "x_platform": "opendata",
    }


@action("help_show")
def show_help(parameters: Parameters) -> str:
    """What an action does.

    :param name: the name of the action
    """
    name = require_text(parameters, "name")
    found = list_help(name)
    if found is None:
        raise AbsentError("Action name not known")
    return found


@action("package_list", "dataset_list")
def list_packages(parameters: Parameters) -> list[str]:
    """The names of all packages, in their order.

    :param limit: at most so many
    :param offset: leave out so many
    """
    names = services().ckan.list_names()
    return _cut(list(names), parameters)


@action("current_package_list_with_resources", cost=Cost.ROWS)
def list_current(parameters: Parameters) -> list[Json]:
    """Packages, those that changed last first.

    :param limit: at most so many, and never more than 1,000
    :param offset: leave out so many
    """
    asked = {
        "rows": read_number(parameters, "limit", 1000),
        "start": read_number(parameters, "offset", 0),
        "sort": "metadata_modified desc",
    }
    found: list[Json] = services().ckan.search(read_asked(asked, _now()), addresses())["results"]
    return found


@action("package_search", "dataset_search")
def search_packages(parameters: Parameters) -> Json:
    """Search for packages.

    :param q: words, phrases, `field:value`, `field:[a TO b]`, AND, OR, NOT, parentheses
    :param fq: a filter in the same language; `fq_list` has several
    :param sort: such as `metadata_modified desc`; fields: score, id, name, title_string, metadata_created,
        metadata_modified
    :param rows: how many, at most 1,000
    :param start: how many to leave out
    :param facet.field: what to count by: organization, groups, tags, res_format, license_id, frequency, disclosure
    :param facet.limit: at most so many values; -1 for all
    :param fl: the fields that results are to have
    """
    asked = read_asked(parameters, _now())
    if asked.rows > _FEW or asked.start > _FAR:
        charge(Cost.ROWS)
    return services().ckan.search(asked, addresses())


@action("package_show", "dataset_show")
def show_package(parameters: Parameters) -> Json:
    """One package.

    :param id: its id or name
    """
    return services().ckan.get_package(require_text(parameters, "id", "name_or_id"), addresses())


@action("package_autocomplete", "dataset_autocomplete")
def complete_package(parameters: Parameters) -> list[Json]:
    """Packages whose name or title has what was typed so far.

    :param q: what was typed
    :param limit: at most so many
    """
    typed = clean(require_text(parameters, "q"))[:100]
    words = [Match("title", word + ANY) for word in typed.split() if any(letter.isalnum() for letter in word)]
    if not words:
        return []
    limit = min(read_number(parameters, "limit", 10), _FEW)
    node = Either((Match("name", f"{typed}{ANY}"), Both(tuple(words))))
    found = services().ckan.find_by(node, limit=limit, sort="name")
    return [_complete(item, typed) for item in services().ckan.describe(found.names, addresses())]


@action("resource_show")
def show_resource(parameters: Parameters) -> Json:
    """One resource.

    :param id: its id
    """
    return services().ckan.get_resource(require_text(parameters, "id"), addresses())


@action("resource_search", cost=Cost.ROWS)
def search_resources(parameters: Parameters) -> Json:
    """Resources whose fields have these texts.

    :param query: `field:term`; fields: name, description, format, url, hash, id, mimetype; several must all fit
    :param order_by: a field to sort by
    :param limit: at most so many
    :param offset: leave out so many
    """
    pairs = [_read_pair(item) for item in _list_pairs(parameters)]
    if not pairs:
        raise ParameterError("query", "Missing value")
    if len(pairs) > _MOST_PAIRS:
        raise ParameterError("query", f"at most {_MOST_PAIRS} terms")
    nodes = [_find_in(name, term) for name, term in pairs]
    hits = services().ckan.find_by(Both(tuple(nodes)))
    if hits.total > len(hits.names):
        raise QueryError(f"Search Query is invalid: more than {len(hits.names):,} packages have such resources")
    found = [
        item
        for package in services().ckan.describe(hits.names, addresses())
        for item in package["resources"]
        if all(term.casefold() in str(item[name] or "").casefold() for name, term in pairs)
    ]
    order = read_text(parameters, "order_by")
    if order:
        if order not in RESOURCE_FIELDS:
            raise ParameterError("order_by", "Not a field of a resource that can be sorted by")
        found.sort(key=lambda item: str(item[order]))
    return {"count": len(found), "results": _cut(found, parameters)}


@action(
    "resource_view_list", "vocabulary_list", "organization_list_for_user", "group_list_authz", "package_activity_list"
)
def list_nothing(_: Parameters) -> list[Any]:
    """There are none here."""
    return []


@action("license_list")
def list_licences_of_site(_: Parameters) -> list[Json]:
    """The licences that packages may have."""
    return list_licences()


@action("format_autocomplete")
def complete_format(parameters: Parameters) -> list[str]:
    """Formats of resources that have what was typed so far, the most frequent first.

    :param q: what was typed
    :param limit: at most so many
    """
    typed = require_text(parameters, "q").casefold()
    counts = services().ckan.count_by("res_format")
    ranked = sorted(counts, key=lambda name: (-counts[name], name))
    found = dict.fromkeys(name.lower() for name in ranked if typed in name.casefold())
    return list(found)[: read_number(parameters, "limit", 5)]


def _cut(items: list[Any], parameters: Parameters) -> list[Any]:
    offset = read_number(parameters, "offset", 0)
    limit = read_number(parameters, "limit", len(items))
    return items[offset : offset + limit]


def _complete(package: Json, typed: str) -> Json:
    by_name = package["name"].startswith(typed.casefold())
    title, name = package["title"], package["name"]
    return {
        "name": name,
        "title": title,
        "match_field": "name" if by_name else "title",
        "match_displayed": name if by_name else f"{title} ({name})",
    }


def _list_pairs(parameters: Parameters) -> list[str]:
    found = parameters.get("query")
    return [found] if isinstance(found, str) else list(read_list(parameters, "query"))


def _read_pair(text: str) -> tuple[str, str]:
    name, colon, term = clean(text).partition(":")
    if not colon or not term.strip():
        raise ParameterError("query", "Must be <field>:<value> pair(s)")
    if name not in RESOURCE_FIELDS:
        raise ParameterError("query", f'Field "{name[:60]}" not recognised in resource_search.')
    return name, term.strip()


def _find_in(name: str, term: str) -> Match | Everything:
    """The packages that have such a resource, and perhaps others."""
    if name in ("name", "description"):
        first = "".join(letter if letter.isalnum() else " " for letter in term).split()
        return Match(RESOURCE_FIELDS[name], first[0] + ANY) if len(first) == 1 == len(term.split()) else Everything()
    return Match(RESOURCE_FIELDS[name], f"{ANY}{term[:180]}{ANY}")


def _now() -> datetime:
    return datetime.now(UTC)
