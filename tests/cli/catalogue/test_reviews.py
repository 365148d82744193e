"""`opendata review`: an operator reviews in the name of an account, which has the rights it has elsewhere."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from opendata.services.core.actors import SYSTEM
from opendata.services.drafts.intake import ResourceOption
from opendata.services.uploads.upload_values import UploadedFile
from opendata.wiring import Services
from tests.cli.conftest import Run
from tests.instances import DATASET, make_actor, make_services, upload
from tests.services.work.test_privacy_gate import ROLL

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


def test_what_a_reviewer_judges_about_personal_data_is_shown(run: Run, services: Services) -> None:
    editor = make_actor(services, "editor")
    services.datasets.create(editor, {**DATASET, "description": "问 13812345601"})
    ground = {"treatment": "publish", "ground": "punishment-publicity", "article": "行政处罚法第四十八条"}
    declared = {"treatment": "not-personal", "reason": "official-contact"}
    decisions = {"columns": [{"field": "姓名", **ground}, {"field": "phone", **declared}], "quasi": ["town"]}
    option = ResourceOption(file="roll.csv", name="roll", decisions=decisions)
    files = {"roll.csv": ROLL.encode(), "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(64)}
    sent = [UploadedFile(name, io.BytesIO(data)) for name, data in files.items()]
    draft = services.drafts.create(editor, "reservoirs", sent, [option])[0].id
    services.work.run_to_end(draft)
    lines = [line.strip() for line in run("review", "show", draft, "--as", "boss", env=REVIEWED).stdout.splitlines()]
    for told in (
        "roll.姓名: Names of persons (6) · Publish it, as the law requires · Publicity of punishments · "
        "行政处罚法第四十八条",
        "roll.id: Resident identity numbers (6) · needs a decision",
        "roll.phone: Mobile telephone numbers (6) · This isn't personal data · Official contact of an office",
        "Metadata: Description: Mobile telephone numbers (1) · needs a reason",
        "picture.png: Text in this file format isn't read · somebody must have looked at this file",
    ):
        assert told in lines
    assert any(line.startswith("roll: town: 3 groups") for line in lines)
    shown = json.loads(run("review", "show", draft, "--as", "boss", "--json", env=REVIEWED).stdout)["privacy"]
    assert [(item["field"], item["undecided"]) for item in shown["columns"]] == [
        ("姓名", False),
        ("id", True),
        ("phone", False),
    ]
    assert shown["columns"][0]["decision"]["article"] == ground["article"]
    assert [(item["part"], item["needsReason"]) for item in shown["texts"]] == [("dataset", True)]
    assert [(item["resource"], item["level"]) for item in shown["risks"]] == [("roll", "block")]
    assert shown["unread"] == [{"resource": "picture", "filename": "picture.png", "why": "format"}]


def test_nobody_approves_their_own_draft_or_as_an_account_that_is_not_there(run: Run, draft: str) -> None:
    own = run("review", "approve", draft, "--as", "editor", env=REVIEWED)
    assert (own.exit_code, "someone else must approve it" in own.stderr) == (2, True)
    assert "There is no account" in run("review", "approve", draft, "--as", "nobody", env=REVIEWED).stderr
    assert run("review", "approve", draft, env=REVIEWED).exit_code == 2


def test_a_closed_account_reviews_nothing(run: Run, services: Services, draft: str) -> None:
    services.persons.close(SYSTEM, "boss", confirmed=True)
    assert "is closed" in run("review", "approve", draft, "--as", "boss", env=REVIEWED).stderr


def test_a_draft_is_returned_with_a_comment(run: Run, services: Services, draft: str) -> None:
    assert run("review", "return", draft, "--as", "boss", "--comment", "缺一行", env=REVIEWED).exit_code == 0
    found = json.loads(run("review", "show", draft, "--as", "editor", "--json", env=REVIEWED).stdout)
    assert (found["status"], [item["text"] for item in found["comments"]]) == ("returned", ["缺一行"])
    assert "缺一行" in run("review", "show", draft, "--as", "editor", env=REVIEWED).stdout
