"""The Python client against a served portal, and against servers that are broken or hostile."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import NameOID

import opendata_client
from opendata_client import transport
from opendata_client.addresses import Address, parse_address
from tests.clients.conftest import TYPED
from tests.servers import CHECKOUT

PACKAGE = CHECKOUT / "clients" / "python"

ARROW_TYPES = {
    "code": pa.string(),
    "count": pa.int64(),
    "amount": pa.decimal128(38, 2),
    "ratio": pa.float64(),
    "day": pa.date32(),
    "at": pa.timestamp("us", "UTC"),
    "year": pa.int32(),
    "ok": pa.bool_(),
    'note "x"': pa.string(),
}
"""What docs/use-the-data.md says the types of these fields are."""


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENDATA_CLIENT_CACHE", str(tmp_path / "cache"))


def load(office: str, version: str | None = "1.0.0", **options: Any) -> opendata_client.Table:
    return opendata_client.load(f"{office}/datasets/typed", version=version, **options)


# ---------------------------------------------------------------------------------------------------- values


def test_types_and_values_are_those_that_were_published(office: str) -> None:
    table = load(office)
    assert (table.dataset, table.version, table.resource) == ("typed", "1.0.0", "all-types")
    assert [item["name"] for item in table.schema["fields"]] == [item["name"] for item in TYPED["fields"]]  # type: ignore[index]
    found = table.to_arrow()
    assert dict(zip(found.schema.names, found.schema.types, strict=True)) == ARROW_TYPES
    first, second, _ = found.to_pylist()
    assert first == {
        "code": "007",
        "count": 9007199254740993,
        "amount": Decimal("12345678901234567890.10"),
        "ratio": 0.5,
        "day": date(2026, 1, 31),
        "at": datetime(2026, 1, 31, 8, tzinfo=UTC),
        "year": 2026,
        "ok": True,
        'note "x"': "a, b\nc",
    }
    assert second == {**dict.fromkeys(ARROW_TYPES), "code": "008"}


@pytest.mark.slow
def test_pandas_duckdb_and_polars_get_the_same_values(office: str, tmp_path: Path) -> None:
    table = load(office, cache=tmp_path / "year=2026 [a]*?")
    expected = table.to_arrow().to_pylist()
    frame = table.to_pandas()
    assert frame["count"].tolist()[0] == 9007199254740993
    assert frame["amount"].sum() == Decimal("12345678901234567889.60")
    tables = [pa.Table.from_pandas(frame), table.to_duckdb().to_arrow_table()]
    if importlib.util.find_spec("polars") is not None:
        tables.append(table.to_polars().to_arrow())
    for found in tables:
        assert found.to_pylist() == expected


def test_changes_since_a_version_have_the_types_of_the_table(office: str) -> None:
    table = load(office, None)
    assert table.version == "1.1.0"
    changes = table.changes_since("1.0.0")
    assert dict(zip(changes.schema.names, changes.schema.types, strict=True)) == {"_change": pa.string(), **ARROW_TYPES}
    rows = {row["code"]: row for row in changes.to_pylist()}
    assert {code: row["_change"] for code, row in rows.items()} == {"008": "removed", "009": "after", "010": "added"}
    assert rows["010"] == {**dict.fromkeys(ARROW_TYPES), "code": "010", "_change": "added"}
    now = {row["code"]: row for row in table.to_arrow().to_pylist()}
    assert rows["009"] == {"_change": "after", **now["009"]}
    with pytest.raises(opendata_client.NotFoundError, match=r"0\.9\.0"):
        table.changes_since("0.9.0")


def test_a_citation_names_the_version_in_the_readers_language(office: str) -> None:
    assert "Version 1.0.0" in load(office, language="en").citation
    assert "1.0.0 版" in load(office, language="zh").citation


def test_a_dataset_is_found_by_the_id_it_had(office: str) -> None:
    assert opendata_client.load(f"{office}/datasets/old-id").url == f"{office}/datasets/typed/1.1.0/"


# ------------------------------------------------------------------------------------------- addresses, digests


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example", Address("https://a.example")),
        ("http://a.example:80/", Address("http://a.example")),
        ("https://a.example/data/datasets", Address("https://a.example/data")),
        ("https://A.example:8443/data/datasets/gdp?lang=en#cite", Address("https://a.example:8443/data", "gdp")),
        ("http://[::1]:8000/datasets/gdp/1.2.0/", Address("http://[::1]:8000", "gdp", "1.2.0")),
        ("http://a/datasets/gdp/latest/t.schema.json", Address("http://a", "gdp", "latest", "t")),
        ("http://a/datasets/gdp/1.2.0/datapackage.json", Address("http://a", "gdp", "1.2.0")),
        ("http://a/datasets/gdp/1.2.0/t", Address("http://a", "gdp", "1.2.0", "t")),
        ("http://a/datasets/gdp/versions", Address("http://a", "gdp")),
        ("http://a/datasets/gdp.json", Address("http://a", "gdp")),
        ("http://中国/门户/datasets/gdp", Address("http://xn--fiqs8s/%E9%97%A8%E6%88%B7", "gdp")),
    ],
)
def test_addresses_are_read_as_people_copy_them(url: str, expected: Address) -> None:
    assert parse_address(url) == expected


@pytest.mark.parametrize(
    "url", ["", "gdp", "ftp://a/datasets/gdp", "http://", "http://a:x/", "http://u:p@a/datasets/gdp", "http://[a/"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(opendata_client.UsageError, match="copy its address"):
        opendata_client.load(url)


def test_a_file_is_downloaded_once_and_again_if_it_was_damaged(office: str, tmp_path: Path) -> None:
    first = load(office, cache=tmp_path / "mine")
    assert first.path.name == f"{first.sha256}.parquet"
    assert first.path.is_relative_to(tmp_path / "mine")
    whole, made = first.path.read_bytes(), first.path.stat().st_mtime_ns
    assert load(office, cache=tmp_path / "mine").path.stat().st_mtime_ns == made
    abandoned, busy = first.path.with_name("a.part"), first.path.with_name("b.part")
    abandoned.touch()
    os.utime(abandoned, (0, 0))
    busy.touch()
    first.path.write_bytes(whole[:-1] + b"?")
    assert first.path.read_bytes() == whole
    assert (abandoned.exists(), busy.exists()) == (False, True)
    assert first.path.stat().st_mode & 0o077 == 0
    with pytest.raises(opendata_client.UsageError, match="cache folder"):
        load(office, cache=first.path)


def test_a_digest_that_is_asked_for_must_be_the_published_one(office: str) -> None:
    digest = load(office).sha256
    assert load(office, sha256=digest).sha256 == load(office, sha256=f"sha256:{digest}").sha256 == digest
    with pytest.raises(opendata_client.IntegrityError, match=digest):
        load(office, "1.1.0", sha256=digest)
    with pytest.raises(opendata_client.UsageError, match="64 digits"):
        load(office, sha256=digest[:-1])


# ---------------------------------------------------------------------------------------------------- refusals


def test_what_the_portal_does_not_have_is_named_with_what_to_do(office: str) -> None:
    with pytest.raises(opendata_client.NotFoundError, match=rf"“nothing”\n.*{office}/datasets"):
        opendata_client.load(f"{office}/datasets/nothing", language="en")
    with pytest.raises(opendata_client.NotFoundError, match=r"3\.0\.0"):
        load(office, "3.0.0")
    with pytest.raises(opendata_client.NotFoundError, match="It has: all-types"):
        load(office, resource="other")
    with pytest.raises(opendata_client.UsageError, match="isn't the address of a dataset"):
        opendata_client.load(office)
    with pytest.raises(opendata_client.UsageError, match="Leave one out"):
        opendata_client.load(f"{office}/datasets/typed/1.0.0", version="1.1.0")
    with pytest.raises(opendata_client.WithdrawnError, match="newest") as caught:
        opendata_client.load(f"{office}/datasets/withdrawn", version="1.0.0")
    assert caught.value.problem["tombstone"]["reason"] == "数据有误"
    with pytest.raises(opendata_client.NotPublicError, match="token="):
        opendata_client.load(f"{office}/datasets/granted")
    with pytest.raises(opendata_client.RefusedError, match="token"):
        opendata_client.load(f"{office}/datasets/granted", token="odt_unknown")
    with pytest.raises(opendata_client.UsageError, match="token="):
        load(office, token="a\nb")


class Answers(BaseHTTPRequestHandler):
    """Answers as `answer` says, which the test sets."""

    answer: Callable[[BaseHTTPRequestHandler], None]

    def do_GET(self) -> None:
        type(self).answer(self)

    def log_message(self, *arguments: object) -> None:
        """Write nothing."""


@pytest.fixture
def rogue() -> Iterator[tuple[str, Callable[[Callable[[BaseHTTPRequestHandler], None]], None]]]:
    """The address of a dataset at a server, and what sets how that answers."""

    class Own(Answers):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Own) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/datasets/gdp", lambda answer: setattr(Own, "answer", answer)
        server.shutdown()


def reply(status: int = 200, body: bytes = b"", **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """An answer."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def drip(handler: BaseHTTPRequestHandler) -> None:
    """Send a header for ever, a byte at a time."""
    handler.wfile.write(b"HTTP/1.0 200 OK\r\nX: ")
    for _ in range(200):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.02)


