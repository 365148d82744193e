"""Codes from an app (TOTP, RFC 6238): set up, checked, removed; each is accepted once, and attempts are bounded."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from opendata.db.models import Passkey, RecoveryCode, SecondFactor, User
from opendata.domain.access.origin import Origin
from opendata.domain.mail.letters import LetterKind
from opendata.errors import N_, InvalidMetadataError, NotFoundError, NotSignedInError, StateError, fault
from opendata.services.access.accounts import begin_for, find_user, require_password
from opendata.services.access.limits import Limits
from opendata.services.access.notices import notify
from opendata.services.access.pending import find_pending, has_factor
from opendata.services.access.sessions import digest_text, end_sessions
from opendata.services.core.actors import Actor, make_stranger, require_maintainer, require_signed_in
from opendata.services.core.context import Context
from opendata.storage.secrets import decrypt_secret, encrypt_secret

STEP_SECONDS = 30
_BESIDE = (0, -1, 1)
"""Half minutes whose codes are accepted: clocks differ a little."""

RECOVERY_CODES = 10
_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorView:
    """What an account has: since when, and how many recovery codes are left. `is_required`: it must have one."""

    since: datetime | None
    codes: int
    is_required: bool


class SecondFactors:
    """Sets up second factors, checks codes, resets."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._limits = Limits(context)

    def get(self, actor: Actor | None) -> FactorView:
        """What the actor's account has. Raises `NotSignedInError`."""
        found = require_signed_in(actor)
        with self._context.read() as session:
            row = session.get(SecondFactor, found.id)
            count = session.scalar(select(func.count()).where(RecoveryCode.user_id == found.id)) or 0
        is_required = self._context.settings.second_factor == "required" and found.works
        return FactorView(since=row.confirmed if row else None, codes=count, is_required=is_required)

    def begin(self, actor: Actor | None) -> tuple[str, str]:
        """The secret for the app, and the address that its QR code has; the same until it is confirmed.

        Raises `NotSignedInError`, and `StateError` where the account has a second factor.
        """
        found = require_signed_in(actor)
        with self._context.write() as session:
            row = self._find(session, found, is_new=True)
            if row is None:
                import pyotp

                secret = pyotp.random_base32()
                kept = encrypt_secret(self._context.settings.key_folder, secret)
                session.add(
                    SecondFactor(user_id=found.id or 0, secret=kept, created=self._context.clock(), last_step=0)
                )
            else:
                secret = self._read(row)
        return secret, self._address(found, secret)

    def confirm(self, actor: Actor | None, current: str, code: str) -> Sequence[str]:
        """Switch the second factor on with the first code; the recovery codes, shown this once.

        The other sessions of the account end. Raises `InvalidMetadataError`, `StateError`, `TooManyAttemptsError`.
        """
        found = require_signed_in(actor)
        require_password(self._context, found, current, "add-factor-failed")
        attempt = self._limits.count_factor(found.name, found.address)
        with self._context.write() as session:
            row = self._find(session, found, is_new=True)
            step = self._find_step(row, code) if row is not None else None
            if row is None or step is None:
                raise _refuse_code()
            row.confirmed, row.last_step = self._context.clock(), step
            codes = self._renew_codes(session, row.user_id)
            end_sessions(session, row.user_id, besides=found.session)
            self._tell(session, found, found.id or 0, "add-factor", LetterKind.FACTOR_ADDED)
        self._limits.take_back(attempt)
        return codes

    def renew(self, actor: Actor | None, code: str) -> Sequence[str]:
        """New recovery codes; those before end. Raises as `confirm`."""
        found = require_signed_in(actor)
        attempt = self._limits.count_factor(found.name, found.address)
        with self._context.write() as session:
            if not self._accept(session, found.id or 0, code):
                raise _refuse_code()
            codes = self._renew_codes(session, found.id or 0)
            self._context.log(session, found, "renew-codes", "user", found.name)
        self._limits.take_back(attempt)
        return codes

    def remove(self, actor: Actor | None, current: str, code: str) -> None:
        """Switch it off, with the password and a code. Raises as `confirm`, and `StateError` where it is required."""
        found = require_signed_in(actor)
        if self.get(found).is_required:
            raise StateError(N_("This portal requires a second factor. You can't switch it off"))
        require_password(self._context, found, current, "remove-factor-failed")
        attempt = self._limits.count_factor(found.name, found.address)
        with self._context.write() as session:
            if not self._accept(session, found.id or 0, code):
                raise _refuse_code()
            _forget(session, found.id or 0)
            self._tell(session, found, found.id or 0, "remove-factor", LetterKind.FACTOR_REMOVED)
        self._limits.take_back(attempt)

    def reset(self, actor: Actor | None, name: str) -> None:
        """Take the second factor of somebody who lost it off their account; its sessions end. For maintainers.

        Raises `NotFoundError`, `NotPermittedError`.
        """
        found = require_maintainer(actor)
        with self._context.write() as session:
            row = find_user(session, name)
            if not has_factor(session, row.id):
                raise NotFoundError(N_("“%(name)s” has no second factor"), name=name)
            _forget(session, row.id)
            _forget_passkeys(session, row.id)
            end_sessions(session, row.id)
            self._context.log(session, found, "reset-factor", "user", row.name)
            notify(self._context, session, row, LetterKind.FACTOR_REMOVED)

    def sign_in(self, pending: str, code: str, origin: Origin) -> tuple[Actor, str]:
        """Complete a sign-in whose password was right: the actor and the text for the cookie.

        Raises `NotSignedInError`, and `TooManyAttemptsError` where the code was wrong too often.
        """
        with self._context.read() as session:
            name = find_pending(self._context, session, pending).name
        attempt = self._limits.count_factor(name, origin.address)
        with self._context.write() as session:
            row = find_pending(self._context, session, pending)
            begun = begin_for(self._context, session, row, origin) if self._accept(session, row.id, code) else None
        if begun is None:
            self._context.note(make_stranger(origin.address), "code-failed", "user", name)
            raise NotSignedInError(N_("The code isn't right, or was used before. Wait for the next one"))
        self._limits.take_back(attempt)
        return begun

    def draw(self, actor: Actor | None) -> str:
        """The QR code of the secret that waits to be confirmed, as SVG. Raises as `begin`."""
        import io

        import segno

        _, address = self.begin(actor)
        drawn = io.BytesIO()
        segno.make(address, error="m").save(drawn, kind="svg", scale=5, border=4, light="#ffffff", xmldecl=False)
        return drawn.getvalue().decode()

    def _find(self, session: Session, actor: Actor, *, is_new: bool) -> SecondFactor | None:
        row = session.get(SecondFactor, actor.id, with_for_update=True)
        if is_new and row is not None and row.confirmed is not None:
            raise StateError(N_("Your account has a second factor already"))
        return row

    def _accept(self, session: Session, user: int, code: str) -> bool:
        """Whether a code is right, from the app or for recovery; it isn't right a second time."""
        row = session.get(SecondFactor, user, with_for_update=True)
        if row is None or row.confirmed is None:
            return False
        step = self._find_step(row, code)
        if step is not None:
            row.last_step = step
            return True
        wanted = digest_text(_plain(code).upper())
        where = (RecoveryCode.user_id == user, RecoveryCode.digest == wanted)
        return bool(session.scalars(delete(RecoveryCode).where(*where).returning(RecoveryCode.id)).all())

    def _find_step(self, row: SecondFactor, code: str) -> int | None:
        """The half minute whose code this is, after the last one that was accepted."""
        import pyotp

        given = _plain(code)
        if len(given) != _DIGITS or not (given.isascii() and given.isdigit()):
            return None
        totp, now = pyotp.TOTP(self._read(row)), int(self._context.clock().timestamp()) // STEP_SECONDS
        found = [
            now + beside for beside in _BESIDE if hmac.compare_digest(totp.at((now + beside) * STEP_SECONDS), given)
        ]
        return next((step for step in found if step > row.last_step), None)

    def _read(self, row: SecondFactor) -> str:
        try:
            return decrypt_secret(self._context.settings.key_folder, row.secret)
        except StateError:
            text = N_("The second factor can't be read, since the portal's key was lost. A maintainer can reset it")
            raise StateError(text) from None

    def _address(self, actor: Actor, secret: str) -> str:
        import pyotp

        portal = self._context.settings.title or "opendata"
        return pyotp.TOTP(secret).provisioning_uri(name=actor.name, issuer_name=portal)

    def _renew_codes(self, session: Session, user: int) -> Sequence[str]:
        session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user))
        texts = [secrets.token_hex(6).upper() for _ in range(RECOVERY_CODES)]
        session.add_all(RecoveryCode(user_id=user, digest=digest_text(text)) for text in texts)
        return [f"{text[:4]}-{text[4:8]}-{text[8:]}" for text in texts]

    def _tell(self, session: Session, actor: Actor, user: int, verb: str, kind: LetterKind) -> None:
        self._context.log(session, actor, verb, "user", actor.name)
        notify(self._context, session, session.get_one(User, user), kind)


def list_with_factor(session: Session, users: Sequence[int]) -> frozenset[int]:
    """Which of these accounts have a second factor."""
    apps = select(SecondFactor.user_id).where(SecondFactor.user_id.in_(users), SecondFactor.confirmed.is_not(None))
    passkeys = select(Passkey.user_id).where(Passkey.user_id.in_(users))
    return frozenset(user for query in (apps, passkeys) for user in session.scalars(query))


def _forget(session: Session, user: int) -> None:
    for model in (RecoveryCode, SecondFactor):
        session.execute(delete(model).where(model.user_id == user))


def _forget_passkeys(session: Session, user: int) -> None:
    session.execute(delete(Passkey).where(Passkey.user_id == user))


def _plain(code: str) -> str:
    return "".join(code.split()).replace("-", "")


def _refuse_code() -> InvalidMetadataError:
    text = N_("The code isn't right, or was used before. Wait for the next one")
    return InvalidMetadataError(faults=[fault("/code", text)])
