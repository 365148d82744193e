"""The items of self-checks: found, made, answered, counted and shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Publisher, SelfCheck, SelfCheckItem
from opendata.domain.disclosure import OPEN
from opendata.domain.grounds.entries import Entry
from opendata.domain.grounds.self_check import (
    Answer,
    Asked,
    Decision,
    Report,
    Settled,
    count_report,
    find_report_due,
)
from opendata.errors import N_, InvalidMetadataError, NotFoundError, StateError, fault
from opendata.services.catalogue.grounds.year_records import PUBLIC_PART
from opendata.services.core.access import disclosure_of, is_listed
from opendata.services.governance.grounds.lapses import ATTRIBUTE
from opendata.services.governance.grounds.values import CheckView, ItemView, Progress, ReportView

MOST_AT_ONCE = 1000


def keep_report(session: Session, row: SelfCheck) -> Report:
    """Keep the report of a self-check that is closed, and what of it everybody may read; the whole report."""
    settled = list(settle_all(session, row))
    report = count_report(settled)
    row.report = {**report.to_json(), PUBLIC_PART: count_report(item for item in settled if item.is_public).to_json()}
    return report


def find_check(session: Session, year: int, *, lock: bool = False) -> SelfCheck:
    """The self-check of a year. Raises `NotFoundError`."""
    query = select(SelfCheck).where(SelfCheck.year == year)
    row = session.scalar(query.with_for_update() if lock else query) if 0 < year < 10000 else None
    if row is None:
        raise NotFoundError(N_("There is no self-check of %(year)s"), year=year)
    return row


def find_items(session: Session, check: SelfCheck, items: Sequence[int]) -> Sequence[SelfCheckItem]:
    """Some items by their numbers. Raises `InvalidMetadataError` for none or too many, `NotFoundError`."""
    wanted = sorted(set(items))
    if not wanted:
        raise InvalidMetadataError(faults=[fault("/items", N_("Choose at least one item"))])
    if len(wanted) > MOST_AT_ONCE:
        text = N_("At most %(limit)s items can be decided at once")
        raise InvalidMetadataError(faults=[fault("/items", text, limit=MOST_AT_ONCE)])
    query = select(SelfCheckItem).where(SelfCheckItem.check_id == check.id, SelfCheckItem.id.in_(wanted))
    rows = session.scalars(query.order_by(SelfCheckItem.id)).all()
    missing = set(wanted) - {row.id for row in rows}
    if missing:
        raise NotFoundError(N_("The self-check has no item %(number)s"), number=min(missing))
    return rows


def list_missing(session: Session, row: SelfCheck) -> Iterable[Dataset]:
    """The datasets that aren't open and aren't items yet."""
    known = select(SelfCheckItem.dataset_uuid).where(
        SelfCheckItem.check_id == row.id, SelfCheckItem.dataset_uuid.is_not(None)
    )
    query = select(Dataset).where(ATTRIBUTE != OPEN, Dataset.uuid.not_in(known))
    return session.scalars(query.order_by(Dataset.publisher_id, Dataset.id))


def make_item(row: SelfCheck, dataset: Dataset, *, now: datetime, asked: int = 0) -> SelfCheckItem:
    """The item of a dataset."""
    return SelfCheckItem(
        check_id=row.id,
        dataset_uuid=dataset.uuid,
        publisher_id=dataset.publisher_id,
        title=str(dataset.meta.get("title", "")),
        attribute=disclosure_of(dataset).attribute,
        asked=asked,
        added=now,
    )


def make_topic(row: SelfCheck, asked: Asked, *, now: datetime) -> SelfCheckItem:
    """The item of a topic in words."""
    return SelfCheckItem(check_id=row.id, publisher_id=asked.publisher, title=asked.text, asked=asked.count, added=now)


def count_items(session: Session, row: SelfCheck) -> int:
    """How many items there are."""
    return session.scalar(select(func.count()).where(SelfCheckItem.check_id == row.id)) or 0


def digest_item(row: SelfCheckItem) -> str:
    """What tells an item from the same one after somebody has changed the answer to it."""
    answer = [row.publisher_id, row.title, row.state, row.decision, row.ground, row.reason, row.proposed_by]
    told = json.dumps([*answer, row.open_by.isoformat() if row.open_by else None], ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def require_seen(row: SelfCheckItem, seen: Mapping[int, str] | None) -> None:
    """Raises `StateError` where an item isn't as somebody saw it; with None, nobody says what they saw."""
    if seen is not None and seen.get(row.id) != digest_item(row):
        text = N_("“%(title)s” has changed since you read it. Look at it again, then decide")
        raise StateError(text, title=row.title)


