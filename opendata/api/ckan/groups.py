"""The actions about organizations (publishers), groups (themes) and tags (keywords)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opendata.api.ckan.actions import action
from opendata.api.ckan.packages import addresses
from opendata.api.core.current import services
from opendata.domain.access.costs import Cost
from opendata.exchange.ckan import ids
from opendata.exchange.ckan.faults import AbsentError, ParameterError
from opendata.exchange.ckan.packages import Json, describe_tag
from opendata.exchange.ckan.parameters import (
    Parameters,
    read_list,
    read_number,
    read_switch,
    read_text,
    require_text,
)
from opendata.metering import charge

_MOST_NAMES, _MOST_OBJECTS = 1000, 25
_SORTS = {"name": "name", "title": "title", "package_count": "package_count", "packages": "package_count"}
_DEFAULT_SORT = "title asc"


@action("organization_list")
def list_organizations(parameters: Parameters) -> list[Any]:
    """The organizations: names, or objects with `all_fields`.

    :param sort: `title asc`; also by name and package_count
    :param organizations: names to choose from
    :param q: a part of a name or title
    :param all_fields: give objects, at most 25 at once
    :param limit: at most so many
    :param offset: leave out so many
    """
    ckan = services().ckan
    found = [ckan.describe_organization(item, addresses(), count) for item, count in ckan.list_organizations()]
    return _choose(found, parameters, "organizations")


@action("group_list")
def list_groups(parameters: Parameters) -> list[Any]:
    """The groups, which are the themes: names, or objects with `all_fields`. Parameters as for `organization_list`."""
    ckan = services().ckan
    counts = ckan.count_by("groups")
    found = [ckan.describe_theme(item, addresses(), counts.get(ids.name_group(item), 0)) for item in ids.list_themes()]
    return _choose(found, parameters, "groups")


@action("organization_show")
def show_organization(parameters: Parameters) -> Json:
    """One organization.

    :param id: its id or name
    :param include_datasets: with its packages, at most 1,000
    :param include_dataset_count: with how many there are
    """
    agency, count = services().ckan.get_organization(require_text(parameters, "id"))
    shown = count if read_switch(parameters, "include_dataset_count", default=True) else None
    return services().ckan.describe_organization(agency, addresses(), shown, has_packages=_wants_packages(parameters))


@action("group_show")
def show_group(parameters: Parameters) -> Json:
    """One group. Parameters as for `organization_show`."""
    theme = ids.find_theme(require_text(parameters, "id"))
    if theme is None:
        raise AbsentError
    count = None
    if read_switch(parameters, "include_dataset_count", default=True):
        count = services().ckan.count_by("groups").get(ids.name_group(theme), 0)
    return services().ckan.describe_theme(theme, addresses(), count, has_packages=_wants_packages(parameters))


@action("group_package_show", cost=Cost.ROWS)
def show_packages_of_group(parameters: Parameters) -> list[Json]:
    """The packages of a group, at most 1,000.

    :param id: its id or name
    :param limit: at most so many
    """
    theme = ids.find_theme(require_text(parameters, "id"))
    if theme is None:
        raise AbsentError
    found: list[Json] = services().ckan.describe_theme(theme, addresses(), None, has_packages=True)["packages"]
    return found[: read_number(parameters, "limit", len(found))]


@action("tag_list")
def list_tags(parameters: Parameters) -> list[Any]:
    """The tags: names, or objects with `all_fields`.

    :param query: a part of a name
    """
    if read_text(parameters, "vocabulary_id"):
        raise AbsentError("there are no vocabularies")
    typed = read_text(parameters, "query").casefold()
    names = sorted(name for name in services().ckan.count_by("tags") if typed in name.casefold())
    return [describe_tag(name) for name in names] if read_switch(parameters, "all_fields") else names


@action("tag_show")
def show_tag(parameters: Parameters) -> Json:
    """One tag.

    :param id: its id or name
    :param include_datasets: with its packages, at most 1,000
    """
    wanted = require_text(parameters, "id")
    names = services().ckan.count_by("tags")
    name = wanted if wanted in names else next((item for item in names if ids.identify_tag(item) == wanted), None)
    if name is None:
        raise AbsentError
    found = describe_tag(name)
    return (
        {**found, "packages": services().ckan.list_tagged(name, addresses())} if _wants_packages(parameters) else found
    )


@action("tag_autocomplete")
def complete_tag(parameters: Parameters) -> list[str]:
    """Tags that have what was typed so far.

    :param q: what was typed (or `query`)
    :param limit: at most so many
    """
    typed = require_text(parameters, "q", "query").casefold()
    names = (name for name in services().ckan.count_by("tags") if typed in name.casefold())
    return sorted(names)[: read_number(parameters, "limit", 10)]


@action("tag_search")
def search_tags(parameters: Parameters) -> Json:
    """Tags by a part of their names.

    :param query: the part
    :param limit: at most so many
    :param offset: leave out so many
    """
    typed = require_text(parameters, "query", "q").casefold()
    names = sorted(name for name in services().ckan.count_by("tags") if typed in name.casefold())
    offset = read_number(parameters, "offset", 0)
    cut = names[offset : offset + read_number(parameters, "limit", 1000)]
    return {"count": len(names), "results": [describe_tag(name) for name in cut]}


def _wants_packages(parameters: Parameters) -> bool:
    wanted = read_switch(parameters, "include_datasets")
    if wanted:
        charge(Cost.ROWS)
    return wanted


def _choose(found: Sequence[Json], parameters: Parameters, chosen: str) -> list[Any]:
    names = read_list(parameters, chosen)
    typed = read_text(parameters, "q").casefold()
    kept = [
        item
        for item in found
        if (not names or item["name"] in names)
        and (typed in item["name"].casefold() or typed in item["title"].casefold())
    ]
    field, descending = _read_sort(read_text(parameters, "sort") or read_text(parameters, "order_by"))
    kept.sort(key=lambda item: (item[field], item["name"]), reverse=descending)
    has_objects = read_switch(parameters, "all_fields")
    most = _MOST_OBJECTS if has_objects else _MOST_NAMES
    offset = read_number(parameters, "offset", 0)
    cut = kept[offset : offset + min(read_number(parameters, "limit", most), most)]
    if not has_objects:
        return [item["name"] for item in cut]
    if not read_switch(parameters, "include_dataset_count", default=True):
        cut = [{key: value for key, value in item.items() if key != "package_count"} for item in cut]
    return cut


def _read_sort(text: str) -> tuple[str, bool]:
    words = (text or _DEFAULT_SORT).split()
    if len(words) > 2 or words[0] not in _SORTS or (len(words) == 2 and words[1].lower() not in ("asc", "desc")):
        raise ParameterError("sort", f"Cannot sort by “{text[:60]}”. Fields: name, title, package_count")
    return _SORTS[words[0]], words[-1].lower() == "desc"
