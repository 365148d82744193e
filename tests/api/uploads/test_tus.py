"""Uploads by the tus protocol: every answer that it asks of a server, and that nobody else gets at them."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import socket
from collections.abc import Callable
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from opendata.api.uploads.tus_body import open_body
from opendata.app import attach_services
from opendata.services.uploads.upload_files import UploadFiles
from opendata.services.uploads.uploads import Uploads
from opendata.wiring import Services, build_context
from tests.api.conftest import API, Caller, pointers, problem
from tests.instances import CSV, SCHEMA, make_actor

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = "application/offset+octet-stream"
DATA = CSV.encode()
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01"


def encode(**pairs: str) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in pairs.items())


def announce(caller: Caller, length: object = len(DATA), **options: Any) -> TestResponse:
    metadata = options.pop("metadata", encode(filename="levels.csv"))
    headers = {**TUS, "Upload-Length": str(length), "Upload-Metadata": metadata, **options.pop("headers", {})}
    return caller.post("/uploads", headers=headers, **options)


def begin(caller: Caller, length: int = len(DATA), **options: Any) -> str:
    answer = announce(caller, length, **options)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["Location"])


def add(caller: Caller, address: str, offset: object, data: bytes, **headers: str) -> TestResponse:
    given = {**TUS, "Upload-Offset": str(offset), **{name.replace("_", "-"): text for name, text in headers.items()}}
    return caller.patch(address, data=data, content_type=given.pop("Content-Type", PIECE), headers=given)


def send(caller: Caller, data: bytes = DATA, **options: Any) -> str:
    address = begin(caller, len(data), **options)
    assert add(caller, address, 0, data).status_code == 204
    return address.rsplit("/", 1)[-1]


def test_a_server_says_what_it_can_to_anybody(stranger: Caller, services: Services) -> None:
    answer = stranger.send("OPTIONS", "/uploads")
    assert answer.status_code in (200, 204)
    assert answer.headers["Tus-Version"] == "1.0.0"
    extensions = set(answer.headers["Tus-Extension"].split(","))
    assert extensions == {"creation", "creation-with-upload", "checksum", "termination", "expiration"}
    assert answer.headers["Tus-Max-Size"] == str(services.settings.max_upload_bytes)
    assert "sha1" in answer.headers["Tus-Checksum-Algorithm"].split(",")


def test_a_file_goes_up_piece_by_piece(editor: Caller) -> None:
    created = announce(editor)
    assert created.status_code == 201
    assert created.headers["Tus-Resumable"] == "1.0.0"
    assert created.headers["Upload-Offset"] == "0"
    assert parsedate_to_datetime(created.headers["Upload-Expires"])
    address = created.headers["Location"]
    assert re.fullmatch(rf"{API}/uploads/[0-9a-f]{{32}}", address)
    first = add(editor, address, 0, DATA[:20])
    assert (first.status_code, first.data) == (204, b"")
    assert first.headers["Upload-Offset"] == "20"
    assert parsedate_to_datetime(first.headers["Upload-Expires"])
    asked = editor.send("HEAD", address, headers=TUS)
    assert (asked.status_code, asked.data) == (200, b"")
    assert asked.headers["Upload-Offset"] == "20"
    assert asked.headers["Upload-Length"] == str(len(DATA))
    assert asked.headers["Upload-Metadata"] == encode(filename="levels.csv")
    assert "no-store" in asked.headers["Cache-Control"]
    assert add(editor, address, 20, DATA[20:]).headers["Upload-Offset"] == str(len(DATA))
    found = editor.get(address).json
    assert found["state"] == "finished"
    assert (found["offset"], found["length"]) == (len(DATA), len(DATA))
    assert found["sha256"] == hashlib.sha256(DATA).hexdigest()
    assert found["filename"] == "levels.csv"


def test_the_first_bytes_may_come_with_the_announcement(editor: Caller) -> None:
    created = announce(editor, data=DATA[:30], content_type=PIECE)
    assert (created.status_code, created.headers["Upload-Offset"]) == (201, "30")
    assert add(editor, created.headers["Location"], 30, DATA[30:]).status_code == 204
    whole = announce(editor, data=DATA, content_type=PIECE)
    assert whole.json["state"] == "finished"
    problem(announce(editor, data=DATA, content_type="text/csv"), 415, "unsupported-format")
    problem(announce(editor, 3, data=DATA, content_type=PIECE), 413, "too-large")


@pytest.mark.parametrize("version", [None, "0.2.2", "2.0.0"])
def test_another_version_of_the_protocol_is_refused_with_ours(editor: Caller, version: str | None) -> None:
    address = begin(editor)
    headers = {"Upload-Length": "5", "Upload-Offset": "0", **({"Tus-Resumable": version} if version else {})}
    for method, place in (("POST", "/uploads"), ("PATCH", address), ("HEAD", address), ("DELETE", address)):
        answer = editor.send(method, place, headers=headers, content_type=PIECE)
        assert answer.status_code == 412
        assert (answer.headers["Tus-Version"], answer.headers["Tus-Resumable"]) == ("1.0.0", "1.0.0")
        if method != "HEAD":
            problem(answer, 412, "unsupported-protocol")
    assert editor.get(address).json["offset"] == 0


@pytest.mark.parametrize("length", ["", "-1", "1.5", "many", "9" * 20, "１"])
def test_a_length_that_is_none_is_refused(editor: Caller, length: str) -> None:
    problem(announce(editor, length.encode().decode("latin-1")), 400, "bad-request")


@pytest.mark.parametrize("metadata", ["filename", "filename !!", "a b=,", "a YQ==,a YQ==", "filename /w==", ", ,"])
def test_metadata_in_another_form_is_refused(editor: Caller, metadata: str) -> None:
    if metadata == "filename":  # a name without a value is fine
        assert editor.get(begin(editor, metadata=metadata)).json["filename"] == "table.csv"
    else:
        assert pointers(announce(editor, metadata=metadata)) == {""}


def test_the_name_of_a_file_is_a_name_and_no_path(editor: Caller) -> None:
    address = begin(editor, metadata=encode(filename="../../etc/水库\x00.csv", filetype="text/csv"))
    assert editor.get(address).json["filename"] == "水库.csv"


def test_a_piece_says_where_it_belongs_and_what_it_is(editor: Caller) -> None:
    address = begin(editor)
    problem(add(editor, address, 5, DATA[5:]), 409, "conflict")
    problem(add(editor, address, "x", DATA), 400, "bad-request")
    problem(add(editor, address, 0, DATA, Content_Type="application/octet-stream"), 415, "unsupported-format")
    problem(add(editor, address, 0, DATA + b"x"), 413, "too-large")
    assert editor.get(address).json["offset"] == 0


def test_a_piece_is_held_against_its_checksum(editor: Caller) -> None:
    address = begin(editor)
    good = f"sha1 {base64.b64encode(hashlib.sha1(DATA[:20]).digest()).decode()}"  # noqa: S324 - the protocol's own
    refused = add(editor, address, 0, DATA[1:21], Upload_Checksum=good)
    assert problem(refused, 460, "checksum-mismatch")
    assert refused.status == "460 CHECKSUM MISMATCH"
    for wrong in ("crc32 AAAA", "sha1", "sha1 !!!", "", "md5 " + "A" * 22 + "=="):
        problem(add(editor, address, 0, DATA[:20], Upload_Checksum=wrong), 400, "bad-request")
    assert editor.send("HEAD", address, headers=TUS).headers["Upload-Offset"] == "0"
    assert add(editor, address, 0, DATA[:20], Upload_Checksum=good).headers["Upload-Offset"] == "20"


def test_an_upload_in_use_is_locked(editor: Caller, services: Services, app: Flask) -> None:
    impatient = Uploads(build_context(services.settings), patience_seconds=0.0)
    attach_services(app, replace(services, uploads=impatient))
    address = begin(editor)
    with UploadFiles(services.settings.upload_folder).lock(address.rsplit("/", 1)[-1]):
        problem(add(editor, address, 0, DATA), 423, "locked")
        problem(editor.delete(address, headers=TUS), 423, "locked")
        assert editor.send("HEAD", address, headers=TUS).status_code == 200
    assert add(editor, address, 0, DATA).status_code == 204


def test_an_upload_given_up_is_gone(editor: Caller, services: Services) -> None:
    address = begin(editor)
    add(editor, address, 0, DATA[:5])
    ended = editor.delete(address, headers=TUS)
    assert (ended.status_code, ended.headers["Tus-Resumable"]) == (204, "1.0.0")
    gone = editor.send("HEAD", address, headers=TUS)
    assert gone.status_code == 404
    assert "Upload-Offset" not in gone.headers
    problem(add(editor, address, 5, DATA[5:]), 404, "not-found")
    problem(editor.delete(address, headers=TUS), 404)
    assert list(services.settings.upload_folder.iterdir()) == []


def test_an_expired_upload_says_so(editor: Caller, services: Services) -> None:
    with services.database.unit(write=True) as session:
        from opendata.db.models import Upload
        from opendata.services.core.context import read_clock

        now = read_clock()
        row = Upload(id="0" * 32, user_id=1, publisher_id="water-bureau", filename="a", meta="", length=5, received=0)
        row.state, row.used, row.created, row.modified = "receiving", False, now, now
        row.expires = now.replace(year=now.year - 1)
        session.add(row)
    problem(editor.get("/uploads/" + "0" * 32), 410, "expired")
    problem(add(editor, "/uploads/" + "0" * 32, 0, b"x"), 410, "expired")


def test_nobody_else_sees_an_upload(editor: Caller, gardener: Caller, stranger: Caller, maintainer: Caller) -> None:
    address = begin(editor)
    for other in (gardener, maintainer):
        problem(other.get(address), 404)
        problem(add(other, address, 0, DATA), 404)
        problem(other.delete(address, headers=TUS), 404)
        assert other.send("HEAD", address, headers=TUS).status_code == 404
    problem(stranger.get(address), 401)
    problem(announce(stranger), 401)
    problem(add(stranger, address, 0, DATA), 401)


def test_a_session_sends_pieces_with_the_token_of_its_page(app: Flask, services: Services) -> None:
    make_actor(services, "clerk")
    client = app.test_client()
    page = client.get("/sign-in")
    form = {"csrf_token": _find_token(page.text), "name": "clerk", "password": "a long password"}
    assert client.post("/sign-in", data=form).status_code in (302, 303)
    headers = {**TUS, "Upload-Length": "3"}
    assert client.post(f"{API}/uploads", headers=headers).status_code == 403
    token = _find_token(client.get("/workspace").text)
    created = client.post(f"{API}/uploads", headers={**headers, "X-CSRFToken": token})
    assert created.status_code == 201
    given = {**TUS, "Upload-Offset": "0"}
    address = created.headers["Location"]
    assert client.patch(address, data=b"abc", content_type=PIECE, headers=given).status_code == 403
    given["X-CSRFToken"] = token
    assert client.patch(address, data=b"abc", content_type=PIECE, headers=given).status_code == 204


def _find_token(text: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', text)
    assert found
    return found[1]


def test_a_network_without_patch_and_delete_names_the_method_in_a_header(editor: Caller, gardener: Caller) -> None:
    address = begin(editor)
    headers = {**TUS, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert editor.post(address, data=DATA, content_type=PIECE, headers=headers).status_code == 204
    problem(gardener.post(address, headers={**TUS, "X-HTTP-Method-Override": "DELETE"}), 404)
    assert editor.post(address, headers={**TUS, "X-HTTP-Method-Override": "DELETE"}).status_code == 204
    problem(editor.post("/datasets/reservoirs", headers={"X-HTTP-Method-Override": "DELETE"}), 405)
    problem(editor.post(address, headers=TUS), 405)


def test_an_announcement_that_comes_twice_makes_one_upload(editor: Caller) -> None:
    key = {"Idempotency-Key": "once"}
    first, second = announce(editor, headers=key), announce(editor, headers=key)
    assert first.headers["Location"] == second.headers["Location"]
    assert second.headers["Idempotency-Replayed"] == "true"
    problem(announce(editor, 5, headers=key), 422, "idempotency-key-reused")


@pytest.mark.parametrize("limits", [{"max_upload_bytes": 1000, "max_pending_bytes": 1500}])
def test_what_is_too_large_is_told_with_size_and_limit(editor: Caller) -> None:
    found = problem(announce(editor, 1001), 413, "too-large")
    assert "1001 bytes" in found["detail"]
    assert "1000 bytes" in found["detail"]
    begin(editor, 1000)
    found = problem(announce(editor, 600), 413, "too-large")
    assert "1600 bytes" in found["detail"]
    assert "1500" in found["detail"]


def test_pieces_are_not_bound_by_the_limit_of_documents(editor: Caller) -> None:
    data = b"n\n" + b"123456789\n" * 1_000_000  # 10 MB; documents have 8 MiB
    upload = send(editor, data)
    assert editor.get(f"/uploads/{upload}").json["sha256"] == hashlib.sha256(data).hexdigest()


def test_a_body_of_unknown_length_is_taken_too(editor: Caller) -> None:
    address = begin(editor)
    headers = {**TUS, "Upload-Offset": "0", "Transfer-Encoding": "chunked"}
    environ = {"wsgi.input_terminated": True}
    options: dict[str, Any] = {"input_stream": io.BytesIO(DATA), "content_type": PIECE, "environ_overrides": environ}
    assert editor.patch(address, headers=headers, **options).headers["Upload-Offset"] == str(len(DATA))


def test_half_a_piece_is_kept_when_the_connection_breaks(editor: Caller) -> None:
    address = begin(editor)
    environ = {"CONTENT_LENGTH": str(len(DATA))}
    headers = {**TUS, "Upload-Offset": "0"}
    answer = editor.patch(address, data=DATA[:30], headers=headers, content_type=PIECE, environ_overrides=environ)
    problem(answer, 400, "bad-request")
    assert editor.send("HEAD", address, headers=TUS).headers["Upload-Offset"] == "30"
    assert add(editor, address, 30, DATA[30:]).status_code == 204
    assert editor.get(address).json["sha256"] == hashlib.sha256(DATA).hexdigest()


def test_a_line_that_goes_silent_is_not_waited_for_forever(app: Flask) -> None:
    near, far = socket.socketpair()
    with near, far, app.test_request_context("/", method="PATCH", environ_overrides={"gunicorn.socket": near}):
        with open_body():
            assert near.gettimeout()
        assert near.gettimeout() is None


# ----------------------------------------------------------------------------------------------- drafts of uploads


def test_a_draft_is_made_of_finished_uploads(editor: Caller) -> None:
    one, two = send(editor), send(editor)
    uploads = [{"upload": one, "name": "levels", "schema": SCHEMA}, {"upload": two, "name": "others", "title": "另一"}]
    answer = editor.post("/datasets/reservoirs/drafts", json={"uploads": uploads, "notes": "two tables"})
    assert answer.status_code == 202, answer.text
    draft = editor.work(answer.json["id"])
    assert (draft["status"], draft["notes"]) == ("valid", "two tables")
    assert [(item["name"], item["title"], item["rows"]) for item in draft["resources"]] == [
        ("levels", "", 2),
        ("others", "另一", 2),
    ]
    assert draft["resources"][0]["schema"]["fields"][0]["name"] == "code"


def test_a_draft_is_named_after_the_file_and_reads_it_as_told(editor: Caller) -> None:
    upload = send(editor, CSV.replace(",", ";").encode(), metadata=encode(filename="水位 2026.csv"))
    reference = {"upload": upload, "dialect": {"delimiter": ";"}, "file": "2026 levels.csv"}
    answer = editor.post("/datasets/reservoirs/drafts", json={"uploads": [reference]})
    draft = editor.work(answer.json["id"])
    assert draft["status"] == "valid"
    assert draft["resources"][0]["file"] == "2026 levels.csv"


def test_a_draft_of_uploads_comes_once(editor: Caller) -> None:
    body = {"uploads": [{"upload": send(editor)}]}
    key = {"Idempotency-Key": "draft"}
    first = editor.post("/datasets/reservoirs/drafts", json=body, headers=key)
    second = editor.post("/datasets/reservoirs/drafts", json=body, headers=key)
    assert first.json["id"] == second.json["id"]
    assert second.headers["Idempotency-Replayed"] == "true"


def test_an_upload_that_cannot_be_had_makes_no_draft(editor: Caller, gardener: Caller) -> None:
    def refer(upload: str) -> TestResponse:
        return editor.post("/datasets/reservoirs/drafts", json={"uploads": [{"upload": upload}]})

    address = begin(editor)
    add(editor, address, 0, DATA[:5])
    problem(refer(address.rsplit("/", 1)[-1]), 409, "conflict")
    problem(refer(send(gardener)), 404, "not-found")
    problem(refer("0" * 32), 404, "not-found")
    problem(refer(send(editor, JPEG)), 415, "unsupported-format")
    assert editor.get("/datasets/reservoirs/drafts").json["items"] == []


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({"uploads": [{}]}, {"/uploads/0/upload"}),
        ({"uploads": [{"upload": 3, "nmae": "x"}]}, {"/uploads/0/upload", "/uploads/0/nmae"}),
        ({"uploads": {}}, {"/uploads"}),
        ({"upload": []}, {"/upload"}),
        ({"notes": 3}, {"/notes"}),
        ([], {""}),
        ({}, {"/file"}),
    ],
)
def test_a_document_that_refers_wrongly_names_the_place(editor: Caller, body: Any, places: set[str]) -> None:
    assert pointers(editor.post("/datasets/reservoirs/drafts", json=body)) == places


def test_a_table_sent_as_json_is_no_document(editor: Caller) -> None:
    answer = editor.post("/datasets/reservoirs/drafts", data=CSV, content_type="application/json")
    assert "line 1, column 1" in problem(answer, 400, "bad-request")["detail"]


def test_who_may_not_send_drafts_may_not_refer_either(
    editor: Caller, gardener: Caller, make_caller: Callable[..., Caller]
) -> None:
    upload = send(gardener)
    problem(gardener.post("/datasets/reservoirs/drafts", json={"uploads": [{"upload": upload}]}), 403)
