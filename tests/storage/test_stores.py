"""What every store does, whatever keeps the bytes: one suite, run over each of them."""

from __future__ import annotations

import hashlib
import io
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from opendata.errors import IntegrityError, NotFoundError, OpendataError, TooLargeError
from opendata.storage.local import LocalStore
from opendata.storage.store import Store, blob_key, entry_key, manifest_key, publisher_key, schema_key, shard
from tests.storage.backends import KINDS, Backend, FolderBackend, open_backend

WRITERS = 8
HOSTILE_NAMES = ["", "..", "../../etc/passwd", "/etc/passwd", "a" * 63, "A" * 64, "g" * 64, "a" * 63 + "\0", "é" * 64]
HOSTILE_KEYS = [
    "",
    "..",
    "../outside.json",
    "datasets/../../outside.json",
    "/etc/passwd",
    "datasets/a\0b.json",
    "datasets//a.json",
    "datasets/.hidden",
    "datasets/a.json/",
    "data sets/a.json",
    "datasets\\a.json",
    "~/a.json",
    "blobs/sha256/aa/a.json",
    "tmp/a.json",
    "datasets/" + "a" * 300,
    "数据.json",
]


class Endless:
    """A stream of a byte repeated, counting what is read of it."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.read_bytes = 0

    def read(self, size: int = -1) -> bytes:
        count = self.left if size < 0 else min(size, self.left)
        self.left -= count
        self.read_bytes += count
        return b"x" * count


class Breaking(io.BytesIO):
    """A connection that breaks after its first bytes."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise ConnectionResetError("gone")
        return super().read(10)


@pytest.fixture(params=KINDS)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    with open_backend(request.param, tmp_path, request.getfixturevalue) as found:
        yield found


@pytest.fixture
def open_store(backend: Backend) -> Callable[[], Store]:
    return backend.open


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    return open_store()


def put(store: Store, data: bytes) -> str:
    return store.put_stream(io.BytesIO(data))[0]


def at_once(function: Callable[[int], object]) -> list[object]:
    """What `function` gives or raises in each of several threads that begin together."""
    barrier = threading.Barrier(WRITERS)

    def run(number: int) -> object:
        barrier.wait()
        try:
            return function(number)
        except OpendataError as error:
            return error

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(run, range(WRITERS)))


def test_a_blob_is_named_by_its_content_and_comes_back_whole(store: Store, tmp_path: Path) -> None:
    data = bytes(range(256)) * 10
    (tmp_path / "file").write_bytes(data)
    name, size = store.put_blob(tmp_path / "file")
    assert (name, size) == (hashlib.sha256(data).hexdigest(), len(data))
    assert store.has_blob(name)
    with store.local_copy(name) as path:
        assert path.read_bytes() == data
    with store.open_blob(name) as stream:
        stream.seek(256)
        assert stream.read() == data[256:]
    assert (tmp_path / "file").read_bytes() == data


def test_an_empty_blob_is_a_blob(store: Store) -> None:
    name = put(store, b"")
    assert name == hashlib.sha256(b"").hexdigest()
    with store.open_blob(name) as stream:
        assert stream.read() == b""


def test_the_same_bytes_again_change_nothing(store: Store) -> None:
    name = put(store, b"once")
    before = store.find_state(name)
    assert put(store, b"once") == name
    after = store.find_state(name)
    assert (after.size, after.written) == (before.size, before.written) == (4, before.written)
    with store.open_blob(name) as stream:
        assert stream.read() == b"once"


def test_a_stream_of_many_chunks_is_kept_whole(store: Store) -> None:
    size = 3 * (1 << 20) + 17
    name, kept = store.put_stream(Endless(size))  # type: ignore[arg-type]
    assert (name, kept) == (hashlib.sha256(b"x" * size).hexdigest(), size)
    assert store.find_state(name).size == size


def test_the_mark_of_a_blob_tells_that_somebody_wrote_to_it(store: Store, backend: Backend) -> None:
    name = put(store, b"once")
    before = store.find_state(name)
    assert store.find_state(name) == before
    backend.overwrite(name, b"Once")
    assert store.find_state(name).mark != before.mark


def test_the_mark_of_a_blob_tells_that_it_was_kept_again(open_store: Callable[[], Store]) -> None:
    name = put(open_store(), b"once")
    before = open_store().find_state(name)
    assert put(open_store(), b"once") == name
    after = open_store().find_state(name)
    assert (after.mark != before.mark, after.kept >= before.kept, after.written) == (True, True, before.written)


