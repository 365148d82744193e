"""What a worker of a run is given to do, and what it says of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from opendata.mirror.journal import Written


@dataclass(slots=True)
class Done:
    """What a task wrote or found unchanged, what its pages name, and how much was written."""

    own: str = ""
    """The dataset that it is about, if it is about one."""
    files: dict[str, Written] = field(default_factory=dict)
    mentions: set[str] = field(default_factory=set)
    pages: set[str] = field(default_factory=set)
    """Pages of the site that are linked, as paths."""
    words: str = ""
    written: int = 0
    bytes: int = 0
    tasks: set[FileTask] = field(default_factory=set)
    failure: str = ""


@dataclass(frozen=True, slots=True)
class DatasetTask:
    """A dataset to write; of the versions in `kept`, files that never change are there as the journal says."""

    dataset: str
    number: int
    kept: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PageTask:
    """A page of the site to write, in all languages."""

    path: str


@dataclass(frozen=True, slots=True)
class FileTask:
    """A file of the site to write; `source` is the collection that it has all items of, if it has one's."""

    path: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class SeedTask:
    """Find the pages and files of the site that every mirror has."""


@dataclass(frozen=True, slots=True)
class NoticeTask:
    """The page that says what isn't in the mirror."""


Task = DatasetTask | PageTask | FileTask | SeedTask | NoticeTask
