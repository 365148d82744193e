"""Re-uses of the data: sent by anybody, decided by a maintainer, shown while their links work.

What somebody sends to be reached is private, and erased with the decision or after `CONTACT_DAYS`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, and_, bindparam, func, select, tuple_, update
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Reuse, ReuseDataset
from opendata.domain.moments import format_time, read_moment
from opendata.domain.site.calls import CallState
from opendata.domain.site.kinds import PageKind
from opendata.domain.site.links import LinkState
from opendata.domain.site.reuses import ReuseState
from opendata.errors import N_, Fault, InvalidMetadataError, NotFoundError, StateError, fault
from opendata.metadata.text import find_value_faults, is_web_address
from opendata.services.access.limits import Limits
from opendata.services.core.access import where_listed
from opendata.services.core.actors import Actor, make_stranger, require_maintainer
from opendata.services.core.context import Context
from opendata.services.core.paging import read_cursor, refuse_cursor, write_cursor
from opendata.services.core.reasons import read_reason
from opendata.services.core.values import Page
from opendata.services.governance.site.pages import Pages
from opendata.services.governance.site.values import ReuseView

CONTACT_DAYS = 90
MOST_DATASETS = 50
MOST_WAITING = 500
"""So many may wait for a decision: further ones are refused rather than lost in a heap."""

_USES, _DATASETS = ReuseDataset.__table__, Dataset.__table__
_NAMED = (
    select(_USES.c.reuse_id)
    .select_from(_USES.join(_DATASETS, _DATASETS.c.uuid == _USES.c.dataset_uuid))
    .where(_DATASETS.c.id == bindparam("dataset"))
    .limit(1)
)
"""Most datasets have none, which is told at less cost than which."""

_LIMITS: Mapping[str, int] = {
    "title": 200,
    "description": 4000,
    "url": 1000,
    "author": 200,
    "contact": 200,
    "call": 100,
}
_NEEDED: Mapping[str, str] = {
    "title": N_("Give it a title"),
    "description": N_("Say what it does with the data"),
    "url": N_("Give the web address at which it can be seen"),
    "author": N_("Say by whom it is, as it shall be shown"),
}


class Reuses:
    """The gallery."""

    def __init__(self, context: Context, limits: Limits, pages: Pages) -> None:
        self._context = context
        self._limits = limits
        self._pages = pages

    def submit(self, address: str, said: Mapping[str, Any]) -> ReuseView:
        """Take what somebody without an account sends; it waits for a maintainer.

        `said` has `title`, `description`, `url`, `author`, and if wanted `contact`, `datasets` (ids) and `call`. Raises
        `InvalidMetadataError`, `TooManyAttemptsError` for too many from one address, `StateError` where too many wait.
        """
        kept = self._check(said)
        self._limits.count_submission(address)
        return self._add(make_stranger(address), kept, ReuseState.WAITING)

    def add(self, actor: Actor | None, said: Mapping[str, Any]) -> ReuseView:
        """Show a re-use at once, without a contact. Raises `InvalidMetadataError`, `NotPermittedError`."""
        found = require_maintainer(actor)
        return self._add(found, {**self._check(said), "contact": ""}, ReuseState.APPROVED)

    def decide(self, actor: Actor | None, reuse: str, *, approve: bool, reason: str = "") -> ReuseView:
        """Show a re-use or refuse it, and erase the contact. Also takes one off the list again, which needs a reason.

        Raises `InvalidMetadataError`, `NotFoundError`, `NotPermittedError`, `StateError` where that is so already.
        """
        found = require_maintainer(actor)
        text = read_reason("/reason", reason, missing=N_("Say why it isn't shown"), needed=not approve)
        with self._context.write() as session:
            row = _find(session, reuse, lock=True)
            state = ReuseState.APPROVED if approve else ReuseState.REFUSED
            if row.state == state:
                raise StateError(N_("That was decided already"))
            now = self._context.now()
            row.state, row.reason, row.decided, row.modified, row.contact = state, text, now, now, ""
            row.link, row.failures, row.failing_since = LinkState.UNCHECKED, 0, None
            row.due = now if approve else None
            self._context.log(session, found, "approve" if approve else "refuse", "reuse", reuse)
            return self._view(session, row, found)

    def list(
        self,
        actor: Actor | None = None,
        *,
        state: ReuseState | None = None,
        dataset: str | None = None,
        call: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[ReuseView]:
        """Re-uses, the newest first: those of the gallery, or with a `state` those in it, for maintainers.

        Raises `InputError` for a cursor that isn't ours, `NotPermittedError`.
        """
        if state is not None:
            require_maintainer(actor)
        if (state, call, cursor) == (None, None, None) and dataset is not None:
            with self._context.read() as session:
                if session.execute(_NAMED, {"dataset": dataset}).first() is None:
                    return Page([])
        query = select(Reuse).where(_where_listed() if state is None else Reuse.state == state)
        if dataset is not None:
            named = select(ReuseDataset.reuse_id).join(Dataset, Dataset.uuid == ReuseDataset.dataset_uuid)
            query = query.where(Reuse.id.in_(named.where(Dataset.id == dataset)))
        if call is not None:
            query = query.where(Reuse.call == call)
        key = read_cursor(cursor)
        if key is not None:
            at, _, last = key.partition(" ")
            moment = read_moment(at, UTC)
            if moment is None or not last:
                raise refuse_cursor()
            query = query.where(tuple_(Reuse.created, Reuse.id) < tuple_(moment, last))
        query = query.order_by(Reuse.created.desc(), Reuse.id.desc()).limit(limit + 1)
        with self._context.read() as session:
            rows = list(session.scalars(query))
            items = self._view_all(session, rows[:limit], actor)
        following = write_cursor(f"{format_time(items[-1].created)} {items[-1].id}") if len(rows) > limit else None
        return Page(items, following)

    def get(self, actor: Actor | None, reuse: str) -> ReuseView:
        """A re-use that is or was shown. Raises `NotFoundError` for one that only maintainers and auditors may see."""
        with self._context.read() as session:
            row = _find(session, reuse)
            if row.state != ReuseState.APPROVED and not (actor is not None and actor.may_oversee):
                raise NotFoundError(N_("There is no such re-use"))
            return self._view(session, row, actor)

    def count_waiting(self) -> int:
        """How many wait for a decision."""
        with self._context.read() as session:
            return session.scalar(select(func.count()).where(Reuse.state == ReuseState.WAITING)) or 0

    def tidy(self) -> None:
        """Erase contacts of those that nobody has decided about for long."""
        before = self._context.now() - timedelta(days=CONTACT_DAYS)
        with self._context.write() as session:
            session.execute(update(Reuse).where(Reuse.contact != "", Reuse.created < before).values(contact=""))

    def _add(self, actor: Actor, kept: Mapping[str, Any], state: ReuseState) -> ReuseView:
        now = self._context.now()
        with self._context.write() as session:
            waiting = session.scalar(select(func.count()).where(Reuse.state == ReuseState.WAITING)) or 0
            if state == ReuseState.WAITING and waiting >= MOST_WAITING:
                raise StateError(N_("Too many proposals are waiting for a decision. Try again in some days"))
            uuids = self._find_datasets(session, kept["datasets"])
            texts = {name: kept[name] for name in _LIMITS}
            row = Reuse(id=secrets.token_hex(8), **texts, state=state, created=now, modified=now)
            if state == ReuseState.APPROVED:
                row.decided = row.due = now
            session.add(row)
            session.flush()
            session.add_all([ReuseDataset(reuse_id=row.id, dataset_uuid=uuid) for uuid in uuids])
            self._context.log(session, actor, "create", "reuse", row.id, state=state.value)
            session.flush()
            return self._view(session, row, actor)

    def _check(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """What is kept. Raises `InvalidMetadataError`."""
        faults: list[Fault] = list(find_value_faults(dict(said)))
        if faults:
            raise InvalidMetadataError(faults=faults)
        kept: dict[str, Any] = {}
        for name, limit in _LIMITS.items():
            value = said.get(name) or ""
            text = value.strip() if isinstance(value, str) else ""
            if not text and name in _NEEDED:
                faults.append(fault(f"/{name}", _NEEDED[name]))
            elif len(text) > limit:
                faults.append(fault(f"/{name}", N_("At most %(limit)s characters are allowed"), limit=limit))
            kept[name] = text if name == "description" else " ".join(text.split())
        if kept["url"] and not _is_public_address(kept["url"]):
            text = N_("This must be a web address that begins with https:// or http://")
            faults.append(fault("/url", text))
        names = said.get("datasets") or []
        if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
            faults.append(fault("/datasets", N_("This must be a list")))
        elif len(names) > MOST_DATASETS:
            faults.append(fault("/datasets", N_("This list has more than %(limit)s items"), limit=MOST_DATASETS))
        if kept["call"]:
            page = self._pages.find(PageKind.CALL, kept["call"])
            if page is None or page.state != CallState.OPEN:
                faults.append(fault("/call", N_("This call isn't open")))
        if faults:
            raise InvalidMetadataError(faults=faults)
        return {**kept, "datasets": list(dict.fromkeys(name.strip() for name in names if name.strip()))}

    def _find_datasets(self, session: Session, names: Sequence[str]) -> Sequence[str]:
        rows = session.execute(select(Dataset.id, Dataset.uuid).where(Dataset.id.in_(names), where_listed()))
        known = {row.id: row.uuid for row in rows}
        text = N_("There is no public dataset “%(id)s”")
        faults = [fault("/datasets", text, id=name[:100]) for name in names if name not in known]
        if faults:
            raise InvalidMetadataError(faults=faults)
        return list(known.values())

    def _view(self, session: Session, row: Reuse, actor: Actor | None) -> ReuseView:
        return self._view_all(session, [row], actor)[0]

    def _view_all(self, session: Session, rows: Sequence[Reuse], actor: Actor | None) -> Sequence[ReuseView]:
        query = (
            select(ReuseDataset.reuse_id, Dataset.id, Dataset.meta)
            .join(Dataset, Dataset.uuid == ReuseDataset.dataset_uuid)
            .where(ReuseDataset.reuse_id.in_([row.id for row in rows]), where_listed())
            .order_by(Dataset.id)
        )
        named: dict[str, list[Mapping[str, Any]]] = {}
        for reuse, dataset, meta in session.execute(query) if rows else ():
            texts = {"id": dataset, "title": meta.get("title", ""), "i18n": meta.get("i18n") or {}}
            named.setdefault(reuse, []).append(texts)
        sees_all = actor is not None and actor.may_oversee
        return [_view(row, named.get(row.id, ()), sees_all=sees_all) for row in rows]


def _where_listed() -> ColumnElement[bool]:
    return and_(Reuse.state == ReuseState.APPROVED, Reuse.link != LinkState.DEAD)


def _find(session: Session, reuse: str, *, lock: bool = False) -> Reuse:
    query = select(Reuse).where(Reuse.id == reuse)
    row = session.scalar(query.with_for_update() if lock else query) if reuse.isalnum() else None
    if row is None:
        raise NotFoundError(N_("There is no such re-use"))
    return row


def _is_public_address(url: str) -> bool:
    """Whether an address is one of the web, without a name or password in it."""
    return is_web_address(url) and url.isprintable() and " " not in url and "@" not in urlsplit(url).netloc


def _view(row: Reuse, datasets: Sequence[Mapping[str, Any]], *, sees_all: bool) -> ReuseView:
    return ReuseView(
        id=row.id,
        title=row.title,
        description=row.description,
        url=row.url,
        author=row.author,
        contact=row.contact if sees_all else "",
        call=row.call,
        state=row.state,
        reason=row.reason if sees_all else "",
        created=row.created,
        decided=row.decided,
        modified=row.modified,
        link=row.link,
        failing_since=row.failing_since,
        checked=row.checked,
        datasets=datasets,
    )
