"""What a store must do, whatever keeps the bytes: blobs by SHA-256, records written once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from opendata.errors import N_, NotFoundError

BLOB_NAME = re.compile(r"[0-9a-f]{64}")
_PART = r"[a-z0-9][A-Za-z0-9._-]{0,199}"
_KEY = re.compile(rf"(?!(?:blobs|tmp)(?:/|$)){_PART}(/{_PART})*")


@dataclass(frozen=True, slots=True)
class BlobState:
    """A blob as it lies there. Times are seconds since 1970.

    `written` is when its bytes were last written to, `kept` when it was last put into the store. `mark` changes
    whenever either happens.
    """

    size: int
    written: float
    kept: float
    mark: Hashable


class Store(Protocol):
    """A place for immutable bytes. Every write is complete and durable when the call returns, or has not happened.

    A blob's name is the hexadecimal SHA-256 of its bytes; a record's key is a relative path with `/`.
    """

    def put_blob(self, path: Path, *, sha256: str | None = None) -> tuple[str, int]:
        """Keep a file, which must not be changed afterwards; return its name and size in bytes.

        `sha256` is its digest if the writer computed it on the way. Keeping the same bytes again changes nothing.
        """
        ...

    def put_stream(self, stream: BinaryIO, *, limit: int | None = None) -> tuple[str, int]:
        """Keep what a stream holds, at most `limit` bytes (`TooLargeError` beyond); return name and size."""
        ...

    def open_blob(self, name: str) -> BinaryIO:
        """A blob's bytes, seekable. Raises `NotFoundError`."""
        ...

    def local_copy(self, name: str) -> AbstractContextManager[Path]:
        """A local file with a blob's bytes, not to be changed, there inside the context. Raises `NotFoundError`."""
        ...

    def find_state(self, name: str) -> BlobState:
        """Size, times and mark of a blob. Raises `NotFoundError`."""
        ...

    def has_blob(self, name: str) -> bool:
        """Whether the store has a blob."""
        ...

    def list_blobs(self) -> Iterator[tuple[str, int]]:
        """Every blob's name and size in bytes, in the order of their names."""
        ...

    def delete_blob(self, name: str) -> None:
        """Let a blob go for good; one that is not there is fine."""
        ...

    def put_record(self, key: str, data: bytes) -> None:
        """Write a record once. The same bytes again are fine; others raise `IntegrityError`."""
        ...

    def get_record(self, key: str) -> bytes:
        """A record's bytes. Raises `NotFoundError`."""
        ...

    def has_record(self, key: str) -> bool:
        """Whether there is a record of this key."""
        ...

    def find_written(self, key: str) -> float:
        """When a record was written, in seconds since 1970. Raises `NotFoundError`."""
        ...

    def list_records(self, prefix: str) -> Iterator[str]:
        """The keys of all records below a folder, in the order of their characters."""
        ...

    def list_files(self) -> Iterator[tuple[str, int]]:
        """The key and size of every blob and record, in the order of their characters."""
        ...

    def check(self) -> None:
        """Raises `BackendError` where the store can't be read."""
        ...

    @property
    def can_sign(self) -> bool:
        """Whether it can hand out addresses under which anyone may fetch one blob for a while."""
        ...

    def sign_address(self, name: str, *, media_type: str, disposition: str) -> str:
        """The address of a blob, which the store answers with these headers. Only where it `can_sign`."""
        ...


Lock = Callable[[str], AbstractContextManager[Callable[[], None]]]
"""Holds a name for one process of all machines. It gives a function that raises `BackendError` once it has lost it."""


def blob_key(name: str) -> str:
    """Where a blob lies."""
    return f"blobs/sha256/{name[:2]}/{name}"


def require_blob_name(name: str) -> str:
    """The key of a blob's name. Raises `NotFoundError` for anything else."""
    if not BLOB_NAME.fullmatch(name):
        raise unknown_blob(name)
    return blob_key(name)


def require_record_key(key: str) -> str:
    """A record's key, or the folder of some. Raises `NotFoundError` for what is neither."""
    if not _KEY.fullmatch(key):
        raise unknown_record(key[:200])
    return key


def unknown_blob(name: str) -> NotFoundError:
    """The error for a blob that isn't there."""
    return NotFoundError(N_("The store has no blob %(name)s"), name=name[:100])


