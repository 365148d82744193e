"""Documents and pictures that accompany tables: taken beside one, refused alone, carried, dropped, exported, erased."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest
from flask import Flask
from frictionless import Package, system

from opendata.errors import NotFoundError, StateError, UnsupportedFormatError
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.values import DraftView
from opendata.services.drafts.intake import ResourceOption
from opendata.services.drafts.submission import Submission
from opendata.services.uploads.upload_values import UploadedFile
from opendata.storage.local import LocalStore
from opendata.wiring import Services
from tests.instances import CSV, DATASET, SCHEMA, locate, make_actor, publish

PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


def send(services: Services, editor: Actor, files: dict[str, bytes], **options: str) -> DraftView:
    """A draft with these files, its work done; `options` name what a file is."""
    uploads = [UploadedFile(name, io.BytesIO(data)) for name, data in files.items()]
    said = [ResourceOption(file=name, type=kind) for name, kind in options.items()]
    said += [ResourceOption(file="levels.csv", name="levels", schema=SCHEMA)] if "levels.csv" in files else []
    view, _ = services.drafts.create(editor, "reservoirs", uploads, said)
    services.work.run_to_end(view.id)
    return services.drafts.get(editor, view.id)


def go_public(services: Services, editor: Actor, draft: DraftView) -> str:
    services.drafts.submit(editor, draft.id, Submission(breaking="the reason of a test"))
    services.work.run_to_end(draft.id)
    return str(services.drafts.get(editor, draft.id).version)


def test_a_document_beside_a_table_becomes_an_attachment(services: Services, editor: Actor) -> None:
    draft = send(services, editor, {"levels.csv": CSV.encode(), "说明 (2026).pdf": PDF})
    assert draft.status == "valid"
    version = go_public(services, editor, draft)
    manifest = services.versions.get_manifest("reservoirs", version).to_json()
    table, attachment = manifest["resources"]
    assert table["name"] == "levels"
    assert "schema" not in attachment
    assert attachment["path"].startswith("files/")
    assert attachment["mediatype"] == "application/pdf"
    name = attachment["path"].removeprefix("files/")
    assert locate(services.versions.find_attachment("reservoirs", version, name)).read_bytes() == PDF
    with pytest.raises(NotFoundError):
        services.versions.find_file("reservoirs", version, attachment["name"], "csv")
    assert services.checking.run().findings == []


def test_a_document_alone_is_refused_with_what_to_do(services: Services, editor: Actor) -> None:
    with pytest.raises(UnsupportedFormatError, match="together with its table"):
        send(services, editor, {"a.pdf": PDF})


def test_documents_in_a_zip_beside_tables_are_attachments(services: Services, editor: Actor) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as target:
        target.writestr("水位.csv", CSV)
        target.writestr("图/示意图.png", PNG)
    version = go_public(services, editor, send(services, editor, {"报送.zip": packed.getvalue()}))
    kinds = [item.mediatype for item in services.versions.get_manifest("reservoirs", version).resources]
    assert kinds == ["text/csv", "image/png"]


def test_attachments_are_carried_on_replaced_and_dropped(services: Services, editor: Actor) -> None:
    go_public(services, editor, send(services, editor, {"levels.csv": CSV.encode(), "a.pdf": PDF}))
    carried = publish(services, editor, CSV + "A003,南湖,3,2026-02-02\n")
    assert len(services.versions.get_manifest("reservoirs", str(carried.version)).resources) == 2
    draft = send(services, editor, {"b.png": PNG})
    name = services.versions.get_manifest("reservoirs", "1.0.0").resources[1].name
    services.drafts.drop_resource(editor, draft.id, name)
    version = go_public(services, editor, draft)
    kinds = [item.mediatype for item in services.versions.get_manifest("reservoirs", version).resources]
    assert kinds == ["text/csv", "image/png"]


def test_the_last_table_cannot_be_dropped_from_beside_an_attachment(services: Services, editor: Actor) -> None:
    go_public(services, editor, send(services, editor, {"levels.csv": CSV.encode(), "a.pdf": PDF}))
    draft, _ = services.drafts.create(editor, "reservoirs", [], notes="x")
    with pytest.raises(StateError, match="last table"):
        services.drafts.drop_resource(editor, draft.id, "levels")


def test_an_attachment_is_served_for_ever_and_never_run_in_a_browser(
    services: Services, editor: Actor, app: Flask
) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    draft = send(
        services, editor, {"levels.csv": CSV.encode(), "说明.pdf": PDF, "图.svg": svg}, **{"图.svg": "attachment"}
    )
    version = go_public(services, editor, draft)
    client = app.test_client()
    for item in services.versions.get_manifest("reservoirs", version).resources[1:]:
        answer = client.get(f"/datasets/reservoirs/{version}/{item.path}")
        assert answer.status_code == 200
        assert len(answer.data) == item.file.bytes
        assert answer.headers["ETag"].strip('"') in item.file.hash
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        is_document = item.mediatype == "application/pdf"
        assert answer.headers["Content-Disposition"].startswith("inline" if is_document else "attachment")
        if not is_document:
            assert "sandbox" in answer.headers["Content-Security-Policy"]
    page = client.get(f"/datasets/reservoirs/{version}/", headers={"Accept": "text/html"}).text
    assert "/files/" in page
    services.withdrawals.withdraw(SYSTEM, "reservoirs", version, reason="x", legal_basis="y", erase=True)
    assert client.get(f"/datasets/reservoirs/{version}/{item.path}").status_code == 410
    folders = (services.settings.public_folder, services.settings.private_folder)
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert [path for path in files if path.read_bytes() == PDF] == []


def test_a_package_with_attachments_goes_out_and_comes_in_again(
    services: Services, editor: Actor, tmp_path: Path
) -> None:
    version = go_public(services, editor, send(services, editor, {"levels.csv": CSV.encode(), "说明.pdf": PDF}))
    services.exports.export("reservoirs", version, tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "datapackage.json").read_text())
    assert (tmp_path / "out" / manifest["resources"][1]["path"]).read_bytes() == PDF
    with system.use_context(trusted=True):
        assert Package(str(tmp_path / "out" / "datapackage.json")).validate().valid
    manifest["name"] = "copied"
    (tmp_path / "out" / "datapackage.json").write_text(json.dumps(manifest))
    found = services.imports.import_package(SYSTEM, str(tmp_path / "out"), publisher="water-bureau")
    assert (found.dataset, found.created) == ("copied", True)
    (attachment,) = services.versions.get_manifest("copied", "1.0.0").attachments
    assert locate(services.versions.find_attachment("copied", "1.0.0", attachment.filename)).read_bytes() == PDF


def test_erasing_an_attachment_discards_other_drafts_with_the_same_bytes(services: Services, editor: Actor) -> None:
    first = send(services, editor, {"levels.csv": CSV.encode(), "notes.pdf": PDF})
    assert go_public(services, editor, first) == "1.0.0"
    services.publishers.ensure(SYSTEM, {"id": "road-bureau", "title": "道路局"})
    other = make_actor(services, "other", publisher="road-bureau")
    services.datasets.create(other, {**DATASET, "id": "roads", "publisher": "road-bureau"})
    files = [UploadedFile("n.csv", io.BytesIO(b"n\n1\n")), UploadedFile("other.pdf", io.BytesIO(PDF))]
    waiting, _ = services.drafts.create(other, "roads", files)
    services.work.run_to_end(waiting.id)
    boss = make_actor(services, "boss", role="maintainer")
    services.withdrawals.withdraw(
        boss, "reservoirs", "1.0.0", reason="x", legal_basis="y", erase=True, resources=["notes"]
    )
    assert services.drafts.get(other, waiting.id).status == "discarded"


def test_no_version_is_published_whose_file_is_gone(services: Services, editor: Actor) -> None:
    draft = send(services, editor, {"levels.csv": CSV.encode(), "notes.pdf": PDF})
    LocalStore(services.settings.private_folder).delete_blob(hashlib.sha256(PDF).hexdigest())
    services.drafts.submit(editor, draft.id)
    services.work.run_to_end(draft.id)
    failed = services.drafts.get(editor, draft.id)
    assert (failed.status, failed.version) == ("failed", None)
    assert not [key for key in LocalStore(services.settings.public_folder).list_records("datasets") if "1.0.0" in key]
