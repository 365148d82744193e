"""Drafts, work in the background, sources, portals to harvest and mail: what waits, runs or failed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, func, literal, literal_column, or_, select

from opendata.db.models import Dataset, Draft, HarvestSource, OutboxMail, Source, SourceRun
from opendata.domain.drafts import DraftState
from opendata.domain.mail.letters import LetterState
from opendata.services.governance.control.gauges import Asking, Gauge, Group, Kind, Unit


def _select_drafts(asking: Asking, *conditions: ColumnElement[bool]) -> Select[Any]:
    columns: tuple[Any, ...] = (
        Draft.id.label("id"),
        Dataset.title.label("title"),
        Dataset.publisher_id.label("publisher"),
        Draft.modified.label("since"),
    )
    found = select(*columns).join(Dataset, Dataset.id == Draft.dataset_id)
    return found.where(asking.sees(Dataset.publisher_id), *conditions)


def _mine(asking: Asking) -> Select[Any]:
    states = (DraftState.INVALID, DraftState.VALID, DraftState.RETURNED)
    return _select_drafts(asking, Draft.author_id == asking.actor.id, Draft.status.in_(states))


def _to_review(asking: Asking) -> Select[Any]:
    named = f'"{asking.actor.name}"'  # a name has no quotes in it
    foreign = or_(Draft.contributors.is_(None), ~cast(Draft.contributors, String).contains(named, autoescape=True))
    return _select_drafts(asking, Draft.status == DraftState.SUBMITTED, foreign)


def _in_review(asking: Asking) -> Select[Any]:
    return _select_drafts(asking, Draft.status == DraftState.SUBMITTED)


def _scheduled(asking: Asking) -> Select[Any]:
    return _select_drafts(asking, Draft.status == DraftState.APPROVED)


def _returned(asking: Asking) -> Select[Any]:
    return _select_drafts(asking, Draft.status == DraftState.RETURNED)


def _invalid(asking: Asking) -> Select[Any]:
    return _select_drafts(asking, Draft.status == DraftState.INVALID)


def _failed(asking: Asking) -> Select[Any]:
    return _select_drafts(asking, Draft.status == DraftState.FAILED)


def _select_sources(asking: Asking, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Sources since they were fetched last, or set where they never were; the amount are failures one after another."""
    last = select(func.max(SourceRun.begun)).where(SourceRun.source_id == Source.id).scalar_subquery()
    columns: tuple[Any, ...] = (
        Dataset.id.label("id"),
        Dataset.title.label("title"),
        Dataset.publisher_id.label("publisher"),
        func.coalesce(last, Source.changed).label("since"),
        Source.tries.label("amount"),
    )
    # Each source has its dataset. An outer join has SQLite begin with the sources, which are few.
    found = select(*columns).select_from(Source).outerjoin(Dataset, Dataset.id == Source.dataset_id)
    return found.where(asking.sees(Dataset.publisher_id), *conditions)


def _sources(asking: Asking) -> Select[Any]:
    return _select_sources(asking)


def _sources_failed(asking: Asking) -> Select[Any]:
    return _select_sources(asking, Source.tries > 0)


def _jobs_waiting(asking: Asking) -> Select[Any]:
    is_free = or_(Draft.lease_until.is_(None), Draft.lease_until <= asking.now)
    return _select_drafts(asking, Draft.wanted != literal_column("''"), is_free)


def _jobs_running(asking: Asking) -> Select[Any]:
    return _select_drafts(asking, Draft.wanted != literal_column("''"), Draft.lease_until > asking.now)


def _jobs_repeated(asking: Asking) -> Select[Any]:
    return _select_drafts(asking, Draft.wanted != literal_column("''"), Draft.attempts > 1)


def _harvests(_: Asking) -> Select[Any]:
    columns: tuple[Any, ...] = (
        HarvestSource.id.label("id"),
        HarvestSource.title.label("title"),
        literal("").label("publisher"),
        HarvestSource.changed.label("since"),
    )
    return select(*columns).where(HarvestSource.is_active, HarvestSource.tries > 0)


def _mail(_: Asking) -> Select[Any]:
    columns: tuple[Any, ...] = (
        cast(OutboxMail.id, String).label("id"),
        OutboxMail.kind.label("title"),
        literal("").label("publisher"),
        OutboxMail.created.label("since"),
    )
    return select(*columns).where(OutboxMail.state == LetterState.FAILED)


DRAFT_GAUGES = (
    Gauge("mine", Group.WAITING, Kind.DRAFT, _mine),
    Gauge("to-review", Group.WAITING, Kind.DRAFT, _to_review),
    Gauge("in-review", Group.WAITING, Kind.DRAFT, _in_review),
    Gauge("scheduled", Group.WAITING, Kind.DRAFT, _scheduled),
    Gauge("returned", Group.RETURNED, Kind.DRAFT, _returned),
    Gauge("invalid", Group.RETURNED, Kind.DRAFT, _invalid),
    Gauge("failed", Group.FAILED, Kind.DRAFT, _failed),
    Gauge("jobs-waiting", Group.JOBS, Kind.DRAFT, _jobs_waiting),
    Gauge("jobs-running", Group.JOBS, Kind.DRAFT, _jobs_running),
    Gauge("jobs-repeated", Group.JOBS, Kind.DRAFT, _jobs_repeated),
    Gauge("sources", Group.FETCHED, Kind.SOURCE, _sources, unit=Unit.FAILURES, is_kept=True),
    Gauge("sources-failed", Group.FAILED, Kind.SOURCE, _sources_failed, unit=Unit.FAILURES),
    Gauge("harvests-failed", Group.FAILED, Kind.HARVEST, _harvests, is_for_all=True),
    Gauge("mail-failed", Group.FAILED, Kind.MAIL, _mail, is_for_all=True),
)
