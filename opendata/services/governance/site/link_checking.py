"""The links of re-uses are asked now and then: one that stays dead leaves the gallery, one that comes back returns.

The worker does it, so no web process asks anybody. What an answer says isn't kept.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opendata.db.models import Reuse
from opendata.domain.site.links import REFUSED, LinkLife, LinkState
from opendata.domain.site.reuses import ReuseState
from opendata.errors import BackendError, OpendataError, TooLargeError
from opendata.outside.fetched import Target
from opendata.outside.guard import Deadline, Guard
from opendata.outside.http import HttpRequest, fetch_http
from opendata.services.core.actors import SYSTEM
from opendata.services.core.context import Context
from opendata.services.governance.site.files import forget_unused
from opendata.services.governance.site.reuses import Reuses
from opendata.services.operations.last_checks import CheckName, note_check

logger = logging.getLogger(__name__)

_AT_ONCE = 5
"""So many links are asked in a row; then others may have the thread."""

_SECONDS = 20.0
_MOST_BYTES = 64 * 1024
"""An answer that is longer is there: the rest isn't read."""


class LinkChecking:
    """Asks links that are due, and shows that a worker is alive."""

    def __init__(self, context: Context, reuses: Reuses) -> None:
        self._context = context
        self._reuses = reuses

    def run_due(self, is_stopping: Callable[[], bool]) -> int:
        """Ask the links that are due, a few at most, until it is to stop; how many were asked."""
        self._show_life()
        asked = 0
        while asked < _AT_ONCE and not is_stopping():
            taken = self._take()
            if taken is None:
                break
            reuse, url, etag = taken
            answers, tag = self._ask(url, etag)
            self._keep(reuse, answers=answers, etag=tag)
            asked += 1
        return asked

    def _show_life(self) -> None:
        with self._context.write() as session:
            note_check(session, CheckName.WORKER, self._context.now())

    def tidy(self) -> None:
        """Erase contacts that are old, and files that no page names."""
        self._reuses.tidy()
        with self._context.write() as session:
            forget_unused(session, self._context.now() - timedelta(days=1))

    def _take(self) -> tuple[str, str, str] | None:
        """A link that is due, put off so that no other worker asks it too."""
        now = self._context.now()
        query = select(Reuse).where(Reuse.state == ReuseState.APPROVED, Reuse.due <= now).order_by(Reuse.due).limit(1)
        with self._context.write() as session:
            row = session.scalar(query.with_for_update(skip_locked=True))
            if row is None:
                return None
            row.due = now + timedelta(hours=1)
            return row.id, row.url, row.etag

    def _ask(self, url: str, etag: str) -> tuple[bool, str]:
        """Whether somebody answers at an address, and the entity tag of the answer."""
        guard = Guard(self._context.settings.source_hosts)
        try:
            with self._context.work_folder() as folder, Deadline(_SECONDS) as deadline:
                target = Target(folder / "answer", _MOST_BYTES)
                found = fetch_http(HttpRequest(url=url, etag=etag), target, guard, deadline)
                return True, found.etag if found is not None else etag
        except TooLargeError:
            return True, ""
        except BackendError as error:
            return error.params.get("status") in REFUSED, ""
        except OpendataError:  # an address inside our network: nobody outside can open it
            return False, ""

    def _keep(self, reuse: str, *, answers: bool, etag: str) -> None:
        now = self._context.now()
        with self._context.write() as session:
            row = session.get(Reuse, reuse, with_for_update=True)
            if row is None or row.state != ReuseState.APPROVED:
                return
            life = LinkLife(row.link, row.failures, row.failing_since).follow(answers=answers, now=now)
            if LinkState.DEAD in (row.link, life.state) and row.link != life.state:
                row.modified = now
                verb = "link-dead" if life.state == LinkState.DEAD else "link-back"
                self._context.log(session, SYSTEM, verb, "reuse", reuse)
            row.link, row.failures, row.failing_since = life.state, life.failures, life.since
            row.checked, row.due, row.etag = now, life.find_next(now), etag
            session.flush()
            note_check(session, CheckName.LINKS, now, **_count(session))


def _count(session: Session) -> dict[str, int]:
    query = select(Reuse.link, func.count()).where(Reuse.state == ReuseState.APPROVED).group_by(Reuse.link)
    numbers: dict[LinkState, int] = {row[0]: row[1] for row in session.execute(query)}
    return {state.value: numbers.get(state, 0) for state in LinkState}
