"""The signed list of the files of a mirror: each key with its digest, so that no file is changed or added unseen.

    mirror/files.json      when it was made, how many files there are, and the digest of each list; canonical JSON
    mirror/files.json.sig  its signature by the key of the portal, as manifests have one
    mirror/files/{n}.txt   the files whose keys begin, hashed, with the bits of n: lines that `sha256sum --check` reads

A file is always in the list of the same number, so a run writes few lists again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from opendata.metadata.canonical import digest, write_canonical

ROOT = "mirror/files.json"
SIGNATURE = f"{ROOT}.sig"

_EACH = 4_096
"""So many files a list has at most, on average, while there are few lists."""
_MOST_LISTS = 256


@dataclass(frozen=True, slots=True)
class FileList:
    """What the root says: the lists with their digests (`sha256:…`), the number of files, the address of the portal."""

    lists: Mapping[str, str]
    files: int
    address: str
    created: datetime


def count_lists(files: int) -> int:
    """How many lists so many files have: a power of two."""
    count = 1
    while count * _EACH < files and count < _MOST_LISTS:
        count *= 2
    return count


def write_lists(files: Iterable[tuple[str, str]], count: int, folder: Path) -> Sequence[tuple[str, Path]]:
    """Write the lists of files (key and hexadecimal SHA-256, ordered by key); the key of each, and where it is."""
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{number}.txt" for number in range(count)]
    with ExitStack() as stack:
        opened = [stack.enter_context(path.open("w", encoding="utf-8", newline="\n")) for path in paths]
        for key, sha256 in files:
            opened[_number(key, count)].write(f"{sha256}  {key}\n")
    return [(f"mirror/files/{path.name}", path) for path in paths]


def write_root(lists: Mapping[str, str], files: int, address: str) -> bytes:
    """The root of these lists, by key their digests."""
    return write_canonical(
        {
            "address": address,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "files": files,
            "lists": [{"path": key, "hash": value} for key, value in sorted(lists.items())],
        }
    )


def read_root(data: bytes) -> FileList:
    """Read a root. Raises `ValueError` where it is something else."""
    try:
        found = json.loads(data)
        lists = {str(item["path"]): str(item["hash"]) for item in found["lists"]}
        created = datetime.fromisoformat(found["created"])
        return FileList(lists, int(found["files"]), str(found["address"]), created)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError from None


def read_list(data: bytes) -> Mapping[str, str]:
    """The files of a list: by key the hexadecimal SHA-256. Raises `ValueError` where it is something else."""
    lines = [line.partition("  ") for line in data.decode().splitlines()]
    if not all(key and len(sha256) == hashlib.sha256().digest_size * 2 for sha256, _, key in lines):
        raise ValueError
    return {key: sha256 for sha256, _, key in lines}


def is_same(lists: Mapping[str, str], root: bytes) -> bool:
    """Whether a root names just these lists."""
    try:
        return read_root(root).lists == lists
    except ValueError:
        return False


def digest_file(path: Path) -> str:
    """The digest of a list as a root has it."""
    return digest(path.read_bytes())


def _number(key: str, count: int) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:2]) % count
