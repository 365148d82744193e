"""Accounts: people, signing in, their passwords, and bearer tokens."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from opendata.db.models import AddressChange, Publisher, Recovery, Token, User, UserSession
from opendata.domain.access.addresses import shorten_address
from opendata.domain.access.origin import NOWHERE, Origin
from opendata.domain.access.posts import Post
from opendata.domain.mail.letters import LetterKind
from opendata.domain.roles import Role
from opendata.errors import (
    N_,
    Fault,
    InvalidMetadataError,
    NotFoundError,
    NotPermittedError,
    NotSignedInError,
    StateError,
    fault,
)
from opendata.metadata.identifiers import find_identifier_fault
from opendata.services.access.leaving.work import leave_work
from opendata.services.access.limits import Limits, knows_browser
from opendata.services.access.notices import notify
from opendata.services.access.passwords import find_password_faults, hash_password, is_right
from opendata.services.access.pending import CodeNeededError, require_no_factor
from opendata.services.access.posts import put_posts, read_posts, view_actor, view_user
from opendata.services.access.sessions import begin_session, digest_text, end_sessions
from opendata.services.access.tokens import (
    TOKEN_PREFIX,
    TokenOptions,
    TokenView,
    has_ended,
    make_scope,
    make_token,
    read_scope,
    view_token,
)
from opendata.services.catalogue.publishers import find_living
from opendata.services.core.actors import SYSTEM, Actor, make_stranger, require_signed_in
from opendata.services.core.context import Context
from opendata.services.core.values import UserView

_USED_EVERY = timedelta(minutes=1)
"""The time of a token's last use is written at most this often."""

_ORDER = ("/name", "/password", "/role", "/publisher")