def test_a_blob_goes_for_good(store: Store, backend: Backend) -> None:
    name = put(store, b"once")
    store.delete_blob(name)
    store.delete_blob(name)
    assert not store.has_blob(name)
    with pytest.raises(NotFoundError), store.local_copy(name):
        pass
    assert backend.list_names() == []


def test_blobs_are_listed_in_the_order_of_their_names(store: Store) -> None:
    sizes = {put(store, b"x" * number): number for number in range(30)}
    store.put_record("datasets/aa/one/1.0.0.json", b"no blob")
    assert list(store.list_blobs()) == sorted(sizes.items())


def test_a_record_knows_when_it_was_written(store: Store) -> None:
    store.put_record("datasets/one.json", b"x")
    assert abs(store.find_written("datasets/one.json") - time.time()) < 60
    with pytest.raises(NotFoundError):
        store.find_written("datasets/two.json")


def test_any_part_of_a_large_blob_is_read(store: Store) -> None:
    data = random.Random(3).randbytes(9_000_000)
    name = put(store, data)
    with store.open_blob(name) as stream:
        for start in (0, 8_999_990, 12, 300_000, 300_100, 7_000_000, 9_000_000, 9_000_001):
            assert stream.seek(start) == stream.tell() == start
            assert stream.read(1000) == data[start : start + 1000]
        stream.seek(-5, 2)
        assert stream.read() == data[-5:]
        stream.seek(0)
        assert stream.read() == data
        assert stream.read(1) == b""


def test_what_was_never_kept_is_not_found(store: Store) -> None:
    name = hashlib.sha256(b"never").hexdigest()
    assert not store.has_blob(name)
    assert not store.has_record("datasets/aa/never/1.0.0.json")
    for read in (
        lambda: store.open_blob(name),
        lambda: store.local_copy(name).__enter__(),
        lambda: store.find_state(name),
        lambda: store.get_record("datasets/never.json"),
    ):
        with pytest.raises(NotFoundError):
            read()


def test_a_stream_of_the_limit_is_kept_and_of_a_byte_more_refused(store: Store, backend: Backend) -> None:
    assert store.put_stream(io.BytesIO(b"x" * 1000), limit=1000)[1] == 1000
    before = backend.list_names()
    stream = Endless(1 << 40)
    with pytest.raises(TooLargeError) as caught:
        store.put_stream(stream, limit=1001)  # type: ignore[arg-type]
    assert "1001" in caught.value.text
    assert stream.read_bytes < 1 << 23
    assert backend.list_names() == before


def test_a_broken_stream_leaves_nothing_behind(store: Store, backend: Backend) -> None:
    with pytest.raises(ConnectionResetError):
        store.put_stream(Breaking(b"x" * 100))
    assert backend.list_names() == []


def test_concurrent_writers_of_one_blob_leave_one_whole_blob(open_store: Callable[[], Store], backend: Backend) -> None:
    data = b"z" * 300_000
    names = at_once(lambda _: put(open_store(), data))
    assert set(names) == {hashlib.sha256(data).hexdigest()}
    (only,) = set(names)
    assert backend.list_names() == [blob_key(str(only))]
    with open_store().local_copy(str(only)) as path:
        assert path.read_bytes() == data


def test_concurrent_writers_of_one_record_agree_on_the_first(open_store: Callable[[], Store], backend: Backend) -> None:
    found = at_once(lambda number: open_store().put_record("datasets/one.json", b"%d" % number))
    winner = int(open_store().get_record("datasets/one.json"))
    assert found[winner] is None
    losers = [item for number, item in enumerate(found) if number != winner]
    assert all(isinstance(item, IntegrityError) for item in losers)
    assert backend.list_names() == ["datasets/one.json"]


def test_concurrent_writers_of_different_things_do_not_disturb_each_other(open_store: Callable[[], Store]) -> None:
    def write(number: int) -> None:
        store = open_store()
        for count in range(5):
            put(store, b"%d-%d" % (number, count))
            store.put_record(f"entries/aa/{number}/{count}.json", b"%d" % count)

    assert at_once(write) == [None] * WRITERS
    assert len(list(open_store().list_records("entries"))) == WRITERS * 5


