"""`opendata review`: an operator reviews in the name of an account, which has the rights it has elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from opendata.wiring import Services
from tests.cli.conftest import Run
from tests.instances import DATASET, make_actor, make_services, upload

REVIEWED = {"OPENDATA_REVIEW": "two-person"}


@pytest.fixture
def services(home: Path) -> Iterator[Services]:
    built = make_services(home, review="two-person")
    make_actor(built, "boss", "maintainer", None)
    yield built
    built.database.dispose()


@pytest.fixture
def draft(services: Services) -> str:
    """A submitted draft of the account `editor`."""
    editor = make_actor(services, "editor")
    services.datasets.create(editor, DATASET)
    return services.drafts.submit(editor, upload(services, editor).id).id


def test_a_draft_is_listed_shown_and_approved(run: Run, services: Services, draft: str) -> None:
    assert draft in run("review", "list", "--as", "boss", env=REVIEWED).stdout
    (item,) = json.loads(run("review", "list", "--as", "boss", "--json", env=REVIEWED).stdout)
    assert (item["draft"], item["routine"], item["own"]) == (draft, False, False)
    shown = run("review", "show", draft, "--as", "boss", env=REVIEWED).stdout
    assert item["digest"] in shown
    assert "secrecy: -" in shown
    wrong = run("review", "approve", draft, "--as", "boss", "--digest", "sha256:0", env=REVIEWED)
    assert wrong.exit_code == 2
    assert "has changed" in wrong.stderr
    some = run("review", "approve", draft, "--as", "boss", "--check", "secrecy", env=REVIEWED)
    assert (some.exit_code, "aren't signed" in some.stderr) == (2, True)
    assert run("review", "approve", draft, "--as", "boss", "--check", "taste", env=REVIEWED).exit_code == 2
    approved = run("review", "approve", draft, "--as", "boss", "--digest", item["digest"], env=REVIEWED)
    assert approved.exit_code == 0, approved.stderr
    assert json.loads(run("review", "show", draft, "--as", "boss", "--json", env=REVIEWED).stdout)["approver"] == "boss"
    assert "secrecy: passed (boss)" in run("review", "show", draft, "--as", "boss", env=REVIEWED).stdout


def test_nobody_approves_their_own_draft_or_as_an_account_that_is_not_there(run: Run, draft: str) -> None:
    own = run("review", "approve", draft, "--as", "editor", env=REVIEWED)
    assert (own.exit_code, "someone else must approve it" in own.stderr) == (2, True)
    assert "There is no account" in run("review", "approve", draft, "--as", "nobody", env=REVIEWED).stderr
    assert run("review", "approve", draft, env=REVIEWED).exit_code == 2


def test_a_closed_account_reviews_nothing(run: Run, services: Services, draft: str) -> None:
    services.accounts.disable_user("boss")
    assert "is closed" in run("review", "approve", draft, "--as", "boss", env=REVIEWED).stderr


def test_a_draft_is_returned_with_a_comment(run: Run, services: Services, draft: str) -> None:
    assert run("review", "return", draft, "--as", "boss", "--comment", "缺一行", env=REVIEWED).exit_code == 0
    found = json.loads(run("review", "show", draft, "--as", "editor", "--json", env=REVIEWED).stdout)
    assert (found["status"], [item["text"] for item in found["comments"]]) == ("returned", ["缺一行"])
    assert "缺一行" in run("review", "show", draft, "--as", "editor", env=REVIEWED).stdout
