"""The files of a version: immutable, verifiable, in parts; `latest` leads to the newest."""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.sending.forms import name_file
from opendata.sending.ranges import MAX_RANGES, parse_ranges
from tests.instances import CSV, publish
from tests.web.conftest import PASSWORD, SAMPLE, Portal, make_portal

FILES = ("datapackage.json", "datapackage.json.sig", "levels.csv", "levels.parquet", "levels.schema.json")
PLACE = "/datasets/reservoirs/1.1.0/"


@pytest.mark.parametrize("name", FILES)
def test_a_file_tells_its_digest_and_may_be_kept_for_ever(portal: Portal, name: str) -> None:
    answer = portal.client().get(PLACE + name)
    digest = hashlib.sha256(answer.data)
    assert answer.status_code == 200
    assert answer.headers["ETag"] == f'"{digest.hexdigest()}"'
    assert answer.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, s-maxage=86400, immutable"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Content-Digest"] == answer.headers["Repr-Digest"]
    assert ("Vary" in answer.headers) == name.endswith(".csv")
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("name", FILES)
def test_a_file_in_hand_is_not_sent_again(portal: Portal, name: str) -> None:
    client = portal.client()
    tag = client.get(PLACE + name).headers["ETag"]
    again = client.get(PLACE + name, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == tag
    assert client.get(PLACE + name, headers={"If-None-Match": '"other"'}).status_code == 200


def test_the_manifest_names_the_digests_of_what_is_served(portal: Portal) -> None:
    client = portal.client()
    for resource in client.get(PLACE + "datapackage.json").json["resources"]:
        for part in (resource, resource["opendata"]["parquet"]):
            data = client.get(PLACE + part["path"]).data
            assert part["hash"] == "sha256:" + hashlib.sha256(data).hexdigest()
            assert part["bytes"] == len(data)


def test_a_table_has_a_name_a_type_and_its_manifest(portal: Portal) -> None:
    answer = portal.client().get(PLACE + "levels.csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename=reservoirs-1.1.0-levels.csv"
    assert answer.headers["Link"].split(", ") == [
        f'<{PLACE}levels.csv-metadata.json>; rel="describedby"; type="application/csvm+json"',
        f'<{PLACE}datapackage.json>; rel="describedby"; type="application/json"',
        f'<{PLACE}levels.schema.json>; rel="describedby"; type="application/schema+json"',
        '<https://creativecommons.org/licenses/by/4.0/>; rel="license"',
        '</datasets/reservoirs/latest/levels.csv>; rel="latest-version"',
        '</datasets/reservoirs/1.0.0/levels.csv>; rel="predecessor-version"',
        '</datasets/reservoirs/versions>; rel="version-history"',
        '</datasets/reservoirs/1.1.0/>; rel="cite-as"',
        '</datasets/reservoirs/1.1.0/>; rel="collection"; type="text/html"',
    ]
    assert "predecessor" not in portal.client().get("/datasets/reservoirs/1.0.0/levels.csv").headers["Link"]
    assert portal.client().get(PLACE + "levels.parquet").content_type == "application/vnd.apache.parquet"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("bytes=0-9", slice(0, 10)),
        ("bytes=5-", slice(5, None)),
        ("bytes=-7", slice(-7, None)),
        ("bytes=2-2", slice(2, 3)),
    ],
)
def test_a_range_gives_just_that_part(portal: Portal, wanted: str, expected: slice) -> None:
    client = portal.client()
    whole = client.get(PLACE + "levels.parquet")
    part = client.get(PLACE + "levels.parquet", headers={"Range": wanted})
    start, stop, _ = expected.indices(len(whole.data))
    assert part.status_code == 206
    assert part.data == whole.data[expected]
    assert part.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(whole.data)}"
    assert int(part.headers["Content-Length"]) == len(part.data)
    assert part.headers["Repr-Digest"] == whole.headers["Repr-Digest"]


def test_a_range_beyond_the_end_is_refused_with_the_size(portal: Portal) -> None:
    client = portal.client()
    size = len(client.get(PLACE + "levels.csv").data)
    answer = client.get(PLACE + "levels.csv", headers={"Range": f"bytes={size}-"})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{size}"
    assert answer.content_type == "application/problem+json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("wanted", ["lines=1-2", "bytes=9-2", "bytes=1-2,x", "bytes=", "nonsense"])