def test_processes_writing_the_same_at_once_all_succeed(tmp_path: Path) -> None:
    code = (
        "import io, sys; from pathlib import Path; from opendata.storage.local import LocalStore\n"
        "store = LocalStore(Path(sys.argv[1])); sys.stdin.readline()\n"
        "for n in range(30):\n"
        "    print(store.put_stream(io.BytesIO(b'%d' % n * 1000))[0])\n"
        "    store.put_record(f'datasets/{n}.json', b'%d' % n)\n"
    )
    children = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "store")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    outputs = [child.communicate()[0] for child in children]
    assert [child.returncode for child in children] == [0, 0, 0]
    assert len(set(outputs)) == 1
    store = LocalStore(tmp_path / "store")
    for number, name in enumerate(outputs[0].split()):
        with store.open_blob(name) as stream:
            assert stream.read() == b"%d" % number * 1000
        assert store.get_record(f"datasets/{number}.json") == b"%d" % number
    assert len(FolderBackend(tmp_path).list_names()) == 60


def test_a_record_is_written_once(store: Store) -> None:
    store.put_record("datasets/aa/one/1.0.0.json", b"first")
    store.put_record("datasets/aa/one/1.0.0.json", b"first")
    with pytest.raises(IntegrityError) as caught:
        store.put_record("datasets/aa/one/1.0.0.json", b"other")
    assert "datasets/aa/one/1.0.0.json" in caught.value.text
    assert store.get_record("datasets/aa/one/1.0.0.json") == b"first"


def test_every_file_is_read_only_and_no_temporary_one_is_left(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    put(store, b"blob")
    store.put_record("datasets/aa/one/1.0.0.json", b"record")
    with pytest.raises(IntegrityError):
        store.put_record("datasets/aa/one/1.0.0.json", b"other")
    files = list_files(tmp_path)
    assert [oct(path.stat().st_mode & 0o777) for path in files] == ["0o444", "0o444"]
    assert not [path for path in files if "tmp" in path.relative_to(tmp_path).parts]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_name_that_is_no_digest_is_no_blob(store: Store, name: str) -> None:
    for read in (store.open_blob, store.find_state, store.has_blob):
        with pytest.raises(NotFoundError):
            read(name)
    with pytest.raises(NotFoundError), store.local_copy(name):
        pass


@pytest.mark.parametrize("key", HOSTILE_KEYS)
def test_a_key_that_leads_elsewhere_is_neither_written_nor_read(store: Store, backend: Backend, key: str) -> None:
    for use in (lambda: store.put_record(key, b"x"), lambda: store.get_record(key), lambda: store.has_record(key)):
        with pytest.raises(NotFoundError):
            use()
    with pytest.raises(NotFoundError):
        list(store.list_records(key))
    assert backend.list_names() == []


def test_a_folder_of_records_is_no_record_and_a_record_no_folder(store: Store) -> None:
    store.put_record("publishers/water/1.json", b"x")
    for key in ("publishers/water", "publishers/water/1.json/2.json"):
        assert not store.has_record(key)
        with pytest.raises(NotFoundError):
            store.get_record(key)


def test_records_are_listed_below_a_folder_in_the_order_of_their_keys(store: Store) -> None:
    keys = ["entries/a/1.json", "entries/a-b/1.json", "entries/a/10.json", "entries/a/2.json", "entries/a_b/1.json"]
    for key in [*reversed(keys), "publishers/a/1.json"]:
        store.put_record(key, key.encode())
    put(store, b"no record")
    assert list(store.list_records("entries")) == sorted(keys)
    assert list(store.list_records("entries/a")) == ["entries/a/1.json", "entries/a/10.json", "entries/a/2.json"]
    assert list(store.list_records("schemas")) == []


def test_keys_spread_datasets_by_their_digest() -> None:
    assert shard("reservoirs") == hashlib.sha256(b"reservoirs").hexdigest()[:2]
    assert manifest_key("reservoirs", "1.0.0") == f"datasets/{shard('reservoirs')}/reservoirs/1.0.0.json"
    assert entry_key("reservoirs", 3) == f"entries/{shard('reservoirs')}/reservoirs/3.json"
    assert publisher_key("water", 1) == "publishers/water/1.json"
    assert schema_key("levels", "1.2.3") == "schemas/levels/1.2.3.json"


def list_files(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "store").rglob("*") if path.is_file())
