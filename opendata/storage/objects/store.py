"""A store in a bucket of an object store that speaks S3.

Objects have the names that files have in a folder (see `store`). A blob is put whole: a large one in parts, which
become an object only when its digest has been proven. A record is created by a conditional request where the object
store knows them, and else under a lock that holds on all machines.

Each object of a blob notes in its metadata what tells one putting from another, and when its bytes first came, by the
clock of the object store: `written` doesn't change when the same bytes are kept again, and `mark` does.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from opendata.errors import N_, BackendError, IntegrityError, TooLargeError
from opendata.storage.objects.cache import BlobCache
from opendata.storage.objects.client import (
    AWAY,
    AbsentError,
    Clients,
    S3Place,
    TakenError,
    attributes_of,
    find_status,
    name_fault,
    sign,
)
from opendata.storage.objects.reader import BlobFile
from opendata.storage.store import (
    BLOB_NAME,
    BlobState,
    Lock,
    require_blob_name,
    require_record_key,
    unknown_blob,
    unknown_record,
)

if TYPE_CHECKING:
    from obstore import GetOptions

_PIECE = 1 << 20
_PART = 8 << 20
"""What is larger goes up in parts of this size, two at once."""

_QUICK_BYTES = 256 * 1024
"""So little takes no longer than an answer."""

_MOST_PARTS = 9000
_PARTS_AT_ONCE = 2
_STREAM_PIECE = 256 * 1024
_RESUMES = 3
_LOOKS = 5
_LOOK_SECONDS = 0.2
_SIGNED_SECONDS = 300
_WRITTEN, _PUT = "written", "put"
_UNKNOWN_CONDITIONS = frozenset((400, 405, 501))
"""Statuses with which object stores refuse a header that they don't know."""


@dataclass(frozen=True, slots=True)
class _Head:
    size: int
    modified: float
    tag: str
    written: float
    put: str


