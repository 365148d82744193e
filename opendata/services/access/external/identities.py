"""Signing in through another system (OpenID Connect): begun, ended, connected with an account, disconnected.

An account is found by what its issuer calls the person for good, never by a name or a mail address, which somebody
else may get later. What an answer must fit lies signed in a cookie for ten minutes, and each answer counts once.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from opendata.db.models import Challenge, ExternalIdentity, User
from opendata.domain.access.origin import Origin
from opendata.domain.mail.addresses import parse_mail_address
from opendata.domain.mail.letters import LetterKind
from opendata.errors import N_, BackendError, NotFoundError, NotSignedInError, OpendataError, StateError
from opendata.metadata.identifiers import suggest_identifier
from opendata.outside.openid import Client, Person, Provider, Question, RefusedError, UnreachableError
from opendata.services.access.accounts import add_account, begin_for, require_password
from opendata.services.access.limits import Limits
from opendata.services.access.notices import notify
from opendata.services.access.passwords import hash_password
from opendata.services.access.pending import require_no_factor
from opendata.services.access.people.invitations import Invitations
from opendata.services.core.actors import SYSTEM, Actor, make_stranger, require_signed_in
from opendata.services.core.context import Context
from opendata.services.core.instance import read_secret

SECONDS = 600
"""How long a person may take at the other system."""

_SALT = "openid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants who is led away: to go on to `following`, to accept an `invitation`, or to connect `user`."""

    following: str = ""
    invitation: str = ""
    user: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the other system sent a person back with."""

    state: str = ""
    code: str = ""
    error: str = ""
    issuer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityView:
    """An account at another system, as its person sees it."""

    id: int
    name: str
    issuer: str
    created: datetime
    used: datetime | None


class Identities:
    """Leads to the other system, and takes what comes back."""

    def __init__(self, context: Context, invitations: Invitations) -> None:
        settings = context.settings
        client = Client(issuer=settings.oidc_issuer, id=settings.oidc_client_id, secret=settings.oidc_client_secret)
        self._context = context
        self._invitations = invitations
        self._limits = Limits(context)
        self._provider = Provider(client, context.clock)

    @property
    def provider(self) -> str:
        """What the other system is called; empty without one."""
        settings = self._context.settings
        return settings.oidc_name or urlsplit(settings.oidc_issuer).netloc

    def list(self, actor: Actor | None) -> Sequence[IdentityView]:
        """The accounts that the actor's account is connected with. Raises `NotSignedInError`."""
        found = require_signed_in(actor)
        query = select(ExternalIdentity).where(ExternalIdentity.user_id == found.id).order_by(ExternalIdentity.id)
        with self._context.read() as session:
            return [
                IdentityView(id=row.id, name=row.name, issuer=row.issuer, created=row.created, used=row.used)
                for row in session.scalars(query)
            ]

    def begin(self, wish: Wish, redirect: str) -> tuple[str, str]:
        """Where to lead somebody, and the text of the cookie that their answer must fit.

        Raises `NotFoundError` where there is no other system, or the invitation isn't valid; `BackendError`.
        """
        from itsdangerous import URLSafeTimedSerializer

        self._require_provider()
        if wish.invitation:
            self._invitations.find(wish.invitation)
        question = Question(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            redirect=redirect,
        )
        try:
            address = self._provider.lead(question)
        except UnreachableError as error:
            raise self._report_unreachable() from error
        parts = (question.state, question.nonce, question.verifier, redirect)
        kept = [*parts, wish.following, wish.invitation, wish.user]
        return address, str(URLSafeTimedSerializer(read_secret(self._context.settings), salt=_SALT).dumps(kept))

    def connect(self, actor: Actor | None, current: str, redirect: str) -> tuple[str, str]:
        """As `begin`, to connect the actor's account, with its password.

        Raises also `InvalidMetadataError`, `TooManyAttemptsError`.
        """
        found = require_signed_in(actor)
        self._require_provider()
        require_password(self._context, found, current, "connect-failed")
        return self.begin(Wish(user=found.id), redirect)

    def read_wish(self, kept: str) -> Wish:
        """What somebody wanted who comes back. Raises `NotSignedInError` where that was too long ago."""
        return self._open(kept)[1]

    def finish(self, kept: str, answer: Answer, actor: Actor | None, origin: Origin) -> tuple[Actor, str] | None:
        """Begin a session for whom the other system names: the actor and the text for the cookie.

        None where an account was connected with it instead. Raises `NotSignedInError`, `StateError`, `BackendError`,
        `TooManyAttemptsError`, `CodeNeededError` where the account's own second factor is still needed.
        """
        self._require_provider()
        attempt = self._limits.count_openid(origin.address)
        question, wish = self._open(kept)
        try:
            person = self._ask(question, answer)
        except RefusedError as error:
            self._context.note(make_stranger(origin.address), "openid-failed", "user", "", reason=error.reason)
            raise self._explain(error.reason) from error
        except UnreachableError as error:
            raise self._report_unreachable() from error
        if wish.user is not None:
            self._connect(actor, wish.user, person)
            self._limits.take_back(attempt)
            return None
        begun = self._enter(person, wish, origin)
        self._limits.take_back(attempt)
        return begun

    def disconnect(self, actor: Actor | None, current: str, number: int) -> None:
        """Disconnect an account, with the password, which is the way in that remains.

        Raises `NotFoundError`, `InvalidMetadataError`, `TooManyAttemptsError`.
        """
        found = require_signed_in(actor)
        require_password(self._context, found, current, "disconnect-failed")
        with self._context.write() as session:
            row = session.get(ExternalIdentity, number)
            if row is None or row.user_id != found.id:
                raise NotFoundError(N_("There is no connected account %(id)s"), id=number)
            session.delete(row)
            self._context.log(session, found, "disconnect", "user", found.name)
            notify(
                self._context,
                session,
                session.get_one(User, found.id),
                LetterKind.IDENTITY_REMOVED,
                provider=urlsplit(row.issuer).netloc,
            )

    def find_exit(self, back: str) -> str:
        """Where a session at the other system is ended, to come back from there; empty where nowhere."""
        return self._provider.find_exit(back) if self.provider else ""

    def _ask(self, question: Question, answer: Answer) -> Person:
        """Whom the other system names. Raises `RefusedError`, `UnreachableError`."""
        if not hmac.compare_digest(answer.state.encode(errors="replace"), question.state.encode()):
            raise RefusedError("state")
        self._use(question.state)
        if answer.issuer and answer.issuer != self._context.settings.oidc_issuer:
            raise RefusedError("issuer")
        if answer.error:
            raise RefusedError(answer.error if re.fullmatch(r"[a-z_]{1,40}", answer.error) else "error")
        if not answer.code:
            raise RefusedError("code")
        return self._provider.redeem(answer.code, question)

    def _use(self, state: str) -> None:
        """Have an answer count this once. Raises `RefusedError` where it came before."""
        digest = hashlib.sha256(f"{_SALT}\n{state}".encode()).hexdigest()
        expires = self._context.clock() + timedelta(seconds=SECONDS)
        try:
            with self._context.write() as session:
                session.add(Challenge(digest=digest, user_id=None, expires=expires))
                session.flush()
        except IntegrityError as error:
            raise RefusedError("used") from error

    def _connect(self, actor: Actor | None, user: int, person: Person) -> None:
        found = require_signed_in(actor)
        if found.id != user:
            raise StateError(N_("Somebody else has signed in here meanwhile. Connect the account again"))
        issuer, now = self._context.settings.oidc_issuer, self._context.clock()
        with self._context.write() as session:
            row = session.get_one(User, user, with_for_update=True)
            known = self._find(session, person)
            if known is not None and known.user_id == user:
                return
            own = (ExternalIdentity.user_id == user, ExternalIdentity.issuer == issuer)
            if known is not None or session.scalar(select(ExternalIdentity.id).where(*own)) is not None:
                text = N_("Your account, or the one at “%(provider)s”, is connected already. Disconnect it first")
                raise StateError(text, provider=self.provider)
            self._add(session, row, person, now)
            self._context.log(session, found, "connect", "user", found.name)
            notify(self._context, session, row, LetterKind.IDENTITY_ADDED, provider=self.provider)

    def _enter(self, person: Person, wish: Wish, origin: Origin) -> tuple[Actor, str]:
        settings = self._context.settings
        kept = hash_password(secrets.token_hex(32))  # a password that nobody knows, for an account that may be new
        with self._context.write() as session:
            row = self._find(session, person)
            if row is None and not wish.invitation and not settings.oidc_create:
                self._context.log(session, make_stranger(origin.address), "openid-unknown", "user", "")
                user = None
            elif row is None:
                user = self._create(session, person, wish, kept, origin)
                row = self._add(session, user, person, self._context.clock())
            else:
                user = session.get_one(User, row.user_id, with_for_update=True)
            if row is not None and user is not None and not user.disabled:
                if not person.has_factor:
                    require_no_factor(self._context, session, user)
                row.used, row.name = self._context.clock(), person.name
                return begin_for(self._context, session, user, origin, is_vouched=person.has_factor)
        if user is not None:
            self._context.note(make_stranger(origin.address), "openid-failed", "user", user.name, reason="closed")
            raise NotSignedInError(N_("This account is closed. Ask a maintainer of the portal"))
        raise NotSignedInError(
            N_(
                "No account here is connected with yours at “%(provider)s”. Sign in with your password and connect it"
                " on the page of your account, or ask for an invitation"
            ),
            provider=self.provider,
        )

    def _create(self, session: Session, person: Person, wish: Wish, kept: str, origin: Origin) -> User:
        """An account for somebody new: with the role of their invitation, or a reader's."""
        name = _choose_name(session, person.name or person.mail.partition("@")[0])
        if wish.invitation:
            return self._invitations.accept_new(session, wish.invitation, name, kept, origin)
        user = add_account(self._context, session, name, kept, by=make_stranger(origin.address))
        if person.mail and self._context.settings.sends_mail:
            user.mail_address = parse_mail_address(person.mail)
        return user

    def _find(self, session: Session, person: Person) -> ExternalIdentity | None:
        issuer = self._context.settings.oidc_issuer
        where = (ExternalIdentity.issuer == issuer, ExternalIdentity.subject == person.subject)
        return session.scalar(select(ExternalIdentity).where(*where).with_for_update())

    def _add(self, session: Session, user: User, person: Person, now: datetime) -> ExternalIdentity:
        row = ExternalIdentity(
            user_id=user.id,
            issuer=self._context.settings.oidc_issuer,
            subject=person.subject,
            name=person.name,
            created=now,
        )
        session.add(row)
        try:
            session.flush()
        except IntegrityError:  # the same person comes in another window at this moment
            raise StateError(N_("You are signing in twice at the same time. Try again")) from None
        return row

    def _open(self, kept: str) -> tuple[Question, Wish]:
        from itsdangerous import BadData, URLSafeTimedSerializer

        signer = URLSafeTimedSerializer(read_secret(self._context.settings), salt=_SALT)
        try:
            state, nonce, verifier, redirect, following, invitation, user = signer.loads(kept, max_age=SECONDS)
        except (BadData, ValueError, TypeError) as error:
            raise NotSignedInError(N_("This took too long, or was begun in another browser. Try again")) from error
        question = Question(state=state, nonce=nonce, verifier=verifier, redirect=redirect)
        return question, Wish(following=following, invitation=invitation, user=user)

    def _require_provider(self) -> None:
        if not self.provider:
            raise NotFoundError(N_("This portal has no other system for signing in"))

    def _explain(self, reason: str) -> OpendataError:
        if reason == "access_denied":
            return NotSignedInError(N_("You cancelled at “%(provider)s”. Nothing was changed"), provider=self.provider)
        if reason in ("state", "used"):
            return NotSignedInError(N_("This answer was used before, or isn't for this browser. Try again"))
        text = N_(
            "The answer of “%(provider)s” isn't right (%(reason)s). Try again, or tell a maintainer of the portal"
        )
        return NotSignedInError(text, provider=self.provider, reason=reason)

    def _report_unreachable(self) -> BackendError:
        text = N_("“%(provider)s” can't be reached at the moment. Try again later, or sign in with your password")
        return BackendError(text, provider=self.provider)


def _choose_name(session: Session, wanted: str) -> str:
    """A name that nobody has, after what the other system calls a person."""
    base = suggest_identifier(wanted or "reader")
    taken = set(session.scalars(select(User.name).where(User.name.startswith(base, autoescape=True))))
    return suggest_identifier(wanted or "reader", taken={*taken, SYSTEM.name})
