"""The asker follows a request: with its number and code, by the link in a mail, or with their account."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Request
from opendata.domain.requests.steps import STEPS, Audience, RequestStep, Taker, list_steps
from opendata.errors import N_, InvalidMetadataError, NotFoundError, StateError, fault
from opendata.services.access.limits import Limits
from opendata.services.access.sessions import digest_text
from opendata.services.core.actors import Actor, make_stranger, require_signed_in
from opendata.services.core.context import Context
from opendata.services.core.reasons import MAX_REASON, TOO_LONG
from opendata.services.governance.requests.rows import add_line, digest_code, find_request, load_steps, view_request
from opendata.services.governance.requests.values import RequestView

_NOBODY = make_stranger("")
_MOST_OWN = 200
_LINK_DAYS = 7


@dataclass(frozen=True, slots=True)
class Follower:
    """Somebody who may follow a request: they showed its code (`proof`), or it was sent with their account."""

    number: str
    proof: str = ""
    actor: Actor | None = None


class Following:
    """Shows askers their requests and takes their steps."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._limits = Limits(context)

    def open(self, number: str, code: str, address: str) -> Follower:
        """Who has the code of a request. Raises `NotFoundError`, and `TooManyAttemptsError` for a guesser."""
        number = number.strip()[:20]
        attempt = self._limits.count_code(number, address)
        with self._context.read() as session:
            row = session.scalar(select(Request).where(Request.number == number))
            is_right = hmac.compare_digest(row.code if row else "", digest_code(self._context, code))
        if row is None or not is_right:
            raise NotFoundError(N_("There is no request with this number and code. Check both"))
        self._limits.take_back(attempt)
        return Follower(number, row.code)

    def get(self, follower: Follower) -> RequestView:
        """The request as its asker may see it. Raises `NotFoundError`."""
        with self._context.read() as session:
            return view_request(self._context, session, self._find(session, follower), Audience.SIDES)

    def list_own(self, actor: Actor | None) -> Sequence[RequestView]:
        """The newest requests that were sent with an account. Raises `NotSignedInError`."""
        found = require_signed_in(actor)
        query = select(Request).where(Request.user_id == found.id).options(load_steps())
        with self._context.read() as session:
            rows = session.scalars(query.order_by(Request.id.desc()).limit(_MOST_OWN))
            return [view_request(self._context, session, row, Audience.SIDES) for row in rows]

    def take(self, follower: Follower, step: RequestStep, said: Mapping[str, Any]) -> RequestView:
        """Take a step of the asker: answer a question, add something, withdraw.

        Raises `NotFoundError`, `InvalidMetadataError`, `StateError`.
        """
        with self._context.write() as session:
            row = self._find(session, follower, lock=True)
            rule = STEPS.get(step)
            if rule is None or rule.taker is not Taker.ASKER:
                raise NotFoundError(N_("There is no such step"))
            if step not in list_steps(row.kind, row.state, [item.step for item in row.steps]):
                raise StateError(N_("This isn't possible any more. Look at what has happened to the request"))
            text = str(said.get("text") or "").strip()
            if "text" in rule.needs and not text:
                raise InvalidMetadataError(faults=[fault("/text", N_("Write what you want to say"))])
            if len(text) > MAX_REASON:
                raise InvalidMetadataError(faults=[fault("/text", TOO_LONG, limit=MAX_REASON)])
            row.state = rule.to or row.state
            if step is RequestStep.WITHDRAW:
                row.ended = self._context.now()
            add_line(self._context, session, row, step, None, sealed={"text": text} if text else None)
            return view_request(self._context, session, row, Audience.SIDES)

    def find_confirmation(self, text: str) -> str:
        """The number of the request that the link in a mail is for. Raises `NotFoundError`."""
        with self._context.read() as session:
            return self._find_link(session, text).number

    def confirm(self, text: str) -> Follower:
        """Confirm the address that a link was mailed to; who followed it may follow the request."""
        with self._context.write() as session:
            row = self._find_link(session, text)
            row.is_mail_confirmed, row.confirm = True, None
            self._context.log(session, _NOBODY, "request-confirm", "request", row.number)
            return Follower(row.number, row.code)

    def _find_link(self, session: Session, text: str) -> Request:
        row = session.scalar(select(Request).where(Request.confirm == digest_text(text)).with_for_update(of=Request))
        if row is None or row.created < self._context.clock() - timedelta(days=_LINK_DAYS):
            raise NotFoundError(N_("This link was used or has expired. Follow your request with its number and code"))
        return row

    def _find(self, session: Session, follower: Follower, *, lock: bool = False) -> Request:
        row = find_request(session, follower.number, lock=lock)
        is_own = follower.actor is not None and row.user_id == follower.actor.id and row.user_id is not None
        if not is_own and not hmac.compare_digest(follower.proof, row.code):
            raise NotFoundError(N_("There is no request “%(number)s”"), number=follower.number[:20])
        return row
