"""Drafts, sources and mail that wait or failed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, literal, or_, select

from opendata.db.models import Dataset, Draft, OutboxMail, Source
from opendata.domain.drafts import DraftState
from opendata.domain.mail.letters import LetterState
from opendata.services.governance.control.gauges import Asking, Gauge, Group, Kind


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


def _sources(asking: Asking) -> Select[Any]:
    columns: tuple[Any, ...] = (
        Dataset.id.label("id"),
        Dataset.title.label("title"),
        Dataset.publisher_id.label("publisher"),
        Source.changed.label("since"),
    )
    found = select(*columns).join(Dataset, Dataset.id == Source.dataset_id)
    return found.where(asking.sees(Dataset.publisher_id), Source.tries > 0)


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
    Gauge("sources-failed", Group.FAILED, Kind.SOURCE, _sources),
    Gauge("mail-failed", Group.FAILED, Kind.MAIL, _mail, is_for_all=True),
)
