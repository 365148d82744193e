"""Requests in the database: found, sealed, opened, and what each audience may see of them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session, selectinload

from opendata.db.models import Dataset, Request, RequestEvent
from opendata.domain.clocks.calendar import WorkingCalendar, load_calendar
from opendata.domain.requests.clock import Happening, RequestClock, find_clock
from opendata.domain.requests.kinds import PRIVATE, REPLY_DAYS, RequestKind
from opendata.domain.requests.steps import (
    ACCEPTED_STATES,
    OPEN_STATES,
    STEPS,
    Audience,
    RequestState,
    RequestStep,
    list_steps,
)
from opendata.errors import N_, NotFoundError, StateError
from opendata.services.access.limits import digest_name
from opendata.services.catalogue.entries import view_dataset
from opendata.services.catalogue.publishers import view_publisher
from opendata.services.core.access import is_listed
from opendata.services.core.actors import Actor, make_stranger
from opendata.services.core.context import Context
from opendata.services.governance.duties.calendars import read_calendar
from opendata.services.governance.requests.values import Asker, RequestLine, RequestView
from opendata.storage.secrets import decrypt_secret, encrypt_secret

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Of codes: nothing in it looks like something else."""

_CODE_LENGTH = 16
_GROUP = 4
_SHOWN: Mapping[Audience, frozenset[Audience]] = {
    Audience.PUBLIC: frozenset([Audience.PUBLIC]),
    Audience.SIDES: frozenset([Audience.PUBLIC, Audience.SIDES]),
    Audience.STAFF: frozenset(Audience),
}
_TYPED = "row"
"""The part of a place that an asker writes freely, so that nobody else is shown it."""

_SHOWN_TEXTS = frozenset([RequestStep.EXTEND, RequestStep.MEND])
"""Steps whose texts are shown in public."""


def find_calendar(session: Session) -> WorkingCalendar:
    """The working days that clocks count, read once in a unit of work."""
    if "calendar" not in session.info:
        session.info["calendar"] = read_calendar(session)
    found: WorkingCalendar = session.info["calendar"]
    return found


def find_day(context: Context, moment: datetime) -> date:
    """The day of a moment in the portal's time zone."""
    return moment.astimezone(ZoneInfo(context.settings.timezone)).date()


def count_reply_days(context: Context, kind: RequestKind) -> int:
    """Working days within which a kind is replied to."""
    settings = context.settings
    changed = {RequestKind.ACCESS: settings.access_days, RequestKind.OBJECTION: settings.objection_days}
    return changed.get(kind, REPLY_DAYS[kind])


def find_request(session: Session, number: str, *, lock: bool = False) -> Request:
    """The row of a request, locked against other writers if wanted. Raises `NotFoundError`."""
    query = select(Request).where(Request.number == number[:20])
    if lock:
        query = query.with_for_update(of=Request).execution_options(populate_existing=True)
    row = session.scalar(query)
    if row is None:
        raise NotFoundError(N_("There is no request “%(number)s”"), number=number[:20])
    return row


def load_steps() -> Any:
    """The option of a query of many requests that reads their histories at once."""
    return selectinload(Request.steps)


def make_code() -> str:
    """A new code, in groups of four letters and digits."""
    text = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH))
    return "-".join(text[place : place + _GROUP] for place in range(0, _CODE_LENGTH, _GROUP))


def digest_code(context: Context, code: str) -> str:
    """The keyed digest of a code, however it is written."""
    plain = "".join(letter for letter in code.upper() if letter.isalnum())[:100]
    return digest_name(context.settings, f"request-code\n{plain}")


def seal(context: Context, found: Mapping[str, str]) -> str:
    """Texts as the database keeps them: encrypted."""
    return encrypt_secret(context.settings.key_folder, json.dumps(dict(found), ensure_ascii=False))


def unseal(context: Context, sealed: str | None) -> Mapping[str, str]:
    """The texts; none where they were erased, or the key was lost."""
    if sealed is None:
        return {}
    try:
        found: Mapping[str, str] = json.loads(decrypt_secret(context.settings.key_folder, sealed))
    except StateError:
        return {}
    return found


def read_asker(context: Context, row: Request) -> Asker:
    """Who asked, and what they wrote."""
    return Asker.from_json(unseal(context, row.sealed))


