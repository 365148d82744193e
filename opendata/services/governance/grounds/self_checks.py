"""Self-checks: begun for a year, decided item by item by the publishers, closed with a report by a maintainer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Publisher, SelfCheck, SelfCheckItem
from opendata.domain.grounds.entries import find_fitting
from opendata.domain.grounds.self_check import Answer, Asked, Decision, ItemState, find_answer_faults
from opendata.errors import N_, InvalidMetadataError, NotFoundError, StateError, fault
from opendata.metadata.text import find_value_faults
from opendata.services.catalogue.entries import find_dataset
from opendata.services.catalogue.grounds.gate import find_list, read_held
from opendata.services.catalogue.registering.plan_records import finish_plans
from opendata.services.core.access import disclosure_of, is_listed, where_acting_for
from opendata.services.core.actors import Actor, require_editor, require_lead, require_maintainer, require_publisher
from opendata.services.core.context import Context
from opendata.services.core.paging import DEFAULT_LIMIT, read_cursor, refuse_cursor, write_cursor
from opendata.services.core.values import Page
from opendata.services.governance.grounds.check_items import (
    count_items,
    find_check,
    find_items,
    keep_report,
    list_missing,
    make_item,
    make_topic,
    require_seen,
    select_items,
    take,
    view_check,
    view_item,
    view_report,
)
from opendata.services.governance.grounds.values import CheckView, ItemView, Progress, ReportView
from opendata.services.governance.inventory.plans import Plans
from opendata.wording.voice import voice_of

FIRST_YEAR = 2017
"""The first year with a self-check."""

ListAsked = Callable[[Session, int], Iterable[Asked]]
"""What was often asked for in a year."""


def ask_nobody(session: Session, year: int) -> Iterable[Asked]:  # noqa: ARG001 - the form that counting has
    """Nothing is counted: no dataset and no topic was asked for."""
    return ()


class SelfChecks:
    """Begins, fills, decides, closes and reports the self-check of each year."""

    def __init__(self, context: Context, list_asked: ListAsked = ask_nobody) -> None:
        self._context = context
        self._list_asked = list_asked
        self._plans = Plans(context)

    def list(self, actor: Actor | None) -> Sequence[CheckView]:
        """All self-checks, the newest first. Raises `NotSignedInError`, `NotPermittedError`."""
        require_publisher(actor)
        with self._context.read() as session:
            return [view_check(row) for row in session.scalars(select(SelfCheck).order_by(SelfCheck.year.desc()))]

    def begin(self, actor: Actor | None, year: int) -> CheckView:
        """Begin the self-check of a year with all that isn't open now, and what was often asked for.

        Raises `InvalidMetadataError` for a year that can't be checked, `StateError` where it has one, and
        `NotPermittedError`.
        """
        found = require_maintainer(actor)
        this_year = self._context.today().year
        if not FIRST_YEAR <= year <= this_year:
            text = N_("Choose a year from %(first)s to %(last)s")
            raise InvalidMetadataError(faults=[fault("/year", text, first=FIRST_YEAR, last=this_year)])
        with self._context.write() as session:
            if session.scalar(select(SelfCheck.id).where(SelfCheck.year == year)) is not None:
                raise StateError(N_("The self-check of %(year)s has begun already"), year=year)
            row = SelfCheck(year=year, begun=self._context.now(), begun_by=found.name, closed_by="")
            session.add(row)
            try:
                session.flush()
            except IntegrityError:  # somebody else began it in the same moment
                raise StateError(N_("The self-check of %(year)s has begun already"), year=year) from None
            count = self._refresh(session, row)
            self._context.log(session, found, "begin", "self-check", str(year), items=count)
            return view_check(row)

    def get(self, actor: Actor | None, year: int) -> CheckView:
        """A self-check, with the progress of the publishers that the actor acts for.

        Raises `NotFoundError`, `NotSignedInError`, `NotPermittedError`.
        """
        found = require_publisher(actor)
        self._catch_up(year)
        query = (
            select(Publisher.id, Publisher.title, SelfCheckItem.state, func.count())
            .join(SelfCheckItem, SelfCheckItem.publisher_id == Publisher.id)
            .where(where_acting_for(found, Publisher.id))
            .group_by(Publisher.id, Publisher.title, SelfCheckItem.state)
            .order_by(Publisher.id)
        )
        with self._context.read() as session:
            row = find_check(session, year)
            counts: dict[str, Progress] = {}
            for publisher, title, state, number in session.execute(query.where(SelfCheckItem.check_id == row.id)):
                before = counts.get(publisher, Progress(publisher=publisher, title=title))
                counts[publisher] = _add(before, state, number)
            return view_check(row, tuple(counts.values()))

    def list_items(
        self,
        actor: Actor | None,
        year: int,
        *,
        publisher: str | None = None,
        state: str | None = None,
        ground: str | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[ItemView]:
        """The items of the publishers that the actor acts for, in the order in which they were added.

        `ground` is the entry that a dataset points to; `-` finds those that point to none. Raises as `get`.
        """
        found = require_publisher(actor)
        self._catch_up(year)
        after = read_cursor(cursor)
        if after is not None and not (after.isascii() and after.isdigit() and len(after) < 10):
            raise refuse_cursor()
        with self._context.read() as session:
            row = find_check(session, year)
            query = select_items(row).where(where_acting_for(found, SelfCheckItem.publisher_id))
            if any(find_value_faults([publisher, state, ground])):
                return Page([])  # a text that no database can hold
            if publisher:
                query = query.where(SelfCheckItem.publisher_id == publisher)
            if state:
                query = query.where(SelfCheckItem.state == state)
            if ground:
                pointed = func.coalesce(Dataset.meta[("disclosure", "ground")].as_string(), "")
                query = query.where(pointed == ("" if ground == "-" else ground))
            if after is not None:
                query = query.where(SelfCheckItem.id > int(after))
            rows = session.execute(query.limit(limit + 1)).all()
            items = [view_item(item, dataset, title) for item, dataset, title in rows[:limit]]
        return Page(items, write_cursor(str(items[-1].id)) if len(rows) > limit else None)

    def decide(
        self,
        actor: Actor | None,
        year: int,
        items: Sequence[int],
        answer: Answer,
        *,
        confirms: bool = False,
        seen: Mapping[int, str] | None = None,
    ) -> int:
        """Give one answer to one or several items: a proposal of an editor, or, if it `confirms`, the decision.

        All of them or none; none where one isn't any more as it was `seen`. Raises `InvalidMetadataError`,
        `NotFoundError`, `NotPermittedError`, `StateError` where the self-check is closed or an item has changed.
        """
        faults = list(find_value_faults({"reason": answer.reason, "ground": answer.ground}))
        if faults:
            raise InvalidMetadataError(faults=faults)
        with self._context.write() as session:
            check = self._find_open(session, year)
            rows = find_items(session, check, items)
            listed, today = find_list(session), self._context.today()
            entries = {item.id: item for item in read_held(session, listed)}
            answered = replace(answer, reason=answer.reason.strip())
            if answered.decision == Decision.OPEN:
                answered = replace(answered, ground="")
            else:
                answered = replace(answered, open_by=None)
            for row in rows:
                # Who may only propose doesn't undo what a lead has decided.
                found = self._require(actor, session, row, confirms=confirms or row.state == ItemState.DECIDED)
                require_seen(row, seen)
                fitting = {item.id for item in find_fitting(list(entries.values()), row.publisher_id, today)}
                faults = list(find_answer_faults(answered, fitting, today))
                if faults:
                    raise InvalidMetadataError(faults=faults)
                take(row, answered, entries)
                row.proposed, row.proposed_by = self._context.now(), found.name
                row.decided, row.decided_by, row.state = None, "", ItemState.PROPOSED
                if confirms:
                    self._settle(session, check, row, found)
                verb = "decide" if confirms else "propose"
                self._log(session, found, verb, check, row)
        finish_plans(self._context)
        return len(rows)

    def confirm(self, actor: Actor | None, year: int, seen: Mapping[int, str]) -> int:
        """Make proposals decisions: those of the items that are named, as they were `seen`.

        Raises as `decide`, and `StateError` where nothing is proposed, or something else than was seen.
        """
        with self._context.write() as session:
            check = self._find_open(session, year)
            self._refresh(session, check)
            rows = find_items(session, check, list(seen))
            for row in rows:
                found = self._require(actor, session, row, confirms=True)
                require_seen(row, seen)
                if row.state != ItemState.PROPOSED:
                    text = N_("Nothing is proposed for “%(title)s”, so there is nothing to confirm")
                    raise StateError(text, title=row.title)
                self._settle(session, check, row, found)
                self._log(session, found, "decide", check, row)
        finish_plans(self._context)
        return len(rows)

    def close(self, actor: Actor | None, year: int) -> CheckView:
        """Close a self-check and make its report. Raises `StateError` while an item isn't decided, and as `get`."""
        found = require_maintainer(actor)
        with self._context.write() as session:
            check = self._find_open(session, year)
            self._refresh(session, check)
            open_ones = select(func.count()).where(
                SelfCheckItem.check_id == check.id, SelfCheckItem.state != ItemState.DECIDED
            )
            count = session.scalar(open_ones) or 0
            if count:
                raise StateError(N_("The self-check can't be closed: %(count)s items aren't decided"), count=count)
            report = keep_report(session, check)
            check.closed, check.closed_by = self._context.now(), found.name
            self._context.log(session, found, "close", "self-check", str(year), **report.total.to_json())
            return view_check(check)

    def list_reports(self) -> Sequence[ReportView]:
        """The reports of closed self-checks, the newest first."""
        query = select(SelfCheck).where(SelfCheck.closed.is_not(None)).order_by(SelfCheck.year.desc())
        with self._context.read() as session:
            return [view_report(session, row) for row in session.scalars(query)]

    def get_report(self, year: int) -> ReportView:
        """The report of a year: its figures, and the public datasets that are opened. Raises `NotFoundError`."""
        with self._context.read() as session:
            row = session.scalar(select(SelfCheck).where(SelfCheck.year == year, SelfCheck.closed.is_not(None)))
            if row is None:
                raise NotFoundError(N_("There is no report of a self-check of %(year)s"), year=year)
            opened = select_items(row).where(SelfCheckItem.decision == Decision.OPEN)
            found = [
                replace(view_item(item, dataset, title), title=str(dataset.meta.get("title", "")))
                for item, dataset, title in session.execute(opened)
                if dataset is not None and is_listed(dataset)
            ]
            return replace(view_report(session, row), opened=tuple(found))

    def _require(self, actor: Actor | None, session: Session, row: SelfCheckItem, *, confirms: bool) -> Actor:
        dataset = session.scalar(select(Dataset.id).where(Dataset.uuid == row.dataset_uuid))
        found = require_editor(actor, row.publisher_id, dataset)
        return require_lead(found, row.publisher_id) if confirms else found

    def _settle(self, session: Session, check: SelfCheck, row: SelfCheckItem, actor: Actor) -> None:
        row.decided, row.decided_by, row.state = self._context.now(), actor.name, ItemState.DECIDED
        name = session.scalar(select(Dataset.id).where(Dataset.uuid == row.dataset_uuid))
        if name is not None:
            self._plan(session, check, row, find_dataset(session, name, lock=True), actor)

    def _plan(self, session: Session, check: SelfCheck, row: SelfCheckItem, dataset: Dataset, actor: Actor) -> None:
        """Have the opening plan say what was decided: the day of what is opened, none of what is kept."""
        if dataset.opened is not None or dataset.archived is not None:
            return
        voice = voice_of(self._context.settings.languages[0])
        said = voice.say(N_("Decided in the self-check of %(year)s."), year=check.year)
        reason = " ".join(filter(None, (said, row.reason if row.open_by else "")))
        try:
            self._plans.set_within(session, dataset, actor, row.open_by, reason, is_decided=True)
        except InvalidMetadataError as error:
            places = {"/opens": "/openBy", "/opensReason": "/reason"}
            faults = [replace(item, pointer=places.get(item.pointer, item.pointer)) for item in error.faults]
            raise InvalidMetadataError(faults=faults) from None

    def _log(self, session: Session, actor: Actor, verb: str, check: SelfCheck, row: SelfCheckItem) -> None:
        details = {"decision": str(row.decision), "ground": row.ground, "item": row.title[:200]}
        self._context.log(session, actor, verb, "self-check", f"{check.year}/{row.id}", **details)

    def _find_open(self, session: Session, year: int) -> SelfCheck:
        row = find_check(session, year, lock=True)
        if row.closed is not None:
            raise StateError(N_("The self-check of %(year)s is closed"), year=year)
        return row

    def _catch_up(self, year: int) -> None:
        """Bring an open self-check up to date, if it isn't."""
        with self._context.read() as session:
            row = find_check(session, year)
            is_stale = row.closed is None and self._is_stale(session, row)
        if is_stale:
            with self._context.write() as session:
                row = find_check(session, year, lock=True)
                if row.closed is None:
                    self._refresh(session, row)

    def _is_stale(self, session: Session, row: SelfCheck) -> bool:
        return bool(
            next(iter(list_missing(session, row)), None)
            or self._list_lapsed(session, row)
            or any(self._list_newly_asked(session, row))
        )

    def _refresh(self, session: Session, row: SelfCheck) -> int:
        """Add what isn't open by now and was asked for, and take back decisions whose ground has ended; how many came.

        Items of datasets that were deleted before anybody saw them go.
        """
        now, before = self._context.now(), count_items(session, row)
        known = select(Dataset.uuid)
        session.execute(
            delete(SelfCheckItem).where(
                SelfCheckItem.check_id == row.id,
                SelfCheckItem.dataset_uuid.is_not(None),
                SelfCheckItem.dataset_uuid.not_in(known),
            )
        )
        for dataset in list_missing(session, row):
            session.add(make_item(row, dataset, now=now))
        session.flush()
        for asked, wanted, item in self._list_newly_asked(session, row):
            if item is not None:
                item.asked = asked.count
            elif wanted is not None:
                session.add(make_item(row, wanted, asked=asked.count, now=now))
            else:
                session.add(make_topic(row, asked, now=now))
        for item in self._list_lapsed(session, row):
            item.state, item.decision, item.ground, item.kind = ItemState.UNDECIDED, None, "", ""
            item.decided, item.decided_by = None, ""
        session.flush()
        return count_items(session, row) - before

    def _list_lapsed(self, session: Session, row: SelfCheck) -> Sequence[SelfCheckItem]:
        """The items that are to be kept on an entry that isn't in force any more."""
        kept = select(SelfCheckItem).where(SelfCheckItem.check_id == row.id, SelfCheckItem.decision == Decision.KEEP)
        rows = session.scalars(kept).all()
        entries, today = (read_held(session, find_list(session)) if rows else ()), self._context.today()
        held = {item.id: item for item in entries if item.is_in_force(today)}
        return [item for item in rows if item.ground not in held or not held[item.ground].is_for(item.publisher_id)]

    def _list_newly_asked(
        self, session: Session, row: SelfCheck
    ) -> Iterator[tuple[Asked, Dataset | None, SelfCheckItem | None]]:
        """What was asked for more often than its item says, or has none yet. Open datasets need no decision."""
        for asked in self._list_asked(session, row.year):
            items = select(SelfCheckItem).where(SelfCheckItem.check_id == row.id)
            dataset = session.get(Dataset, asked.dataset) if asked.dataset else None
            if asked.dataset and (dataset is None or disclosure_of(dataset).is_open):
                continue
            if dataset is not None:
                items = items.where(SelfCheckItem.dataset_uuid == dataset.uuid)
            else:
                items = items.where(SelfCheckItem.title == asked.text, SelfCheckItem.publisher_id == asked.publisher)
            item = session.scalar(items.limit(1))
            if item is None or item.asked < asked.count:
                yield asked, dataset, item


def _add(before: Progress, state: ItemState, number: int) -> Progress:
    match state:
        case ItemState.UNDECIDED:
            return replace(before, undecided=number)
        case ItemState.PROPOSED:
            return replace(before, proposed=number)
        case ItemState.DECIDED:
            return replace(before, decided=number)
