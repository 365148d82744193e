"""Duties that are made automatically: of update cycles, of periods, of publications; and what fulfils them.

In: monthly, the edition 2026-09 is out, today is 2026-11-30     Out: 2026-10 due 2026-11-30, 2026-11 due 2026-12-30
In: then an edition 2026-10 comes out on 2026-12-02              Out: 2026-10 done late, with the version as evidence

The first duty of a dataset is about the period after its last edition. No duty is made up for years in which nobody
kept this ledger: from the first one on there is one for each period that ends from then on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Obligation, Publisher, Version
from opendata.domain.clocks.calendar import WorkingCalendar
from opendata.domain.clocks.cycles import Coverage, Cycle, PublishedEdition, Repetition, find_coverage, list_periods
from opendata.domain.clocks.rules import Rule, Trigger
from opendata.domain.meaning.periods import Period, read_period
from opendata.errors import N_
from opendata.metadata.expectation import DELAYS
from opendata.services.core.access import disclosure_of
from opendata.services.core.context import Context
from opendata.services.governance.duties.calendars import read_calendar, recompute
from opendata.services.governance.duties.registering import NOTHING_OWED, follow_registrations, name_key, put_terms
from opendata.services.governance.duties.rule_reading import ALL, RuleView

NOT_KEPT = N_("The dataset isn't updated any more")
OTHER_CYCLE = N_("The update cycle of the dataset has changed")
SWITCHED_OFF = N_("The rule doesn't apply any more")
AUTOMATIC = (NOT_KEPT, OTHER_CYCLE, SWITCHED_OFF, NOTHING_OWED)
"""Why a duty isn't needed where nobody said so."""

_MOST = 400
"""Duties of a dataset made at once."""


