"""The tables. Rows hold state and no behaviour; the rules live in `services`, the strictest of them here as well."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

DRAFT_STATES = (
    "received",
    "validating",
    "invalid",
    "valid",
    "submitted",
    "returned",
    "approved",
    "published",
    "discarded",
    "failed",
)
UPLOAD_STATES = ("receiving", "finished")
ROLES = ("editor", "maintainer")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC; SQLite forgets the zone, so it is given back here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Only aware times are kept."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a zone")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Always aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The root of all tables; constraint names follow one convention so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON, list[Any]: JSON, str: Text}  # noqa: RUF012


Id = String(100)


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class Publisher(Base):
    """A department or public enterprise. `editions` counts the records of it in the store."""

    __tablename__ = "publishers"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    i18n: Mapped[dict[str, Any]]
    created: Mapped[datetime]
    modified: Mapped[datetime]
    editions: Mapped[int] = mapped_column(default=0)


class User(Base):
    """A person who may sign in. An editor belongs to a publisher, a maintainer to none."""

    __tablename__ = "users"
    __table_args__ = (_one_of("role", ROLES),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Id, unique=True)
    password: Mapped[str]
    role: Mapped[str] = mapped_column(String(20))
    publisher_id: Mapped[str | None] = mapped_column(ForeignKey("publishers.id"))
    session: Mapped[str] = mapped_column(String(64))
    created: Mapped[datetime]
    disabled: Mapped[bool] = mapped_column(default=False)


class Token(Base):
    """A bearer token, kept as the SHA-256 of its text."""

    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(default="")
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created: Mapped[datetime]
    expires: Mapped[datetime | None]
    revoked: Mapped[bool] = mapped_column(default=False)


class Dataset(Base):
    """One entry of the inventory. `meta` is its metadata as JSON.

    `head` is its highest version, empty before the first, and `latest` the highest that is not withdrawn. `errata` are
    the corrections told about its versions.
    `publishing_id` names the draft that is being published: one at a time, so that a number is never given twice.
    `recipes` are the repairs accepted last for each table, to be offered on its next file; `choices` what was said
    last about how its file is to be read. `proposed` is `{metadata, by}`: the metadata that its next approved draft
    makes public, and the names of those who changed it; null where nothing waits.
    """

    __tablename__ = "datasets"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    publisher_id: Mapped[str] = mapped_column(ForeignKey("publishers.id"), index=True)
    meta: Mapped[dict[str, Any]]
    latest: Mapped[str | None] = mapped_column(String(40))
    head: Mapped[str | None] = mapped_column(String(40))
    errata: Mapped[list[Any] | None]
    created: Mapped[datetime]
    modified: Mapped[datetime] = mapped_column(index=True)
    revision: Mapped[int] = mapped_column(default=1)
    editions: Mapped[int] = mapped_column(default=0)
    publishing_id: Mapped[str | None] = mapped_column(String(32))
    recipes: Mapped[dict[str, Any] | None]
    choices: Mapped[dict[str, Any] | None]
    proposed: Mapped[dict[str, Any] | None]

    publisher: Mapped[Publisher] = relationship(lazy="joined")


def _read_published(context: DefaultExecutionContext) -> datetime:
    found: datetime = context.get_current_parameters()["published"]  # type: ignore[no-untyped-call]
    return found


class Version(Base):
    """A published version: an index entry over the manifest in the store.

    `withdrawal` is the tombstone of one that was taken down, `unfinished` whether steps of that are still to be done.
    `changed` is when the newest thing was said of it: that it is published, withdrawn, erased or corrected. The ids of
    the versions of a dataset rise with their numbers.
    """

    __tablename__ = "versions"
    __table_args__ = (
        UniqueConstraint("dataset_id", "version"),
        Index("ix_versions_changed", "changed", "id"),
        Index("ix_versions_dataset_id_changed", "dataset_id", "changed", "id"),
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
    withdrawal: Mapped[dict[str, Any] | None]
    unfinished: Mapped[bool] = mapped_column(default=False, index=True)


class Alias(Base):
    """What a dataset that was renamed is called now: addresses of the old name lead there for ever.

    `unfinished` tells that the store does not say so yet.
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


class Draft(Base):
    """A proposed next version. Its row is the truth of the work on it: state, attempts, and who holds it until when.

    `bump` is the part of the number its author wants raised at least, `breaking` what is told of a breaking change.
    `contributors` are the names of all who uploaded, changed or submitted it: none of them may approve it. `sealed` is
    the SHA-256 of what was submitted: only that may be approved and published.
    """

    __tablename__ = "drafts"
    __table_args__ = (_one_of("status", DRAFT_STATES), Index("ix_drafts_work", "status", "lease_until"))

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id"), index=True)
    status: Mapped[str] = mapped_column(String(20))
    base: Mapped[str | None] = mapped_column(String(40))
    dropped: Mapped[list[Any]]
    notes: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    comment: Mapped[str] = mapped_column(default="")
    stage: Mapped[str] = mapped_column(String(40), default="")
    progress: Mapped[float] = mapped_column(default=0.0)
    error: Mapped[dict[str, Any] | None]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    author: Mapped[str]
    submitter: Mapped[str | None]
    approver: Mapped[str | None]
    contributors: Mapped[list[Any] | None]
    sealed: Mapped[str | None] = mapped_column(String(64))
    created: Mapped[datetime]
    modified: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=1)
    wanted: Mapped[str] = mapped_column(String(20), default="process")
    attempts: Mapped[int] = mapped_column(default=0)
    due: Mapped[datetime | None]
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]
    target: Mapped[str | None] = mapped_column(String(40))
    target_manifest: Mapped[str | None] = mapped_column(String(64))
    target_reasons: Mapped[list[Any] | None]
    key_reports: Mapped[dict[str, Any]]
    privacy: Mapped[list[Any]]
    version: Mapped[str | None] = mapped_column(String(40))
    bump: Mapped[str | None] = mapped_column(String(10))
    breaking: Mapped[dict[str, Any] | None]

    dataset: Mapped[Dataset] = relationship(lazy="joined")
    resources: Mapped[list[DraftResource]] = relationship(
        order_by="DraftResource.position", cascade="all, delete-orphan", lazy="selectin"
    )
    attachments: Mapped[list[DraftAttachment]] = relationship(
        order_by="DraftAttachment.position", cascade="all, delete-orphan", lazy="selectin"
    )


