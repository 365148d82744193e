"""Reading obligations: lists with filters, one with its history, and what the catalogue shows of datasets."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Event, Obligation, Publisher, User
from opendata.domain.clocks.limits import Limit, Unit
from opendata.domain.clocks.obligations import DutyState, Life, judge
from opendata.domain.texts import I18n
from opendata.errors import N_, InputError, NotFoundError
from opendata.metadata.identifiers import find_identifier_fault
from opendata.services.core.access import where_acting_for
from opendata.services.core.actors import Actor, require_publisher
from opendata.services.core.context import Context
from opendata.services.core.paging import DEFAULT_LIMIT, read_cursor, refuse_cursor, write_cursor
from opendata.services.core.values import Page
from opendata.services.governance.duties.rule_reading import RuleView, read_rules
from opendata.tables.forms.csv_lines import write_csv_line

_NEVER = date(9999, 12, 31)
_AT_ONCE = 500

_OF = Obligation.__table__.c
_OPEN_EDITIONS = (
    select(_OF.dataset_uuid, _OF.period, _OF.due)
    .where(
        _OF.dataset_uuid.in_(bindparam("uuids", expanding=True)),
        _OF.period_end.is_not(None),
        _OF.done_on.is_(None),
        _OF.waived_on.is_(None),
    )
    .order_by(func.coalesce(_OF.due, _NEVER), _OF.id)
)

COLUMNS = (
    *("id", "publisher", "task", "rule", "clause", "dataset", "period", "owner", "office", "trigger", "due", "state"),
    *("doneOn", "evidence", "reason", "rectifyBy"),
)
"""The columns of the ledger as a CSV file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyFilter:
    """Which duties: what isn't given doesn't matter. `whose`: `mine`, or all that one may see.

    `state` is `open`, or one of the states. `within`: due within so many days. `since` and `until` bound the due day.
    """

    whose: str = ""
    publisher: str = ""
    state: str = ""
    rule: str = ""
    dataset: str = ""
    within: int | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyView:
    """A publisher or a dataset by its id and its title."""

    id: str
    title: str
    i18n: I18n


@dataclass(frozen=True, slots=True, kw_only=True)
class ObligationView:
    """A duty. `title` and `clause` are by language. `rectify_state` is None where nothing is to be rectified.

    `unknown_year` is the year without a calendar because of which it isn't known when it is due.
    """

    id: int
    rule: str
    title: Mapping[str, str]
    clause: Mapping[str, str]
    starts: Mapping[str, str]
    task: str
    publisher: PartyView
    dataset: PartyView | None
    owner: str
    office: str
    period: str
    trigger: date | None
    limit: Limit | None
    due: date | None
    unknown_year: int | None
    state: DutyState
    is_paused: bool
    can_pause: bool
    pauses: Sequence[Mapping[str, Any]]
    extensions: Sequence[Mapping[str, Any]]
    most_extensions: int
    done_on: date | None
    evidence: Mapping[str, Any] | None
    waived_on: date | None
    waived_reason: str
    rectify_by: date | None
    rectify_reason: str
    rectify_state: DutyState | None
    created: datetime
    changed: datetime

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.done_on is None and self.waived_on is None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """A line of a duty's history."""

    at: datetime
    actor: str
    action: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateView:
    """Whether a dataset is up to date: the edition that is due first, and by which day the next one is.

    `state` is `overdue` or `running`. `next` is None where no further one is due yet.
    """

    state: DutyState
    period: str
    due: date | None
    next: date | None


@dataclass(frozen=True, slots=True)
class _Names:
    """What views are made with: rules, and the parties and persons that rows name."""

    rules: Mapping[str, RuleView]
    publishers: Mapping[str, Publisher]
    datasets: Mapping[str, Dataset]
    owners: Mapping[int, str]
    today: date
    _none: Mapping[str, str] = field(default_factory=dict)

    def view(self, row: Obligation) -> ObligationView:
        """The value of a row."""
        found = self.rules.get(row.rule_id)
        rule = found.rule if found else None
        publisher, dataset = self.publishers[row.publisher_id], self.datasets.get(row.dataset_uuid or "")
        return ObligationView(
            id=row.id,
            rule=row.rule_id,
            title=rule.title if rule else {"zh": row.task},
            clause=rule.clause if rule and not row.clause else {"zh": row.clause},
            starts=rule.starts if rule else self._none,
            task=row.task,
            publisher=PartyView(id=publisher.id, title=publisher.title, i18n=publisher.i18n),
            dataset=_view_dataset(dataset) if dataset else None,
            owner=self.owners.get(row.owner_id or 0, ""),
            office=row.office,
            period=row.period,
            trigger=row.trigger,
            limit=Limit(row.number, Unit(row.unit)) if row.number is not None else None,
            due=row.due,
            unknown_year=row.unknown_year,
            state=judge(life_of(row), self.today),
            is_paused=any(item.get("end") is None for item in row.pauses),
            can_pause=bool(rule and rule.pauses),
            pauses=row.pauses,
            extensions=row.extensions,
            most_extensions=rule.extensions if rule else 1,
            done_on=row.done_on,
            evidence=row.evidence,
            waived_on=row.waived_on,
            waived_reason=row.waived_reason,
            rectify_by=row.rectify_by,
            rectify_reason=row.rectify_reason,
            rectify_state=judge(Life(due=row.rectify_by, done_on=row.done_on), self.today) if row.rectify_by else None,
            created=row.created,
            changed=row.changed,
        )


