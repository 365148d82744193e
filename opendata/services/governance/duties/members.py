"""Who works for a publisher: can be named as the owner of a duty, and is reminded of it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import User
from opendata.domain.roles import Role
from opendata.services.core.actors import Actor


def list_members(session: Session, publisher: str) -> Sequence[User]:
    """The accounts that work for a publisher or for all, in the order of their names."""
    users = session.scalars(select(User).where(User.disabled.is_(False)).order_by(User.name))
    return [user for user in users if user.role == Role.MAINTAINER or works_for(user, publisher)]


def works_for(user: User, publisher: str) -> bool:
    """Whether an account is one of a publisher's own."""
    return user.role == Role.EDITOR and user.publisher_id == publisher


def list_reachable(session: Session) -> Sequence[User]:
    """The accounts that work for a publisher or for all, and that confirmed an address."""
    query = select(User).where(
        User.disabled.is_(False), User.mail_address.is_not(None), User.role.in_((Role.EDITOR, Role.MAINTAINER))
    )
    return session.scalars(query.order_by(User.id)).all()


def find_actor(user: User) -> Actor | None:
    """An account as somebody who acts; None for one that is closed or only reads."""
    if user.disabled or user.role == Role.READER:
        return None
    return Actor(user.name, user.role, user.id, user.publisher_id)
