"""What becomes of publishers: merged into another, split into several, closed; and datasets that change hands.

Everything passes over in one transaction. Manifests of old versions name the publisher of their time, to the byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Draft, Publisher, Request, Source, User
from opendata.domain.drafts import ENDED
from opendata.domain.moments import format_time
from opendata.domain.offices.records import Change, HistoryEntry, Move
from opendata.domain.offices.tree import MAX_DEPTH, list_above
from opendata.domain.requests.steps import OPEN_STATES
from opendata.errors import N_, Fault, InvalidMetadataError, Listed, NotFoundError, StateError, fault
from opendata.services.access.people.members import where_member
from opendata.services.access.posts import view_actor
from opendata.services.catalogue.entries import find_dataset, finish_entries, view_dataset
from opendata.services.catalogue.publisher_records import finish_publishers
from opendata.services.catalogue.publishers import find_publisher, lock_publishers, read_parents, view_publisher
from opendata.services.core.access import is_listed
from opendata.services.core.actors import Actor, require_maintainer
from opendata.services.core.context import Context
from opendata.services.core.reasons import read_reason
from opendata.services.core.values import DatasetView, PublisherView
from opendata.services.governance.offices.passing import (
    drop_strangers,
    end_own,
    pass_children,
    pass_over,
    pass_rules,
    pass_with_dataset,
)
from opendata.services.signing.endings import end_reviews

MOVED = "moved"
"""What a move is called that isn't part of a merger or a split."""

