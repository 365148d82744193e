"""What the rules of clocks are in an instance: those of the release and its own, and for whom each counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import DutyRule, DutyRuleUse
from opendata.domain.clocks.rules import Rule, Trigger, load_rules, read_rule
from opendata.errors import N_, NotFoundError

ALL = "*"
"""Stands for all publishers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleView:
    """A rule, whether it is switched off, and for which publishers it makes duties automatically since when."""

    rule: Rule
    is_off: bool = False
    publishers: Sequence[str] = ()
    since: date | None = None

    def applies_to(self, publisher: str) -> bool:
        """Whether it makes duties of a publisher automatically; rules of update cycles do for all, unless limited."""
        if self.is_off:
            return False
        if self.rule.trigger == Trigger.UPDATE and not self.publishers:
            return True
        return ALL in self.publishers or publisher in self.publishers


def read_rules(session: Session) -> Mapping[str, RuleView]:
    """Every rule by its id, with what the instance says of it."""
    uses = {row.rule_id: row for row in session.scalars(select(DutyRuleUse))}
    own = {
        row.rule_id: read_rule(row.body, version=row.version)
        for row in session.scalars(select(DutyRule).order_by(DutyRule.version))
    }
    return {name: _view(rule, uses.get(name)) for name, rule in {**load_rules(), **own}.items()}


def find_rule(session: Session, rule: str) -> RuleView:
    """One rule. Raises `NotFoundError`."""
    found = read_rules(session).get(rule)
    if found is None:
        raise NotFoundError(N_("There is no rule “%(id)s”"), id=rule[:100])
    return found


def _view(rule: Rule, use: DutyRuleUse | None) -> RuleView:
    if use is None:
        return RuleView(rule=rule)
    return RuleView(rule=rule, is_off=use.is_off, publishers=use.publishers, since=use.since)
