"""Reminders: one mail a day with all that is due soon and what has become overdue, never twice for the same.

A row for each duty, stage and person is written with the mail, in one transaction, so that of several workers one alone
writes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, DutyProgress, DutyReminder, Obligation, User
from opendata.domain.clocks.calendar import WorkingCalendar
from opendata.domain.clocks.limits import Limit, Unit, find_due
from opendata.domain.mail.letters import LetterKind
from opendata.errors import UnknownYearError
from opendata.services.core.context import Context
from opendata.services.governance.duties.calendars import read_calendar
from opendata.services.governance.duties.members import find_owner, list_reachable
from opendata.services.governance.duties.rule_reading import RuleView, read_rules
from opendata.services.mail.outbox import Letter, post
from opendata.wording.governance.duties import DutyLine, say_lines

BEFORE, AFTER = "before", "after"
_MOST = 10_000
"""Duties looked at in one round."""


class Reminding:
    """Writes reminders into the outbox."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def remind(self) -> int:
        """Write today's mails that aren't written yet; how many."""
        if not self._context.settings.sends_mail:
            return 0
        with self._context.write() as session:
            session.scalar(select(DutyProgress.id).with_for_update())
            today = self._context.today()
            found = self._list_due(session, today)
            rules = read_rules(session)
            return sum(self._write(session, user, rows, rules, today) for user, rows in found)

    def _list_due(self, session: Session, today: date) -> Sequence[tuple[User, Sequence[Obligation]]]:
        """Who is reminded of which duties: its owner of each, or else all who work for its publisher."""
        last = find_horizon(read_calendar(session), today, self._context.settings.remind_days)
        query = select(Obligation).where(
            Obligation.done_on.is_(None), Obligation.waived_on.is_(None), Obligation.due <= last
        )
        rows = session.scalars(query.order_by(Obligation.due, Obligation.id).limit(_MOST)).all()
        told = set(
            session.execute(
                select(DutyReminder.obligation_id, DutyReminder.stage, DutyReminder.user_id)
                .join(Obligation, Obligation.id == DutyReminder.obligation_id)
                .where(Obligation.done_on.is_(None), Obligation.waived_on.is_(None))
            ).all()
        )
        busy = set(session.scalars(select(DutyReminder.user_id).where(DutyReminder.day == today)))
        members = {name: list_reachable(session, name) for name in {row.publisher_id for row in rows}}
        people: dict[int, User] = {}
        found: dict[int, list[Obligation]] = {}
        for row in rows:
            for user in find_owner(session, row.owner_id) or members[row.publisher_id]:
                if user.id not in busy and (row.id, _stage(row, today), user.id) not in told:
                    people[user.id] = user
                    found.setdefault(user.id, []).append(row)
        return [(people[number], found[number]) for number in sorted(found)]

    def _write(
        self,
        session: Session,
        user: User,
        rows: Sequence[Obligation],
        rules: Mapping[str, RuleView],
        today: date,
    ) -> bool:
        language = user.mail_language or self._context.settings.languages[0]
        titles: dict[str, str] = dict(
            session.execute(
                select(Dataset.uuid, Dataset.meta["title"].as_string()).where(
                    Dataset.uuid.in_({row.dataset_uuid for row in rows if row.dataset_uuid})
                )
            ).all()
        )
        lines = [
            DutyLine(
                title=rules[row.rule_id].rule.title if row.rule_id in rules else {"zh": row.task},
                about=" ".join(filter(None, (titles.get(row.dataset_uuid or "", ""), row.period))),
                due=row.due or today,
                is_overdue=_stage(row, today) == AFTER,
            )
            for row in rows
        ]
        letter = Letter(
            kind=LetterKind.DUTIES,
            recipient=user.mail_address or "",
            language=language,
            user=user.id,
            params={"list": say_lines(language, lines), "path": "/workspace/duties"},
        )
        if not post(self._context, session, letter):
            return False
        for row in rows:
            reminder = DutyReminder(obligation_id=row.id, stage=_stage(row, today), user_id=user.id, day=today)
            session.add(reminder)
        session.flush()
        return True


def find_horizon(calendar: WorkingCalendar, today: date, days: int) -> date:
    """The last due day that people are reminded of today: so many working days ahead, or where unknown, week days."""
    try:
        return find_due(today, Limit(days, Unit.WORKING_DAY), calendar) or today
    except UnknownYearError:
        return today + timedelta(days=days * 7 // 5)


def _stage(row: Obligation, today: date) -> str:
    return AFTER if row.due is not None and row.due < today else BEFORE
