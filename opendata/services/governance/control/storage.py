"""Where bytes are: versions, drafts and uploads with their sizes; the disks, the database and the search index."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select, text
from sqlalchemy.orm import InstrumentedAttribute

from opendata.db.models import Dataset, Draft, DraftResource, Upload, Version
from opendata.services.core.access import where_standing
from opendata.services.core.actors import Actor, require_overseer
from opendata.services.core.context import Context
from opendata.services.governance.control.gauges import Asking, Choice, Gauge, Group, Kind, Unit


def select_versions(
    asking: Asking,
    *conditions: ColumnElement[bool],
    amount: ColumnElement[int] | InstrumentedAttribute[int] = Version.bytes,
) -> Select[Any]:
    """Versions since they were published, with their bytes or another amount."""
    columns: tuple[Any, ...] = (
        (Version.dataset_id + "@" + Version.version).label("id"),
        Dataset.title.label("title"),
        Dataset.publisher_id.label("publisher"),
        Version.published.label("since"),
        amount.label("amount"),
        Version.id.label("key"),
    )
    found = select(*columns).join(Dataset, Dataset.id == Version.dataset_id)
    return found.where(asking.sees(Dataset.publisher_id), *conditions)


def _is_there(_: Asking) -> ColumnElement[bool]:
    return Version.withdrawal.is_(None)


def _is_standing(_: Asking) -> ColumnElement[bool]:
    return where_standing()


def _is_newest(_: Asking) -> ColumnElement[bool]:
    return and_(where_standing(), Version.version == Dataset.latest)


STANDING = Choice(select_versions, _is_standing)
"""Versions that can be read."""

NEWEST_ROWS = Choice(select_versions, _is_newest, amount=Version.rows)
"""The newest of each dataset, with its rows."""


def _drafts(asking: Asking) -> Select[Any]:
    """What was sent with drafts and made of it, while it is kept."""
    size = DraftResource.upload_bytes + DraftResource.csv_bytes + DraftResource.parquet_bytes
    columns: tuple[Any, ...] = (
        Draft.id.label("id"),
        func.max(Dataset.title).label("title"),
        func.max(Dataset.publisher_id).label("publisher"),
        func.max(Draft.modified).label("since"),
        func.sum(size).label("amount"),
    )
    found = select(*columns).join(Dataset, Dataset.id == Draft.dataset_id)
    found = found.join(DraftResource, DraftResource.draft_id == Draft.id)
    return found.where(asking.sees(Dataset.publisher_id)).group_by(Draft.id)


def _uploads(asking: Asking) -> Select[Any]:
    columns: tuple[Any, ...] = (
        Upload.id.label("id"),
        Upload.filename.label("title"),
        func.coalesce(Upload.publisher_id, "").label("publisher"),
        Upload.created.label("since"),
        Upload.received.label("amount"),
    )
    return select(*columns).where(asking.sees(Upload.publisher_id))


STORAGE_GAUGES = (
    Gauge(
        "bytes-versions", Group.STORAGE, Kind.VERSION, Choice(select_versions, _is_there), unit=Unit.BYTES, is_kept=True
    ),
    Gauge("bytes-drafts", Group.STORAGE, Kind.DRAFT, _drafts, unit=Unit.BYTES, is_kept=True),
    Gauge("bytes-uploads", Group.STORAGE, Kind.UPLOAD, _uploads, unit=Unit.BYTES),
)


@dataclass(frozen=True, slots=True)
class Room:
    """How many bytes something takes; of a disk, how many are used, free and needed free for anything to be sent."""

    name: str
    used: int
    free: int | None = None
    least: int | None = None

    @property
    def is_full(self) -> bool:
        """Whether nothing can be sent or published any more."""
        return self.free is not None and self.least is not None and self.free < self.least


def measure_rooms(context: Context, actor: Actor | None) -> Sequence[Room]:
    """The database, the search index, and each disk that the portal writes to.

    Raises `NotSignedInError`, `NotPermittedError` for all but those who may read everything.
    """
    require_overseer(actor)
    return list(_list_rooms(context))


def _list_rooms(context: Context) -> Iterator[Room]:
    settings = context.settings
    if context.database.engine.dialect.name == "sqlite":
        file = settings.home / "opendata.sqlite"
        yield Room("database", sum(_size(Path(f"{file}{ending}")) for ending in ("", "-wal")))
    else:
        with context.read() as session:
            yield Room("database", int(session.scalar(text("SELECT pg_database_size(current_database())")) or 0))
    yield Room("search", sum(_size(path) for path in settings.search_folder.rglob("*")))
    seen: set[int] = set()
    for name, folder in (("public", settings.public_folder), ("private", settings.private_folder)):
        try:
            device, disk = folder.stat().st_dev, shutil.disk_usage(folder)
        except OSError:
            continue
        if device not in seen:
            seen.add(device)
            yield Room(name, disk.used, disk.free, settings.free_bytes)


def _size(path: Path) -> int:
    """The bytes of a file; none where it has gone meanwhile."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0