class DraftResource(Base):
    """A table sent with a draft: what came, by which rules it is read, and what became of it. Blobs are private.

    `reading` is what was understood of the file, `choices` what a person said about it. `plain` is the text that was
    checked where it is not the upload itself, `engine_dialect` how it is split. `changes` are the rows that differ from
    the version before.
    """

    __tablename__ = "draft_resources"
    __table_args__ = (UniqueConstraint("draft_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[str] = mapped_column(ForeignKey("drafts.id"), index=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(Id)
    title: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    i18n: Mapped[dict[str, Any]]
    file: Mapped[str]
    upload: Mapped[str] = mapped_column(String(64))
    upload_bytes: Mapped[int] = mapped_column(BigInteger)
    schema: Mapped[dict[str, Any] | None]
    schema_name: Mapped[str] = mapped_column(default="")
    dialect: Mapped[dict[str, Any] | None]
    encoding: Mapped[str | None] = mapped_column(String(40))
    checked: Mapped[bool] = mapped_column(default=False)
    valid: Mapped[bool] = mapped_column(default=False)
    rows: Mapped[int] = mapped_column(default=0)
    first_row: Mapped[int] = mapped_column(default=2)
    csv: Mapped[str | None] = mapped_column(String(64))
    csv_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    parquet: Mapped[str | None] = mapped_column(String(64))
    parquet_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    published_schema: Mapped[dict[str, Any] | None]
    proposed_schema: Mapped[dict[str, Any] | None]
    report: Mapped[dict[str, Any] | None]
    findings: Mapped[str | None] = mapped_column(String(64))
    recipe: Mapped[dict[str, Any] | None]
    profile: Mapped[list[Any] | None]
    reading: Mapped[dict[str, Any] | None]
    choices: Mapped[dict[str, Any] | None]
    plain: Mapped[str | None] = mapped_column(String(64))
    engine_dialect: Mapped[dict[str, Any] | None]
    changes: Mapped[dict[str, Any] | None]


class DraftAttachment(Base):
    """A file that accompanies the tables of a draft. Its blob is private; nothing looks inside it.

    `file` is its name at the sender's, `filename` the one it is published under.
    """

    __tablename__ = "draft_attachments"
    __table_args__ = (UniqueConstraint("draft_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[str] = mapped_column(ForeignKey("drafts.id"), index=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(Id)
    title: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    i18n: Mapped[dict[str, Any]]
    file: Mapped[str]
    filename: Mapped[str]
    format: Mapped[str] = mapped_column(String(20))
    mediatype: Mapped[str] = mapped_column(String(100))
    upload: Mapped[str] = mapped_column(String(64))
    upload_bytes: Mapped[int] = mapped_column(BigInteger)


class Upload(Base):
    """A file sent in pieces. `received` bytes of `length` are safe on the disk; what its file has beyond them is not.

    `meta` is what its sender says of it, as it came; `used` whether a draft has referred to it.
    """

    __tablename__ = "uploads"
    __table_args__ = (_one_of("state", UPLOAD_STATES),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    publisher_id: Mapped[str | None] = mapped_column(ForeignKey("publishers.id"), index=True)
    filename: Mapped[str]
    meta: Mapped[str] = mapped_column(default="")
    length: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    state: Mapped[str] = mapped_column(String(20), default="receiving")
    sha256: Mapped[str | None] = mapped_column(String(64))
    used: Mapped[bool] = mapped_column(default=False)
    created: Mapped[datetime]
    modified: Mapped[datetime]
    expires: Mapped[datetime] = mapped_column(index=True)


class Schema(Base):
    """A schema of the library: an index entry over the store."""

    __tablename__ = "schemas"
    __table_args__ = (UniqueConstraint("name", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Id, index=True)
    version: Mapped[str] = mapped_column(String(40))
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    i18n: Mapped[dict[str, Any]]
    descriptor: Mapped[dict[str, Any]]
    created: Mapped[datetime]


class Event(Base):
    """One line of the audit log; never changed."""

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_subject", "subject_kind", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    verb: Mapped[str] = mapped_column(String(40))
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str]
    details: Mapped[dict[str, Any]]


class IdempotencyKey(Base):
    """What a creating request answered, to answer the same when it comes again."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("user_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    key: Mapped[str] = mapped_column(String(255))
    request: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str]
    created: Mapped[datetime]
