"""Appointments: what each means down the tree of publishers, who somebody is when they act, and giving them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Appointment, Publisher, User
from opendata.domain.access.posts import Post, Posts, Reach, find_clash, posts_of_before, role_of_before
from opendata.domain.roles import PUBLISHER_ROLES, ROLES, Role
from opendata.errors import N_, Fault, Listed, StateError, fault
from opendata.services.access.leaving.work import leave_work
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.services.core.values import UserView

MOST_DEEP = 10
"""Levels of publishers that an appointment reaches down."""


def list_below(session: Session, publishers: Collection[str]) -> frozenset[str]:
    """The ids of publishers and of all below them; a circle, which nobody should make, is gone round once."""
    found, level = {*publishers}, {*publishers}
    for _ in range(MOST_DEEP):
        if not level:
            break
        level = {*session.scalars(select(Publisher.id).where(Publisher.parent_id.in_(sorted(level))))} - found
        found |= level
    return frozenset(found)


def list_posts(session: Session, row: User) -> Sequence[Post]:
    """The appointments of an account; those of one that a release before has made follow from its role."""
    if row.appointed is None:
        return posts_of_before(row.role, row.publisher_id)
    query = select(Appointment.role, Appointment.publisher_id).where(Appointment.user_id == row.id)
    return [Post(role=role, publisher=publisher) for role, publisher in session.execute(query.order_by(Appointment.id))]


def spread_posts(session: Session, posts: Sequence[Post]) -> Posts:
    """What appointments mean together, down the tree."""
    places = {item.publisher for item in posts if item.publisher is not None}
    return Reach({name: list_below(session, (name,)) for name in places}).spread(posts)


def view_actor(session: Session, row: User) -> Actor:
    """Who acts when somebody is signed in to an account."""
    posts = spread_posts(session, list_posts(session, row))
    return Actor(row.name, row.role, row.id, row.publisher_id, appointed=posts)


def read_posts(roles: Sequence[str], publisher: str | None) -> tuple[Sequence[Post], Sequence[Fault]]:
    """The appointments that somebody asks for, all at one publisher, and what is wrong with them."""
    unknown = [role for role in roles if role not in ROLES]
    if unknown or not roles:
        text, value = N_("“%(value)s” isn't one of %(choices)s"), unknown[0][:100] if unknown else ""
        return (), [fault("/role", text, value=value, choices=Listed(ROLES))]
    found = [Role(role) for role in dict.fromkeys(roles) if role != Role.READER]
    if any(role in PUBLISHER_ROLES for role in found) and not publisher:
        return (), [fault("/publisher", N_("Editors, reviewers and leads belong to a publisher. Name the publisher"))]
    posts = [Post(role=role, publisher=publisher if role in PUBLISHER_ROLES else None) for role in found]
    return posts, list_clashes(posts)


def list_clashes(posts: Sequence[Post]) -> Sequence[Fault]:
    """What is wrong with appointments that somebody is to hold together."""
    role = find_clash(posts)
    text = N_("Who is %(role)s changes nothing, so they can have no other role. Give the role to another account")
    return [] if role is None else [fault("/role", text, role=role.value)]


def put_posts(context: Context, session: Session, row: User, posts: Sequence[Post], by: str) -> None:
    """Let an account hold exactly these appointments; those that it keeps stay as they are, with their beginning.

    Its role and publisher follow, for processes of earlier releases, and what it can't answer for any more isn't left
    with it. Raises `StateError` for a new appointment at a publisher that ended.
    """
    now = context.clock()
    kept: set[Post] = set()
    if row.appointed is None:  # a release before has made it: what it amounted to began then
        _add(session, row, posts_of_before(row.role, row.publisher_id), row.created, by)
        session.flush()
    for held in session.scalars(select(Appointment).where(Appointment.user_id == row.id)):
        post = Post(role=held.role, publisher=held.publisher_id)
        if post in posts and post not in kept:
            kept.add(post)
        else:
            session.delete(held)
    added = [post for post in dict.fromkeys(posts) if post not in kept]
    places = [post.publisher for post in added if post.publisher is not None]
    ended = session.scalar(select(Publisher.id).where(Publisher.id.in_(places), Publisher.ended.is_not(None)))
    if ended is not None:
        raise StateError(N_("The publisher “%(id)s” has ended"), id=ended)
    _add(session, row, added, now, by)
    row.appointed = row.appointed or now
    row.role, row.publisher_id = role_of_before(posts, row.publisher_id)
    session.flush()
    leave_work(context, session, row, view_actor(session, row))


def _add(session: Session, row: User, posts: Sequence[Post], moment: datetime, by: str) -> None:
    for post in posts:
        session.add(
            Appointment(user_id=row.id, role=post.role, publisher_id=post.publisher, created=moment, created_by=by)
        )


def view_user(session: Session, row: User) -> UserView:
    """The value of a row."""
    return UserView(
        id=row.id,
        name=row.name,
        role=row.role,
        publisher=row.publisher_id,
        created=row.created,
        disabled=row.disabled,
        posts=list_posts(session, row),
    )