class Accounts:
    """Creating accounts and telling who somebody is."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._limits = Limits(context)

    def create_user(
        self, name: str, password: str, role: str | Sequence[str], publisher: str | None = None
    ) -> UserView:
        """Create an account with a role or several; those at a publisher need one, a reader may have one.

        Raises `InvalidMetadataError`, `NotFoundError`, `OverloadedError`, and `StateError` if the name is in use.
        """
        roles = [role] if isinstance(role, str) else role
        posts, faults = read_posts(roles, publisher)
        kept = check_account(self._context, name, password, publisher, faults)
        with self._context.write() as session:
            row = add_account(self._context, session, name, kept, posts, publisher)
            return view_user(session, row)

    def set_password(self, name: str, password: str) -> None:
        """Give an account a new password and end its sessions."""
        with self._context.read() as session:
            words = list_words(self._context, session, find_user(session, name))
        kept = _hash_new(password, words)
        with self._context.write() as session:
            row = find_user(session, name)
            put_password(session, row, kept)
            end_sessions(session, row.id)
            notify(self._context, session, row, LetterKind.PASSWORD_CHANGED)
            self._context.log(session, SYSTEM, "set-password", "user", name)

    def change_password(self, actor: Actor | None, current: str, password: str) -> None:
        """Change one's own password; all other sessions of the account end.

        Raises `NotSignedInError`, `InvalidMetadataError`, `OverloadedError`, and `TooManyAttemptsError` where the
        current password was wrong too often.
        """
        found = require_signed_in(actor)
        require_password(self._context, found, current, "change-password-failed")
        with self._context.read() as session:
            words = list_words(self._context, session, session.get_one(User, found.id))
        kept = _hash_new(password, words)
        with self._context.write() as session:
            row = session.get_one(User, found.id)
            put_password(session, row, kept)
            end_sessions(session, row.id, besides=found.session)
            notify(self._context, session, row, LetterKind.PASSWORD_CHANGED)
            self._context.log(session, found, "change-password", "user", found.name)

    def sign_out(self, name: str | None) -> int:
        """End the sessions of an account, or with None of all accounts; how many. Nothing else changes.

        Raises `NotFoundError`.
        """
        has_session = User.id.in_(select(UserSession.user_id))
        with self._context.write() as session:
            found = [find_user(session, name)] if name else session.scalars(select(User).where(has_session)).all()
            ended = {row.name: end_sessions(session, row.id) for row in found}
            for user, count in ended.items():
                self._context.log(session, SYSTEM, "end-session", "user", user, sessions=count)
        return sum(ended.values())

    def list_users(self) -> Sequence[UserView]:
        """All accounts by name."""
        with self._context.read() as session:
            rows = session.scalars(select(User).order_by(User.name)).all()
            return [view_user(session, row) for row in rows]

    def sign_in(self, name: str, password: str, origin: Origin = NOWHERE) -> tuple[Actor, str]:
        """Begin a session for a name and password: the actor and the text for the cookie.

        Raises `NotSignedInError`, `TooManyAttemptsError` where too many wrong sign-ins came before, and
        `CodeNeededError` where the account has a second factor. The first two are written to the audit log; a name that
        no account has isn't, since it may be a password.
        """
        row = self._find(name)
        attempt = self._limits.count_sign_in(name, row, origin)
        is_known = is_right(row.password if row else None, password)
        try:
            begun = self._begin(row, origin) if is_known and row is not None and not row.disabled else None
        except (CodeNeededError, NotSignedInError):
            self._limits.take_back(attempt)
            raise
        if begun is None:
            self._context.note(make_stranger(origin.address), "sign-in-failed", "user", row.name if row else "")
            raise NotSignedInError(N_("The name or password is incorrect"))
        self._limits.take_back(attempt)
        return begun

    def _find(self, name: str) -> User | None:
        if find_identifier_fault("", name) is not None:
            return None
        with self._context.read() as session:
            return session.scalar(select(User).where(User.name == name))

    def _begin(self, known: User, origin: Origin) -> tuple[Actor, str] | None:
        """Begin a session; None where the password was changed or the account closed while it was checked."""
        with self._context.write() as session:
            row = session.get(User, known.id, with_for_update=True)
            if row is None or row.disabled or row.password != known.password:
                return None
            require_no_factor(self._context, session, row)
            return begin_for(self._context, session, row, origin)

    def get_actor(self, name: str) -> Actor:
        """The actor of an account, for the owner of the instance who acts in its name.

        Raises `NotFoundError`, `StateError` if the account is closed.
        """
        with self._context.read() as session:
            row = find_user(session, name)
            if row.disabled:
                raise StateError(N_("The account “%(name)s” is closed"), name=name)
            return view_actor(session, row)

    def create_token(
        self,
        user: str,
        name: str = "",
        *,
        days: int | None = None,
        options: TokenOptions | None = None,
        actor: Actor = SYSTEM,
    ) -> tuple[str, TokenView]:
        """A new bearer token for an account; its text is shown this once. `options` say more than name and days.

        Raises `NotFoundError`, `InvalidMetadataError`, `ScopeError` where the actor's own token is for less, and
        `NotPermittedError` for who lacks a second factor that the portal wants: tokens need none.
        """
        if actor.lacks_factor:
            raise NotPermittedError(N_("Set up a second factor first, on the page of your account"))
        wanted = options or TokenOptions(name=name, days=days)
        text, now = TOKEN_PREFIX + secrets.token_urlsafe(32), self._context.clock()
        with self._context.write() as session:
            row = find_user(session, user)
            scope = make_scope(session, row, wanted, actor, now)
            token = make_token(row, wanted.name, digest_text(text), scope, now)
            session.add(token)
            limit = {"limit": scope.dataset or scope.publisher} if scope.is_limited else {}
            scopes = list(scope.listed)
            self._context.log(session, actor, "create", "token", user, name=wanted.name, scopes=scopes, **limit)
            notify(self._context, session, row, LetterKind.NEW_TOKEN, name=wanted.name)
            session.flush()
            return text, view_token(token, user)

    def list_tokens(self, user: str | None = None) -> Sequence[TokenView]:
        """All tokens, or those of an account, without their secrets."""
        query = select(Token, User.name).join(User, User.id == Token.user_id).order_by(Token.id)
        if user is not None:
            query = query.where(User.name == user)
        with self._context.read() as session:
            return [view_token(token, name) for token, name in session.execute(query)]

    def revoke_token(self, token: int, *, user: str | None = None, actor: Actor = SYSTEM) -> None:
        """End a token; with `user`, one of that account's. Raises `NotFoundError`."""
        with self._context.write() as session:
            row = session.get(Token, token)
            if row is None or (user is not None and row.user_id != find_user(session, user).id):
                raise NotFoundError(N_("There is no token %(id)s"), id=token)
            row.revoked, row.ended = True, row.ended or self._context.clock()
            self._context.log(session, actor, "revoke", "token", str(token))

    def authenticate(self, text: str) -> Actor:
        """The actor of a bearer token. Raises `NotSignedInError` where it is unknown, revoked or expired."""
        query = select(Token, User).join(User, User.id == Token.user_id).where(Token.digest == digest_text(text))
        with self._context.read() as session:
            found = session.execute(query).first()
            if found is None:
                raise _refuse_token(N_("The token isn't valid. Create one with “opendata token create”"))
            token, user = found
            actor = view_actor(session, user)
        now = self._context.clock()
        if has_ended(token) or user.disabled:
            raise _refuse_token(N_("The token was revoked. Create a new one with “opendata token create”"))
        if token.expires is not None and token.expires <= now:
            raise _refuse_token(N_("The token has expired. Create a new one with “opendata token create”"))
        if token.used is None or now - token.used >= _USED_EVERY:
            with self._context.write() as session:
                session.execute(update(Token).where(Token.id == token.id).values(used=now))
                session.execute(update(User).where(User.id == user.id).values(seen=now.date()))
        return replace(actor, token=token.id, scope=read_scope(token))


