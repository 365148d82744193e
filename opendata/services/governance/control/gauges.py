"""What the control room counts: each gauge is one query, whose rows are its list and whose number is their count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, cast, distinct, func, literal, or_, select
from sqlalchemy.orm import aliased

from opendata.db.models import Dataset, DatasetMeasure, Draft, OutboxMail, Source, TableMeasure, Version
from opendata.domain.disclosure import CLOSED, OPEN, PUBLIC
from opendata.domain.drafts import DraftState
from opendata.domain.mail.letters import LetterState
from opendata.domain.quality.figures import BREAKS_SHARE, FEW_ROWS, FRAGMENTS, MISSING_SHARE
from opendata.services.core.access import where_acting_for, where_listed
from opendata.services.core.actors import Actor


class Group(StrEnum):
    """What a gauge is about, in the order of the page."""

    WAITING = "waiting"
    DUE = "due"
    RETURNED = "returned"
    FAILED = "failed"
    GROUNDS = "grounds"
    WITHDRAWN = "withdrawn"
    QUALITY = "quality"


class Kind(StrEnum):
    """What the rows of a gauge are, so that each can be linked to."""

    DATASET = "dataset"
    UNPUBLISHED = "unpublished"
    DRAFT = "draft"
    TABLE = "table"
    VERSION = "version"
    SOURCE = "source"
    MAIL = "mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asks, when, and about which publisher: None, all that are theirs to see."""

    actor: Actor
    now: datetime
    publisher: str | None = None

    def sees(self, column: Any) -> ColumnElement[bool]:
        """The condition on a column of publishers' ids under which its row is among what they ask about."""
        own = where_acting_for(self.actor, column)
        return own if self.publisher is None else and_(own, column == self.publisher)


@dataclass(frozen=True, slots=True)
class Gauge:
    """A number and its list: `select` gives the columns `id`, `title`, `publisher` and `since` of each row.

    `is_for_all` marks what is about the instance and not about publishers: it is for those who look after all.
    """

    code: str
    group: Group
    kind: Kind
    select: Callable[[Asking], Select[Any]]
    is_for_all: bool = False


def select_datasets(asking: Asking, *conditions: ColumnElement[bool], since: Any = Dataset.modified) -> Select[Any]:
    """The rows of a gauge about datasets."""
    return select(
        Dataset.id.label("id"),
        Dataset.meta["title"].as_string().label("title"),
        Dataset.publisher_id.label("publisher"),
        since.label("since"),
    ).where(asking.sees(Dataset.publisher_id), *conditions)


def _select_drafts(asking: Asking, *conditions: ColumnElement[bool]) -> Select[Any]:
    columns = (
        Draft.id.label("id"),
        Dataset.meta["title"].as_string().label("title"),
        Dataset.publisher_id.label("publisher"),
        Draft.modified.label("since"),
    )
    found = select(*columns).join(Dataset, Dataset.id == Draft.dataset_id)
    return found.where(asking.sees(Dataset.publisher_id), *conditions)


def _select_versions(asking: Asking, *conditions: ColumnElement[bool]) -> Select[Any]:
    columns = (
        (Version.dataset_id + "@" + Version.version).label("id"),
        Dataset.meta["title"].as_string().label("title"),
        Dataset.publisher_id.label("publisher"),
        Version.changed.label("since"),
    )
    found = select(*columns).join(Dataset, Dataset.id == Version.dataset_id)
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
    columns = (
        Dataset.id.label("id"),
        Dataset.meta["title"].as_string().label("title"),
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


def _tables(asking: Asking, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Tables of newest versions, as they were measured."""
    columns = (
        (TableMeasure.dataset_id + "/" + TableMeasure.resource).label("id"),
        Dataset.meta["title"].as_string().label("title"),
        Dataset.publisher_id.label("publisher"),
        DatasetMeasure.measured.label("since"),
    )
    found = select(*columns).join(Dataset, Dataset.id == TableMeasure.dataset_id)
    is_newest = and_(DatasetMeasure.dataset_id == Dataset.id, DatasetMeasure.version == Dataset.latest)
    return found.join(DatasetMeasure, is_newest).where(asking.sees(Dataset.publisher_id), *conditions)


def _much_missing(asking: Asking) -> Select[Any]:
    return _tables(asking, TableMeasure.worst > MISSING_SHARE)


def _repeated(asking: Asking) -> Select[Any]:
    return _tables(asking, TableMeasure.repeated > 0)


def _few_rows(asking: Asking) -> Select[Any]:
    return _tables(asking, TableMeasure.rows < FEW_ROWS)


def _stiff(asking: Asking) -> Select[Any]:
    return _tables(asking, or_(TableMeasure.paged > 0, TableMeasure.broken > BREAKS_SHARE * TableMeasure.rows))


def _fragments(asking: Asking) -> Select[Any]:
    """Tables whose columns are those of tables of other datasets of the publisher too."""
    other, owner = aliased(TableMeasure), aliased(Dataset)
    same = (
        select(func.count(distinct(other.dataset_id)))
        .join(owner, owner.id == other.dataset_id)
        .where(other.header == TableMeasure.header, owner.publisher_id == Dataset.publisher_id)
        .correlate(TableMeasure, Dataset)
        .scalar_subquery()
    )
    return _tables(asking, same >= FRAGMENTS)


def _archived(asking: Asking) -> Select[Any]:
    return select_datasets(asking, Dataset.archived.is_not(None))


GAUGES = (
    Gauge("mine", Group.WAITING, Kind.DRAFT, _mine),
    Gauge("to-review", Group.WAITING, Kind.DRAFT, _to_review),
    Gauge("in-review", Group.WAITING, Kind.DRAFT, _in_review),
    Gauge("scheduled", Group.WAITING, Kind.DRAFT, _scheduled),
    Gauge("never-published", Group.WAITING, Kind.UNPUBLISHED, _never_published),
    Gauge("returned", Group.RETURNED, Kind.DRAFT, _returned),
    Gauge("invalid", Group.RETURNED, Kind.DRAFT, _invalid),
    Gauge("failed", Group.FAILED, Kind.DRAFT, _failed),
    Gauge("sources-failed", Group.FAILED, Kind.SOURCE, _sources),
    Gauge("mail-failed", Group.FAILED, Kind.MAIL, _mail, is_for_all=True),
    Gauge("closed", Group.GROUNDS, Kind.DATASET, _closed),
    Gauge("conditional", Group.GROUNDS, Kind.DATASET, _conditional),
    Gauge("for-some", Group.GROUNDS, Kind.DATASET, _scoped),
    Gauge("withdrawn", Group.WITHDRAWN, Kind.VERSION, _withdrawn),
    Gauge("stopped", Group.WITHDRAWN, Kind.VERSION, _stopped),
    Gauge("alarming", Group.WITHDRAWN, Kind.VERSION, _alarming),
    Gauge("archived", Group.WITHDRAWN, Kind.DATASET, _archived),
    Gauge("much-missing", Group.QUALITY, Kind.TABLE, _much_missing),
    Gauge("repeated-rows", Group.QUALITY, Kind.TABLE, _repeated),
    Gauge("few-rows", Group.QUALITY, Kind.TABLE, _few_rows),
    Gauge("fragments", Group.QUALITY, Kind.TABLE, _fragments),
    Gauge("stiff", Group.QUALITY, Kind.TABLE, _stiff),
)
"""In the order of the page."""
