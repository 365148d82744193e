"""Public events and webhooks as pages and REST have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from opendata.domain.catalogue.public_events import Wanted
from opendata.errors import KeptMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicEventView:
    """One thing that happened. `data` says what it is about, with the addresses of where to go on."""

    id: str
    type: str
    timestamp: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """Public events, the oldest first. `next` is the cursor of what follows, None at the end.

    `since` is the cursor to ask with the next time, when more may have happened.
    """

    items: Sequence[PublicEventView]
    next: str | None
    since: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookView:
    """A webhook of an account. `failing` is since when it takes nothing, `ended` when it was turned off, and why."""

    id: str
    url: str
    note: str
    wanted: Wanted
    created: datetime
    failing: datetime | None
    ended: datetime | None
    reason: KeptMessage | None
    waiting: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """One event that was sent to a webhook, or is to be: `event` is None for a test."""

    id: int
    event: str | None
    type: str
    state: str
    created: datetime
    tried: datetime | None
    due: datetime
    tries: int
    status: int | None
    reason: KeptMessage | None
