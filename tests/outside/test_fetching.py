"""Files are fetched from real servers, within limits, and never from where nobody has allowed."""

from __future__ import annotations

import ipaddress
import socket
import sqlite3
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from opendata.domain.sources.address import SourceAddress
from opendata.errors import BackendError, Fault, NotPermittedError, OpendataError, TooLargeError
from opendata.outside.fetched import Fetched, Target
from opendata.outside.guard import Deadline, Guard
from opendata.outside.http import HttpRequest, fetch_http
from opendata.outside.sftp import SftpRequest, UnknownKeyError, fetch_sftp
from opendata.outside.sql import SqlRequest, choose_encryption, fetch_sql
from tests.source_servers import SftpSite, Site, serve_sftp, serve_site

LOOPBACK = Guard(["127.0.0.0/8"])
ROWS = b"code,level\nA001,12.5\n"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serve_site() as running:
        yield running


@pytest.fixture(scope="module")
def sftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpSite]:
    folder = tmp_path_factory.mktemp("sftp")
    (folder / "levels.csv").write_bytes(ROWS)
    with serve_sftp(folder) as running:
        yield running


def parse(url: str) -> SourceAddress:
    found = SourceAddress.parse(url)
    assert isinstance(found, SourceAddress), found
    return found


def fetch(
    url: str, path: Path, *, guard: Guard = LOOPBACK, limit: int = 10_000, seconds: float = 20, **more: str
) -> Fetched | None:
    with Deadline(seconds) as deadline:
        return fetch_http(HttpRequest(url=url, **more), Target(path, limit), guard, deadline)


def refuse(url: str, path: Path, **more: Any) -> OpendataError:
    with pytest.raises(OpendataError) as caught:
        fetch(url, path, **more)
    return caught.value


def test_a_file_is_fetched_and_not_again_while_it_is_unchanged(site: Site, tmp_path: Path) -> None:
    url = site.put("/data/levels.csv?year=2026", ROWS, headers={"ETag": '"1"'})
    found = fetch(url, tmp_path / "file")
    assert found is not None
    assert (found.name, found.size, (tmp_path / "file").read_bytes()) == ("levels.csv", len(ROWS), ROWS)
    assert fetch(url, tmp_path / "again", etag=found.etag) is None
    assert site.requests[-1][1]["if-none-match"] == '"1"'


def test_a_redirect_is_followed_without_the_password_for_another_host(site: Site, tmp_path: Path) -> None:
    with serve_site() as other:
        target = other.put("/file", ROWS)
        site.put("/own", status=302, headers={"Location": "/moved"})
        site.put("/moved", status=307, headers={"Location": target})
        fetch(f"http://clerk@127.0.0.1:{site.port}/own", tmp_path / "file", secret="geheim")
        assert [request[1].get("authorization") for request in site.requests[-2:]] == ["Basic Y2xlcms6Z2VoZWlt"] * 2
        assert "authorization" not in other.requests[-1][1]


def test_a_secret_can_be_a_bearer_token_or_a_part_of_the_address(site: Site, tmp_path: Path) -> None:
    fetch(site.put("/token", ROWS), tmp_path / "file", secret="abc")
    assert site.requests[-1][1]["authorization"] == "Bearer abc"
    site.put("/keyed?key=a%26b", ROWS)
    fetch(f"{site.url}/keyed?key={{secret}}", tmp_path / "file", secret="a&b")
    assert site.requests[-1][0] == "/keyed?key=a%26b"
    assert "authorization" not in site.requests[-1][1]


def test_an_error_never_has_the_secret_in_it(site: Site, tmp_path: Path) -> None:
    for path in ("/missing?key={secret}", "/loop?key={secret}"):
        site.put("/loop?key=geheim", status=302, headers={"Location": "/loop?key=geheim"})
        assert "geheim" not in str(refuse(site.url + path, tmp_path / "file", secret="geheim"))


