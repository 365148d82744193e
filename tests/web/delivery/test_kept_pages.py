"""Kept pages: the same as fresh ones for everybody, never personal, and gone with the change that is committed."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from opendata.app import attach_services
from opendata.db.models import Base
from opendata.db.revisions import QUIET
from opendata.services.core.actors import SYSTEM
from opendata.services.core.context import read_clock
from opendata.settings import Settings
from opendata.web.delivery.kept import KeptPages
from opendata.web.delivery.variants import accepts_gzip, find_key
from opendata.wiring import Services, build_services
from tests.instances import CSV, lend_app, publish
from tests.web.conftest import PASSWORD, SAMPLE, Portal, make_portal
from tests.web.test_disclosure import VALUES, build_path, list_values

PAGE, LIST = "/datasets/reservoirs", "/api/v1/datasets"
FRESH = {"Want-Repr-Digest": "none=1"}
"""Whoever sends this gets no kept page."""


def find_cache(portal: Portal) -> KeptPages:
    """The cache of the portal's application."""
    found: KeptPages = portal.app.extensions["opendata_kept"]
    return found


@contextmanager
def statements(portal: Portal) -> Iterator[list[str]]:
    """The statements that are run meanwhile, but for the one that reads the revision."""
    found: list[str] = []

    def note(_one: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found.append(statement)

    event.listen(portal.services.database.engine, "before_cursor_execute", note)
    yield found
    event.remove(portal.services.database.engine, "before_cursor_execute", note)


def get_kept(portal: Portal, client: FlaskClient, path: str, **headers: str) -> TestResponse:
    """An answer that needs no statement: a kept one."""
    with statements(portal) as found:
        answer = client.get(path, headers=headers)
    assert found == []
    return answer


def test_a_page_is_made_once_and_given_with_its_tag_or_unchanged(portal: Portal) -> None:
    client = portal.client()
    first = client.get(PAGE)
    assert first.status_code == 200
    again = get_kept(portal, client, PAGE)
    assert again.data == first.data == client.get(PAGE, headers=FRESH).data
    assert {k: v for k, v in again.headers if k != "X-Request-Id"} == {
        k: v for k, v in first.headers if k != "X-Request-Id"
    }
    assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    unchanged = get_kept(portal, client, PAGE, **{"If-None-Match": f'"x", W/{again.headers["ETag"]}'})
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    assert "Content-Type" not in unchanged.headers
    assert unchanged.headers["Content-Security-Policy"] == again.headers["Content-Security-Policy"]
    head = client.head(PAGE)
    assert (head.data, head.content_length) == (b"", len(again.data))
    zipped = get_kept(portal, client, PAGE, **{"Accept-Encoding": "br;q=1, gzip;q=0.8"})
    assert gzip.decompress(zipped.data) == again.data
    assert zipped.headers["ETag"] == f"W/{again.headers['ETag']}"
    assert "Accept-Encoding" in zipped.headers["Vary"]


def test_each_language_type_and_size_of_type_has_its_own(portal: Portal) -> None:
    chinese, english = portal.client(), portal.client("en")
    texts = {
        chinese.get(PAGE).text,
        english.get(PAGE).text,
        chinese.get(PAGE, headers={"Accept": "text/markdown"}).text,
    }
    large = portal.client()
    large.set_cookie("opendata_care", "2")
    texts.add(large.get(PAGE).text)
    assert len(texts) == 4
    assert get_kept(portal, english, PAGE).text in texts
    assert get_kept(portal, large, PAGE).text != get_kept(portal, chinese, PAGE).text
    large.set_cookie("opendata_language", "en")
    assert large.get(PAGE).text not in texts


def test_who_is_signed_in_gets_no_kept_page_and_leaves_none(portal: Portal) -> None:
    stranger, clerk = portal.client(), portal.signed_in("clerk")
    before = stranger.get(PAGE).text
    count = len(find_cache(portal))
    own = clerk.get(PAGE)
    assert "/sign-out" in own.text
    assert "/sign-out" not in before
    assert "ETag" not in own.headers
    assert "no-store" in own.headers["Cache-Control"]
    token = portal.services.accounts.create_token("clerk", "kept")
    for _ in range(2):
        answer = stranger.get(LIST, headers={"Authorization": f"Bearer {token}"})
        assert "no-store" in answer.headers["Cache-Control"]
    assert len(find_cache(portal)) == count
    assert stranger.get(PAGE).text == before


def test_requests_that_want_more_than_the_page_have_no_key() -> None:
    settings = Settings(languages=("zh", "en"))
    plain = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": "", "HTTP_HOST": "localhost"}
    assert find_key(plain, settings) is not None
    for name, value in (
        *(("REQUEST_METHOD", "POST"), ("HTTP_AUTHORIZATION", "Bearer x"), ("HTTP_RANGE", "bytes=0-1")),
        *(("HTTP_COOKIE", "a=1; opendata_id=x"), ("HTTP_COOKIE", "opendata_session=x"), ("HTTP_IF_NONE_MATCH", "*")),
        *(("HTTP_COOKIE", "__Host-opendata_id=x"), ("CONTENT_LENGTH", "1"), ("QUERY_STRING", "q=" + "x" * 2000)),
    ):
        assert find_key({**plain, name: value}, settings) is None, (name, value)
    keys = {
        find_key({**plain, **other}, settings)
        for other in (
            *({}, {"HTTP_COOKIE": "other=1"}, {"HTTP_ACCEPT_LANGUAGE": "zh-CN,en;q=0.1"}),
            *({"HTTP_ACCEPT_LANGUAGE": "en"}, {"QUERY_STRING": "lang=en"}, {"HTTP_HOST": "other"}),
            *({"HTTP_COOKIE": "opendata_care=9"}, {"HTTP_COOKIE": "opendata_care=1"}, {"wsgi.url_scheme": "https"}),
        )
    }
    assert len(keys) == 6


def test_a_reader_with_a_form_gets_kept_pages_and_has_none_made_that_are_kept(portal: Portal) -> None:
    client, other = portal.client(), portal.client()
    assert "csrf_token" in client.get("/sign-in").text
    assert client.get_cookie("opendata_session") is not None
    shown = client.get("/publishers?q=form")  # made for this reader alone
    with statements(portal) as found:
        assert other.get("/publishers?q=form").data == shown.data
    assert found != []
    assert get_kept(portal, client, "/publishers?q=form").data == shown.data
    with client.session_transaction() as session:
        session["_flashes"] = [("good", "said once")]
    assert "said once" in client.get("/publishers?q=form").text
    assert "said once" not in get_kept(portal, other, "/publishers?q=form").text


def test_the_token_of_forms_is_never_in_a_kept_page(portal: Portal) -> None:
    client = portal.client()
    token = client.get("/reuses/new").text.partition('name="csrf_token" value="')[2].partition('"')[0]
    assert token
    assert "csrf_token" in client.get("/reuses/new").text
    shown = portal.client().get("/reuses/new")
    assert token not in shown.text
    assert "Set-Cookie" in shown.headers


@pytest.mark.parametrize(
    "value",
    [
        *(
            "",
            "x",
            "e30.x.y",
            "W10.x.y",
            ".eJyrVkouLUpNUbJSKjYoVaoFAB4sBDk.x.y",
            "eyJjc3JmX3Rva2VuIjoiYSIsInVzZXIiOjF9.x.y",
        ),
        *("é", "bnVsbA.x.y", "=====.x"),
    ],
)
def test_any_other_content_of_the_cookie_of_forms_has_no_kept_page(value: str) -> None:
    plain = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": "", "HTTP_HOST": "localhost"}
    settings = Settings(languages=("zh", "en"))
    assert find_key({**plain, "HTTP_COOKIE": f"a=1; opendata_session={value}; b=2"}, settings) is None
    token = "eyJjc3JmX3Rva2VuIjoiYSJ9.x.y"
    assert find_key({**plain, "HTTP_COOKIE": f"a=1; opendata_session={token}; b=2"}, settings) is not None
    assert find_key({**plain, "HTTP_COOKIE": f"opendata_session={token}; opendata_id=x"}, settings) is None


@pytest.mark.parametrize(
    ("header", "is_taken"),
    [("gzip", True), ("br, gzip", True), ("*", True), ("gzip;q=0", False), ("gzip; q=0.5", True), ("br", False)],
)
def test_readers_say_whether_they_take_gzip(header: str, is_taken: bool) -> None:
    assert accepts_gzip({"HTTP_ACCEPT_ENCODING": header}) is is_taken


def test_kept_pages_are_counted_and_refused_like_others(tmp_path: Path) -> None:
    with make_portal(tmp_path, requests_per_minute=3) as portal:
        client = portal.client()
        answers = [client.get("/datasets") for _ in range(7)]  # a minute may end in between
        left = [answer.headers["RateLimit"].partition(";r=")[2][:1] for answer in answers if answer.status_code == 200]
        assert left[:2] == ["2", "1"]
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert refused.headers["Retry-After"]


def test_the_least_used_give_way_and_none_is_kept_where_there_is_no_memory(portal: Portal) -> None:
    cache, client = find_cache(portal), portal.client()
    small = replace(portal.services, settings=replace(portal.services.settings, page_cache_bytes=120_000))
    attach_services(portal.app, small)
    for number in range(12):
        client.get(f"/datasets?cursor=&n={number}")
    assert 0 < len(cache) < 12
    assert cache.size <= 120_000
    assert client.get("/datasets?cursor=&n=11").data
    attach_services(
        portal.app, replace(portal.services, settings=replace(portal.services.settings, page_cache_bytes=0))
    )
    assert "ETag" not in client.get("/publishers").headers
    attach_services(portal.app, portal.services)
    client.get("/publishers")
    assert len(cache) == 1


def test_what_time_alone_changes_is_seen_after_the_bound(portal: Portal) -> None:
    now = [read_clock()]
    attach_services(portal.app, replace(portal.services, clock=lambda: now[0]))
    client = portal.client()
    client.get("/publishers")
    get_kept(portal, client, "/publishers")
    now[0] += timedelta(seconds=portal.services.settings.page_cache_seconds)
    with statements(portal) as found:
        client.get("/publishers")
    assert found
    attach_services(portal.app, portal.services)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Portal, Services]]:
    """A portal with a dataset, and the services of another process of the same instance."""
    with make_portal(tmp_path / "two") as portal:
        boss = portal.services.accounts.sign_in("boss", PASSWORD)[0]
        portal.services.datasets.create(boss, SAMPLE)
        publish(portal.services, boss, CSV)
        other = build_services(portal.services.settings)
        yield portal, other
        other.database.dispose()