_PASSED = N_(
    "The dataset passed to another publisher after the draft was submitted (%(name)s did that). Everything signed"
    " before is void. Check the draft and submit it again"
)
_MOST_NAMED = 20
_REASON = N_("Say why. The reason is public, for example: “Institutional reform of 2026”")


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a publisher has: its datasets, also those that were never public, and the names of its accounts."""

    publisher: PublisherView
    datasets: Sequence[DatasetView]
    accounts: Sequence[str]


class Succession:
    """Merges, splits and closes publishers, and moves datasets between them. All of it is for maintainers."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def show(self, actor: Actor | None, publisher: str) -> Holdings:
        """What a publisher has, to choose from. Raises `NotFoundError`, `NotPermittedError`."""
        found = require_maintainer(actor)
        with self._context.read() as session:
            row = find_publisher(session, publisher)
            datasets = session.scalars(select(Dataset).where(Dataset.publisher_id == row.id).order_by(Dataset.id))
            accounts = session.scalars(select(User.name).where(where_member(row.id)).order_by(User.name))
            return Holdings(view_publisher(row, 0, found), [view_dataset(item) for item in datasets], list(accounts))

    def move(self, actor: Actor | None, targets: Mapping[str, str], *, reason: str) -> None:
        """Move datasets to other publishers, each to its target, all or none.

        Their drafts move along: what was signed is void, and the draft is returned. Raises `InvalidMetadataError`,
        `NotFoundError`, `NotPermittedError`, and `StateError` where a version of one is being published.
        """
        found = require_maintainer(actor)
        reason = read_reason("/reason", reason, missing=_REASON)
        names = sorted(targets)
        if not names:
            raise InvalidMetadataError(faults=[fault("/datasets", N_("Choose at least one dataset"))])
        with self._context.write() as session:
            _lock_drafts(session, Dataset.id.in_(names))
            rows = [find_dataset(session, name, lock=True) for name in names]
            held = lock_publishers(session, {*targets.values(), *(row.publisher_id for row in rows)})
            for target in targets.values():
                _require_target(held, target, "/publisher")
            self._move(session, found, rows, targets, MOVED, reason)
            drop_strangers(session)
        self.finish_all()

    def merge(self, actor: Actor | None, sources: Iterable[str], target: str, *, reason: str) -> PublisherView:
        """Merge publishers into another one, which is there already; returns that one.

        Datasets with their drafts and sources, accounts, tokens, grants, files being sent, and what was below them pass
        over. The merged ones end: their pages say where they went. Raises as `move`.
        """
        found = require_maintainer(actor)
        reason = read_reason("/reason", reason, missing=_REASON)
        names = sorted(set(sources) - {target})
        if not names:
            raise InvalidMetadataError(faults=[fault("/publishers", N_("Choose at least one other publisher"))])
        with self._context.write() as session:
            rows, held = self._hold(session, names, {target})
            self._require_living(held, names, "/publishers")
            _require_target(held, target, "/into")
            now = format_time(self._context.now())
            for name in names:
                own = [row for row in rows if row.publisher_id == name]
                pass_rules(session, name, [target])
                self._pass_rest(session, held[name], held[target])
                self._move(session, found, own, {row.id: target for row in own}, Change.MERGED, reason)
                self._end(held[name], HistoryEntry(kind=Change.MERGED, at=now, reason=reason, others=[target]))
                self._context.log(session, found, "merge", "publisher", name, into=target, reason=reason)
            _note(held[target], HistoryEntry(kind=Change.ABSORBED, at=now, reason=reason, others=names))
            _require_tree(session)
            drop_strangers(session)
            self._context.log(session, found, "absorb", "publisher", target, publishers=names, reason=reason)
        self.finish_all()
        with self._context.read() as session:
            return view_publisher(find_publisher(session, target), 0, found)

    def split(
        self,
        actor: Actor | None,
        source: str,
        *,
        datasets: Mapping[str, str],
        accounts: Mapping[str, str],
        rest: str,
        reason: str,
    ) -> PublisherView:
        """Split a publisher: named datasets and accounts go where the maps say; all else goes to `rest`. It ends.

        Raises as `move`, and `InvalidMetadataError` for a dataset or an account that isn't the publisher's, or where
        everything goes to one publisher: that is a merger.
        """
        found = require_maintainer(actor)
        reason = read_reason("/reason", reason, missing=_REASON)
        targets = {rest, *datasets.values(), *accounts.values()}
        if len(targets) < 2:
            text = N_("Everything would go to one publisher. Merge the publisher into that one instead")
            raise InvalidMetadataError(faults=[fault("/rest", text)])
        if source in targets:
            text = N_("A publisher that is split ends, so nothing can stay with it. Move single datasets instead")
            raise InvalidMetadataError(faults=[fault("/rest", text)])
        with self._context.write() as session:
            rows, held = self._hold(session, [source], targets)
            self._require_living(held, [source], "")
            for name in sorted(targets):
                _require_target(held, name, "/rest" if name == rest else "/datasets")
            known = {row.id: row.publisher_id for row in rows}
            users = {row.name: row.id for row in session.scalars(select(User).where(where_member(source)))}
            _require_known("/datasets", datasets, known)
            _require_known("/accounts", accounts, users)
            for name in sorted(set(accounts.values())):
                chosen = [users[account] for account, target in accounts.items() if target == name]
                pass_over(session, source, name, accounts=chosen)
            pass_rules(session, source, targets)
            self._pass_rest(session, held[source], held[rest])
            self._move(session, found, rows, {row.id: datasets.get(row.id, rest) for row in rows}, Change.SPLIT, reason)
            now, parts = format_time(self._context.now()), sorted(targets)
            self._end(held[source], HistoryEntry(kind=Change.SPLIT, at=now, reason=reason, others=parts))
            for name in parts:
                _note(held[name], HistoryEntry(kind=Change.FOUNDED, at=now, reason=reason, others=[source]))
            _require_tree(session)
            drop_strangers(session)
            self._context.log(session, found, "split", "publisher", source, into=parts, rest=rest, reason=reason)
            for name in parts:
                self._context.log(session, found, "absorb", "publisher", name, publishers=[source], reason=reason)
            view = view_publisher(held[source], 0, found)
        self.finish_all()
        return view

    def close(self, actor: Actor | None, publisher: str, *, reason: str) -> PublisherView:
        """Close a publisher that nothing follows. Archived datasets stay with it.

        Invitations to it end, and duties that are open aren't needed any more. Raises `StateError` while it has
        datasets that are kept, accounts that may sign in, publishers below it, or requests that wait for a reply.
        """
        found = require_maintainer(actor)
        reason = read_reason("/reason", reason, missing=_REASON)
        with self._context.write() as session:
            rows, held = self._hold(session, [publisher], ())
            self._require_living(held, [publisher], "")
            kept = sum(row.archived is None for row in rows)
            count = select(func.count()).select_from
            people = session.scalar(count(User).where(where_member(publisher), User.disabled.is_(False))) or 0
            is_below = (Publisher.parent_id == publisher) | (Publisher.supervisor_id == publisher)
            below = session.scalar(count(Publisher).where(is_below, Publisher.ended.is_(None))) or 0
            if kept or people or below:
                text = N_(
                    "The publisher still has something: %(datasets)s datasets that aren't archived, %(accounts)s"
                    " accounts, %(publishers)s publishers below it. Merge it into another one, or move them first"
                )
                raise StateError(text, datasets=kept, accounts=people, publishers=below)
            _refuse_waiting(session, publisher)
            end_own(session, publisher, self._context.today(), self._context.now())
            now = format_time(self._context.now())
            self._end(held[publisher], HistoryEntry(kind=Change.CLOSED, at=now, reason=reason))
            self._context.log(session, found, "close", "publisher", publisher, reason=reason)
            view = view_publisher(held[publisher], 0, found)
        self.finish_all()
        return view

    def reopen(self, actor: Actor | None, publisher: str, *, reason: str) -> PublisherView:
        """Reopen a publisher that was closed. Raises `StateError` for one that wasn't, or that was merged or split."""
        found = require_maintainer(actor)
        reason = read_reason("/reason", reason, missing=_REASON)
        with self._context.write() as session:
            row = find_publisher(session, publisher, lock=True)
            ending = view_publisher(row).ending
            if ending is None or ending["kind"] != Change.CLOSED:
                raise StateError(N_("“%(id)s” isn't closed, so it can't be reopened"), id=row.id)
            row.ended = None
            entry = HistoryEntry(kind=Change.REOPENED, at=format_time(self._context.now()), reason=reason)
            _note(row, entry)
            self._context.log(session, found, "reopen", "publisher", publisher, reason=reason)
            view = view_publisher(row, 0, found)
        self.finish_all()
        return view

    def finish_all(self) -> None:
        """Say in the store what was decided about publishers and their datasets and isn't said there yet."""
        finish_publishers(self._context)
        finish_entries(self._context)

    def _hold(
        self, session: Session, sources: Sequence[str], targets: Iterable[str]
    ) -> tuple[Sequence[Dataset], Mapping[str, Publisher]]:
        """Lock all drafts and datasets of publishers, then the publishers and where they go.

        In this order, as a publication does. A dataset that came in between is locked at the second look: from then on
        nobody adds one.
        """
        _lock_drafts(session, Dataset.publisher_id.in_(sources))
        own = select(Dataset).where(Dataset.publisher_id.in_(sources)).order_by(Dataset.id)
        own = own.with_for_update(of=Dataset).execution_options(populate_existing=True)
        session.scalars(own).all()
        held = lock_publishers(session, {*sources, *targets})
        return session.scalars(own).all(), held

    def _move(
        self,
        session: Session,
        actor: Actor,
        rows: Iterable[Dataset],
        targets: Mapping[str, str],
        kind: str,
        reason: str,
    ) -> None:
        """Give datasets, which are locked, another publisher. One that has this publisher already stays as it is."""
        now = self._context.now()
        for row in rows:
            source, target = row.publisher_id, targets[row.id]
            if source == target:
                continue
            if row.publishing_id is not None:
                text = N_("A version of “%(id)s” is being published. Try again in a moment")
                raise StateError(text, id=row.id)
            move = Move(kind=kind, source=source, target=target, at=format_time(now), reason=reason)
            row.publisher_id, row.moves = target, [*(row.moves or ()), move]
            row.revision += 1
            if is_listed(row):
                row.modified, row.unfinished = now, True
            session.flush()
            session.refresh(row, ["publisher"])
            drafts = session.scalars(select(Draft).where(Draft.dataset_id == row.id, Draft.status.not_in(ENDED)))
            end_reviews(self._context, row, drafts.all(), actor, _PASSED)
            self._hand_source(session, actor, row)
            pass_with_dataset(session, row)
            self._context.log(session, actor, "move", "dataset", row.id, publisher=target, before=source, reason=reason)

    def _hand_source(self, session: Session, actor: Actor, row: Dataset) -> None:
        """Have a source go on: as the person who moves it, if the one who saved it no longer acts for the dataset."""
        source = session.scalar(select(Source).where(Source.dataset_id == row.id))
        author = session.get(User, source.author_id) if source is not None and source.author_id is not None else None
        if (
            source is not None
            and author is not None
            and not view_actor(session, author).may_edit(row.publisher_id, row.id)
        ):
            source.author_id, source.author = actor.id, actor.name

    def _pass_rest(self, session: Session, source: Publisher, target: Publisher) -> None:
        session.flush()
        pass_over(session, source.id, target.id)
        pass_children(session, source, target)
        if target.supervisor_id == source.id:
            target.supervisor_id = None
        session.flush()
        session.expire_all()

    def _end(self, row: Publisher, entry: HistoryEntry) -> None:
        _note(row, entry)
        row.ended = self._context.now()

    def _require_living(self, held: Mapping[str, Publisher], names: Iterable[str], pointer: str) -> None:
        for name in names:
            if name not in held:
                text = N_("There is no publisher “%(id)s”")
                if pointer:
                    raise InvalidMetadataError(faults=[fault(pointer, text, id=name[:100])])
                raise NotFoundError(text, id=name[:100])
            if held[name].ended is not None:
                raise StateError(N_("The publisher “%(id)s” has ended already"), id=name)


