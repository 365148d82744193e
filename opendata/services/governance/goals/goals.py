"""The 32 goals: how far each is reached, and which list has what is still missing.

Most are a share: of all that count, how many aren't in a list of the control room. Others are reached where something
is there at all, such as a request that anybody may read, or because every instance of this program has it.

Source: 中国开放数林指数 (Fudan University), its layers readiness, platform, data and use; the measures are our own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opendata.db.models import Schema
from opendata.domain.requests.kinds import RequestKind
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.services.governance.control.control import require_some_figures
from opendata.services.governance.control.counting import count_each
from opendata.services.governance.control.gauges import Asking, Query
from opendata.services.governance.control.keeping import KeptCounts
from opendata.services.governance.control.lists import (
    ALL_LISTED,
    ALL_OPEN,
    ALL_TABLES,
    BASES,
    COMMON_CHOICES,
    GAUGES,
    PLANNED,
)
from opendata.services.governance.goals.measures import (
    Measure,
    Reached,
    measure_calls,
    measure_domains,
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
class Breadth:
    """A measure: of what is wanted, such as what readers look for, how much is there at all."""

    wanted: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal. `gauge` names the list of the control room that has what is missing, empty where there is no list."""

    number: int
    code: str
    layer: Layer
    measure: Measure | Share | Breadth
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


def _library(session: Session, _: Asking) -> Reached:
    return Reached(int(bool(session.scalar(select(func.count(Schema.id))))), 1)


_R, _P, _D, _U = Layer.READINESS, Layer.PLATFORM, Layer.DATA, Layer.USE

GOALS: Sequence[Goal] = (
    Goal(1, "grounds", _R, lose(ALL_LISTED, "no-ground"), "no-ground"),
    Goal(2, "plan", _R, Breadth((PLANNED,))),
    Goal(3, "contacts", _R, lose(ALL_LISTED, "no-contact"), "no-contact"),
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
    Goal(16, "valid", _D, lose(ALL_OPEN, "never-published"), "never-published"),
    Goal(17, "capacity", _D, _built_in),
    Goal(18, "whole", _D, lose(ALL_TABLES, "fragments"), "fragments"),
    Goal(19, "volume", _D, lose(ALL_TABLES, "few-rows"), "few-rows"),
    Goal(20, "complete", _D, lose(ALL_TABLES, "much-missing"), "much-missing"),
    Goal(21, "formats", _D, _built_in),
    Goal(22, "native", _D, lose(ALL_TABLES, "stiff"), "stiff"),
    Goal(23, "updates", _D, measure_updates, "duties-late"),
    Goal(24, "history", _D, _built_in),
    Goal(25, "dictionary", _D, lose(ALL_TABLES, "undescribed"), "undescribed"),
    Goal(26, "licences", _D, lose(ALL_LISTED, "no-licence"), "no-licence"),
    Goal(27, "domains", _D, measure_domains),
    Goal(28, "common", _D, Breadth(tuple(COMMON_CHOICES.values()))),
    Goal(29, "gallery", _U, measure_reuses),
    Goal(30, "usage", _U, _built_in),
    Goal(31, "calls", _U, measure_calls),
    Goal(32, "citation", _U, _built_in),
)
"""By their numbers."""


class Goals:
    """Computes how far the goals are reached."""

    def __init__(self, context: Context, kept: KeptCounts, goals: Sequence[Goal] = GOALS) -> None:
        self._context = context
        self._kept = kept
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
            counts = self._count(session, asking)
            return [
                GoalView(
                    number=goal.number,
                    code=goal.code,
                    layer=goal.layer,
                    reached=_measure(session, asking, goal.measure, counts),
                    gauge=goal.gauge,
                    is_built_in=goal.measure is _built_in,
                )
                for goal in self._goals
            ]

    def _count(self, session: Session, asking: Asking) -> Mapping[Query, int]:
        """All that is counted, at once: many goals count the same rows."""
        measures = [goal.measure for goal in self._goals]
        queries = [query for one in measures if isinstance(one, Share) for query in (one.all, one.lost)]
        queries += [query for one in measures if isinstance(one, Breadth) for query in one.wanted]
        kept, codes = self._kept.find(session, asking), {query: code for code, query in BASES.items()}
        codes |= {gauge.select: gauge.code for gauge in GAUGES if gauge.is_kept}
        counts = {query: kept.get(codes[query]).count for query in queries if query in codes} if kept else {}
        left = list(dict.fromkeys(query for query in queries if query not in counts))
        return counts | {query: one.count for query, one in count_each(session, asking, left).items()}


def _measure(
    session: Session, asking: Asking, measure: Measure | Share | Breadth, counts: Mapping[Query, int]
) -> Reached:
    match measure:
        case Share():
            return Reached(max(0, counts[measure.all] - counts[measure.lost]), counts[measure.all])
        case Breadth():
            return Reached(sum(counts[query] > 0 for query in measure.wanted), len(measure.wanted))
        case _:
            return measure(session, asking)
