"""What people do with duties: begin one, say when its clock started, finish, pause, extend, excuse, order to rectify.

A month that is over stays as it was counted: nothing is recorded as done in it afterwards, a duty that was due in it is
neither extended nor paused, and its clock can only be said to have started earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Obligation, Publisher, Version
from opendata.domain.clocks.limits import Limit, Unit
from opendata.domain.clocks.obligations import DutyState, judge
from opendata.domain.clocks.rules import Rule, Trigger
from opendata.domain.moments import read_day
from opendata.errors import N_, InvalidMetadataError, NotPermittedError, NotSignedInError, StateError, fault
from opendata.metadata.text import find_value_faults
from opendata.services.core.actors import Actor, require_editor, require_lead, require_maintainer, require_publisher
from opendata.services.core.context import Context
from opendata.services.core.reasons import read_reason
from opendata.services.governance.duties.calendars import read_calendar, recompute
from opendata.services.governance.duties.making import begin_duty
from opendata.services.governance.duties.members import list_members
from opendata.services.governance.duties.reading import ObligationView, find_obligation, life_of, view_rows
from opendata.services.governance.duties.rule_reading import find_rule, read_rules

_MOST_DAYS = 3660
_ENDED = N_("This duty is done or isn't needed any more")

Change = Callable[[Session, Obligation, Mapping[str, Any]], Mapping[str, Any]]
"""Changes a row by what was said; returns what the audit log keeps."""


class DutySteps:
    """Changes duties. Each step is a line of the audit log."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def add(self, actor: Actor | None, said: Mapping[str, Any]) -> ObligationView:
        """Begin a duty of a `publisher`: by a `rule` and the `trigger` day, or a `task` of its own with a `due` day.

        `dataset`, `clause`, `owner` (an account) and `office` can be given too. For leads and maintainers. Raises
        `InvalidMetadataError`, `NotFoundError`, `NotSignedInError`, `NotPermittedError`.
        """
        require_publisher(actor)
        publisher = _text(said, "publisher")
        found = require_lead(actor, publisher)
        _require_texts(said)
        with self._context.write() as session:
            if session.get(Publisher, publisher) is None:
                raise _refuse("/publisher", N_("There is no publisher “%(id)s”"), id=publisher[:100])
            rule = self._find_rule(session, said)
            row = begin_duty(self._context, rule, publisher)
            row.task = read_reason("/task", said.get("task"), missing=N_("Say what is to be done"), needed=rule is None)
            row.clause = read_reason("/clause", said.get("clause"), needed=False)
            row.dataset_uuid = self._find_dataset(session, said, publisher)
            self._set_owner(session, row, said)
            row.trigger = self._read_past(said, "trigger")
            row.entered = self._read_due(said, rule)
            recompute(row, read_calendar(session))
            session.add(row)
            session.flush()
            details = {"publisher": publisher, "rule": row.rule_id, "due": _write(row.due)}
            self._context.log(session, found, "add-duty", "obligation", str(row.id), **details)
            return view_rows(session, [row], self._context.today())[0]

    def may_decide(self, actor: Actor | None, publisher: str) -> bool:
        """Whether somebody decides for a publisher."""
        try:
            require_lead(actor, publisher)
        except (NotPermittedError, NotSignedInError):
            return False
        return True

    def list_owners(self, actor: Actor | None, publisher: str) -> Sequence[str]:
        """The accounts that a duty of a publisher can be given to. Raises `NotSignedInError`, `NotPermittedError`."""
        require_lead(actor, publisher)
        with self._context.read() as session:
            return [user.name for user in list_members(session, publisher)]

    def start(self, actor: Actor | None, obligation: int, said: Mapping[str, Any]) -> ObligationView:
        """Say on which `day` the clock started."""
        return self._change(actor, obligation, "start-duty", require_editor, said, self._start)

    def assign(self, actor: Actor | None, obligation: int, said: Mapping[str, Any]) -> ObligationView:
        """Name the `owner`, an account, and the `office`. For leads."""
        return self._change(actor, obligation, "assign-duty", require_lead, said, self._assign)

    def finish(self, actor: Actor | None, obligation: int, said: Mapping[str, Any]) -> ObligationView:
        """Say that it is done: on which `day` and by what, a `version` of the `dataset`, a `url` or a `text`."""
        return self._change(actor, obligation, "finish-duty", require_editor, said, self._finish)

    def pause(self, actor: Actor | None, obligation: int, said: Mapping[str, Any]) -> ObligationView:
        """Stop the clock from a `day` on, with a `reason`."""
        return self._change(actor, obligation, "pause-duty", require_editor, said, self._pause)

    def resume(self, actor: Actor | None, obligation: int, said: Mapping[str, Any]) -> ObligationView:
        """Let the clock run again; `day` is the last one that isn't counted."""
        return self._change(actor, obligation, "resume-duty", require_editor, said, self._resume)

    def extend(self, actor: Actor | None, obligation: int, said: Mapping[str, Any]) -> ObligationView:
        """Give it a `number` of a `unit` more, with a `reason`. For leads."""
        return self._change(actor, obligation, "extend-duty", require_lead, said, self._extend)

    def waive(self, actor: Actor | None, obligation: int, said: Mapping[str, Any]) -> ObligationView:
        """Say that it isn't needed, with a `reason`. For maintainers."""
        return self._change(actor, obligation, "waive-duty", _require_maintainer, said, self._waive)

    def rectify(self, actor: Actor | None, obligation: int, said: Mapping[str, Any]) -> ObligationView:
        """Order to make up for it by a `day`, with a `reason`. For maintainers."""
        return self._change(actor, obligation, "rectify-duty", _require_maintainer, said, self._rectify)

    def _change(
        self,
        actor: Actor | None,
        obligation: int,
        verb: str,
        require: Callable[[Actor | None, str], Actor],
        said: Mapping[str, Any],
        change: Change,
    ) -> ObligationView:
        """Raises `NotFoundError`, `NotSignedInError`, `NotPermittedError`, `InvalidMetadataError`, `StateError`."""
        reader = require_publisher(actor)
        _require_texts(said)
        with self._context.write() as session:
            row = find_obligation(session, reader, obligation, lock=True)
            found = require(actor, row.publisher_id)
            details = change(session, row, said)
            row.changed = self._context.now()
            self._context.log(session, found, verb, "obligation", str(row.id), **details)
            session.flush()
            return view_rows(session, [row], self._today)[0]

    def _start(self, session: Session, row: Obligation, said: Mapping[str, Any]) -> Mapping[str, Any]:
        _require_open(row)
        rule = _rule_of(session, row)
        if rule is None or rule.trigger != Trigger.DATE or row.number is None:
            raise StateError(N_("The clock of this duty doesn't start on a day that somebody enters"))
        day, before = self._read_past(said, "day", needed=True), row.due
        row.trigger = day
        recompute(row, read_calendar(session))
        if before is not None and before < self._first and (row.due is None or row.due > before):
            raise _refuse("/day", _CLOSED, day=before.isoformat())
        return {"day": _write(day), "due": _write(row.due)}

    def _assign(self, session: Session, row: Obligation, said: Mapping[str, Any]) -> Mapping[str, Any]:
        self._set_owner(session, row, said)
        return {"office": row.office}

    def _finish(self, session: Session, row: Obligation, said: Mapping[str, Any]) -> Mapping[str, Any]:
        _require_open(row)
        if row.number is not None and row.trigger is None:
            raise StateError(N_("Enter first on which day the clock of this duty started"))
        evidence = self._read_evidence(session, row, said)
        day = self._read_past(said, "day") or self._today
        if day < self._first:
            raise self._refuse_past("/day")
        row.done_on, row.evidence = day, evidence
        row.pauses = [{**item, "end": item.get("end") or day.isoformat()} for item in row.pauses]
        recompute(row, read_calendar(session))
        return {"day": day.isoformat(), "evidence": evidence}

    def _pause(self, session: Session, row: Obligation, said: Mapping[str, Any]) -> Mapping[str, Any]:
        self._require_running(row)
        rule = _rule_of(session, row)
        if rule is None or not rule.pauses:
            raise StateError(N_("The rule of this duty doesn't allow its clock to be paused"))
        if any(item.get("end") is None for item in row.pauses):
            raise StateError(N_("The clock of this duty is paused already"))
        reason = read_reason("/reason", said.get("reason"), missing=N_("Say why the clock is paused"))
        day = self._read_past(said, "day") or self._today
        if row.trigger is None or day <= row.trigger:
            raise _refuse("/day", N_("Enter a day after the one on which the clock started"))
        if any(day.isoformat() <= str(item["end"]) for item in row.pauses):
            raise _refuse("/day", N_("The clock was paused on this day already"))
        row.pauses = [*row.pauses, {"begin": day.isoformat(), "end": None, "reason": reason}]
        recompute(row, read_calendar(session))
        return {"day": day.isoformat(), "reason": reason}

    def _resume(self, session: Session, row: Obligation, said: Mapping[str, Any]) -> Mapping[str, Any]:
        _require_open(row)
        last = row.pauses[-1] if row.pauses else None
        if last is None or last.get("end") is not None:
            raise StateError(N_("The clock of this duty isn't paused"))
        day = self._read_past(said, "day") or self._today
        if day.isoformat() < last["begin"]:
            raise _refuse("/day", N_("Enter a day that isn't before the one on which the pause began"))
        if day < self._first:
            raise self._refuse_past("/day")
        row.pauses = [*row.pauses[:-1], {**last, "end": day.isoformat()}]
        recompute(row, read_calendar(session))
        return {"day": day.isoformat(), "due": _write(row.due)}

    def _extend(self, session: Session, row: Obligation, said: Mapping[str, Any]) -> Mapping[str, Any]:
        self._require_running(row)
        if row.due is None:
            raise StateError(N_("It isn't known when this duty is due, so it can't be extended"))
        rule = _rule_of(session, row)
        most = rule.extensions if rule else 1
        if len(row.extensions) >= most:
            text = N_("This duty can't be extended any more. Its rule allows it %(most)s times")
            raise StateError(text, most=most)
        reason = read_reason("/reason", said.get("reason"), missing=N_("Say why it is extended"))
        limit = _read_extension(said, rule)
        added = {"number": limit.number, "unit": str(limit.unit), "reason": reason, "day": self._today.isoformat()}
        row.extensions = [*row.extensions, added]
        recompute(row, read_calendar(session))
        return {**added, "due": _write(row.due)}

    def _waive(self, _session: Session, row: Obligation, said: Mapping[str, Any]) -> Mapping[str, Any]:
        _require_open(row)
        row.waived_reason = read_reason("/reason", said.get("reason"), missing=N_("Say why it isn't needed"))
        row.waived_on = self._today
        return {"reason": row.waived_reason}

    def _rectify(self, _session: Session, row: Obligation, said: Mapping[str, Any]) -> Mapping[str, Any]:
        if judge(life_of(row), self._today) != DutyState.OVERDUE:
            raise StateError(N_("Only what is overdue can be ordered to be rectified"))
        reason = read_reason("/reason", said.get("reason"), missing=N_("Say what is to be rectified"))
        day = _read_day(said, "day", needed=True)
        if day is None or not self._today < day <= self._today + timedelta(days=_MOST_DAYS):
            raise _refuse("/day", N_("Enter a day after today"))
        row.rectify_by, row.rectify_reason = day, reason
        return {"day": day.isoformat(), "reason": reason}

    @property
    def _today(self) -> date:
        return self._context.today()

    @property
    def _first(self) -> date:
        """The first day that isn't in a month past."""
        return self._today.replace(day=1)

    def _require_running(self, row: Obligation) -> None:
        _require_open(row)
        if judge(life_of(row), self._today) == DutyState.OVERDUE:
            raise StateError(N_("This duty is overdue. Its clock can be paused or extended only before it is due"))

    def _read_past(self, said: Mapping[str, Any], name: str, *, needed: bool = False) -> date | None:
        day = _read_day(said, name, needed=needed)
        if day is not None and day > self._today:
            raise _refuse(f"/{name}", N_("This day is still to come. Enter today or an earlier day"))
        return day

    def _read_due(self, said: Mapping[str, Any], rule: Rule | None) -> date | None:
        if rule is not None and rule.limit is not None:
            if said.get("due"):
                raise _refuse("/due", N_("The rule says when it is due. Enter the first day instead"))
            return None
        day = _read_day(said, "due", needed=True)
        if day is not None and day < self._first:
            raise self._refuse_past("/due")
        return day

    def _refuse_past(self, place: str) -> InvalidMetadataError:
        text = N_("Months that are over aren't changed any more. Enter a day from %(first)s on")
        return _refuse(place, text, first=self._first.isoformat())

    def _find_rule(self, session: Session, said: Mapping[str, Any]) -> Rule | None:
        name = _text(said, "rule")
        if not name:
            return None
        view = read_rules(session).get(name)
        if view is None or view.rule.trigger != Trigger.DATE:
            text = N_("Choose a rule whose clock starts on a day that somebody enters")
            raise _refuse("/rule", text)
        if view.is_off:
            raise _refuse("/rule", N_("This rule is switched off"))
        return view.rule

    def _find_dataset(self, session: Session, said: Mapping[str, Any], publisher: str) -> str | None:
        name = _text(said, "dataset")
        if not name:
            return None
        row = session.scalar(select(Dataset).where(Dataset.id == name, Dataset.publisher_id == publisher))
        if row is None:
            text = N_("The publisher “%(publisher)s” has no dataset “%(id)s”")
            raise _refuse("/dataset", text, publisher=publisher, id=name[:100])
        return row.uuid

    def _set_owner(self, session: Session, row: Obligation, said: Mapping[str, Any]) -> None:
        row.office = read_reason("/office", said.get("office"), needed=False)
        name = _text(said, "owner")
        row.owner_id = None
        if name:
            user = next((item for item in list_members(session, row.publisher_id) if item.name == name), None)
            if user is None:
                text = N_("“%(name)s” isn't an account that works for the publisher “%(publisher)s”")
                raise _refuse("/owner", text, name=name[:100], publisher=row.publisher_id)
            row.owner_id = user.id

    def _read_evidence(self, session: Session, row: Obligation, said: Mapping[str, Any]) -> dict[str, Any]:
        version, url, text = (_text(said, name) for name in ("version", "url", "text"))
        if version:
            return self._find_version(session, row, said, version)
        if url and not url.startswith(("http://", "https://")):
            raise _refuse("/url", N_("Enter an address that begins with http:// or https://"))
        if not url and not text:
            missing = N_(
                "Give evidence: the version of a dataset, an address, or a text that says where it can be seen"
            )
            raise _refuse("/text", missing)
        found = {"url": url, "text": text}
        for name, value in found.items():
            read_reason(f"/{name}", value, needed=False)
        return {name: value for name, value in found.items() if value}

    def _find_version(self, session: Session, row: Obligation, said: Mapping[str, Any], version: str) -> dict[str, Any]:
        name = _text(said, "dataset")
        query = select(Dataset).where(Dataset.publisher_id == row.publisher_id)
        query = query.where(Dataset.id == name) if name else query.where(Dataset.uuid == row.dataset_uuid)
        dataset = session.scalar(query)
        if dataset is None:
            raise _refuse("/dataset", N_("Name a dataset of the publisher “%(publisher)s”"), publisher=row.publisher_id)
        found = session.scalar(select(Version).where(Version.dataset_id == dataset.id, Version.version == version[:40]))
        if found is None or found.withdrawal is not None:
            text = N_("The dataset “%(id)s” has no published version %(version)s")
            raise _refuse("/version", text, id=dataset.id, version=version[:40])
        return {"dataset": dataset.id, "version": found.version, "digest": found.manifest}


