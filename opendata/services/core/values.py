"""What services hand to pages, REST and the command line: plain values, complete, without a database session."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar

from opendata.domain.access.posts import Post
from opendata.domain.catalogue.external import ExternalResource
from opendata.domain.disclosure import Disclosure
from opendata.domain.drafts import SETTLED, ChangeCounts, DraftState, Failure
from opendata.domain.editions.series import SeriesOffer, SeriesView
from opendata.domain.manifest import Notice
from opendata.domain.metadata import MetadataJson
from opendata.domain.offices.records import Change, HistoryEntry, Move
from opendata.domain.privacy import PlacedFindingJson, TextFindingJson
from opendata.domain.profile import ColumnProfile
from opendata.domain.records import Archive, ArchiveRequest, Erratum, Origin
from opendata.domain.review.checklist import Check
from opendata.domain.roles import Role
from opendata.domain.schema import TableSchema
from opendata.domain.texts import Contributor, I18n, License, Source
from opendata.services.core.editions.edition_values import EditionView
from opendata.services.core.editions.version_values import NextVersion, VersionView
from opendata.services.core.review_values import CheckView, CommentView
from opendata.storage.store import Store

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a collection; `next` is the cursor of the following one, or None."""

    items: Sequence[Item]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherView:
    """A publisher; `datasets` counts its public datasets.

    `parent` is the id of the one above it, `supervisor` of the department that supervises it. `contact` has the parts
    of `contactPoint`; `responsible` and `officer` have the `name` and `post` that this reader may see, and `shows`
    for those who may change it. `ended` is when it was merged, split or closed, `history` what happened to it.
    """

    id: str
    title: str
    description: str
    i18n: I18n
    created: datetime
    modified: datetime
    datasets: int = 0
    short_title: str = ""
    kind: str = "department"
    code: str = ""
    parent: str | None = None
    supervisor: str | None = None
    division: str = ""
    contact: Mapping[str, str] = field(default_factory=dict)
    responsible: Mapping[str, str] = field(default_factory=dict)
    officer: Mapping[str, str] = field(default_factory=dict)
    history: Sequence[HistoryEntry] = ()
    ended: datetime | None = None
    revision: int = 1

    @property
    def former(self) -> Sequence[HistoryEntry]:
        """The names that it had, the newest first."""
        return [entry for entry in reversed(self.history) if entry["kind"] == Change.RENAMED]

    @property
    def ending(self) -> HistoryEntry | None:
        """How it ended: merged, split or closed; None while it is there."""
        return self.history[-1] if self.ended and self.history else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetView:
    """A dataset as the catalogue shows it.

    `head` is its highest version, None before the first; `latest` the highest that is not withdrawn.
    `proposed` are the metadata that its next approved draft makes public; None where nothing waits, and for all who
    may not edit it. `further` are the properties that the profile adds, without those that say nothing. `archived` says
    since when it is no longer kept; `archiving`, for those who may edit it, that somebody asked for that. `moves` are
    its ways from one publisher to another. `origin` is the portal that it was harvested from.
    """

    id: str
    uuid: str
    title: str
    description: str
    i18n: I18n
    publisher: PublisherView
    disclosure: Disclosure
    licenses: Sequence[License]
    keywords: Sequence[str]
    sources: Sequence[Source]
    contributors: Sequence[Contributor]
    homepage: str
    update_cycle: str
    source_version: str
    temporal: str
    latest: str | None
    head: str | None
    errata: Sequence[Erratum]
    created: datetime
    modified: datetime
    revision: int
    proposed: MetadataJson | None = None
    further: Mapping[str, Any] = field(default_factory=dict)
    archived: Archive | None = None
    archiving: ArchiveRequest | None = None
    moves: Sequence[Move] = ()
    origin: Origin | None = None

    @property
    def is_open(self) -> bool:
        """Whether anybody may have its data."""
        return self.disclosure.is_open

    @property
    def external(self) -> Sequence[ExternalResource]:
        """Its resources at the portal that it was harvested from."""
        return [ExternalResource.from_json(item) for item in self.origin["resources"]] if self.origin else []


