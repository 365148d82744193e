"""The catalogue: publishers, datasets, versions, schemas, and what is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import IntFlag
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    event,
    false,
    inspect,
    update,
)
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, Mapper, mapped_column, relationship

from opendata.db.models.base import Base, Id, index_some
from opendata.domain.disclosure import CONDITIONAL, OPEN, PUBLIC, Disclosure
from opendata.domain.metadata import MetadataJson, ProposedMetadata
from opendata.domain.offices.records import HistoryEntry, Move
from opendata.domain.records import Archive, ArchiveRequest, Erratum, Origin, Suspension, Tombstone
from opendata.domain.registers.needs import OPERATION, OPERATION_PARTS
from opendata.domain.texts import I18n


class Publisher(Base):
    """A department or public enterprise. `editions` counts the records of it in the store.

    `parent_id` is the publisher above it, `supervisor_id` the department that supervises a public enterprise. `details`
    are its further properties, also those that aren't public. `ended` is when it was merged, split or closed; `history`
    says what happened to it. `unfinished` says that the store doesn't have its newest record yet.
    """

    __tablename__ = "publishers"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    i18n: Mapped[I18n] = mapped_column(JSON)
    created: Mapped[datetime]
    modified: Mapped[datetime]
    editions: Mapped[int] = mapped_column(default=0)
    kind: Mapped[str] = mapped_column(String(30), default="department", server_default="department")
    code: Mapped[str | None] = mapped_column(String(18), index=True)
    parent_id: Mapped[str | None] = mapped_column(Id, ForeignKey("publishers.id"), index=True)
    supervisor_id: Mapped[str | None] = mapped_column(Id, ForeignKey("publishers.id"), index=True)
    details: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    history: Mapped[list[HistoryEntry] | None] = mapped_column(JSON(none_as_null=True))
    ended: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(default=1, server_default="1")
    unfinished: Mapped[bool] = mapped_column(default=False, server_default=false(), index=True)


class Dataset(Base):
    """One entry of the inventory. `meta` is its metadata as JSON.

    `head` is its highest version, empty before the first, and `latest` the highest that is not withdrawn. `errata` are
    the corrections told about its versions.
    `publishing_id` names the draft that is being published: one at a time, so that a number is never given twice.
    `recipes` are the last steps of each table, applied to its next file; `choices` what was said
    last about how its file is to be read, `decisions` what was decided last about personal data, `schemas` what
    the next file of a table is checked by, where somebody said so (`{schema, name}`), `meanings` what was found and
    said last about each table as a whole, `series` how tables of several files are joined. `proposed` is what its next
    approved draft makes public; null where nothing waits. `archived` says since when it is no longer kept, `archiving`
    that somebody asked for that. `moves` are its ways from one publisher to another. `unfinished` says that the store
    doesn't have its newest entry yet. `opens` is the day that the opening plan has for it, the newest of its
    `opening_dates`; `opened` the day on which it first had an open version. `origin` is the portal that it was
    harvested from, null for a dataset of this one.

    `title`, `attribute` and `flaws` (bits of `Flaw`) are kept from `meta` for an index by which lists of many
    thousands are filtered and counted: see `index_metadata`, which runs whenever `meta` is set. `is_foreign` says for
    it that there is an `origin`. `changed` is when anything of the public entry or of its versions changed last, null
    while the entry isn't public; `shelf` is the part of the site map that it is in (`keep_change`).
    """

    __tablename__ = "datasets"
    __table_args__ = (
        Index(
            "ix_datasets_inventory",
            *("id", "publisher_id", "attribute", "editions", "head", "latest", "opens", "opened", "uuid", "title"),
            "is_foreign",
        ),
        Index("ix_datasets_publisher_id_id", "publisher_id", "id"),
        Index("ix_datasets_modified_id", "modified", "id"),
        Index("ix_datasets_title_id", "title", "id"),
        Index("ix_datasets_shelf_changed", "shelf", "changed"),
        index_some("ix_datasets_listed", "changed IS NOT NULL", "id"),
        index_some("ix_datasets_archived", "archived IS NOT NULL", "modified", "id"),
        index_some("ix_datasets_planned", "opens IS NOT NULL AND opened IS NULL", "opens", "id"),
        index_some("ix_datasets_unpublished", "head IS NULL", "created", "id"),
        index_some("ix_datasets_guarded", "attribute <> 'open'", "attribute", "modified", "id"),
        index_some("ix_datasets_no_contact", "(flaws & 2) <> 0", "modified", "id"),
        index_some("ix_datasets_no_licence", "(flaws & 4) <> 0", "modified", "id"),
        index_some("ix_datasets_operated", "(flaws & 16) <> 0", "modified", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    publisher_id: Mapped[str] = mapped_column(ForeignKey("publishers.id"), active_history=True)
    meta: Mapped[MetadataJson] = mapped_column(JSON)
    latest: Mapped[str | None] = mapped_column(String(40))
    head: Mapped[str | None] = mapped_column(String(40), active_history=True)
    errata: Mapped[list[Erratum] | None] = mapped_column(JSON)
    created: Mapped[datetime]
    modified: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=1)
    editions: Mapped[int] = mapped_column(default=0, active_history=True)
    publishing_id: Mapped[str | None] = mapped_column(String(32))
    recipes: Mapped[dict[str, Any] | None]
    choices: Mapped[dict[str, Any] | None]
    decisions: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    meanings: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    proposed: Mapped[ProposedMetadata | None] = mapped_column(JSON)
    schemas: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    series: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    archived: Mapped[Archive | None] = mapped_column(JSON(none_as_null=True))
    archiving: Mapped[ArchiveRequest | None] = mapped_column(JSON(none_as_null=True))
    moves: Mapped[list[Move] | None] = mapped_column(JSON(none_as_null=True))
    unfinished: Mapped[bool] = mapped_column(default=False, server_default=false(), index=True)
    opens: Mapped[date | None]
    opened: Mapped[date | None]
    origin: Mapped[Origin | None] = mapped_column(JSON(none_as_null=True))
    title: Mapped[str | None]
    attribute: Mapped[str | None] = mapped_column(String(20))
    is_foreign: Mapped[bool] = mapped_column(default=False, server_default=false())
    flaws: Mapped[int | None]
    changed: Mapped[datetime | None]
    shelf: Mapped[str | None] = mapped_column(String(2))

    publisher: Mapped[Publisher] = relationship(lazy="joined")


class Flaw(IntFlag):
    """What of a dataset's metadata lists of many thousands ask for: what lacks, who it is for, who operates it."""

    NO_GROUND = 1
    NO_CONTACT = 2
    NO_LICENCE = 4
    FOR_SOME = 8
    OPERATED = 16