_CLOSED = N_("This duty was due on %(day)s, in a month that is over. Only an earlier day than before can be entered")


def _require_maintainer(actor: Actor | None, _publisher: str) -> Actor:
    return require_maintainer(actor)


def _require_texts(said: Mapping[str, Any]) -> None:
    """Raises `InvalidMetadataError` for characters that no database keeps."""
    faults = list(find_value_faults(dict(said)))
    if faults:
        raise InvalidMetadataError(faults=faults)


def _require_open(row: Obligation) -> None:
    if row.done_on is not None or row.waived_on is not None:
        raise StateError(_ENDED)


def _rule_of(session: Session, row: Obligation) -> Rule | None:
    return find_rule(session, row.rule_id).rule if row.rule_id else None


def _read_extension(said: Mapping[str, Any], rule: Rule | None) -> Limit:
    most = rule.extension if rule else None
    unit = str(most.unit) if most else _text(said, "unit") or str(Unit.DAY)
    if unit not in (Unit.DAY, Unit.WORKING_DAY, Unit.MONTH):
        raise _refuse("/unit", N_("Choose days, working days or months"))
    try:
        number = int(str(said.get("number") or (most.number if most else "")))
    except ValueError:
        number = 0
    highest = most.number if most else 366
    if not 1 <= number <= highest:
        raise _refuse("/number", N_("Enter a number from 1 to %(most)s"), most=highest)
    return Limit(number, Unit(unit))


def _read_day(said: Mapping[str, Any], name: str, *, needed: bool) -> date | None:
    text = said.get(name)
    if not text and not needed:
        return None
    found = text if isinstance(text, date) else read_day(text)
    if found is None:
        raise _refuse(f"/{name}", N_("Enter a date, such as 2026-12-31"))
    return found


def _text(said: Mapping[str, Any], name: str) -> str:
    return str(said.get(name) or "").strip()


def _write(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _refuse(place: str, text: str, **params: object) -> InvalidMetadataError:
    return InvalidMetadataError(faults=[fault(place, text, **params)])
