"""What a store in a bucket does beyond the common suite: faults of the object store and of the way to it."""

from __future__ import annotations

import hashlib
import io
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from opendata.db.locks import Locks
from opendata.db.session import Database
from opendata.errors import BackendError, IntegrityError, NotFoundError, OpendataError, StorageFullError, UsageError
from opendata.settings import Settings, read_settings
from opendata.storage.copying import copy_store
from opendata.storage.local import LocalStore
from opendata.storage.objects.cache import BlobCache
from opendata.storage.objects.client import S3Access, S3Place, parse_place, sign
from opendata.storage.objects.reader import BlobFile
from opendata.storage.objects.store import S3Store
from opendata.storage.opening import open_stores
from tests.ceph_server import Bucket, CephServer, Passing, SpoilingProxy, refuse_conditions, sign_and_send
from tests.storage.backends import BucketBackend, open_backend

LARGE = 40 << 20
REST = 2.1
"""Seconds for which nobody asks an object store that hung."""


@pytest.fixture
def backend(bucket: Bucket, proxy: SpoilingProxy, tmp_path: Path) -> BucketBackend:
    """A bucket behind the proxy, whose answers may take a second."""
    return BucketBackend(tmp_path, bucket, proxy.endpoint, seconds=2)


def put(store: S3Store, data: bytes) -> str:
    return store.put_stream(io.BytesIO(data))[0]


# ------------------------------------------------------------------------------------------------- without a server


def test_an_address_is_signed_as_the_standard_says() -> None:
    access = S3Access(
        endpoint="",
        region="us-east-1",
        key_id="AKIAIOSFODNN7EXAMPLE",
        secret="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        has_path_style=False,
    )
    place = S3Place("examplebucket", "", access)
    assert place.base == "https://examplebucket.s3.us-east-1.amazonaws.com"
    found = sign(place, "test.txt", 86400, {}, datetime(2013, 5, 24, tzinfo=UTC))
    assert found.startswith(
        "https://examplebucket.s3.us-east-1.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
    )
    assert len(found.rpartition("X-Amz-Signature=")[2]) == 64


@pytest.mark.parametrize(
    "text", ["s3://", "s3://A/b", "s3://bucket//x", "s3://bucket/../x", "s3://b", "s3://bucket/a b"]
)
def test_an_address_that_names_no_bucket_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        parse_place(text, S3Access())
    with pytest.raises(UsageError, match="OPENDATA_STORE must be a folder or an address"):
        read_settings({"OPENDATA_HOME": str(tmp_path), "OPENDATA_STORE": text})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"private_store": "s3://bucket/a"}, "name the same place"),
        ({"s3_key_id": "one"}, "OPENDATA_S3_SECRET must be set too"),
        ({"s3_key_id": "one", "s3_secret_file": "/nonexistent"}, "can't be read: /nonexistent"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(changed: dict[str, str], message: str, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, **{"store": "s3://bucket/a", **changed})  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=message):
        open_stores(settings, Locks(Database("sqlite://"), tmp_path).hold)