def begin_for(
    context: Context, session: Session, row: User, origin: Origin, *, is_vouched: bool = False
) -> tuple[Actor, str]:
    """Begin a session for somebody who has shown who they are: the actor and the text for the cookie.

    `is_vouched`: the system through which they come has checked a second factor.
    """
    if not knows_browser(session, row, origin):
        address = shorten_address(origin.address, context.settings.audit_addresses)
        notify(context, session, row, LetterKind.NEW_SIGN_IN, browser=origin.browser, address=address)
    text, number = begin_session(context, session, row, origin, is_vouched=is_vouched)
    row.seen = context.clock().date()
    actor = replace(view_actor(session, row), address=origin.address, session=number)
    context.log(session, actor, "sign-in", "user", row.name)
    return actor, text


def _refuse_token(message: str) -> NotSignedInError:
    return NotSignedInError(message).as_event("token-refused")


def check_account(
    context: Context, name: str, password: str, publisher: str | None = None, faults: Sequence[Fault] = ()
) -> str:
    """The hash of a new account's password, made before the unit of work that creates it. Raises as `create_user`.

    `faults` are what is wrong with its roles.
    """
    taken = fault("/name", N_("The name “%(name)s” is the portal's own"), name=name) if name == Role.SYSTEM else None
    wrong = [find_identifier_fault("/name", name), taken, *faults]
    with context.read() as session:
        words = [name, *_list_office_words(context, session, publisher)]
    found = [item for item in (*wrong, *find_password_faults(password, words)) if item]
    if found:
        raise InvalidMetadataError(faults=sorted(found, key=lambda item: _ORDER.index(item.pointer)))
    return hash_password(password)


