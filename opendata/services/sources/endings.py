"""How a run ends: what is kept of it, when the source is fetched next, and who gets a mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Draft, DraftResource, Source, SourceRun, User
from opendata.domain.mail.letters import LetterKind
from opendata.domain.sources.timetable import Outcome
from opendata.errors import KeptMessage
from opendata.services.catalogue.entries import find_dataset
from opendata.services.core.actors import SYSTEM
from opendata.services.core.context import Context
from opendata.services.core.leases import find_pause, give_back
from opendata.services.mail.outbox import Letter, post
from opendata.services.sources.values import read_timetable
from opendata.settings import SOURCE_LANGUAGE
from opendata.wording.voice import voice_of

FAILURES = 3
"""After so many failures in a row the contact gets a mail."""

_FIRST_PAUSE = timedelta(minutes=5)
_LONGEST_PAUSE = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What became of a run. `digest`, `etag` and `modified` are those of the file."""

    outcome: Outcome
    reason: KeptMessage | None = None
    bytes: int | None = None
    digest: str = ""
    etag: str = ""
    modified: str = ""
    draft: str | None = None
    offered_key: str | None = None


def finish(context: Context, session: Session, row: Source, run: SourceRun, ending: Ending) -> None:
    """Note the end of a run within a unit of work, and let the source go."""
    now = context.clock()
    run.ended, run.outcome, run.bytes, run.draft_id = now, ending.outcome, ending.bytes, ending.draft
    run.reason = {**ending.reason} if ending.reason else None
    give_back(row)
    row.asked = False
    row.offered_key = ending.offered_key
    row.due = find_due(context, session, row)
    if ending.outcome == Outcome.FAILED:
        row.tries += 1
        pause = now + find_pause(row.tries, _FIRST_PAUSE, _LONGEST_PAUSE)
        row.due = min(pause, row.due) if row.due is not None else pause
        if row.tries == FAILURES:
            tell_contact(context, session, row, LetterKind.SOURCE_FAILED, ending.reason)
    else:
        row.tries = 0
    if ending.outcome == Outcome.STOPPED:
        row.due = None
        if ending.offered_key is None:
            tell_contact(context, session, row, LetterKind.SOURCE_STOPPED, ending.reason)
    if ending.digest:
        row.digest, row.etag, row.modified = ending.digest, ending.etag, ending.modified
    if ending.draft is not None:
        row.draft_id, row.is_awaited = ending.draft, True
    if ending.outcome in (Outcome.FAILED, Outcome.STOPPED) and ending.reason is not None:
        reason = voice_of(SOURCE_LANGUAGE).fill(ending.reason["message"], ending.reason["params"])
        context.log(session, SYSTEM, f"fetch-{ending.outcome}", "dataset", row.dataset_id, reason=reason[:500])


def find_due(context: Context, session: Session, row: Source) -> datetime | None:
    """When a source is fetched next by its timetable; None where the dataset isn't updated on a cycle."""
    zone = ZoneInfo(context.settings.timezone)
    cycle = find_dataset(session, row.dataset_id).meta.get("updateCycle", "")
    return read_timetable(row).find_next(context.clock(), zone, cycle)


def _call_table(session: Session, row: Source) -> str:
    """What people call the table of a source, by the newest file that came of it."""
    query = select(DraftResource).join(Draft).where(Draft.dataset_id == row.dataset_id)
    found = session.scalars(query.where(DraftResource.name == row.resource).order_by(DraftResource.id.desc()).limit(1))
    return next((item.called for item in found), row.resource)


def tell_contact(
    context: Context, session: Session, row: Source, kind: LetterKind, reason: KeptMessage | None, **more: str
) -> None:
    """Write a mail about a source to its contact, else to the account that saved it, within a unit of work."""
    author = session.get(User, row.author_id) if row.author_id is not None else None
    recipient = row.contact or (author.mail_address if author else "") or ""
    if not recipient:
        return
    language = (author.mail_language if author and not row.contact else "") or context.settings.languages[0]
    voice = voice_of(language)
    params = {
        "dataset": find_dataset(session, row.dataset_id).meta["title"],
        "table": _call_table(session, row),
        "reason": voice.fill(reason["message"], reason["params"]) if reason else "",
        "path": f"/workspace/datasets/{row.dataset_id}/source",
        **more,
    }
    plain = {name: " ".join(value.split()) for name, value in params.items()}
    post(context, session, Letter(kind=kind, recipient=recipient, language=language, params=plain))
