"""Headers that protect readers, hosts that are refused, and where to report weaknesses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from tests.instances import lend_app, make_services
from tests.web.conftest import Portal

BASE = "https://data.example.org"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A client of a portal whose base address is set."""
    services = make_services(
        tmp_path_factory.mktemp("guarded"),
        base_url=BASE,
        other_hosts=("10.0.0.5:8000",),
        security_contact=("mailto:security@example.org", "https://example.org/report"),
    )
    with lend_app(services) as app:
        yield app.test_client()
    services.database.dispose()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("data.example.org", 200),
        ("DATA.example.org:443", 200),
        ("10.0.0.5:8000", 200),
        ("10.0.0.5", 400),
        ("evil.example", 400),
        ("data.example.org.evil.example", 400),
        ("data.example.org:8080", 400),
        ("data.example.org@evil.example", 400),
        ("", 400),
    ],
)
def test_a_request_for_another_host_is_refused(guarded: FlaskClient, host: str, status: int) -> None:
    for path in ("/datasets", "/api/v1/datasets", "/sitemap.xml"):
        assert guarded.get(path, headers={"Host": host}).status_code == status, path
    for path in ("/healthz", "/readyz"):
        assert guarded.get(path, headers={"Host": host or "balancer"}).status_code == 200, path


def test_a_refused_host_is_not_repeated_and_the_right_one_is_named(guarded: FlaskClient) -> None:
    answer = guarded.get("/datasets", headers={"Host": "evil.example", "Accept": "text/html"})
    assert "evil.example" not in answer.text
    assert BASE in answer.text


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize("host", ["..", "a" * 64])
def test_a_host_that_isnt_the_name_of_one_is_a_bad_request(portal: Portal, host: str, accept: str) -> None:
    assert portal.client().get("/datasets", headers={"Host": host, "Accept": accept}).status_code == 400


def test_a_portal_without_a_base_address_takes_any_host(portal: Portal) -> None:
    assert portal.client().get("/datasets", headers={"Host": "anything.example"}).status_code == 200


def test_every_answer_has_the_headers_that_protect_readers(portal: Portal, guarded: FlaskClient) -> None:
    client = portal.client()
    for path in (
        "/",
        "/api/v1/datasets",
        "/datasets/reservoirs/1.0.0/levels.csv",
        "/datasets/none",
        "/assets/none.css",
    ):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", path
        expected = "cross-origin" if "Access-Control-Allow-Origin" in headers else "same-origin"
        assert headers["Cross-Origin-Resource-Policy"] == expected, path
        assert "geolocation=()" in headers["Permissions-Policy"], path
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], path
        assert headers["X-Frame-Options"] == "DENY", path
        assert "Strict-Transport-Security" not in headers, path
    policies = [
        client.get(path).headers["Cross-Origin-Resource-Policy"]
        for path in ("/", "/datasets/reservoirs/1.0.0/levels.csv")
    ]
    assert policies == ["same-origin", "cross-origin"]
    assert guarded.get("/", base_url=BASE).headers["Strict-Transport-Security"] == "max-age=31536000"
    assert guarded.get("/api/v1/datasets", base_url=BASE).headers["Strict-Transport-Security"] == "max-age=31536000"


def test_security_txt_names_the_contact_and_expires_within_a_year(guarded: FlaskClient, portal: Portal) -> None:
    answer = guarded.get("/.well-known/security.txt", base_url=BASE)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    lines = answer.text.splitlines()
    assert lines[:2] == ["Contact: mailto:security@example.org", "Contact: https://example.org/report"]
    fields = dict(line.split(": ", 1) for line in lines[2:])
    assert set(fields) == {"Expires", "Preferred-Languages", "Canonical"}
    assert fields["Canonical"] == f"{BASE}/.well-known/security.txt"
    assert timedelta(0) < datetime.fromisoformat(fields["Expires"]) - datetime.now(UTC) < timedelta(days=365)
    assert portal.client().get("/.well-known/security.txt").status_code == 404
