"""The opening plan: what opens when, set by those who answer for it, public with all that became of it.

A day that was moved stays in the history. What the plan has for an item that isn't public is for its publisher alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, select, tuple_
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, OpeningDate
from opendata.domain.disclosure import Disclosure
from opendata.domain.inventory.plan import Outcome, PlannedDay, count_missed, judge
from opendata.errors import N_, InputError, InvalidMetadataError, NotFoundError, StateError, fault
from opendata.metadata.dataset import read_metadata
from opendata.services.catalogue.entries import find_dataset, require_kept
from opendata.services.catalogue.publishers import follow_publishers, view_publisher
from opendata.services.catalogue.registering.plan_records import finish_plans
from opendata.services.core.access import disclosure_of, is_listed, where_listed
from opendata.services.core.actors import Actor, require_editor
from opendata.services.core.context import Context
from opendata.services.core.paging import DEFAULT_LIMIT, read_cursor, refuse_cursor, write_cursor
from opendata.services.core.values import Page
from opendata.services.governance.inventory.items import PlanView
from opendata.services.privacy.texts import has_personal_data

MAX_REASON = 1000
_LAST = date(9999, 12, 31)
"""Where items stand that have no day any more."""


class Plans:
    """Sets and shows the days of the plan."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def set_day(self, actor: Actor | None, dataset: str, opens: date | None, reason: str = "") -> PlanView:
        """Have the plan open an item on a day, or with None on no day any more.

        Moving a day needs a reason. Raises `InvalidMetadataError`, `NotFoundError`, `NotPermittedError`, and
        `StateError` for an item that is open already.
        """
        with self._context.write() as session:
            row = find_dataset(session, dataset, lock=True)
            found = require_editor(actor, row.publisher_id, row.id)
            self.set_within(session, row, found, opens, reason)
            session.flush()
            uuid, view = row.uuid, self._view(row, self._list_days(session, [row.uuid]).get(row.uuid, ()))
        finish_plans(self._context, uuid)
        return view

    def set_within(
        self,
        session: Session,
        row: Dataset,
        actor: Actor,
        opens: date | None,
        reason: str = "",
        *,
        is_new: bool = False,
        is_decided: bool = False,
        **details: object,
    ) -> bool:
        """What `set_day` does, within a unit of work that writes; whether the day is another one now.

        `finish_plans` is to be called after it.

        A row that `is_new` has no earlier day, so none is looked for. One of which it `is_decided` that it opens may be
        closed until then.
        """
        if opens == row.opens:
            return False
        today, reason = self._context.today(), reason.strip()
        self.require_possible(row, opens, reason, disclosure_of(row), is_decided=is_decided)
        earlier = select(OpeningDate).where(OpeningDate.dataset_uuid == row.uuid).order_by(OpeningDate.id.desc())
        newest = None if is_new else session.scalar(earlier.limit(1))
        if newest is not None:
            newest.replaced = today
        day = OpeningDate(dataset_uuid=row.uuid, opens=opens, reason=reason, decided=today, decided_by=actor.name)
        session.add(day)
        before = row.opens
        row.opens = opens
        said = {"opens": _write(opens), "before": _write(before), "reason": reason}
        self._context.log(session, actor, "plan", "dataset", row.id, **said, **details)
        return True

    def require_possible(
        self,
        row: Dataset,
        opens: date | None,
        reason: str,
        disclosure: Disclosure,
        *,
        is_decided: bool = False,
    ) -> None:
        """Raises `InvalidMetadataError` or `StateError` where an item can't get another day."""
        require_kept(row)
        if row.opened is not None:
            text = N_("“%(id)s” was opened on %(day)s, so the plan for it can't change")
            raise StateError(text, id=row.id, day=row.opened.isoformat())
        faults = []
        if opens is not None and disclosure.is_closed and row.opens is None and not is_decided:
            faults.append(fault("/opens", N_("An item that isn't opened can't be on the opening plan")))
        if opens is not None and opens < self._context.today():
            faults.append(fault("/opens", N_("The day has passed. Plan a day from today on")))
        if row.opens is not None and not reason:
            faults.append(fault("/opensReason", N_("Say why the planned day changes")))
        if len(reason) > MAX_REASON:
            faults.append(fault("/opensReason", N_("At most %(limit)s characters are allowed"), limit=MAX_REASON))
        if has_personal_data(reason):
            faults.append(fault("/opensReason", N_("The reason is public. Leave out personal data")))
        if faults:
            raise InvalidMetadataError(faults=faults)

    def list_page(
        self,
        *,
        publisher: str | None = None,
        outcome: str | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[PlanView]:
        """What the plan has for public items, by day. Raises `InputError` for an outcome that doesn't exist."""
        place = func.coalesce(Dataset.opens, _LAST, type_=OpeningDate.opens.type)
        query = select(Dataset.id).where(*self._list_conditions(publisher, outcome))
        after = _read_place(cursor)
        if after is not None:
            query = query.where(tuple_(place, Dataset.id) > tuple_(literal(after[0], OpeningDate.opens.type), after[1]))
        with self._context.read() as session:
            # The ids come from an index that has all the conditions; the rows, which are large, only for one page.
            ids = session.scalars(query.order_by(place, Dataset.id).limit(limit + 1)).all()
            rows = {row.id: row for row in session.scalars(select(Dataset).where(Dataset.id.in_(ids[:limit])))}
            days = self._list_days(session, [row.uuid for row in rows.values()])
            items = [self._view(rows[name], days[rows[name].uuid]) for name in ids[:limit]]
        last = items[-1] if len(ids) > limit else None
        return Page(items, write_cursor(f"{last.opens or _LAST} {last.id}") if last else None)

    def get(self, actor: Actor | None, dataset: str) -> PlanView | None:
        """What the plan has for one item that this reader may see, None where it never had anything.

        Raises `NotFoundError`.
        """
        with self._context.read() as session:
            row = find_dataset(session, dataset)
            if not is_listed(row) and not (actor and actor.may_see(row.publisher_id, row.id)):
                raise NotFoundError(N_("There is no dataset “%(id)s”"), id=dataset[:200])
            days = self._list_days(session, [row.uuid]).get(row.uuid)
            return self._view(row, days) if days else None

    def count(self, *, publisher: str | None = None) -> Mapping[Outcome, int]:
        """How many public items of the plan came to what."""
        outcome = self._outcome()
        query = select(outcome, func.count()).where(*self._list_conditions(publisher, None)).group_by(outcome)
        with self._context.read() as session:
            found = Counter({Outcome(name): number for name, number in session.execute(query)})
        return {item: found[item] for item in Outcome}

    def _list_conditions(self, publisher: str | None, outcome: str | None) -> list[ColumnElement[bool]]:
        found = [where_listed(), exists().where(OpeningDate.dataset_uuid == Dataset.uuid)]
        if publisher:
            with self._context.read() as session:
                found.append(Dataset.publisher_id.in_(follow_publishers(session, [publisher])))
        if outcome:
            if outcome not in list(Outcome):
                choices = ", ".join(Outcome)
                raise InputError(N_("“%(value)s” isn't one of %(choices)s"), value=outcome[:100], choices=choices)
            found.append(self._outcome() == outcome)
        return found

    def _outcome(self) -> ColumnElement[str]:
        """What `judge` says, for rows of `datasets`."""
        missed = exists().where(OpeningDate.dataset_uuid == Dataset.uuid, OpeningDate.replaced > OpeningDate.opens)
        kept = and_(Dataset.opened <= Dataset.opens, ~missed)
        return case(
            (and_(Dataset.opened.is_not(None), kept), literal(Outcome.KEPT.value)),
            (Dataset.opened.is_not(None), literal(Outcome.KEPT_LATE.value)),
            (Dataset.opens.is_(None), literal(Outcome.DROPPED.value)),
            (Dataset.opens >= self._context.today(), literal(Outcome.PLANNED.value)),
            else_=literal(Outcome.LATE.value),
        )

    def _list_days(self, session: Session, uuids: Sequence[str]) -> Mapping[str, Sequence[PlannedDay]]:
        """All days that the plan ever had for some items, the newest first."""
        query = select(OpeningDate).where(OpeningDate.dataset_uuid.in_(uuids)).order_by(OpeningDate.id.desc())
        found: dict[str, list[PlannedDay]] = {}
        for row in session.scalars(query):
            day = PlannedDay(opens=row.opens, reason=row.reason, decided=row.decided, replaced=row.replaced)
            found.setdefault(row.dataset_uuid, []).append(day)
        return found

    def _view(self, row: Dataset, days: Sequence[PlannedDay]) -> PlanView:
        metadata, missed = read_metadata(row.meta), count_missed(days)
        return PlanView(
            id=row.id,
            title=metadata.title,
            i18n=metadata.i18n,
            publisher=view_publisher(row.publisher),
            opens=row.opens,
            opened=row.opened,
            outcome=judge(row.opens, row.opened, missed, self._context.today()),
            missed=missed,
            days=days,
        )


def _read_place(cursor: str | None) -> tuple[date, str] | None:
    key = read_cursor(cursor)
    if key is None:
        return None
    day, _, name = key.partition(" ")
    try:
        return date.fromisoformat(day), name
    except ValueError:
        raise refuse_cursor() from None


def _write(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