def clock_of(context: Context, row: Request, today: date | None = None) -> RequestClock:
    """The clock of a request."""
    happened = [Happening(item.step, find_day(context, item.at)) for item in row.steps]
    day = today or find_day(context, context.clock())
    session = object_session(row)
    calendar = find_calendar(session) if session else load_calendar()
    return find_clock(count_reply_days(context, row.kind), happened, calendar, day)


def add_line(
    context: Context,
    session: Session,
    row: Request,
    step: RequestStep,
    actor: Actor | None,
    *,
    text: str = "",
    sealed: Mapping[str, str] | None = None,
    audience: Audience | None = None,
    details: Mapping[str, str] | None = None,
) -> None:
    """Note a step in the history and in the audit log, and set the clock. Nobody learns there who the asker is."""
    now = context.now()
    line = RequestEvent(
        at=now,
        step=step,
        state=row.state,
        audience=audience or (STEPS[step].audience if step in STEPS else Audience.PUBLIC),
        actor=actor.name if actor else "",
        text=text,
        details=dict(details or {}),
        sealed=seal(context, sealed) if sealed else None,
    )
    row.steps.append(line)
    row.changed = now
    row.due = clock_of(context, row).due if row.state in OPEN_STATES else None
    who = actor or make_stranger("")
    context.log(session, who, f"request-{step}", "request", row.number, about=str(row.kind), state=str(row.state))


def is_on_board(row: Request) -> bool:
    """Whether everybody is shown a request: the asker agreed, and the publisher registered it with a summary."""
    is_accepted = any(item.state in ACCEPTED_STATES for item in row.steps)
    hidden = row.state in (RequestState.SPAM, RequestState.RECEIVED) or row.kind in PRIVATE
    return row.is_public and bool(row.summary) and is_accepted and not hidden


def view_request(context: Context, session: Session, row: Request, audience: Audience) -> RequestView:
    """A request as an audience may see it."""
    today = find_day(context, context.clock())
    clock = clock_of(context, row, find_day(context, row.ended) if row.ended else today)
    is_waiting = row.state in OPEN_STATES
    dataset = find_dataset_of(session, row)
    is_inside = audience is not Audience.PUBLIC
    is_staff = audience is Audience.STAFF
    received = find_day(context, row.created)
    return RequestView(
        number=row.number,
        kind=row.kind,
        state=row.state,
        publisher=view_publisher(row.publisher),
        dataset=view_dataset(dataset) if dataset is not None and (is_staff or is_listed(dataset)) else None,
        place={name: text for name, text in (row.place or {}).items() if is_inside or name != _TYPED},
        applicant=row.applicant,
        subject=row.subject if is_inside else "",
        summary=row.summary,
        is_public=row.is_public,
        created=row.created,
        changed=row.changed,
        ended=row.ended,
        erased=row.erased,
        clock=clock,
        is_overdue=is_waiting and clock.is_overdue(today),
        is_near=is_waiting and clock.is_near(today),
        is_on_time=row.is_on_time,
        days=(find_day(context, row.ended) - received).days if row.ended else None,
        outcome=row.outcome,
        reply=row.reply,
        basis=row.basis,
        mended=row.mended,
        history=list_history(context, row, audience),
        asker=read_asker(context, row) if is_inside and row.sealed is not None else None,
        is_mail_confirmed=row.is_mail_confirmed,
        person=row.person if is_staff else None,
        steps=list_steps(row.kind, row.state, [item.step for item in row.steps]) if is_inside else (),
    )


def list_history(context: Context, row: Request, audience: Audience) -> Sequence[RequestLine]:
    """The lines of a request's history that an audience may see, with their texts where it may see those too."""
    is_inside, is_staff = audience is not Audience.PUBLIC, audience is Audience.STAFF
    lines = []
    for item in row.steps:
        if item.audience not in _SHOWN[audience]:
            continue
        sealed = unseal(context, item.sealed) if is_inside else {}
        lines.append(
            RequestLine(
                at=item.at,
                step=item.step,
                state=item.state,
                actor=item.actor if is_staff else "",
                text=sealed.get("text") or (item.text if is_inside or item.step in _SHOWN_TEXTS else ""),
                link=sealed.get("link", ""),
                details=item.details if is_inside else {},
            )
        )
    return lines


def find_dataset_of(session: Session, row: Request) -> Dataset | None:
    """The dataset that a request is about, if it is about one that is still there."""
    if row.dataset_uuid is None:
        return None
    return session.scalar(select(Dataset).where(Dataset.uuid == row.dataset_uuid))
