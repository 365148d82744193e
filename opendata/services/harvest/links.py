"""Addresses at other portals are asked now and then: one that stays dead is marked as such, until it comes back.

The worker does it. What an answer says isn't kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from sqlalchemy import select

from opendata.db.models import Dataset, ExternalLink
from opendata.domain.site.links import REFUSED, LinkLife, LinkState
from opendata.errors import BackendError, OpendataError, TooLargeError
from opendata.outside.fetched import Target
from opendata.outside.guard import Deadline, Guard
from opendata.outside.http import HttpRequest, fetch_http
from opendata.services.core.actors import SYSTEM
from opendata.services.core.context import Context

_AT_ONCE = 5
"""So many links are asked in a row."""

_EVERY = 7
"""A link is asked at most once in so many days while it works: there may be very many."""

_SECONDS = 20.0
_MOST_BYTES = 64 * 1024


class ExternalLinks:
    """Asks links that are due, and knows which ones are dead."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list_states(self, dataset: str) -> Mapping[str, LinkState]:
        """What is known of each address of a dataset."""
        with self._context.read() as session:
            query = select(ExternalLink.url, ExternalLink.link).where(ExternalLink.dataset_id == dataset)
            return {url: state for url, state in session.execute(query)}  # noqa: C416 - to mypy, a row isn't a pair

    def run_due(self, is_stopping: Callable[[], bool] = lambda: False) -> int:
        """Ask the links that are due, a few at most, until it is to stop; how many were asked."""
        asked = 0
        while asked < _AT_ONCE and not is_stopping() and (taken := self._take()) is not None:
            number, dataset, url = taken
            self._keep(number, dataset, answers=self._ask(url))
            asked += 1
        return asked

    def _take(self) -> tuple[int, str, str] | None:
        """Number, dataset and address of a link that is due, put off so that no other worker asks it too."""
        now = self._context.now()
        query = select(ExternalLink).where(ExternalLink.due <= now).order_by(ExternalLink.due).limit(1)
        with self._context.read() as session:
            if session.scalar(query) is None:
                return None
        with self._context.write() as session:
            row = session.scalar(query.with_for_update(skip_locked=True))
            if row is None:
                return None
            row.due = now + timedelta(hours=1)
            return row.id, row.dataset_id, row.url

    def _ask(self, url: str) -> bool:
        guard = Guard(self._context.settings.source_hosts)
        try:
            with self._context.work_folder() as folder, Deadline(_SECONDS) as deadline:
                fetch_http(HttpRequest(url=url), Target(folder / "answer", _MOST_BYTES), guard, deadline)
                return True
        except TooLargeError:
            return True
        except BackendError as error:
            return error.params.get("status") in REFUSED
        except OpendataError:  # an address inside our network: nobody outside can open it
            return False

    def _keep(self, number: int, dataset: str, *, answers: bool) -> None:
        """Note an answer. A link that died or came back is a change of its dataset for all that follow its revision."""
        now = self._context.now()
        with self._context.write() as session:
            owner = session.get(Dataset, dataset, with_for_update={"of": Dataset})  # first, as a harvest does
            row = session.get(ExternalLink, number, with_for_update=True)
            if row is None or owner is None:
                return
            life = LinkLife(row.link, row.failures, row.failing_since).follow(answers=answers, now=now)
            if LinkState.DEAD in (row.link, life.state) and row.link != life.state:
                verb = "link-dead" if life.state == LinkState.DEAD else "link-back"
                owner.revision += 1
                self._context.log(session, SYSTEM, verb, "dataset", row.dataset_id, url=row.url[:500])
            row.link, row.failures, row.failing_since, row.checked = life.state, life.failures, life.since, now
            row.due = now + timedelta(days=_EVERY) if life.state == LinkState.ALIVE else life.find_next(now)
