"""Publishers: the departments accountable for datasets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from opendata.db.counts import read_counts
from opendata.db.models import Dataset, Draft, Publisher
from opendata.db.plain import PlainRows
from opendata.domain.drafts import ENDED
from opendata.domain.moments import format_time
from opendata.domain.offices.records import Change, HistoryEntry
from opendata.domain.offices.tree import MAX_DEPTH, Parents, TreeFault, find_tree_fault
from opendata.errors import (
    N_,
    Fault,
    InvalidMetadataError,
    NotFoundError,
    NotPermittedError,
    PreconditionError,
    StateError,
    fault,
)
from opendata.metadata.identifiers import find_identifier_fault, suggest_identifier
from opendata.metadata.properties.patches import merge_patch
from opendata.metadata.properties.publishers import OWN, read_publisher
from opendata.services.catalogue.publisher_records import (
    describe_properties,
    describe_publisher,
    finish_publishers,
    keep_properties,
    show_official,
)
from opendata.services.core.actors import Actor, require_lead, require_maintainer
from opendata.services.core.context import Context
from opendata.services.core.once import Once, create_once
from opendata.services.core.paging import DEFAULT_LIMIT, read_cursor, write_cursor
from opendata.services.core.values import Page, PublisherView
from opendata.services.signing.endings import end_reviews

_TREE = {
    TreeFault.CIRCLE: N_("“%(id)s” is this publisher or below it, so it can't be above it"),
    TreeFault.TOO_DEEP: N_("There would be more than %(depth)s levels of publishers, one above the other"),
}
_RENAMED = N_(
    "%(name)s changed the name or the code of the publisher after the draft was submitted. Everything signed before is"
    " void. Check the draft and submit it again"
)


PUBLISHER_ROWS = PlainRows(
    Publisher,
    (
        *("id", "title", "description", "i18n", "created", "modified", "details", "kind", "code", "parent_id"),
        *("supervisor_id", "history", "ended", "revision"),
    ),
)
"""What `view_publisher` reads."""

_ALL = PUBLISHER_ROWS.select().order_by(Publisher.__table__.c.id)
_SOME = _ALL.where(Publisher.__table__.c.id > bindparam("after")).limit(bindparam("most"))


class Publishers:
    """Creating, changing and reading publishers."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(
        self,
        *,
        kind: str | None = None,
        parent: str | None = None,
        q: str | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[PublisherView]:
        """Publishers by id: those of a kind, directly below a parent, or with a text in a name that they have or had.

        Those that were merged, split or closed are among them.
        """
        after, counts = read_cursor(cursor), dict[str, int]()
        if not (kind or parent or q):
            with self._context.read() as session:
                plain = session.execute(_SOME, {"after": after or "", "most": limit + 1}).all()
                counts = count_datasets(session)
            items = [_view_plain(tuple(row), counts.get(row[0], 0)) for row in plain[:limit]]
            return Page(items, write_cursor(items[-1].id) if len(plain) > limit else None)
        query = select(Publisher).order_by(Publisher.id)
        if after:
            query = query.where(Publisher.id > after)
        if kind:
            query = query.where(Publisher.kind == kind)
        if parent:
            query = query.where(Publisher.parent_id == parent)
        with self._context.read() as session:
            if q and q.strip():
                # A portal has some hundred publishers, and JSON has no text that both databases search alike.
                rows = [row for row in session.scalars(query) if _is_called(row, q)][: limit + 1]
            else:
                rows = list(session.scalars(query.limit(limit + 1)))
            counts = count_datasets(session)
        items = [view_publisher(row, counts.get(row.id, 0)) for row in rows[:limit]]
        return Page(items, write_cursor(items[-1].id) if len(rows) > limit else None)

    def list_all(self) -> Sequence[PublisherView]:
        """All publishers by id, for a tree of them."""
        with self._context.read() as session:
            counts = count_datasets(session)
            return [_view_plain(tuple(row), counts.get(row[0], 0)) for row in session.execute(_ALL)]

    def list_led(self, actor: Actor | None) -> Sequence[PublisherView]:
        """Those that somebody may change: all for a maintainer, those that they lead for others. An auditor reads all.

        Raises `NotSignedInError`, `NotPermittedError`.
        """
        reads_all = actor is not None and actor.is_reading and actor.may_oversee
        found = [item for item in self.list_all() if reads_all or (actor is not None and actor.may_lead(item.id))]
        if not found:
            require_maintainer(actor)
        return found

    def get(self, publisher: str, actor: Actor | None = None) -> PublisherView:
        """One publisher, with what isn't public for those who may change it. Raises `NotFoundError`."""
        with self._context.read() as session:
            row = find_publisher(session, publisher)
            return view_publisher(row, count_datasets(session).get(publisher, 0), actor)

    def list_near(self, publisher: str) -> tuple[Sequence[PublisherView], Sequence[PublisherView]]:
        """What is above a publisher, the highest first, and what is directly below it."""
        with self._context.read() as session:
            row: Publisher | None = find_publisher(session, publisher)
            above: list[PublisherView] = []
            while row is not None and row.parent_id is not None and len(above) < MAX_DEPTH:
                row = session.get(Publisher, row.parent_id)
                if row is not None:
                    above.insert(0, view_publisher(row))
            query = select(Publisher).where(Publisher.parent_id == publisher, Publisher.ended.is_(None))
            counts = count_datasets(session)
            below = session.scalars(query.order_by(Publisher.id))
            return above, [view_publisher(item, counts.get(item.id, 0)) for item in below]

    def create(
        self, actor: Actor | None, found: Mapping[str, Any], *, once: Once | None = None
    ) -> tuple[PublisherView, bool]:
        """Create a publisher from its properties and, if wanted, `id`; return it and whether it is new.

        Raises `NotPermittedError`, `InvalidMetadataError`, and `StateError` if the id is in use.
        """
        found_actor = require_maintainer(actor)
        values = read_publisher(found)
        identifier = found.get("id") or suggest_identifier(values["title"])
        wrong = find_identifier_fault("/id", identifier)
        if wrong:
            raise InvalidMetadataError(faults=[wrong])

        def create(session: Session) -> str:
            add_publisher(self._context, session, found_actor, identifier, values)
            return identifier

        created_id, created = create_once(self._context, found_actor, once, create)
        finish_publishers(self._context)
        return self.get(created_id, found_actor), created

    def ensure(self, actor: Actor, found: Mapping[str, Any]) -> PublisherView:
        """The publisher of this id, created if it doesn't exist."""
        try:
            return self.get(str(found["id"]))
        except NotFoundError:
            return self.create(actor, found)[0]

    def update(
        self,
        actor: Actor | None,
        publisher: str,
        changes: Mapping[str, Any],
        *,
        revision: int | None = None,
        is_correction: bool = False,
        reason: str = "",
    ) -> PublisherView:
        """Change the properties named in `changes` (JSON Merge Patch, RFC 7396).

        The name before stays in its history, unless the change `is_correction` of a mistake. Those who lead a publisher
        may change its contact and persons, maintainers everything. Raises `InvalidMetadataError`, `NotPermittedError`,
        and `PreconditionError` if `revision` isn't the current one.
        """
        with self._context.write() as session:
            if "parent" in changes:
                lock_publishers(session)  # two that place each other at once would make a circle
            row = find_publisher(session, publisher, lock=True)
            found_actor = require_lead(actor, row.id)
            require_own(found_actor, changes)
            if revision is not None and revision != row.revision:
                text = N_("The publisher has changed since you read it. Read it again, then make your change")
                raise PreconditionError(text)
            values = read_publisher(merge_patch(describe_properties(row), changes))
            change_publisher(
                self._context, session, found_actor, row, values, is_correction=is_correction, reason=reason.strip()
            )
        finish_publishers(self._context)
        return self.get(publisher, found_actor)


