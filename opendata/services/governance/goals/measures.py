"""How far goals are reached for which the control room has no list: plans, replies, updates, breadth, uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, case, distinct, exists, func, or_, select
from sqlalchemy.orm import Session

from opendata.db.models import BasicEdition, BasicLink, Dataset, Obligation, Request, Reuse, SitePage
from opendata.domain.basics.codes import DOMAINS
from opendata.domain.requests.kinds import RequestKind
from opendata.domain.requests.steps import RequestState
from opendata.domain.site.kinds import PageKind
from opendata.domain.site.links import LinkState
from opendata.domain.site.reuses import ReuseState
from opendata.services.core.access import where_listed
from opendata.services.governance.control.gauges import Asking
from opendata.services.governance.duties.reporting import where_counted

_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Reached:
    """So many (`done`) of all that count (`of`); `of` is 0 where there is nothing to count yet."""

    done: int
    of: int

    @property
    def share(self) -> float | None:
        """From 0 to 1; None where there is nothing to count."""
        return self.done / self.of if self.of else None


Measure = Callable[[Session, Asking], Reached]


def measure_replies(*kinds: RequestKind) -> Measure:
    """Of the requests of these kinds that are answered or overdue, those answered in time."""

    def measure(session: Session, asking: Asking) -> Reached:
        is_late = and_(Request.ended.is_(None), Request.due < asking.today)
        counted = and_(Request.kind.in_(kinds), Request.state != RequestState.SPAM, asking.sees(Request.publisher_id))
        query = select(
            func.sum(case((Request.is_on_time.is_(True), 1), else_=0)),
            func.sum(case((or_(Request.is_on_time.is_not(None), is_late), 1), else_=0)),
        ).where(counted)
        done, of = session.execute(query).one()
        return Reached(int(done or 0), int(of or 0))

    return measure


def measure_updates(session: Session, asking: Asking) -> Reached:
    """Of the editions that were due in the last twelve months, those published in time."""
    is_due = and_(Obligation.due < asking.today, Obligation.due >= asking.today - _YEAR, where_counted(asking.today))
    query = select(
        func.sum(case((Obligation.done_on <= Obligation.due, 1), else_=0)),
        func.count(),
    ).where(
        is_due,
        Obligation.dataset_uuid.is_not(None),
        Obligation.period_end.is_not(None),
        asking.sees(Obligation.publisher_id),
    )
    done, of = session.execute(query).one()
    return Reached(int(done or 0), int(of))


def measure_domains(session: Session, asking: Asking) -> Reached:
    """Of the 26 pilot domains of the basic catalogue, those with a public dataset that fulfils an entry."""
    linked = (
        select(func.count(distinct(BasicEdition.domain)))
        .join(BasicLink, BasicLink.entry_id == BasicEdition.entry_id)
        .join(Dataset, Dataset.uuid == BasicLink.dataset_uuid)
        .where(BasicEdition.until.is_(None), BasicEdition.domain.in_(DOMAINS), where_listed())
        .where(asking.sees(Dataset.publisher_id))
    )
    return Reached(session.scalar(linked) or 0, len(DOMAINS))


def measure_reuses(session: Session, _: Asking) -> Reached:
    """Whether a re-use is shown whose link isn't dead."""
    shown: ColumnElement[bool] = and_(Reuse.state == ReuseState.APPROVED, Reuse.link != LinkState.DEAD)
    return Reached(int(bool(session.scalar(select(exists().where(shown))))), 1)


def measure_calls(session: Session, _: Asking) -> Reached:
    """Whether a contest or call was ever published."""
    is_call = and_(SitePage.kind == PageKind.CALL, SitePage.published.is_not(None))
    return Reached(int(bool(session.scalar(select(exists().where(is_call))))), 1)
