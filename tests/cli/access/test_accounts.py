"""Accounts, tokens and publishers from a shell."""

from __future__ import annotations

import pytest

from opendata.settings import Settings
from opendata.wiring import build_services


@pytest.fixture
def with_publisher(run, instance):
    assert run("publisher", "create", "water-bureau", "水务局", "--title-en", "Water bureau").exit_code == 0
    return instance


def test_an_editor_belongs_to_a_publisher(run, run_json, with_publisher) -> None:
    ended = run("user", "create", "li", "--publisher", "water-bureau")
    assert ended.exit_code == 0
    assert len(ended.stdout.strip()) >= 16
    (found,) = run_json("user", "list")
    assert (found["name"], found["role"], found["publisher"]) == ("li", "editor", "water-bureau")
    assert "li" in run("user", "list").stdout


def test_an_editor_without_a_publisher_is_refused(run, instance) -> None:
    ended = run("user", "create", "li")
    assert ended.exit_code == 2
    assert "/publisher" in ended.stderr


def test_a_password_can_come_from_stdin_and_is_not_printed(run, instance) -> None:
    ended = run("user", "create", "wang", "--role", "maintainer", "--password-stdin", stdin="correct horse battery\n")
    assert ended.exit_code == 0
    assert ended.stdout == ""
    short = run("user", "password", "wang", "--password-stdin", stdin="short\n")
    assert short.exit_code == 2
    assert "/password" in short.stderr
    assert len(run("user", "password", "wang").stdout.strip()) >= 16


def test_an_account_can_be_closed_and_opened(run, run_json, instance) -> None:
    run("user", "create", "wang", "--role", "maintainer")
    assert run("user", "disable", "wang").exit_code == 0
    assert run_json("user", "list")[0]["disabled"] is True
    assert run("user", "enable", "wang").exit_code == 0
    assert run_json("user", "list")[0]["disabled"] is False
    assert run("user", "disable", "nobody").exit_code == 2


def test_the_sessions_of_an_account_or_of_all_are_ended_and_nothing_else(run, run_json, instance) -> None:
    services = build_services(Settings(home=instance))
    for name in ("wang", "zhao"):
        services.accounts.create_user(name, "a long password", "maintainer")
    texts = [services.accounts.sign_in(name, "a long password")[1] for name in ("wang", "wang", "zhao")]
    services.accounts.create_token("wang")
    assert run("user", "sign-out", "wang").stderr == "Ended 2 sessions.\n"
    assert [services.sessions.resume(text) is None for text in texts] == [True, True, False]
    assert run("user", "sign-out", "--all").stderr == "Ended 1 session.\n"
    assert services.sessions.resume(texts[2]) is None
    assert services.accounts.sign_in("wang", "a long password")
    assert [item["revoked"] for item in run_json("token", "list")] == [False]
    for words in ((), ("wang", "--all"), ("nobody",)):
        assert run("user", "sign-out", *words).exit_code == 2, words
    services.database.dispose()


def test_a_token_is_printed_alone_and_once(run, run_json, instance) -> None:
    run("user", "create", "wang", "--role", "maintainer")
    run("user", "create", "second", "--role", "maintainer")
    ended = run("token", "create", "--name", "nightly", "--days", "30")
    assert ended.exit_code == 0
    token = ended.stdout.strip()
    assert token.startswith("odt_")
    assert "\n" not in token
    (found,) = run_json("token", "list")
    assert (found["user"], found["name"], found["revoked"]) == ("wang", "nightly", False)
    assert found["expires"] is not None
    assert token not in run("token", "list").stdout


def test_a_token_can_be_revoked(run, run_json, instance) -> None:
    run("user", "create", "wang", "--role", "maintainer")
    run("token", "create", "--user", "wang")
    assert run("token", "revoke", "1").exit_code == 0
    assert run_json("token", "list")[0]["revoked"] is True
    assert run("token", "revoke", "7").exit_code == 2


def test_a_token_needs_somebody_whose_it_is(run, instance) -> None:
    ended = run("token", "create")
    assert ended.exit_code == 2
    assert "opendata user create" in ended.stderr
    assert run("token", "create", "--user", "nobody").exit_code == 2


def test_publishers_are_listed_with_their_titles(run, run_json, with_publisher) -> None:
    (found,) = run_json("publisher", "list")
    assert (found["id"], found["title"], found["datasets"]) == ("water-bureau", "水务局", 0)
    again = run("publisher", "create", "water-bureau", "水务局")
    assert again.exit_code == 2
    assert "water-bureau" in again.stderr


def test_a_recovery_link_is_the_only_thing_on_stdout(run, instance) -> None:
    run("user", "create", "boss", "--role", "maintainer")
    ended = run("user", "recover", "boss", env={"OPENDATA_BASE_URL": "https://data.example.org"})
    assert ended.exit_code == 0
    assert ended.stdout.startswith("https://data.example.org/recover/odr_")
    assert len(ended.stdout.splitlines()) == 1
    assert run("user", "recover", "nobody").exit_code == 2
