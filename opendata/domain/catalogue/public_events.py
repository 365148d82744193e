"""Public events: what everybody who follows the catalogue hears, by kind, and who wants to hear which.

Source: Standard Webhooks 1.0 (names of kinds with dots, from the thing to what happened to it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from opendata.errors import N_


class EventKind(StrEnum):
    """What happened."""

    DATASET_LISTED = "dataset.listed"
    DATASET_UPDATED = "dataset.updated"
    DATASET_RENAMED = "dataset.renamed"
    DATASET_MOVED = "dataset.moved"
    DATASET_ARCHIVED = "dataset.archived"
    DATASET_REOPENED = "dataset.reopened"
    VERSION_PUBLISHED = "version.published"
    VERSION_CORRECTED = "version.corrected"
    VERSION_SUSPENDED = "version.suspended"
    VERSION_RELEASED = "version.released"
    VERSION_WITHDRAWN = "version.withdrawn"
    VERSION_ERASED = "version.erased"
    PUBLISHER_CREATED = "publisher.created"
    PUBLISHER_UPDATED = "publisher.updated"
    PUBLISHER_ENDED = "publisher.ended"
    PUBLISHER_REOPENED = "publisher.reopened"
    SCHEMA_PUBLISHED = "schema.published"


LABELS: Mapping[EventKind, str] = {
    EventKind.DATASET_LISTED: N_("A dataset is in the catalogue without data"),
    EventKind.DATASET_UPDATED: N_("The description of a dataset changed"),
    EventKind.DATASET_RENAMED: N_("A dataset has another address"),
    EventKind.DATASET_MOVED: N_("A dataset has another publisher"),
    EventKind.DATASET_ARCHIVED: N_("A dataset is no longer kept"),
    EventKind.DATASET_REOPENED: N_("A dataset is kept again"),
    EventKind.VERSION_PUBLISHED: N_("A version was published"),
    EventKind.VERSION_CORRECTED: N_("A correction was told"),
    EventKind.VERSION_SUSPENDED: N_("A version was stopped"),
    EventKind.VERSION_RELEASED: N_("A version can be read again"),
    EventKind.VERSION_WITHDRAWN: N_("A version was withdrawn"),
    EventKind.VERSION_ERASED: N_("Files of a version were erased"),
    EventKind.PUBLISHER_CREATED: N_("There is a new publisher"),
    EventKind.PUBLISHER_UPDATED: N_("The entry of a publisher changed"),
    EventKind.PUBLISHER_ENDED: N_("A publisher was merged, split or closed"),
    EventKind.PUBLISHER_REOPENED: N_("A publisher was reopened"),
    EventKind.SCHEMA_PUBLISHED: N_("A version of a schema was published"),
}

LOGGED: Mapping[tuple[str, str], EventKind] = {
    ("dataset", "publish"): EventKind.DATASET_LISTED,
    ("dataset", "update"): EventKind.DATASET_UPDATED,
    ("dataset", "rename"): EventKind.DATASET_RENAMED,
    ("dataset", "move"): EventKind.DATASET_MOVED,
    ("dataset", "archive"): EventKind.DATASET_ARCHIVED,
    ("dataset", "reopen"): EventKind.DATASET_REOPENED,
    ("version", "publish"): EventKind.VERSION_PUBLISHED,
    ("version", "erratum"): EventKind.VERSION_CORRECTED,
    ("version", "suspend"): EventKind.VERSION_SUSPENDED,
    ("version", "release"): EventKind.VERSION_RELEASED,
    ("version", "withdraw"): EventKind.VERSION_WITHDRAWN,
    ("version", "erase"): EventKind.VERSION_ERASED,
    ("publisher", "create"): EventKind.PUBLISHER_CREATED,
    ("publisher", "update"): EventKind.PUBLISHER_UPDATED,
    ("publisher", "merge"): EventKind.PUBLISHER_ENDED,
    ("publisher", "split"): EventKind.PUBLISHER_ENDED,
    ("publisher", "close"): EventKind.PUBLISHER_ENDED,
    ("publisher", "reopen"): EventKind.PUBLISHER_REOPENED,
    ("schema", "create"): EventKind.SCHEMA_PUBLISHED,
}
"""(kind of subject, verb) of the audit log → what everybody is told of it. All else is nobody's business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants to hear of; what is empty doesn't limit.

    `search` is the query of a page of search, such as `q=水位&publisher=water-bureau`: only datasets that it finds.
    """

    kinds: Sequence[str] = ()
    dataset: str = ""
    publisher: str = ""
    schema: str = ""
    search: str = ""

    def takes(self, kind: str, dataset: str | None, publisher: str | None, schemas: Sequence[str]) -> bool:
        """Whether an event is wanted, but for the search."""
        return (
            (not self.kinds or kind in self.kinds)
            and (not self.dataset or self.dataset == dataset)
            and (not self.publisher or self.publisher == publisher)
            and (not self.schema or self.schema in schemas)
            and (not self.search or dataset is not None)
        )