def test_a_secret_is_read_from_a_file_and_never_shown(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hidden\n")
    settings = Settings(home=tmp_path, store="s3://bucket/a", s3_key_id="one", s3_secret_file=str(tmp_path / "secret"))
    store = open_stores(settings, Locks(Database("sqlite://"), tmp_path).hold).public
    assert isinstance(store, S3Store)
    assert store.place.access.secret == "hidden"
    assert "hidden" not in repr(store.place)


class Source:
    """Bytes that are asked for piece by piece, and what was asked for."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked: list[tuple[int, int]] = []

    def fetch(self, start: int, stop: int) -> Iterator[bytes]:
        self.asked.append((start, stop))
        for place in range(start, stop, 50_000):
            yield self.data[place : min(place + 50_000, stop)]


def test_reading_on_asks_for_more_at_once_and_elsewhere_for_little() -> None:
    source = Source(random.Random(1).randbytes(12_000_000))
    with cast(BinaryIO, BlobFile(source.fetch, len(source.data))) as file:
        assert file.read() == source.data
        assert [stop - start for start, stop in source.asked] == [262144, 1048576, 4194304, 6494976]
        source.asked.clear()
        file.seek(9_000_000)
        assert file.read(10) == source.data[9_000_000:9_000_010]
        assert source.asked == [(9_000_000, 9_262_144)]
        file.seek(9_100_000)
        assert file.read(10) == source.data[9_100_000:9_100_010]
        assert len(source.asked) == 1  # so little further it is read over


def test_a_part_whose_end_is_known_is_asked_for_at_once() -> None:
    source = Source(bytes(5_000_000))
    with BlobFile(source.fetch, len(source.data)) as file:
        file.seek(1000)
        file.expect(3_000_000)
        assert len(file.read(2_999_000)) == 2_999_000
        assert source.asked == [(1000, 3_000_000)]


def test_a_blob_is_fetched_once_by_all_who_want_it_at_once(tmp_path: Path) -> None:
    data = b"x" * 100_000
    name, fetched = hashlib.sha256(data).hexdigest(), []

    def fetch() -> Iterator[bytes]:
        fetched.append(1)
        time.sleep(0.05)
        yield data

    def use(_: int) -> bytes:
        with BlobCache(tmp_path, 1 << 20).lend(name, len(data), fetch) as path:
            return path.read_bytes()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(use, range(8))) == {data}
    assert fetched == [1]


def test_the_least_used_files_make_room_but_none_in_use(tmp_path: Path) -> None:
    cache = BlobCache(tmp_path, 250)
    blobs = {hashlib.sha256(data).hexdigest(): data for data in (bytes([number]) * 100 for number in range(5))}
    names = list(blobs)

    def lend(name: str) -> object:
        return cache.lend(name, 100, lambda: iter([blobs[name]]))

    with lend(names[0]) as first:  # type: ignore[attr-defined]
        for name in names[1:]:
            with lend(name) as path:  # type: ignore[attr-defined]
                assert path.read_bytes() == blobs[name]
            time.sleep(0.01)
        assert first.read_bytes() == blobs[names[0]]
    assert {path.name for path in tmp_path.glob("??/*") if path.name[0] != "."} == {names[0], names[4]}


def test_other_bytes_than_those_named_are_not_kept(tmp_path: Path) -> None:
    cache = BlobCache(tmp_path, 1000)
    name = hashlib.sha256(b"right").hexdigest()
    with pytest.raises(IntegrityError), cache.lend(name, 5, lambda: iter([b"wrong"])):
        pass
    with cache.lend(name, 5, lambda: iter([b"ri", b"ght"])) as path:
        assert path.read_bytes() == b"right"


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def test_a_name_is_held_by_one_at_a_time(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = request.getfixturevalue("postgresql_database") if kind == "postgresql" else f"sqlite:///{tmp_path}/x.sqlite"
    databases = [Database(url) for _ in range(4)]
    inside, most = [0], [0]

    def work(database: Database) -> None:
        for _ in range(5):
            with Locks(database, tmp_path / "locks").hold("one") as require:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0.002)
                require()
                inside[0] -= 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, databases))
    for database in databases:
        database.dispose()
    assert most == [1]


# ---------------------------------------------------------------------------------------------------- with a server


@pytest.mark.slow
def test_a_large_file_is_kept_in_parts_with_little_memory(backend: BucketBackend, tmp_path: Path) -> None:
    data = random.Random(2).randbytes(LARGE)
    (tmp_path / "file").write_bytes(data)
    store = backend.open(endpoint=backend.bucket.endpoint)
    name, size = store.put_blob(tmp_path / "file")
    assert (name, size) == (hashlib.sha256(data).hexdigest(), LARGE)
    with store.local_copy(name) as path:
        assert path.read_bytes() == data
    with store.open_blob(name) as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == name
    assert store.find_state(name).size == LARGE


@pytest.mark.slow
def test_a_file_that_changes_while_it_goes_up_gets_no_name(backend: BucketBackend, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(LARGE))
    with pytest.raises(IntegrityError):
        backend.open().put_blob(tmp_path / "file", sha256="a" * 64)
    assert not backend.open().has_blob("a" * 64)
    (tmp_path / "file").write_bytes(b"small")
    with pytest.raises(IntegrityError):
        backend.open().put_blob(tmp_path / "file", sha256="a" * 64)
    assert backend.list_names() == []


@pytest.mark.slow
def test_a_gateway_that_dies_while_a_file_goes_up_leaves_nothing_of_it(
    ceph: CephServer, backend: BucketBackend, tmp_path: Path
) -> None:
    store = backend.open(endpoint=ceph.endpoint)
    before = put(store, b"before")

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() == 24 << 20:
                ceph.kill_gateway()
            return super().read(size)

    begun = time.monotonic()
    try:
        with pytest.raises(BackendError):
            store.put_known("b" * 64, LARGE, Slow(bytes(LARGE)))
        with pytest.raises(BackendError):
            store.has_blob(before)
    finally:
        ceph.start_gateway()
    assert time.monotonic() - begun < 60
    time.sleep(REST)
    assert store.has_blob(before)
    assert not store.has_blob("b" * 64)
    data = bytes(LARGE)
    assert put(store, data) == hashlib.sha256(data).hexdigest()


@pytest.mark.slow
def test_a_gateway_that_hangs_is_given_up(ceph: CephServer, backend: BucketBackend) -> None:
    store = backend.open(endpoint=ceph.endpoint)
    name = put(store, b"once")
    ceph.freeze_gateway()
    try:
        for ask in (lambda: store.has_blob(name), store.check, lambda: store.put_record("datasets/a.json", b"x")):
            begun = time.monotonic()
            with pytest.raises(BackendError) as caught:
                ask()
            assert "isn't responding" in caught.value.text
            assert time.monotonic() - begun < 10
        begun = time.monotonic()
        for _ in range(10):
            with pytest.raises(BackendError):
                store.has_blob(name)
        assert time.monotonic() - begun < 0.5  # nobody else waits meanwhile
    finally:
        ceph.thaw_gateway()
    time.sleep(REST)
    assert store.has_blob(name)


@pytest.mark.slow
def test_a_burst_of_refusals_is_waited_out(backend: BucketBackend, proxy: SpoilingProxy) -> None:
    store = backend.open()
    seen: dict[tuple[str, str], int] = {}

    def refuse_twice(asked: Passing) -> None:
        seen[asked.method, asked.path] = seen.get((asked.method, asked.path), 0) + 1
        asked.status = 503 if seen[asked.method, asked.path] <= 2 else 0

    proxy.spoil = refuse_twice
    name = put(store, b"once")
    store.put_record("datasets/one.json", b"x")
    assert store.get_record("datasets/one.json") == b"x"
    with store.open_blob(name) as file:
        assert file.read() == b"once"
    assert list(store.list_records("datasets")) == ["datasets/one.json"]
    assert 503 not in (0, *seen)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "expected", "said"),
    [(503, BackendError, "isn't responding"), (507, StorageFullError, "no room left"), (403, BackendError, "refuses")],
)
def test_what_the_object_store_says_becomes_an_error_that_says_it(
    backend: BucketBackend, proxy: SpoilingProxy, status: int, expected: type[BackendError], said: str
) -> None:
    store = backend.open()

    def refuse(asked: Passing) -> None:
        asked.status = status

    proxy.spoil = refuse
    begun = time.monotonic()
    asked: list[Callable[[], object]] = [
        lambda: store.get_record("datasets/one.json"),
        lambda: list(store.list_blobs()),
        lambda: put(store, b"x"),
    ]
    for ask in asked:
        with pytest.raises(expected) as caught:
            ask()
        assert said in caught.value.text
        assert "127.0.0.1" not in caught.value.text  # where it is, is told to operators
    assert time.monotonic() - begun < 30


@pytest.mark.slow
def test_a_wrong_secret_and_a_missing_bucket_are_named(backend: BucketBackend) -> None:
    for changed, said in (({"secret": "wrong"}, "key, secret and policy"), ({"key_id": "nobody"}, "key, secret")):
        with pytest.raises(BackendError, match=said):
            backend.open(**changed).check()
    gone = S3Store(S3Place("no-such-bucket", "", backend.access), backend.open_cache(), backend.locks.hold)
    for ask in (gone.check, lambda: gone.get_record("datasets/a.json"), lambda: put(gone, b"x")):
        with pytest.raises(BackendError, match="no such bucket"):
            ask()


@pytest.mark.slow
def test_the_encryption_that_the_settings_ask_for_is_asked_for(backend: BucketBackend, proxy: SpoilingProxy) -> None:
    sent: list[dict[str, str]] = []

    def take(asked: Passing) -> None:
        if asked.method == "PUT":
            sent.append({name.lower(): value for name, value in asked.headers.items() if "encryption" in name.lower()})
            asked.status = 200

    proxy.spoil = take
    put(backend.open(encryption="AES256"), b"once")
    put(backend.open(encryption="aws:kms", encryption_key="one"), b"once")
    put(backend.open(), b"once")
    first, second, third = sent
    assert (first["x-amz-server-side-encryption"], third) == ("AES256", {})
    assert second["x-amz-server-side-encryption"] == "aws:kms"
    assert second["x-amz-server-side-encryption-aws-kms-key-id"] == "one"


@pytest.mark.slow
def test_wrong_bytes_are_found_when_a_file_is_fetched(backend: BucketBackend, proxy: SpoilingProxy) -> None:
    store = backend.open()
    name = put(store, b"x" * 1000)

    def spoil(asked: Passing) -> None:
        if asked.method == "GET" and "blobs" in asked.path:
            asked.change = lambda data: b"y" + data[1:]

    proxy.spoil = spoil
    with pytest.raises(IntegrityError), store.local_copy(name):
        pass
    proxy.spoil = lambda _: None
    with store.local_copy(name) as path:
        assert path.read_bytes() == b"x" * 1000
    backend.overwrite(name, b"z" * 1000)
    backend.open_cache().forget(name)
    with pytest.raises(IntegrityError), backend.open().local_copy(name):
        pass


@pytest.mark.slow
def test_what_was_deleted_elsewhere_is_not_lent_from_the_cache(backend: BucketBackend, tmp_path: Path) -> None:
    store = backend.open()
    name = put(store, b"once")
    with store.local_copy(name):
        pass
    other = S3Store(store.place, BlobCache(tmp_path / "another machine", 1000), backend.locks.hold)
    other.delete_blob(name)
    with pytest.raises(NotFoundError), store.local_copy(name):
        pass
    assert not list((tmp_path / "cache").glob(f"??/{name}"))


@pytest.mark.slow
def test_reading_goes_on_where_it_broke_off(backend: BucketBackend, proxy: SpoilingProxy) -> None:
    data = random.Random(4).randbytes(3_000_000)
    name = put(backend.open(), data)
    broken = []

    def cut(asked: Passing) -> None:
        if asked.method == "GET" and "blobs" in asked.path and len(broken) < 2:
            broken.append(asked.path)
            asked.status = 500

    proxy.spoil = cut
    with backend.open().open_blob(name) as file:
        assert file.read() == data
    assert len(broken) == 2


@pytest.mark.slow
def test_an_object_store_that_takes_no_notice_of_conditions_is_found_out(
    backend: BucketBackend, proxy: SpoilingProxy
) -> None:
    assert backend.open(endpoint=backend.bucket.endpoint).is_conditional()
    proxy.spoil = refuse_conditions
    assert not backend.open().is_conditional()

    def ignore(asked: Passing) -> None:
        if asked.method == "PUT" and "If-None-Match" in {name.title() for name in asked.headers}:
            sign_and_send(backend.bucket, "PUT", asked.path, asked.body)
            asked.status = 200

    proxy.spoil = ignore
    store = backend.open()
    assert not store.is_conditional()
    store.put_record("datasets/one.json", b"first")
    with pytest.raises(IntegrityError):
        store.put_record("datasets/one.json", b"other")
    assert store.get_record("datasets/one.json") == b"first"
    assert backend.list_names() == ["datasets/one.json"]


@pytest.mark.slow
def test_an_interrupted_copy_goes_on_and_names_nothing_that_it_lacks(
    backend: BucketBackend, proxy: SpoilingProxy, tmp_path: Path
) -> None:
    source = LocalStore(tmp_path / "source")
    blobs = [source.put_stream(io.BytesIO(b"%d" % number * 100))[0] for number in range(20)]
    for number, name in enumerate(blobs):
        for key in (f"datasets/aa/one/1.{number}.0.json", "keys/1.json"):
            source.put_record(f"{key}.sig", b"signature")
            source.put_record(key, name.encode() if "datasets" in key else b"key")
    target, passed = backend.open(), [0]

    def stop(limit: list[int], asked: Passing) -> None:
        passed[0] += asked.method == "PUT"
        asked.status = 403 if passed[0] > limit[0] else 0

    for limit in ([5], [12], [17], [23], [3]):
        passed[0], proxy.spoil = 0, partial(stop, limit)
        with pytest.raises(BackendError):
            copy_store(source, target)
        proxy.spoil = lambda _: None
        for key in target.list_records("datasets"):
            assert target.has_record(key.removesuffix(".sig") + ".sig")
            if key.endswith(".json"):
                assert target.has_blob(target.get_record(key).decode())
                number = int(key.split(".")[1])
                assert number == 0 or target.has_record(f"datasets/aa/one/1.{number - 1}.0.json")
    assert len(list_all(target)) < 62
    copy_store(source, target)
    again = copy_store(source, target, full=True)
    assert (again.files, again.kept) == (0, 62)
    assert list_all(target) == list_all(source)
    back = LocalStore(tmp_path / "back")
    assert copy_store(target, back).files == 62
    assert list_all(back) == list_all(source)
    backend.overwrite(blobs[0], b"damaged!" * 13)
    with pytest.raises(IntegrityError):
        copy_store(target, LocalStore(tmp_path / "third"))


def list_all(store: LocalStore | S3Store) -> list[tuple[str, int]]:
    return list(store.list_files())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ceph", "without-conditions"])
@pytest.mark.parametrize("seed", range(3))
def test_any_sequence_of_calls_gives_what_a_folder_gives(
    kind: str, seed: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    datas = [chance.randbytes(chance.choice([0, 1, 100, 70_000, 9_000_000])) for _ in range(6)]
    names = [hashlib.sha256(data).hexdigest() for data in datas]
    keys = ["datasets/aa/one/1.0.0.json", "datasets/aa/one/1.0.0.json.sig", "entries/b/1.json", "entries/a-b/1.json"]

    def step(number: int) -> Callable[[LocalStore | S3Store], object]:
        place, key, data = chance.randrange(len(datas)), chance.choice(keys), chance.choice([b"a", b"b", b""])
        start, size = chance.randrange(80_000), chance.randrange(100_000)
        steps: list[Callable[[LocalStore | S3Store], object]] = [
            lambda store: store.put_stream(io.BytesIO(datas[place])),
            lambda store: store.put_stream(io.BytesIO(datas[place]), limit=start),
            lambda store: store.put_blob(write(number, datas[place])),
            lambda store: store.has_blob(names[place]),
            lambda store: store.find_state(names[place]).size,
            lambda store: read(store, names[place], start, size),
            lambda store: copy(store, names[place]),
            lambda store: store.delete_blob(names[place]),
            lambda store: list(store.list_blobs()),
            lambda store: store.put_record(key, data),
            lambda store: store.get_record(key),
            lambda store: store.has_record(key),
            lambda store: list(store.list_records(key.split("/")[0])),
            lambda store: list(store.list_files()),
            lambda store: abs(store.find_written(key) - time.time()) < 60,
        ]
        return chance.choice(steps)

    def write(number: int, data: bytes) -> Path:
        path = tmp_path / f"file{number}-{random.randrange(10**9)}"
        path.write_bytes(data)
        return path

    def read(store: LocalStore | S3Store, name: str, start: int, size: int) -> bytes:
        with store.open_blob(name) as file:
            file.seek(start)
            return file.read(size)

    def copy(store: LocalStore | S3Store, name: str) -> bytes:
        with store.local_copy(name) as path:
            return path.read_bytes()

    def outcome(do: Callable[[LocalStore | S3Store], object], store: LocalStore | S3Store) -> object:
        try:
            return do(store)
        except OpendataError as error:
            return type(error), str(error)

    with open_backend(kind, tmp_path / "bucket", request.getfixturevalue) as backend:
        folder, other = LocalStore(tmp_path / "folder"), backend.open()
        assert isinstance(other, S3Store)
        for number in range(120):
            do = step(number)
            assert outcome(do, other) == outcome(do, folder), number


@pytest.mark.slow
def test_many_threads_share_a_store(backend: BucketBackend) -> None:
    store = backend.open(endpoint=backend.bucket.endpoint)
    begun = threading.Barrier(8)

    def work(number: int) -> bool:
        begun.wait()
        name = put(store, b"%d" % number * 1000)
        with store.local_copy(name) as path, store.open_blob(name) as file:
            return path.read_bytes() == file.read() == b"%d" % number * 1000

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))
