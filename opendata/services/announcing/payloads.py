"""What is sent and shown of a public event: what it is about, in words of the manifest, with absolute addresses.

Source: Standard Webhooks 1.0 (`type`, `timestamp`, `data`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, PublicEvent, Publisher, Schema, Version
from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.public_events import EventKind
from opendata.domain.moments import format_time
from opendata.errors import OpendataError
from opendata.services.announcing.values import PublicEventView
from opendata.services.catalogue.manifests import Manifests
from opendata.services.core.context import Context


@dataclass(frozen=True, slots=True)
class _Known:
    """What some events are about: datasets by UUID, versions by dataset and number, publishers by id."""

    datasets: Mapping[str, Dataset]
    versions: Mapping[tuple[str, str], Version]
    publishers: Mapping[str, Publisher]


class Payloads:
    """Writes events for others."""

    def __init__(self, context: Context, manifests: Manifests) -> None:
        self._manifests = manifests
        self._addresses = Addresses(context.settings.base_url.rstrip("/"))

    def write_all(self, session: Session, rows: Sequence[PublicEvent]) -> Sequence[PublicEventView]:
        """Several events: what they are about is read with a few statements, however many they are."""
        known = _read_known(session, rows)
        return [self.write(session, row, known) for row in rows]

    def write(self, session: Session, row: PublicEvent, known: _Known | None = None) -> PublicEventView:
        """An event. Addresses are relative where the portal doesn't know its own (`OPENDATA_BASE_URL`)."""
        return PublicEventView(
            id=name_event(row),
            type=row.kind,
            timestamp=row.at,
            data=self._describe(session, row, known or _read_known(session, [row])),
        )

    def _describe(self, session: Session, row: PublicEvent, known: _Known) -> Mapping[str, Any]:
        found: dict[str, Any] = {}
        if row.dataset_uuid is not None:
            dataset = known.datasets.get(row.dataset_uuid)
            name = dataset.id if dataset is not None else str(row.dataset_id)
            found["dataset"] = {
                "id": name,
                "uuid": row.dataset_uuid,
                "title": dataset.title if dataset is not None else None,
                "disclosure": dataset.attribute if dataset is not None else None,
                "url": self._addresses.dataset(name),
            }
            if row.version is not None:
                found["version"] = self._describe_version(row, name, known)
        if row.publisher_id is not None:
            publisher = known.publishers.get(row.publisher_id)
            found["publisher"] = {
                "id": row.publisher_id,
                "title": publisher.title if publisher is not None else None,
                "url": self._addresses.publisher(row.publisher_id),
            }
        if row.schema is not None:
            name, _, version = row.schema.partition("@")
            schema = session.scalar(select(Schema).where(Schema.name == name, Schema.version == version))
            found["schema"] = {
                "name": name,
                "version": version,
                "title": schema.title if schema is not None else None,
                "url": self._addresses.schema(row.schema),
            }
        changes = row.details.get("changes")
        found |= {key: value for key, value in row.details.items() if key != "changes" and value not in ("", [])}
        if changes:
            found["changes"] = changes
        return found

    def _describe_version(self, row: PublicEvent, dataset: str, known: _Known) -> Mapping[str, Any]:
        number = str(row.version)
        found: dict[str, Any] = {"version": number, "url": self._addresses.version(dataset, number)}
        kept = known.versions.get((dataset, number))
        if kept is None:
            return found
        found |= {
            "published": format_time(kept.published),
            "period": kept.period,
            "notes": kept.notes,
            "rows": kept.rows,
            "bytes": kept.bytes,
            "manifest": {"url": self._addresses.manifest(dataset, number), "hash": f"sha256:{kept.manifest}"},
            "standing": kept.withdrawal is None and not kept.suspended,
        }
        if row.kind == EventKind.VERSION_PUBLISHED and found["standing"]:
            found |= self._describe_manifest(dataset, number)
        return found

    def _describe_manifest(self, dataset: str, version: str) -> Mapping[str, Any]:
        try:
            manifest = self._manifests.get(dataset, version)
        except (OpendataError, OSError):  # damaged: what the database knows is said all the same
            return {}
        return {
            "previous": manifest.previous,
            "reasons": [dict(item) if isinstance(item, Mapping) else item for item in manifest.reasons],
            "resources": [{"name": item.name, "rows": item.rows} for item in manifest.tables],
        }


def name_event(row: PublicEvent) -> str:
    """The id of an event: the same at every delivery, so that who gets it twice knows."""
    return f"evt_{row.id}"


def _read_known(session: Session, rows: Sequence[PublicEvent]) -> _Known:
    uuids = {row.dataset_uuid for row in rows if row.dataset_uuid is not None}
    datasets = {row.uuid: row for row in session.scalars(select(Dataset).where(Dataset.uuid.in_(uuids)))}
    names = {row.publisher_id for row in rows if row.publisher_id is not None}
    publishers = {row.id: row for row in session.scalars(select(Publisher).where(Publisher.id.in_(names)))}
    numbers = {row.version for row in rows if row.version is not None}
    ids = {
        datasets[row.dataset_uuid].id if row.dataset_uuid in datasets else str(row.dataset_id)
        for row in rows
        if row.version is not None
    }
    query = select(Version).where(Version.dataset_id.in_(ids), Version.version.in_(numbers))
    versions = {(row.dataset_id, row.version): row for row in session.scalars(query)} if ids else {}
    return _Known(datasets, versions, publishers)
