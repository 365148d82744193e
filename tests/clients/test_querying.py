"""SQL from outside, by the Python client and by `opendata query`: what is sent, and what is made of each answer."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pyarrow.ipc
import pytest
from click.testing import CliRunner, Result

import opendata_client
from opendata.cli import main

ROWS = pa.table({"省份": ["广东", None], "gdp": pa.array([Decimal("1.50"), Decimal("-2.00")], pa.decimal128(38, 2))})
REST = {"columns": [{"name": "省份"}, {"name": "gdp"}], "truncated": True, "query": {"link": "http://a/sql?edition=1"}}
JSON_ROWS = '{"items": [{"省份": "广东", "gdp": 1.50}, {"省份": null, "gdp": -2.00}], ' + json.dumps(REST)[1:]
PROBLEM = {"type": "/problems/bad-request", "status": 400, "detail": "没有列“gpd”（第 8 个字符）。最接近的是“gdp”"}
ARROW = "application/vnd.apache.arrow.file"


def write_arrow(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, rows.schema) as writer:
        writer.write_table(rows)
    return bytes(sink.getvalue())


class Portal(BaseHTTPRequestHandler):
    """Answers /api/v1/sql as docs/use-the-data.md says, whatever was asked; notes what that was."""

    asked: ClassVar[list[tuple[str, str]]] = []
    wrong: ClassVar[tuple[int, str, bytes] | None] = None
    missing: ClassVar[int] = 0
    digest: ClassVar[str] = ""

    def do_GET(self) -> None:
        self._answer(parse_qs(urlsplit(self.path).query)["q"][0])

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["q"])

    def _answer(self, sql: str) -> None:
        self.asked.append((f"{self.command} {urlsplit(self.path).path}", sql))
        accept = self.headers["Accept"]
        body = {ARROW: write_arrow(ROWS), "text/csv": "省份,gdp\n广东,1.50\n,-2.00\n".encode()}.get(
            accept, JSON_ROWS.encode()
        )
        status, media_type, body = self.wrong or (200, accept, body)
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Link", '<http://a/next>; rel="next", <http://a/sql?edition=1>; rel="cite-as"')
        self.send_header("Content-Length", str(len(body)))
        if self.digest:
            self.send_header("Repr-Digest", f"sha-512=:x:, sha-256=:{self.digest}:")
        self.end_headers()
        self.wfile.write(body[: -self.missing or None])

    def log_message(self, *arguments: object) -> None:
        """Write nothing."""


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a portal that is such a class."""
    monkeypatch.setattr(Portal, "asked", [])
    with ThreadingHTTPServer(("127.0.0.1", 0), Portal) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def run(*words: str, language: str = "en") -> Result:
    return CliRunner().invoke(main, ["query", *words], env={"LC_ALL": language})


def answer_with(monkeypatch: pytest.MonkeyPatch, status: int, media_type: str, body: bytes) -> None:
    monkeypatch.setattr(Portal, "wrong", (status, media_type, body))


QUESTION = 'SELECT code, "count", amount, day FROM "typed@1.0.0"."all-types" WHERE year = 2026 OR amount IS NULL'


@pytest.mark.slow
def test_a_served_portal_answers_with_the_types_of_the_table(office: str) -> None:
    found = opendata_client.query(f"{office}/datasets/typed", QUESTION)
    wanted = opendata_client.load(f"{office}/datasets/typed", version="1.0.0").to_arrow()
    assert found.equals(wanted.select(["code", "count", "amount", "day"]).slice(0, 2))
    link = found.schema.metadata[b"cite-as"].decode()
    again = opendata_client.query(office, parse_qs(urlsplit(link).query)["q"][0])
    assert again.equals(found)
    shown = run(office, QUESTION)
    assert shown.stdout.splitlines() == [
        "code  count             amount                   day",
        "007   9007199254740993  12345678901234567890.10  2026-01-31",
        "008",
    ]
    assert json.loads(run(office, QUESTION, "--json").stdout)["sources"][0]["version"] == "1.0.0"
    assert run(office, QUESTION, "--csv").stdout.splitlines()[2] == "008,,,"
    none = run(office, f"{QUESTION} AND code = 'x'".replace("OR", "AND"))
    assert none.stdout.split() == ["code", "count", "amount", "day"]
    long = f"{QUESTION} -- {'长' * 3000}"
    assert opendata_client.query(office, long).num_rows == 2
    for wrong in ('SELECT kode FROM "typed"."all-types"', 'SELECT 1 FROM "granted"."levels"', "DROP TABLE x"):
        with pytest.raises(opendata_client.RefusedError) as caught:
            opendata_client.query(office, wrong, language="en")
        assert f"Error: {caught.value.problem['detail']}" in run(office, wrong).stderr