def add_account(
    context: Context,
    session: Session,
    name: str,
    kept: str,
    posts: Sequence[Post] = (),
    publisher: str | None = None,
    by: Actor = SYSTEM,
) -> User:
    """Create an account that was checked, within a unit of work; its row. Raises as `Accounts.create_user`.

    `publisher` is where it belongs to even without an appointment.
    """
    if session.scalar(select(User).where(User.name == name)):
        raise StateError(N_("The account “%(name)s” already exists"), name=name)
    if publisher:
        find_living(session, publisher)
    now = context.clock()
    row = User(name=name, password=kept, role=Role.READER, publisher_id=publisher or None, created=now)
    row.session = secrets.token_hex(16)
    session.add(row)
    roles = " ".join(post.role for post in posts) or Role.READER.value
    context.log(session, by, "create", "user", name, role=roles)
    try:
        session.flush()
    except IntegrityError:  # somebody else took the name at this moment
        raise StateError(N_("The account “%(name)s” already exists"), name=name) from None
    put_posts(context, session, row, posts, by.name)
    return row


def require_password(context: Context, actor: Actor, current: str, failed: str) -> None:
    """Raises `InvalidMetadataError` where this isn't the actor's password, which is logged as `failed`.

    Also `TooManyAttemptsError` where it was wrong too often, and `OverloadedError`.
    """
    limits = Limits(context)
    attempt = limits.count_change(actor)
    with context.read() as session:
        kept = session.get_one(User, actor.id).password
    if not is_right(kept, current):
        context.note(actor, failed, "user", actor.name)
        raise InvalidMetadataError(faults=[fault("/current_password", N_("This isn't your current password"))])
    limits.take_back(attempt)


def close_account(context: Context, session: Session, row: User, actor: Actor, *, disabled: bool) -> None:
    """Close an account, or open it again, within a unit of work; its sessions end at once.

    When it is closed, its tokens, links and invitations end too, nothing is left with it that waits, and its e-mail
    address is removed: a person who made closing it necessary may have entered that.
    """
    row.disabled = disabled
    row.session = secrets.token_hex(16)
    end_sessions(session, row.id)
    if disabled:
        row.mail_address = None
        _end_links(session, row)
        ended = {"revoked": True, "ended": func.coalesce(Token.ended, context.clock())}
        session.execute(update(Token).where(Token.user_id == row.id).values(ended))
        leave_work(context, session, row, None)
    context.log(session, actor, "disable" if disabled else "enable", "user", row.name)


def put_password(session: Session, row: User, kept: str) -> None:
    """Give an account the hash of a new password. Links to set another one end, and addresses nobody has confirmed.

    Sessions in processes of an earlier release end too.
    """
    row.password = kept
    row.session = secrets.token_hex(16)
    _end_links(session, row)


def _end_links(session: Session, row: User) -> None:
    """End the links with which somebody sets the password of an account, or confirms an address for it."""
    for model in (Recovery, AddressChange):
        session.execute(delete(model).where(model.user_id == row.id))


def list_words(context: Context, session: Session, row: User) -> Sequence[str]:
    """The words that somebody would try first who wants to guess the password of an account."""
    return [row.name, *_list_office_words(context, session, row.publisher_id)]


def _list_office_words(context: Context, session: Session, publisher: str | None) -> Sequence[str]:
    from pypinyin import lazy_pinyin

    row = session.get(Publisher, publisher) if publisher else None
    names = [
        publisher or "",
        row.title if row else "",
        context.settings.title,
        urlsplit(context.settings.base_url).netloc,
    ]
    return [word for name in names if name for word in (name, "".join(lazy_pinyin(name)), *name.split("."))]


def _hash_new(password: str, words: Sequence[str]) -> str:
    faults = find_password_faults(password, words)
    if faults:
        raise InvalidMetadataError(faults=faults)
    return hash_password(password)


def find_user(session: Session, name: str, *, lock: bool = False) -> User:
    """The row of an account, locked until the unit of work ends if wanted. Raises `NotFoundError`."""
    known = find_identifier_fault("", name) is None
    query = select(User).where(User.name == name)
    row = session.scalar(query.with_for_update() if lock else query) if known else None
    if row is None:
        raise NotFoundError(N_("There is no account “%(name)s”"), name=name[:100])
    return row