def _refuse_waiting(session: Session, publisher: str) -> None:
    """Raises `StateError` where requests to a publisher wait for a reply: nobody would be left to give it."""
    waiting = select(Request.number).where(Request.publisher_id == publisher, Request.state.in_(OPEN_STATES))
    numbers = session.scalars(waiting.order_by(Request.id)).all()
    if numbers:
        text = N_(
            "Requests to this publisher wait for a reply (%(count)s): %(numbers)s. Reply to them or pass them on to"
            " another publisher first"
        )
        raise StateError(text, count=len(numbers), numbers=Listed(numbers[:_MOST_NAMED]))


def _lock_drafts(session: Session, which: ColumnElement[bool]) -> None:
    """Lock the drafts under way of datasets, one after the other: a worker locks a draft before its dataset."""
    own = select(Draft.id).join(Dataset, Dataset.id == Draft.dataset_id).where(which, Draft.status.not_in(ENDED))
    session.scalars(own.order_by(Draft.id).with_for_update(of=Draft)).all()


def _note(row: Publisher, entry: HistoryEntry) -> None:
    row.history = [*(row.history or ()), entry]
    row.revision += 1
    row.unfinished = True


def _require_target(held: Mapping[str, Publisher], name: str, pointer: str) -> None:
    """Raises `InvalidMetadataError` where a publisher can take nothing over."""
    row = held.get(name)
    if row is None:
        wrong = fault(pointer, N_("There is no publisher “%(id)s”"), id=name[:100])
    elif row.ended is not None:
        wrong = fault(pointer, N_("The publisher “%(id)s” has ended"), id=name)
    else:
        return
    raise InvalidMetadataError(faults=[wrong])


def _require_known(pointer: str, named: Mapping[str, str], known: Mapping[str, object]) -> None:
    """Raises `InvalidMetadataError` for what isn't the publisher's."""
    text = N_("“%(name)s” doesn't belong to this publisher")
    faults: list[Fault] = [fault(pointer, text, name=name[:100]) for name in named if name not in known]
    if faults:
        raise InvalidMetadataError(faults=faults)


def _require_tree(session: Session) -> None:
    """Raises `StateError` where publishers would be too deep below one another."""
    session.flush()
    parents = read_parents(session)
    if any(len(list_above(parents, name)) >= MAX_DEPTH for name in parents):
        text = N_("There would be more than %(depth)s levels of publishers. Move those below the publisher first")
        raise StateError(text, depth=MAX_DEPTH)
