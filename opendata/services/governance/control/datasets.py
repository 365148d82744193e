"""Datasets that aren't open or lack something, and versions that were taken down."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from opendata.db.models import Dataset, Version
from opendata.domain.disclosure import CLOSED, CONDITIONAL, OPEN, PUBLIC
from opendata.services.core.access import where_listed
from opendata.services.governance.control.gauges import Asking, Choice, Gauge, Group, Kind, select_datasets


def _select_versions(asking: Asking, *conditions: ColumnElement[bool]) -> Select[Any]:
    columns: tuple[Any, ...] = (
        (Version.dataset_id + "@" + Version.version).label("id"),
        Dataset.title.label("title"),
        Dataset.publisher_id.label("publisher"),
        Version.changed.label("since"),
    )
    found = select(*columns).join(Dataset, Dataset.id == Version.dataset_id)
    return found.where(asking.sees(Dataset.publisher_id), *conditions)


def _closed(_: Asking) -> ColumnElement[bool]:
    return and_(where_listed(), Dataset.attribute == CLOSED)


def _conditional(_: Asking) -> ColumnElement[bool]:
    return and_(where_listed(), Dataset.attribute == CONDITIONAL, _has_scope(PUBLIC))


def _scoped(_: Asking) -> ColumnElement[bool]:
    return and_(where_listed(), Dataset.attribute == CONDITIONAL, ~_has_scope(PUBLIC))


def _has_scope(scope: str) -> ColumnElement[bool]:
    return func.coalesce(Dataset.meta[("disclosure", "scope")].as_string(), PUBLIC) == scope


def _never_published(_: Asking) -> ColumnElement[bool]:
    return and_(Dataset.head.is_(None), Dataset.attribute == OPEN, ~Dataset.is_foreign)


def _withdrawn(asking: Asking) -> Select[Any]:
    return _select_versions(asking, Version.withdrawal.is_not(None))


def _stopped(asking: Asking) -> Select[Any]:
    return _select_versions(asking, Version.suspended.is_(True), Version.withdrawal.is_(None))


def _alarming(asking: Asking) -> Select[Any]:
    return _select_versions(asking, Version.alarming.is_(True), Version.withdrawal.is_(None))


def _archived(_: Asking) -> ColumnElement[bool]:
    return Dataset.archived.is_not(None)


def _no_ground(_: Asking) -> ColumnElement[bool]:
    """Not open, and the reason or the legal basis is missing."""
    lacks = or_(*(_is_empty(("disclosure", name)) for name in ("reason", "legalBasis")))
    return and_(where_listed(), Dataset.attribute != OPEN, lacks)


def _no_contact(_: Asking) -> ColumnElement[bool]:
    names = ("telephone", "email", "url")
    return and_(where_listed(), ~Dataset.is_foreign, *(_is_empty(("contactPoint", name)) for name in names))


def _no_licence(_: Asking) -> ColumnElement[bool]:
    return and_(
        where_listed(), ~Dataset.is_foreign, _is_empty(("licenses", 0, "name")), _is_empty(("licenses", 0, "path"))
    )


def _is_empty(place: tuple[str | int, ...]) -> ColumnElement[bool]:
    found = Dataset.meta[place].as_string()
    return or_(found.is_(None), found == "")


def _plan_missed(asking: Asking) -> ColumnElement[bool]:
    """What should have opened by now."""
    return and_(where_listed(), Dataset.opens < asking.today, Dataset.opened.is_(None))


DATASET_GAUGES = (
    Gauge("plan-missed", Group.DUE, Kind.DATASET, Choice(select_datasets, _plan_missed)),
    Gauge(
        "never-published", Group.WAITING, Kind.UNPUBLISHED, Choice(select_datasets, _never_published, Dataset.created)
    ),
    Gauge("closed", Group.GROUNDS, Kind.DATASET, Choice(select_datasets, _closed)),
    Gauge("conditional", Group.GROUNDS, Kind.DATASET, Choice(select_datasets, _conditional)),
    Gauge("for-some", Group.GROUNDS, Kind.DATASET, Choice(select_datasets, _scoped)),
    Gauge("withdrawn", Group.WITHDRAWN, Kind.VERSION, _withdrawn),
    Gauge("stopped", Group.WITHDRAWN, Kind.VERSION, _stopped),
    Gauge("alarming", Group.WITHDRAWN, Kind.VERSION, _alarming),
    Gauge("archived", Group.WITHDRAWN, Kind.DATASET, Choice(select_datasets, _archived)),
    Gauge("no-ground", Group.GROUNDS, Kind.DATASET, Choice(select_datasets, _no_ground)),
    Gauge("no-contact", Group.QUALITY, Kind.DATASET, Choice(select_datasets, _no_contact)),
    Gauge("no-licence", Group.QUALITY, Kind.DATASET, Choice(select_datasets, _no_licence)),
)
