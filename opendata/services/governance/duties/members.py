"""Who can be named as the owner of a duty, and who is reminded of it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from opendata.db.models import User
from opendata.domain.roles import Role
from opendata.services.access.people.members import list_members as list_own
from opendata.services.access.people.vacancies import list_maintainers
from opendata.services.access.posts import view_actor
from opendata.services.core.actors import Actor


def list_members(session: Session, publisher: str) -> Sequence[User]:
    """The accounts that work for a publisher or for all, in the order of their names."""
    found = {user.id: user for user in (*list_own(session, publisher), *list_maintainers(session))}
    return sorted(found.values(), key=lambda user: user.name)


def list_reachable(session: Session, publisher: str) -> Sequence[User]:
    """The accounts that work for a publisher itself, and that confirmed an address."""
    return [user for user in list_own(session, publisher) if user.mail_address is not None]


def find_owner(session: Session, user: int | None) -> Sequence[User]:
    """The owner of a duty, where they can be written to."""
    row = session.get(User, user) if user is not None else None
    return [row] if row is not None and not row.disabled and row.mail_address is not None else []


def find_actor(session: Session, user: User) -> Actor | None:
    """An account as somebody who acts; None for one that is closed or only reads."""
    if user.disabled or user.role == Role.READER:
        return None
    found = view_actor(session, user)
    return found if found.works else None
