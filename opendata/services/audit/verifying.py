"""Proves that the audit log is what was written, or names the first place where it isn't."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Event, EventChain
from opendata.errors import N_, IntegrityError, UnreadableFileError
from opendata.services.audit.checkpoints import Mark, find_cut, list_checkpoints
from opendata.services.core.actors import Actor, require_maintainer
from opendata.services.core.context import Context
from opendata.services.core.event_chain import describe_event, hash_event, write_moment
from opendata.services.core.records import read_keys

CHANGED, REMOVED, INSERTED = "changed", "removed", "inserted"

_SENTENCES = {
    CHANGED: N_("Event %(event)s was changed"),
    REMOVED: N_("Event %(event)s was removed"),
    INSERTED: N_("Event %(event)s was inserted"),
}


@dataclass(frozen=True, slots=True)
class Break:
    """Where the log isn't what was written: what was done, to which event or record, and the same in words."""

    kind: str
    event: str
    error: IntegrityError


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a check of the log has found.

    `first` and `last` are the numbers of the events that are there. `waiting` counts events of an earlier release that
    aren't chained yet.
    """

    events: int
    first: int
    last: int
    checkpoints: int
    waiting: int
    found: Break | None

    def describe(self) -> Mapping[str, Any]:
        """The result as JSON, words in English."""
        found = self.found
        broken = None if found is None else {"kind": found.kind, "event": found.event, "message": found.error.text}
        return {
            "verified": found is None,
            "events": self.events,
            "first": self.first,
            "last": self.last,
            "checkpoints": self.checkpoints,
            "waiting": self.waiting,
            "break": broken,
        }


class Verifying:
    """Checks the chain of the audit log."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def run(self, actor: Actor | None) -> Verified:
        """Check every event, the signed records and the end of the chain. Raises `NotPermittedError`."""
        require_maintainer(actor)
        try:
            keys = read_keys(self._context.public)
            cut = find_cut(self._context.private, keys)
            marks = list(list_checkpoints(self._context.private, keys))
        except IntegrityError as error:
            broken = Break(CHANGED, str(error.params.get("key", "")), error)
            return Verified(events=0, first=0, last=0, checkpoints=0, waiting=0, found=broken)
        with self._context.read() as session:
            if session.get_bind().dialect.name == "postgresql":
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            return _verify(session, cut, marks, write_moment(self._context.clock()))


def verify_export(path: Path) -> Verified:
    """Check an export in JSON Lines, from its first event to its last. Raises `UnreadableFileError`."""
    with path.open("rb") as lines:
        walk = _Walk(None, {})
        found = walk.follow(_parse(path, lines))
    return _conclude(walk, 0, found)


class _Walk:
    """Follows the chain from event to event; `last` and `digest` are the number and digest of where it has come to."""

    def __init__(self, cut: Mark | None, marks: Mapping[int, str], *, from_start: bool = False) -> None:
        self.count = 0
        self.first = 0
        self.seen = 0
        self._marks = marks
        self.last = cut.position if cut else 0
        self.digest = cut.digest if cut else None
        self._is_anchored = from_start

    def follow(self, documents: Iterable[Mapping[str, Any]]) -> Break | None:
        """The first break, None where every event follows the one before."""
        for document in documents:
            found = self._check(dict(document))
            if found is not None:
                return found
        return None

    def _check(self, document: dict[str, Any]) -> Break | None:
        number = document["number"]
        if not self._is_anchored:
            self._is_anchored, self.last, self.digest = True, number - 1, document["previous"]
        expected = self.last + 1
        digest = hash_event(document)
        if digest != document["digest"]:
            if hash_event({**document, "number": number - 1}) == document["digest"]:
                return _name(INSERTED, number - 1)
            if number == expected and hash_event({**document, "number": number + 1}) == document["digest"]:
                return _name(REMOVED, number)
            if number == expected:
                return _name(CHANGED, number)
        if number > expected:
            return _name(REMOVED, expected)
        if number < expected:
            return _name(INSERTED, number)
        if document["previous"] != self.digest:
            return _name(CHANGED, self.last) if self.count else _name(CHANGED, number)
        if self._marks.get(number, digest) != digest:
            return _name(CHANGED, number)
        self.seen += number in self._marks
        self.first = self.first or number
        self.last, self.digest = number, digest
        self.count += 1
        return None


def _verify(session: Session, cut: Mark | None, marks: list[Mark], now: str) -> Verified:
    kept = [mark for mark in marks if cut is None or mark.position > cut.position]
    walk = _Walk(cut, {mark.position: mark.digest for mark in kept}, from_start=True)
    query = select(Event).where(Event.position > (cut.position if cut else 0)).order_by(Event.position)
    with closing(session.scalars(query.execution_options(yield_per=1000))) as rows:
        found = walk.follow(describe_event(row) for row in rows)
    head = session.scalar(select(EventChain))
    end = max([head.position if head else 0, *(mark.position for mark in kept)])
    if found is None and walk.last < end:
        found = _name(REMOVED, walk.last + 1)
    if found is None and head is not None and walk.last > head.position:
        found = _name(INSERTED, head.position + 1)
    if found is None and head is not None and walk.count and walk.digest != head.digest:
        found = _name(CHANGED, walk.last)
    if found is None and head is None and walk.count:
        found = _break(REMOVED, N_("The end of the chain after event %(event)s was removed"), walk.last)
    loose = session.scalars(select(Event).where(Event.position.is_(None)).order_by(Event.id)).all()
    adopts = head is None or (head.adopts_until is not None and write_moment(head.adopts_until) > now)
    if found is None and loose and not adopts:
        found = _break(INSERTED, N_("An event was inserted outside the chain, in row %(event)s"), loose[0].id)
    return _conclude(walk, len(loose) if adopts else 0, found)


def _conclude(walk: _Walk, waiting: int, found: Break | None) -> Verified:
    return Verified(
        events=walk.count,
        first=walk.first,
        last=walk.last if walk.count else 0,
        checkpoints=walk.seen,
        waiting=waiting,
        found=found,
    )


def _name(kind: str, number: int) -> Break:
    return _break(kind, _SENTENCES[kind], number)


def _break(kind: str, message: str, event: int) -> Break:
    return Break(kind, str(event), IntegrityError(message, event=event))


def _parse(path: Path, lines: Iterable[bytes]) -> Iterator[Mapping[str, Any]]:
    for row, line in enumerate(lines, 1):
        try:
            document = json.loads(line)
            is_event = isinstance(document["number"], int) and {"previous", "digest"} <= document.keys()
        except (ValueError, KeyError, TypeError, AttributeError):
            is_event = False
        if not is_event:
            raise UnreadableFileError(
                N_("Line %(row)s of “%(path)s” isn't a chained event of an audit log"), row=row, path=path
            )
        yield document
