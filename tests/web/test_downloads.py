"""The files of a version: immutable, verifiable, in parts; `latest` leads to the newest."""

from __future__ import annotations

import base64
import hashlib

import pytest

from opendata.web.downloads import name_file
from tests.web.conftest import Portal

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
    assert "Vary" not in answer.headers
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
    assert answer.headers["Link"] == f'<{PLACE}datapackage.json>; rel="describedby"; type="application/json"'
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


@pytest.mark.parametrize("wanted", ["bytes=0-1,4-5", "lines=1-2", "bytes=9-2", "nonsense"])
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