@pytest.mark.parametrize(("length", "method"), [(10, "GET"), (5000, "POST")])
def test_a_question_is_sent_whole_and_its_answer_keeps_its_types(portal: str, length: int, method: str) -> None:
    sql = f"SELECT '{'中' * length}' & \"a\""
    found = opendata_client.query(f"{portal}/datasets/gdp/1.0.0/", sql)
    assert found.equals(ROWS)
    assert found.schema.metadata == {b"cite-as": b"http://a/sql?edition=1"}
    run(portal, sql)
    assert Portal.asked == [(f"{method} /api/v1/sql", sql)] * 2


def test_the_command_prints_a_table_or_what_the_portal_says(portal: str) -> None:
    table = run(portal, "SELECT 1")
    assert table.stdout.splitlines() == ["省份  gdp", "广东  1.50", "      -2.00"]
    assert table.stderr.splitlines() == [
        "2 rows",
        "There are more rows. To get all of them, use --csv",
        "To cite this answer: http://a/sql?edition=1",
    ]
    assert run(portal, "SELECT 1", "--json").stdout.strip() == JSON_ROWS
    assert run(portal, "SELECT 1", "--csv").stdout == "省份,gdp\n广东,1.50\n,-2.00\n"
    assert run(portal, "SELECT 1", "--csv", "--json").exit_code == 2


def test_a_cell_cannot_move_the_cursor_nor_fill_the_screen(portal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rest = {**REST, "columns": [{"name": "a\nb"}, {"name": "long"}], "query": {"link": "http://a/\x1b[2J"}}
    items = [{"a\nb": "x\x1b[2Jy\u2028z", "long": "长" * 500}]
    answer_with(monkeypatch, 200, "application/json", json.dumps({**rest, "items": items}).encode())
    shown = run(portal, "SELECT 1")
    assert shown.stdout.splitlines()[1] == f"x [2Jy z  {'长' * 59}…"
    assert "\x1b" not in shown.stderr


def test_what_the_portal_refuses_is_said_in_its_words(portal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, 400, "application/problem+json", json.dumps(PROBLEM).encode())
    with pytest.raises(opendata_client.RefusedError, match="最接近的是“gdp”") as caught:
        opendata_client.query(portal, "SELECT gpd")
    assert caught.value.problem == PROBLEM
    for form in ([], ["--csv"], ["--json"]):
        result = run(portal, "SELECT gpd", *form)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "最接近的是“gdp”" in result.stderr


@pytest.mark.parametrize(
    ("status", "media_type", "body", "words"),
    [
        (200, "text/html", b"<html>", "portal"),
        (200, "application/json", b"[1]", "portal"),
        (200, "application/json", b'{"items": 1}', "portal"),
        (200, "application/json", b'{"items": [1]}', "portal"),
        (503, "text/html", b"", "503"),
        (301, "text/html", b"", "301"),
    ],
)
def test_another_answer_ends_in_a_clear_error(
    portal: str, monkeypatch: pytest.MonkeyPatch, status: int, media_type: str, body: bytes, words: str
) -> None:
    answer_with(monkeypatch, status, media_type, body)
    with pytest.raises(opendata_client.OpendataError, match=portal):
        opendata_client.query(portal, "SELECT 1")
    for form in ([], ["--csv"]):
        result = run(portal, "SELECT 1", *form)
        assert (result.exit_code, result.stdout) == (2, "")
        assert words in result.stderr
        assert "OPENDATA_DEBUG" not in result.stderr


def test_a_damaged_answer_is_no_answer(portal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = write_arrow(ROWS)
    for body in (b"", whole[:100], whole[:-40], b"\xff" * 64):
        answer_with(monkeypatch, 200, ARROW, body)
        with pytest.raises(opendata_client.UnreachableError, match="damaged"):
            opendata_client.query(portal, "SELECT 1")


def test_an_answer_that_is_cut_off_is_a_failure(portal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Portal, "missing", 9)
    with pytest.raises(opendata_client.UnreachableError, match="broke off"):
        opendata_client.query(portal, "SELECT 1")
    for form in ([], ["--csv"]):
        result = run(portal, "SELECT 1", *form)
        assert result.exit_code == 2
        assert f"Can't reach {portal}" in result.stderr


def test_an_answer_has_the_digest_that_it_is_sent_with(portal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = hashlib.sha256(write_arrow(ROWS)).digest()
    monkeypatch.setattr(Portal, "digest", base64.b64encode(digest).decode())
    assert opendata_client.query(portal, "SELECT 1").equals(ROWS)
    monkeypatch.setattr(Portal, "digest", base64.b64encode(digest[::-1]).decode())
    with pytest.raises(opendata_client.IntegrityError, match="changed the answer"):
        opendata_client.query(portal, "SELECT 1")


def test_the_command_says_what_it_cannot_reach() -> None:
    assert "Can't reach http://127.0.0.1:9: Connection refused" in run("http://127.0.0.1:9", "SELECT 1").stderr
    assert "must begin with https://" in run("data.example.org", "SELECT 1").stderr
