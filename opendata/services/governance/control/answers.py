"""Duties and requests that are due or overdue, and re-uses that wait for a decision."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, String, case, cast, literal, select

from opendata.db.models import Obligation, Request, Reuse
from opendata.domain.requests.steps import OPEN_STATES
from opendata.domain.site.links import LinkState
from opendata.domain.site.reuses import ReuseState
from opendata.services.governance.control.gauges import Asking, Gauge, Group, Kind

_SOON = timedelta(days=7)


def _duties(asking: Asking, *conditions: ColumnElement[bool]) -> Select[Any]:
    columns: tuple[Any, ...] = (
        cast(Obligation.id, String).label("id"),
        case((Obligation.task == "", Obligation.rule_id), else_=Obligation.task).label("title"),
        Obligation.publisher_id.label("publisher"),
        Obligation.changed.label("since"),
    )
    is_open = (Obligation.done_on.is_(None), Obligation.waived_on.is_(None))
    return select(*columns).where(asking.sees(Obligation.publisher_id), *is_open, *conditions)


def _duties_soon(asking: Asking) -> Select[Any]:
    return _duties(asking, Obligation.due >= asking.today, Obligation.due <= asking.today + _SOON)


def _duties_late(asking: Asking) -> Select[Any]:
    return _duties(asking, Obligation.due < asking.today)


def _requests(asking: Asking, *conditions: ColumnElement[bool]) -> Select[Any]:
    columns: tuple[Any, ...] = (
        Request.number.label("id"),
        Request.number.label("title"),
        Request.publisher_id.label("publisher"),
        Request.created.label("since"),
    )
    return select(*columns).where(asking.sees(Request.publisher_id), Request.state.in_(OPEN_STATES), *conditions)


def _requests_open(asking: Asking) -> Select[Any]:
    return _requests(asking)


def _requests_late(asking: Asking) -> Select[Any]:
    return _requests(asking, Request.due < asking.today)


def _reuses(*conditions: ColumnElement[bool]) -> Select[Any]:
    columns: tuple[Any, ...] = (
        Reuse.id.label("id"),
        Reuse.title.label("title"),
        literal("").label("publisher"),
        Reuse.created.label("since"),
    )
    return select(*columns).where(*conditions)


def _reuses_waiting(_: Asking) -> Select[Any]:
    return _reuses(Reuse.state == ReuseState.WAITING)


def _links_dead(_: Asking) -> Select[Any]:
    return _reuses(Reuse.link == LinkState.DEAD)


ANSWER_GAUGES = (
    Gauge("duties-late", Group.DUE, Kind.DUTY, _duties_late, is_kept=True),
    Gauge("duties-soon", Group.DUE, Kind.DUTY, _duties_soon, is_kept=True),
    Gauge("requests-late", Group.DUE, Kind.REQUEST, _requests_late),
    Gauge("requests-open", Group.WAITING, Kind.REQUEST, _requests_open),
    Gauge("reuses-waiting", Group.WAITING, Kind.REUSE, _reuses_waiting, is_for_all=True),
    Gauge("links-dead", Group.FAILED, Kind.REUSE, _links_dead, is_for_all=True),
)