@pytest.mark.slow
@pytest.mark.parametrize("change", ["withdraw", "suspend", "close", "conditional", "publisher"])
def test_what_another_process_takes_away_is_gone_at_once(two: tuple[Portal, Services], change: str) -> None:
    portal, other = two
    client = portal.client()
    paths = (*("/", "/datasets", PAGE, f"{PAGE}/1.0.0/", LIST, f"{LIST}/reservoirs", "/publishers"), "/search?q=水库")
    before = {path: client.get(path).data for path in paths}
    assert before == {path: client.get(path).data for path in paths}
    actor = other.accounts.sign_in("boss", PASSWORD)[0]
    match change:
        case "withdraw":
            other.withdrawals.withdraw(actor, "reservoirs", "1.0.0", reason="错误")
        case "suspend":
            other.stops.suspend(actor, "reservoirs", "1.0.0", reason="错误")
        case "publisher":
            other.publishers.update(SYSTEM, "water-bureau", {"title": "新名局"})
        case attribute:
            said = {"attribute": attribute if attribute != "close" else "closed", "reason": "密", "legalBasis": "法"}
            other.datasets.update(actor, "reservoirs", {"disclosure": said})
    for path in paths:
        kept, fresh = client.get(path), client.get(path, headers=FRESH)
        assert (kept.status_code, kept.data) == (fresh.status_code, fresh.data), path
    assert client.get(PAGE).data != before[PAGE]


