"""Notices by mail to the owner of an account: that something happened to it which somebody else may have done."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from opendata.db.models import User
from opendata.domain.mail.letters import LetterKind
from opendata.services.core.context import Context
from opendata.services.mail.outbox import Letter, post


def notify(context: Context, session: Session, user: User, kind: LetterKind, **params: str) -> None:
    """Write a notice within a unit of work, if the account has a confirmed address."""
    if user.mail_address:
        post(context, session, make_letter(context, user, kind, user.mail_address, **params))


def make_letter(context: Context, user: User, kind: LetterKind, recipient: str, **params: str) -> Letter:
    """A mail about an account, in its language."""
    zone = context.settings.timezone
    moment = context.clock().astimezone(ZoneInfo(zone))
    return Letter(
        kind=kind,
        recipient=recipient,
        language=user.mail_language or context.settings.languages[0],
        user=user.id,
        params={"account": user.name, "time": f"{moment:%Y-%m-%d %H:%M} ({zone})", **params},
    )
