"""Public events, the webhooks that want to hear them, and what was sent to each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from opendata.db.models.base import Base, Id, Leased


class PublicEvent(Base):
    """One thing that everybody may know. `id` is the cursor, `position` that of the line in the audit log.

    `dataset_uuid` stays where the dataset is renamed; `dataset_id`, `publisher_id` and `schema` are as they were then.
    `details` says what the line itself knows, such as the names of properties that changed.
    """

    __tablename__ = "public_events"
    __table_args__ = (
        Index("ix_public_events_dataset_uuid_id", "dataset_uuid", "id"),
        Index("ix_public_events_kind_id", "kind", "id"),
        Index("ix_public_events_publisher_id_id", "publisher_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, unique=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(40))
    dataset_uuid: Mapped[str | None] = mapped_column(String(36))
    dataset_id: Mapped[str | None] = mapped_column(Id)
    version: Mapped[str | None] = mapped_column(String(40))
    publisher_id: Mapped[str | None] = mapped_column(Id)
    schema: Mapped[str | None] = mapped_column(String(200))
    details: Mapped[dict[str, Any]]


class PublicEventProgress(Base):
    """Up to which line of the audit log everything was told: one row, which a worker locks."""

    __tablename__ = "public_event_progress"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))


class Webhook(Base):
    """An address to which events are sent. `secret` is encrypted with a key that isn't in the database.

    `wanted` says which events. `ended` is when it was turned off: by its owner, or after it failed for days; `reason`
    says why. `failing` is since when nothing was delivered although something was to be.
    """

    __tablename__ = "webhooks"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    url: Mapped[str]
    secret: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    wanted: Mapped[dict[str, Any]]
    created: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=1)
    failing: Mapped[datetime | None]
    ended: Mapped[datetime | None] = mapped_column(index=True)
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class WebhookDelivery(Leased, Base):
    """One event for one webhook: sent from `due` on, held by a worker as `owner` until `held_until`.

    `state` is `waiting`, `delivered`, `failed` or `dropped`; `status` is what the other side answered last.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("ix_webhook_deliveries_state_due", "state", "due"),
        Index("ix_webhook_deliveries_webhook_id_id", "webhook_id", "id"),
        Index("ix_webhook_deliveries_created", "created"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[str] = mapped_column(String(32), ForeignKey("webhooks.id"))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("public_events.id"))
    state: Mapped[str] = mapped_column(String(20))
    created: Mapped[datetime]
    due: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    tried: Mapped[datetime | None]
    status: Mapped[int | None]
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class MailSubscription(Base):
    """An address that gets mail about events, once its owner has confirmed it. It needs no account.

    `confirm` is the SHA-256 of the text in the link that confirms it, once that was mailed. Events after `position`
    (an id of `public_events`) are written of at `due`, which moves on by the `pace`: `soon`, `daily` or `weekly`.
    """

    __tablename__ = "mail_subscriptions"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(index=True)
    language: Mapped[str] = mapped_column(String(20))
    wanted: Mapped[dict[str, Any]]
    pace: Mapped[str] = mapped_column(String(20))
    created: Mapped[datetime]
    confirm: Mapped[str | None] = mapped_column(String(64), unique=True)
    confirmed: Mapped[datetime | None]
    position: Mapped[int] = mapped_column(default=0)
    due: Mapped[datetime | None] = mapped_column(index=True)
