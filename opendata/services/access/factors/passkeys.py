"""Passkeys (W3C Web Authentication): registered, used to sign in without a password, removed."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from opendata.db.models import Challenge, Passkey, User
from opendata.domain.access.origin import Origin
from opendata.domain.mail.letters import LetterKind
from opendata.errors import N_, InputError, InvalidMetadataError, NotFoundError, NotSignedInError, StateError, fault
from opendata.services.access.accounts import begin_for, require_password
from opendata.services.access.limits import Limits
from opendata.services.access.notices import notify
from opendata.services.access.sessions import end_sessions
from opendata.services.core.actors import Actor, make_stranger, require_signed_in
from opendata.services.core.context import Context

MOST = 20
"""Passkeys of an account."""

MAX_CREDENTIAL = 20_000
"""Letters that a device answers with at most."""

_MINUTES = 5
_MAX_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Whose passkeys these are: the host of the portal, and its origin, such as `https://data.example.org`."""

    host: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyView:
    """A passkey as its person sees it."""

    id: int
    name: str
    created: datetime
    used: datetime | None


class Passkeys:
    """Registers passkeys and signs in with them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._limits = Limits(context)

    def list(self, actor: Actor | None) -> Sequence[PasskeyView]:
        """The passkeys of the actor's account. Raises `NotSignedInError`."""
        found = require_signed_in(actor)
        with self._context.read() as session:
            rows = session.scalars(select(Passkey).where(Passkey.user_id == found.id).order_by(Passkey.id))
            return [PasskeyView(id=row.id, name=row.name, created=row.created, used=row.used) for row in rows]

    def offer_registration(self, actor: Actor | None, site: Site) -> str:
        """What the browser asks a device for, as JSON. Raises `NotSignedInError`, `StateError`."""
        import webauthn
        from webauthn.helpers.structs import (
            AuthenticatorSelectionCriteria,
            PublicKeyCredentialDescriptor,
            ResidentKeyRequirement,
            UserVerificationRequirement,
        )

        found = require_signed_in(actor)
        with self._context.write() as session:
            known = session.scalars(select(Passkey.credential).where(Passkey.user_id == found.id)).all()
            if len(known) >= MOST:
                raise StateError(N_("An account has at most %(limit)s passkeys. Remove one first"), limit=MOST)
            options = webauthn.generate_registration_options(
                rp_id=site.host,
                rp_name=self._context.settings.title or site.host,
                user_name=found.name,
                user_id=_name_user(found.id),
                challenge=self._make_challenge(session, found.id),
                authenticator_selection=AuthenticatorSelectionCriteria(
                    resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
                ),
                exclude_credentials=[
                    PublicKeyCredentialDescriptor(id=webauthn.base64url_to_bytes(text)) for text in known
                ],
            )
        return webauthn.options_to_json(options)

    def register(self, actor: Actor | None, current: str, name: str, credential: str, site: Site) -> None:
        """Keep a new passkey, with the password; other sessions of the account end.

        Raises `InvalidMetadataError`, `InputError` for an answer that isn't right, `TooManyAttemptsError`.
        """
        import webauthn
        from webauthn.helpers import bytes_to_base64url

        found = require_signed_in(actor)
        title = name.strip()
        if not title or len(title) > _MAX_NAME:
            text = N_("Name the device, in at most %(limit)s letters")
            raise InvalidMetadataError(faults=[fault("/name", text, limit=_MAX_NAME)])
        require_password(self._context, found, current, "add-factor-failed")
        challenge = self._take_challenge(credential, found.id)
        try:
            verified = webauthn.verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=site.host,
                expected_origin=site.origin,
                require_user_verification=True,
            )
        except Exception as error:  # the library has many kinds for what isn't as it should be
            raise _refuse() from error
        with self._context.write() as session:
            key = bytes_to_base64url(verified.credential_id)
            if session.scalar(select(Passkey.id).where(Passkey.credential == key)) is not None:
                raise StateError(N_("This passkey is registered already"))
            session.add(
                Passkey(
                    user_id=found.id or 0,
                    name=title,
                    credential=key,
                    public_key=bytes_to_base64url(verified.credential_public_key),
                    sign_count=verified.sign_count,
                    created=self._context.clock(),
                )
            )
            end_sessions(session, found.id, besides=found.session)
            self._context.log(session, found, "add-passkey", "user", found.name)
            notify(self._context, session, session.get_one(User, found.id), LetterKind.FACTOR_ADDED)

    def remove(self, actor: Actor | None, current: str, number: int) -> None:
        """Remove a passkey, with the password. Raises `NotFoundError`, and as `register`."""
        found = require_signed_in(actor)
        require_password(self._context, found, current, "remove-factor-failed")
        with self._context.write() as session:
            row = session.get(Passkey, number)
            if row is None or row.user_id != found.id:
                raise NotFoundError(N_("There is no passkey %(id)s"), id=number)
            session.delete(row)
            self._context.log(session, found, "remove-passkey", "user", found.name)
            notify(self._context, session, session.get_one(User, found.id), LetterKind.FACTOR_REMOVED)

    def offer_sign_in(self, site: Site) -> str:
        """What the browser asks any device for, as JSON."""
        import webauthn
        from webauthn.helpers.structs import UserVerificationRequirement

        with self._context.write() as session:
            challenge = self._make_challenge(session, None)
        options = webauthn.generate_authentication_options(
            rp_id=site.host, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
        )
        return webauthn.options_to_json(options)

    def sign_in(self, credential: str, site: Site, origin: Origin) -> tuple[Actor, str]:
        """Begin a session for what a device has signed: the actor and the text for the cookie.

        Raises `NotSignedInError`, `TooManyAttemptsError`.
        """
        import webauthn
        from webauthn.helpers import parse_authentication_credential_json

        attempt = self._limits.count_passkey(origin.address)
        refused = NotSignedInError(N_("The passkey isn't known here, or didn't answer as it should. Try again"))
        try:
            challenge = self._take_challenge(credential, None)
            given = parse_authentication_credential_json(credential)
            with self._context.write() as session:
                row = session.scalar(select(Passkey).where(Passkey.credential == given.id).with_for_update())
                user = session.get(User, row.user_id) if row is not None else None
                if row is None or user is None or user.disabled:
                    raise refused
                verified = webauthn.verify_authentication_response(
                    credential=given,
                    expected_challenge=challenge,
                    expected_rp_id=site.host,
                    expected_origin=site.origin,
                    credential_public_key=webauthn.base64url_to_bytes(row.public_key),
                    credential_current_sign_count=row.sign_count,
                    require_user_verification=True,
                )
                row.sign_count, row.used = verified.new_sign_count, self._context.clock()
                begun = begin_for(self._context, session, user, origin)
        except NotSignedInError:
            raise
        except Exception as error:  # the library has many kinds for what isn't as it should be
            self._context.note(make_stranger(origin.address), "passkey-failed", "user", "")
            raise refused from error
        self._limits.take_back(attempt)
        return begun

    def tidy(self) -> None:
        """Forget challenges that nobody has answered."""
        with self._context.write() as session:
            session.execute(delete(Challenge).where(Challenge.expires < self._context.clock()))

    def _make_challenge(self, session: Session, user: int | None) -> bytes:
        made = secrets.token_bytes(32)
        expires = self._context.clock() + timedelta(minutes=_MINUTES)
        session.add(Challenge(digest=hashlib.sha256(made).hexdigest(), user_id=user, expires=expires))
        return made

    def _take_challenge(self, credential: str, user: int | None) -> bytes:
        """The challenge that an answer names, which counts once. Raises `InputError`."""
        import json

        from webauthn import base64url_to_bytes

        if len(credential) > MAX_CREDENTIAL:
            raise _refuse()
        try:
            client = json.loads(base64url_to_bytes(json.loads(credential)["response"]["clientDataJSON"]))
            made = base64url_to_bytes(client["challenge"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _refuse() from error
        where = [Challenge.digest == hashlib.sha256(made).hexdigest(), Challenge.expires > self._context.clock()]
        where.append(Challenge.user_id.is_(None) if user is None else Challenge.user_id == user)
        with self._context.write() as session:
            taken = session.scalars(delete(Challenge).where(*where).returning(Challenge.digest)).all()
        if not taken:
            raise _refuse()
        return made


def count_passkeys(session: Session, user: int) -> int:
    """How many passkeys an account has."""
    return session.scalar(select(func.count()).where(Passkey.user_id == user)) or 0


def _name_user(user: int | None) -> bytes:
    """What a device calls the account: no name."""
    return hashlib.sha256(f"opendata\n{user}".encode()).digest()


def _refuse() -> InputError:
    return InputError(N_("The answer of the passkey isn't right, or took too long. Try again"))