class S3Store:
    """A part of a bucket as a store (see `store.Store`)."""

    def __init__(self, place: S3Place, cache: BlobCache, lock: Lock) -> None:
        self.place = place
        self._clients = Clients(place)
        self._cache = cache
        self._lock = lock
        self._is_conditional: bool | None = None

    def put_blob(self, path: Path, *, sha256: str | None = None) -> tuple[str, int]:
        """Keep a file; return its name and size in bytes. Raises `IntegrityError` where `sha256` isn't its digest."""
        with path.open("rb") as file:
            name = sha256 or hashlib.file_digest(file, "sha256").hexdigest()
            size = os.fstat(file.fileno()).st_size
            file.seek(0)
            self._put(name, size, file)
        return name, size

    def put_known(self, name: str, size: int, stream: BinaryIO) -> None:
        """Keep what a stream holds under a name that is known. Raises `IntegrityError` where it holds other bytes."""
        self._put(name, size, stream)

    def put_stream(self, stream: BinaryIO, *, limit: int | None = None) -> tuple[str, int]:
        """Keep what a stream holds; return name and size in bytes. A large one waits on this disk until it is whole."""
        digest, held = hashlib.sha256(), io.BytesIO()
        target: BinaryIO = held
        with contextlib.ExitStack() as opened:
            while chunk := stream.read(_PIECE):
                if limit is not None and target.tell() + len(chunk) > limit:
                    raise TooLargeError(N_("The file is larger than the %(limit)s bytes allowed"), limit=limit)
                if target is held and held.tell() + len(chunk) > _PART:
                    target = opened.enter_context(opened.enter_context(self._cache.make_temporary()).open("x+b"))
                    target.write(held.getbuffer())
                digest.update(chunk)
                target.write(chunk)
            name, size = digest.hexdigest(), target.tell()
            target.seek(0)
            self._put(name, size, target)
        return name, size

    def open_blob(self, name: str) -> BinaryIO:
        """A blob's bytes, seekable; they are fetched as they are read."""
        key = require_blob_name(name)
        head = self._require(key, name)
        return cast(BinaryIO, BlobFile(partial(self._stream, key, head.tag), head.size))

    @contextlib.contextmanager
    def local_copy(self, name: str) -> Iterator[Path]:
        """A file with a blob's bytes in this machine's cache. Raises `IntegrityError` where other bytes came."""
        key = require_blob_name(name)
        head = self._require(key, name)
        with self._cache.lend(name, head.size, lambda: self._stream(key, head.tag, 0, head.size)) as path:
            yield path

    def find_state(self, name: str) -> BlobState:
        """Size, times and mark of a blob, by the clock of the object store."""
        head = self._require(require_blob_name(name), name)
        return BlobState(head.size, head.written, head.modified, (head.tag, head.size, head.modified, head.put))

    def has_blob(self, name: str) -> bool:
        """Whether the store has a blob."""
        return self._find(require_blob_name(name)) is not None

    def list_blobs(self) -> Iterator[tuple[str, int]]:
        """Every blob's name and size in bytes, in the order of their names."""
        for key, size in self._list("blobs/sha256"):
            name = key.rpartition("/")[2]
            if BLOB_NAME.fullmatch(name) and key == require_blob_name(name):
                yield name, size

    def delete_blob(self, name: str) -> None:
        """Let a blob go for good, also from the cache of this machine."""
        self._delete(require_blob_name(name))
        self._cache.forget(name)

    def put_record(self, key: str, data: bytes) -> None:
        """Write a record once."""
        require_record_key(key)
        if self.is_conditional():
            with contextlib.suppress(TakenError):
                self._create(key, data)
        else:
            with self._lock(f"{self.place} {key}") as require_lock:
                if self._find(key) is None:
                    require_lock()
                    self._upload(key, data)
                    require_lock()
        if self._read_soon(key) != data:
            raise IntegrityError(N_("The record %(key)s already exists with different bytes"), key=key)

    def get_record(self, key: str) -> bytes:
        """A record's bytes."""
        require_record_key(key)
        try:
            return self._get(key)
        except AbsentError:
            raise unknown_record(key) from None

    def has_record(self, key: str) -> bool:
        """Whether there is a record of this key."""
        return self._find(require_record_key(key)) is not None

    def find_written(self, key: str) -> float:
        """When a record was written, in seconds since 1970, by the clock of the object store."""
        head = self._find(require_record_key(key))
        if head is None:
            raise unknown_record(key)
        return head.modified

    def list_records(self, prefix: str) -> Iterator[str]:
        """The keys of all records below a folder, in the order of their characters."""
        return (key for key, _ in self._list(require_record_key(prefix)))

    def list_files(self) -> Iterator[tuple[str, int]]:
        """The name and size of every object, blobs and records, in the order of their characters."""
        return ((key, size) for key, size in self._list("") if not key.startswith("tmp/"))

    @property
    def can_sign(self) -> bool:
        """Whether addresses can be signed here: not with a key that only the machine knows."""
        return bool(self.place.access.key_id)

    def sign_address(self, name: str, *, media_type: str, disposition: str) -> str:
        """The address of a blob under which anyone may fetch it for five minutes, answered with these headers."""
        answers = {"Content-Type": media_type, "Content-Disposition": disposition}
        return sign(self.place, require_blob_name(name), _SIGNED_SECONDS, answers)

    def check(self) -> None:
        """Raises `BackendError` where the object store isn't reached, or refuses to be read."""
        next(self._list("keys"), None)

    def is_conditional(self) -> bool:
        """Whether the object store can refuse to replace an object; each process tries it once."""
        if self._is_conditional is None:
            key = f"tmp/{secrets.token_hex(16)}"
            try:
                self._is_conditional = self._try_conditions(key)
            finally:
                with contextlib.suppress(BackendError):
                    self._delete(key)
        return self._is_conditional

    def _try_conditions(self, key: str) -> bool:
        import obstore
        from obstore.exceptions import AlreadyExistsError, BaseError

        self._upload(key, b"")  # or it takes nothing at all
        for number in range(_RESUMES):
            try:
                obstore.put(self._clients.get(once=True), key, b"", mode="create")
            except AlreadyExistsError:
                return True
            except BaseError as error:
                if find_status(error) in _UNKNOWN_CONDITIONS:
                    return False
                if number == _RESUMES - 1:
                    raise name_fault(error) from error
                time.sleep(_LOOK_SECONDS)
            else:
                return False  # it took no notice of the condition
        raise BackendError(AWAY)

    def _put(self, name: str, size: int, file: BinaryIO) -> None:
        """Put an open file under its name. Raises `IntegrityError` where its bytes have another digest."""
        key = require_blob_name(name)
        known = self._find(key)
        notes = {_PUT: secrets.token_hex(8)}
        if known is not None and known.size == size:
            notes[_WRITTEN] = repr(known.written)
        if size <= _PART:
            data = file.read()
            _prove(hashlib.sha256(data).hexdigest(), name)
            self._upload(key, data, notes)
            return
        self._upload_parts(key, _read_proven(file, name), notes, max(_PART, size // _MOST_PARTS + 1))
        head = self._find(key)
        if head is None or head.size != size:
            raise BackendError(AWAY)

    def _upload(self, key: str, data: bytes, notes: dict[str, str] | None = None) -> None:
        import obstore

        put = partial(obstore.put, path=key, file=data, attributes=notes, use_multipart=False)
        if len(data) > _QUICK_BYTES:
            self._clients.send(put)
        else:
            self._clients.call(put)

    def _upload_parts(self, key: str, pieces: Iterator[bytes], notes: dict[str, str], part: int) -> None:
        import obstore

        put = partial(obstore.put, path=key, file=pieces, attributes=notes, use_multipart=True)
        self._clients.send(partial(put, chunk_size=part, max_concurrency=_PARTS_AT_ONCE))

    def _create(self, key: str, data: bytes) -> None:
        """Put an object that doesn't exist yet. Raises `TakenError`."""
        import obstore

        self._clients.call(obstore.put, key, data, mode="create")

    def _read_soon(self, key: str) -> bytes:
        """A record that somebody is writing at the moment, or has."""
        for number in range(_LOOKS):
            with contextlib.suppress(AbsentError):
                return self._get(key)
            time.sleep(_LOOK_SECONDS * number)
        raise BackendError(AWAY)

    def _get(self, key: str) -> bytes:
        import obstore

        return self._clients.call(lambda client: bytes(obstore.get(client, key).bytes()))

    def _find(self, key: str) -> _Head | None:
        import obstore

        try:
            found = self._clients.call(obstore.get, key, options={"head": True})
        except AbsentError:
            return None
        modified = found.meta["last_modified"].timestamp()
        try:
            written = min(float(attributes_of(found.attributes, _WRITTEN)), modified)
        except ValueError:
            written = modified
        tag = found.meta["e_tag"] or ""
        return _Head(found.meta["size"], modified, tag, written, attributes_of(found.attributes, _PUT))

    def _require(self, key: str, name: str) -> _Head:
        head = self._find(key)
        if head is None:
            self._cache.forget(name)
            raise unknown_blob(name)
        return head

    def _delete(self, key: str) -> None:
        import obstore

        with contextlib.suppress(AbsentError):
            self._clients.call(obstore.delete, key)

    def _list(self, prefix: str) -> Iterator[tuple[str, int]]:
        import obstore

        pages = self._clients.call(lambda client: obstore.list(client, prefix or None, chunk_size=1000))
        for page in self._clients.walk(pages):
            yield from ((item["path"], item["size"]) for item in page)

    def _stream(self, key: str, tag: str, start: int, stop: int) -> Iterator[bytes]:
        """The bytes between two places by one request, and by another from where that broke off.

        Raises `BackendError`.
        """
        left = _RESUMES
        while start < stop:
            try:
                for piece in self._stream_once(key, tag, start, stop):
                    start += len(piece)
                    yield piece
                if start < stop:
                    raise BackendError(AWAY)
            except AbsentError:
                raise BackendError(AWAY) from None  # it was there a moment ago
            except BackendError:
                left -= 1
                if not left:
                    raise

    def _stream_once(self, key: str, tag: str, start: int, stop: int) -> Iterator[bytes]:
        import obstore

        wanted: GetOptions = {"range": (start, stop), "if_match": tag or None}
        found = self._clients.call(obstore.get, key, options=wanted)
        yield from map(bytes, self._clients.walk(iter(found.stream(min_chunk_size=_STREAM_PIECE))))


def _prove(found: str, name: str) -> None:
    if found != name:
        raise IntegrityError(N_("The blob %(name)s is damaged"), name=name)


def _read_proven(file: BinaryIO, name: str) -> Iterator[bytes]:
    """A file piece by piece. Raises `IntegrityError` at its end, before it has the name, if that isn't its digest."""
    digest = hashlib.sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
        yield piece
    _prove(digest.hexdigest(), name)
