"""A table in parts is read as one in a single file: the same bytes, the same rows, by every way out."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient

from opendata.domain.manifest import Manifest
from opendata.domain.parts import Part, StoredFile
from opendata.domain.resources import TableResource
from opendata.services.core.actors import Actor
from opendata.services.operations.verification.hashing import hash_joined, list_expected
from opendata.services.operations.verification.sources import open_source
from opendata.services.operations.verification.verifying import FILE_OTHER, Trust, verify
from opendata.settings import Settings
from opendata.storage.copying import copy_store
from opendata.storage.local import LocalStore
from opendata.wiring import Services, build_services
from tests.instances import hire_editor, lend_app, make_actor, make_services, publish
from tests.storage.test_instance_in_buckets import describe_place, open_both

ROWS = [f'A{number:03d},"湖,{number}",{number}.50,2026-01-{number:02d}\n' for number in range(1, 9)]
CSV = "code,name,level,measured\n" + "".join(ROWS)
PLACE = "/datasets/reservoirs/1.0.0"


STORES = ["folder", pytest.param("buckets", marks=pytest.mark.slow)]


def make(home: Any, place: Mapping[str, Any] | None = None, **settings: object) -> tuple[Services, Actor]:
    """An instance with a version, its stores in folders or at a place of an object store."""
    services = make_services(home, prepare=hire_editor, **settings)  # type: ignore[arg-type]
    if place:
        services.database.dispose()
        services = build_services(Settings(home=home, review="none", **place, **settings))  # type: ignore[arg-type]
        stores = open_both(services)
        copy_store(LocalStore(home / "store"), stores.public)
        copy_store(LocalStore(home / "private"), stores.private)
        shutil.rmtree(home / "store")
    actor = services.accounts.get_actor("editor")
    publish(services, actor, CSV)
    return services, actor


def find_place(request: pytest.FixtureRequest) -> Mapping[str, Any] | None:
    """Where the stores of a fixture with `STORES` as its parameters are."""
    if request.param == "folder":
        return None
    server = request.getfixturevalue("ceph")
    return describe_place(server.make_bucket(), server.make_bucket())


def copy_public(services: Services, folder: Path) -> Path:
    """A copy of what is public, in a folder."""
    copy_store(open_both(services).public, LocalStore(folder))
    return folder


@pytest.fixture(scope="module", params=STORES)
def parted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Services, Actor]:
    return make(tmp_path_factory.mktemp("parted"), find_place(request), part_rows=3)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Services, Actor]:
    return make(tmp_path_factory.mktemp("whole"), part_rows=8)


@pytest.fixture
def client(parted: tuple[Services, Actor]) -> Iterator[FlaskClient]:
    with lend_app(parted[0]) as app:
        yield app.test_client()


def read(parted: tuple[Services, Actor]) -> TableResource:
    return parted[0].versions.get_table("reservoirs", "1.0.0", "levels")


@pytest.mark.slow
def test_the_manifest_lists_the_parts_and_says_of_the_whole_what_it_says_of_a_single_file(
    parted: tuple[Services, Actor], whole: tuple[Services, Actor]
) -> None:
    table, single = read(parted), read(whole)
    document, plain = table.to_json(), single.to_json()
    assert {**document, "opendata": 0} == {**plain, "opendata": 0}
    assert not {"parts", "tail"} & {*plain["opendata"], *plain["opendata"]["parquet"]}
    assert [part["rows"] for part in document["opendata"]["parts"]] == [3, 3, 2]
    assert [part["path"] for part in document["opendata"]["parts"]] == [f"parts/levels.0000{n}.csv" for n in (1, 2, 3)]
    parquet = document["opendata"]["parquet"]
    assert parquet["bytes"] == sum(part["bytes"] for part in parquet["parts"]) + parquet["tail"]["bytes"]
    assert TableResource.from_json(document).file == table.file
    manifest = parted[0].versions.get_manifest("reservoirs", "1.0.0")
    assert {piece.sha256 for piece in (*table.file.pieces, *table.parquet.pieces)} <= {*manifest.list_blobs()}
    assert Manifest.from_json(json.loads(json.dumps(manifest.to_json()))).tables[0].parquet == table.parquet


def test_the_csv_is_sent_whole_and_in_ranges_from_its_parts(
    client: FlaskClient, parted: tuple[Services, Actor]
) -> None:
    answer = client.get(f"{PLACE}/levels.csv", headers={"Accept-Encoding": "identity"})
    assert answer.text == CSV
    assert answer.headers["ETag"].strip('"') == hashlib.sha256(CSV.encode()).hexdigest()
    assert client.head(f"{PLACE}/levels.csv").content_length == len(CSV.encode())
    data = CSV.encode()
    cut = read(parted).file.parts[0].bytes
    for start, end in ((0, 0), (cut - 5, cut + 5), (cut, len(data) - 1), (len(data) - 3, len(data) - 1)):
        found = client.get(f"{PLACE}/levels.csv", headers={"Range": f"bytes={start}-{end}"})
        assert (found.status_code, found.data) == (206, data[start : end + 1])
    several = client.get(f"{PLACE}/levels.csv", headers={"Range": f"bytes=0-1,{len(data) - 2}-"})
    assert several.status_code == 206
    assert data[:2] in several.data
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert client.get(f"{PLACE}/levels.csv", headers=tag).status_code == 304


def test_each_part_has_an_address_and_all_of_them_joined_are_the_table(
    client: FlaskClient, parted: tuple[Services, Actor]
) -> None:
    table = read(parted).to_json()["opendata"]
    parts = [client.get(f"{PLACE}/{part['path']}", headers={"Accept-Encoding": "identity"}) for part in table["parts"]]
    assert "".join(part.text for part in parts) == CSV
    assert parts[1].text == "".join(ROWS[3:6])
    assert "immutable" in parts[0].headers["Cache-Control"]
    files = [client.get(f"{PLACE}/{part['path']}").data for part in table["parquet"]["parts"]]
    assert [pq.read_table(io.BytesIO(data)).num_rows for data in files] == [3, 3, 2]
    joined = client.get(f"{PLACE}/levels.parquet").data
    assert joined.startswith(b"".join(files))
    assert pq.read_table(io.BytesIO(joined)).column("code").to_pylist() == [row[:4] for row in ROWS]
    for name in ("levels.00004.csv", "levels.00000.csv", "levels.1.csv", "other.00001.csv"):
        assert client.get(f"{PLACE}/parts/{name}").status_code == 404


def test_rest_lists_the_parts_of_both_files(client: FlaskClient, parted: tuple[Services, Actor]) -> None:
    table = read(parted)
    for found in (
        client.get("/api/v1/datasets/reservoirs/versions/1.0.0/resources/levels").json,
        client.get("/api/v1/datasets/reservoirs/versions/1.0.0").json["resources"][0],
    ):
        for listed, parts, suffix in (
            (found["parts"], table.file.parts, "csv"),
            (found["parquet"]["parts"], table.parquet.parts, "parquet"),
        ):
            assert [(item["hash"], item["bytes"], item["rows"]) for item in listed] == [
                (part.hash, part.bytes, part.rows) for part in parts
            ]
            places = [f"{PLACE}/parts/levels.0000{number}.{suffix}" for number in (1, 2, 3)]
            assert [item["url"].partition("/datasets/")[2] for item in listed] == [
                place.removeprefix("/datasets/") for place in places
            ]


@pytest.mark.slow
def test_every_form_page_and_answer_is_that_of_the_single_file(
    client: FlaskClient, whole: tuple[Services, Actor]
) -> None:
    api = f"/api/v1{PLACE}/levels/rows"
    paths = [f"{PLACE}/levels.{suffix}" for suffix in ("json", "jsonl", "arrow")]
    paths += [f"{PLACE}/levels.csv?excel=1", f"{PLACE}/levels.schema.json", f"{PLACE}/levels.report.json"]
    asked = [f"{api}?{query}" for query in ("limit=3&order_by=level", "where=level>3.5", "group_by=name", "offset=4")]
    sql = '/api/v1/sql?q=select code, level from "reservoirs"."levels" where level > 2 order by code'
    with lend_app(whole[0]) as app:
        other = app.test_client()
        for path in paths:
            assert client.get(path).data == other.get(path).data, path
        for path in (*asked, sql):
            one, two = client.get(path).json, other.get(path).json
            assert one["items"] == two["items"], path
            assert one["items"], path
    seen, cursor = [], ""
    while cursor is not None:
        page = client.get(f"{api}?limit=3&select=code" + (f"&cursor={cursor}" if cursor else "")).json
        seen += [row["code"] for row in page["items"]]
        cursor = page["next"]
    assert seen == [row[:4] for row in ROWS]
    for path in (f"{PLACE}/", f"{PLACE}/levels", f"{PLACE}/levels.xlsx", f"{PLACE}/datapackage.zip"):
        assert client.get(path).status_code == 200, path


def test_a_version_in_parts_is_verified_where_it_lies_and_every_wrong_part_is_told(
    parted: tuple[Services, Actor], tmp_path: Path
) -> None:
    services, actor = parted
    copy = copy_public(services, tmp_path / "store")
    found = verify(open_source(str(copy)), Trust())
    assert (found.findings, found.files) == ([], 2)
    services.exports.export("reservoirs", None, tmp_path / "package", actor)
    assert verify(open_source(str(tmp_path / "package")), Trust(keys=found.keys)).findings == []
    assert (tmp_path / "package" / "levels.csv").read_text() == CSV
    table = read(parted)
    for piece in (table.file.pieces[1], table.parquet.pieces[-1]):
        blob = copy / "blobs" / "sha256" / piece.sha256[:2] / piece.sha256
        kept = blob.read_bytes()
        blob.chmod(0o600)
        blob.write_bytes(kept[:-1] + b"!")
        assert [item.what for item in verify(open_source(str(copy)), Trust()).findings] == [FILE_OTHER]
        blob.write_bytes(kept)


def test_parts_that_don_t_fit_the_bytes_are_told_though_the_whole_does() -> None:
    whole = hashlib.sha256(b"abcdef").hexdigest()
    parts = tuple(Part(hashlib.sha256(data).hexdigest(), len(data), 1) for data in (b"ab", b"", b"cdef"))
    file = StoredFile(whole, 6, parts)
    for blocks in ([b"abcdef"], [b"a", b"bc", b"def"], [b"ab", b"cdef"]):
        assert list(hash_joined(blocks, file)) == list(list_expected(file))
    assert list(hash_joined([b"abcdef"], StoredFile(whole, 6, parts[1:]))) != list(list_expected(file))


def test_pages_list_the_parts_in_both_languages(client: FlaskClient) -> None:
    for language, label in (("zh", "分片文件"), ("en", "Files in parts")):
        page = client.get(f"{PLACE}/?lang={language}").text
        assert label in page
        assert f'href="{PLACE}/parts/levels.00003.parquet"' in page
    assert "/parts/levels.00001.csv" in client.get(f"{PLACE}/", headers={"Accept": "text/markdown"}).text


@pytest.fixture(params=STORES)
def passing(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Services, Actor]:
    """An instance of a test's own."""
    return make(tmp_path / "instance", find_place(request), part_rows=3)


