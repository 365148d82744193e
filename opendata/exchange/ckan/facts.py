"""A package → what is searched: values and texts by field, what it is counted and sorted by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from opendata.exchange.ckan.analysis import clean, fold
from opendata.exchange.ckan.fields import ALL
from opendata.exchange.ckan.moments import count_microseconds

_TIE_BITS = 10
"""Of a UUID so many bits differ between datasets of one moment: what is left of 64 beside microseconds."""

_MOST_VALUES = 2_000
_TITLE = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One package. `exact` has folded values, `words` texts, `facets` values as they are written.

    `orders` are numbers that sort as `id`, `metadata_created` and `metadata_modified` do, and differ for each dataset.
    `title` sorts as `title_string` does.
    """

    name: str
    exact: Mapping[str, Sequence[str]]
    words: Mapping[str, Sequence[str]]
    numbers: Mapping[str, int]
    facets: Mapping[str, Sequence[str]]
    orders: Mapping[str, int]
    title: str


def read_facts(package: Mapping[str, Any]) -> Facts:
    """What is searched of a package."""
    bits = UUID(package["id"]).int
    moments = {name: _read_moment(package[name]) for name in ("metadata_created", "metadata_modified")}
    tie = bits >> (128 - _TIE_BITS)
    extras = {str(item["key"]): str(item["value"]) for item in package["extras"]}
    resources: Sequence[Mapping[str, Any]] = package["resources"]
    tags = [item["name"] for item in package["tags"]]
    groups = package["groups"]
    texts = {
        "title": [package["title"], package["name"]],
        "notes": [package["notes"]],
        "author": [package["author"]],
        "maintainer": [package["maintainer"]],
        "res_name": [item["name"] for item in resources],
        "res_description": [item["description"] for item in resources],
    }
    named = [package["organization"]["title"], *(item["title"] for item in groups), *tags]
    texts[ALL] = [text for found in texts.values() for text in found] + named + list(extras.values())
    exact = {
        **_list_single(package),
        "title_string": [package["title"]],
        "license": [package["license_title"]],
        "dataset_type": [package["type"]],
        "entity_type": ["package"],
        "capacity": ["public"],
        "organization": [package["organization"]["name"]],
        "groups": [item["name"] for item in groups],
        "tags": tags,
        "res_format": [item["format"] for item in resources],
        "res_url": [item["url"] for item in resources],
        "res_id": [item["id"] for item in resources],
        "res_mimetype": [item["mimetype"] or "" for item in resources],
        "res_hash": [item["hash"] for item in resources],
        **{name: [value] for key, value in extras.items() for name in (key, f"extras_{key}")},
    }
    facets = {
        "organization": exact["organization"],
        "groups": exact["groups"],
        "tags": tags,
        "res_format": list(dict.fromkeys(exact["res_format"])),
        "license_id": [package["license_id"]],
        "frequency": exact.get("frequency", []),
        "disclosure": exact.get("disclosure", []),
    }
    return Facts(
        name=package["name"],
        exact={name: values for name, found in exact.items() if (values := list(_fold_all(found)))},
        words={name: values for name, found in texts.items() if (values := list(_clean_all(found)))},
        numbers={**moments, **{name: int(package[name]) for name in ("num_resources", "num_tags")}},
        facets=facets,
        orders={"id": bits >> 64, **{name: max(value, 0) << _TIE_BITS | tie for name, value in moments.items()}},
        title=fold(clean(package["title"]))[:_TITLE],
    )


def _list_single(package: Mapping[str, Any]) -> dict[str, list[str]]:
    names = ("id", "name", "url", "version", "type", "state", "license_id", "owner_org")
    found = {name: [str(package[name])] for name in names}
    found |= {name: [str(bool(package[name])).lower()] for name in ("private", "isopen")}
    return found


def _fold_all(values: Sequence[str]) -> Iterator[str]:
    return (text for value in dict.fromkeys(values[:_MOST_VALUES]) if (text := fold(clean(str(value)))))


def _clean_all(texts: Sequence[str]) -> Iterator[str]:
    return (clean(text) for text in dict.fromkeys(texts[:_MOST_VALUES]) if text)


def _read_moment(text: str) -> int:
    return count_microseconds(datetime.fromisoformat(text).replace(tzinfo=UTC))
