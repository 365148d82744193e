"""The public board: requests whose askers agreed, once the publisher has registered them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select

from opendata.db.models import Dataset, Request, RequestEvent
from opendata.domain.requests.kinds import PRIVATE, RequestKind
from opendata.domain.requests.steps import ACCEPTED_STATES, OPEN_STATES, Audience, RequestState
from opendata.errors import N_, NotFoundError
from opendata.services.core.context import Context
from opendata.services.core.paging import read_cursor, refuse_cursor, write_cursor
from opendata.services.core.values import Page
from opendata.services.governance.requests.rows import find_request, is_on_board, load_steps, view_request
from opendata.services.governance.requests.values import RequestView

_MOST_TEXT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardFilter:
    """Which requests: what isn't given doesn't matter. `text` occurs in the summary or in the reply."""

    kind: RequestKind | None = None
    publisher: str | None = None
    dataset: str | None = None
    is_open: bool | None = None
    text: str = ""


class Board:
    """Shows everybody the requests on the board."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, wanted: BoardFilter, *, limit: int = 50, cursor: str | None = None) -> Page[RequestView]:
        """The requests on the board, the newest first. Raises `InputError` for a cursor that isn't ours."""
        query = select(Request).where(*_where(wanted)).options(load_steps()).order_by(Request.id.desc())
        after = read_cursor(cursor)
        if after is not None:
            if not after.isdecimal():
                raise refuse_cursor()
            query = query.where(Request.id < int(after[:18]))
        with self._context.read() as session:
            rows = list(session.scalars(query.limit(limit + 1)))
            items = [view_request(self._context, session, row, Audience.PUBLIC) for row in rows[:limit]]
        return Page(items, write_cursor(str(rows[limit - 1].id)) if len(rows) > limit else None)

    def list_mending(self, uuid: str, version: str) -> Sequence[str]:
        """The versions that correct what readers reported of a version of a dataset, which is named by its `uuid`."""
        reported = (Request.dataset_uuid == uuid, Request.mended.is_not(None))
        query = select(Request.mended, Request.place).where(*reported).order_by(Request.id)
        with self._context.read() as session:
            rows = session.execute(query).all()
        return list(dict.fromkeys(str(mended) for mended, place in rows if (place or {}).get("version") == version))

    def get(self, number: str) -> RequestView:
        """A request on the board. Raises `NotFoundError`."""
        with self._context.read() as session:
            row = find_request(session, number)
            if not is_on_board(row):
                raise NotFoundError(N_("There is no request “%(number)s”"), number=number[:20])
            return view_request(self._context, session, row, Audience.PUBLIC)


def _where(wanted: BoardFilter) -> Sequence[ColumnElement[bool]]:
    accepted = select(RequestEvent.id).where(
        RequestEvent.request_id == Request.id, RequestEvent.state.in_(ACCEPTED_STATES)
    )
    found: list[ColumnElement[bool]] = [
        Request.is_public.is_(True),
        Request.summary != "",
        Request.state.not_in([RequestState.RECEIVED, RequestState.SPAM]),
        Request.kind.not_in(PRIVATE),
        accepted.exists(),
    ]
    if wanted.kind is not None:
        found.append(Request.kind == wanted.kind)
    if wanted.publisher:
        found.append(Request.publisher_id == wanted.publisher)
    if wanted.dataset:
        found.append(Request.dataset_uuid.in_(select(Dataset.uuid).where(Dataset.id == wanted.dataset)))
    if wanted.is_open is not None:
        found.append(Request.state.in_(OPEN_STATES) if wanted.is_open else Request.state.not_in(OPEN_STATES))
    text = wanted.text.strip()[:_MOST_TEXT]
    if text:
        columns = (Request.summary, Request.reply)
        found.append(or_(*(column.icontains(text, autoescape=True) for column in columns)))
    return found