@pytest.mark.slow
def test_what_was_cut_is_kept_once_and_every_part_goes_with_the_version(
    passing: tuple[Services, Actor], tmp_path: Path
) -> None:
    services, _ = passing
    table = read(passing)
    stores = open_both(services)
    public, private = stores.public, stores.private
    names = {piece.sha256 for piece in (*table.file.pieces, *table.parquet.pieces)}
    assert names <= {name for name, _ in public.list_blobs()}
    assert not public.has_blob(table.file.sha256)
    kept = []
    for name, _ in private.list_blobs():
        with private.open_blob(name) as file:
            kept.append(file.read())
    counts = [pq.read_metadata(io.BytesIO(data)).num_rows for data in kept if data[:4] == data[-4:] == b"PAR1"]
    assert sorted(counts) == [2, 3, 3]
    assert services.checking.run(full=True).findings == []
    copy = LocalStore(tmp_path / "copy")
    copy_store(public, copy)
    assert {name for name, _ in copy.list_blobs()} == {name for name, _ in public.list_blobs()}
    maintainer = make_actor(services, "maintainer", "maintainer")
    services.withdrawals.withdraw(
        maintainer, "reservoirs", "1.0.0", reason="a reason", legal_basis="a basis", erase=True
    )
    left = {name for store in (public, private) for name, _ in store.list_blobs()}
    assert not names & left
    assert services.checking.run(full=True).findings == []
