"""A person's own data: all that the portal keeps about them as one document, and deleting their account."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Executable, Select, delete, func, select, update
from sqlalchemy.orm import Session

from opendata.db.models import (
    AddressChange,
    Appointment,
    Draft,
    DutyFeed,
    DutyReminder,
    Event,
    ExternalIdentity,
    Grant,
    HarvestSource,
    KnownPlace,
    OperationReport,
    Passkey,
    Recovery,
    RecoveryCode,
    RegistrationEvent,
    Request,
    SecondFactor,
    Source,
    Token,
    Upload,
    User,
    UserSession,
    Webhook,
    WebhookDelivery,
)
from opendata.domain.moments import format_time
from opendata.services.access.accounts import close_account, require_password
from opendata.services.access.passwords import hash_password
from opendata.services.access.people.vacancies import watch_vacancies
from opendata.services.access.posts import put_posts
from opendata.services.core.actors import Actor, require_signed_in
from opendata.services.core.context import Context

Document = Mapping[str, Any]

MOST_EVENTS = 10_000
"""Of the audit log, the newest that name somebody; `eventsLeftOut` counts the others."""


_ENDING = (
    *(RecoveryCode, SecondFactor, Passkey, ExternalIdentity),
    *(KnownPlace, UserSession, Recovery, AddressChange, DutyFeed, DutyReminder, Webhook),
)
"""What ends with an account."""

_IDENTITY = ("issuer", "subject", "name", "created", "used")
_STEP = ("registration_id", "step", "day", "note", "at")
_POST = ("role", "publisher_id", "created", "created_by")


class OwnData:
    """Shows people what is kept about them, and deletes accounts."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def export(self, actor: Actor | None) -> Document:
        """All that is kept about the actor, without secrets. Raises `NotSignedInError`."""
        found = require_signed_in(actor)
        with self._context.read() as session:
            row = session.get_one(User, found.id)
            own = {
                "name": row.name,
                "publisher": row.publisher_id,
                "mailAddress": row.mail_address,
                "mailLanguage": row.mail_language,
            }
            mine = (Event.actor == row.name, (Event.subject_kind == "user") & (Event.subject == row.name))
            about = mine[0] | mine[1]
            total = session.scalar(select(func.count()).select_from(Event).where(about)) or 0
            events = select(Event.at, Event.actor, Event.verb, Event.subject_kind, Event.subject, Event.address)
            named = Draft.author == row.name
            return {
                "account": own | {"created": format_time(row.created), "seen": _say(row.seen)},
                "roles": _list(session, _of(Appointment.user_id, found, *_POST)),
                "sessions": _list(session, _of(UserSession.user_id, found, "created", "seen", "address", "browser")),
                "tokens": _list(session, _of(Token.user_id, found, "name", "created", "expires", "used", "ended")),
                "secondFactor": _list(session, _of(SecondFactor.user_id, found, "created", "confirmed")),
                "passkeys": _list(session, _of(Passkey.user_id, found, "name", "created", "used")),
                "externalIdentities": _list(session, _of(ExternalIdentity.user_id, found, *_IDENTITY)),
                "knownPlaces": _list(session, _of(KnownPlace.user_id, found, "seen")),
                "pendingAddresses": _list(session, _of(AddressChange.user_id, found, "address", "expires")),
                "grants": _list(session, _of(Grant.user_id, found, "dataset_id", "holder", "purpose", "expires")),
                "webhooks": _list(session, _of(Webhook.user_id, found, "url", "note", "wanted", "created", "ended")),
                "uploads": _list(session, _of(Upload.user_id, found, "filename", "length", "created", "expires")),
                "sources": _list(session, _of(Source.author_id, found, "dataset_id", "resource", "contact")),
                "harvests": _list(session, _of(HarvestSource.author_id, found, "id", "title", "kind")),
                "requests": _list(session, _of(Request.user_id, found, "number", "kind", "state", "created")),
                "registrationSteps": _list(session, _of(RegistrationEvent.user_id, found, *_STEP)),
                "operationReports": _list(
                    session, _of(OperationReport.author_id, found, "publisher_id", "year", "modified")
                ),
                "dutyReminders": _list(session, _of(DutyReminder.user_id, found, "obligation_id", "stage", "day")),
                "drafts": _list(session, select(Draft.id, Draft.dataset_id, Draft.created).where(named)),
                "events": _list(session, events.where(about).order_by(Event.id.desc()).limit(MOST_EVENTS)),
                "eventsLeftOut": max(0, total - MOST_EVENTS),
            }

    def delete(self, actor: Actor | None, current: str, *, confirmed: bool = False) -> None:
        """Delete the actor's account: address, roles, sessions, tokens, factors and known places.

        Its name stays in the audit log, whose chain would break otherwise, and in drafts and versions that it had a
        part in. So nobody else gets the name. Raises `InvalidMetadataError` for a wrong password or a publisher that
        nobody would edit for, `StateError` for the last maintainer.
        """
        found = require_signed_in(actor)
        require_password(self._context, found, current, "delete-account-failed")
        unknown = hash_password(secrets.token_hex(32))
        with self._context.write() as session:
            row = session.get_one(User, found.id, with_for_update=True)
            with watch_vacancies(self._context, session, found, confirmed=confirmed) as left:
                put_posts(self._context, session, row, (), found.name)
                close_account(self._context, session, row, found, disabled=True)
            hooks = select(Webhook.id).where(Webhook.user_id == row.id)
            session.execute(delete(WebhookDelivery).where(WebhookDelivery.webhook_id.in_(hooks)))
            for model in _ENDING:
                session.execute(delete(model).where(model.user_id == row.id))
            session.execute(update(Request).where(Request.user_id == row.id).values(user_id=None))
            session.execute(update(RegistrationEvent).where(RegistrationEvent.user_id == row.id).values(user_id=None))
            session.execute(update(OperationReport).where(OperationReport.author_id == row.id).values(author_id=None))
            row.password, row.publisher_id, row.mail_language, row.seen = unknown, None, None, None
            self._context.log(session, found, "delete-account", "user", row.name, vacant=left)


def _of(column: Any, actor: Actor, *names: str) -> Select[Any]:
    model = column.class_
    return select(*(getattr(model, name) for name in names)).where(_is(column, actor))


def _is(column: Any, actor: Actor) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column == actor.id
    return found


def _list(session: Session, query: Executable) -> Sequence[Document]:
    return [{_name(key): _say(value) for key, value in row._mapping.items()} for row in session.execute(query)]


def _name(column: str) -> str:
    first, *others = column.removesuffix("_id").split("_")
    return first + "".join(part.capitalize() for part in others)


def _say(value: object) -> object:
    if isinstance(value, datetime):
        return format_time(value)
    return value.isoformat() if isinstance(value, date) else value