@pytest.mark.slow
def test_every_kept_page_equals_a_fresh_one_and_has_nothing_of_a_reader(portal: Portal) -> None:
    """All addresses that GET is routed to, as nobody: what was kept is what is made again, without cookie and token."""
    cache, read = find_cache(portal), set[str]()
    values = {**VALUES, "dataset": ("reservoirs",), "item": ("reservoirs",), "namespace": ("reservoirs",)}
    values |= {"version": ("1.0.0", "1.1.0"), "resource": ("table",), "draft": ("none",)}
    tables = {name: f" {name} " for name in Base.metadata.tables}
    kept_count = 0
    for rule in portal.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in ("api_browser.send_asset", "api_events.stream_events"):
            continue
        names = sorted(rule.arguments - set(rule.defaults or ()))
        path = build_path(rule, {name: list_values(rule, name, values)[0] for name in names})
        for accept in ("text/html", "application/json"):
            client, size = portal.client(), len(cache)
            with statements(portal) as found:
                first = client.get(path, headers={"Accept": accept})
            if len(cache) == size:
                continue
            kept_count += 1
            words = " ".join(f" {text} ".replace('"', " ").replace("\n", " ") for text in found)
            read |= {name for name, mark in tables.items() if mark in words}
            again, fresh = (client.get(path, headers={"Accept": accept, **more}) for more in ({}, FRESH))
            assert first.data == again.data == fresh.data, path
            for answer in (first, again, fresh):
                assert "Set-Cookie" not in answer.headers, path
                assert b"csrf_token" not in answer.data, path
                assert "no-store" not in answer.headers.get("Cache-Control", ""), path
    assert kept_count > 60
    assert read & set(QUIET) == set()
    assert {"datasets", "versions", "publishers"} <= read


def test_a_page_with_a_form_is_never_kept(portal: Portal) -> None:
    cache, client = find_cache(portal), portal.client()
    for path in ("/sign-in", "/recover", "/requests/new", "/subscribe"):
        before = len(cache)
        client.get(path)
        assert len(cache) <= before, path


def test_an_application_of_another_instance_has_nothing_of_this_one(portal: Portal, tmp_path: Path) -> None:
    portal.client().get(PAGE)
    with make_portal(tmp_path) as other, lend_app(other.services):
        assert other.client().get(PAGE).status_code == 404
