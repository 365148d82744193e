"""Requests that are wrong: each is answered by a problem that names the place, none by a fault of ours."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from tests.api.conftest import Caller, pointers, problem
from tests.instances import CSV, SCHEMA

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"title": ', "line 1, column 11"),
        (b'{\n"title": nix}', "line 2, column 10"),
        (b"\xff\xfe{}", "UTF-8"),
        (b'{"title": "a", "title": "b"}', "“title” appears twice"),
        (b'{"title": "a\\u0000b"}', "NUL"),
        (b'{"title": "a\\ud800b"}', "surrogate"),
        (b'{"\\ud800": 1}', "surrogate"),
        (b'{"title": NaN}', "NaN"),
        (b'{"title": 1e999}', "1e999"),
        (b'{"title": 12345678901234567890}', "12345678901234567890"),
        (b'{"title": ' + b"1" * 5000 + b"}", "1111"),
        (b"[" * 100_000, "nested"),
        (b"[" * 100 + b"]" * 100, "nested"),
        (b"", "JSON document"),
    ],
)
def test_json_that_cannot_be_taken_as_it_is_says_why(editor: Caller, body: bytes, said: str) -> None:
    answer = editor.post("/datasets", data=body, content_type="application/json")
    assert said in problem(answer, 400, "bad-request")["detail"]


@pytest.mark.parametrize("body", ["[]", "3", "null", '"text"'])
def test_a_body_that_is_no_object_says_so(editor: Caller, body: str) -> None:
    assert pointers(editor.post("/datasets", data=body, content_type="application/json")) == {""}


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""])
def test_a_body_of_another_media_type_is_refused(editor: Caller, media_type: str) -> None:
    problem(editor.post("/datasets", data="{}", content_type=media_type), 415, "unsupported-format")


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({}, {"/title"}),
        ({"title": ""}, {"/title"}),
        ({"title": "a", "titel": "b", "x/y~": 1}, {"/titel", "/x~1y~0"}),
        ({"title": 3, "keywords": "a", "i18n": {"en": 3}}, {"/title", "/keywords", "/i18n"}),
        ({"title": "x" * 301}, {"/title"}),
        ({"title": "a", "id": "Not An Id"}, {"/id"}),
        ({"title": "a", "publisher": "nobody-bureau"}, {"/publisher"}),
        ({"title": "a", "publisher": {"title": "x"}}, {"/publisher/id"}),
        ({"title": "a", "publisher": 3}, {"/publisher"}),
        ({"title": "a", "disclosure": "secret"}, {"/disclosure/attribute"}),
        ({"title": "a", "disclosure": "closed"}, {"/disclosure/reason", "/disclosure/legalBasis"}),
        ({"title": "a", "disclosure": {"because": "x"}}, {"/disclosure/because"}),
        ({"title": "a", "updateCycle": "sometimes"}, {"/updateCycle"}),
        ({"title": "a", "homepage": "javascript:alert(1)"}, {"/homepage"}),
        ({"title": "a", "licenses": [{"title": "none"}, 3]}, {"/licenses/1"}),
        ({"title": "a", "licenses": [{"title": "none"}]}, {"/licenses/0"}),
        ({"title": None}, {"/title"}),
        ({"title": "a", "themes": "生态环保"}, {"/themes"}),
        ({"title": "a", "themes": ["天文", None]}, {"/themes/1"}),
        ({"title": "a", "themes": ["天文"], "industry": "Z"}, {"/themes/0", "/industry"}),
        ({"title": "a", "temporal": "2025/2024"}, {"/temporal"}),
        ({"title": "a", "contactPoint": {"phone": "1"}}, {"/contactPoint/phone"}),
        ({"title": "a", "rows": 5}, {"/rows"}),  # what is computed is never sent
    ],
)
def test_metadata_that_is_not_allowed_names_each_place(maintainer: Caller, body: Any, places: set[str]) -> None:
    assert pointers(maintainer.post("/datasets", json={"publisher": "water-bureau", **body})) == places


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("limit=0", "/limit"),
        ("limit=1001", "/limit"),
        ("limit=" + "9" * 5000, "/limit"),
        ("limit=%FF", "/limit"),
        ("limt=5", "/limt"),
        ("publisher=a%00b", "/publisher"),
        ("cursor=" + "a" * 501, "/cursor"),
    ],
)
def test_parameters_that_are_not_allowed_are_named(stranger: Caller, query: str, place: str) -> None:
    assert pointers(stranger.get(f"/datasets?{query}")) == {place}


@pytest.mark.parametrize("path", ["/drafts", "/datasets", "/publishers", "/schemas", "/datasets/reservoirs/drafts"])
def test_a_cursor_that_is_not_ours_is_never_our_fault(editor: Caller, path: str) -> None:
    for cursor in ("%FF", "a", "AAAA", "4oCu", "bm9uZQ", "中"):
        answer = editor.get(f"{path}?cursor={cursor}")
        if answer.status_code != 200:
            problem(answer, 400, "bad-request")


@pytest.mark.parametrize(
    "path",
    [
        "/datasets/nothing-here",
        "/datasets/nothing-here/versions",
        "/datasets/reservoirs/versions/1.0.0",
        "/datasets/reservoirs/versions/latest",
        "/datasets/reservoirs/versions/1",
        "/datasets/reservoirs/versions/99999999999.0.0",
        "/drafts/0123456789",
        "/publishers/nobody",
        "/schemas/none",
        "/schemas/none/1.0.0",
        "/datasets/a%00b",
        "/datasets/%FF%FE",
        "/datasets/水库",
        "/datasets/..%2F..%2Fetc",
        "/datasets/" + "a" * 5000,
        "/datasets/",
        "/nothing",
        "",
    ],
)
def test_what_is_not_there_is_not_found(editor: Caller, path: str) -> None:
    problem(editor.get(path), 404, "not-found")


def test_an_unknown_dataset_takes_no_files(editor: Caller) -> None:
    problem(editor.upload(("a.csv", CSV), dataset="nothing-here"), 404, "not-found")


def test_a_picture_named_as_a_table_is_refused(editor: Caller) -> None:
    found = problem(editor.upload(("levels.csv", JPEG)), 415, "unsupported-format")
    assert "levels.csv" in found["detail"]
    problem(editor.upload(("levels.csv", JPEG), headers={"Idempotency-Key": "k"}), 415)


@pytest.mark.parametrize("limits", [{"max_upload_bytes": 2000}])
def test_a_request_beyond_the_limit_is_refused(editor: Caller) -> None:
    problem(editor.upload(("levels.csv", "a\n" + "1\n" * 2000)), 413, "too-large")
    problem(editor.post("/datasets", json={"title": "x" * 3000}), 413, "too-large")


def test_a_part_of_text_has_its_limit(editor: Caller) -> None:
    problem(editor.upload(("levels.csv", CSV), notes="x" * (1024 * 1024 + 1)), 413, "too-large")
    assert pointers(editor.upload(("levels.csv", CSV), notes="x" * 20_001)) == {"/notes"}


@pytest.mark.parametrize("media_type", ["text/csv", "application/x-www-form-urlencoded", ""])
def test_files_that_do_not_come_as_multipart_are_refused(editor: Caller, media_type: str) -> None:
    answer = editor.post("/datasets/reservoirs/drafts", data=CSV, content_type=media_type)
    assert "multipart/form-data" in problem(answer, 415, "unsupported-format")["detail"]


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("multipart/form-data", b"--x--"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="file"; filename="a'),
        ("multipart/form-data; boundary=x", b"nothing of the kind"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="notes"\r\n\r\nbroken off'),
        ("multipart/form-data; boundary=\xe4", b"--x--"),
    ],
)
def test_a_multipart_body_that_breaks_off_makes_no_draft(editor: Caller, media_type: str, body: bytes) -> None:
    editor.publish()
    problem(editor.post("/datasets/reservoirs/drafts", data=body, content_type=media_type), 400, "bad-request")
    assert len(editor.get("/drafts").json["items"]) == 1


@pytest.mark.parametrize(
    ("parts", "places"),
    [
        ({"shema": "x", "color": "red"}, {"/shema", "/color"}),
        ({"resources": [{"file": "other.csv"}]}, {"/resources/0/file"}),
        ({"resources": [{"fiel": "levels.csv"}]}, {"/resources/0/file", "/resources/0/fiel"}),
        ({"resources": {"file": "levels.csv"}}, {"/resources"}),
        ({"resources": [{"file": "levels.csv", "name": "No Name"}]}, {"/resources/0/name"}),
        ({"resources": [{"file": "levels.csv", "name": "datapackage"}]}, {"/resources/0/name"}),
        ({"resources": [{"file": "levels.csv", "schema": "none@1.0.0"}]}, {"/resources/0/schema"}),
        ({"resources": [{"file": "levels.csv", "schema": 3}]}, {"/resources/0/schema"}),
        ({"resources": [{"file": "levels.csv", "dialect": {"delimeter": ";"}}]}, {"/resources/0/dialect/delimeter"}),
        ({"resources": [], "schema": "x"}, {"/resources"}),
        ({"dialect": {"delimiter": ";;"}}, {"/dialect/delimiter"}),
        ({"dialect": {"headerRows": ["x"]}}, {"/dialect/headerRows/0"}),
        ({"name": "No Name"}, {"/resources/0/name"}),
    ],
)
def test_parts_that_are_not_allowed_are_named(editor: Caller, parts: Any, places: set[str]) -> None:
    assert pointers(editor.upload(("levels.csv", CSV), **parts)) == places


def test_a_schema_goes_with_one_file_only(editor: Caller) -> None:
    assert pointers(editor.upload(("a.csv", CSV), ("b.csv", CSV), schema=SCHEMA)) == {"/schema"}
    assert pointers(editor.upload(("a.csv", CSV), ("a.csv", CSV))) == {"/resources/1/name"}


def test_json_in_a_part_says_where_it_is_broken(editor: Caller) -> None:
    for part in ("resources", "schema", "dialect"):
        found = problem(editor.upload(("a.csv", CSV), **{part: '{"a":\n 1,'}), 400, "bad-request")
        assert "line 2, column 4" in found["detail"]
        assert found["errors"][0]["pointer"] == f"/{part}"


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"file": "no file at all"}, "/file"),
        ({"file": (io.BytesIO(b"a\n1\n"), "")}, "/file"),
        ({"notes": (io.BytesIO(b"\xff\xfe"), "notes.txt")}, "/notes"),
        ({"notes": "a\0b"}, "/notes"),
        ({"notes": ["a", "b"]}, "/notes"),
    ],
)
def test_parts_of_another_form_are_named(editor: Caller, data: Any, place: str) -> None:
    answer = editor.post("/datasets/reservoirs/drafts", data=data, content_type="multipart/form-data")
    assert place in pointers(answer)


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"fields": []},
        {"fields": [{"name": "a", "type": "text"}]},
        {"fields": [{"name": "a", "type": "string", "constraints": {"pattern": "(a+)+\\1"}}]},
        {"fields": [{"name": "a", "type": "string", "constraints": {"pattern": "(?=x)"}}]},
        {"$ref": "https://example.org/schema.json"},
        {"fields": [{"$ref": "file:///etc/passwd", "name": "a"}]},
        {"fields": [{"name": "a"}], "foreignKeys": 3},
        {
            "fields": [{"name": "a"}],
            "foreignKeys": [{"fields": "a", "reference": {"resource": "http://x", "fields": "a"}}],
        },
        {"fields": [{"name": "a", "constraints": {"enum": 5}}]},
        {"fields": [{"name": "a", "constraints": {"minimum": {}}}]},
        {"fields": [{"name": "a", "type": "boolean", "trueValues": 3}]},
        {"fields": [{"name": "a", "missingValues": 3}]},
        {"fields": [{"name": "a", "type": ["x"]}]},
        {"fields": [{"name": "a"}], "primaryKey": [["x"]]},
        {"fields": [{"name": "a"}], "missingValues": [{"value": 3}]},
        [1],
    ],
)
def test_a_hostile_schema_is_refused_before_any_row_is_read(editor: Caller, maintainer: Caller, schema: Any) -> None:
    for answer in (
        editor.upload(("a.csv", "a\n1\n"), schema=json.dumps(schema)),
        editor.upload(("a.csv", "a\n1\n"), resources=[{"file": "a.csv", "schema": schema}]),
        maintainer.post("/schemas", json={"name": "hostile", "version": "1.0.0", "descriptor": schema}),
    ):
        problem(answer, 422)


def test_translations_in_a_schema_that_are_none_do_no_harm(maintainer: Caller) -> None:
    for number, i18n in enumerate(["abc", ["ab"], 3, {"en": 3}]):
        schema = {"fields": [{"name": "a"}], "opendata": {"i18n": i18n}, "title": {"a": 1}, "description": [3]}
        sent = {"name": "odd", "version": f"1.0.{number}", "descriptor": schema}
        assert maintainer.post("/schemas", json=sent).status_code in (201, 422)
        assert maintainer.get("/schemas").status_code == 200


def test_an_encoding_that_does_not_exist_is_refused(editor: Caller) -> None:
    for encoding in ("klingon", "hex", "idna", "a\u00e4"):
        options = [{"file": "a.csv", "encoding": encoding}]
        problem(editor.upload(("a.csv", CSV), resources=options), 422, "invalid-package")


def test_steps_out_of_order_are_conflicts(editor: Caller) -> None:
    draft = editor.upload(("levels.csv", CSV)).json["id"]
    for step in ("submit", "approve", "publish", "retry"):
        problem(editor.post(f"/drafts/{draft}/{step}"), 409, "conflict")
    problem(editor.post(f"/drafts/{draft}/return", json={"comment": "no"}), 409, "conflict")
    problem(editor.delete(f"/drafts/{draft}/resources/none"), 404)
    problem(editor.delete(f"/drafts/{draft}/resources/levels"), 409)


def test_an_id_is_given_once(editor: Caller, maintainer: Caller) -> None:
    problem(editor.post("/datasets", json={"id": "reservoirs", "title": "again"}), 409, "conflict")
    problem(maintainer.post("/publishers", json={"id": "water-bureau", "title": "again"}), 409, "conflict")
    schema = {"name": "levels", "version": "1.0.0", "descriptor": SCHEMA}
    assert maintainer.post("/schemas", json=schema).status_code == 201
    again = maintainer.post("/schemas", json=schema)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    other = {**schema, "descriptor": {"fields": [{"name": "a"}]}}
    problem(maintainer.post("/schemas", json=other), 409, "conflict")
