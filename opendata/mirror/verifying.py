"""A mirror as a source of verification: the same addresses as over HTTP, read from its folder or bucket.

And its signed list of files, held against what is there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Protocol
from urllib.parse import quote, unquote

from opendata.domain.parts import StoredFile
from opendata.errors import N_, BackendError, OpendataError
from opendata.metadata.canonical import digest
from opendata.metadata.keys import PublicKey, find_signer
from opendata.mirror.addresses import DOCUMENT_FILE
from opendata.mirror.listing import ROOT, SIGNATURE, FileList, read_list, read_root
from opendata.mirror.targets import MARK, OWN, BucketTarget, Target, open_target
from opendata.services.operations.verification.hashing import Hashed, hash_joined
from opendata.services.operations.verification.sources import Source, WebSource
from opendata.services.operations.verification.verifying import FORGED, UNSIGNED, Evidence, Verified
from opendata.settings import Settings

NO_LIST = N_("the mirror has no signed list of its files; run “opendata mirror” again to have one written")
NOT_A_LIST = N_("this isn't the list of the files of a mirror")
LIST_OTHER = N_("this part of the list of files isn't the one that was signed")
LISTED_GONE = N_("the signed list of the mirror names this file, and it doesn't exist")
LISTED_OTHER = N_("the file's bytes don't match the signed list of the mirror")
UNLISTED = N_("the signed list of the mirror doesn't name this file: it was added by somebody else")

_SEARCH = "/mirror/search/index.json"
"""Every mirror has it, and no portal."""


class _Files(Protocol):
    """Where the files of a mirror are read."""

    def read_file(self, key: str) -> bytes | None:
        """The bytes of a small file."""
        ...

    def hash_key(self, key: str) -> str | None:
        """The hexadecimal SHA-256 of a file."""
        ...


class MirrorSource(WebSource):
    """The folder of a mirror, or its bucket."""

    def __init__(self, target: Target) -> None:
        super().__init__("")
        self._target = target
        self.is_whole = True
        self.name = target.name

    def leads_to(self, old: str, dataset: str) -> bool:
        """See `Source`."""
        found = self._read_json(f"/api/v1/datasets/{quote(old, safe='')}")
        return isinstance(found, dict) and found.get("id") == dataset

    def hash_file(self, dataset: str, version: str, path: str, wanted: StoredFile) -> Hashed | None:
        """See `Source`."""
        blocks = self._target.read(_find_key(self._place(dataset, version, path)))
        return None if blocks is None else hash_joined(blocks, wanted)

    def read_file(self, key: str) -> bytes | None:
        """The bytes of a small file."""
        return self._target.get(key)

    def hash_key(self, key: str) -> str | None:
        """The hexadecimal SHA-256 of a file."""
        return _hash(self._target.read(key))

    def list_keys(self) -> Iterator[str]:
        """All files that are there, but those that the mirror keeps for itself."""
        return (key for key, _ in self._target.list())

    def read(self, path: str) -> bytes | None:
        """See `WebSource`."""
        key = _find_key(path)
        found = self._target.get(key)
        return self._target.get(f"{key}/{DOCUMENT_FILE}") if found is None else found


class _WebFiles:
    """The files of a mirror over HTTP."""

    def __init__(self, source: WebSource) -> None:
        self._source = source

    def read_file(self, key: str) -> bytes | None:
        """See `_Files`."""
        return self._source.read(f"/{quote(key)}")

    def hash_key(self, key: str) -> str | None:
        """See `_Files`."""
        return _hash(self._source.read_blocks(f"/{quote(key)}"))


def find_mirror(target: str, settings: Settings) -> MirrorSource | None:
    """The mirror in a folder or a bucket, None where it is something else."""
    if target.startswith(("http://", "https://")):
        return None
    found = open_target(target, settings)
    if isinstance(found, BucketTarget):
        with suppress(OpendataError):  # it may be a store that another key opens
            return MirrorSource(found) if found.get(MARK) is not None else None
        return None
    return MirrorSource(found) if found.get(MARK) is not None else None


def check_list(
    source: Source, found: Verified, *, files: bool = True, on_progress: Callable[[str], object] | None = None
) -> int:
    """Hold the files of a mirror against its signed list, if `source` is a whole mirror; how many the list names.

    What is wrong goes into `found`. Raises `BackendError`.
    """
    if not isinstance(source, WebSource) or not source.is_whole:
        return 0
    place: _Files = source if isinstance(source, MirrorSource) else _WebFiles(source)
    data = place.read_file(ROOT)
    if data is None:
        if isinstance(source, MirrorSource) or source.read(_SEARCH) is not None:
            found.findings.append(Evidence(ROOT, NO_LIST))
        return 0
    root = _read_signed(data, place.read_file(SIGNATURE) or b"", found.keys, found)
    listed = _read_lists(root, place, found) if root is not None else {}
    for key, sha256 in listed.items() if files else ():
        if on_progress is not None:
            on_progress(key)
        there = place.hash_key(key)
        if there != sha256:
            _add(found, key, LISTED_GONE if there is None else LISTED_OTHER)
    if root is not None and isinstance(source, MirrorSource):
        own = {ROOT, SIGNATURE, *root.lists}
        strays = (key for key in source.list_keys() if key not in listed and key not in own)
        found.findings += [Evidence(key, UNLISTED) for key in strays]
    return len(listed)


def _add(found: Verified, key: str, what: str) -> None:
    """Say what is wrong with a file, unless its manifest has said so."""
    version = re.fullmatch(r"datasets/([^/]+)/([0-9]+\.[0-9]+\.[0-9]+)/(.+)", key)
    where = f"{version[1]}@{version[2]}/{version[3]}" if version else key
    if all(item.where != where for item in found.findings):
        found.findings.append(Evidence(where, what))


def _read_signed(data: bytes, signature: bytes, keys: Sequence[PublicKey], found: Verified) -> FileList | None:
    try:
        root = read_root(data)
    except ValueError:
        found.findings.append(Evidence(ROOT, NOT_A_LIST))
        return None
    if not signature.strip():
        found.findings.append(Evidence(ROOT, UNSIGNED))
    elif root.created.tzinfo is None or find_signer(keys, data, signature, root.created) is None:
        found.findings.append(Evidence(ROOT, FORGED))
    else:
        return root
    return None


def _read_lists(root: FileList, place: _Files, found: Verified) -> dict[str, str]:
    listed: dict[str, str] = {}
    for key, wanted in root.lists.items():
        data = place.read_file(key)
        if data is None or digest(data) != wanted:
            found.findings.append(Evidence(key, LISTED_GONE if data is None else LIST_OTHER))
            continue
        try:
            listed |= read_list(data)
        except ValueError:
            found.findings.append(Evidence(key, NOT_A_LIST))
    if not found.findings and len(listed) != root.files:
        found.findings.append(Evidence(ROOT, NOT_A_LIST))
    return listed


def _hash(blocks: Iterator[bytes] | None) -> str | None:
    if blocks is None:
        return None
    hashed = hashlib.sha256()
    for block in blocks:
        hashed.update(block)
    return hashed.hexdigest()


def _find_key(path: str) -> str:
    """The key of an address. Raises `BackendError` for one that leads elsewhere."""
    key = unquote(path.partition("?")[0]).strip("/")
    if ".." in key.split("/") or key.startswith(OWN):
        raise BackendError(N_("“%(key)s” isn't a file of a mirror"), key=key)
    return key
