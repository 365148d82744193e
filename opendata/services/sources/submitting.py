"""Once a fetched draft is checked, it is submitted if its source says so, or else somebody gets a mail."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from opendata.db.models import Draft, Source, SourceRun, User
from opendata.domain.drafts import DraftState
from opendata.domain.mail.letters import LetterKind
from opendata.errors import N_, InputError, KeptMessage, OpendataError
from opendata.services.access.posts import view_actor
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.context import Context
from opendata.services.drafts.drafts import Drafts
from opendata.services.sources.endings import tell_contact

_WAITS = (DraftState.RECEIVED, DraftState.VALIDATING, DraftState.FAILED)
"""States in which it isn't known yet what becomes of a draft."""

_VALID = N_("It is correct. Look at it and submit it")
_INVALID = N_("It has errors. The draft lists them")
_CLOSED = N_("It is correct. It wasn't submitted, since the account “%(name)s” is closed")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """A checked draft of a source, and as whom it is submitted; None: it isn't."""

    source: int
    draft: str
    state: DraftState
    actor: Actor | None
    closed: str


class Submitting:
    """Acts on the drafts of sources when their check is done."""

    def __init__(self, context: Context, drafts: Drafts) -> None:
        self._context = context
        self._drafts = drafts

    def run(self) -> int:
        """Act on all drafts whose check is done; how many. Of two workers, one does it."""
        found = self._list_ready()
        count = 0
        for ready in found:
            if self._claim(ready):
                self._act(ready)
                count += 1
        return count

    def _list_ready(self) -> list[_Ready]:
        with self._context.read() as session:
            rows = session.scalars(select(Source).where(Source.is_awaited)).all()
            found = [(row, session.get(Draft, row.draft_id or ""), _find_author(session, row)) for row in rows]
            return [
                self._describe(session, row, draft, author)
                for row, draft, author in found
                if draft is None or draft.status not in _WAITS
            ]

    def _describe(self, session: Session, source: Source, draft: Draft | None, author: User | None) -> _Ready:
        actor = view_actor(session, author) if author else SYSTEM
        return _Ready(
            source=source.id,
            draft=source.draft_id or "",
            state=draft.status if draft is not None else DraftState.DISCARDED,
            actor=actor if source.submits else None,
            closed=author.name if author is not None and author.disabled else "",
        )

    def _claim(self, ready: _Ready) -> bool:
        """Make this draft ours to act on; False if another worker was first, or another file has come."""
        mine = (Source.id == ready.source, Source.draft_id == ready.draft, Source.is_awaited)
        with self._context.write() as session:
            result = session.execute(update(Source).where(*mine).values(is_awaited=False))
            return bool(result.rowcount == 1)  # type: ignore[attr-defined]

    def _act(self, ready: _Ready) -> None:
        if ready.state == DraftState.INVALID:
            self._tell(ready, {"message": _INVALID, "params": {}})
        elif ready.state == DraftState.VALID and ready.actor is None:
            self._tell(ready, {"message": _VALID, "params": {}})
        elif ready.state == DraftState.VALID:
            self._submit(ready)

    def _submit(self, ready: _Ready) -> None:
        try:
            if ready.closed:
                raise InputError(_CLOSED, name=ready.closed)
            self._drafts.submit(ready.actor, ready.draft)
        except OpendataError as error:
            first = InputError.from_fault(error.faults[0]) if error.faults else error
            self._tell(ready, first.describe(), is_noted=True)

    def _tell(self, ready: _Ready, reason: KeptMessage, *, is_noted: bool = False) -> None:
        """Write to the contact; why a draft wasn't submitted is noted with the run as well."""
        with self._context.write() as session:
            row = session.get(Source, ready.source)
            run = _find_run(session, ready)
            if run is not None and is_noted:
                run.reason = {**reason}
            if row is not None:
                path = f"/workspace/drafts/{ready.draft}"
                tell_contact(self._context, session, row, LetterKind.SOURCE_WAITS, reason, path=path)


def _find_author(session: Session, row: Source) -> User | None:
    return session.get(User, row.author_id) if row.author_id is not None else None


def _find_run(session: Session, ready: _Ready) -> SourceRun | None:
    query = select(SourceRun).where(SourceRun.source_id == ready.source, SourceRun.draft_id == ready.draft)
    return session.scalar(query.order_by(SourceRun.id.desc()))