@pytest.mark.parametrize(
    ("host", "address"),
    [
        *(("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("2130706433", "127.0.0.1"), ("[::1]", "::1")),
        *(("10.1.2.3", "10.1.2.3"), ("169.254.169.254", "169.254.169.254"), ("0", ".0.0.0")),
        *(("[::ffff:127.0.0.1]", "::ffff:127.0.0.1"), ("[64:ff9b::7f00:1]", ""), ("[2002:7f00:1::]", "")),
        *(("100.64.0.1", ""), ("224.0.0.1", ""), ("[fe80::1]", ""), ("[fd00::1]", "")),
    ],
)
def test_an_address_inside_a_network_is_refused(host: str, address: str, tmp_path: Path) -> None:
    error = refuse(f"http://{host}/file", tmp_path / "file", guard=Guard())
    assert isinstance(error, NotPermittedError)
    assert address in str(error)


def test_public_addresses_are_allowed_and_networks_that_the_operator_names() -> None:
    assert Guard().resolve("93.184.216.34", 80) == ["93.184.216.34"]
    assert Guard().resolve("64:ff9b::5db8:d822", 80) == ["64:ff9b::5db8:d822"]
    assert Guard(["10.1.0.0/16"]).resolve("10.1.2.3", 80) == ["10.1.2.3"]
    assert Guard(["127.0.0.1:81"]).resolve("127.0.0.1", 81) == ["127.0.0.1"]
    with pytest.raises(NotPermittedError):
        Guard(["127.0.0.1:81"]).resolve("127.0.0.1", 80)


def test_a_redirect_to_an_address_inside_a_network_is_refused(site: Site, tmp_path: Path) -> None:
    url = site.put("/away", status=302, headers={"Location": "http://169.254.169.254/latest/meta-data"})
    assert isinstance(refuse(url, tmp_path / "file", guard=Guard([f"127.0.0.1:{site.port}"])), NotPermittedError)
    url = site.put("/file-away", status=302, headers={"Location": "file:///etc/passwd"})
    assert "isn't a web address" in str(refuse(url, tmp_path / "file"))


def test_a_name_is_resolved_once_and_that_address_is_connected_to(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = socket.getaddrinfo

    def rebind(host: str, port: int, *more: Any, **options: Any) -> Any:
        """A name server that answers a public address first, and one inside the network after that."""
        if host != "rebinding.example":
            return real(host, port, *more, **options)
        asked.append(host)
        return real("127.0.0.1" if len(asked) == 1 else "169.254.169.254", port, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", rebind)
    site.put("/file", ROWS)
    assert fetch(f"http://rebinding.example:{site.port}/file", tmp_path / "file") is not None
    assert asked == ["rebinding.example"]


@pytest.mark.slow
def test_what_is_too_large_too_slow_or_cut_off_is_refused(site: Site, tmp_path: Path) -> None:
    announced = site.put("/announced", b"x" * 50)
    assert isinstance(refuse(announced, tmp_path / "file", limit=49), TooLargeError)
    endless = site.put("/endless", b"x" * 50, headers={"Content-Length": "", "Transfer-Encoding": "identity"})
    assert isinstance(refuse(endless, tmp_path / "file", limit=49), TooLargeError)
    assert (tmp_path / "file").stat().st_size <= 50
    short = site.put("/short", b"x" * 50, claims=80)
    assert "broke off" in str(refuse(short, tmp_path / "file"))
    slow = site.put("/slow", b"x" * 100, pause=0.02, pieces=100)
    assert "longer than" in str(refuse(slow, tmp_path / "file", seconds=0.15))


@pytest.mark.parametrize(("status", "text"), [(401, "password"), (403, "refuses"), (404, "no file"), (500, "500")])
def test_what_a_server_refuses_is_said_in_words(site: Site, tmp_path: Path, status: int, text: str) -> None:
    assert text in str(refuse(site.put("/refused", status=status), tmp_path / "file"))


def test_a_server_that_is_away_is_named(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert str(port) in str(refuse(f"http://127.0.0.1:{port}/", tmp_path / "file"))


def fetch_from_sftp(sftp: SftpSite, path: Path, *, url: str = "", limit: int = 10_000, **more: str) -> Fetched:
    request = SftpRequest(address=parse(url or sftp.url), **{"secret": sftp.password, **more})
    with Deadline(20) as deadline:
        return fetch_sftp(request, Target(path, limit), LOOPBACK, deadline)


def test_the_key_of_an_unknown_server_is_shown_and_nothing_is_sent(sftp: SftpSite, tmp_path: Path) -> None:
    with pytest.raises(UnknownKeyError) as caught:
        fetch_from_sftp(sftp, tmp_path / "file")
    assert (caught.value.key, caught.value.fingerprint) == (sftp.host_key, sftp.fingerprint)


def test_a_file_is_fetched_over_sftp_with_a_password_or_a_key(sftp: SftpSite, tmp_path: Path) -> None:
    for secret in (sftp.password, sftp.private_key):
        found = fetch_from_sftp(sftp, tmp_path / "file", host_key=sftp.host_key, secret=secret)
        assert (found.name, found.size, (tmp_path / "file").read_bytes()) == ("levels.csv", len(ROWS), ROWS)


@pytest.mark.slow
def test_sftp_refuses_another_key_a_wrong_password_and_what_is_too_large(sftp: SftpSite, tmp_path: Path) -> None:
    import asyncssh

    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    for more, text in (
        ({"host_key": other}, "another key"),
        ({"host_key": sftp.host_key, "secret": "wrong"}, "doesn't accept"),
        ({"host_key": sftp.host_key, "secret": "-----BEGIN nonsense"}, "private key"),
        ({"host_key": sftp.host_key, "url": sftp.url + ".none"}, "no file"),
    ):
        with pytest.raises(BackendError, match=text):
            fetch_from_sftp(sftp, tmp_path / "file", **more)
    with pytest.raises(TooLargeError):
        fetch_from_sftp(sftp, tmp_path / "file", host_key=sftp.host_key, limit=3)


def query(url: str, text: str, path: Path, *, folder: Path | None = None, limit: int = 10**6) -> Fetched:
    with Deadline(20) as deadline:
        request = SqlRequest(address=parse(url), query=text, folder=folder)
        return fetch_sql(request, Target(path, limit), LOOPBACK, deadline)


def test_rows_of_postgresql_keep_their_types(postgresql_database: str, tmp_path: Path) -> None:
    url = postgresql_database.replace("+psycopg", "")
    text = (
        "SELECT 'A%01'::text AS code, 12.50::numeric(8,2) AS level, 1.5::numeric AS free, 7::int2 AS count,"
        " DATE '2026-01-31' AS day, TIMESTAMPTZ '2026-01-31 08:00+08' AS moment, true AS good, NULL::int AS none,"
        " '{\"a\": 1}'::jsonb AS more"
    )
    found = query(url, text, tmp_path / "file")
    table = pq.read_table(tmp_path / "file")
    types = {field.name: str(field.type) for field in table.schema}
    assert types == {
        **{"code": "string", "level": "decimal128(8, 2)", "free": "string", "count": "int64", "day": "date32[day]"},
        **{"moment": "timestamp[us, tz=UTC]", "good": "bool", "none": "int64", "more": "string"},
    }
    row = table.to_pylist()[0]
    assert (row["code"], row["level"], row["free"], row["day"]) == ("A%01", Decimal("12.50"), "1.5", date(2026, 1, 31))
    assert row["moment"].isoformat() == "2026-01-31T00:00:00+00:00"
    assert (row["none"], row["more"]) == (None, '{"a": 1}')
    assert query(url, text, tmp_path / "again").sha256 == found.sha256


def test_a_query_of_postgresql_can_only_read(postgresql_database: str, tmp_path: Path) -> None:
    url = postgresql_database.replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (number int)")
        connection.execute(
            "CREATE FUNCTION add() RETURNS int LANGUAGE sql AS 'INSERT INTO kept VALUES (1) RETURNING 1'"
        )
    for text in (
        "DELETE FROM kept",
        "SELECT 1; DROP TABLE kept",
        "SELECT 1; COMMIT; INSERT INTO kept VALUES (1)",
        "WITH new AS (INSERT INTO kept VALUES (1) RETURNING number) SELECT * FROM new",
        "SELECT add()",
        "COPY kept TO PROGRAM 'true'",
        "SELEC 1",
    ):
        with pytest.raises(BackendError, match="The database answers"):
            query(url, text, tmp_path / "file")
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_connection_that_leaves_the_machine_is_encrypted_or_not_made(
    postgresql_database: str, tmp_path: Path
) -> None:
    assert [choose_encryption(place) for place in ("127.0.0.1", "::1")] == ["prefer", "prefer"]
    assert [choose_encryption(place) for place in ("10.1.2.3", "2001:db8::1", "192.0.2.7")] == ["require"] * 3
    url = postgresql_database.replace("+psycopg", "")
    with pytest.raises(BackendError, match="offers no encrypted connection"):
        query(f"{url}?sslmode=require", "SELECT 1", tmp_path / "file")


@pytest.mark.slow
@pytest.mark.parametrize("is_sqlite", [True, False], ids=["sqlite", "postgresql"])
def test_wide_rows_after_narrow_ones_take_little_memory(
    postgresql_database: str, tmp_path: Path, is_sqlite: bool
) -> None:
    narrow, wide, size = 1011, 400, 1 << 20
    folder = tmp_path / "folder"
    folder.mkdir()
    sqlite3.connect(folder / "wide.db").close()
    url = "sqlite:///wide.db" if is_sqlite else postgresql_database.replace("+psycopg", "")
    text = f"hex(zeroblob({size // 2}))" if is_sqlite else f"repeat('0', {size})"
    rows = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {narrow + wide})"
    tracemalloc.start()
    try:
        cells = f"{rows} SELECT CASE WHEN i > {narrow} THEN {text} ELSE 'short' END AS cell FROM n"
        query(url, cells, tmp_path / "file", folder=folder)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    lengths = Counter(pc.utf8_length(pq.read_table(tmp_path / "file")["cell"]).to_pylist())
    assert lengths == {len("short"): narrow, size: wide}
    assert most < 64 * size, f"{most >> 20} MiB of {wide} MiB were held at once"


@pytest.mark.slow
def test_a_query_that_takes_too_long_or_gives_too_much_is_stopped(postgresql_database: str, tmp_path: Path) -> None:
    url = postgresql_database.replace("+psycopg", "")
    request = SqlRequest(address=parse(url), query="SELECT pg_sleep(20)")
    with Deadline(0.3) as deadline, pytest.raises(BackendError):
        fetch_sql(request, Target(tmp_path / "file", 1000), LOOPBACK, deadline)
    with pytest.raises(TooLargeError):
        query(url, "SELECT md5(n::text) FROM generate_series(1, 60000) n", tmp_path / "file", limit=100_000)


def test_sqlite_is_read_in_the_folder_of_the_operator_alone(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for place in (folder / "levels.db", tmp_path / "outside.db"):
        with sqlite3.connect(place) as connection:
            connection.execute("CREATE TABLE levels (code, level)")
            connection.execute("INSERT INTO levels VALUES ('A001', 12.5), ('A002', NULL)")
        connection.close()
    query("sqlite:///levels.db", "SELECT * FROM levels", tmp_path / "file", folder=folder)
    expected = [{"code": "A001", "level": "12.5"}, {"code": "A002", "level": None}]
    assert pq.read_table(tmp_path / "file").to_pylist() == expected
    with pytest.raises(NotPermittedError):
        query("sqlite:///levels.db", "SELECT 1", tmp_path / "file")
    for url, text in (
        ("sqlite:///../outside.db", "SELECT 1"),
        ("sqlite:///none.db", "SELECT 1"),
        ("sqlite:///levels.db", "DELETE FROM levels"),
        ("sqlite:///levels.db", f"ATTACH '{tmp_path / 'outside.db'}' AS other"),
        ("sqlite:///levels.db", "PRAGMA database_list"),
    ):
        with pytest.raises(OpendataError):
            query(url, text, tmp_path / "file", folder=folder)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "levels.csv",
            "ftp://example.org/a",
            "file:///etc/passwd",
            "http://",
            "http://a b/",
            "http://example.org:0/",
        ),
        *("http://user:password@example.org/", "http://example.org/#top", "http://exa\nmple.org/", "http://[::1/"),
        *(
            "sftp://example.org/a",
            "sftp://user@example.org",
            "sftp://user@example.org/a?b=1",
            "http://example.org:99999/",
        ),
        *("postgresql:///database?host=/run", "postgresql://user@/database", "sqlite://host/a.db", "sqlite:///"),
        *("http://-x/", "http://a,b/", "x" * 3000),
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    assert isinstance(SourceAddress.parse(url), Fault)


def test_addresses_have_their_parts() -> None:
    found = parse("sftp://clerk%40a@Example.org/a%20b.csv")
    assert (found.host, found.port, found.user, found.path) == ("example.org", 22, "clerk@a", "/a b.csv")
    assert parse("https://[2001:db8::1]:8443/a?b=1").party == ("https", "2001:db8::1", 8443, "")
    assert ipaddress.ip_address(parse("http://[::1]/").host).is_loopback