PACED = reply(429, b'{"detail": "Take the file"}', Content_Type="application/problem+json")
BROKEN: list[tuple[str, Any, type[Exception], str]] = [
    ("a page", reply(body=b"<html>", Content_Type="text/html"), opendata_client.NotAPortalError, "isn't|doesn't"),
    ("deep JSON", reply(body=b"[" * 100_000), opendata_client.NotAPortalError, "doesn't answer"),
    ("other JSON", reply(body=b'{"resources": [{"name": [], "schema": 1}]}'), opendata_client.NotAPortalError, "page"),
    ("a 404 of another server", reply(404, b"no"), opendata_client.NotAPortalError, "doesn't answer"),
    ("another origin", reply(302, Location="http://a.invalid/x"), opendata_client.NotAPortalError, "a.invalid/x"),
    ("another scheme", reply(302, Location="file:///etc/passwd"), opendata_client.NotAPortalError, "doesn't answer"),
    ("a circle", reply(302, Location="/datasets/gdp"), opendata_client.NotAPortalError, "doesn't answer"),
    ("no HTTP", lambda handler: handler.wfile.write(b"hello\r\n"), opendata_client.UnreachableError, "Can't reach"),
    ("cut off", reply(body=b"{}", Content_Length="3"), opendata_client.UnreachableError, "broke off"),
    ("busy", reply(503, Retry_After="7"), opendata_client.UnreachableError, "now: 503 .* in 7 seconds"),
    ("too often", PACED, opendata_client.UnreachableError, "now: Take the file. Try again later"),
    ("slow", drip, opendata_client.UnreachableError, "too long"),
    ("too large", reply(body=b"{" + b" " * 2000 + b"}"), opendata_client.RefusedError, "larger than the 1,000 bytes"),
]


