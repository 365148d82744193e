"""Instances that send mail, with a clock that a test sets."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from opendata.db.models import OutboxMail
from opendata.domain.mail.letters import LetterKind
from opendata.services.mail.outbox import Letter, post
from opendata.settings import Settings
from opendata.wiring import Services, build_context, build_services
from tests.instances import make_services, make_tables


def mail_settings(url: str) -> dict[str, Any]:
    """The settings of an instance that sends mail."""
    return {
        "mail_url": url,
        "mail_from": "noreply@data.example.org",
        "mail_seconds": 5,
        "base_url": "https://data.example.org",
        "title": "示例数据平台",
    }


@dataclass
class Clock:
    """A clock that a test sets."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 30, 6, 5, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **length: float) -> None:
        self.now += timedelta(**length)


@dataclass
class Office:
    """An instance that sends mail, and its clock."""

    services: Services
    clock: Clock

    def write(self, kind: LetterKind = LetterKind.PASSWORD_CHANGED, to: str = "wang@example.org", **more: str) -> bool:
        """Write a mail; whether it will be sent."""
        context = build_context(self.services.settings, clock=self.clock)
        params = {"account": "wang", "time": "2026-11-30 14:05 (Asia/Shanghai)", **more}
        with context.write() as session:
            return post(context, session, Letter(kind=kind, recipient=to, language="en", params=params))

    def rows(self) -> list[OutboxMail]:
        with self.services.database.unit() as session:
            return list(session.scalars(select(OutboxMail).order_by(OutboxMail.id)))

    def states(self) -> list[str]:
        return [str(row.state) for row in self.rows()]


def make_office(home: Path, mail_url: str, database_url: str = "") -> Office:
    made = make_services(home, database_url=database_url)
    clock = Clock()
    settings = Settings(home=home, database_url=database_url, review="none", **mail_settings(mail_url))
    made.database.dispose()
    services = build_services(settings, clock=clock)
    make_tables(services)  # so that this engine is as quick as the first one
    return Office(services, clock)
