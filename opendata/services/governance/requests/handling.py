"""The publisher handles requests: its inbox, what can be done with each, and every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, case, func, literal, select, tuple_
from sqlalchemy.orm import Session

from opendata.db.models import Publisher, Request, User
from opendata.domain.mail.letters import LetterKind
from opendata.domain.moments import read_day
from opendata.domain.requests.clock import NEAR_DAYS, find_clarify_end
from opendata.domain.requests.kinds import RequestKind
from opendata.domain.requests.steps import OPEN_STATES, STEPS, Audience, RequestState, RequestStep, Taker, list_steps
from opendata.errors import (
    N_,
    Fault,
    InvalidMetadataError,
    NotFoundError,
    NotPermittedError,
    StateError,
    UnknownYearError,
    fault,
)
from opendata.metadata.text import find_value_faults
from opendata.services.access.posts import view_actor
from opendata.services.catalogue.publishers import find_living, lock_publishers, view_publisher
from opendata.services.catalogue.stops import Stops
from opendata.services.core.access import where_answering
from opendata.services.core.actors import (
    Actor,
    require_editor,
    require_lead,
    require_overseer,
    require_publisher,
    require_signed_in,
)
from opendata.services.core.context import Context
from opendata.services.core.paging import read_cursor, refuse_cursor, write_cursor
from opendata.services.core.reasons import MAX_REASON, TOO_LONG
from opendata.services.core.values import Page, PublisherView
from opendata.services.governance.requests.asking import find_personal_data
from opendata.services.governance.requests.letters import write_news, write_staff
from opendata.services.governance.requests.replying import Replying, find_mended
from opendata.services.governance.requests.rows import (
    add_line,
    find_calendar,
    find_dataset_of,
    find_day,
    find_request,
    load_steps,
    view_request,
)
from opendata.services.governance.requests.values import RequestView

_LAST = date(9999, 12, 31)
_PRIVATE_DATA = N_("There seem to be personal data in this text, which everybody can read. Take them out")
_NEEDED: Mapping[str, str] = {
    "text": N_("Write what is to be said"),
    "until": N_("Enter a date, such as 2026-12-31"),
    "person": N_("Choose the person"),
    "publisher": N_("Choose the publisher that takes the request over"),
    "summary": N_("Write what everybody may read about the request"),
    "outcome": N_("Choose the type of reply"),
    "version": N_("Name the version that corrects it, such as 1.0.1"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxFilter:
    """Which requests: `due` is `late` or `near`; without a `state`, those that wait for a reply."""

    kind: RequestKind | None = None
    state: RequestState | None = None
    publisher: str | None = None
    due: str | None = None
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherCounts:
    """How many requests of a publisher are in each state that waits, and how many are late or nearly due."""

    publisher: PublisherView
    states: Mapping[RequestState, int] = field(default_factory=dict)
    late: int = 0
    near: int = 0

    @property
    def waiting(self) -> int:
        """How many wait for a reply."""
        return sum(self.states.values())


class Handling:
    """Shows publishers their requests and takes their steps."""

    def __init__(self, context: Context, stops: Stops, replying: Replying) -> None:
        self._context = context
        self._stops = stops
        self._replying = replying

    def list(
        self, actor: Actor | None, wanted: InboxFilter, *, limit: int = 50, cursor: str | None = None
    ) -> Page[RequestView]:
        """The requests that the actor may handle, those due first in front. Raises `NotPermittedError`."""
        found = require_publisher(actor)
        due = func.coalesce(Request.due, literal(_LAST, Date()))
        query = select(Request).where(where_answering(found, Request.publisher_id), *self._where(wanted))
        after = _read_place(cursor)
        if after is not None:
            query = query.where(tuple_(due, Request.id) > tuple_(literal(after[0], Date()), literal(after[1])))
        query = query.options(load_steps()).order_by(due, Request.id).limit(limit + 1)
        with self._context.read() as session:
            rows = list(session.scalars(query))
            items = [view_request(self._context, session, row, Audience.STAFF) for row in rows[:limit]]
        more = write_cursor(f"{rows[limit - 1].due or _LAST} {rows[limit - 1].id}") if len(rows) > limit else None
        return Page(items, more)

    def count(self, actor: Actor | None) -> Sequence[PublisherCounts]:
        """The requests that wait, by publisher: those with the most late ones in front."""
        found = require_publisher(actor)
        today = find_day(self._context, self._context.clock())
        mine = (where_answering(found, Request.publisher_id), Request.state.in_(OPEN_STATES))
        late = func.sum(_as_number(Request.due < today))
        near = func.sum(_as_number(and_(Request.due >= today, Request.due <= today + timedelta(days=NEAR_DAYS))))
        columns = (Request.publisher_id, Request.state)
        query = select(*columns, func.count(Request.id), late, near).where(*mine).group_by(*columns)
        with self._context.read() as session:
            rows = session.execute(query).all()
            names = {row[0] for row in rows}
            owners = list(session.scalars(select(Publisher).where(Publisher.id.in_(names))))
        counts = [
            PublisherCounts(
                publisher=view_publisher(owner),
                states={row[1]: row[2] for row in rows if row[0] == owner.id},
                late=sum(int(row[3] or 0) for row in rows if row[0] == owner.id),
                near=sum(int(row[4] or 0) for row in rows if row[0] == owner.id),
            )
            for owner in owners
        ]
        return sorted(counts, key=lambda item: (-item.late, -item.near, -item.waiting, item.publisher.id))

    def get(self, actor: Actor | None, number: str) -> RequestView:
        """A request with all that is known of it. Raises `NotFoundError`, `NotPermittedError`."""
        found = require_signed_in(actor)
        with self._context.read() as session:
            row = find_request(session, number)
            try:
                require_editor(found, row.publisher_id)
            except NotPermittedError:
                require_overseer(found)
            return view_request(self._context, session, row, Audience.STAFF)

    def take(self, actor: Actor | None, number: str, step: RequestStep, said: Mapping[str, Any]) -> RequestView:
        """Take a step with a request.

        Raises `NotFoundError`, `NotPermittedError`, `InvalidMetadataError`, and `StateError` where it isn't possible.
        """
        texts = _read_texts(said)
        with self._context.write() as session:
            if step is RequestStep.PASS_ON:  # before the request, as a merger does
                lock_publishers(session, [texts.get("publisher", "")[:100]])
            row = find_request(session, number, lock=True)
            found = self._require(actor, row, step)
            self._check(row, step, texts)
            details = self._act(session, found, row, step, texts)
            row.state = STEPS[step].to or row.state
            sealed = {"link": details.pop("link")} if "link" in details else None
            add_line(
                self._context, session, row, step, found, text=texts.get("text", ""), sealed=sealed, details=details
            )
            if step is RequestStep.PASS_ON:
                write_staff(self._context, session, row, LetterKind.REQUEST_NEW)
            if STEPS[step].audience is not Audience.STAFF:
                write_news(self._context, session, row)
            session.flush()
            view = view_request(self._context, session, row, Audience.STAFF)
            stopped = (details["dataset"], details["version"]) if step is RequestStep.STOP else None
        if stopped is not None:
            self._stops.finish(*stopped)
        return view

    def _require(self, actor: Actor | None, row: Request, step: RequestStep) -> Actor:
        """Who takes a step. Raises where they mustn't, or the step isn't possible now."""
        rule = STEPS.get(step)
        if rule is None or rule.taker is Taker.ASKER:
            raise NotFoundError(N_("There is no such step"))
        require = require_lead if rule.taker is Taker.LEAD else require_editor
        found = require(actor, row.publisher_id)
        if step not in list_steps(row.kind, row.state, [item.step for item in row.steps]):
            raise StateError(N_("This step isn't possible with the request as it is now. Reload its page"))
        return found

    def _check(self, row: Request, step: RequestStep, texts: Mapping[str, str]) -> None:
        """Raises `InvalidMetadataError` where a step doesn't say what it must, or says too much."""
        rule = STEPS[step]
        faults = [fault(f"/{name}", _NEEDED[name]) for name in rule.needs if not texts.get(name)]
        for name in ("text", "summary", "basis"):
            if len(texts.get(name, "")) > MAX_REASON:
                faults.append(fault(f"/{name}", TOO_LONG, limit=MAX_REASON))
        is_shown = row.is_public and step in (RequestStep.REPLY, RequestStep.EXTEND, RequestStep.MEND)
        for name, is_read in (("summary", True), ("text", is_shown)):
            if is_read and find_personal_data(texts.get(name, "")):
                faults.append(fault(f"/{name}", _PRIVATE_DATA))
        if texts.get("until") and read_day(texts["until"]) is None:
            faults.append(fault("/until", _NEEDED["until"]))
        if faults:
            raise InvalidMetadataError(faults=faults)

    def _act(
        self, session: Session, actor: Actor, row: Request, step: RequestStep, texts: Mapping[str, str]
    ) -> dict[str, str]:
        """Change what a step changes besides the state; what the history keeps of it."""
        match step:
            case RequestStep.REGISTER | RequestStep.SUMMARISE:
                row.summary = texts.get("summary", "") or row.summary
            case RequestStep.ASSIGN:
                row.person = _find_person(session, row, texts["person"])
                return {"person": row.person}
            case RequestStep.CLARIFY:
                self._require_early(session, row)
                return {"until": self._read_later(texts["until"])}
            case RequestStep.STOP:
                return self._stop(session, actor, row, texts["text"])
            case RequestStep.EXTEND:
                self._require_in_time(row)
            case RequestStep.PASS_ON:
                return self._pass_on(session, row, texts["publisher"])
            case RequestStep.REPLY:
                return self._replying.reply(session, actor, row, texts)
            case RequestStep.MEND:
                row.mended = find_mended(session, row, texts["version"])
                return {"version": row.mended}
            case RequestStep.ARCHIVE:
                row.person = None
            case RequestStep.SPAM:
                row.ended, row.is_public = self._context.now(), False
        return {}

    def _stop(self, session: Session, actor: Actor, row: Request, reason: str) -> dict[str, str]:
        """Take the version off that an objection is about: nobody has it until a maintainer decides."""
        dataset, version = find_dataset_of(session, row), (row.place or {}).get("version")
        if dataset is None or not version:
            raise StateError(N_("This objection isn't about a published version"))
        self._stops.suspend_within(session, actor, dataset.id, version, reason=reason)
        return {"dataset": dataset.id, "version": version}

    def _require_early(self, session: Session, row: Request) -> None:
        """Clarification can be asked for within seven working days of the receipt. Raises `StateError` after that."""
        try:
            last = find_clarify_end(find_day(self._context, row.created), find_calendar(session))
        except UnknownYearError:  # nobody can say that it is late
            return
        if last is not None and find_day(self._context, self._context.clock()) > last:
            text = N_("Clarification can be asked for within seven working days of receipt, which was until %(day)s")
            raise StateError(text, day=last.isoformat())

    def _require_in_time(self, row: Request) -> None:
        if row.due is not None and row.due < find_day(self._context, self._context.clock()):
            raise StateError(N_("The time for the reply is over, so it can't be extended any more"))

    def _read_later(self, text: str) -> str:
        day = read_day(text)
        if day is None or day <= find_day(self._context, self._context.clock()):
            raise InvalidMetadataError(faults=[fault("/until", N_("Enter a day after today"))])
        return day.isoformat()

    def _pass_on(self, session: Session, row: Request, publisher: str) -> dict[str, str]:
        try:
            new = find_living(session, publisher)
        except NotFoundError:
            text = N_("There is no publisher “%(id)s”")
            raise InvalidMetadataError(faults=[fault("/publisher", text, id=publisher[:100])]) from None
        if new.id == row.publisher_id:
            text = N_("The request is with this publisher already. Choose another one")
            raise InvalidMetadataError(faults=[fault("/publisher", text)])
        old, row.publisher, row.person = row.publisher_id, new, None
        session.flush()
        return {"from": old, "to": new.id}

    def _where(self, wanted: InboxFilter) -> Sequence[ColumnElement[bool]]:
        today = find_day(self._context, self._context.clock())
        found: list[ColumnElement[bool]] = []
        if wanted.state is not None:
            found.append(Request.state == wanted.state)
        else:
            found.append(Request.state.not_in(OPEN_STATES) if wanted.ended else Request.state.in_(OPEN_STATES))
        if wanted.kind is not None:
            found.append(Request.kind == wanted.kind)
        if wanted.publisher:
            found.append(Request.publisher_id == wanted.publisher)
        if wanted.due == "late":
            found.append(Request.due < today)
        elif wanted.due == "near":
            found.append(and_(Request.due >= today, Request.due <= today + timedelta(days=NEAR_DAYS)))
        return found


def _read_texts(said: Mapping[str, Any]) -> dict[str, str]:
    """What was said with a step, without the spaces around it. Raises `InvalidMetadataError`."""
    faults: list[Fault] = list(find_value_faults(dict(said)))
    if faults:
        raise InvalidMetadataError(faults=faults)
    return {name: str(value).strip() for name, value in said.items() if value is not None}


def _find_person(session: Session, row: Request, name: str) -> str:
    """The name of an account that may reply for the publisher of a request. Raises `InvalidMetadataError`."""
    user = session.scalar(select(User).where(User.name == name[:100], User.disabled.is_(False)))
    if user is None or not view_actor(session, user).may_edit(row.publisher_id):
        text = N_("“%(name)s” isn't an account that works for this publisher")
        raise InvalidMetadataError(faults=[fault("/person", text, name=name[:100])])
    return user.name


def _as_number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


def _read_place(cursor: str | None) -> tuple[date, int] | None:
    key = read_cursor(cursor)
    if key is None:
        return None
    day, _, number = key.partition(" ")
    found = read_day(day)
    if found is None or not number.isdecimal():
        raise refuse_cursor()
    return found, int(number[:18])