def add_publisher(
    context: Context, session: Session, actor: Actor, identifier: str, values: Mapping[str, Any]
) -> Publisher:
    """The row of a new publisher whose properties were checked. Raises `StateError`, `InvalidMetadataError`."""
    if session.get(Publisher, identifier):
        raise StateError(N_("The publisher “%(id)s” already exists"), id=identifier)
    _require_place(session, identifier, values, read_parents(session))
    now = context.now()
    row = Publisher(id=identifier, created=now, modified=now, unfinished=True)
    keep_properties(row, values)
    session.add(row)
    context.log(session, actor, "create", "publisher", identifier)
    session.flush()
    return row


def change_publisher(
    context: Context,
    session: Session,
    actor: Actor,
    row: Publisher,
    values: Mapping[str, Any],
    *,
    is_correction: bool = False,
    reason: str = "",
) -> bool:
    """Give a publisher properties that were checked; False where they are as before. Raises `InvalidMetadataError`."""
    before, named = describe_properties(row), describe_publisher(row)
    changed = sorted(name for name in {*before, *values} if before.get(name) != values.get(name))
    if not changed:
        return False
    _require_place(session, row.id, values, read_parents(session), before)
    keep_properties(row, values)
    now = context.now()
    if _list_names(before) != _list_names(values) and not is_correction:
        entry = HistoryEntry(kind=Change.RENAMED, at=format_time(now), reason=reason)
        entry |= {"title": before["title"], "i18n": before.get("i18n", {})}
        row.history = [*(row.history or ()), entry]
    row.modified, row.unfinished = now, True
    row.revision += 1
    if describe_publisher(row) != named:
        _end_reviews(context, session, row, actor)
    context.log(session, actor, "update", "publisher", row.id, properties=changed)
    return True


