"""What is done with requests from time to time: askers are forgotten, clocks are looked at, publishers reminded."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import or_, select

from opendata.db.models import Publisher, Request
from opendata.domain.mail.letters import LetterKind
from opendata.domain.requests.clock import NEAR_DAYS
from opendata.domain.requests.steps import OPEN_STATES, Audience
from opendata.services.catalogue.publishers import follow_publishers
from opendata.services.core.actors import SYSTEM
from opendata.services.core.context import Context
from opendata.services.governance.requests.letters import write_staff
from opendata.services.governance.requests.rows import clock_of, find_dataset_of, find_day, load_steps

_AT_ONCE = 200


class Keeping:
    """Looks after requests when nobody does."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def tidy(self) -> None:
        """Forget askers whose time is over, set clocks that stood still, remind publishers."""
        while self.erase():
            pass
        self.follow()
        self.refresh()
        self.remind()

    def follow(self) -> int:
        """Give requests of publishers that were merged or split before to those that follow them; how many."""
        ended = select(Request.publisher_id).join(Publisher).where(Publisher.ended.is_not(None)).distinct()
        count = 0
        with self._context.write() as session:
            for name in session.scalars(ended).all():
                followers = follow_publishers(session, [name])
                if followers == [name]:
                    continue  # it was closed
                for row in session.scalars(select(Request).where(Request.publisher_id == name)).all():
                    dataset = find_dataset_of(session, row)
                    owner = dataset.publisher_id if dataset is not None else ""
                    row.publisher_id = owner if owner in followers else followers[0]
                    count += 1
        return count

    def erase(self) -> int:
        """Forget who made some of the requests that ended long enough ago; of how many. The cases stay."""
        before = self._context.clock() - timedelta(days=self._context.settings.asker_days)
        query = select(Request).where(Request.ended < before, Request.erased.is_(None)).limit(_AT_ONCE)
        with self._context.write() as session:
            rows = list(session.scalars(query.with_for_update(of=Request)))
            for row in rows:
                row.sealed = row.confirm = row.user_id = row.person = None
                row.contact, row.is_mail_confirmed, row.erased = "", False, self._context.now()
                for line in row.steps:
                    line.sealed = None
                    if line.audience is Audience.STAFF:
                        line.text = ""
                self._context.log(session, SYSTEM, "request-erase", "request", row.number)
        return len(rows)

    def refresh(self) -> None:
        """Set the due dates again: a pause has come to its end, or the calendar of a year was entered or changed."""
        query = select(Request).where(Request.state.in_(OPEN_STATES)).options(load_steps())
        with self._context.write() as session:
            for row in session.scalars(query):
                row.due = clock_of(self._context, row).due

    def remind(self) -> None:
        """Write to publishers about requests that are due within days, and once more about those that are late."""
        today = find_day(self._context, self._context.clock())
        near = (Request.state.in_(OPEN_STATES), Request.due <= today + timedelta(days=NEAR_DAYS))
        query = select(Request).where(*near, or_(Request.reminded.is_(None), Request.reminded <= Request.due))
        with self._context.write() as session:
            for row in session.scalars(query):
                if row.due is None:
                    continue
                is_late = row.due < today
                if row.reminded is None or (is_late and row.reminded <= row.due):
                    row.reminded = today
                    write_staff(self._context, session, row, LetterKind.REQUEST_DUE, day=row.due.isoformat())
