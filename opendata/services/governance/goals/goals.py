"""The 32 goals: how far each is reached, and which list has what is still missing.

Most are a share: of all that count, how many aren't in a list of the control room. Others are reached where something
is there at all, such as a request that anybody may read, or because every instance of this program has it.

Source: 中国开放数林指数 (Fudan University), its layers readiness, platform, data and use; the measures are our own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from opendata.db.models import Schema
from opendata.domain.requests.kinds import RequestKind
from opendata.services.core.access import where_listed, where_open
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.services.governance.control.control import require_some_figures
from opendata.services.governance.control.counting import count_each
from opendata.services.governance.control.gauges import Asking, Choice, Query, select_datasets
from opendata.services.governance.control.lists import GAUGES
from opendata.services.governance.control.tables import select_tables
from opendata.services.governance.goals.measures import (
    Measure,
    Reached,
    measure_calls,
    measure_common,
    measure_domains,
    measure_plan,
    measure_replies,
    measure_reuses,
    measure_updates,
)


class Layer(StrEnum):
    """What a goal is about, in the order of the index."""

    READINESS = "readiness"
    PLATFORM = "platform"
    DATA = "data"
    USE = "use"


@dataclass(frozen=True, slots=True)
class Share:
    """A measure: of all that count, those that a list of the control room doesn't have."""

    all: Query
    lost: Query


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal. `gauge` names the list of the control room that has what is missing, empty where there is no list."""

    number: int
    code: str
    layer: Layer
    measure: Measure | Share
    gauge: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalView:
    """A goal with how far it is reached. `is_built_in` marks what every instance of this program has."""

    number: int
    code: str
    layer: Layer
    reached: Reached
    gauge: str
    is_built_in: bool


def _built_in(_: Session, __: Asking) -> Reached:
    return Reached(1, 1)


def _missing(_: Session, __: Asking) -> Reached:
    return Reached(0, 1)


def lose(counted: Query, code: str) -> Share:
    """The share that this list of the control room leaves."""
    (gauge,) = [one for one in GAUGES if one.code == code]
    return Share(counted, gauge.select)


_ALL_LISTED = Choice(select_datasets, lambda _: where_listed())
_ALL_OPEN = Choice(select_datasets, lambda _: where_open())
_ALL_TABLES = Choice(select_tables, lambda _: true())


def _library(session: Session, _: Asking) -> Reached:
    return Reached(int(bool(session.scalar(select(func.count(Schema.id))))), 1)


_R, _P, _D, _U = Layer.READINESS, Layer.PLATFORM, Layer.DATA, Layer.USE

GOALS: Sequence[Goal] = (
    Goal(1, "grounds", _R, lose(_ALL_LISTED, "no-ground"), "no-ground"),
    Goal(2, "plan", _R, measure_plan),
    Goal(3, "contacts", _R, lose(_ALL_LISTED, "no-contact"), "no-contact"),
    Goal(4, "standards", _R, _library),
    Goal(5, "whole-catalogue", _P, _built_in),
    Goal(6, "no-sign-in", _P, _built_in),
    Goal(7, "preview", _P, _built_in),
    Goal(8, "search", _P, _built_in),
    Goal(9, "feeds", _P, _built_in),
    Goal(10, "applications", _P, measure_replies(RequestKind.ACCESS), "requests-late"),
    Goal(
        11,
        "requests",
        _P,
        measure_replies(RequestKind.OPEN, RequestKind.APPLICATION, RequestKind.QUESTION),
        "requests-late",
    ),
    Goal(12, "corrections", _P, measure_replies(RequestKind.CORRECTION), "requests-late"),
    Goal(13, "objections", _P, measure_replies(RequestKind.OBJECTION), "requests-late"),
    Goal(14, "api", _P, _built_in),
    Goal(15, "harvest", _P, _missing),
    Goal(16, "valid", _D, lose(_ALL_OPEN, "never-published"), "never-published"),
    Goal(17, "capacity", _D, _built_in),
    Goal(18, "whole", _D, lose(_ALL_TABLES, "fragments"), "fragments"),
    Goal(19, "volume", _D, lose(_ALL_TABLES, "few-rows"), "few-rows"),
    Goal(20, "complete", _D, lose(_ALL_TABLES, "much-missing"), "much-missing"),
    Goal(21, "formats", _D, _built_in),
    Goal(22, "native", _D, lose(_ALL_TABLES, "stiff"), "stiff"),
    Goal(23, "updates", _D, measure_updates, "duties-late"),
    Goal(24, "history", _D, _built_in),
    Goal(25, "dictionary", _D, lose(_ALL_TABLES, "undescribed"), "undescribed"),
    Goal(26, "licences", _D, lose(_ALL_LISTED, "no-licence"), "no-licence"),
    Goal(27, "domains", _D, measure_domains),
    Goal(28, "common", _D, measure_common),
    Goal(29, "gallery", _U, measure_reuses),
    Goal(30, "usage", _U, _built_in),
    Goal(31, "calls", _U, measure_calls),
    Goal(32, "citation", _U, _built_in),
)
"""By their numbers."""


class Goals:
    """Computes how far the goals are reached."""

    def __init__(self, context: Context, goals: Sequence[Goal] = GOALS) -> None:
        self._context = context
        self._goals = goals

    def measure_all(self, actor: Actor | None, publisher: str | None = None) -> Sequence[GoalView]:
        """All goals, of one publisher if that is named, else of all that the actor acts for.

        Raises `NotSignedInError`, `NotPermittedError` for who publishes nothing.
        """
        found = require_some_figures(actor)
        asking = Asking(
            actor=found,
            sees_figures=found.may_see_figures,
            now=self._context.clock(),
            today=self._context.today(),
            publisher=publisher or None,
        )
        with self._context.read() as session:
            shares = _measure_shares(session, asking, self._goals)
            return [
                GoalView(
                    number=goal.number,
                    code=goal.code,
                    layer=goal.layer,
                    reached=_measure(session, asking, goal.measure, shares),
                    gauge=goal.gauge,
                    is_built_in=goal.measure is _built_in,
                )
                for goal in self._goals
            ]


def _measure(session: Session, asking: Asking, measure: Measure | Share, shares: Mapping[Share, Reached]) -> Reached:
    return shares[measure] if isinstance(measure, Share) else measure(session, asking)


def _measure_shares(session: Session, asking: Asking, goals: Sequence[Goal]) -> Mapping[Share, Reached]:
    """All shares at once: many count the same rows."""
    shares = [goal.measure for goal in goals if isinstance(goal.measure, Share)]
    queries = list(dict.fromkeys(query for share in shares for query in (share.all, share.lost)))
    counts = dict(zip(queries, count_each(session, asking, queries), strict=True))
    return {share: Reached(counts[share.all] - counts[share.lost], counts[share.all]) for share in shares}
