"""Mail about requests: to the asker where they gave an address, and to those who work for the publisher."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import OutboxMail, Request, User
from opendata.domain.mail.letters import LetterKind
from opendata.services.access.people.members import list_members
from opendata.services.access.sessions import digest_text
from opendata.services.core.context import Context
from opendata.services.governance.requests.rows import read_asker
from opendata.services.mail.outbox import Letter, post

_INBOX = "/workspace/requests/"


def list_staff(session: Session, publisher: str) -> Sequence[User]:
    """The accounts that work for a publisher and get its mail."""
    return [user for user in list_members(session, publisher) if user.mail_address is not None]


def write_staff(context: Context, session: Session, row: Request, kind: LetterKind, **params: str) -> None:
    """Write to those who work for the publisher of a request. Nothing in it says who asks."""
    for user in list_staff(session, row.publisher_id):
        post(
            context,
            session,
            Letter(
                kind=kind,
                recipient=user.mail_address or "",
                language=user.mail_language or context.settings.languages[0],
                user=user.id,
                params={"number": row.number, "path": f"{_INBOX}{row.number}", **params},
            ),
        )


def write_receipt(context: Context, session: Session, row: Request, address: str) -> bool:
    """Write to the address that an asker gave, with a link that confirms it; whether a mail will be sent."""
    letter = Letter(
        kind=LetterKind.REQUEST_RECEIVED, recipient=address, language=row.language, params={"number": row.number}
    )
    return post(context, session, letter)


def write_news(context: Context, session: Session, row: Request) -> None:
    """Tell the asker that something happened to their request, if they confirmed an address."""
    address = read_asker(context, row).mail if row.is_mail_confirmed else ""
    if address:
        params = {"number": row.number, "path": "/requests/follow"}
        post(
            context,
            session,
            Letter(kind=LetterKind.REQUEST_NEWS, recipient=address, language=row.language, params=params),
        )


def open_link(session: Session, mail: OutboxMail, text: str) -> bool:
    """Make the link of a receipt valid that is about to be sent; False if the request is gone or confirmed."""
    number = (mail.params or {}).get("number", "")
    row = session.scalar(select(Request).where(Request.number == number))
    if row is None or row.sealed is None or row.is_mail_confirmed:
        return False
    row.confirm = digest_text(text)
    return True
