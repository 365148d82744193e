"""Drafts, their tables and attachments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from opendata.db.models.base import Base, Id, Word, index_some, one_of
from opendata.db.models.catalogue import Dataset
from opendata.db.models.reviews import DraftComment, ReviewCheck
from opendata.domain.drafts import DraftState, Failure, KeptChanges, Verdict
from opendata.domain.editions.modes import EditionJson
from opendata.domain.editions.series import SeriesJson
from opendata.domain.manifest import Notice
from opendata.domain.meaning.table_meaning import find_value, settle
from opendata.domain.profile import ColumnProfile
from opendata.domain.texts import I18n
from opendata.telemetry.trail import find_request_id, find_traceparent


class Draft(Base):
    """A proposed next version. Its row is the truth of the work on it: state, attempts, and who holds it until when.

    `bump` is the least part of the version number that its author wants raised, `breaking` the announcement of a
    breaking change. `contributors` are the names of all who uploaded, changed or submitted it: none of them may approve
    it. `sealed` is the SHA-256 of what was submitted: only that may be approved and published. `seal_edition` says what
    the seal covers: 1 the manifest alone, as before migration 0011; 2 all that a reviewer sees but for the steps of
    tables; 3 these too. `publish_at` is the earliest time at which it is published. `replaces` is the draft whose
    corrected files it has. `scans` are the verdicts of the virus scanner, by the SHA-256 of each file. `period` is what
    somebody said the edition is about: empty, no period; null, what its tables say. `request_id` and `traceparent` are
    those of the request that asked for the work.
    """

    __tablename__ = "drafts"
    __table_args__ = (
        one_of("status", DraftState),
        Index("ix_drafts_work", "status", "lease_until"),
        index_some("ix_drafts_wanted", "wanted <> ''", "modified", "id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id"), index=True)
    status: Mapped[DraftState] = mapped_column(Word(DraftState, 20))
    base: Mapped[str | None] = mapped_column(String(40))
    dropped: Mapped[list[Any]]
    notes: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    comment: Mapped[str] = mapped_column(default="")
    stage: Mapped[str] = mapped_column(String(40), default="")
    progress: Mapped[float] = mapped_column(default=0.0)
    error: Mapped[Failure | None] = mapped_column(JSON(none_as_null=True))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    author: Mapped[str]
    submitter: Mapped[str | None]
    approver: Mapped[str | None]
    contributors: Mapped[list[Any] | None]
    sealed: Mapped[str | None] = mapped_column(String(64))
    seal_edition: Mapped[int] = mapped_column(default=2)
    publish_at: Mapped[datetime | None]
    replaces: Mapped[str | None] = mapped_column(String(32))
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
    breaking: Mapped[Notice | None] = mapped_column(JSON)
    scans: Mapped[dict[str, Verdict] | None] = mapped_column(JSON(none_as_null=True))
    period: Mapped[str | None] = mapped_column(String(40))
    request_id: Mapped[str | None] = mapped_column(String(64), default=find_request_id)
    traceparent: Mapped[str | None] = mapped_column(String(55), default=find_traceparent)

    dataset: Mapped[Dataset] = relationship(lazy="joined")
    resources: Mapped[list[DraftResource]] = relationship(
        order_by="DraftResource.position", cascade="all, delete-orphan", lazy="selectin"
    )
    attachments: Mapped[list[DraftAttachment]] = relationship(
        order_by="DraftAttachment.position", cascade="all, delete-orphan", lazy="selectin"
    )
    benches: Mapped[list[SchemaBench]] = relationship(order_by="SchemaBench.id", cascade="all, delete-orphan")
    checks: Mapped[list[ReviewCheck]] = relationship(order_by="ReviewCheck.id", cascade="all, delete-orphan")
    comments: Mapped[list[DraftComment]] = relationship(order_by="DraftComment.id", cascade="all, delete-orphan")


class DraftResource(Base):
    """A table sent with a draft: what came, by which rules it is read, and what became of it. Blobs are private.

    `disclosure` is `open` where everybody may have the table although the dataset isn't open. `decisions` are
    those about personal data, `untreated` is the schema before they are applied, `treated` the record of what they did,
    `risk` that of the quasi-identifiers together.

    `meaning` is what the file says of the table as a whole (`found`) and what a person said of it (`said`).

    `reading` is what was understood of the file, `choices` what a person said about it. `plain` is the text that was
    checked where it is not the upload itself, `engine_dialect` how it is split, `marks` what its columns say of fields,
    by their numbers. `texts` is the copy of its columns as text, made of what `texts_of` stands for. `changes` are the
    rows that differ from the version before. `edition` says what its rows are to the published table. Of a table whose
    rows are added to it, `part_csv` and `part_parquet` have these rows alone; all else is about the whole. `series`
    has the files that a table was joined from; its `upload` has the rows of all then. `parts` are those of its `csv`
    and `parquet`, if they are in parts: these are then the digests of the joined files, which are blobs of no store.
    """

    __tablename__ = "draft_resources"
    __table_args__ = (UniqueConstraint("draft_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[str] = mapped_column(ForeignKey("drafts.id"), index=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(Id)
    title: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    i18n: Mapped[I18n] = mapped_column(JSON)
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
    profile: Mapped[list[ColumnProfile] | None] = mapped_column(JSON)
    reading: Mapped[dict[str, Any] | None]
    choices: Mapped[dict[str, Any] | None]
    plain: Mapped[str | None] = mapped_column(String(64))
    engine_dialect: Mapped[dict[str, Any] | None]
    marks: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    texts: Mapped[str | None] = mapped_column(String(64))
    texts_of: Mapped[str | None] = mapped_column(String(64))
    changes: Mapped[KeptChanges | None] = mapped_column(JSON)
    disclosure: Mapped[str] = mapped_column(String(20), default="")
    decisions: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    untreated: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    treated: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    risk: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    meaning: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    edition: Mapped[EditionJson | None] = mapped_column(JSON(none_as_null=True))
    part_csv: Mapped[str | None] = mapped_column(String(64))
    part_parquet: Mapped[str | None] = mapped_column(String(64))
    series: Mapped[SeriesJson | None] = mapped_column(JSON(none_as_null=True))
    parts: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

    @property
    def given_title(self) -> str:
        """The title that was given; empty where that is only its sheet's or a joined file's name, and it has one."""
        is_joined = "parts" in (self.series or {})
        name = self.file.rsplit(".", 1)[0] if is_joined else (self.reading or {}).get("sheet")
        is_name = self.title != "" and self.title == name
        has_own = find_value((self.meaning or {}).get("found") or {}, "title") is not None
        return "" if is_name and has_own else self.title

    @property
    def called(self) -> str:
        """What people call the table: the title that is published with it, or its name where it has none."""
        return settle(self.meaning, title=self.given_title, i18n=self.i18n).title or self.title or self.name


class SchemaBench(Base):
    """The schema of a draft's table while somebody edits it: its `states`, oldest first; `place` is the one in force.

    A state is `{schema, sources, at, by}`: a descriptor that may be wrong still, and for each field the label of its
    column.
    """

    __tablename__ = "schema_benches"
    __table_args__ = (UniqueConstraint("draft_id", "resource"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[str] = mapped_column(ForeignKey("drafts.id"), index=True)
    resource: Mapped[str] = mapped_column(Id)
    states: Mapped[list[Any]]
    place: Mapped[int]


class DraftAttachment(Base):
    """A file that accompanies the tables of a draft. Its blob is private.

    `file` is its name at the sender's, `filename` the one it is published under, `disclosure` as for a table. `texts`
    are the findings of the screen for personal data, by kind. `is_read` says whether all its text was screened, and is
    None before that; `unread` is the code that says why not.
    """

    __tablename__ = "draft_attachments"
    __table_args__ = (UniqueConstraint("draft_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[str] = mapped_column(ForeignKey("drafts.id"), index=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(Id)
    title: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    i18n: Mapped[I18n] = mapped_column(JSON)
    file: Mapped[str]
    filename: Mapped[str]
    format: Mapped[str] = mapped_column(String(20))
    mediatype: Mapped[str] = mapped_column(String(100))
    upload: Mapped[str] = mapped_column(String(64))
    upload_bytes: Mapped[int] = mapped_column(BigInteger)
    disclosure: Mapped[str] = mapped_column(String(20), default="")
    texts: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    is_read: Mapped[bool | None]
    unread: Mapped[str] = mapped_column(String(20), default="")