def take(row: SelfCheckItem, answer: Answer, entries: Mapping[str, Entry]) -> None:
    """Write an answer into an item."""
    row.decision, row.ground, row.reason, row.open_by = answer.decision, answer.ground, answer.reason, answer.open_by
    row.kind = entries[answer.ground].ground if answer.decision == Decision.KEEP else ""


def select_items(row: SelfCheck) -> Select[SelfCheckItem, Dataset | None, str]:
    """The items of a self-check in order, with the dataset of each and the title of its publisher."""
    query = (
        select(SelfCheckItem, Dataset, Publisher.title)
        .join(Publisher, Publisher.id == SelfCheckItem.publisher_id)
        .outerjoin(Dataset, Dataset.uuid == SelfCheckItem.dataset_uuid)
        .where(SelfCheckItem.check_id == row.id)
        .order_by(SelfCheckItem.id)
    )
    return cast("Select[SelfCheckItem, Dataset | None, str]", query)  # the outer join leaves datasets out


def settle_all(session: Session, check: SelfCheck) -> Iterator[Settled]:
    """The decided items as the report counts them."""
    for item, dataset, _ in session.execute(select_items(check)):
        if item.decision is None:
            continue
        is_fulfilled = dataset is not None and disclosure_of(dataset).is_open
        is_public = dataset is None or is_listed(dataset)
        yield Settled(item.publisher_id, item.decision, item.kind, is_fulfilled, is_public)


def view_check(row: SelfCheck, progress: tuple[Progress, ...] = ()) -> CheckView:
    """The value of a row."""
    return CheckView(
        year=row.year,
        begun=row.begun,
        due=find_report_due(row.year),
        closed=row.closed,
        report=Report.from_json(row.report) if row.report else None,
        progress=progress,
    )


def view_item(row: SelfCheckItem, dataset: Dataset | None, publisher: str) -> ItemView:
    """The value of an item, with what its dataset is now."""
    disclosure = disclosure_of(dataset) if dataset is not None else None
    is_fulfilled = row.decision == Decision.OPEN and disclosure is not None and disclosure.is_open
    return ItemView(
        id=row.id,
        dataset=dataset.id if dataset is not None else None,
        title=row.title,
        publisher=row.publisher_id,
        publisher_title=publisher,
        attribute=row.attribute,
        pointed=disclosure.ground if disclosure is not None else "",
        asked=row.asked,
        state=row.state,
        decision=row.decision,
        ground=row.ground,
        reason=row.reason,
        open_by=row.open_by,
        proposed_by=row.proposed_by,
        decided_by=row.decided_by,
        decided=row.decided,
        digest=digest_item(row),
        fulfilled=((dataset.latest or "") if dataset is not None else "") if is_fulfilled else None,
    )


def view_report(session: Session, row: SelfCheck) -> ReportView:
    """The report of a closed self-check as everybody reads it, without what is opened.

    Datasets whose entry wasn't public aren't counted in it; those closed by earlier releases have one count alone.
    """
    kept = row.report or Report().to_json()
    report = Report.from_json(kept.get(PUBLIC_PART, kept))
    names = select(Publisher.id, Publisher.title).where(Publisher.id.in_(report.publishers))
    return ReportView(
        year=row.year,
        closed=row.closed or row.begun,
        due=find_report_due(row.year),
        report=report,
        titles={row.id: row.title for row in session.execute(names)},
    )
