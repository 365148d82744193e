"""What the register of public data resources waits for: datasets to be registered, and registrations that move on."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, exists, or_, select

from opendata.db.models import Dataset, RegistrationRow
from opendata.domain.registers.registration import RegistrationKind, RegistrationState
from opendata.services.governance.control.gauges import Asking, Choice, Gauge, Group, Kind, select_datasets
from opendata.services.governance.duties.registering import where_operated


def _registrations(asking: Asking, *conditions: ColumnElement[bool]) -> Select[Any]:
    columns: tuple[Any, ...] = (
        cast(RegistrationRow.id, String).label("id"),
        case((Dataset.title == "", Dataset.id), else_=Dataset.title).label("title"),
        Dataset.publisher_id.label("publisher"),
        RegistrationRow.changed.label("since"),
    )
    found = select(*columns).join(Dataset, Dataset.uuid == RegistrationRow.dataset_uuid)
    return found.where(asking.sees(Dataset.publisher_id), *conditions)


def _is_valid(asking: Asking) -> ColumnElement[bool]:
    return and_(
        RegistrationRow.state == RegistrationState.REGISTERED,
        RegistrationRow.kind != RegistrationKind.CANCELLATION,
        or_(RegistrationRow.valid_until.is_(None), RegistrationRow.valid_until >= asking.today),
    )


def _unregistered(asking: Asking) -> ColumnElement[bool]:
    """Under authorised operation, and not registered."""
    registered = exists().where(RegistrationRow.dataset_uuid == Dataset.uuid, _is_valid(asking))
    return and_(where_operated(), Dataset.archived.is_(None), ~Dataset.is_foreign, ~registered)


def _outdated(asking: Asking) -> Select[Any]:
    """Registered with another version than the newest."""
    return _registrations(asking, _is_valid(asking), Dataset.head.is_not(None), RegistrationRow.version != Dataset.head)


def _ending(asking: Asking) -> Select[Any]:
    return _registrations(asking, _is_valid(asking), RegistrationRow.renew_from <= asking.today)


def _returned(asking: Asking) -> Select[Any]:
    return _registrations(asking, RegistrationRow.state == RegistrationState.RETURNED)


def _slow(asking: Asking) -> Select[Any]:
    """The register office has had longer than its check may take."""
    return _registrations(
        asking, RegistrationRow.state == RegistrationState.ACCEPTED, RegistrationRow.check_due < asking.today
    )


def _noticed(asking: Asking) -> Select[Any]:
    """The notice is over, so there should be a code."""
    return _registrations(
        asking, RegistrationRow.state == RegistrationState.NOTICE, RegistrationRow.notice_last < asking.today
    )


REGISTER_GAUGES = (
    Gauge("unregistered", Group.DUE, Kind.DATASET, Choice(select_datasets, _unregistered), is_kept=True),
    Gauge("registration-outdated", Group.DUE, Kind.REGISTRATION, _outdated, is_kept=True),
    Gauge("registration-ending", Group.DUE, Kind.REGISTRATION, _ending, is_kept=True),
    Gauge("registration-slow", Group.DUE, Kind.REGISTRATION, _slow),
    Gauge("registration-noticed", Group.WAITING, Kind.REGISTRATION, _noticed),
    Gauge("registration-returned", Group.RETURNED, Kind.REGISTRATION, _returned),
)
