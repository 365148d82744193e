"""Harvesting: the worker takes a portal that is due, reads it, decides about each dataset, and does that or reports it.

A portal is held by a lease, so two workers never harvest it at once. A run ends with numbers that add up, or has
failed: nothing is done where a portal can't be read, has nothing, or has lost more than it may.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, HarvestItem, HarvestRun, HarvestSource
from opendata.domain.harvest.planning import Fate, Known, Plan, Prints, exceeds_share, make_plan
from opendata.domain.harvest.runs import Counts, HarvestOutcome, HarvestWish
from opendata.domain.harvest.sources import HarvestKind
from opendata.errors import N_, BackendError, InputError, KeptMessage, OpendataError, StateError
from opendata.outside.guard import say_refusal
from opendata.services.catalogue.datasets import Datasets
from opendata.services.core.actors import SYSTEM
from opendata.services.core.context import Context
from opendata.services.core.leases import Leases, find_pause, give_back
from opendata.services.harvest.applying import Applying, HarvestedPortal
from opendata.services.harvest.fetching import TRIES, Fetching, Reader
from opendata.services.harvest.links import ExternalLinks
from opendata.services.harvest.screening import screen_item
from opendata.services.harvest.tables import HarvestedTables
from opendata.services.harvest.values import read_timetable
from opendata.services.sources.sources import Sources
from opendata.settings import SOURCE_LANGUAGE
from opendata.wording.voice import voice_of

logger = logging.getLogger(__name__)

MOST_REASONS = 1000
"""At most so many datasets of a run are listed with their reason, or with what changes."""

_KEPT_RUNS = 100
_WORKING = timedelta(minutes=5)
"""How long a unit of work may take, beside fetching."""

_FIRST_PAUSE = timedelta(minutes=5)
_LONGEST_PAUSE = timedelta(hours=6)

_DIED = N_("The worker ended during this run. Another one begins")
_FAULT = N_("The portal couldn't do it. The reason is in its log")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """A portal that is held by this worker: as it was when it was taken."""

    portal: HarvestedPortal
    run: int
    owner: str
    url: str
    kind: HarvestKind
    most_gone: int
    is_trial: bool
    takes_data: bool
    etag: str
    modified: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ending:
    """How a run ends."""

    outcome: HarvestOutcome
    counts: Counts = field(default_factory=Counts)
    reason: KeptMessage | None = None
    details: Mapping[str, Any] | None = None
    etag: str = ""
    modified: str = ""


class Harvesting:
    """Harvests what is due, and asks links to other portals now and then."""

    def __init__(self, context: Context, datasets: Datasets, sources: Sources) -> None:
        self._context = context
        self._applying = Applying(context, datasets)
        self._reader = Reader(context)
        self._links = ExternalLinks(context)
        self._tables = HarvestedTables(context, sources)
        self._leases = Leases(
            context=context,
            table=HarvestSource,
            is_due=_is_due,
            order=(HarvestSource.due, HarvestSource.id),
            lasts=timedelta(seconds=context.settings.source_seconds * TRIES) + _WORKING,  # one document, one unit
        )

    def run_due(self, is_stopping: Callable[[], bool] = lambda: False) -> int:
        """Harvest every portal that is due, then ask some links; how many portals."""
        count = 0
        while not is_stopping() and (taken := self._leases.take(self._begin)) is not None:
            self._run(taken)
            count += 1
        self._links.run_due(is_stopping)
        return count

    def _begin(self, session: Session, row: HarvestSource, owner: str) -> _Taken:
        """Begin a run; the one of a worker that died has failed."""
        now = self._context.clock()
        left = and_(HarvestRun.source_id == row.id, HarvestRun.outcome == HarvestOutcome.RUNNING)
        died = {"message": _DIED, "params": {}}
        session.execute(update(HarvestRun).where(left).values(outcome=HarvestOutcome.FAILED, ended=now, reason=died))
        is_trial = row.wish == HarvestWish.TRIAL
        run = HarvestRun(source_id=row.id, is_trial=is_trial, begun=now, outcome=HarvestOutcome.RUNNING)
        session.add(run)
        session.flush()
        self._forget_runs(session, row.id)
        return _Taken(
            portal=HarvestedPortal(id=row.id, title=row.title, publisher=row.publisher_id, mapping=row.mapping),
            run=run.id,
            owner=owner,
            url=row.url,
            kind=row.kind,
            most_gone=row.most_gone,
            is_trial=is_trial,
            takes_data=row.takes_data,
            etag="" if is_trial else row.etag,
            modified="" if is_trial else row.modified,
        )

    def _forget_runs(self, session: Session, source: str) -> None:
        runs = select(HarvestRun).where(HarvestRun.source_id == source).order_by(HarvestRun.id.desc())
        for old in session.scalars(runs.offset(_KEPT_RUNS)):
            session.delete(old)

    def _run(self, taken: _Taken) -> None:
        try:
            ending = self._harvest(taken)
        except InputError as error:
            reason = InputError.from_fault(error.faults[0]).describe() if error.faults else error.describe()
            ending = _Ending(outcome=HarvestOutcome.FAILED, reason=reason)
        except OpendataError as error:
            ending = _Ending(outcome=HarvestOutcome.FAILED, reason=say_refusal(error))
        except Exception:
            logger.exception("harvesting %s", taken.portal.id)
            ending = _Ending(outcome=HarvestOutcome.FAILED, reason={"message": _FAULT, "params": {}})
        self._finish(taken, ending)

    def _harvest(self, taken: _Taken) -> _Ending:
        keep = partial(self._keep, taken)
        fetching = self._reader.read(taken.url, taken.kind, keep, etag=taken.etag, modified=taken.modified)
        known = self._list_known(taken.portal.id)
        live = sum(not item.is_gone for item in known)
        if fetching.reading is None:
            return _Ending(
                outcome=HarvestOutcome.UNCHANGED,
                counts=Counts(seen=live, kept=live),
                etag=fetching.etag,
                modified=fetching.modified,
            )
        plan = make_plan(known, map(screen_item, fetching.reading.items))
        ending = _judge(taken, plan, known, fetching)
        ending = replace(ending, details=self._describe(taken, plan))
        if ending.outcome == HarvestOutcome.DONE and not taken.is_trial:
            self._applying.apply(taken.portal, plan, keep)
            self._require_sum(taken, plan, known)
            if taken.takes_data:
                unfetched = self._tables.follow(taken.portal.id)[:MOST_REASONS]
                ending = replace(ending, details={**(ending.details or {}), "unfetched": unfetched})
        return ending

    def _list_known(self, source: str) -> Sequence[Known]:
        with self._context.read() as session:
            rows = session.scalars(select(HarvestItem).where(HarvestItem.source_id == source).order_by(HarvestItem.id))
            return [
                Known(
                    number=row.id,
                    identifier=row.identifier,
                    prints=Prints(row.text_print, row.address_print),
                    digest=row.digest,
                    is_gone=row.gone is not None,
                )
                for row in rows
            ]

    def _describe(self, taken: _Taken, plan: Plan) -> Mapping[str, Any]:
        """The reasons of single datasets, and what changes; the first ones only."""
        changes: list[Mapping[str, Any]] = []
        for decision in plan.decisions:
            if decision.fate == Fate.KEPT or len(changes) >= MOST_REASONS:
                continue
            found: dict[str, Any] = {
                "fate": str(decision.fate),
                "identifier": decision.item.identifier,
                "title": decision.item.metadata.title,
            }
            if decision.fate == Fate.CHANGED:
                found["properties"] = list(self._applying.compare(taken.portal, decision))
                found["renamed"] = decision.is_renamed
            changes.append(found)
        for known in plan.gone[: MOST_REASONS - len(changes)]:
            changes.append({"fate": "gone", "identifier": known.identifier, "title": self._name(known)})
        refused = [
            {"identifier": item.identifier, "title": item.title, "reason": item.reason}
            for item in plan.refused[:MOST_REASONS]
        ]
        return {"changes": changes, "refused": refused}

    def _name(self, known: Known) -> str:
        with self._context.read() as session:
            query = select(Dataset.title).join(HarvestItem, HarvestItem.dataset_id == Dataset.id)
            return session.scalar(query.where(HarvestItem.id == known.number)) or ""

    def _keep(self, taken: _Taken) -> None:
        """Hold the portal on. Raises `StateError` if it was changed or stopped meanwhile."""
        if not self._leases.keep(taken.portal.id, taken.owner):
            raise StateError(N_("The portal was changed while it was harvested"))

    def _require_sum(self, taken: _Taken, plan: Plan, known: Sequence[Known]) -> None:
        """Raises `BackendError` unless the catalogue has exactly what the plan leaves."""
        back = sum(item.known is not None and item.known.is_gone for item in plan.decisions)
        live = sum(not item.is_gone for item in known)
        expected = live + plan.counts.new + back - len(plan.gone)
        query = select(func.count(HarvestItem.id)).where(
            HarvestItem.source_id == taken.portal.id, HarvestItem.gone.is_(None)
        )
        with self._context.read() as session:
            found = session.scalar(query) or 0
        if found != expected:
            text = N_("The numbers don't add up: %(found)s datasets are there instead of %(expected)s")
            raise BackendError(text, found=found, expected=expected)

    def _finish(self, taken: _Taken, ending: _Ending) -> None:
        with self._context.write() as session:
            row = self._leases.find(session, taken.portal.id, taken.owner)
            run = session.get(HarvestRun, taken.run)
            if run is None:
                return  # it was deleted meanwhile
            now = self._context.clock()
            run.ended, run.outcome, run.details = now, ending.outcome, {**ending.details} if ending.details else None
            run.reason = {**ending.reason} if ending.reason else None
            for name in ("seen", "kept", "new", "changed", "refused", "gone"):
                setattr(run, name, getattr(ending.counts, name))
            if row is None:
                return  # it was changed or stopped: what it is to do now is said already
            give_back(row)
            row.wish = HarvestWish.NOTHING
            if not taken.is_trial:
                self._plan_next(row, ending)
            if ending.outcome == HarvestOutcome.FAILED and ending.reason is not None:
                text = voice_of(SOURCE_LANGUAGE).fill(ending.reason["message"], ending.reason["params"])
                self._context.log(session, SYSTEM, "harvest-failed", "harvest", row.id, reason=text[:500])
            elif not taken.is_trial:
                numbers = {name: getattr(run, name) for name in ("seen", "kept", "new", "changed", "refused", "gone")}
                self._context.log(session, SYSTEM, "harvest", "harvest", row.id, **numbers)

    def _plan_next(self, row: HarvestSource, ending: _Ending) -> None:
        now, zone = self._context.clock(), ZoneInfo(self._context.settings.timezone)
        row.due = read_timetable(row).find_next(now, zone, "") if row.is_active else None
        if ending.outcome != HarvestOutcome.FAILED:
            row.tries, row.etag, row.modified = 0, ending.etag, ending.modified
            return
        row.tries += 1
        row.etag = row.modified = ""
        pause = now + find_pause(row.tries, _FIRST_PAUSE, _LONGEST_PAUSE)
        if row.due is not None:
            row.due = min(pause, row.due)


def _is_due(now: datetime) -> ColumnElement[bool]:
    is_asked = HarvestSource.wish != HarvestWish.NOTHING
    return or_(is_asked, and_(HarvestSource.is_active, HarvestSource.due <= now))


def _judge(taken: _Taken, plan: Plan, known: Sequence[Known], fetching: Fetching) -> _Ending:
    """Whether a plan may be done: a portal that is empty, cut off or shrunken fails with its reason."""
    counts = plan.counts
    total = fetching.reading.total if fetching.reading else None
    reason: KeptMessage | None = None
    if not counts.seen:
        reason = {"message": N_("The source has no datasets"), "params": {}}
    elif total is not None and counts.seen < total:
        text = N_("The source says that it has %(total)s datasets, but gave %(seen)s")
        reason = {"message": text, "params": {"total": total, "seen": counts.seen}}
    elif counts.refused == counts.seen:
        reason = {"message": N_("None of the datasets of the source can be used"), "params": {}}
    elif exceeds_share(plan, known, taken.most_gone):
        text = N_("%(gone)s of %(live)s datasets are gone, more than the share that may vanish at once (%(most)s%%)")
        live = sum(not item.is_gone for item in known)
        reason = {"message": text, "params": {"gone": counts.gone, "live": live, "most": taken.most_gone}}
    elif not counts.adds_up:
        text = N_("The numbers don't add up: %(found)s datasets are there instead of %(expected)s")
        found = counts.kept + counts.new + counts.changed + counts.refused
        reason = {"message": text, "params": {"found": found, "expected": counts.seen}}
    if reason is not None:
        return _Ending(outcome=HarvestOutcome.FAILED, counts=counts, reason=reason)
    return _Ending(outcome=HarvestOutcome.DONE, counts=counts, etag=fetching.etag, modified=fetching.modified)
