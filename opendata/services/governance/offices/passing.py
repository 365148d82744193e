"""What belongs to a publisher beside its datasets, and passes to another when it ends or is divided."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, and_, delete, select, true, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from opendata.db.models import (
    AnnualReport,
    Appointment,
    BasicEdition,
    BasicEntry,
    BasicImport,
    ControlCount,
    Dataset,
    DatasetCount,
    DutyRuleUse,
    Grant,
    HarvestSource,
    Invitation,
    Obligation,
    OperationReport,
    PublicEvent,
    Publisher,
    Request,
    SelfCheck,
    SelfCheckItem,
    Token,
    Upload,
    User,
)
from opendata.domain.requests.steps import OPEN_STATES
from opendata.errors import N_
from opendata.services.access.posts import view_actor
from opendata.services.core.actors import Actor


@dataclass(frozen=True, slots=True)
class Passing:
    """A column with ids of publishers, and the column beside it with whose row it is, if it is an account's.

    `only` is the condition on the rows that pass over; the others go on naming the publisher of then.
    """

    publisher: InstrumentedAttribute[Any]
    account: InstrumentedAttribute[Any] | None = None
    only: ColumnElement[bool] = field(default_factory=true)


CLOSED = N_("The publisher was closed")
"""Why its duties aren't needed any more."""

PASSED: tuple[Passing, ...] = (
    Passing(User.publisher_id, User.id),
    Passing(Appointment.publisher_id, Appointment.user_id),
    Passing(Invitation.publisher_id),
    Passing(Token.publisher_id, Token.user_id),
    Passing(Upload.publisher_id, Upload.user_id),
    Passing(Grant.publisher_id),
    Passing(SelfCheckItem.publisher_id),
    Passing(Obligation.publisher_id, only=and_(Obligation.done_on.is_(None), Obligation.waived_on.is_(None))),
    Passing(Request.publisher_id),
    Passing(BasicEntry.publisher_id),
    Passing(BasicEdition.publisher_id),
    Passing(BasicImport.publisher_id),
    Passing(HarvestSource.publisher_id),
)
"""All that follows a publisher. A new table that names publishers is added here, or to `KEPT`."""

KEPT: tuple[InstrumentedAttribute[Any], ...] = (
    AnnualReport.publisher_id,
    OperationReport.publisher_id,
    PublicEvent.publisher_id,
    DatasetCount.publisher_id,  # it follows the datasets
    ControlCount.publisher_id,  # it is counted again
)
"""Columns that go on naming the publisher of then."""


def pass_over(session: Session, source: str, target: str, *, accounts: Collection[int] | None = None) -> dict[str, int]:
    """Pass what belongs to one publisher to another, or only that of some `accounts`; how many of each table."""
    counts: dict[str, int] = {}
    _drop_held(session, source, target, accounts)
    for item in PASSED:
        if accounts is not None and item.account is None:
            continue
        query = update(item.publisher.class_).where(item.publisher == source, item.only)
        if accounts is not None and item.account is not None:
            query = query.where(item.account.in_(accounts))
        done = session.execute(query.values({item.publisher.key: target}))
        if isinstance(done, CursorResult) and done.rowcount:
            counts[item.publisher.class_.__tablename__] = done.rowcount
    return counts


def _drop_held(session: Session, source: str, target: str, accounts: Collection[int] | None) -> None:
    """Drop the appointments at a publisher that people, or some `accounts`, have at the other one already."""
    other = aliased(Appointment)
    same = (other.user_id == Appointment.user_id, other.role == Appointment.role, other.publisher_id == target)
    held = select(Appointment.id).where(Appointment.publisher_id == source, select(other.id).where(*same).exists())
    if accounts is not None:
        held = held.where(Appointment.user_id.in_(accounts))
    session.execute(delete(Appointment).where(Appointment.id.in_(session.scalars(held).all())))


def end_own(session: Session, publisher: str, today: date, now: datetime) -> None:
    """End the invitations to a publisher that is closed; its duties that are open aren't needed any more."""
    session.execute(delete(Invitation).where(Invitation.publisher_id == publisher))
    open_ones = (Obligation.done_on.is_(None), Obligation.waived_on.is_(None))
    ended = {"waived_on": today, "waived_reason": CLOSED, "changed": now}
    session.execute(update(Obligation).where(Obligation.publisher_id == publisher, *open_ones).values(ended))


def pass_with_dataset(session: Session, dataset: Dataset) -> None:
    """Have the requests and duties that are about a dataset, and its self-check, be with its publisher.

    Of a self-check that is closed the report is made already.
    """
    now, name = dataset.publisher_id, dataset.uuid
    closed = select(SelfCheck.id).where(SelfCheck.closed.is_not(None))
    for model, only in (
        (Request, Request.state.in_(OPEN_STATES)),
        (Obligation, and_(Obligation.done_on.is_(None), Obligation.waived_on.is_(None))),
        (SelfCheckItem, SelfCheckItem.check_id.not_in(closed)),
    ):
        about = (model.dataset_uuid == name, model.publisher_id != now, only)
        session.execute(
            update(model).where(*about).values(publisher_id=now).execution_options(synchronize_session=False)
        )


def drop_strangers(session: Session) -> None:
    """Have requests and duties that wait be with nobody where the person named for them can't act for the publisher."""
    actors: dict[str | int, Actor | None] = {}

    def may_act(key: str | int, publisher: str) -> bool:
        if key not in actors:
            is_meant = User.name == key if isinstance(key, str) else User.id == key
            user = session.scalar(select(User).where(is_meant, User.disabled.is_(False)))
            actors[key] = view_actor(session, user) if user is not None else None
        actor = actors[key]
        return actor is not None and actor.may_edit(publisher)

    for request in session.scalars(select(Request).where(Request.person.is_not(None), Request.state.in_(OPEN_STATES))):
        if not may_act(request.person or "", request.publisher_id):
            request.person = None
    is_open = (Obligation.done_on.is_(None), Obligation.waived_on.is_(None))
    for duty in session.scalars(select(Obligation).where(Obligation.owner_id.is_not(None), *is_open)):
        if not may_act(duty.owner_id or 0, duty.publisher_id):
            duty.owner_id = None


def pass_rules(session: Session, source: str, targets: Iterable[str]) -> None:
    """Have the rules that make duties of a publisher that ends make them of those that follow it."""
    for row in session.scalars(select(DutyRuleUse)):
        if source in row.publishers:
            row.publishers = sorted({*row.publishers, *targets} - {source})


def pass_children(session: Session, source: Publisher, target: Publisher) -> None:
    """Place what is below a publisher below another, and have that supervise what it supervised.

    Where the other one was itself below it, the branch with it takes the place of the publisher that ends.
    """
    parents = {name: parent for name, parent in session.execute(select(Publisher.id, Publisher.parent_id))}  # noqa: C416 - to mypy, a row isn't a pair
    branch = target.id
    while parents.get(branch) not in (None, source.id):
        branch = str(parents[branch])
    for row in session.scalars(select(Publisher).where(Publisher.parent_id == source.id)):
        row.parent_id = source.parent_id if row.id == branch else target.id
        _touch(row)
    for row in session.scalars(select(Publisher).where(Publisher.supervisor_id == source.id)):
        row.supervisor_id = target.id if row.id != target.id else None
        _touch(row)


def _touch(row: Publisher) -> None:
    row.revision += 1
    row.unfinished = True