class Maker:
    """Makes and fulfils duties within a unit of work, with the rules and the calendar as they are now."""

    def __init__(self, context: Context, session: Session, views: Collection[RuleView]) -> None:
        self._context = context
        self._session = session
        self._views = views
        self._calendar: WorkingCalendar = read_calendar(session)
        self._today = context.today()
        self._zone = ZoneInfo(context.settings.timezone)

    def follow_dataset(self, dataset: Dataset) -> None:
        """Bring the duties of a dataset up to date: fulfil, make, end them."""
        rows = self._session.scalars(
            select(Obligation)
            .where(Obligation.dataset_uuid == dataset.uuid, Obligation.key.is_not(None))
            .order_by(Obligation.period_end, Obligation.id)
        ).all()
        editions = self._list_editions(dataset)
        view = self._find_update_rule(dataset) if editions else None  # all may have been withdrawn
        for row in rows:
            if row.done_on is None:
                row.publisher_id = dataset.publisher_id
        updates = [row for row in rows if row.period_end is not None]
        if view is not None and view.rule.repetition is not None:
            coverage = find_coverage(view.rule.repetition.cycle, editions)
            self._fulfil(dataset, updates, coverage)
            own = [row for row in updates if row.rule_id == view.rule.id]
            self._extend(dataset, view.rule, view.rule.repetition, own, coverage)
        reason = NOT_KEPT if view is None else OTHER_CYCLE
        for row in updates:
            if _is_open(row) and (view is None or row.rule_id != view.rule.id):
                row.waived_on, row.waived_reason, row.changed = self._today, reason, self._context.now()
        self._follow_publications(dataset, {row.key for row in rows}, editions)
        self._follow_registrations(dataset, rows)

    def make_periods(self, view: RuleView) -> None:
        """The duties of a rule of periods, for each publisher that it counts for."""
        rule = view.rule
        if view.is_off or rule.trigger != Trigger.PERIOD or rule.repetition is None or view.since is None:
            return
        living = self._session.scalars(select(Publisher.id).where(Publisher.ended.is_(None))).all()
        publishers = [name for name in living if ALL in view.publishers or name in view.publishers]
        query = (
            select(Obligation.publisher_id, func.max(Obligation.period_end))
            .where(Obligation.rule_id == rule.id, Obligation.key.is_not(None))
            .group_by(Obligation.publisher_id)
        )
        known = dict(self._session.execute(query).all())
        for publisher in publishers:
            last = known.get(publisher)
            if last is not None and last >= self._today:
                continue
            since = view.since if last is None else max(view.since, last + timedelta(days=1))
            for period in list_periods(rule.repetition, rule.repetition.first_ending(since), self._today):
                self._add(rule, f"{rule.id}:{publisher}:{period.text}", publisher, period=period)

    def _fulfil(self, dataset: Dataset, rows: Sequence[Obligation], coverage: Coverage) -> None:
        for row in rows:
            period = read_period(row.period)
            edition = coverage.find(period) if _is_open(row) and period is not None else None
            if edition is not None:
                row.done_on, row.changed = edition.day, self._context.now()
                row.evidence = {"dataset": dataset.id, "version": edition.version, "digest": edition.digest}

    def _extend(
        self,
        dataset: Dataset,
        rule: Rule,
        repetition: Repetition,
        rows: Sequence[Obligation],
        coverage: Coverage,
    ) -> None:
        """Add the duties that are missing: up to the period that runs, and one at least that is open."""
        if coverage.end is None:
            return
        for row in rows:
            if row.waived_reason in AUTOMATIC and row.period_end is not None and row.period_end >= self._today:
                row.waived_on, row.waived_reason = None, ""
        begins = not rows or rows[-1].waived_on is not None
        last = max([*(row.period_end for row in rows if row.period_end), *([coverage.end] if begins else [])])
        is_open = any(_is_open(row) for row in rows)
        made = 0
        while made < _MOST and not (is_open and last >= self._today):
            period = repetition.first_ending(last + timedelta(days=1))
            if begins and made and period.end < self._today:
                period = repetition.first_ending(self._today)
            key = f"{rule.id}:{dataset.uuid}:{period.text}"
            row = self._add(rule, key, dataset.publisher_id, period=period, dataset=dataset)
            self._fulfil(dataset, [row], coverage)
            is_open = is_open or _is_open(row)
            last, made = period.end, made + 1

    def _follow_publications(
        self, dataset: Dataset, known: Collection[str | None], editions: Sequence[PublishedEdition]
    ) -> None:
        for view in self._views:
            if view.rule.trigger != Trigger.PUBLICATION or not view.applies_to(dataset.publisher_id):
                continue
            for edition in editions:
                key = f"{view.rule.id}:{dataset.uuid}:{edition.version}"
                if view.since is not None and edition.day >= view.since and key not in known:
                    row = self._add(view.rule, key, dataset.publisher_id, dataset=dataset, trigger=edition.day)
                    row.task = edition.version

    def _follow_registrations(self, dataset: Dataset, rows: Sequence[Obligation]) -> None:
        """The duties towards the register."""
        for view, need in follow_registrations(
            self._context, self._session, self._calendar, self._views, dataset, rows
        ):
            row = begin_duty(self._context, view.rule, dataset.publisher_id)
            row.key, row.dataset_uuid = name_key(dataset, need), dataset.uuid
            put_terms(self._context, row, need)
            recompute(row, self._calendar)
            self._session.add(row)

    def _add(
        self,
        rule: Rule,
        key: str,
        publisher: str,
        *,
        period: Period | None = None,
        dataset: Dataset | None = None,
        trigger: date | None = None,
    ) -> Obligation:
        row = begin_duty(self._context, rule, publisher)
        row.key = key
        row.dataset_uuid = dataset.uuid if dataset else None
        row.trigger = trigger
        if period is not None:
            row.period, row.period_end, row.trigger = period.text, period.end, period.end
        recompute(row, self._calendar)
        self._session.add(row)
        return row

    def _find_update_rule(self, dataset: Dataset) -> RuleView | None:
        """The rule of its update cycle while it is kept; one of the instance goes before that of the release."""
        cycle = DELAYS.get(dataset.meta.get("updateCycle", ""))
        if cycle is None or dataset.head is None or dataset.archived is not None or disclosure_of(dataset).is_closed:
            return None
        found = [
            view
            for view in self._views
            if view.rule.trigger == Trigger.UPDATE
            and view.rule.repetition is not None
            and view.rule.repetition.cycle == Cycle(cycle[0])
            and view.applies_to(dataset.publisher_id)
        ]
        return min(found, key=lambda view: (not view.rule.is_own, view.rule.id), default=None)

    def _list_editions(self, dataset: Dataset) -> Sequence[PublishedEdition]:
        query = select(Version.published, Version.period, Version.coverage, Version.version, Version.manifest)
        rows = self._session.execute(
            query.where(Version.dataset_id == dataset.id, Version.withdrawal.is_(None)).order_by(Version.id)
        )
        return [
            PublishedEdition(published.astimezone(self._zone).date(), period or "", coverage or "", version, digest)
            for published, period, coverage, version, digest in rows
        ]


def begin_duty(context: Context, rule: Rule | None, publisher: str) -> Obligation:
    """A new duty with the terms of a rule, not yet kept."""
    now = context.now()
    row = Obligation(publisher_id=publisher, created=now, changed=now, pauses=[], extensions=[], unit="")
    row.rule_id, row.rule_version, row.period, row.task, row.clause = "", 0, "", "", ""
    if rule is not None:
        row.rule_id, row.rule_version = rule.id, rule.version
        if rule.limit is not None:
            row.number, row.unit = rule.limit.number, str(rule.limit.unit)
    return row


def make_for_publishers(context: Context, session: Session, views: Iterable[RuleView]) -> None:
    """Make the duties of rules of periods that are missing today."""
    found = list(views)
    maker = Maker(context, session, found)
    for view in found:
        maker.make_periods(view)


def _is_open(row: Obligation) -> bool:
    return row.done_on is None and row.waived_on is None