def unknown_record(key: str) -> NotFoundError:
    """The error for a record that isn't there."""
    return NotFoundError(N_("The store has no record %(key)s"), key=key)


def shard(identifier: str) -> str:
    """The folder that spreads a dataset's records: the first byte of the SHA-256 of its id, in hexadecimal."""
    return hashlib.sha256(identifier.encode()).hexdigest()[:2]


def manifest_key(dataset: str, version: str) -> str:
    """Where a version's manifest lies; its signature is the same with `.sig` appended."""
    return f"datasets/{shard(dataset)}/{dataset}/{version}.json"


def list_manifests(store: Store) -> Iterator[str]:
    """The keys of all manifests, of withdrawn versions too."""
    return (key for key in store.list_records("datasets") if key.count("/") == 3 and key.endswith(".json"))


def tombstone_key(dataset: str, version: str, edition: int = 1) -> str:
    """Where the tombstone of a withdrawn version lies; it beats the manifest, and a later edition an earlier one."""
    number = "" if edition == 1 else f"-{edition}"
    return f"datasets/{shard(dataset)}/{dataset}/withdrawn/{version}{number}.json"


def suspension_key(dataset: str, version: str, number: int) -> str:
    """Where the n-th record of a version's stops lies; the newest says whether it is stopped."""
    return f"datasets/{shard(dataset)}/{dataset}/suspended/{version}/{number}.json"


def erratum_key(dataset: str, number: int) -> str:
    """Where the n-th erratum of a dataset lies."""
    return f"datasets/{shard(dataset)}/{dataset}/errata/{number}.json"


def signature_key(key: str) -> str:
    """Where the detached signature of a record lies."""
    return f"{key}.sig"


def signing_key_key(number: int) -> str:
    """Where the record of the n-th signing key lies."""
    return f"keys/{number}.json"


def alias_key(old: str) -> str:
    """The key of the record that names the new id of a renamed dataset."""
    return f"aliases/{old}.json"


def entry_key(dataset: str, number: int) -> str:
    """Where the n-th edition of a dataset's public entry lies."""
    return f"entries/{shard(dataset)}/{dataset}/{number}.json"


def grant_end_key(dataset: str, grant: str) -> str:
    """Where the record lies that says that a grant for a dataset has ended."""
    return f"entries/{shard(dataset)}/{dataset}/grants/{grant}.json"


def publisher_key(publisher: str, number: int) -> str:
    """Where the n-th edition of a publisher's record lies."""
    return f"publishers/{publisher}/{number}.json"


def schema_key(name: str, version: str) -> str:
    """Where a schema of the library lies."""
    return f"schemas/{name}/{version}.json"


def negative_list_key(number: int) -> str:
    """Where a version of the negative list lies."""
    return f"negative-list/{number}.json"


def calendar_key(year: int, number: int) -> str:
    """Where the n-th edition of the working days entered for a year lies."""
    return f"calendar/{year}/{number}.json"


def self_check_key(year: int, number: int) -> str:
    """Where the n-th edition of the report of a year's self-check lies."""
    return f"self-checks/{year}/{number}.json"


def basic_version_key(number: int) -> str:
    """Where a version of the basic catalogue lies."""
    return f"basics/{number}.json"


def basic_links_key(domain: str, number: int) -> str:
    """Where the n-th edition of what fulfils the entries of a domain of the basic catalogue lies."""
    return f"basic-links/{domain}/{number}.json"


def site_page_key(kind: str, page: str, revision: int) -> str:
    """Where a version of a page of the site lies."""
    return f"site-pages/{kind}/{page}/{revision}.json"


def site_file_key(sha256: str) -> str:
    """Where a file of pages lies, by the digest of its bytes."""
    return f"site-files/{sha256}.json"


def site_order_key(kind: str, number: int) -> str:
    """Where the n-th edition of the list of public pages of a kind lies."""
    return f"site-orders/{kind}/{number}.json"


def report_key(folder: str, year: int, publisher: str, number: int) -> str:
    """Where the n-th edition of a report of a year lies; that on all publishers names none."""
    return f"{folder}/{year}/{publisher}/{number}.json" if publisher else f"{folder}/{year}/{number}.json"


def plan_key(uuid: str, number: int) -> str:
    """Where the n-th edition of what the opening plan has for a dataset lies; a dataset keeps its UUID when renamed."""
    return f"plans/{shard(uuid)}/{uuid}/{number}.json"
