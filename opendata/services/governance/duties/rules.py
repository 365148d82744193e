"""Rules of clocks: those of the release, which can be switched off, and those that the instance added."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import DutyRule, DutyRuleUse, Obligation, Publisher
from opendata.domain.clocks.rules import NotComputed, list_rule_faults, load_not_computed, load_rules, read_rule
from opendata.errors import N_, InvalidMetadataError, fault
from opendata.metadata.text import find_value_faults
from opendata.services.core.actors import Actor, require_maintainer
from opendata.services.core.context import Context
from opendata.services.governance.duties.making import SWITCHED_OFF, make_for_publishers
from opendata.services.governance.duties.rule_reading import ALL, RuleView, find_rule, read_rules


class Rules:
    """Shows rules, adds and switches them."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self) -> Sequence[RuleView]:
        """All rules: those of the instance first, in the newest version of each."""
        with self._context.read() as session:
            return sorted(read_rules(session).values(), key=lambda view: not view.rule.is_own)

    def list_not_computed(self) -> Sequence[NotComputed]:
        """The duties of the documents that no clock can count, and why."""
        return load_not_computed()

    def get(self, rule: str) -> RuleView:
        """One rule. Raises `NotFoundError`."""
        with self._context.read() as session:
            return find_rule(session, rule)

    def add(self, actor: Actor | None, found: Mapping[str, Any]) -> RuleView:
        """Add a rule, or a version of one that was added. Duties that are there already keep their terms.

        Raises `InvalidMetadataError`, `NotSignedInError`, `NotPermittedError`.
        """
        maintainer = require_maintainer(actor)
        faults = [*find_value_faults(dict(found)), *list_rule_faults(found)]
        if found.get("id") in load_rules():
            text = N_("“%(id)s” is a rule of the release and can't be changed. Switch it off, and choose another name")
            faults.append(fault("/id", text, id=found["id"]))
        if faults:
            raise InvalidMetadataError(faults=faults)
        with self._context.write() as session:
            before = read_rules(session).get(found["id"])
            version = before.rule.version + 1 if before else 1
            rule = read_rule(found, version=version)
            now = self._context.now()
            session.add(DutyRule(rule_id=rule.id, version=version, body=rule.to_json(), created=now))
            self._context.log(session, maintainer, "add-rule", "rule", rule.id, version=version)
            session.flush()
            make_for_publishers(self._context, session, read_rules(session).values())
            return find_rule(session, rule.id)

    def use(self, actor: Actor | None, rule: str, *, is_off: bool, publishers: Collection[str]) -> RuleView:
        """Switch a rule on or off, and say for which publishers it makes duties from today on: ids, or `*` for all.

        Open duties of publishers for which it no longer does aren't needed from then on. Raises `NotFoundError`,
        `InvalidMetadataError`, `NotSignedInError`, `NotPermittedError`.
        """
        maintainer = require_maintainer(actor)
        wanted = sorted({name.strip() for name in publishers if name.strip()})
        with self._context.write() as session:
            find_rule(session, rule)
            known = set(session.scalars(select(Publisher.id)))
            missing = [name for name in wanted if name != ALL and name not in known]
            if missing:
                text = N_("There is no publisher “%(id)s”")
                raise InvalidMetadataError(faults=[fault("/publishers", text, id=missing[0][:100])])
            row = session.get(DutyRuleUse, rule) or DutyRuleUse(rule_id=rule)
            if wanted and (row.is_off or not row.publishers):
                row.since = self._context.today()
            row.is_off, row.publishers = is_off, [ALL] if ALL in wanted else wanted
            session.add(row)
            session.flush()
            view = find_rule(session, rule)
            self._waive(session, view)
            make_for_publishers(self._context, session, [view])
            self._context.log(session, maintainer, "use-rule", "rule", rule, off=is_off, publishers=row.publishers)
            return view

    def _waive(self, session: Session, view: RuleView) -> None:
        """What was made automatically and no longer applies isn't needed."""
        query = select(Obligation).where(
            Obligation.rule_id == view.rule.id,
            Obligation.key.is_not(None),
            Obligation.done_on.is_(None),
            Obligation.waived_on.is_(None),
        )
        for row in session.scalars(query):
            if not view.applies_to(row.publisher_id):
                row.waived_on, row.waived_reason = self._context.today(), SWITCHED_OFF
                row.changed = self._context.now()