@dataclass(frozen=True, slots=True)
class News:
    """A version of which something was said, and its dataset as the catalogue shows it now."""

    dataset: DatasetView
    version: VersionView


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaView:
    """A schema of the library."""

    name: str
    version: str
    title: str
    description: str
    i18n: I18n
    schema: TableSchema
    created: datetime

    @property
    def ref(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftResourceView:
    """A table or an attachment of a draft, as `type` says.

    `carried` ones come unchanged from the base version; others were sent with the draft. `filename` is the name an
    attachment is published under; an attachment lacks the properties of tables, and is `valid` unchecked. `valid`
    is None while unchecked. `proposed_schema` is offered where no schema was given. `has_findings` tells whether there
    is a list of what the check found. `recipe` are the steps from the file to the table, `offered` those kept for its
    next file. `profile` describes the columns. `reading` is what was understood of the file, `choices` what was said
    of it, `no_rows` whether somebody said that it has none this time. `changes` counts the rows that differ from the
    version before.
    `disclosure` is `open` for one that everybody may have although the dataset isn't open. `decisions` are those about
    personal data, `untreated` the schema before they are applied, `treated` the record of what they did, `risk` that of
    the confirmed quasi-identifiers. `meaning` is what `view_meaning` says of it as a whole. `is_new` tells that it
    isn't in the version before, so that it may have another name. `texts` are the findings in an attachment, `is_read`
    says whether all its text was screened, `unread` is the code that says why not. `edition` says what its rows are to
    the published table, `series` which files it was joined from.
    """

    name: str
    title: str
    file: str
    bytes: int
    rows: int | None
    valid: bool | None
    carried: bool
    schema: Mapping[str, Any] | None
    schema_name: str
    dialect: Mapping[str, Any] | None
    proposed_schema: TableSchema | None
    errors: int
    has_findings: bool
    type: str = "table"
    filename: str = ""
    mediatype: str = ""
    recipe: Mapping[str, Any] | None = None
    offered: Mapping[str, Any] | None = None
    profile: Sequence[ColumnProfile] = ()
    changes: ChangeCounts | None = None
    reading: Mapping[str, Any] | None = None
    choices: Mapping[str, Any] | None = None
    disclosure: str = ""
    no_rows: bool = False
    decisions: Mapping[str, Any] | None = None
    treated: Mapping[str, Any] | None = None
    risk: Mapping[str, Any] | None = None
    untreated: TableSchema | None = None
    meaning: Mapping[str, Any] | None = None
    is_new: bool = False
    texts: Sequence[TextFindingJson] = ()
    is_read: bool | None = None
    unread: str = ""
    edition: EditionView | None = None
    series: SeriesView | None = None

    @property
    def lost_share(self) -> float:
        """Which share (0..1) of its rows before a table loses."""
        if not self.changes or not self.changes["removed"]:
            return 0
        removed, kept = self.changes["removed"], self.changes["unchanged"] + self.changes["changed"]
        return removed / (removed + kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressView:
    """How far the work on a draft is: `bytes` of the `total` its files have are gone through, about."""

    status: DraftState
    stage: str
    progress: float
    total: int
    is_at_work: bool
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        """What of the total is gone through."""
        return round(self.total * self.progress)


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftView:
    """A draft with its report. `base` is the version it started from, `version` the one it became.

    `warnings` is how many findings only warn: anyone who submits says why they are accepted. `next` is the version that
    it would become, of a draft that is in order; `bump` the least part of the version number it is to raise, `breaking`
    the announcement of a breaking change: `{reason, announced, effective}`, `scheduled` when it is published, if that
    is later; `publish_at` the earliest time somebody chose for that. `disclosure` says who may have its data. `digest`
    (`sha256:…`) names what was submitted. `undecided` are the findings of `privacy` that need a decision. `checks` is
    all that was signed, `open_checks` what a reviewer has yet to sign, `comments` all that was said. `replaces` is the
    draft whose corrected files it has. `text_findings` are those in metadata, names and attachments. `period` is what
    the edition is about, `proposed_period` what its tables say. `titles` says what each table and attachment is called,
    those of the base version that are left out too: its title, or its name without one.
    """

    id: str
    dataset: str
    dataset_title: str
    publisher: str
    status: DraftState
    stage: str
    progress: float
    base: str | None
    version: str | None
    notes: str
    reason: str
    comment: str
    error: Failure | None
    author: str
    submitter: str | None
    approver: str | None
    contributors: Sequence[str]
    metadata_changes: Sequence[tuple[str, Any, Any]]
    created: datetime
    modified: datetime
    revision: int
    resources: Sequence[DraftResourceView]
    dropped: Sequence[str]
    privacy: Sequence[Mapping[str, Any]]
    undecided: Sequence[Mapping[str, Any]]
    report: Mapping[str, Any] | None
    warnings: int
    total: int
    is_at_work: bool
    disclosure: Disclosure = field(default_factory=Disclosure)
    bump: str | None = None
    breaking: Notice | None = None
    next: NextVersion | None = None
    scheduled: datetime | None = None
    publish_at: datetime | None = None
    replaces: str | None = None
    digest: str | None = None
    checks: Sequence[CheckView] = ()
    open_checks: Sequence[Check] = ()
    comments: Sequence[CommentView] = ()
    text_findings: Sequence[PlacedFindingJson] = ()
    period: str = ""
    proposed_period: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)
    series: Sequence[SeriesOffer] = ()

    @property
    def tables(self) -> Sequence[DraftResourceView]:
        """The tables among its resources."""
        return [item for item in self.resources if item.type == "table"]

    @property
    def attachments(self) -> Sequence[DraftResourceView]:
        """What accompanies them."""
        return [item for item in self.resources if item.type == "attachment"]

    @property
    def bytes(self) -> int:
        """How much of its files, `total` bytes, the work has gone through, about."""
        return round(self.total * self.progress)

    @property
    def is_given_up(self) -> bool:
        """Whether the work failed so often that it is not tried again automatically."""
        return self.status == DraftState.FAILED and bool(self.error and self.error.get("final"))

    @property
    def is_settled(self) -> bool:
        """Whether nothing more happens to it without somebody's doing."""
        return self.is_given_up or self.status in SETTLED


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedFile:
    """A file of a published version, ready to be sent. `sha256` is the hexadecimal digest of its bytes.

    `open` gives its bytes, seekable, `local_copy` a local file with them that is there inside the context. `is_public`
    tells that anybody may have it; no cache may keep another. `signing` is the store that can hand it out itself.
    A file in parts is joined for `local_copy`; `local_parts` gives those that can be read alone.
    """

    open: Callable[[], BinaryIO] = field(compare=False)
    local_copy: Callable[[], AbstractContextManager[Path]] = field(compare=False)
    name: str
    media_type: str
    sha256: str
    size: int
    is_public: bool = True
    signing: Store | None = field(default=None, compare=False)
    local_parts: Callable[[], AbstractContextManager[Sequence[Path]]] | None = field(default=None, compare=False)

    @contextmanager
    def local_tables(self) -> Iterator[Sequence[Path]]:
        """The local files with the rows of a Parquet file, in their order, there inside the context."""
        with ExitStack() as opened:
            if self.local_parts is not None:
                yield opened.enter_context(self.local_parts())
            else:
                yield [opened.enter_context(self.local_copy())]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserView:
    """An account. `posts` are its appointments; `role` and `publisher` are what earlier releases see."""

    id: int
    name: str
    role: Role
    publisher: str | None
    created: datetime
    disabled: bool
    posts: Sequence[Post] = ()


class GrantState(StrEnum):
    """Where a grant is: it waits for its holder to accept the invitation, gives rights, or gives none any more."""

    INVITED = "invited"
    ACTIVE = "active"
    EXPIRED = "expired"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantView:
    """Permission for a reader to have the rows of a dataset. `until` is its last day, in the portal's time zone.

    `holder` names the person or organisation; `account` is who has it, or all accounts of `publisher` have it.
    """

    id: str
    dataset: str
    holder: str
    account: str | None
    publisher: str | None
    purpose: str
    agreement: str
    until: date
    created: datetime
    created_by: str
    ended: datetime | None
    ended_by: str
    reason: str
    state: GrantState
