"""What belongs to a publisher beside its datasets, and passes to another when it ends or is divided."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, and_, delete, select, true, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from opendata.db.models import (
    Appointment,
    BasicEdition,
    BasicEntry,
    BasicImport,
    DutyRuleUse,
    Grant,
    Invitation,
    Obligation,
    Publisher,
    Request,
    SelfCheckItem,
    Token,
    Upload,
    User,
)


@dataclass(frozen=True, slots=True)
class Passing:
    """A column with ids of publishers, and the column beside it with whose row it is, if it is an account's.

    `only` is the condition on the rows that pass over; the others go on naming the publisher of then.
    """

    publisher: InstrumentedAttribute[Any]
    account: InstrumentedAttribute[Any] | None = None
    only: ColumnElement[bool] = field(default_factory=true)


PASSED: tuple[Passing, ...] = (
    Passing(User.publisher_id, User.id),
    Passing(Appointment.publisher_id, Appointment.user_id),
    Passing(Invitation.publisher_id),
    Passing(Token.publisher_id, Token.user_id),
    Passing(Upload.publisher_id, Upload.user_id),
    Passing(Grant.publisher_id),
    Passing(SelfCheckItem.publisher_id),
    Passing(Obligation.publisher_id, only=and_(Obligation.done_on.is_(None), Obligation.waived_on.is_(None))),
    Passing(Request.publisher_id, only=Request.ended.is_(None)),
    Passing(BasicEntry.publisher_id),
    Passing(BasicEdition.publisher_id),
    Passing(BasicImport.publisher_id),
)
"""All that follows a publisher. A new table that names publishers is added here, or to `KEPT`."""

KEPT: tuple[InstrumentedAttribute[Any], ...] = ()
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
