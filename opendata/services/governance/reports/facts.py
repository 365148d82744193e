"""Counts what the portal has about a year for the text of the annual report, of a publisher or of all (`""`)."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, case, distinct, func, or_, select, true
from sqlalchemy.orm import Session

from opendata.db.models import BasicEdition, BasicLink, Dataset, Download, Obligation, Request, Version
from opendata.domain.reports.annual import WORDS
from opendata.domain.reports.facts import AnnualFacts
from opendata.domain.requests.annual import ALL, CARRIED_IN, CARRIED_OUT, NEW, TOTAL, AnnualTable
from opendata.domain.requests.kinds import RequestKind
from opendata.domain.requests.steps import RequestState
from opendata.services.core.access import where_listed, where_open, where_standing
from opendata.services.core.actors import SYSTEM
from opendata.services.core.context import Context
from opendata.services.governance.control.gauges import Asking
from opendata.services.governance.control.lists import GAUGES
from opendata.services.governance.duties.reporting import where_counted
from opendata.services.governance.reports.values import Place

_MOST_PLACES = 5


def count_facts(context: Context, session: Session, table: AnnualTable, publisher: str) -> AnnualFacts:
    """The facts of the year of a table of applications; datasets of other portals aren't the publisher's own."""
    year, today = table.year, context.today()
    zone = ZoneInfo(context.settings.timezone)
    begin, end = (datetime.combine(date(found, 1, 1), time(), zone) for found in (year, year + 1))
    first, last = date(year, 1, 1), date(year, 12, 31)
    own = and_(_own(Dataset.publisher_id, publisher), Dataset.is_foreign.is_(False))
    in_year = (Version.published >= begin, Version.published < end, where_standing())
    versions = select(func.count(Version.id)).join(Dataset, Dataset.id == Version.dataset_id).where(own, *in_year)
    opened = (
        select(Version.dataset_id)
        .join(Dataset, Dataset.id == Version.dataset_id)
        .where(own)
        .group_by(Version.dataset_id)
        .having(func.min(Version.published) >= begin, func.min(Version.published) < end)
        .subquery()
    )
    downloads = select(func.sum(Download.count)).where(Download.day >= first, Download.day <= last)
    if publisher:
        theirs = select(Dataset.uuid).where(_own(Dataset.publisher_id, publisher))
        downloads = downloads.where(Download.dataset_uuid.in_(theirs))
    entries, fulfilled = _count_entries(session, publisher)
    asked, replied, on_time = _count_requests(session, publisher, begin, end)
    duties, kept = _count_duties(session, publisher, year, today)
    gauges = {gauge.code: gauge for gauge in GAUGES}
    asking = Asking(actor=SYSTEM, now=context.clock(), today=today, publisher=publisher or None)

    def count(code: str) -> int:
        return _count_rows(session, gauges[code].select(asking))

    return AnnualFacts(
        year=year,
        day=today,
        datasets=session.scalar(select(func.count(Dataset.id)).where(own, where_listed(), where_open())) or 0,
        first_published=session.scalar(select(func.count()).select_from(opened)) or 0,
        versions=session.scalar(versions) or 0,
        downloads=int(session.scalar(downloads) or 0),
        entries=entries,
        fulfilled=fulfilled,
        applications=table.cells[NEW, ALL],
        carried_in=table.cells[CARRIED_IN, ALL],
        concluded=table.cells[TOTAL, ALL],
        carried_out=table.cells[CARRIED_OUT, ALL],
        asked=asked,
        replied=replied,
        on_time=on_time,
        duties=duties,
        duties_kept=kept,
        duties_late=count("duties-late"),
        plans_missed=count("plan-missed"),
        no_ground=count("no-ground"),
        requests_late=count("requests-late"),
    )


def find_places(session: Session, publisher: str) -> dict[str, list[Place]]:
    """By the rows of table 2: public datasets with their word in the title, those with most rows first."""
    found: dict[str, list[Place]] = {}
    for row, words in WORDS.items():
        named = or_(*(Dataset.title.contains(word, autoescape=True) for word in words))
        query = (
            select(Dataset, Version.rows)
            .join(Version, (Version.dataset_id == Dataset.id) & (Version.version == Dataset.latest))
            .where(_own(Dataset.publisher_id, publisher), where_listed(), named)
            .order_by(Version.rows.desc(), Dataset.id)
            .limit(_MOST_PLACES)
        )
        found[str(row)] = [
            Place(
                dataset=dataset.id,
                title=dataset.meta.get("title", dataset.id),
                i18n=dataset.meta.get("i18n", {}),
                rows=rows or 0,
            )
            for dataset, rows in session.execute(query)
        ]
    return found


def _own(column: Any, publisher: str) -> ColumnElement[bool]:
    own: ColumnElement[bool] = column == publisher if publisher else true()
    return own


def _count_entries(session: Session, publisher: str) -> tuple[int, int]:
    """Entries of the basic catalogue in force, and those with a public dataset that fulfils them."""
    in_force = (BasicEdition.until.is_(None), _own(BasicEdition.publisher_id, publisher))
    fulfilled = (
        select(func.count(distinct(BasicEdition.entry_id)))
        .join(BasicLink, BasicLink.entry_id == BasicEdition.entry_id)
        .join(Dataset, Dataset.uuid == BasicLink.dataset_uuid)
        .where(*in_force, where_listed())
    )
    return session.scalar(select(func.count(BasicEdition.id)).where(*in_force)) or 0, session.scalar(fulfilled) or 0


def _count_requests(session: Session, publisher: str, begin: datetime, end: datetime) -> tuple[int, int, int]:
    """Requests of a year that aren't applications, those with a reply, those with one in time."""
    query = select(
        func.count(Request.number),
        func.sum(case((Request.outcome.is_not(None), 1), else_=0)),
        func.sum(case((Request.is_on_time.is_(True), 1), else_=0)),
    ).where(
        Request.created >= begin,
        Request.created < end,
        Request.kind != RequestKind.APPLICATION,
        Request.state != RequestState.SPAM,
        _own(Request.publisher_id, publisher),
    )
    asked, replied, on_time = session.execute(query).one()
    return int(asked or 0), int(replied or 0), int(on_time or 0)


def _count_duties(session: Session, publisher: str, year: int, today: date) -> tuple[int, int]:
    """Duties that were due in a year, and those done in time."""
    query = select(func.count(Obligation.id), func.sum(case((Obligation.done_on <= Obligation.due, 1), else_=0))).where(
        where_counted(today),
        Obligation.due_month >= f"{year}-01",
        Obligation.due_month <= f"{year}-12",
        _own(Obligation.publisher_id, publisher),
    )
    due, kept = session.execute(query).one()
    return int(due or 0), int(kept or 0)


def _count_rows(session: Session, rows: Select[Any]) -> int:
    return session.scalar(select(func.count()).select_from(rows.subquery())) or 0
