"""What a clerk sees of the virus scanner: what it holds, what it found; readers see nothing of it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from opendata.services.drafts.intake import ResourceOption
from opendata.services.uploads.upload_values import UploadedFile
from tests.instances import CSV, DATASET
from tests.servers import EICAR, SIGNATURE, ClamdServer
from tests.web.conftest import PASSWORD, Portal, make_portal


@pytest.fixture
def guarded(tmp_path: Path, clamd: ClamdServer) -> Iterator[Portal]:
    """A portal with a virus scanner."""
    with make_portal(tmp_path / "desk", scanner=clamd.address) as built:
        yield built


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Portal]:
    """A portal whose virus scanner is away."""
    with make_portal(tmp_path / "desk", scanner=f"unix:{tmp_path / 'nobody'}") as built:
        yield built


def send_draft(portal: Portal, notes: str) -> str:
    """A draft of a table and an attachment, its work done as far as it goes."""
    clerk = portal.services.accounts.sign_in("clerk", PASSWORD)[0]
    portal.services.datasets.create(clerk, DATASET)
    sent = [UploadedFile("levels.csv", io.BytesIO(CSV.encode())), UploadedFile("n.txt", io.BytesIO(notes.encode()))]
    options = [ResourceOption(file="n.txt", type="attachment", name="notes")]
    draft = portal.services.drafts.create(clerk, "reservoirs", sent, options, enqueue=False)[0].id
    portal.work()
    return draft


def test_a_virus_is_shown_with_its_file_in_both_languages(guarded: Portal) -> None:
    draft = send_draft(guarded, EICAR)
    for language, text in (
        ("zh", f"“n.txt”已被删除：病毒扫描程序发现“{SIGNATURE}”"),
        ("en", f"“n.txt” was deleted: the virus scanner found “{SIGNATURE}”"),
    ):
        page = guarded.signed_in("clerk", language).get(f"/workspace/drafts/{draft}").text
        assert text in page
    answer = guarded.signed_in("clerk").get(f"/api/v1/drafts/{draft}/resources/notes/file")
    assert answer.status_code == 404


def test_a_held_draft_says_why_and_shows_nothing_of_its_files(held: Portal) -> None:
    draft = send_draft(held, "说明")
    for language, text in (("zh", "等待病毒扫描程序应答"), ("en", "Held until the virus scanner answers")):
        client = held.signed_in("clerk", language)
        assert text in client.get(f"/workspace/drafts/{draft}").text
    told = client.get(f"/api/v1/drafts/{draft}").get_json()
    assert (told["status"], told["stage"], told["error"]["type"]) == ("validating", "hold", "Held")
    assert client.get(f"/api/v1/drafts/{draft}/resources/notes/file").status_code == 409
    assert client.get(f"/workspace/drafts/{draft}/resources/levels/reading").status_code == 409


def test_readiness_tells_the_state_of_the_scanner_and_does_not_depend_on_it(held: Portal, clamd: ClamdServer) -> None:
    answer = held.client().get("/readyz")
    assert (answer.status_code, answer.text) == (200, "ready\nscanner: not answering, uploads are held\n")
    assert held.client().get("/datasets").status_code == 200


def test_readiness_names_a_scanner_that_answers(guarded: Portal) -> None:
    assert guarded.client().get("/readyz").text == "ready\nscanner: ready\n"