def index_metadata(meta: MetadataJson) -> dict[str, str | int]:
    """The columns that hold a part of a dataset's metadata. What is open to some people only counts as conditional."""
    disclosure = Disclosure.from_json(meta.get("disclosure"))
    attribute = CONDITIONAL if disclosure.attribute == OPEN and not disclosure.is_open else disclosure.attribute
    return {"title": str(meta.get("title") or ""), "attribute": attribute, "flaws": int(_find_flaws(meta))}


def _find_flaws(meta: Mapping[str, Any]) -> Flaw:
    disclosure, contact, licences = (meta.get(name) or {} for name in ("disclosure", "contactPoint", "licenses"))
    licence = licences[0] if licences else {}
    found = Flaw(0)
    if not disclosure.get("reason") or not disclosure.get("legalBasis"):
        found |= Flaw.NO_GROUND
    if not any(contact.get(name) for name in ("telephone", "email", "url")):
        found |= Flaw.NO_CONTACT
    if not licence.get("name") and not licence.get("path"):
        found |= Flaw.NO_LICENCE
    if (disclosure.get("scope") or PUBLIC) != PUBLIC:
        found |= Flaw.FOR_SOME
    operation = meta.get(OPERATION)
    if isinstance(operation, Mapping) and any(operation.get(name) is not None for name in OPERATION_PARTS):
        found |= Flaw.OPERATED
    return found


@event.listens_for(Dataset.meta, "set")
def _follow_metadata(row: Dataset, meta: MetadataJson, *_: object) -> None:
    for name, value in index_metadata(meta).items():
        setattr(row, name, value)


@event.listens_for(Dataset.origin, "set")
def _follow_origin(row: Dataset, origin: Origin | None, *_: object) -> None:
    row.is_foreign = origin is not None


@event.listens_for(Dataset.uuid, "set")
def _follow_uuid(row: Dataset, uuid: str, *_: object) -> None:
    row.shelf = name_shelf(uuid)


def name_shelf(uuid: str) -> str:
    """The shelf of a dataset: one of 256, by its UUID, which never changes and is spread evenly."""
    return uuid[:2]


@event.listens_for(Dataset, "before_insert")
@event.listens_for(Dataset, "before_update")
def keep_change(_: Mapper[Dataset], __: Connection, row: Dataset) -> None:
    """Keep when the public entry changed last. What is said of a version is kept in `_follow_version`."""
    is_public = row.head is not None or bool(row.editions)
    row.changed = max(row.changed or row.modified, row.modified) if is_public else None


