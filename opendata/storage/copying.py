"""Copies between stores, whatever keeps their bytes: what is there already stays, and every blob is proven on its way.

Files that nothing names yet come first and manifests last, each signature before its record. So a copy that is
interrupted names nothing that it lacks, and the next one goes on from there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from opendata.errors import N_, InputError, IntegrityError
from opendata.storage.local import LocalStore, sync_folder
from opendata.storage.objects.reader import BlobFile
from opendata.storage.objects.store import S3Store
from opendata.storage.store import BLOB_NAME, Store, blob_key, signing_key_key, unknown_blob

_PIECE = 1 << 20
AT_ONCE = 4
"""So many files are copied at once; of a large one, two parts are in memory."""

_BLOBS = "blobs/sha256/"
_LAST = (3, True)
_MANIFEST = re.compile(r"datasets/[^/]+/[^/]+/[0-9]+\.[0-9]+\.[0-9]+\.json(?:\.sig)?")


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy did: files that are new in the target, their bytes, and files that were there already."""

    files: int
    bytes: int
    kept: int


def copy_store(
    source: Store, target: Store, *, full: bool = False, on_progress: Callable[[float], object] | None = None
) -> Copied:
    """Copy what a store has and another lacks. With `full`, what both have is compared byte by byte.

    Raises `InputError` where the other store is of another portal, `IntegrityError` where a blob isn't what its name
    says or a record is another in the target, `BackendError`.
    """
    first = signing_key_key(1)
    if source.has_record(first) and target.has_record(first) and source.get_record(first) != target.get_record(first):
        raise InputError(N_("The target is the store of another portal, so nothing was copied"))
    there = dict(target.list_files())
    files = dict(source.list_files())
    total = sum(files.values()) or 1
    done = count = size = kept = 0
    for stage in _sort(files):
        copy = partial(_copy_one, source, target, there=there, sizes=files, full=full)
        for key, is_new in _do_all(stage, copy):
            done += files[key]
            count += is_new
            size += files[key] if is_new else 0
            kept += not is_new
            if on_progress is not None:
                on_progress(done / total)
    return Copied(count, size, kept)


def copy_out(store: Store, key: str, target: Path) -> int:
    """Copy a blob or record into a file with the time at which it was written, whole or not at all; how many bytes.

    Raises `NotFoundError`.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    name = key.removeprefix(_BLOBS)[3:] if key.startswith(_BLOBS) else ""
    try:
        if isinstance(store, LocalStore):
            try:
                shutil.copy2(store.find_path(key), temporary)
            except FileNotFoundError:
                raise unknown_blob(key) from None
        else:
            with temporary.open("xb") as file:
                if name:
                    _copy_twice(store, name, file)
                else:
                    file.write(store.get_record(key))
            written = store.find_state(name).written if name else store.find_written(key)
            os.utime(temporary, (written, written))
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(target.parent)
    return target.stat().st_size


def copy_in(store: Store, path: Path, key: str) -> int:
    """Copy a file into a store as the blob or record of this key; how many bytes. Raises `IntegrityError`."""
    if isinstance(store, LocalStore):
        target = store.find_path(key)
        origin = LocalStore(path.parent, writes=False)
        return target.stat().st_size if target.exists() else copy_out(origin, path.name, target)
    size = path.stat().st_size
    if not key.startswith(_BLOBS):
        store.put_record(key, path.read_bytes())
    elif not _has(store, key, size):
        store.put_blob(path, sha256=path.name)
    return size


def _has(store: Store, key: str, size: int) -> bool:
    name = key.rpartition("/")[2]
    return store.has_blob(name) and store.find_state(name).size == size


def _sort(files: Mapping[str, int]) -> Sequence[Sequence[Sequence[str]]]:
    """The keys in the stages in which they are copied, and in groups of which each is copied in its order."""
    stages: dict[tuple[int, bool], list[str]] = {}
    for key in files:
        kind = 0 if key.startswith(_BLOBS) else 1 + key.startswith("datasets/") + bool(_MANIFEST.fullmatch(key))
        stages.setdefault((kind, kind > 0 and not key.endswith(".sig")), []).append(key)
    manifests = groupby(sorted(stages.pop(_LAST, ()), key=_order), lambda key: _order(key)[0])
    found = [[[key] for key in stages[number]] for number in sorted(stages)]
    return [*found, [list(keys) for _, keys in manifests]]  # a version after those before it


def _order(key: str) -> tuple[str, Sequence[int]]:
    folder, _, name = key.rpartition("/")
    return folder, [int(part) for part in name.removesuffix(".json").split(".")]


def _do_all(groups: Sequence[Sequence[str]], do: Callable[[str], bool]) -> Iterator[tuple[str, bool]]:
    """Do something with all keys, a few groups at once; each key with what it gave."""
    rest = iter(groups)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running: set[Future[Sequence[tuple[str, bool]]]] = set()
        try:
            while True:
                while len(running) < AT_ONCE and (keys := next(rest, None)) is not None:
                    running.add(pool.submit(lambda keys: [(key, do(key)) for key in keys], keys))
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    running.remove(future)
                    yield from future.result()
        finally:
            for future in running:
                future.cancel()


def _copy_one(
    source: Store, target: Store, key: str, *, there: Mapping[str, int], sizes: Mapping[str, int], full: bool
) -> bool:
    """Copy a file unless it is there; whether it was copied."""
    size = sizes[key]
    is_there = there.get(key) == size
    if not key.startswith(_BLOBS):
        if is_there and not full:
            return False
        target.put_record(key, source.get_record(key))
        return not is_there
    name = key.rpartition("/")[2]
    if not BLOB_NAME.fullmatch(name):
        return False
    if is_there:
        if full:
            _copy_proven(target, name, lambda _: None)
        return False
    if isinstance(target, S3Store):
        with source.open_blob(name) as stream:
            _expect(stream, size)
            target.put_known(name, size, stream)
        return True
    with source.open_blob(name) as stream:
        _expect(stream, size)
        found, _ = target.put_stream(stream)
    if found != name:
        if blob_key(found) not in there:
            target.delete_blob(found)
        raise IntegrityError(N_("The blob %(name)s is damaged"), name=name)
    return True


def _copy_twice(store: Store, name: str, file: BinaryIO) -> None:
    """Copy a blob, and once more if other bytes came. What is damaged in the store is copied as it is."""
    try:
        _copy_proven(store, name, file.write)
    except IntegrityError:
        file.seek(0)
        file.truncate()
        with contextlib.suppress(IntegrityError):
            _copy_proven(store, name, file.write)


def _copy_proven(store: Store, name: str, write: Callable[[bytes], object]) -> None:
    """Read a blob to its end. Raises `IntegrityError` where it isn't what its name says."""
    digest = hashlib.sha256()
    with store.open_blob(name) as stream:
        _expect(stream, 1 << 62)
        while piece := stream.read(_PIECE):
            digest.update(piece)
            write(piece)
    if digest.hexdigest() != name:
        raise IntegrityError(N_("The blob %(name)s is damaged"), name=name)


def _expect(stream: object, stop: int) -> None:
    if isinstance(stream, BlobFile):
        stream.expect(stop)
