"""The inventory: items listed, counted, registered and changed. Nothing becomes public here that no draft makes so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Publisher, Version
from opendata.domain.inventory.index_numbers import find_prefix
from opendata.domain.inventory.states import ItemState
from opendata.domain.inventory.warnings import find_warnings
from opendata.errors import N_, Fault, NotFoundError, PreconditionError
from opendata.metadata.properties.data_items import derive_items
from opendata.metadata.properties.reading import load_profile
from opendata.services.catalogue.datasets import Datasets
from opendata.services.catalogue.entries import find_dataset, next_metadata
from opendata.services.catalogue.manifests import Manifests
from opendata.services.catalogue.publishers import follow_publishers, view_publisher
from opendata.services.catalogue.registering.plan_records import finish_plans
from opendata.services.core.access import is_listed, where_edited, where_listed
from opendata.services.core.actors import Actor, require_editor, require_publisher
from opendata.services.core.context import Context
from opendata.services.core.once import Once
from opendata.services.core.paging import DEFAULT_LIMIT, read_cursor, write_cursor
from opendata.services.core.values import Page, PublisherView
from opendata.services.governance.inventory.items import STATE, ItemFilter, ItemView, list_conditions
from opendata.services.governance.inventory.plans import Plans

EVERYTHING = ItemFilter()
_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherCounts:
    """How many items of a publisher a reader sees, by their disclosure attribute."""

    publisher: PublisherView
    by_attribute: Mapping[str, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_attribute.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChange:
    """The day that somebody plans for an item, and why; `is_said` tells that they said anything of it."""

    opens: date | None = None
    reason: str = ""
    is_said: bool = True


UNSAID = PlanChange(is_said=False)


class Inventory:
    """Items for those who work for their publishers, and the public ones for everybody."""

    def __init__(self, context: Context, datasets: Datasets, manifests: Manifests, plans: Plans) -> None:
        self._context = context
        self._datasets = datasets
        self._manifests = manifests
        self._plans = plans

    def list_page(
        self,
        actor: Actor | None,
        wanted: ItemFilter = EVERYTHING,
        *,
        is_own: bool = False,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[ItemView]:
        """The items that a reader sees, by id; with `is_own` those alone that the reader may edit."""
        conditions = self._list_conditions(actor, wanted, is_own=is_own)
        after = read_cursor(cursor)
        if after is not None:
            conditions.append(Dataset.id > after)
        # The ids come from an index that has all the conditions; the rows, which are large, only for one page.
        query = select(Dataset.id).where(*conditions).order_by(Dataset.id).limit(limit + 1)
        with self._context.read() as session:
            ids = session.scalars(query).all()
            items = self._view(session, ids[:limit], actor)
        return Page(items, write_cursor(ids[limit - 1]) if len(ids) > limit else None)

    def iterate(
        self, actor: Actor | None, wanted: ItemFilter = EVERYTHING, *, is_own: bool = False
    ) -> Iterator[ItemView]:
        """All items that `list_page` has."""
        cursor = None
        while True:
            page = self.list_page(actor, wanted, is_own=is_own, cursor=cursor, limit=_AT_ONCE)
            yield from page.items
            cursor = page.next
            if cursor is None:
                return

    def get(self, actor: Actor | None, dataset: str) -> ItemView:
        """One item. Raises `NotFoundError` if this reader may see no such item."""
        with self._context.read() as session:
            row = find_dataset(session, dataset)
            if not is_listed(row) and not (actor and actor.may_see(row.publisher_id, row.id)):
                raise NotFoundError(N_("There is no dataset “%(id)s”"), id=dataset[:200])
            return self._view(session, [row.id], actor)[0]

    def count(
        self, actor: Actor | None, wanted: ItemFilter = EVERYTHING, *, is_own: bool = False
    ) -> Sequence[PublisherCounts]:
        """How many items a reader sees of each publisher, in the order of the publishers' ids."""
        conditions = self._list_conditions(actor, wanted, is_own=is_own)
        columns = Dataset.publisher_id, Dataset.attribute
        query = select(*columns, func.count()).where(*conditions).group_by(*columns)
        found: dict[str, dict[str, int]] = {}
        with self._context.read() as session:
            for publisher, attribute, number in session.execute(query):
                found.setdefault(publisher, {})[attribute or "open"] = number
            rows = session.scalars(select(Publisher).where(Publisher.id.in_(found)).order_by(Publisher.id))
            return [PublisherCounts(publisher=view_publisher(row), by_attribute=found[row.id]) for row in rows]

    def count_states(
        self, actor: Actor | None, wanted: ItemFilter = EVERYTHING, *, is_own: bool = False
    ) -> Mapping[ItemState, int]:
        """How many items a reader sees in each state."""
        conditions = self._list_conditions(actor, wanted, is_own=is_own)
        with self._context.read() as session:
            query = select(STATE, func.count()).where(*conditions).group_by(STATE)
            found = {name: number for name, number in session.execute(query)}  # noqa: C416 - a row isn't a pair
        return {item: found.get(item.value, 0) for item in ItemState}

    def check(self, items: Sequence[ItemView]) -> Mapping[str, Sequence[Fault]]:
        """What may be wrong with items of one's own, by their ids: nothing that stops anybody."""
        wrong = find_wrong_codes({find_prefix(item.index_number) for item in items})
        return {
            item.id: list(
                find_warnings(item.metadata, item.code, is_right_prefix=find_prefix(item.index_number) not in wrong)
            )
            for item in items
        }

    def create(
        self, actor: Actor | None, found: Mapping[str, Any], plan: PlanChange = UNSAID, *, once: Once | None = None
    ) -> tuple[ItemView, bool]:
        """Register an item from its metadata, `publisher` and, if wanted, `id`; return it and whether it is new.

        Raises as `Datasets.create`, and as `Plans.set_day` where a day is planned.
        """
        by = require_publisher(actor)

        def set_day(session: Session, row: Dataset) -> None:
            if plan.opens is not None:
                self._plans.set_within(session, row, by, plan.opens, plan.reason)

        dataset, created = self._datasets.create(actor, found, once=once, also=set_day)
        return self.get(actor, dataset.id), created

    def replace(
        self,
        actor: Actor | None,
        dataset: str,
        found: Mapping[str, Any],
        plan: PlanChange = UNSAID,
        *,
        revision: int | None = None,
    ) -> ItemView:
        """Replace what is stated of an item: a property that isn't named is removed. The index number stays.

        Versions aren't withdrawn by it: where fewer people would have the data, change the metadata of the dataset.
        Raises as `Datasets.update` and `Plans.set_day`.
        """
        changes = {item.name: found.get(item.name) for item in load_profile().stated}
        with self._context.write() as session:
            row = find_dataset(session, dataset, lock=True)
            by = require_editor(actor, row.publisher_id, row.id)
            if revision is not None and revision != row.revision:
                text = N_("The dataset has changed since you read it. Read it again, then make your change")
                raise PreconditionError(text)
            if not changes.get("indexNumber"):
                changes["indexNumber"] = next_metadata(row).get("indexNumber")
            if row.latest is not None:  # its items are those of its tables
                changes["dataItems"] = next_metadata(row).get("dataItems")
            self._datasets.change(session, row, by, changes, withdraws=False)
            if plan.is_said:
                self._plans.set_within(session, row, by, plan.opens, plan.reason)
            uuid = row.uuid
        self._datasets.finish(dataset)
        finish_plans(self._context, uuid)
        return self.get(actor, dataset)

    def number(self, actor: Actor | None, publisher: str) -> int:
        """Give an index number to each item of a publisher that has none; how many got one.

        One that is public gets it as a change to its metadata, so it is public once a draft that has it is approved.
        """
        by = require_editor(actor, publisher)
        with self._context.read() as session:
            query = select(Dataset).where(Dataset.publisher_id == publisher).order_by(Dataset.id)
            ids = [row.id for row in session.scalars(query) if "indexNumber" not in next_metadata(row)]
        numbered = 0
        for start in range(0, len(ids), _AT_ONCE):
            with self._context.write() as session:
                for name in ids[start : start + _AT_ONCE]:
                    row = find_dataset(session, name, lock=True)
                    if row.archived is None:
                        numbered += self._datasets.give_number(session, row, by)
        return numbered

    def _list_conditions(self, actor: Actor | None, wanted: ItemFilter, *, is_own: bool) -> list[ColumnElement[bool]]:
        """What a reader asks for, of that what they see; a publisher that was merged stands for what it became."""
        with self._context.read() as session:
            publishers = follow_publishers(session, [wanted.publisher]) if wanted.publisher is not None else ()
        return [_where_seen(actor, is_own=is_own), *list_conditions(wanted, publishers)]

    def _view(self, session: Session, ids: Sequence[str], actor: Actor | None) -> list[ItemView]:
        query = select(Dataset, STATE).where(Dataset.id.in_(ids)).order_by(Dataset.id)
        rows = [(row, state) for row, state in session.execute(query)]
        firsts = dict(
            session.execute(
                select(Version.dataset_id, func.min(Version.published))
                .where(Version.dataset_id.in_([row.id for row, _ in rows if row.head is not None]))
                .group_by(Version.dataset_id)
            ).all()
        )
        zone = ZoneInfo(self._context.settings.timezone)
        found = []
        for row, state in rows:
            sees_work = actor is not None and actor.may_see(row.publisher_id, row.id)
            first = firsts.get(row.id)
            shows_plan = sees_work or is_listed(row)
            item = ItemView(
                id=row.id,
                uuid=row.uuid,
                publisher=view_publisher(row.publisher),
                code=row.publisher.code,
                metadata=next_metadata(row) if sees_work else row.meta,
                state=ItemState(state),
                latest=row.latest,
                opens=row.opens if shows_plan else None,
                opened=row.opened,
                published=first.astimezone(zone).date() if first is not None else None,
                is_public=is_listed(row),
                is_waiting=sees_work and row.proposed is not None,
                modified=row.modified,
                revision=row.revision,
                items=self._list_items(row, sees_work=sees_work),
            )
            found.append(item)
        return found

    def _list_items(self, row: Dataset, *, sees_work: bool) -> Sequence[Mapping[str, Any]]:
        """The information items: the columns of published tables, else those that were stated."""
        if row.latest is not None:
            return derive_items(table.schema for table in self._manifests.get(row.id, row.latest).tables)
        metadata: Mapping[str, Any] = next_metadata(row) if sees_work else row.meta
        items: Sequence[Mapping[str, Any]] = metadata.get("dataItems", ())
        return items


def find_wrong_codes(codes: set[str]) -> set[str]:
    """Those of some codes that are as long as a unified social credit code and have a wrong check character."""
    long = sorted(code for code in codes if len(code) == 18)
    if not long:
        return set()
    import pyarrow as pa

    from opendata.tables.check.rules.check_digits import find_wrong_credit_codes

    wrong = find_wrong_credit_codes(pa.array(long))
    return {code for code, is_wrong in zip(long, wrong, strict=True) if is_wrong}


def _where_seen(actor: Actor | None, *, is_own: bool) -> ColumnElement[bool]:
    if actor is None:
        return where_listed()
    return where_edited(actor) if is_own else or_(where_listed(), where_edited(actor))
