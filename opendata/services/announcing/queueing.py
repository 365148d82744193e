"""Who is to get an event: a delivery for each webhook that wants it, in the transaction of the event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import PublicEvent, SchemaUse, Version, Webhook, WebhookDelivery
from opendata.domain.catalogue.public_events import Wanted

WAITING = "waiting"
DELIVERED = "delivered"
FAILED = "failed"
DROPPED = "dropped"

SEARCHED_AFTER = timedelta(seconds=10)
"""So long the search index has to take in what happened before a webhook for a search asks it."""


def queue_deliveries(session: Session, event: PublicEvent, now: datetime, *, only: Webhook | None = None) -> int:
    """Queue an event for all webhooks that want it, or for one of them; how many. Searches are asked later."""
    schemas = list_schemas(session, event)
    hooks = [only] if only is not None else session.scalars(select(Webhook).where(Webhook.ended.is_(None)))
    count = 0
    for hook in hooks:
        wanted = read_wanted(hook.wanted)
        if wanted.takes(event.kind, event.dataset_id, event.publisher_id, schemas):
            due = now + SEARCHED_AFTER if wanted.search else now
            session.add(WebhookDelivery(webhook_id=hook.id, event_id=event.id, state=WAITING, created=now, due=due))
            count += 1
    return count


def read_wanted(found: Mapping[str, Any]) -> Wanted:
    """What a row says."""
    return Wanted(
        kinds=tuple(found.get("types") or ()),
        dataset=str(found.get("dataset") or ""),
        publisher=str(found.get("publisher") or ""),
        schema=str(found.get("schema") or ""),
        search=str(found.get("search") or ""),
    )


def write_wanted(wanted: Wanted) -> dict[str, Any]:
    """What is kept of it."""
    found = {
        "types": list(wanted.kinds),
        "dataset": wanted.dataset,
        "publisher": wanted.publisher,
        "schema": wanted.schema,
        "search": wanted.search,
    }
    return {key: value for key, value in found.items() if value}


def list_schemas(session: Session, event: PublicEvent) -> list[str]:
    """The names of the schemas that an event is about: its own, or those that the tables of a version use."""
    if event.schema is not None:
        return [event.schema.partition("@")[0]]
    if event.version is None:
        return []
    used = (
        select(SchemaUse.name)
        .join(Version, Version.id == SchemaUse.version_id)
        .where(Version.dataset_id == event.dataset_id, Version.version == event.version)
    )
    return list(session.scalars(used))
