"""Addresses of accounts: an address counts once its owner has opened the link that was mailed to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from opendata.db.models import AddressChange, OutboxMail, User
from opendata.domain.access.origin import Origin
from opendata.domain.mail.addresses import parse_mail_address
from opendata.domain.mail.letters import LetterKind
from opendata.errors import N_, Fault, InvalidMetadataError, NotFoundError, StateError, TooManyAttemptsError, fault
from opendata.services.access.accounts import require_password
from opendata.services.access.limits import Limits
from opendata.services.access.notices import make_letter, notify
from opendata.services.access.sessions import digest_text
from opendata.services.core.actors import Actor, make_stranger, require_signed_in
from opendata.services.core.context import Context
from opendata.services.mail.outbox import post

_HOURS = 24
_HOUR_SECONDS = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class MailAddressView:
    """The confirmed address of an account, the language of mail to it, and an address that waits to be confirmed."""

    address: str | None
    language: str
    pending: str | None


class MailAddresses:
    """Asks for addresses, confirms and removes them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._limits = Limits(context)

    def get(self, actor: Actor | None) -> MailAddressView:
        """What is known of the actor's account. Raises `NotSignedInError`."""
        found = require_signed_in(actor)
        where = (AddressChange.user_id == found.id, AddressChange.expires > self._context.clock())
        with self._context.read() as session:
            row = session.get_one(User, found.id)
            pending = session.scalar(select(AddressChange.address).where(*where))
        language = row.mail_language or self._context.settings.languages[0]
        return MailAddressView(address=row.mail_address, language=language, pending=pending)

    def change(self, actor: Actor | None, current: str, address: str, language: str) -> bool:
        """Ask the owner of an address to confirm it for the actor's account; False if it is that already.

        The language changes at once. Raises `InvalidMetadataError`, `TooManyAttemptsError`, `OverloadedError`, and
        `StateError` where the portal sends no mail.
        """
        found = require_signed_in(actor)
        settings = self._context.settings
        if not settings.sends_mail:
            raise StateError(N_("This portal sends no mail, so an account needs no address"))
        parsed = parse_mail_address(address)
        faults: list[Fault] = []
        if parsed is None:
            faults.append(fault("/address", N_("This isn't an e-mail address. Write it as name@example.org")))
        if language not in settings.languages:
            choices = ", ".join(settings.languages)
            faults.append(
                fault("/language", N_("“%(value)s” isn't one of %(choices)s"), value=language, choices=choices)
            )
        if parsed is None or faults:
            raise InvalidMetadataError(faults=faults)
        require_password(self._context, found, current, "change-address-failed")
        self._limits.count_address(found)
        with self._context.write() as session:
            row = session.get_one(User, found.id, with_for_update=True)
            row.mail_language = language
            session.execute(delete(AddressChange).where(AddressChange.user_id == row.id))
            if parsed == row.mail_address:
                return False
            session.add(
                AddressChange(user_id=row.id, address=parsed, expires=self._context.clock() + timedelta(hours=_HOURS))
            )
            session.flush()
            if not post(self._context, session, make_letter(self._context, row, LetterKind.CONFIRM_ADDRESS, parsed)):
                text = N_("This address got too many mails, or too many are waiting. Try again in an hour")
                raise TooManyAttemptsError(text, seconds=_HOUR_SECONDS)
            self._context.log(session, found, "ask-address", "user", row.name)
        return True

    def remove(self, actor: Actor | None, current: str) -> None:
        """Remove the address of the actor's account; it gets a last notice. Raises as `change`."""
        found = require_signed_in(actor)
        require_password(self._context, found, current, "change-address-failed")
        with self._context.write() as session:
            row = session.get_one(User, found.id, with_for_update=True)
            self._set(session, row, None)
            self._context.log(session, found, "change-address", "user", row.name)

    def find_change(self, text: str) -> tuple[str, str]:
        """The account and the address that a link confirms. Raises `NotFoundError` if it was used or has expired."""
        with self._context.read() as session:
            row, change = self._find(session, text)
            return row.name, change.address

    def confirm(self, text: str, origin: Origin) -> str:
        """Give the link's account its new address; the address before it gets a notice. Returns the account's name.

        Raises `NotFoundError`.
        """
        with self._context.write() as session:
            row, change = self._find(session, text)
            self._set(session, row, change.address)
            self._context.log(session, make_stranger(origin.address), "change-address", "user", row.name)
            return row.name

    def open_link(self, session: Session, row: OutboxMail, text: str) -> bool:
        """Make the link of a mail valid that is about to be sent; False if another address is wanted by now."""
        where = (AddressChange.user_id == row.user_id, AddressChange.address == row.recipient)
        change = session.scalar(select(AddressChange).where(*where, AddressChange.expires > self._context.clock()))
        if change is None:
            return False
        change.digest = digest_text(text)
        change.expires = self._context.clock() + timedelta(hours=_HOURS)
        return True

    def tidy(self) -> None:
        """Forget addresses that nobody confirmed."""
        with self._context.write() as session:
            session.execute(delete(AddressChange).where(AddressChange.expires <= self._context.clock()))

    def _set(self, session: Session, row: User, address: str | None) -> None:
        if address != row.mail_address:
            notify(self._context, session, row, LetterKind.ADDRESS_CHANGED)
        row.mail_address = address
        session.execute(delete(AddressChange).where(AddressChange.user_id == row.id))

    def _find(self, session: Session, text: str) -> tuple[User, AddressChange]:
        query = select(User, AddressChange).join(AddressChange, AddressChange.user_id == User.id)
        query = query.where(AddressChange.digest == digest_text(text), AddressChange.expires > self._context.clock())
        found = session.execute(query.where(User.disabled.is_(False)).with_for_update(of=User)).first()
        if found is None:
            raise NotFoundError(N_("This link was used or has expired. Enter the address again on your account's page"))
        return found[0], found[1]
