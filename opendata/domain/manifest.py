"""The manifest of a version: a Data Package v2 descriptor with digests, chained to the version before it.

Everything of ours sits in one object named `opendata`, on package, resource or field, so that a client that never
heard of us reads a plain Data Package. Source: datapackage.org v2 (2024-06).
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self, TypedDict

from opendata.domain.comparison import ReasonText
from opendata.domain.disclosure import Disclosure
from opendata.domain.meaning.periods import read_period, span_periods
from opendata.domain.metadata import DatasetMetadata
from opendata.domain.moments import format_time
from opendata.domain.resources import Attachment, Resource, TableResource, read_resource
from opendata.domain.review.checklist import Approval
from opendata.domain.texts import I18n

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"

_METADATA = ("licenses", "keywords", "sources", "contributors")


class PublisherName(TypedDict, total=False):
    """A publisher as manifests and records name it; `id` is always there. `code` is its unified social credit code."""

    id: str
    title: str
    description: str
    i18n: I18n
    code: str


class Notice(TypedDict):
    """The announcement of a breaking change: why, when it was announced (RFC 3339), from which day (ISO 8601)."""

    reason: str
    announced: str
    effective: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The manifest of one version. `created` is when publication was asked for, `name` the id of the dataset.

    `previous` is the digest (`sha256:…`) of the manifest before it, None of the first; `reasons` say why the version
    has its number, those of old versions in English alone. `period` is what the edition is about, in the normal form of
    `meaning.periods`, empty where nobody said; `coverage` is what all its rows are about. `approval` is the digest that
    was approved with the checks signed for it, None of old versions and of what the instance's owner publishes.
    `document` is the descriptor this was read from, if it was.
    """

    name: str
    version: str
    created: datetime
    uuid: str
    publisher: PublisherName
    metadata: DatasetMetadata
    previous: str | None
    resources: Sequence[Resource]
    notes: str = ""
    period: str = ""
    reasons: Sequence[ReasonText | str] = ()
    breaking: Notice | None = None
    approval: Approval | None = None
    document: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read a manifest of ours. Raises `KeyError`, `TypeError`, `ValueError` for what isn't one."""
        ours = document["opendata"]
        return cls(
            name=document["name"],
            version=document["version"],
            created=datetime.fromisoformat(document["created"]),
            uuid=ours["uuid"],
            publisher=ours["publisher"],
            metadata=DatasetMetadata(
                title=document.get("title", ""),
                description=document.get("description", ""),
                i18n=ours.get("i18n", {}),
                disclosure=Disclosure.from_json(ours.get("disclosure")),
                homepage=document.get("homepage", ""),
                update_cycle=ours.get("updateCycle", ""),
                source_version=ours.get("sourceVersion", ""),
                temporal=ours.get("temporal", ""),
                further=ours.get("metadata", {}),
                **{name: document.get(name, ()) for name in _METADATA},
            ),
            previous=ours.get("previous"),
            resources=tuple(map(read_resource, document["resources"])),
            notes=ours.get("notes", ""),
            period=ours.get("period", ""),
            reasons=ours.get("reasons", ()),
            breaking=ours.get("breaking"),
            approval=ours.get("approval"),
            document=document,
        )

    def to_json(self) -> Mapping[str, Any]:
        """The descriptor: the one this was read from, or a new one."""
        if self.document is not None:
            return self.document
        further = self.metadata.further
        metadata = {key: value for key, value in self.metadata.to_json().items() if key not in further}
        ours: dict[str, Any] = {
            "uuid": self.uuid,
            "publisher": dict(self.publisher),
            "disclosure": metadata.pop("disclosure"),
            "previous": self.previous,
        }
        optional = {
            "updateCycle": metadata.pop("updateCycle", ""),
            "sourceVersion": metadata.pop("sourceVersion", ""),
            "temporal": metadata.pop("temporal", ""),
            "period": self.period,
            "coverage": self.coverage if self.coverage != self.period else "",
            "i18n": metadata.pop("i18n", {}),
            "metadata": dict(further),
            "notes": self.notes,
            "reasons": list(self.reasons),
            "breaking": dict(self.breaking or {}),
            "approval": dict(self.approval or {}),
        }
        return {
            "$schema": PROFILE,
            "name": self.name,
            "version": self.version,
            "created": format_time(self.created),
            **{key: value for key, value in metadata.items() if value},
            "resources": [item.to_json() for item in self.resources],
            "opendata": ours | {key: value for key, value in optional.items() if value},
        }

    @property
    def coverage(self) -> str:
        """What the rows of all its tables are about together, from the first period to the last; empty if unknown."""
        periods = [read_period(item.coverage or item.period) for item in self.tables]
        whole = span_periods([item for item in periods if item is not None])
        return whole.text if whole is not None and any(item.coverage for item in self.tables) else self.period

    @property
    def title(self) -> str:
        """The dataset's title in the default language."""
        return self.metadata.title

    @property
    def i18n(self) -> I18n:
        """The dataset's texts in other languages."""
        return self.metadata.i18n

    @property
    def tables(self) -> Sequence[TableResource]:
        """The tables among its resources."""
        return [item for item in self.resources if isinstance(item, TableResource)]

    @property
    def attachments(self) -> Sequence[Attachment]:
        """What accompanies them."""
        return [item for item in self.resources if isinstance(item, Attachment)]

    def list_blobs(self, names: Container[str] | None = None) -> list[str]:
        """The hexadecimal digests of the files published with it, of the resources named or of all; each once."""
        chosen = (item for item in self.resources if names is None or item.name in names)
        files = (file for item in chosen for file in item.published)
        return list(dict.fromkeys(piece.sha256 for file in files for piece in file.pieces))
