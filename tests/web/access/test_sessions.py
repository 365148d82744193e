"""Signing in and out, and what protects a session."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from opendata.services.core.actors import SYSTEM
from tests.web.conftest import PASSWORD, Portal, find_token, make_portal, send


def test_signing_in_leads_to_the_workspace_and_out_again(portal: Portal) -> None:
    client = portal.signed_in("clerk")
    page = client.get("/workspace")
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "clerk" in client.get("/").text
    assert client.get("/").headers["Cache-Control"] == "private, no-store"
    left = send(client, "/sign-out", {}, form="/")
    assert (left.status_code, left.headers["Clear-Site-Data"]) == (303, '"cache", "storage"')
    assert client.get("/workspace").status_code == 303
    assert "clerk" not in client.get("/").text


@pytest.mark.parametrize(
    ("name", "password"), [("clerk", "gu3ss"), ("nobody", PASSWORD), ("", ""), ("clerk\0", PASSWORD)]
)
def test_a_wrong_name_or_password_says_neither_which(portal: Portal, name: str, password: str) -> None:
    answer = send(portal.client("en"), "/sign-in", {"name": name, "password": password})
    assert answer.status_code == 401
    assert "The name or password is incorrect" in answer.text
    assert password not in answer.text or not password


def test_a_session_ends_when_the_account_is_closed_or_gets_a_new_password(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    desk.services.accounts.set_password("clerk", "another password")
    assert client.get("/workspace").status_code == 303
    other = desk.signed_in("boss")
    desk.services.persons.close(SYSTEM, "boss", confirmed=True)
    assert other.get("/workspace").status_code == 303


def test_a_session_begun_before_signing_in_is_worth_nothing_after(portal: Portal) -> None:
    client = portal.client()
    before = find_token(client.get("/sign-in").text)
    client.post("/sign-in", data={"csrf_token": before, "name": "clerk", "password": PASSWORD})
    answer = client.post("/workspace/datasets/new", data={"csrf_token": before, "title_zh": "标题"})
    assert answer.status_code == 400


def list_cookies(answer: TestResponse) -> dict[str, str]:
    """The cookies that an answer sets, by name."""
    return {cookie.partition("=")[0]: cookie for cookie in answer.headers.getlist("Set-Cookie")}


def test_the_cookies_are_out_of_reach_of_scripts_and_other_sites(portal: Portal) -> None:
    client = portal.client()
    cookies = list_cookies(client.get("/sign-in"))
    cookies |= list_cookies(send(client, "/sign-in", {"name": "clerk", "password": PASSWORD}))
    assert sorted(cookies) == ["opendata_device", "opendata_id", "opendata_session"]
    for cookie in cookies.values():
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Path=/" in cookie


def test_cookies_of_a_portal_with_https_are_for_its_host_alone(tmp_path: Path) -> None:
    with make_portal(tmp_path / "tls", base_url="https://data.example.org") as built:
        client = built.client()
        answer = client.get("/sign-in?lang=en", base_url="https://data.example.org")
        cookies = list_cookies(answer)
        data = {"csrf_token": find_token(answer.text), "name": "clerk", "password": PASSWORD}
        headers = {"Referer": "https://data.example.org/sign-in"}
        answer = client.post("/sign-in", data=data, base_url="https://data.example.org", headers=headers)
        cookies |= list_cookies(answer)
        names = ("device", "id", "language", "session")
        assert sorted(cookies) == [f"__Host-opendata_{name}" for name in names]
        for cookie in cookies.values():
            assert "Secure" in cookie
            assert "Path=/" in cookie
            assert "Domain" not in cookie
        page = client.get("/workspace", base_url="https://data.example.org")
        assert (page.status_code, '<html lang="en"' in page.text) == (200, True)


def test_a_stolen_cookie_is_worth_nothing_after_signing_out(portal: Portal) -> None:
    client, thief = portal.signed_in("clerk"), portal.client()
    stolen = client.get_cookie("opendata_id")
    assert stolen is not None
    thief.set_cookie("opendata_id", stolen.value)
    assert thief.get("/workspace").status_code == 200
    assert send(client, "/sign-out", {}, form="/").status_code == 303
    assert client.get_cookie("opendata_id") is None
    assert thief.get("/workspace").status_code == 303


def test_signing_in_gives_a_new_text_each_time_and_takes_none_that_is_offered(portal: Portal) -> None:
    client = portal.client()
    client.set_cookie("opendata_id", "chosen-by-somebody")
    seen = {"chosen-by-somebody"}
    for _ in range(2):
        token = find_token(client.get("/problems").text) if len(seen) > 1 else find_token(client.get("/sign-in").text)
        client.post("/sign-in", data={"csrf_token": token, "name": "clerk", "password": PASSWORD})
        cookie = client.get_cookie("opendata_id")
        assert cookie is not None
        assert cookie.value not in seen
        seen.add(cookie.value)


def test_a_cookie_of_the_release_before_is_no_session(portal: Portal) -> None:
    client = portal.client()
    with client.session_transaction() as kept:
        kept["user"], kept["mark"] = 1, "0" * 32
    assert client.get("/workspace").status_code == 303


def test_a_person_ends_the_sessions_of_other_browsers(desk: Portal) -> None:
    here, there, third = (desk.signed_in("clerk", "en") for _ in range(3))
    page = here.get("/account").text
    assert page.count("this browser") == 1
    number = re.findall(r"/account/sessions/(\d+)/end", page)[0]
    assert send(here, f"/account/sessions/{number}/end", {}, form="/account").status_code == 303
    assert [item.get("/workspace").status_code for item in (here, there, third)].count(200) == 2
    assert send(here, "/account/sessions/end-others", {}, form="/account").status_code == 303
    assert [item.get("/workspace").status_code for item in (here, there, third)] == [200, 303, 303]
    boss = desk.signed_in("boss", "en")
    assert send(boss, f"/account/sessions/{number}/end", {}, form="/account").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/sign-in",
        "/sign-out",
        "/workspace/datasets/new",
        "/workspace/datasets/reservoirs/edit",
        "/workspace/datasets/reservoirs/upload",
        "/workspace/drafts/x/submit",
        "/workspace/drafts/x/discard",
        "/workspace/drafts/x/resources/levels/drop",
    ],
)
@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_form_from_elsewhere_is_refused(portal: Portal, path: str, token: str) -> None:
    client = portal.signed_in("clerk", "en")
    answer = client.post(path, data={"csrf_token": token, "name": "clerk", "password": PASSWORD})
    assert answer.status_code == 400
    assert "didn&#39;t come from a page of this portal" in answer.text


UNGUARDED = ("/oai", "/subscriptions/end/<text>", "/iceberg/")
"""Programs send these without a page before them: one only reads, one is proved by its secret text, one refuses all."""


def test_every_form_is_guarded(portal: Portal) -> None:
    client = portal.signed_in("boss")
    for rule in portal.app.url_map.iter_rules():
        if "POST" in (rule.methods or ()) and not rule.rule.startswith(("/api/", "/mcp", *UNGUARDED)):
            path = rule.rule.replace("<dataset>", "reservoirs").replace("<resource>", "levels")
            path = path.replace("<kind>", "guide").replace("<version>", "1.0.0")
            path = re.sub(r"<any\(\W*([a-z-]+).*?\):[a-z]+>", r"\1", re.sub("<int:[a-z]+>", "1", path))
            path = re.sub("<[a-z_0-9]+>", "x", path)
            assert client.post(path, data={}).status_code == 400, rule.rule


@pytest.mark.parametrize("path", ["/workspace", "/workspace/datasets/new", "/workspace/datasets/reservoirs/edit?a=1"])
def test_a_page_for_members_leads_to_the_form_and_back(portal: Portal, path: str) -> None:
    client = portal.client()
    asked = client.get(path)
    assert asked.status_code == 303
    answer = send(
        client,
        "/sign-in",
        {"name": "boss", "password": PASSWORD, "next": path},
        form=asked.headers["Location"],
    )
    assert answer.headers["Location"] == path


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\/evil.example",
        "/\t/evil.example",
        "/%0d%0aSet-Cookie:x=1\r\nX: y",
        "javascript:alert(1)",
        "evil",
        "http:/evil",
        "",
    ],
)
def test_nobody_is_led_away_after_signing_in(portal: Portal, wanted: str) -> None:
    answer = send(portal.client(), "/sign-in", {"name": "clerk", "password": PASSWORD, "next": wanted})
    assert answer.headers["Location"] == "/workspace"


def test_guessing_is_slowed_down_and_keeps_nobody_out_of_their_own_browser(tmp_path: Path) -> None:
    with make_portal(tmp_path / "desk", trusted_proxies=("127.0.0.1",)) as desk:
        owner = desk.signed_in("clerk", "en")
        send(owner, "/sign-out", {}, form="/")
        guesser = desk.client("en")

        def guess(client: FlaskClient, name: str, password: str, address: str) -> TestResponse:
            client.environ_base["HTTP_X_FORWARDED_FOR"] = address
            return send(client, "/sign-in", {"name": name, "password": password})

        statuses = [guess(guesser, "clerk", "guess", f"198.51.100.{number}").status_code for number in range(12)]
        assert statuses == [401] * 5 + [429] * 7
        refused = guess(guesser, "clerk", PASSWORD, "198.51.100.77")
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 60
        assert "There were too many attempts" in refused.text
        unknown = [guess(guesser, "nobody", "guess", f"192.0.2.{number}").status_code for number in range(12)]
        assert unknown == statuses
        assert guess(guesser, "boss", PASSWORD, "203.0.113.5").status_code == 303
        assert guess(owner, "clerk", PASSWORD, "198.51.100.77").status_code == 303


def test_a_form_without_files_is_small(portal: Portal) -> None:
    data = MultiDict({"name": "x" * (3 * 1024 * 1024), "password": "y"})
    assert portal.client().post("/sign-in", data=data).status_code == 413
