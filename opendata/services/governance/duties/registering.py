"""Duties towards the register of public data resources: made, fulfilled and ended as the registrations of a dataset go.

In: under authorised operation, no registration       Out: a duty to apply for one
In: the application is submitted                       Out: that duty is done
In: a version came out after the registered one        Out: a duty to register the change
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Flaw, Obligation, RegistrationRow, Version
from opendata.domain.clocks.calendar import WorkingCalendar
from opendata.domain.clocks.limits import Unit
from opendata.domain.registers.needs import Duty, Known, Need, find_needs, is_under_operation
from opendata.domain.registers.registration import SENT_STATES, Registration, RegistrationKind, RegistrationState
from opendata.errors import N_
from opendata.services.core.access import where_flawed
from opendata.services.core.context import Context
from opendata.services.governance.duties.calendars import recompute
from opendata.services.governance.duties.rule_reading import ALL, RuleView

NOTHING_OWED = N_("Nothing must be registered any more")

_DUTIES = frozenset(Duty)


def follow_registrations(
    context: Context,
    session: Session,
    calendar: WorkingCalendar,
    views: Collection[RuleView],
    dataset: Dataset,
    kept: Sequence[Obligation],
) -> Sequence[tuple[RuleView, Need]]:
    """End the duties of a dataset that are fulfilled or no longer owed; the needs that still want one.

    `kept` are all its duties that were made automatically.
    """
    known = _list_known(session, dataset)
    rows = [row for row in kept if row.rule_id in _DUTIES]
    is_operated = is_under_operation(dict(dataset.meta)) and dataset.origin is None
    if not known and not rows and not is_operated:
        return []
    today = context.today()
    found = find_needs(
        known,
        is_operated=is_operated,
        editions=_list_editions(session, dataset, ZoneInfo(context.settings.timezone)),
        today=today,
        counts_all=context.settings.register_all_changes,
    )
    needs = {need.duty: need for need in found if dataset.archived is None or need.duty == Duty.RENEW}
    for row in rows:
        if row.done_on is None and row.waived_on is None:
            need = needs.get(Duty(row.rule_id))
            if need is None or row.key != name_key(dataset, need):
                _end(context, known, row)
            else:
                recompute(row, calendar)
    taken = {row.key for row in rows}
    rules = {view.rule.id: view for view in views}
    return [
        (rules[need.duty], need)
        for need in needs.values()
        if need.duty in rules and _applies(rules[need.duty], dataset) and name_key(dataset, need) not in taken
    ]


def name_key(dataset: Dataset, need: Need) -> str:
    """What names a duty, so that it is made once."""
    return f"{need.duty}:{dataset.uuid}:{need.about}"


def put_terms(context: Context, row: Obligation, need: Need) -> None:
    """The terms of a duty: a renewal is due on a day that is known, all else some working days after it began."""
    row.trigger = need.since
    if need.due is not None:
        row.number, row.unit, row.entered = None, "", need.due
    else:
        row.number, row.unit = context.settings.register_apply_days, str(Unit.WORKING_DAY)


def where_operated() -> ColumnElement[bool]:
    """The condition on datasets under which their metadata say that they are under authorised operation."""
    return where_flawed(Flaw.OPERATED)


def list_renewals(session: Session, today: date) -> Sequence[str]:
    """The ids of the datasets whose registration can be renewed now, or has come to its end."""
    query = select(Dataset.id).join(RegistrationRow, RegistrationRow.dataset_uuid == Dataset.uuid)
    return session.scalars(
        query.where(RegistrationRow.state == RegistrationState.REGISTERED, RegistrationRow.renew_from <= today)
    ).all()


def _list_known(session: Session, dataset: Dataset) -> Sequence[Known]:
    query = select(RegistrationRow).where(RegistrationRow.dataset_uuid == dataset.uuid).order_by(RegistrationRow.id)
    return [
        Known(
            id=row.id,
            version=row.version,
            found=Registration(
                kind=row.kind,
                state=row.state,
                taken=row.taken,
                code=row.code,
                registered=row.registered,
                valid_until=row.valid_until,
                renew_from=row.renew_from,
            ),
        )
        for row in session.scalars(query)
    ]


def _list_editions(session: Session, dataset: Dataset, zone: ZoneInfo) -> Sequence[tuple[str, date]]:
    """All its versions with their days, withdrawn or not: each is a change."""
    query = select(Version.version, Version.published).where(Version.dataset_id == dataset.id).order_by(Version.id)
    return [(version, published.astimezone(zone).date()) for version, published in session.execute(query)]


def _end(context: Context, known: Sequence[Known], row: Obligation) -> None:
    """Say that a duty is done, by what and when; or that it isn't needed. Months that are over aren't changed."""
    today = context.today()
    row.changed = context.now()
    done = _find_done(known, row)
    if done is None:
        row.waived_on, row.waived_reason = today, NOTHING_OWED
    else:
        row.done_on = max(done[1], today.replace(day=1))
        row.evidence = {"text": done[0]}


def _find_done(known: Sequence[Known], row: Obligation) -> tuple[str, date] | None:
    """What fulfilled a duty and when: the newest registration that went to the office since it began."""
    for one in reversed(known):
        found = one.found
        if found.kind == RegistrationKind.CANCELLATION or found.taken is None:
            continue
        is_there = found.state in SENT_STATES or found.state == RegistrationState.REGISTERED
        if is_there and (row.trigger is None or found.taken >= row.trigger):
            return (found.code or f"#{one.id}"), found.taken
    return None


def _applies(view: RuleView, dataset: Dataset) -> bool:
    """Whether a rule makes these duties: for all, unless it is off or limited to some publishers."""
    if view.is_off:
        return False
    return not view.publishers or ALL in view.publishers or dataset.publisher_id in view.publishers
