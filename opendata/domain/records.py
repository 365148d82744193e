"""The small records that are signed beside manifests, as the store and the database keep them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from opendata.domain.metadata import MetadataJson
from opendata.domain.offices.records import Move


class Archive(TypedDict):
    """That a dataset is no longer kept `since` (RFC 3339), why, and the id of the dataset to use instead, if any."""

    since: str
    reason: str
    successor: str | None


class ArchiveRequest(TypedDict):
    """That somebody (`by`) asked `at` a time (RFC 3339) to archive a dataset: another person confirms it."""

    by: str
    at: str
    reason: str
    successor: str | None


class Origin(TypedDict):
    """The portal that a dataset was harvested from: its title, the page of the dataset there, and its id there.

    `publisher` is who answers for it there, as that portal names them. `resources` are its addresses there, in the form
    of `ExternalResource.to_json`.
    """

    portal: str
    page: str
    identifier: str
    publisher: str
    resources: Sequence[Mapping[str, Any]]


class Entry(TypedDict):
    """What is public of a dataset but for its versions; `publisher` is an id. Times are RFC 3339.

    `archived` is there while the dataset is archived, `moves` if it once had another publisher, `origin` if it was
    harvested.
    """

    id: str
    uuid: str
    publisher: str
    created: str
    modified: str
    metadata: MetadataJson
    archived: NotRequired[Archive]
    moves: NotRequired[Sequence[Move]]
    origin: NotRequired[Origin]


class Alias(TypedDict):
    """What a renamed dataset, `old`, is called next."""

    old: str
    id: str
    renamed: str


class Tombstone(TypedDict):
    """What stays of a version that was taken down. Times are RFC 3339, digests `sha256:…`.

    `manifest` and `previous` are the digests of its manifest and of the one before; `changed` is when this edition was
    written, `successor` the version to use instead, `erased` the files that were deleted.
    """

    dataset: str
    version: str
    manifest: str
    previous: str | None
    withdrawn: str
    changed: str
    reason: str
    legalBasis: str
    successor: str | None
    erased: Sequence[str]


class Suspension(TypedDict):
    """That a version was stopped, or that its stop has ended, at `created` (RFC 3339), and why.

    `manifest` and `previous` are the digests of its manifest and of the one before, as in a tombstone.
    """

    dataset: str
    version: str
    manifest: str
    previous: str | None
    suspended: bool
    reason: str
    created: str


class Erratum(TypedDict):
    """A correction of a published version; `number` counts those of a dataset, from 1."""

    dataset: str
    number: int
    version: str
    successor: str | None
    text: str
    created: str


class ListVersion(TypedDict):
    """A version of the negative list: its `entries`, the `note` that says what changed, and when it came in force."""

    number: int
    entries: Sequence[Mapping[str, Any]]
    note: str
    created: str


class PlanDay(TypedDict):
    """A day that the opening plan had, or none from then on (`opens` is null). The next one replaced it."""

    opens: str | None
    reason: str
    decided: str


class PlanRecord(TypedDict):
    """All days that the opening plan ever had for a dataset, the newest last; `modified` is RFC 3339."""

    uuid: str
    days: Sequence[PlanDay]
    modified: str


class GrantEnd(TypedDict):
    """That a grant has ended, at `created` (RFC 3339). It names nobody: who had the grant isn't public."""

    dataset: str
    grant: str
    created: str
