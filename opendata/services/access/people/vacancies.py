"""Publishers that have datasets and nobody who edits for them: nobody is left like that unnoticed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from opendata.db.models import Appointment, Dataset, User
from opendata.domain.mail.letters import LetterKind
from opendata.domain.roles import Role
from opendata.errors import N_, InvalidMetadataError, Listed, StateError, fault
from opendata.services.access.notices import notify
from opendata.services.access.posts import list_below
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context

_EDITING = (Role.EDITOR, Role.LEAD)


def list_vacant(session: Session) -> Sequence[str]:
    """The ids of publishers that have datasets, and for which no open account edits; maintainers aside."""
    is_open = User.disabled.is_(False)
    held = select(Appointment.publisher_id).join(User, User.id == Appointment.user_id)
    held = held.where(is_open, Appointment.role.in_(_EDITING), Appointment.publisher_id.is_not(None))
    before = select(User.publisher_id).where(is_open, User.appointed.is_(None), User.role == Role.EDITOR)
    places = {name for query in (held, before) for name in session.scalars(query.distinct()) if name is not None}
    owners = set(session.scalars(select(Dataset.publisher_id).distinct()))
    return sorted(owners - list_below(session, places))


def list_maintainers(session: Session) -> Sequence[User]:
    """The open accounts of maintainers."""
    held = select(Appointment.user_id).where(Appointment.role == Role.MAINTAINER)
    before = and_(User.appointed.is_(None), User.role == Role.MAINTAINER)
    query = select(User).where(User.disabled.is_(False), or_(User.id.in_(held), before))
    return session.scalars(query.order_by(User.id)).all()


@contextmanager
def watch_vacancies(context: Context, session: Session, actor: Actor, *, confirmed: bool) -> Iterator[list[str]]:
    """Let somebody change who works here: they must confirm what stays without anybody, and maintainers get a mail.

    The list that it gives is filled at the end with the ids of such publishers. Raises `InvalidMetadataError` where
    that isn't confirmed, `StateError` where no maintainer would be left: only the owner of the instance does that.
    """
    left: list[str] = []
    before, had_maintainers = {*list_vacant(session)}, bool(list_maintainers(session))
    yield left
    session.flush()
    maintainers = list_maintainers(session)
    if had_maintainers and not maintainers and actor.role != Role.SYSTEM:
        raise StateError(N_("This is the last maintainer. Make somebody else a maintainer first"))
    left.extend(name for name in list_vacant(session) if name not in before)
    if not left:
        return
    if not confirmed:
        text = N_("After this, nobody edits for: %(publishers)s. Confirm that, or give the role to somebody else first")
        raise InvalidMetadataError(faults=[fault("/confirm", text, publishers=Listed(left))])
    for row in maintainers:
        notify(context, session, row, LetterKind.VACANCY, publishers=", ".join(left))
