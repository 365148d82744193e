"""What checks that run now and then found the last time: for the status page, without secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from opendata.db.models import LastCheck


class CheckName(StrEnum):
    """A check. `worker` is the sign of life of a worker, `blobs` the part of the stores that it hashes by turns."""

    WORKER = "worker"
    STORES = "stores"
    BLOBS = "blobs"
    LINKS = "links"


@dataclass(frozen=True, slots=True)
class Noted:
    """When a check ended, and what it found."""

    at: datetime
    result: Mapping[str, Any]


def note_check(session: Session, name: CheckName, now: datetime, **result: Any) -> None:
    """Note what a check found, in place of what it found before."""
    row = session.get(LastCheck, name)
    if row is None:
        session.add(LastCheck(name=name, at=now, result=result))
    else:
        row.at, row.result = now, result


def read_check(session: Session, name: CheckName) -> Noted | None:
    """What a check found the last time, None where it never ran."""
    row = session.get(LastCheck, name)
    return Noted(row.at, row.result) if row is not None else None
