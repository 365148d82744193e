"""Creating requests that may come twice: the second gets the answer of the first (`Idempotency-Key`).

The key is kept in the same transaction as what was created, so a crash leaves both or neither.
Source: draft-ietf-httpapi-idempotency-key-header.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from opendata.db.models import IdempotencyKey
from opendata.errors import N_, IdempotencyError, StateError
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Once:
    """A client's key and the fingerprint of the request it belongs to."""

    key: str
    request: str


def create_once(
    context: Context, actor: Actor, once: Once | None, create: Callable[[Session], str]
) -> tuple[str, bool]:
    """Run `create` in a unit of work unless the key was seen; return the created thing's id and whether it is new.

    Raises `IdempotencyError` where the key came with another request.
    """
    for attempt in (1, 2):
        try:
            with context.write() as session:
                seen = _find(session, actor, once)
                if seen is not None:
                    return seen, False
                subject = create(session)
                if once is not None:
                    session.add(
                        IdempotencyKey(
                            user_id=actor.id or 0,
                            key=once.key,
                            request=once.request,
                            subject=subject,
                            created=context.clock(),
                        )
                    )
                return subject, True
        except (IntegrityError, StateError):
            # Two requests for the same key or id at the same moment: the loser looks again at what the winner made.
            if attempt == 2:
                raise
    raise AssertionError("unreachable")


def _find(session: Session, actor: Actor, once: Once | None) -> str | None:
    if once is None:
        return None
    row = session.scalar(
        select(IdempotencyKey).where(IdempotencyKey.user_id == (actor.id or 0), IdempotencyKey.key == once.key)
    )
    if row is None:
        return None
    if row.request != once.request:
        raise IdempotencyError(N_("The Idempotency-Key was used for another request. Use a new one"))
    return row.subject
