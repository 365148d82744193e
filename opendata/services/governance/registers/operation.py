"""Yearly disclosures of authorised operation: what the portal knows is filled in, people complete it, it is published.

Those who edit for a publisher write its report, those who lead it publish it. Reading, saving and publishing give
back the same view, so they share this module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, OperationReport, Publisher, RegistrationRow, User
from opendata.domain.registers.needs import OPERATION, OPERATION_RULE
from opendata.domain.registers.operation import (
    FIRST_YEAR,
    LAST_YEAR,
    OperationTables,
    Part,
    Role,
    Row,
    list_gaps,
    read_kept,
    read_tables,
)
from opendata.domain.registers.registration import RegistrationKind, RegistrationState
from opendata.errors import (
    N_,
    Fault,
    InputError,
    InvalidMetadataError,
    NotFoundError,
    PreconditionError,
    StateError,
)
from opendata.metadata.codes import UPDATE_CYCLES
from opendata.metadata.text import find_value_faults
from opendata.services.catalogue.publishers import find_publisher, view_publisher
from opendata.services.core.access import is_listed, where_acting_for
from opendata.services.core.actors import Actor, require_editor, require_insider, require_lead, require_publisher
from opendata.services.core.context import Context
from opendata.services.core.values import PublisherView
from opendata.services.governance.duties.finishing import finish_yearly, select_yearly
from opendata.services.governance.duties.registering import where_operated

_KIND = "operation-report"
_REPORT_UNTIL_MONTH = 6
_LANGUAGE = "zh"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDuty:
    """The duty of the ledger to publish a report."""

    id: int
    due: date | None
    done_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationView:
    """A report being written. `known` is what the portal suggests, `gaps` what is missing before it is published."""

    publisher: PublisherView
    year: int
    tables: OperationTables
    known: OperationTables
    gaps: Sequence[Fault]
    revision: int
    author: str
    modified: datetime | None
    published: datetime | None
    shown_revision: int | None
    is_over: bool
    duty: ReportDuty | None

    @property
    def is_changed(self) -> bool:
        """Whether it was changed after it was published."""
        return self.shown_revision is not None and self.shown_revision != self.revision


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRow:
    """A report in a list."""

    publisher: PublisherView
    year: int
    modified: datetime | None
    published: datetime | None
    is_changed: bool
    resources: int
    duty: ReportDuty | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedOperation:
    """A report as it is published."""

    publisher: PublisherView
    year: int
    tables: OperationTables
    published: datetime
    republished: datetime | None


class OperationReports:
    """Keeps the disclosures."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def find_year(self) -> int:
        """The year to disclose now: the last one, and from July on this one."""
        today = self._context.today()
        return max(FIRST_YEAR, today.year if today.month > _REPORT_UNTIL_MONTH else today.year - 1)

    def read_year(self, year: int | None) -> int:
        """A year that can be disclosed; without one, the one to disclose now. Raises `InputError`."""
        found = self.find_year() if year is None else year
        if not FIRST_YEAR <= found <= LAST_YEAR:
            raise InputError(N_("“%(value)s” isn't a year. Write it like 2026"), value=found)
        return found

    def list(self, actor: Actor | None, year: int | None = None) -> Sequence[OperationRow]:
        """The reports of a year that somebody sees, begun or not. Raises `NotSignedInError`, `NotPermittedError`."""
        reader, wanted = require_publisher(actor), self.read_year(year)
        with self._context.read() as session:
            query = select(OperationReport).where(OperationReport.year == wanted)
            rows = {row.publisher_id: row for row in session.scalars(query)}
            offices = session.scalars(
                select(Publisher).where(where_acting_for(reader, Publisher.id)).order_by(Publisher.id)
            ).all()
            found = [one for one in offices if one.ended is None or one.id in rows]
            counts: dict[str, int] = {}
            for name in session.scalars(select(Dataset.publisher_id).where(where_operated())):
                counts[name] = counts.get(name, 0) + 1
            duties = _find_duties(session, wanted, [one.id for one in found])
        items = [_view_row(wanted, one, rows.get(one.id), counts.get(one.id, 0), duties.get(one.id)) for one in found]
        return sorted(items, key=lambda item: (not (item.resources or item.modified or item.duty), item.publisher.id))

    def get(self, actor: Actor | None, year: int, publisher: str) -> OperationView:
        """A report with what the portal knows. Raises as `list` does, and `NotFoundError`."""
        self._begin(actor, year, publisher, require_insider)
        with self._context.read() as session:
            return self._view(session, year, publisher)

    def save(
        self,
        actor: Actor | None,
        year: int,
        publisher: str,
        said: Mapping[str, Any],
        *,
        revision: int | None = None,
    ) -> OperationView:
        """Keep `roles`, `rows` (table → rows) and `notes` (table → why it is empty), each as a whole.

        Raises `InvalidMetadataError`, `PreconditionError` where somebody else saved another `revision`, and as `get`.
        """
        found = self._begin(actor, year, publisher, require_editor)
        tables, faults = read_tables(said)
        faults = [*find_value_faults(dict(said)), *faults]
        if faults:
            raise InvalidMetadataError(faults=faults)
        with self._context.write() as session:
            row = self._lock(session, year, publisher)
            if revision is not None and revision != row.revision:
                raise PreconditionError(N_("Somebody saved this report while you were writing. Open it again"))
            if row.revision == 0 or row.parts != tables.to_json():
                row.parts = tables.to_json()
                row.revision += 1
                row.author_id, row.modified = found.id, self._context.now()
                self._context.log(session, found, "change", _KIND, f"{year}/{publisher}", revision=row.revision)
            session.flush()
            return self._view(session, year, publisher)

    def publish(self, actor: Actor | None, year: int, publisher: str) -> OperationView:
        """Show a report to everybody as it is now, and say in the ledger that this duty is done.

        Raises `InvalidMetadataError` for what is missing, `StateError` before the year is over, and as `get` does.
        """
        found = self._begin(actor, year, publisher, require_lead)
        if not self._is_over(year):
            raise StateError(N_("The year %(year)s isn't over yet"), year=year)
        with self._context.write() as session:
            row = self._lock(session, year, publisher)
            view = self._view(session, year, publisher)
            if view.gaps:
                raise InvalidMetadataError(N_("The report isn't complete yet"), faults=view.gaps)
            now = self._context.now()
            if row.published is None:
                row.published = now
            else:
                row.republished = now
            row.shown, row.shown_revision = dict(row.parts), row.revision
            self._context.log(session, found, "publish", _KIND, f"{year}/{publisher}", revision=row.revision)
            duties = select_yearly(session, [OPERATION_RULE], year, [publisher])
            finish_yearly(self._context, session, found, duties, f"/disclosure/operation/{year}/{publisher}")
            session.flush()
            return self._view(session, year, publisher)

    def list_published(self, year: int | None = None, publisher: str | None = None) -> Sequence[PublishedOperation]:
        """The published reports, the newest year first."""
        query = select(OperationReport).where(OperationReport.published.is_not(None))
        if year is not None:
            query = query.where(OperationReport.year == year)
        if publisher is not None:
            query = query.where(OperationReport.publisher_id == publisher)
        query = query.order_by(OperationReport.year.desc(), OperationReport.publisher_id)
        with self._context.read() as session:
            rows = session.scalars(query).all()
            offices = {one.id: one for one in session.scalars(select(Publisher))} if rows else {}
            return [_view_published(row, offices[row.publisher_id]) for row in rows if row.publisher_id in offices]

    def get_published(self, year: int, publisher: str) -> PublishedOperation:
        """A report as it is published. Raises `NotFoundError`."""
        found = self.list_published(year, publisher) if FIRST_YEAR <= year <= LAST_YEAR else ()
        if not found:
            raise NotFoundError(N_("No report on %(year)s is published here"), year=year)
        return found[0]

    def _is_over(self, year: int) -> bool:
        return self._context.today() > date(year, 12, 31)

    def _begin(
        self, actor: Actor | None, year: int, publisher: str, require: Callable[[Actor | None, str], Actor]
    ) -> Actor:
        require_publisher(actor)
        with self._context.read() as session:
            found = require(actor, find_publisher(session, publisher).id)
        self.read_year(year)
        return found

    def _lock(self, session: Session, year: int, publisher: str) -> OperationReport:
        """The row of a report, new or locked."""
        query = select(OperationReport).where(OperationReport.publisher_id == publisher, OperationReport.year == year)
        row = session.scalar(query.with_for_update().execution_options(populate_existing=True))
        if row is None:
            row = OperationReport(publisher_id=publisher, year=year, parts={}, revision=0)
            row.modified = self._context.now()
            session.add(row)
            session.flush()
        return row

    def _view(self, session: Session, year: int, publisher: str) -> OperationView:
        row = session.get(OperationReport, (publisher, year))
        office = session.get_one(Publisher, publisher)
        known = _suggest(session, office)
        tables = read_kept(row.parts) if row is not None and row.revision else OperationTables()
        author = session.get(User, row.author_id) if row is not None and row.author_id is not None else None
        return OperationView(
            publisher=view_publisher(office),
            year=year,
            tables=tables,
            known=known,
            gaps=list_gaps(tables, known.list(Part.RESOURCES)),
            revision=row.revision if row is not None else 0,
            author=author.name if author is not None else "",
            modified=row.modified if row is not None and row.revision else None,
            published=row.published if row is not None else None,
            shown_revision=row.shown_revision if row is not None else None,
            is_over=self._is_over(year),
            duty=_find_duties(session, year, [publisher]).get(publisher),
        )