def require_own(actor: Actor, names: Iterable[str]) -> None:
    """Raises `NotPermittedError` for a property that only maintainers change."""
    further = sorted(set(names) - OWN)
    if further and not actor.is_maintainer:
        raise NotPermittedError(
            N_("You can change the contact and the persons of your publisher. “%(name)s” is for maintainers"),
            name=further[0],
        )


def view_publisher(row: Publisher, datasets: int = 0, actor: Actor | None = None) -> PublisherView:
    """The value of a row, with what isn't public where `actor` may change it or reads everything."""
    details = row.details or {}
    sees_all = actor is not None and (actor.may_lead(row.id) or actor.may_oversee)
    responsible, officer = details.get("responsible", {}), details.get("officer", {})
    return PublisherView(
        id=row.id,
        title=row.title,
        description=row.description,
        i18n=row.i18n,
        created=row.created,
        modified=row.modified,
        datasets=datasets,
        short_title=details.get("shortTitle", ""),
        kind=row.kind,
        code=row.code or "",
        parent=row.parent_id,
        supervisor=row.supervisor_id,
        division=details.get("division", ""),
        contact=details.get("contactPoint", {}),
        responsible=responsible if sees_all else show_official(responsible),
        officer=officer if sees_all else show_official(officer),
        history=row.history or (),
        ended=row.ended,
        revision=row.revision,
    )


@lru_cache(maxsize=2048)
def _view_plain(values: tuple[Any, ...], datasets: int) -> PublisherView:
    return view_publisher(PUBLISHER_ROWS.make(values), datasets)


def find_publisher(session: Session, publisher: str, *, lock: bool = False) -> Publisher:
    """The row of a publisher, locked against other writers if wanted. Raises `NotFoundError`."""
    query = select(Publisher).where(Publisher.id == publisher)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    row = None if find_identifier_fault("", publisher) else session.scalar(query)
    if row is None:
        raise NotFoundError(N_("There is no publisher “%(id)s”"), id=publisher[:200])
    return row


