"""What departments sent is erased when they say so, with all that was made of it; what is published stays."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from opendata.errors import NotPermittedError, NotSignedInError, StateError
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.drafts.intake import ResourceOption
from opendata.services.drafts.submission import Submission
from opendata.services.operations import originals
from opendata.services.operations.originals import Erased
from opendata.services.uploads.upload_values import UploadedFile
from opendata.storage.local import LocalStore
from opendata.wiring import Services
from tests.instances import DATASET, make_actor, publish, upload
from tests.intake.attachment_samples import make_docx
from tests.services.work.test_privacy_gate import DECISIONS, ROLL, SECRETS, begin, decide, read
from tests.services.work.test_privacy_gate import publish as submit


def find_secrets(*folders: Path) -> set[str]:
    """Which of the made-up persons of the roll are in the files of folders, databases and packed files aside."""
    found = set()
    for folder in folders:
        for path in folder.rglob("*"):
            data = path.read_bytes() if path.is_file() else b""
            found |= {secret for secret in (SECRETS[0], ROLL.split(",")[5], SECRETS[2]) if secret.encode() in data}
    return found


def test_the_originals_of_a_published_draft_are_erased_everywhere(
    services: Services, editor: Actor, tmp_path: Path
) -> None:
    draft = decide(services, editor, begin(services, editor).id).id
    submit(services, editor, draft)
    private = services.settings.private_folder
    services.backups.write(tmp_path / "backup")
    before = read(services)
    assert len(find_secrets(private / "blobs")) == 3
    assert len(find_secrets(tmp_path / "backup" / "private")) == 3
    kept = services.originals.count(editor, draft)
    assert kept.files > 0
    assert services.originals.erase(editor, draft) == kept
    assert services.originals.count(editor, draft).files == 0
    services.backups.write(tmp_path / "backup")
    assert not find_secrets(private, services.settings.public_folder, tmp_path / "backup")
    assert read(services) == before
    assert services.drafts.get(editor, draft).status == "published"
    assert submit(services, editor, decide(services, editor, begin(services, editor).id).id).status == "published"


def test_the_next_backup_says_nothing_of_what_was_erased(services: Services, editor: Actor, tmp_path: Path) -> None:
    header, *lines = ROLL.splitlines()
    fields: list[dict[str, Any]] = [{"name": name} for name in header.split(",")]
    names = [line.partition(",")[0] for line in lines]
    fields[0]["constraints"] = {"enum": names}

    def send() -> str:
        files = {"roll.csv": ROLL.encode(), "note.docx": make_docx(f"电话{SECRETS[2]}")}
        option = ResourceOption(file="roll.csv", name="roll", schema={"fields": fields})
        sent = [UploadedFile(name, io.BytesIO(data)) for name, data in files.items()]
        draft = services.drafts.create(editor, "reservoirs", sent, [option])[0].id
        services.work.run_to_end(draft)
        return draft

    published, given_up = send(), send()
    services.drafts.discard(editor, given_up)
    decide(services, editor, published)
    services.drafts.submit(editor, published, Submission(reason="公开电话"))
    services.work.run_to_end(published)
    assert services.drafts.get(editor, published).status == "published"
    masked = [item["examples"][0] for item in services.drafts.get(editor, published).privacy]
    masked += [item["examples"][0] for item in services.drafts.get(editor, published).attachments[0].texts]
    assert find_in_tables(services, tmp_path, *names, *masked) == {*names, *masked}
    services.originals.erase_all(editor, "reservoirs")
    assert not find_in_tables(services, tmp_path, *names, *masked)
    assert services.answers.show(editor, published).tables[0].schema.names == ("姓名", "id", "town", "amount")
    assert services.answers.show(editor, given_up).draft.status == "discarded"


def find_in_tables(services: Services, folder: Path, *texts: str) -> set[str]:
    """Which texts are in the database of a backup."""
    services.backups.write(folder / "backup")
    data = "".join(path.read_text() for path in (folder / "backup" / "database").iterdir())
    return {text for text in texts if text in data}


def test_of_a_treated_table_only_what_was_sent_is_kept_untreated(services: Services, editor: Actor) -> None:
    decide(services, editor, begin(services, editor).id)
    blobs = [path for path in (services.settings.private_folder / "blobs").rglob("*") if path.is_file()]
    assert sum(SECRETS[2].encode() in path.read_bytes() for path in blobs) == 1


def test_others_write_while_all_manifests_are_read(
    services: Services, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up = begin(services, editor).id
    services.drafts.discard(editor, given_up)
    listed = originals.list_unneeded

    def write(*arguments: Any, **options: Any) -> set[str]:
        services.datasets.update(editor, "reservoirs", {"title": "各水库"})
        return listed(*arguments, **options)

    monkeypatch.setattr(originals, "list_unneeded", write)
    assert services.originals.erase(editor, given_up).files > 0
    assert services.datasets.get("reservoirs", editor).title == "各水库"


def test_all_that_was_sent_for_a_dataset_is_erased_and_nothing_of_another(services: Services, editor: Actor) -> None:
    submit(services, editor, decide(services, editor, begin(services, editor).id).id)
    given_up = begin(services, editor, ROLL.replace(",100.50", ",150.50")).id
    services.drafts.discard(editor, given_up)
    services.datasets.create(editor, {**DATASET, "id": "other"})
    waste = begin(services, editor, ROLL.replace(",100.50", ",160.50"), dataset="other").id
    services.drafts.discard(editor, waste)
    private, public = LocalStore(services.settings.private_folder), LocalStore(services.settings.public_folder)
    before, published, rows = set(private.list_blobs()), list(public.list_blobs()), read(services)
    others = services.originals.count(editor, waste)
    erased = services.originals.erase_all(editor, "reservoirs")
    gone = before - set(private.list_blobs())
    assert erased == Erased(files=len(gone), bytes=sum(size for _, size in gone))
    assert erased.files >= 2  # one file of each draft at least
    for amount, stays in ((100, False), (150, False), (160, True)):
        text = f",{amount}.50\n".encode()
        blobs = [path for path in services.settings.private_folder.rglob("*") if path.is_file()]
        assert any(text in path.read_bytes() and SECRETS[2].encode() in path.read_bytes() for path in blobs) is stays
    assert services.originals.count(editor, waste) == others
    assert (list(public.list_blobs()), read(services)) == (published, rows)
    assert services.originals.erase_all(editor, "reservoirs") == Erased(files=0, bytes=0)


def test_who_may_erase_and_when(services: Services, editor: Actor) -> None:
    draft = begin(services, editor).id
    with pytest.raises(StateError):
        services.originals.erase(editor, draft)
    services.drafts.discard(editor, draft)
    services.publishers.ensure(SYSTEM, {"id": "road-bureau", "title": "道路局"})
    with pytest.raises(NotPermittedError):
        services.originals.erase(make_actor(services, "rival", publisher="road-bureau"), draft)
    with pytest.raises(NotSignedInError):
        services.originals.count(None, draft)
    with pytest.raises(NotSignedInError):
        services.originals.erase_all(None, "reservoirs")
    assert services.originals.erase(editor, draft).files > 0


def test_what_a_version_or_a_draft_at_work_needs_stays(services: Services, editor: Actor) -> None:
    published = publish(services, editor)
    waiting = begin(services, editor).id
    given_up = upload(services, editor, ROLL, name="again", schema=None).id
    services.drafts.discard(editor, given_up)
    assert services.originals.erase_all(editor, "reservoirs").files > 0
    assert services.originals.count(editor, given_up).files == 0
    assert services.drafts.get(editor, published.id).status == "published"
    assert submit(services, editor, decide(services, editor, waiting, DECISIONS).id).status == "published"
    assert services.checking.run().is_sound


def test_what_a_new_draft_keeps_again_meanwhile_stays(
    services: Services, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up = begin(services, editor).id
    services.drafts.discard(editor, given_up)
    again: list[str] = []
    listed = originals.list_unneeded

    def interleave(*arguments: Any, **options: Any) -> set[str]:
        """Somebody sends the same file right after the files that nobody needs were listed."""
        found = listed(*arguments, **options)
        for name in found:
            with services.settings.private_folder.joinpath("blobs", "sha256", name[:2], name).open("rb") as file:
                LocalStore(services.settings.private_folder).put_stream(file)
            again.append(name)
            break
        return found

    monkeypatch.setattr(originals, "list_unneeded", interleave)
    services.originals.erase(editor, given_up)
    assert again
    assert LocalStore(services.settings.private_folder).has_blob(again[0])
