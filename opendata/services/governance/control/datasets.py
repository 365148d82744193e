"""Datasets that aren't open or lack something, and versions that were taken down."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from opendata.db.models import Dataset, Version
from opendata.domain.disclosure import CLOSED, OPEN, PUBLIC
from opendata.services.core.access import where_listed
from opendata.services.governance.control.gauges import Asking, Gauge, Group, Kind, select_datasets


def _select_versions(asking: Asking, *conditions: ColumnElement[bool]) -> Select[Any]:
    columns = (
        (Version.dataset_id + "@" + Version.version).label("id"),
        Dataset.meta["title"].as_string().label("title"),
        Dataset.publisher_id.label("publisher"),
        Version.changed.label("since"),
    )
    found = select(*columns).join(Dataset, Dataset.id == Version.dataset_id)
    return found.where(asking.sees(Dataset.publisher_id), *conditions)


def _disclosed(asking: Asking, attribute: str) -> Select[Any]:
    return select_datasets(asking, where_listed(), Dataset.meta[("disclosure", "attribute")].as_string() == attribute)


def _closed(asking: Asking) -> Select[Any]:
    return _disclosed(asking, CLOSED)


def _conditional(asking: Asking) -> Select[Any]:
    return _disclosed(asking, "conditional")


def _scoped(asking: Asking) -> Select[Any]:
    scope = Dataset.meta[("disclosure", "scope")].as_string()
    attribute = Dataset.meta[("disclosure", "attribute")].as_string()
    is_open = or_(attribute.is_(None), attribute == OPEN)
    return select_datasets(asking, where_listed(), scope.is_not(None), scope != PUBLIC, is_open)


def _never_published(asking: Asking) -> Select[Any]:
    attribute = Dataset.meta[("disclosure", "attribute")].as_string()
    is_open = or_(attribute.is_(None), attribute == OPEN)
    return select_datasets(asking, Dataset.head.is_(None), is_open, since=Dataset.created)


def _withdrawn(asking: Asking) -> Select[Any]:
    return _select_versions(asking, Version.withdrawal.is_not(None))


def _stopped(asking: Asking) -> Select[Any]:
    return _select_versions(asking, Version.suspended.is_(True), Version.withdrawal.is_(None))


def _alarming(asking: Asking) -> Select[Any]:
    return _select_versions(asking, Version.alarming.is_(True), Version.withdrawal.is_(None))


def _archived(asking: Asking) -> Select[Any]:
    return select_datasets(asking, Dataset.archived.is_not(None))


def _no_ground(asking: Asking) -> Select[Any]:
    """Not open, and the reason or the legal basis is missing."""
    attribute = Dataset.meta[("disclosure", "attribute")].as_string()
    lacks = or_(*(_is_empty(("disclosure", name)) for name in ("reason", "legalBasis")))
    return select_datasets(asking, where_listed(), attribute.is_not(None), attribute != OPEN, lacks)


def _no_contact(asking: Asking) -> Select[Any]:
    names = ("telephone", "email", "url")
    return select_datasets(asking, where_listed(), *(_is_empty(("contactPoint", name)) for name in names))


def _no_licence(asking: Asking) -> Select[Any]:
    return select_datasets(
        asking, where_listed(), _is_empty(("licenses", 0, "name")), _is_empty(("licenses", 0, "path"))
    )


def _is_empty(place: tuple[str | int, ...]) -> ColumnElement[bool]:
    found = Dataset.meta[place].as_string()
    return or_(found.is_(None), found == "")


DATASET_GAUGES = (
    Gauge("never-published", Group.WAITING, Kind.UNPUBLISHED, _never_published),
    Gauge("closed", Group.GROUNDS, Kind.DATASET, _closed),
    Gauge("conditional", Group.GROUNDS, Kind.DATASET, _conditional),
    Gauge("for-some", Group.GROUNDS, Kind.DATASET, _scoped),
    Gauge("withdrawn", Group.WITHDRAWN, Kind.VERSION, _withdrawn),
    Gauge("stopped", Group.WITHDRAWN, Kind.VERSION, _stopped),
    Gauge("alarming", Group.WITHDRAWN, Kind.VERSION, _alarming),
    Gauge("archived", Group.WITHDRAWN, Kind.DATASET, _archived),
    Gauge("no-ground", Group.GROUNDS, Kind.DATASET, _no_ground),
    Gauge("no-contact", Group.QUALITY, Kind.DATASET, _no_contact),
    Gauge("no-licence", Group.QUALITY, Kind.DATASET, _no_licence),
)