def _suggest(session: Session, office: Publisher) -> OperationTables:
    """What the portal knows: who the publisher is, and which public datasets it authorised or was given."""
    details: Mapping[str, Any] = office.details or {}
    contact = details.get("contactPoint")
    contact = contact if isinstance(contact, Mapping) else {}
    who = {
        "name": office.title,
        "creditCode": office.code or "",
        "telephone": str(contact.get("telephone") or ""),
        "address": str(contact.get("address") or ""),
        "url": str(contact.get("url") or ""),
    }
    who = {name: text for name, text in who.items() if text}
    operation = Dataset.meta[(OPERATION, "operator")].as_string()
    code = Dataset.meta[(OPERATION, "operatorCode")].as_string()
    body = Dataset.meta[(OPERATION, "implementingBody")].as_string()
    own = [Dataset.publisher_id == office.id, operation == office.title, body == office.title]
    own += [code == office.code] if office.code else []
    rows = session.scalars(select(Dataset).where(where_operated(), or_(*own)).order_by(Dataset.id)).all()
    datasets = [row for row in rows if is_listed(row) and row.origin is None]
    given = [row for row in datasets if _is_operator(row, office)]
    roles = [Role.OPERATOR] if given else []
    if len(given) < len(datasets):
        roles.insert(0, Role.IMPLEMENTING)
    codes = _read_codes(session, datasets)
    return OperationTables(
        roles=roles,
        rows={
            Part.BODY: [who],
            Part.AUTHORISATIONS: _list_authorisations([row for row in datasets if row not in given]),
            Part.OPERATOR: [who],
            Part.RESOURCES: [_describe_resource(row, codes.get(row.uuid, "")) for row in given or datasets],
        },
    )