class Duties:
    """Shows the ledger of obligations to those who work for publishers, and to the public what is late."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(
        self,
        actor: Actor | None,
        wanted: DutyFilter | None = None,
        *,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[ObligationView]:
        """One page of duties, what is due first first. Raises `NotSignedInError`, `NotPermittedError`, `InputError`."""
        query = self._select(actor, wanted or DutyFilter())
        due = func.coalesce(Obligation.due, _NEVER)
        after = read_cursor(cursor)
        if after is not None:
            day, _, number = after.partition("|")
            try:
                last, place = date.fromisoformat(day), int(number[:18])
            except ValueError:
                raise refuse_cursor() from None
            query = query.where(or_(due > last, and_(due == last, Obligation.id > place)))
        with self._context.read() as session:
            rows = session.scalars(query.order_by(due, Obligation.id).limit(limit + 1)).all()
            items = view_rows(session, rows[:limit], self._context.today())
        if len(rows) <= limit:
            return Page(items)
        return Page(items, write_cursor(f"{items[-1].due or _NEVER}|{items[-1].id}"))

    def count(self, actor: Actor | None, wanted: DutyFilter) -> int:
        """How many duties there are. Raises as `list` does."""
        query = self._select(actor, wanted)
        with self._context.read() as session:
            return session.scalar(query.with_only_columns(func.count())) or 0

    def get(self, actor: Actor | None, obligation: int) -> ObligationView:
        """One duty. Raises `NotFoundError`, `NotSignedInError`, `NotPermittedError`."""
        found = require_publisher(actor)
        with self._context.read() as session:
            row = find_obligation(session, found, obligation)
            return view_rows(session, [row], self._context.today())[0]

    def list_steps(self, actor: Actor | None, obligation: int) -> Sequence[StepView]:
        """The history of a duty, the oldest first. Raises as `get` does."""
        found = require_publisher(actor)
        with self._context.read() as session:
            find_obligation(session, found, obligation)
            query = select(Event).where(Event.subject_kind == "obligation", Event.subject == str(obligation))
            events = session.scalars(query.order_by(Event.id)).all()
        return [StepView(at=item.at, actor=item.actor, action=item.verb, details=item.details) for item in events]

    def export_csv(self, actor: Actor | None, wanted: DutyFilter) -> Iterator[str]:
        """The duties as lines of a CSV file with the columns `COLUMNS`. Raises as `list` does."""
        page = self.list(actor, wanted, limit=_AT_ONCE)
        return self._write_csv(actor, wanted, page)

    def _write_csv(self, actor: Actor | None, wanted: DutyFilter, page: Page[ObligationView]) -> Iterator[str]:
        yield "\ufeff" + write_csv_line(COLUMNS)
        while True:
            for item in page.items:
                yield write_csv_line(_describe(item))
            if page.next is None:
                return
            page = self.list(actor, wanted, cursor=page.next, limit=_AT_ONCE)

    def find_updates(self, uuids: Collection[str]) -> Mapping[str, UpdateView]:
        """By the `uuid` of datasets: whether they are up to date. One query, whatever their number."""
        today = self._context.today()
        found: dict[str, list[tuple[str, date | None]]] = {}
        if uuids:
            with self._context.read() as session:
                for uuid, period, due in session.execute(_OPEN_EDITIONS, {"uuids": list(uuids)}):
                    found.setdefault(str(uuid), []).append((period, due))
        return {uuid: _view_update(rows, today) for uuid, rows in found.items()}

    def _select(self, actor: Actor | None, wanted: DutyFilter) -> Select[Obligation]:
        found = require_publisher(actor)
        if any(find_identifier_fault("", name) for name in (wanted.publisher, wanted.rule, wanted.dataset) if name):
            raise InputError(N_("A publisher, a rule or a dataset is named by its identifier"))
        query = select(Obligation).where(where_acting_for(found, Obligation.publisher_id))
        today = self._context.today()
        if wanted.whose == "mine":
            query = query.where(Obligation.owner_id == found.id)
        if wanted.publisher:
            query = query.where(Obligation.publisher_id == wanted.publisher)
        if wanted.rule:
            query = query.where(Obligation.rule_id == wanted.rule)
        if wanted.dataset:
            query = query.where(
                Obligation.dataset_uuid == select(Dataset.uuid).where(Dataset.id == wanted.dataset).scalar_subquery()
            )
        if wanted.state not in ("", "any"):
            query = query.where(_where_state(wanted.state, today))
        until = wanted.until
        if wanted.within is not None:
            last = today + timedelta(days=wanted.within)
            until = min(until, last) if until else last
        if until is not None:
            query = query.where(Obligation.due <= until)
        if wanted.since is not None:
            query = query.where(Obligation.due >= wanted.since)
        return query


def life_of(row: Obligation) -> Life:
    """What is kept of a duty in the end."""
    return Life(due=row.due, done_on=row.done_on, waived_on=row.waived_on)


def find_obligation(session: Session, actor: Actor, obligation: int, *, lock: bool = False) -> Obligation:
    """A row that the actor may see. Raises `NotFoundError`."""
    query = select(Obligation).where(Obligation.id == obligation, where_acting_for(actor, Obligation.publisher_id))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    row = session.scalar(query) if obligation < 2**31 else None
    if row is None:
        raise NotFoundError(N_("There is no duty with the number %(id)s that you may see"), id=obligation)
    return row


def view_rows(session: Session, rows: Sequence[Obligation], today: date) -> Sequence[ObligationView]:
    """The values of rows, with a query for each kind of name whatever their number."""
    uuids = {row.dataset_uuid for row in rows if row.dataset_uuid}
    owners = {row.owner_id for row in rows if row.owner_id}
    publishers = {row.publisher_id for row in rows}
    names = _Names(
        read_rules(session),
        {item.id: item for item in session.scalars(select(Publisher).where(Publisher.id.in_(publishers)))},
        {item.uuid: item for item in session.scalars(select(Dataset).where(Dataset.uuid.in_(uuids)))} if uuids else {},
        dict(session.execute(select(User.id, User.name).where(User.id.in_(owners))).all()),
        today,
    )
    return [names.view(row) for row in rows]


def read_state(text: str) -> str:
    """A state to filter by. Raises `InputError`."""
    if text not in ("", "any", "open", *DutyState):
        raise InputError(N_("“state” must be one of: %(names)s"), names=", ".join(("open", *DutyState)))
    return text


def _where_state(state: str, today: date) -> ColumnElement[bool]:
    due, done, waived = Obligation.due, Obligation.done_on, Obligation.waived_on
    is_open = and_(done.is_(None), waived.is_(None))
    return {
        "open": is_open,
        DutyState.OVERDUE: and_(is_open, due < today),
        DutyState.RUNNING: and_(is_open, or_(due.is_(None), due >= today)),
        DutyState.DONE: and_(done.is_not(None), or_(due.is_(None), done <= due)),
        DutyState.LATE: done > due,
        DutyState.WAIVED: and_(done.is_(None), waived.is_not(None)),
    }[state]


def _view_dataset(row: Dataset) -> PartyView:
    return PartyView(id=row.id, title=row.meta.get("title", row.id), i18n=row.meta.get("i18n", {}))


def _view_update(rows: Sequence[tuple[str, date | None]], today: date) -> UpdateView:
    period, due = rows[0]
    later = [day for _, day in rows if day is not None and day >= today]
    state = DutyState.OVERDUE if due is not None and due < today else DutyState.RUNNING
    return UpdateView(state=state, period=period, due=due, next=min(later, default=None))


def _describe(item: ObligationView) -> Sequence[Any]:
    evidence = item.evidence or {}
    said = (
        f"{evidence['dataset']}@{evidence['version']} sha256:{evidence['digest']}"
        if "version" in evidence
        else " ".join(filter(None, (evidence.get("url"), evidence.get("text"))))
    )
    title, clause = (next(iter(texts.values()), "") for texts in (item.title, item.clause))
    return (
        *(item.id, item.publisher.id, item.task if not item.rule else title, item.rule, clause),
        *(item.dataset.id if item.dataset else "", item.period, item.owner, item.office, item.trigger, item.due),
        *(str(item.state), item.done_on, said, item.waived_reason, item.rectify_by),
    )
