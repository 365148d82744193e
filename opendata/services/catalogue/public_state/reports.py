"""The public records of reports of a year: on disclosure, and on authorised operation. The newest edition holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from opendata.db.models import AnnualReport, OperationReport
from opendata.domain.moments import format_time
from opendata.errors import N_, IntegrityError
from opendata.storage.store import report_key

Row = AnnualReport | OperationReport
Model = TypeVar("Model", AnnualReport, OperationReport)
Place = tuple[str, int, str]
"""The folder, the year and the publisher; an empty publisher is the report on all."""

FOLDERS = ("annual-reports", "operation-reports")


def list_reports(session: Session) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    """The reports as they were published, with the record of each."""
    found: list[tuple[str, Row]] = [("annual-reports", row) for row in session.scalars(_select(AnnualReport))]
    found += [("operation-reports", row) for row in session.scalars(_select(OperationReport))]
    for folder, row in found:
        if row.published is not None and row.shown is not None:
            yield (
                (folder, row.year, row.publisher_id),
                {
                    "year": row.year,
                    "publisher": row.publisher_id,
                    "published": format_time(row.published),
                    "republished": format_time(row.republished) if row.republished is not None else None,
                    "revision": row.shown_revision,
                    "report": row.shown,
                },
            )


def key_of(place: Place) -> Callable[[int], str]:
    """The key of the n-th edition of a report."""
    folder, year, publisher = place
    return lambda number: report_key(folder, year, publisher, number)


def read_place(key: str) -> Place | None:
    """The report that a key belongs to, None for another key."""
    found = re.fullmatch(r"([a-z-]+)/([0-9]{4})/(?:([a-z0-9_-]+)/)?[0-9]+\.json", key)
    return (found[1], int(found[2]), found[3] or "") if found else None


def find_report(session: Session, place: Place) -> Row | None:
    """The row of a report."""
    folder, year, publisher = place
    if folder == "annual-reports":
        return session.get(AnnualReport, (publisher, year))
    return session.get(OperationReport, (publisher, year))


def restore_report(found: Mapping[str, Any], place: Place) -> Row:
    """The row that a record describes. Raises `IntegrityError` for another report's, `KeyError`, `ValueError`.

    What was entered for it begins with what was published.
    """
    folder, year, publisher = place
    if (found["year"], found["publisher"]) != (year, publisher):
        raise IntegrityError(N_("This is the record of another report"))
    shown, revision = dict(found["report"]), int(found["revision"] or 1)
    published = datetime.fromisoformat(found["published"])
    republished = datetime.fromisoformat(found["republished"]) if found["republished"] else None
    common: dict[str, Any] = {
        "publisher_id": publisher,
        "year": year,
        "revision": revision,
        "modified": republished or published,
        "published": published,
        "republished": republished,
        "shown": shown,
        "shown_revision": revision,
    }
    if folder == "annual-reports":
        return AnnualReport(**common, texts=dict(shown["texts"]), numbers=dict(shown["numbers"]), author="")
    return OperationReport(**common, parts=dict(shown))


def _select(model: type[Model]) -> Select[Model]:
    return select(model).where(model.published.is_not(None)).order_by(model.year, model.publisher_id)