def _is_operator(row: Dataset, office: Publisher) -> bool:
    said: Mapping[str, Any] = dict(row.meta).get(OPERATION) or {}  # type: ignore[assignment]
    return said.get("operator") == office.title or bool(office.code and said.get("operatorCode") == office.code)


def _list_authorisations(datasets: Sequence[Dataset]) -> Sequence[Row]:
    """One row for each operator, mode and period, with the titles of its datasets."""
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for row in datasets:
        said: Mapping[str, Any] = dict(row.meta).get(OPERATION) or {}  # type: ignore[assignment]
        key = [str(said.get(name) or "") for name in ("operator", "operatorCode", "mode", "period")]
        found.setdefault((key[0], key[1], key[2], key[3]), []).append(row.title or row.id)
    rows = []
    for (operator, code, mode, _), titles in found.items():
        line = {"operator": operator, "operatorCode": code, "mode": mode, "scope": "、".join(titles)}
        rows.append({name: text for name, text in line.items() if text})
    return rows


def _describe_resource(row: Dataset, code: str) -> Row:
    cycle = UPDATE_CYCLES.get(row.meta.get("updateCycle", ""))
    found = {
        "title": row.title or row.id,
        "provider": row.publisher.title,
        "dataset": row.id,
        "registration": code,
        "cycle": cycle.title(_LANGUAGE) if cycle else "",
    }
    return {name: text for name, text in found.items() if text}


def _read_codes(session: Session, datasets: Sequence[Dataset]) -> Mapping[str, str]:
    """UUID of a dataset → its newest code in the register."""
    query = select(RegistrationRow.dataset_uuid, RegistrationRow.code).where(
        RegistrationRow.dataset_uuid.in_([row.uuid for row in datasets]),
        RegistrationRow.state == RegistrationState.REGISTERED,
        RegistrationRow.kind != RegistrationKind.CANCELLATION,
    )
    return {row.dataset_uuid: row.code for row in session.execute(query.order_by(RegistrationRow.id))}


def _find_duties(session: Session, year: int, publishers: Sequence[str]) -> Mapping[str, ReportDuty]:
    """Publisher → its duty to publish the report of a year."""
    found: dict[str, ReportDuty] = {}
    for row in select_yearly(session, [OPERATION_RULE], year, publishers):
        found.setdefault(row.publisher_id, ReportDuty(id=row.id, due=row.due, done_on=row.done_on))
    return found


def _view_row(
    year: int, office: Publisher, row: OperationReport | None, resources: int, duty: ReportDuty | None
) -> OperationRow:
    return OperationRow(
        publisher=view_publisher(office),
        year=year,
        modified=row.modified if row is not None and row.revision else None,
        published=row.published if row is not None else None,
        is_changed=row is not None and row.shown_revision is not None and row.shown_revision != row.revision,
        resources=resources,
        duty=duty,
    )


def _view_published(row: OperationReport, office: Publisher) -> PublishedOperation:
    return PublishedOperation(
        publisher=view_publisher(office),
        year=row.year,
        tables=read_kept(row.shown or {}),
        published=row.published or row.modified,
        republished=row.republished,
    )