@pytest.mark.parametrize(("name", "answer", "kind", "words"), BROKEN, ids=[item[0] for item in BROKEN])
def test_a_server_that_answers_badly_ends_in_a_clear_error(
    rogue: tuple[str, Any], monkeypatch: pytest.MonkeyPatch, name: str, answer: Any, kind: type[Exception], words: str
) -> None:
    url, answer_with = rogue
    answer_with(answer)
    monkeypatch.setattr(transport, "JSON_BYTES", 1000 if name == "too large" else transport.JSON_BYTES)
    with pytest.raises(kind, match=words):
        opendata_client.load(url, timeout=0.2 if name == "slow" else 10)


@pytest.mark.parametrize(
    ("sent", "size", "words"), [(b"other", 5, "digest"), (b"too long", 5, "5 bytes"), (b"short", 9, "9 bytes")]
)
def test_a_file_with_other_bytes_than_published_is_refused_and_not_kept(
    rogue: tuple[str, Any], tmp_path: Path, sent: bytes, size: int, words: str
) -> None:
    url, answer_with = rogue
    parquet = {"bytes": size, "hash": f"sha256:{'0' * 64}"}
    manifest = {"name": "gdp", "version": "1.0.0", "resources": []}
    manifest["resources"] = [{"name": "gdp", "schema": {"fields": []}, "opendata": {"parquet": parquet}}]  # type: ignore[assignment]
    document = json.dumps(manifest).encode()
    answer_with(lambda handler: reply(body=document if handler.path.endswith(".json") else sent)(handler))
    with pytest.raises(opendata_client.IntegrityError, match=words):
        opendata_client.load(url)
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []


def test_a_certificate_must_be_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    class Own(Answers):
        answer = staticmethod(reply(503))

    with ThreadingHTTPServer(("127.0.0.1", 0), Own) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"https://127.0.0.1:{server.server_port}/datasets/gdp"
        with pytest.raises(opendata_client.UnreachableError, match="SSL_CERT_FILE"):
            opendata_client.load(url)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with pytest.raises(opendata_client.UnreachableError, match="can't answer now"):
            opendata_client.load(url)
        server.shutdown()


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    address = x509.IPAddress(IPv4Address("127.0.0.1"))
    signed = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False).sign(key, hashes.SHA256())
    (folder / "certificate").write_bytes(signed.public_bytes(Encoding.PEM))
    (folder / "key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return folder / "certificate", folder / "key"


def test_a_proxy_of_the_environment_is_asked(rogue: tuple[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    url, answer_with = rogue
    asked: list[str] = []
    answer_with(lambda handler: (asked.append(handler.path), reply(503)(handler)))
    monkeypatch.setenv("http_proxy", url.partition("/datasets")[0])
    with pytest.raises(opendata_client.UnreachableError, match=r"http://portal\.invalid"):
        opendata_client.load("http://portal.invalid/datasets/gdp")
    assert asked == ["http://portal.invalid/datasets/gdp/latest/datapackage.json"]


def test_a_portal_that_cannot_be_reached_is_named() -> None:
    with pytest.raises(opendata_client.UnreachableError, match=r"http://127.0.0.1:9: Connection refused"):
        opendata_client.load("http://127.0.0.1:9/datasets/gdp")


# ------------------------------------------------------------------------------------------------ distribution


def test_the_client_needs_pyarrow_alone() -> None:
    optional = {"duckdb", "pandas", "polars"}
    for path in (PACKAGE / "opendata_client").glob("*.py"):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            names = [item.name for item in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in {item.partition(".")[0] for item in names}:
                known = name in sys.stdlib_module_names or name in {"opendata_client", "pyarrow"}
                assert known or (name in optional and node not in tree.body), f"{path.name}: {name}"
