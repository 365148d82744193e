"""The persons of a publisher and of the instance: who has which role, and changing that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from opendata.db.models import Appointment, Draft, Source, Token, User
from opendata.domain.access.posts import Post, posts_of_before
from opendata.domain.drafts import ENDED
from opendata.domain.roles import INSTANCE_ROLES, PUBLISHER_ROLES, Role
from opendata.errors import N_, InvalidMetadataError, Listed, NotFoundError, NotPermittedError, StateError, fault
from opendata.services.access.accounts import close_account, find_user
from opendata.services.access.factors.codes import list_with_factor
from opendata.services.access.leaving.work import pass_work
from opendata.services.access.people.vacancies import list_vacant, watch_vacancies
from opendata.services.access.posts import list_below, list_clashes, list_posts, put_posts
from opendata.services.access.tokens import TokenView, has_ended, view_token
from opendata.services.catalogue.publishers import find_publisher
from opendata.services.core.actors import Actor, require_lead, require_maintainer, require_signed_in
from opendata.services.core.context import Context
from opendata.services.core.paging import read_cursor, write_cursor
from opendata.services.core.values import Page

PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPost:
    """An appointment with its beginning and who made it. `may_change`: the one who asks may end it."""

    role: Role
    publisher: str | None
    created: datetime
    created_by: str
    may_change: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """An account as those see it who answer for it.

    `may_close`: the one who asks may close it, open it, hand it over, and see its tokens.
    """

    name: str
    posts: Sequence[HeldPost]
    seen: date | None
    created: datetime
    disabled: bool
    has_address: bool
    has_factor: bool
    may_close: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """How much passed from one person to another."""

    posts: int
    drafts: int
    sources: int


class Persons:
    """Lists persons, changes their roles, closes accounts, hands over."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, actor: Actor | None, *, publisher: str | None = None, cursor: str | None = None) -> Page[PersonView]:
        """The persons of the publishers that the actor leads, or of all, by name; with `publisher` those of it alone.

        Raises `NotSignedInError`, `NotPermittedError`, `NotFoundError`.
        """
        found = require_signed_in(actor)
        query = select(User).order_by(User.name).limit(PAGE + 1)
        with self._context.read() as session:
            if publisher:
                require_lead(_let_read(found), find_publisher(session, publisher).id)
                query = query.where(_where_at(list_below(session, (publisher,))))
            elif not found.may_oversee:
                query = query.where(_where_at(_require_led(found)))
            after = read_cursor(cursor)
            rows = session.scalars(query.where(User.name > after) if after else query).all()
            items = self._view(session, found, rows[:PAGE])
        return Page(items, write_cursor(items[-1].name) if len(rows) > PAGE else None)

    def get(self, actor: Actor | None, name: str) -> PersonView:
        """One person. Raises `NotFoundError`, `NotPermittedError` where none of the actor's publishers has them."""
        found = require_signed_in(actor)
        with self._context.read() as session:
            row = find_user(session, name)
            if not found.may_oversee:
                led = _require_led(found)
                if not any(post.publisher in led for post in list_posts(session, row)):
                    raise NotPermittedError(N_("“%(name)s” doesn't work for a publisher of yours"), name=row.name)
            return self._view(session, found, [row])[0]

    def list_vacant(self, actor: Actor | None) -> Sequence[str]:
        """The publishers that have datasets and nobody who edits for them, of those that the actor answers for."""
        found = require_signed_in(actor)
        with self._context.read() as session:
            return [name for name in list_vacant(session) if found.may_oversee or name in found.posts.led]

    def set_roles(
        self,
        actor: Actor | None,
        name: str,
        roles: Sequence[str],
        publisher: str | None = None,
        *,
        confirmed: bool = False,
    ) -> PersonView:
        """Let an account have exactly these roles at a publisher, or without one for the instance; none: no role there.

        Raises `InvalidMetadataError`, `NotFoundError`, `NotPermittedError`, and `StateError` for the last maintainer.
        """
        choices = PUBLISHER_ROLES if publisher else INSTANCE_ROLES
        wrong = [role for role in roles if role not in choices]
        if wrong:
            text = N_("“%(value)s” isn't one of %(choices)s")
            raise InvalidMetadataError(faults=[fault("/role", text, value=wrong[0][:100], choices=Listed(choices))])
        with self._context.write() as session:
            if publisher:
                find_publisher(session, publisher)
            found = require_lead(actor, publisher) if publisher else require_maintainer(actor)
            row = find_user(session, name, lock=True)
            held = list_posts(session, row)
            wanted = [Post(role=Role(role), publisher=publisher or None) for role in dict.fromkeys(roles)]
            kept = [post for post in held if post.publisher != (publisher or None)]
            faults = list_clashes([*kept, *wanted])
            if faults:
                raise InvalidMetadataError(faults=faults)
            with watch_vacancies(self._context, session, found, confirmed=confirmed) as left:
                put_posts(self._context, session, row, [*kept, *wanted], found.name)
            details = {"publisher": publisher} if publisher else {}
            told = " ".join(post.role for post in wanted)
            self._context.log(session, found, "appoint", "user", row.name, roles=told, vacant=left, **details)
            return self._view(session, found, [row])[0]

    def close(self, actor: Actor | None, name: str, *, disabled: bool = True, confirmed: bool = False) -> None:
        """Close an account, or open it again. Raises as `set_roles`, and `StateError` for one's own account."""
        with self._context.write() as session:
            row = find_user(session, name, lock=True)
            found = self._require_manager(session, actor, row)
            if found.id is not None and found.id == row.id:
                raise StateError(N_("You can't close your own account here. Ask another person who may"))
            with watch_vacancies(self._context, session, found, confirmed=confirmed) as left:
                close_account(self._context, session, row, found, disabled=disabled)
            if left:
                self._context.log(session, found, "leave-vacant", "user", row.name, vacant=left)

    def hand_over(self, actor: Actor | None, name: str, successor: str, *, closes: bool = False) -> HandedOver:
        """Pass all that a person answers for to another: appointments, open drafts, requests, duties, tables fetched.

        The first one keeps no role, and with `closes` their account is closed. Who took part in a draft still has: it
        needs a third person to approve it. Raises as `set_roles`, and `StateError` where it can't be handed over.
        """
        with self._context.write() as session:
            row = find_user(session, name, lock=True)
            found = self._require_manager(session, actor, row)
            heir = find_user(session, successor)
            if row.id == heir.id:
                raise StateError(N_("Name another person to hand over to"))
            if heir.disabled:
                raise StateError(N_("The account “%(name)s” is closed"), name=heir.name)
            held = list_posts(session, row)
            if not held:
                raise StateError(N_("“%(name)s” has no role that could be handed over"), name=row.name)
            together = list(dict.fromkeys([*list_posts(session, heir), *held]))
            faults = list_clashes(together)
            if faults:
                raise InvalidMetadataError(faults=faults)
            with watch_vacancies(self._context, session, found, confirmed=False):
                put_posts(self._context, session, heir, together, found.name)
                pass_work(session, row, heir)
                put_posts(self._context, session, row, (), found.name)
            passed = HandedOver(
                posts=len(held), drafts=_pass_drafts(session, row, heir), sources=_pass_sources(session, row, heir)
            )
            if closes:
                close_account(self._context, session, row, found, disabled=True)
            self._context.log(
                session,
                found,
                "hand-over",
                "user",
                row.name,
                to=heir.name,
                roles=" ".join(f"{post.role}@{post.publisher}" if post.publisher else post.role for post in held),
                drafts=passed.drafts,
                sources=passed.sources,
            )
            return passed

    def list_tokens(self, actor: Actor | None, name: str) -> Sequence[TokenView]:
        """The tokens of an account that haven't ended, for those who may close it. Raises as `close`."""
        with self._context.read() as session:
            row = find_user(session, name)
            self._require_manager(session, actor, row)
            tokens = session.scalars(select(Token).where(Token.user_id == row.id).order_by(Token.id))
            return [view_token(token, row.name) for token in tokens if not has_ended(token)]

    def end_token(self, actor: Actor | None, name: str, number: int) -> None:
        """End a token of an account, for those who may close that. Raises as `close`."""
        with self._context.write() as session:
            row = find_user(session, name)
            found = self._require_manager(session, actor, row)
            token = session.get(Token, number)
            if token is None or token.user_id != row.id:
                raise NotFoundError(N_("There is no token %(id)s"), id=number)
            token.revoked, token.ended = True, token.ended or self._context.clock()
            self._context.log(session, found, "revoke", "token", str(number), user=row.name)

    def _require_manager(self, session: Session, actor: Actor | None, row: User) -> Actor:
        """The actor where they may close an account and hand it over: for a lead, one of theirs alone."""
        found = require_signed_in(actor)
        if not _may_manage(found, list_posts(session, row)):
            require_maintainer(found)
        return found

    def _view(self, session: Session, actor: Actor, rows: Sequence[User]) -> Sequence[PersonView]:
        held: dict[int, list[HeldPost]] = {row.id: [] for row in rows}
        query = select(Appointment).where(Appointment.user_id.in_(held)).order_by(Appointment.id)
        for item in session.scalars(query):
            post = Post(role=item.role, publisher=item.publisher_id)
            held[item.user_id].append(_view_post(actor, post, item.created, item.created_by))
        factors = list_with_factor(session, list(held))
        for row in rows:
            if row.appointed is None:
                posts = posts_of_before(row.role, row.publisher_id)
                held[row.id] = [_view_post(actor, post, row.created, "system") for post in posts]
        return [
            PersonView(
                name=row.name,
                posts=held[row.id],
                seen=row.seen,
                created=row.created,
                disabled=row.disabled,
                has_address=row.mail_address is not None,
                has_factor=row.id in factors,
                may_close=row.id != actor.id and (actor.is_maintainer or _may_manage(actor, held[row.id])),
            )
            for row in rows
        ]


