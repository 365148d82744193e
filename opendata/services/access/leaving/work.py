"""What ends, or waits for somebody else, when a person loses power over a publisher: it isn't left with them."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from opendata.db.models import Invitation, Obligation, Request, User
from opendata.domain.requests.steps import OPEN_STATES
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context


def leave_work(context: Context, session: Session, row: User, actor: Actor | None) -> None:
    """End and give back what an account can't answer for as the `actor` that it is now; None: as nobody any more.

    Its invitations end, and requests and duties that it was named for are again for all who work at their publisher.
    """
    session.flush()
    now = context.clock()
    made = select(Invitation).where(Invitation.created_by == row.name, Invitation.expires > now)
    for item in session.scalars(made):
        if actor is None or not may_invite(actor, item.publisher_id):
            item.expires, item.digest = now, None
    handled = select(Request).where(Request.person == row.name, Request.state.in_(OPEN_STATES))
    for request in session.scalars(handled):
        if actor is None or not actor.may_edit(request.publisher_id):
            request.person = None
    owned = select(Obligation).where(
        Obligation.owner_id == row.id, Obligation.done_on.is_(None), Obligation.waived_on.is_(None)
    )
    for duty in session.scalars(owned):
        if actor is None or not actor.may_edit(duty.publisher_id):
            duty.owner_id = None


def pass_work(session: Session, row: User, heir: User) -> None:
    """Have an heir answer for the requests and duties that an account was named for."""
    handled = update(Request).where(Request.person == row.name, Request.state.in_(OPEN_STATES))
    session.execute(handled.values(person=heir.name))
    owned = update(Obligation).where(
        Obligation.owner_id == row.id, Obligation.done_on.is_(None), Obligation.waived_on.is_(None)
    )
    session.execute(owned.values(owner_id=heir.id))


def may_invite(actor: Actor, publisher: str | None) -> bool:
    """Whether somebody can invite to a role at a publisher, or without one at the instance."""
    return actor.is_maintainer if publisher is None else actor.may_lead(publisher)
