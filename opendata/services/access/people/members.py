"""Who works for a publisher: they can be named as responsible, and get its mail."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from opendata.db.models import Appointment, User
from opendata.domain.roles import Role


def where_member(publisher: str) -> ColumnElement[bool]:
    """The condition on rows of `users` under which an account has an appointment at a publisher itself."""
    held = select(Appointment.user_id).where(Appointment.publisher_id == publisher)
    before = and_(User.appointed.is_(None), User.publisher_id == publisher, User.role == Role.EDITOR)
    return or_(User.id.in_(held), before)


def list_members(session: Session, publisher: str) -> Sequence[User]:
    """The open accounts with an appointment at a publisher itself, by their names."""
    query = select(User).where(User.disabled.is_(False), where_member(publisher))
    return session.scalars(query.order_by(User.name)).all()