def _read_published(context: DefaultExecutionContext) -> datetime:
    found: datetime = context.get_current_parameters()["published"]  # type: ignore[no-untyped-call]
    return found


class Version(Base):
    """A published version: an index entry over the manifest in the store.

    `period` is what the edition is about, null where nobody said, `coverage` what all its rows are about, null where
    that isn't known to be more. `withdrawal` is the tombstone of one taken down.
    `suspended` says that it is stopped until somebody decides; `suspension` is the newest record of that. `screening`
    is what looked like personal data in it, null before it was screened, and `alarming` that there was something.
    `unfinished` says that records must still be written or files moved. `changed` is when the newest thing was
    said of it: that it is published, withdrawn, erased or corrected. The ids of the versions of a dataset rise with
    their numbers. `uses` are the schemas of the library that its tables are checked by, once they `are_uses_listed`:
    of a version from before that, they are listed when somebody asks for them.
    """

    __tablename__ = "versions"
    __table_args__ = (
        UniqueConstraint("dataset_id", "version"),
        Index("ix_versions_changed", "changed", "id"),
        Index("ix_versions_dataset_id_changed", "dataset_id", "changed", "id"),
        Index("ix_versions_published", "published", "id"),
        Index("ix_versions_bytes", "bytes", "id"),
        index_some("ix_versions_withdrawn", "withdrawal IS NOT NULL", "changed", "id"),
        index_some("ix_versions_stopped", "suspended", "changed", "id"),
        index_some("ix_versions_in_alarm", "alarming", "changed", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id"), index=True)
    version: Mapped[str] = mapped_column(String(40))
    manifest: Mapped[str] = mapped_column(String(64))
    created: Mapped[datetime]
    published: Mapped[datetime]
    changed: Mapped[datetime] = mapped_column(default=_read_published)
    notes: Mapped[str] = mapped_column(default="")
    reasons: Mapped[list[Any]]
    resources: Mapped[int]
    rows: Mapped[int]
    bytes: Mapped[int] = mapped_column(BigInteger)
    draft_id: Mapped[str | None] = mapped_column(String(32))
    withdrawal: Mapped[Tombstone | None] = mapped_column(JSON)
    unfinished: Mapped[bool] = mapped_column(default=False, index=True)
    suspended: Mapped[bool] = mapped_column(default=False)
    suspension: Mapped[Suspension | None] = mapped_column(JSON(none_as_null=True))
    screening: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    alarming: Mapped[bool] = mapped_column(default=False)
    period: Mapped[str | None] = mapped_column(String(40))
    coverage: Mapped[str | None] = mapped_column(String(40))
    are_uses_listed: Mapped[bool] = mapped_column(default=False, server_default=false())

    uses: Mapped[list[SchemaUse]] = relationship(cascade="all, delete-orphan", order_by="SchemaUse.id")


@event.listens_for(Version, "after_insert")
@event.listens_for(Version, "after_update")
def _follow_version(_: Mapper[Version], connection: Connection, row: Version) -> None:
    if inspect(row).attrs["changed"].history.added:
        older = (Dataset.id == row.dataset_id, Dataset.changed < row.changed)
        connection.execute(update(Dataset).where(*older).values(changed=row.changed))


class SchemaUse(Base):
    """A table of a version that is checked by a schema of the library: by its `name`, in the version that `ref` has."""

    __tablename__ = "schema_uses"

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"), index=True)
    name: Mapped[str] = mapped_column(Id, index=True)
    ref: Mapped[str] = mapped_column(String(200))
    resource: Mapped[str] = mapped_column(Id)


class Alias(Base):
    """The new id of a dataset that was renamed: addresses of the old id always lead there.

    `unfinished` marks an alias that the store doesn't have yet.
    """

    __tablename__ = "aliases"

    old: Mapped[str] = mapped_column(Id, primary_key=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id"), index=True)
    created: Mapped[datetime]
    unfinished: Mapped[bool] = mapped_column(default=False)


class Damage(Base):
    """A blob of the public store found damaged or missing: it is not served until it is whole again."""

    __tablename__ = "damages"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    found: Mapped[datetime]


class Schema(Base):
    """A schema of the library: an index entry over the store."""

    __tablename__ = "schemas"
    __table_args__ = (UniqueConstraint("name", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Id, index=True)
    version: Mapped[str] = mapped_column(String(40))
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    i18n: Mapped[I18n] = mapped_column(JSON)
    descriptor: Mapped[dict[str, Any]]
    created: Mapped[datetime]
