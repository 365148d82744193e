"""Personal data in metadata, descriptions and attachments needs a reason; what can't be read is signed by name."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from opendata.db.models import Draft
from opendata.errors import InvalidMetadataError, StateError
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.values import DraftView
from opendata.services.drafts.intake import ResourceOption
from opendata.services.drafts.submission import Submission
from opendata.services.uploads.upload_values import UploadedFile
from opendata.wiring import Services
from tests.instances import CSV, DATASET, SCHEMA, make_actor, make_services
from tests.intake.attachment_samples import MOBILE, make_docx, make_pdf
from tests.services.core.test_access import CONDITIONAL

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
SCAN = make_pdf("", picture=(1240, 1754))


def begin(
    services: Services, actor: Actor, files: Mapping[str, bytes] = {}, schema: Any = SCHEMA, **options: Any
) -> DraftView:
    """A draft of a table with these attachments, its work done."""
    option = ResourceOption(file="levels.csv", name="levels", schema=schema, **options)
    sent = {"levels.csv": CSV.encode(), **files}
    uploads = [UploadedFile(name, io.BytesIO(data)) for name, data in sent.items()]
    view, _ = services.drafts.create(actor, "reservoirs", uploads, [option])
    services.work.run_to_end(view.id)
    return services.drafts.get(actor, view.id)


def refuse(services: Services, actor: Actor, draft: str, said: Submission | None = None) -> list[str]:
    """What is said against submitting a draft without a reason."""
    with pytest.raises(InvalidMetadataError) as caught:
        services.drafts.submit(actor, draft, said)
    assert {item.pointer for item in caught.value.faults} == {"/reason"}
    assert MOBILE not in str([item.params for item in caught.value.faults])
    return [item.text for item in caught.value.faults]


def test_attachments_are_read_once_and_screened(services: Services, editor: Actor) -> None:
    files = {
        "contact.docx": make_docx(f"电话{MOBILE}"),
        "text.pdf": make_pdf("levels of the lake"),
        "scan.pdf": SCAN,
        "picture.png": PNG,
    }
    draft = begin(services, editor, files)
    found = {
        item.filename: (item.is_read, item.unread, [text["kind"] for text in item.texts]) for item in draft.attachments
    }
    assert found == {
        "contact.docx": (True, "", ["mobile-number"]),
        "text.pdf": (True, "", []),
        "scan.pdf": (False, "pictures", []),
        "picture.png": (False, "format", []),
    }
    [finding] = draft.text_findings
    assert (finding["part"], finding["resource"], finding["needsReason"]) == ("contents", "contact", True)
    assert MOBILE not in str(finding)
    [said] = refuse(services, editor, draft.id)
    assert all(word in said for word in ("“contact”", "Mobile telephone numbers"))
    services.drafts.submit(editor, draft.id, Submission(reason="the number of the office"))
    services.work.run_to_end(draft.id)
    manifest = services.versions.get_manifest("reservoirs", "1.0.0").to_json()
    ours = {item["name"]: item.get("opendata", {}).get("privacy") for item in manifest["resources"][1:]}
    assert ours == {"contact": None, "text": None, "scan": {"read": False}, "picture": {"read": False}}
    assert services.checking.run().findings == []


def test_files_that_cannot_be_read_do_not_block(services: Services, editor: Actor) -> None:
    draft = begin(services, editor, {"scan.pdf": SCAN, "picture.png": PNG, "broken.pdf": b"%PDF-1.4\n"})
    services.drafts.submit(editor, draft.id)
    services.work.run_to_end(draft.id)
    assert services.drafts.get(editor, draft.id).status == "published"
    again = begin(services, editor, {"picture.png": PNG})
    assert again.next is not None
    assert again.next.version is None  # the same file again is nothing new
    carried = {item.name: item.is_read for item in again.attachments if item.carried}
    assert carried == {"scan": False, "broken": False}


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"title": f"水库 {MOBILE}"}, ("dataset", "title", None)),
        ({"description": "问 someone@example.org"}, ("dataset", "description", None)),
        ({"keywords": ["水", MOBILE]}, ("dataset", "keywords", None)),
        ({"i18n": {"en": {"description": f"call {MOBILE}"}}}, ("dataset", "description", "en")),
        ({"disclosure": {**CONDITIONAL, "reason": f"问 {MOBILE}"}}, ("dataset", "reason", None)),
        ({"disclosure": {**CONDITIONAL, "legalBasis": f"问 {MOBILE}"}}, ("dataset", "legalBasis", None)),
    ],
)
def test_metadata_is_screened_as_it_will_be_published(
    services: Services, editor: Actor, changes: dict[str, Any], place: tuple[str, str, str | None]
) -> None:
    services.datasets.update(editor, "reservoirs", changes)
    draft = begin(services, editor)
    assert [(item["part"], item["property"], item.get("language")) for item in draft.text_findings] == [place]
    assert draft.warnings == 1
    refuse(services, editor, draft.id)
    plain = {"title": "水库", "description": "", "keywords": [], "i18n": {}, "disclosure": CONDITIONAL}
    services.datasets.update(editor, "reservoirs", plain)
    services.drafts.submit(editor, draft.id)


def test_official_contacts_and_landlines_need_no_reason(services: Services, editor: Actor) -> None:
    changes = {
        "contributors": [{"title": "水务局", "email": "office@example.org"}],
        "description": "电话 0898-65331234",
    }
    services.datasets.update(editor, "reservoirs", changes)
    draft = begin(services, editor)
    assert [(item["kind"], item["needsReason"]) for item in draft.text_findings] == [("landline-number", False)]
    services.drafts.submit(editor, draft.id)


def test_tables_and_columns_are_screened(services: Services, editor: Actor) -> None:
    fields = [dict(item) for item in SCHEMA["fields"]]
    fields[1] |= {
        "description": f"问{MOBILE}",
        "example": MOBILE,
        "opendata": {"i18n": {"en": {"title": "a@example.org"}}},
    }
    draft = begin(services, editor, schema={**SCHEMA, "fields": fields}, description=f"表 {MOBILE}")
    places = [(item["part"], item["property"], item.get("field")) for item in draft.text_findings]
    assert places == [
        ("table", "description", None),
        ("column", "description", "name"),
        ("column", "example", "name"),
        ("column", "title", "name"),
    ]
    said = refuse(services, editor, draft.id)
    assert ["levels" in text for text in said] == [True] * 4


def test_what_is_said_at_submission_is_screened_too(services: Services, editor: Actor) -> None:
    draft = begin(services, editor)
    [said] = refuse(services, editor, draft.id, Submission(notes=f"问{MOBILE}"))
    assert "Notes on the new version" in said
    services.drafts.submit(editor, draft.id, Submission(notes=f"问{MOBILE}", reason="x"))
    services.work.run_to_end(draft.id)
    breaking = begin(
        services, editor, schema={"fields": [*SCHEMA["fields"][:3], {"name": "measured", "type": "string"}]}
    )
    assert refuse(services, editor, breaking.id, Submission(notes="", breaking=f"问{MOBILE}", reason=""))
    services.drafts.submit(editor, breaking.id, Submission(breaking="the day is text"))


def test_what_is_published_without_review_needs_a_reason_as_well(services: Services, editor: Actor) -> None:
    services.datasets.update(editor, "reservoirs", {"title": f"水库 {MOBILE}"})
    draft = begin(services, editor)
    with pytest.raises(InvalidMetadataError) as caught:
        services.drafts.publish_directly(SYSTEM, draft.id)
    assert [item.pointer for item in caught.value.faults] == ["/reason"]
    services.drafts.publish_directly(SYSTEM, draft.id, reason="the number of the office")


def test_the_names_of_attached_files_are_screened(services: Services, editor: Actor) -> None:
    draft = begin(services, editor, {f"{MOBILE}.png": PNG})
    assert {(item["part"], item["property"]) for item in draft.text_findings} >= {("attachment", "filename")}
    with pytest.raises(InvalidMetadataError):
        services.drafts.submit(editor, draft.id)


def test_the_names_of_unread_files_are_sealed(tmp_path: Path) -> None:
    services = make_services(tmp_path / "office", review="two-person")
    editor, boss = make_actor(services, "editor"), make_actor(services, "boss", "maintainer")
    services.datasets.create(editor, DATASET)
    draft = begin(services, editor, {"picture.png": PNG}).id
    sealed = services.drafts.submit(editor, draft).digest
    with services.database.unit() as session:
        session.get_one(Draft, draft).attachments[0].is_read = True
    with pytest.raises(StateError):
        services.drafts.approve(boss, draft, digest=sealed)
    services.database.dispose()


@pytest.mark.parametrize("is_direct", [False, True])
def test_files_of_earlier_releases_count_as_unread_when_they_are_submitted(
    services: Services, editor: Actor, is_direct: bool
) -> None:
    draft = begin(services, editor, {"text.pdf": make_pdf("x")}).id
    with services.database.unit() as session:
        session.get_one(Draft, draft).attachments[0].is_read = None
    if is_direct:
        services.drafts.publish_directly(SYSTEM, draft)
    else:
        services.drafts.submit(editor, draft)
    found = services.drafts.get(editor, draft).attachments[0]
    assert (found.is_read, found.unread) == (False, "not-screened")


def test_metadata_that_look_personal_wait_for_a_draft_with_a_reason(services: Services, editor: Actor) -> None:
    first = begin(services, editor)
    services.drafts.submit(editor, first.id)
    services.work.run_to_end(first.id)
    services.datasets.update(editor, "reservoirs", {"title": "水库水位"})
    assert services.datasets.get("reservoirs").title == "水库水位"
    services.datasets.update(editor, "reservoirs", {"description": f"联系 {MOBILE}"})
    assert MOBILE not in services.datasets.get("reservoirs").description
    entries = services.settings.public_folder / "entries"
    assert not any(MOBILE in path.read_text() for path in entries.rglob("*.json"))
    view, _ = services.drafts.create(editor, "reservoirs", [])
    services.work.run_to_end(view.id)
    assert refuse(services, editor, view.id)
    services.drafts.submit(editor, view.id, Submission(reason="值班电话"))
    services.work.run_to_end(view.id)
    assert MOBILE in services.datasets.get("reservoirs").description


def test_what_decisions_say_in_words_is_screened_since_the_manifest_tells_it(services: Services, editor: Actor) -> None:
    said = {"field": "name", "treatment": "not-personal", "reason": "other", "note": f"问 {MOBILE}"}
    draft = begin(services, editor, decisions={"columns": [said]})
    assert {(item["field"], item["property"]) for item in draft.text_findings} == {("name", "note")}
    assert refuse(services, editor, draft.id)