def may_manage_any(actor: Actor) -> bool:
    """Whether somebody sees the page of persons."""
    return actor.may_oversee or bool(actor.posts.led)


def _may_manage(actor: Actor, posts: Sequence[Post | HeldPost]) -> bool:
    """Whether an actor leads all publishers that somebody works for, and these are all that they are."""
    return bool(posts) and all(post.publisher is not None and actor.may_lead(post.publisher) for post in posts)


def _view_post(actor: Actor, post: Post, created: datetime, by: str) -> HeldPost:
    may = actor.may_lead(post.publisher) if post.publisher is not None else actor.is_maintainer
    return HeldPost(role=post.role, publisher=post.publisher, created=created, created_by=by, may_change=may)


def _let_read(actor: Actor) -> Actor:
    """The actor as they read: a list changes nothing."""
    return replace(actor, is_reading=True)


def _require_led(actor: Actor) -> frozenset[str]:
    if not actor.posts.led or (actor.scope is not None and actor.scope.is_limited):
        raise NotPermittedError(N_("Only leads, maintainers and auditors see who works here"))
    return actor.posts.led


def _where_at(publishers: frozenset[str]) -> ColumnElement[bool]:
    """The condition on rows of `users` under which somebody works for one of these publishers."""
    names = sorted(publishers)
    before = and_(User.appointed.is_(None), User.role == Role.EDITOR, User.publisher_id.in_(names))
    return or_(User.id.in_(select(Appointment.user_id).where(Appointment.publisher_id.in_(names))), before)


def _pass_drafts(session: Session, row: User, heir: User) -> int:
    """Open drafts get a new author; all who had a part in them keep it, and the new author has one too."""
    drafts = session.scalars(select(Draft).where(Draft.author == row.name, Draft.status.not_in(ENDED))).all()
    for draft in drafts:
        draft.contributors = sorted({draft.author, *(draft.contributors or ()), heir.name})
        draft.author_id, draft.author = heir.id, heir.name
        draft.revision += 1
    return len(drafts)


def _pass_sources(session: Session, row: User, heir: User) -> int:
    sources = session.scalars(select(Source).where(Source.author_id == row.id)).all()
    for source in sources:
        source.author_id, source.author = heir.id, heir.name
        source.revision += 1
    return len(sources)