def find_living(session: Session, publisher: str) -> Publisher:
    """The row of a publisher that can be given something. Raises `NotFoundError`, `StateError` for one that ended."""
    row = find_publisher(session, publisher)
    if row.ended is not None:
        raise StateError(N_("The publisher “%(id)s” has ended"), id=row.id)
    return row


def lock_publishers(session: Session, names: Iterable[str] | None = None) -> Mapping[str, Publisher]:
    """Lock publishers, all without `names`, one after the other by id so that no two wait for each other."""
    query = select(Publisher).order_by(Publisher.id).with_for_update().execution_options(populate_existing=True)
    if names is not None:
        query = query.where(Publisher.id.in_(list(names)))
    return {row.id: row for row in session.scalars(query)}


def follow_publishers(session: Session, names: Iterable[str]) -> Sequence[str]:
    """Ids of publishers, those that were merged or split replaced by the ones that they became."""
    waiting, seen, found = list(names), set[str](), list[str]()
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        row = None if find_identifier_fault("", name) else session.get(Publisher, name)
        others = row.history[-1].get("others", ()) if row is not None and row.ended and row.history else ()
        waiting += others
        if not others:
            found.append(name)
    return found


def read_parents(session: Session) -> Parents:
    """What is directly above each publisher."""
    return {name: parent for name, parent in session.execute(select(Publisher.id, Publisher.parent_id))}  # noqa: C416 - to mypy, a row isn't a pair


def count_datasets(session: Session) -> dict[str, int]:
    """Public datasets per publisher."""
    return read_counts(session)


def _require_place(
    session: Session,
    publisher: str,
    values: Mapping[str, Any],
    parents: Parents,
    before: Mapping[str, Any] | None = None,
) -> None:
    """Raises `InvalidMetadataError` where the parent or the supervisor isn't there, or the tree would not be one."""
    faults: list[Fault] = []
    for name in ("parent", "supervisor"):
        wanted = values.get(name)
        if wanted is None or wanted == (before or {}).get(name):
            continue
        row = session.get(Publisher, wanted)
        if row is None:
            faults.append(fault(f"/{name}", N_("There is no publisher “%(id)s”"), id=wanted[:100]))
        elif row.ended is not None:
            faults.append(fault(f"/{name}", N_("The publisher “%(id)s” has ended"), id=wanted))
        elif name == "parent" and (wrong := find_tree_fault(parents, publisher, wanted)):
            faults.append(fault("/parent", _TREE[wrong], id=wanted, depth=MAX_DEPTH))
        elif name == "supervisor" and wanted == publisher:
            faults.append(fault("/supervisor", N_("A publisher can't supervise itself")))
    if faults:
        raise InvalidMetadataError(faults=faults)


def _end_reviews(context: Context, session: Session, row: Publisher, actor: Actor) -> None:
    """Return the drafts that wait for approval: what was signed has the name and the code of the publisher."""
    query = select(Draft).join(Dataset, Dataset.id == Draft.dataset_id).where(Dataset.publisher_id == row.id)
    for draft in session.scalars(query.where(Draft.status.not_in(ENDED))):
        end_reviews(context, draft.dataset, [draft], actor, _RENAMED)


def _list_names(values: Mapping[str, Any]) -> Sequence[Any]:
    """What a publisher is called in each language."""
    translated = {language: texts.get("title") for language, texts in (values.get("i18n") or {}).items()}
    return values["title"], {language: title for language, title in translated.items() if title}


def _is_called(row: Publisher, text: str) -> bool:
    """Whether a name that a publisher has or had, or its code, has a text in it."""
    wanted = text.strip().casefold()
    names = [{"title": row.title, "i18n": row.i18n, **(row.details or {})}, *(row.history or ())]
    found = [row.id, row.code or ""]
    for entry in names:
        found += [entry.get("title") or "", str(entry.get("shortTitle") or "")]
        found += [str(text) for texts in (entry.get("i18n") or {}).values() for text in texts.values()]
    return any(wanted in name.casefold() for name in found)
