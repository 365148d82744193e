"""Invitations to a role: mailed to an address, or shown once where the portal sends no mail. Each is good once.

One ends when who sent it can't invite to that role any more.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from opendata.db.models import Invitation, OutboxMail, Publisher, User
from opendata.domain.access.origin import Origin
from opendata.domain.access.posts import Post
from opendata.domain.mail.addresses import parse_mail_address
from opendata.domain.mail.letters import LetterKind
from opendata.domain.roles import INSTANCE_ROLES, PUBLISHER_ROLES, Role
from opendata.errors import (
    N_,
    Fault,
    InvalidMetadataError,
    Listed,
    NotFoundError,
    NotPermittedError,
    TooManyAttemptsError,
    fault,
)
from opendata.services.access.accounts import add_account, check_account
from opendata.services.access.leaving.work import may_invite
from opendata.services.access.limits import Limits
from opendata.services.access.posts import list_clashes, list_posts, put_posts, view_actor
from opendata.services.access.sessions import digest_text
from opendata.services.catalogue.publishers import find_living
from opendata.services.core.actors import (
    SYSTEM,
    Actor,
    make_stranger,
    require_lead,
    require_maintainer,
    require_signed_in,
)
from opendata.services.core.context import Context
from opendata.services.mail.outbox import Letter, post

SHOWN_PREFIX = "odk_"
"""What a link begins with that was shown to the inviter: it proves nothing about the address."""

DAYS = 7
_HOUR_SECONDS = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationView:
    """An invitation: whom it is for, and to what.

    `has_ended`: it waited for too long, or who sent it can't invite to that role any more. It can be repeated.
    """

    id: int
    address: str
    role: Role
    publisher: str | None
    publisher_title: str
    created: datetime
    created_by: str
    expires: datetime
    has_ended: bool


class Invitations:
    """Invites, repeats, takes back, and accepts."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._limits = Limits(context)

    def list(self, actor: Actor | None, *, publisher: str | None = None) -> Sequence[InvitationView]:
        """The invitations that nobody has accepted, of the publishers that the actor leads or of all, newest first."""
        found = require_signed_in(actor)
        query = select(Invitation).order_by(Invitation.id.desc())
        if publisher:
            query = query.where(Invitation.publisher_id == publisher)
        if not found.may_oversee:
            if not found.posts.led or (found.scope is not None and found.scope.is_limited):
                raise NotPermittedError(N_("Only leads, maintainers and auditors see who works here"))
            query = query.where(Invitation.publisher_id.in_(sorted(found.posts.led)))
        with self._context.read() as session:
            return [self._view(session, row) for row in session.scalars(query)]

    def invite(
        self, actor: Actor | None, address: str, role: str, publisher: str | None = None, language: str = ""
    ) -> tuple[InvitationView, str | None]:
        """Invite an address to a role; the text of the link, shown this once, where the portal sends no mail.

        An earlier invitation of it to the same ends. Raises `InvalidMetadataError`, `NotFoundError`,
        `NotPermittedError`, `TooManyAttemptsError`.
        """
        settings = self._context.settings
        parsed, faults = parse_mail_address(address), list(_check_role(role, publisher))
        if parsed is None:
            faults.append(fault("/address", N_("This isn't an e-mail address. Write it as name@example.org")))
        if parsed is None or faults:
            raise InvalidMetadataError(faults=faults)
        place = publisher if role in PUBLISHER_ROLES else None
        self._count(actor)
        with self._context.write() as session:
            if place is not None:
                find_living(session, place)
            found = require_lead(actor, place) if place is not None else require_maintainer(actor)
            same = (Invitation.address == parsed, Invitation.role == role, Invitation.publisher_id == place)
            session.execute(delete(Invitation).where(*same))
            row = Invitation(
                address=parsed,
                role=Role(role),
                publisher_id=place,
                language=language if language in settings.languages else settings.languages[0],
                created=self._context.clock(),
                created_by=found.name,
                expires=self._context.clock() + timedelta(days=DAYS),
            )
            session.add(row)
            session.flush()
            text = self._send(session, row)
            self._log(session, found, "invite", row)
            return self._view(session, row), text

    def repeat(self, actor: Actor | None, number: int) -> tuple[InvitationView, str | None]:
        """Send an invitation again, for another week; the link before it ends. Raises as `invite`."""
        self._count(actor)
        with self._context.write() as session:
            row, found = self._find_own(session, actor, number)
            row.digest, row.created_by = None, found.name
            row.expires = self._context.clock() + timedelta(days=DAYS)
            text = self._send(session, row)
            self._log(session, found, "invite", row)
            return self._view(session, row), text

    def take_back(self, actor: Actor | None, number: int) -> None:
        """End an invitation. Raises `NotFoundError`, `NotPermittedError`."""
        with self._context.write() as session:
            row, found = self._find_own(session, actor, number)
            session.delete(row)
            self._log(session, found, "end-invitation", row)

    def open_link(self, session: Session, row: OutboxMail, text: str) -> bool:
        """Make the link of a mail valid that is about to be sent; False if it was taken back or repeated."""
        params = row.params or {}
        invitation = session.get(Invitation, int(params.get("number", 0)))
        is_same = invitation is not None and params.get("made") == str(invitation.expires.timestamp())
        if invitation is None or not is_same or self._has_ended(session, invitation):
            return False
        invitation.digest = digest_text(text)
        return True

    def find(self, text: str) -> InvitationView:
        """What an invitation is for. Raises `NotFoundError` where it isn't valid any more."""
        with self._context.read() as session:
            return self._view(session, self._find(session, text))

    def accept(self, text: str, name: str, password: str, origin: Origin) -> Actor:
        """Accept an invitation with a new account; whose it is.

        Its address is confirmed if the link was mailed to it. Raises `NotFoundError`, `InvalidMetadataError`,
        `OverloadedError`, and `StateError` if the name is in use.
        """
        attempt = self._limits.count_invitation(origin.address)
        place = self.find(text).publisher
        kept = check_account(self._context, name, password, place)
        with self._context.write() as session:
            user = self.accept_new(session, text, name, kept, origin)
            actor = Actor(user.name, user.role, user.id, address=origin.address)
        self._limits.take_back(attempt)
        return actor

    def accept_new(self, session: Session, text: str, name: str, kept: str, origin: Origin) -> User:
        """Accept an invitation within a unit of work with a new account; `kept` is the hash of its password.

        Raises `NotFoundError`, and `StateError` if the name is in use.
        """
        row = self._find(session, text)
        by, place = make_stranger(origin.address), row.publisher_id
        user = add_account(self._context, session, name, kept, [Post(role=row.role, publisher=place)], place, by)
        if not text.startswith(SHOWN_PREFIX):
            user.mail_address, user.mail_language = row.address, row.language
        session.delete(row)
        self._log(session, Actor(user.name, user.role, user.id, address=origin.address), "accept-invitation", row)
        return user

    def accept_as(self, actor: Actor | None, text: str) -> None:
        """Accept an invitation with the account one is signed in to, which keeps its other roles.

        Raises `NotSignedInError`, `NotFoundError`, `InvalidMetadataError` where the roles can't be held together.
        """
        found = require_signed_in(actor)
        with self._context.write() as session:
            row = self._find(session, text)
            user = session.get_one(User, found.id)
            posts = [*list_posts(session, user), Post(role=row.role, publisher=row.publisher_id)]
            posts = list(dict.fromkeys(posts))
            faults = list_clashes(posts)
            if faults:
                raise InvalidMetadataError(faults=faults)
            put_posts(self._context, session, user, posts, row.created_by)
            session.delete(row)
            self._log(session, found, "accept-invitation", row)

    def tidy(self) -> None:
        """Forget invitations that ended a month ago, and end those that nobody stands for any more."""
        now = self._context.clock()
        with self._context.write() as session:
            session.execute(delete(Invitation).where(Invitation.expires < now - timedelta(days=30)))
            for row in session.scalars(select(Invitation).where(Invitation.expires > now)):
                if self._has_ended(session, row):
                    row.expires, row.digest = now, None

    def _count(self, actor: Actor | None) -> None:
        """Let nobody flood strangers with mail; the owner of the instance may invite everybody at once."""
        found = require_signed_in(actor)
        if found.role != Role.SYSTEM:
            self._limits.count_invite(found)

    def _send(self, session: Session, row: Invitation) -> str | None:
        """Mail the link, or give its text where the portal sends no mail. Raises `TooManyAttemptsError`."""
        if not self._context.settings.sends_mail:
            text = SHOWN_PREFIX + secrets.token_urlsafe(32)
            row.digest = digest_text(text)
            return text
        publisher = session.get(Publisher, row.publisher_id) if row.publisher_id else None
        letter = Letter(
            kind=LetterKind.INVITATION,
            recipient=row.address,
            language=row.language,
            params={
                "number": str(row.id),
                "made": str(row.expires.timestamp()),
                "inviter": row.created_by,
                "role": row.role.value,
                "publisher": publisher.title if publisher else "",
                "days": str(DAYS),
            },
        )
        if not post(self._context, session, letter):
            text = N_("This address got too many mails, or too many are waiting. Try again in an hour")
            raise TooManyAttemptsError(text, seconds=_HOUR_SECONDS)
        return None

    def _find_own(self, session: Session, actor: Actor | None, number: int) -> tuple[Invitation, Actor]:
        row = session.get(Invitation, number, with_for_update=True)
        if row is None:
            raise NotFoundError(N_("There is no invitation %(id)s"), id=number)
        return row, require_lead(actor, row.publisher_id) if row.publisher_id else require_maintainer(actor)

    def _find(self, session: Session, text: str) -> Invitation:
        query = select(Invitation).where(Invitation.digest == digest_text(text))
        row = session.scalar(query.with_for_update())
        if row is None or self._has_ended(session, row):
            raise NotFoundError(
                N_("This invitation was used, taken back or has expired. Ask the person who sent it for a new one")
            )
        return row

    def _log(self, session: Session, actor: Actor, verb: str, row: Invitation) -> None:
        """Without the address: events are kept for good."""
        place = {"publisher": row.publisher_id} if row.publisher_id else {}
        self._context.log(session, actor, verb, "invitation", str(row.id), role=row.role.value, **place)

    def _view(self, session: Session, row: Invitation) -> InvitationView:
        publisher = session.get(Publisher, row.publisher_id) if row.publisher_id else None
        return InvitationView(
            id=row.id,
            address=row.address,
            role=row.role,
            publisher=row.publisher_id,
            publisher_title=publisher.title if publisher else "",
            created=row.created,
            created_by=row.created_by,
            expires=row.expires,
            has_ended=self._has_ended(session, row),
        )

    def _has_ended(self, session: Session, row: Invitation) -> bool:
        """Whether it waited for too long, or who sent it can't invite to that role any more."""
        if row.expires <= self._context.clock():
            return True
        by = session.scalar(select(User).where(User.name == row.created_by))
        if by is None:
            return row.created_by != SYSTEM.name
        return by.disabled or not may_invite(view_actor(session, by), row.publisher_id)


def _check_role(role: str, publisher: str | None) -> Sequence[Fault]:
    choices = (*PUBLISHER_ROLES, *INSTANCE_ROLES)
    if role not in choices:
        text = N_("“%(value)s” isn't one of %(choices)s")
        return [fault("/role", text, value=role[:100], choices=Listed(choices))]
    if role in PUBLISHER_ROLES and not publisher:
        return [fault("/publisher", N_("Editors, reviewers and leads belong to a publisher. Name the publisher"))]
    return []