def test_a_range_we_do_not_serve_gives_the_whole(portal: Portal, wanted: str) -> None:
    answer = portal.client().get(PLACE + "levels.csv", headers={"Range": wanted})
    assert answer.status_code == 200
    assert int(answer.headers["Content-Length"]) == len(answer.data)


def test_a_range_of_other_bytes_than_those_in_hand_gives_the_whole(portal: Portal) -> None:
    client = portal.client()
    tag = client.get(PLACE + "levels.csv").headers["ETag"]
    same = client.get(PLACE + "levels.csv", headers={"Range": "bytes=0-3", "If-Range": tag})
    other = client.get(PLACE + "levels.csv", headers={"Range": "bytes=0-3", "If-Range": '"other"'})
    assert (same.status_code, other.status_code) == (206, 200)


@pytest.mark.parametrize("name", FILES)
def test_head_says_the_same_without_the_bytes(portal: Portal, name: str) -> None:
    client = portal.client()
    whole, head = client.get(PLACE + name), client.head(PLACE + name)
    assert head.data == b""
    for header in ("Content-Length", "ETag", "Content-Type", "Repr-Digest", "Cache-Control"):
        assert head.headers[header] == whole.headers[header]


def test_the_report_has_counts_and_no_cells(portal: Portal) -> None:
    answer = portal.client().get(PLACE + "levels.report.json")
    assert answer.json["valid"] is True
    assert "max-age=3600" in answer.headers["Cache-Control"]
    assert "西湖" not in answer.text


@pytest.mark.parametrize("rest", ["", "datapackage.json", "levels.csv?x=1&y=%E6%B0%B4", "levels.schema.json"])
def test_latest_leads_to_the_newest_version_with_path_and_query(portal: Portal, rest: str) -> None:
    answer = portal.client().get("/datasets/reservoirs/latest/" + rest)
    assert answer.status_code == 302
    assert answer.headers["Location"] == PLACE + rest
    assert answer.headers["Cache-Control"] == "no-cache"


def test_a_schema_of_the_library_is_immutable(portal: Portal) -> None:
    answer = portal.client().get("/schemas/reservoir/1.0.0.json")
    assert answer.json["primaryKey"] == ["code"]
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    "path",
    [
        PLACE + "none.csv",
        PLACE + "levels.xls",
        "/datasets/reservoirs/9.9.9/levels.csv",
        "/datasets/reservoirs/1.0/datapackage.json",
        "/datasets/nothing/latest/levels.csv",
        "/datasets/reservoirs/latest/../../../etc/passwd",
        "/datasets/reservoirs/1.1.0/..%2f..%2fkeys/session.secret.csv",
        "/schemas/reservoir/2.0.0.json",
    ],
)
def test_what_is_not_there_is_a_problem(portal: Portal, path: str) -> None:
    answer = portal.client().get(path, headers={"Accept": "*/*"}, follow_redirects=True)
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"


