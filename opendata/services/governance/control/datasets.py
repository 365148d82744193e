"""Datasets that aren't open or lack something, and versions that were taken down."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, literal_column, select

from opendata.db.models import Dataset, Flaw, Version
from opendata.domain.disclosure import CLOSED, CONDITIONAL, OPEN
from opendata.services.core.access import where_alarming, where_flawed, where_listed, where_stopped
from opendata.services.governance.control.gauges import Asking, Choice, Gauge, Group, Kind, select_datasets


def _select_versions(asking: Asking, *conditions: ColumnElement[bool]) -> Select[Any]:
    columns: tuple[Any, ...] = (
        (Version.dataset_id + "@" + Version.version).label("id"),
        Dataset.title.label("title"),
        Dataset.publisher_id.label("publisher"),
        Version.changed.label("since"),
        Version.id.label("key"),
    )
    found = select(*columns).join(Dataset, Dataset.id == Version.dataset_id)
    return found.where(asking.sees(Dataset.publisher_id), *conditions)


def _closed(_: Asking) -> ColumnElement[bool]:
    return and_(where_listed(), _is_guarded(), Dataset.attribute == CLOSED)


def _conditional(_: Asking) -> ColumnElement[bool]:
    return and_(where_listed(), _is_guarded(), Dataset.attribute == CONDITIONAL, ~where_flawed(Flaw.FOR_SOME))


def _scoped(_: Asking) -> ColumnElement[bool]:
    return and_(where_listed(), _is_guarded(), Dataset.attribute == CONDITIONAL, where_flawed(Flaw.FOR_SOME))


def _is_guarded() -> ColumnElement[bool]:
    """Not open, as its index has it."""
    return Dataset.attribute != literal_column(f"'{OPEN}'")


def _never_published(_: Asking) -> ColumnElement[bool]:
    return and_(Dataset.head.is_(None), Dataset.attribute == OPEN, ~Dataset.is_foreign)


def _withdrawn(asking: Asking) -> Select[Any]:
    return _select_versions(asking, Version.withdrawal.is_not(None))


def _stopped(asking: Asking) -> Select[Any]:
    return _select_versions(asking, where_stopped(), Version.withdrawal.is_(None))


def _alarming(asking: Asking) -> Select[Any]:
    return _select_versions(asking, where_alarming(), Version.withdrawal.is_(None))


def _archived(_: Asking) -> ColumnElement[bool]:
    return Dataset.archived.is_not(None)


def _no_ground(_: Asking) -> ColumnElement[bool]:
    """Not open, and the reason or the legal basis is missing."""
    return and_(where_listed(), _is_guarded(), where_flawed(Flaw.NO_GROUND))


def _no_contact(_: Asking) -> ColumnElement[bool]:
    return and_(where_listed(), ~Dataset.is_foreign, where_flawed(Flaw.NO_CONTACT))


def _no_licence(_: Asking) -> ColumnElement[bool]:
    return and_(where_listed(), ~Dataset.is_foreign, where_flawed(Flaw.NO_LICENCE))


def _plan_missed(asking: Asking) -> ColumnElement[bool]:
    """What should have opened by now."""
    return and_(where_listed(), Dataset.opens.is_not(None), Dataset.opens < asking.today, Dataset.opened.is_(None))


DATASET_GAUGES = (
    Gauge("plan-missed", Group.DUE, Kind.DATASET, Choice(select_datasets, _plan_missed), is_kept=True),
    Gauge(
        "never-published",
        Group.WAITING,
        Kind.UNPUBLISHED,
        Choice(select_datasets, _never_published, Dataset.created),
        is_kept=True,
    ),
    Gauge("closed", Group.GROUNDS, Kind.DATASET, Choice(select_datasets, _closed), is_kept=True),
    Gauge("conditional", Group.GROUNDS, Kind.DATASET, Choice(select_datasets, _conditional), is_kept=True),
    Gauge("for-some", Group.GROUNDS, Kind.DATASET, Choice(select_datasets, _scoped), is_kept=True),
    Gauge("withdrawn", Group.WITHDRAWN, Kind.VERSION, _withdrawn, is_kept=True),
    Gauge("stopped", Group.WITHDRAWN, Kind.VERSION, _stopped),
    Gauge("alarming", Group.WITHDRAWN, Kind.VERSION, _alarming),
    Gauge("archived", Group.WITHDRAWN, Kind.DATASET, Choice(select_datasets, _archived), is_kept=True),
    Gauge("no-ground", Group.GROUNDS, Kind.DATASET, Choice(select_datasets, _no_ground), is_kept=True),
    Gauge("no-contact", Group.QUALITY, Kind.DATASET, Choice(select_datasets, _no_contact), is_kept=True),
    Gauge("no-licence", Group.QUALITY, Kind.DATASET, Choice(select_datasets, _no_licence), is_kept=True),
)
