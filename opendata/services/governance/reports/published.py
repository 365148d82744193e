"""Annual reports as they are published: lists of them, and each with its numbers of then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import AnnualReport as Row
from opendata.db.models import Publisher
from opendata.domain.reports.annual import FIRST_YEAR, LAST_YEAR, AnnualReport
from opendata.domain.requests.annual import COLUMNS, ROWS, AnnualTable
from opendata.errors import N_, NotFoundError
from opendata.services.catalogue.publishers import find_publisher, view_publisher
from opendata.services.governance.reports.values import PublishedReport, PublishedRow


def list_published(session: Session, year: int | None = None, publisher: str | None = None) -> Sequence[PublishedRow]:
    """The published reports, the newest year first and within it that on all first."""
    query = select(Row.publisher_id, Row.year, Row.published, Row.republished).where(Row.published.is_not(None))
    if year is not None:
        query = query.where(Row.year == year)
    if publisher is not None:
        query = query.where(Row.publisher_id == publisher)
    rows = session.execute(query.order_by(Row.year.desc(), Row.publisher_id)).all()
    offices = _list_offices(session, {row.publisher_id for row in rows})
    return [
        PublishedRow(
            publisher=offices.get(row.publisher_id),
            year=row.year,
            published=row.published,
            republished=row.republished,
        )
        for row in rows
    ]


def get_published(session: Session, year: int, publisher: str = "") -> PublishedReport:
    """A report as it is published. Raises `NotFoundError`."""
    if publisher:
        find_publisher(session, publisher)
    row = session.get(Row, (publisher, year)) if FIRST_YEAR <= year <= LAST_YEAR else None
    if row is None or row.shown is None or row.published is None:
        raise NotFoundError(N_("No report on %(year)s is published here"), year=year)
    return PublishedReport(
        publisher=_list_offices(session, {publisher}).get(publisher),
        year=year,
        texts=row.shown["texts"],
        report=read_shown(year, row.shown),
        published=row.published,
        republished=row.republished,
    )


def read_numbers(found: Mapping[str, str]) -> dict[str, Decimal]:
    """Numbers as they are kept."""
    return {code: Decimal(text) for code, text in found.items()}


def read_shown(year: int, shown: Mapping[str, Any]) -> AnnualReport:
    """The tables of `shown`, in which cells of table 3 that aren't there are 0."""
    cells = {(line, column): int(shown["cells"].get(f"{line}/{column}", 0)) for line in ROWS for column in COLUMNS}
    return AnnualReport(numbers=read_numbers(shown["numbers"]), table=AnnualTable(year, cells))


def _list_offices(session: Session, names: set[str]) -> Mapping[str, Any]:
    return {row.id: view_publisher(row) for row in session.scalars(select(Publisher).where(Publisher.id.in_(names)))}