def test_programs_of_other_sites_may_ask_for_ranges(portal: Portal) -> None:
    answer = portal.client().options(PLACE + "levels.parquet", headers={"Origin": "https://example.org"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Range" in answer.headers["Access-Control-Allow-Headers"]


def test_a_name_in_any_script_is_carried_in_the_header() -> None:
    assert name_file("水.csv") == "attachment; filename=_.csv; filename*=UTF-8''%E6%B0%B4.csv"


FORMS = {
    "levels.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "levels.json": "application/json",
    "levels.jsonl": "application/jsonl",
    "levels.arrow": "application/vnd.apache.arrow.file",
    "levels.csv?excel=1": "text/csv; charset=utf-8",
    "datapackage.zip": "application/zip",
}


@pytest.mark.parametrize("name", FORMS)
def test_a_derived_form_has_validators_of_its_own_and_is_kept_for_an_hour(portal: Portal, name: str) -> None:
    client = portal.client()
    answer = client.get(PLACE + name)
    digest = hashlib.sha256(answer.data)
    assert (answer.status_code, answer.content_type) == (200, FORMS[name])
    assert answer.headers["ETag"] == f'"{digest.hexdigest()}"'
    assert answer.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    part = client.get(PLACE + name, headers={"Range": "bytes=3-9", "If-Range": answer.headers["ETag"]})
    assert (part.status_code, part.data) == (206, answer.data[3:10])
    head = client.head(PLACE + name)
    assert (head.data, head.headers["Content-Length"]) == (b"", str(len(answer.data)))
    assert client.get(PLACE + name, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    ("name", "plain", "shown"),
    [
        ("levels.xlsx", "reservoirs-1.0.0-levels.xlsx", "水位表-1.0.0.xlsx"),
        ("levels.csv?excel=1", "reservoirs-1.0.0-levels-excel.csv", "水位表-1.0.0-excel.csv"),
        ("datapackage.zip", "reservoirs-1.0.0.zip", "水库-1.0.0.zip"),
    ],
)
def test_forms_for_people_are_called_what_the_table_is_called(
    portal: Portal, name: str, plain: str, shown: str
) -> None:
    answer = portal.client().get("/datasets/reservoirs/1.0.0/" + name)
    assert answer.headers["Content-Disposition"] == f"attachment; filename={plain}; filename*=UTF-8''{quote(shown)}"


@pytest.mark.parametrize("name", ["levels.csv", "levels.json", "levels.jsonl", "levels.csv?excel=1"])
@pytest.mark.parametrize("coding", ["zstd", "gzip"])
def test_each_coding_of_text_has_its_own_bytes_tag_and_digest(library: Portal, name: str, coding: str) -> None:
    client, place = library.client(), "/datasets/long/1.0.0/"
    plain = client.get(place + name.replace("levels", "long"))
    coded = client.get(place + name.replace("levels", "long"), headers={"Accept-Encoding": coding})
    assert coded.headers["Content-Encoding"] == coding
    assert plain.headers["Vary"] == coded.headers["Vary"] == "Accept-Encoding"
    assert coded.headers["Cache-Control"] == plain.headers["Cache-Control"]
    digest = hashlib.sha256(coded.data)
    assert coded.headers["ETag"] == f'"{digest.hexdigest()}"' != plain.headers["ETag"]
    assert coded.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    data = (
        gzip.decompress(coded.data)
        if coding == "gzip"
        else pa.input_stream(pa.BufferReader(coded.data), compression="zstd").read()
    )
    assert data == plain.data


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, zstd", "zstd"),
        ("gzip, deflate, br", "gzip"),
        ("zstd;q=0.5, gzip", "gzip"),
        ("*", "zstd"),
        ("identity", None),
        ("gzip;q=0", None),
        ("gzip;q=0.5, identity", None),
        ("br", None),
    ],
)
def test_the_reader_gets_the_coding_it_likes_best(library: Portal, accepted: str, coding: str | None) -> None:
    answer = library.client().get("/datasets/long/1.0.0/long.csv", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("Content-Encoding") == coding


def test_a_range_and_a_binary_form_are_never_coded(library: Portal) -> None:
    client, place = library.client(), "/datasets/long/1.0.0/"
    part = client.get(place + "long.csv", headers={"Accept-Encoding": "gzip", "Range": "bytes=0-9"})
    assert (part.status_code, part.headers["Vary"]) == (206, "Accept-Encoding")
    assert "Content-Encoding" not in part.headers
    for name in ("long.parquet", "long.arrow", "long.xlsx", "datapackage.zip"):
        answer = client.get(place + name, headers={"Accept-Encoding": "gzip, zstd"})
        assert "Content-Encoding" not in answer.headers
        assert "Vary" not in answer.headers


def test_several_ranges_come_as_parts_that_each_say_what_they_are(library: Portal) -> None:
    client, address = library.client(), "/datasets/long/1.0.0/long.csv"
    whole = client.get(address).data
    answer = client.get(address, headers={"Range": "bytes=0-9, 1000-1009,-5"})
    assert answer.status_code == 206
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert "Content-Range" not in answer.headers
    head = f"Content-Type: {answer.content_type}\r\n\r\n".encode()
    parts = message_from_bytes(head + answer.data).get_payload()
    size = len(whole)
    spans = [(0, 10), (1000, 1010), (size - 5, size)]
    assert [part.get_payload(decode=True) for part in parts] == [whole[start:stop] for start, stop in spans]
    assert [part["Content-Range"] for part in parts] == [f"bytes {a}-{b - 1}/{size}" for a, b in spans]
    assert {part["Content-Type"] for part in parts} == {"text/csv; charset=utf-8"}
    assert client.get(address, headers={"Range": "bytes=0-9,1000-1009,-5"}).data == answer.data


@pytest.mark.parametrize("wanted", ["bytes=0-9,5-20", "bytes=10-20,0-30", "bytes=0-20,50-60", f"bytes=0-60,{10**9}-"])
def test_ranges_that_overlap_or_nearly_touch_are_one(library: Portal, wanted: str) -> None:
    answer = library.client().get("/datasets/long/1.0.0/long.csv", headers={"Range": wanted})
    assert (answer.status_code, answer.content_type) == (206, "text/csv; charset=utf-8")
    assert answer.headers["Content-Range"].startswith("bytes 0-")


def test_who_asks_for_many_parts_gets_the_whole(library: Portal) -> None:
    wanted = "bytes=" + ",".join(f"{place * 200}-{place * 200}" for place in range(MAX_RANGES + 1))
    assert library.client().get("/datasets/long/1.0.0/long.csv", headers={"Range": wanted}).status_code == 200


@given(st.integers(0, 2000), st.lists(st.tuples(st.none() | st.integers(0, 2100), st.none() | st.integers(0, 2100))))
def test_ranges_are_those_bytes_and_no_others(size: int, asked: list[tuple[int | None, int | None]]) -> None:
    specs = [f"{'' if first is None else first}-{'' if last is None else last}" for first, last in asked]
    valid = bool(asked) and all(
        pair != (None, None) and (None in pair or pair[0] <= pair[1])  # type: ignore[operator]
        for pair in asked
    )
    found = parse_ranges("bytes=" + ",".join(specs), size)
    wanted: set[int] = set()
    for first, last in asked:
        start = max(size - (last or 0), 0) if first is None else first
        wanted |= set(range(start, size if first is None or last is None else min(size, last + 1)))
    if not valid:
        assert found is None
    elif found is not None:
        sent = {place for start, stop in found for place in range(start, stop)}
        assert wanted <= sent
        assert len(found) <= MAX_RANGES
        assert all(0 <= start < stop <= size for start, stop in found)
        assert bool(found) == bool(wanted)


@pytest.mark.parametrize("name", FILES)
def test_who_wants_other_bytes_than_these_is_told(portal: Portal, name: str) -> None:
    client = portal.client()
    tag = client.get(PLACE + name).headers["ETag"]
    for wanted, status in ((tag, 200), ("*", 200), (f'"x", {tag}', 200), ('"x"', 412), (f"W/{tag}", 412)):
        assert client.get(PLACE + name, headers={"If-Match": wanted}).status_code == status


@pytest.mark.parametrize("wanted", ["W/{tag}", "Mon, 23 Nov 2026 00:00:00 GMT"])
def test_if_range_needs_a_strong_validator(portal: Portal, wanted: str) -> None:
    client = portal.client()
    tag = client.get(PLACE + "levels.csv").headers["ETag"]
    headers = {"Range": "bytes=0-3", "If-Range": wanted.format(tag=tag)}
    assert client.get(PLACE + "levels.csv", headers=headers).status_code == 200


def test_a_date_in_a_condition_changes_nothing(portal: Portal) -> None:
    answer = portal.client().get(PLACE + "levels.csv", headers={"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"})
    assert answer.status_code == 200
    assert "Last-Modified" not in answer.headers


@pytest.mark.parametrize(
    ("want", "algorithm"),
    [
        ("sha-256=1, sha-512=2", "sha512"),
        ("sha-512=10", "sha512"),
        ("sha-512=3, sha-256=3", "sha256"),
        ("sha-512=0, sha-256=5", "sha256"),
        ("md5=10", "sha256"),
        ("nonsense", "sha256"),
        ("sha-512=11", "sha256"),
        ("sha-256=0", None),
    ],
)
def test_the_digest_is_by_the_algorithm_wanted(portal: Portal, want: str, algorithm: str | None) -> None:
    for name in ("levels.csv", "datapackage.json", "levels.json"):
        answer = portal.client().get(PLACE + name, headers={"Want-Repr-Digest": want, "Want-Content-Digest": want})
        expected = None
        if algorithm:
            digest = base64.b64encode(hashlib.new(algorithm, answer.data).digest()).decode()
            expected = f"{algorithm[:3]}-{algorithm[3:]}=:{digest}:"
        assert answer.headers.get("Repr-Digest") == answer.headers.get("Content-Digest") == expected


def test_the_content_digest_of_a_part_is_of_that_part(portal: Portal) -> None:
    headers = {"Range": "bytes=5-20", "Want-Content-Digest": "sha-256=1"}
    answer = portal.client().get(PLACE + "levels.csv", headers=headers)
    digest = base64.b64encode(hashlib.sha256(answer.data).digest()).decode()
    assert answer.headers["Content-Digest"] == f"sha-256=:{digest}:" != answer.headers["Repr-Digest"]


def test_nginx_is_told_where_the_file_lies_and_sends_it(tmp_path: Path) -> None:
    with make_portal(tmp_path / "desk", accel_prefix="/_files") as desk:
        boss = desk.services.accounts.sign_in("boss", PASSWORD)[0]
        desk.services.datasets.create(boss, SAMPLE)
        publish(desk.services, boss, CSV)
        client, place = desk.client(), "/datasets/reservoirs/1.0.0/"
        answer = client.get(place + "levels.csv")
        sha256 = answer.headers["ETag"].strip('"')
        assert answer.headers["X-Accel-Redirect"] == f"/_files/store/blobs/sha256/{sha256[:2]}/{sha256}"
        assert (answer.data, answer.headers["Content-Length"]) == (b"", "0")
        assert client.get(place + "levels.xlsx").headers["X-Accel-Redirect"].startswith("/_files/derived/")
        part = client.get(place + "levels.csv", headers={"Range": "bytes=0-3"})
        assert (part.data, "X-Accel-Redirect" in part.headers) == (b"code", False)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal with a table long enough to be compressed."""
    with make_portal(tmp_path_factory.mktemp("library")) as built:
        boss = built.services.accounts.sign_in("boss", PASSWORD)[0]
        built.services.datasets.create(boss, {**SAMPLE, "id": "long"})
        text = "n,text\n" + "".join(f"{n},第{n}行\n" for n in range(2000))
        publish(built.services, boss, text, dataset="long", name="long", schema=None)
        yield built


def test_a_download_is_a_get_that_sends_the_first_bytes_of_a_table_or_package(portal: Portal) -> None:
    client, downloads = portal.client(), portal.services.downloads
    tag = client.head(f"{PLACE}levels.csv").headers["ETag"]
    entry = portal.services.datasets.get("reservoirs")

    def read() -> dict[tuple[str, str], int]:
        downloads.flush()
        found = downloads.describe(entry, None)
        return {(item.resource, item.format): item.downloads for item in found.files} if found else {}

    before = read()
    for headers in (
        {"If-None-Match": tag},
        {"Range": "bytes=5-9"},
        {"Range": "bytes=-4"},
        {"Range": "bytes=900000-"},
        {"Range": "bytes=20-21, 200-"},
        {"If-Match": '"other"'},
    ):
        assert client.get(f"{PLACE}levels.csv", headers=headers).status_code in (206, 304, 412, 416)
    client.head(f"{PLACE}levels.csv")
    client.options(f"{PLACE}levels.csv")
    for path in (
        "datapackage.json",
        "levels.schema.json",
        "levels.report.json",
        "citation.txt",
        "gone.csv",
        "levels.doc",
    ):
        client.get(PLACE + path)
    assert client.get("/datasets/reservoirs/latest/levels.csv").status_code == 302
    assert read() == before
    for headers in ({}, {"Range": "bytes=0-3"}, {"Range": "bytes=0-1, 200-201"}, {"Accept-Encoding": "gzip"}):
        assert client.get(f"{PLACE}levels.csv", headers=headers).status_code in (200, 206)
    for path in ("levels.csv?excel=1", "levels.parquet", "levels.xlsx", "datapackage.zip"):
        assert client.get(PLACE + path).status_code == 200
    after = read()
    assert {key: count - before.get(key, 0) for key, count in after.items() if count != before.get(key)} == {
        ("levels", "csv"): 5,
        ("levels", "parquet"): 1,
        ("levels", "xlsx"): 1,
        ("", "zip"): 1,
    }
    total = sum(after.values())
    assert client.get("/api/v1/datasets/reservoirs").json["usage"]["downloads"] == total
    assert client.get("/api/v1/datasets/reservoirs/usage").json["files"][0]["format"] == "csv"
    page = client.get("/datasets/reservoirs").text
    assert f"<dt>下载次数</dt><dd>{total}" in page
