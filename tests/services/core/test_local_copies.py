"""Whoever works on a local copy of a blob is done with it when the copy goes, as one from an object store would."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from opendata.services.core.actors import Actor
from opendata.services.delivery.forms import FORMS
from opendata.services.drafts.intake import ResourceOption
from opendata.services.uploads.upload_values import UploadedFile
from opendata.storage.local import LocalStore
from opendata.wiring import Services
from tests.instances import CSV, SCHEMA, publish, upload

TOWNS = {
    "fields": [{"name": "town", "type": "string"}, {"name": "lake", "type": "string"}],
    "foreignKeys": [{"fields": ["lake"], "reference": {"resource": "levels", "fields": ["code"]}}],
}


@pytest.fixture(autouse=True)
def _copies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lend = LocalStore.local_copy

    @contextmanager
    def copy(self: LocalStore, name: str) -> Iterator[Path]:
        with lend(self, name) as path, tempfile.TemporaryDirectory(dir=tmp_path) as folder:
            yield Path(shutil.copyfile(path, Path(folder) / name))

    monkeypatch.setattr(LocalStore, "local_copy", copy)


def test_versions_are_made_compared_and_given_out_from_copies(
    services: Services, editor: Actor, tmp_path: Path
) -> None:
    publish(services, editor)
    files = [
        UploadedFile("levels.csv", io.BytesIO(f"{CSV}A003,南湖,3,2026-02-02\n".encode())),
        UploadedFile("towns.csv", io.BytesIO(b"town,lake\nX,A003\n")),
    ]
    options = [
        ResourceOption(file="levels.csv", name="levels", schema=SCHEMA),
        ResourceOption(file="towns.csv", name="towns", schema=TOWNS),
    ]
    draft, _ = services.drafts.create(editor, "reservoirs", files, options)
    services.work.run_to_end(draft.id)
    found = services.drafts.get(editor, draft.id)
    assert (found.status, found.resources[0].changes["added"]) == ("valid", 1)  # type: ignore[index]
    assert len(services.drafts.read_changes(editor, draft.id, "levels", 10)[1]) == 1
    assert services.previews.show(editor, draft.id, "levels").rows
    services.drafts.submit(editor, draft.id)
    services.work.run_to_end(draft.id)
    assert services.drafts.get(editor, draft.id).version == "1.1.0"
    for suffix in FORMS:
        form = services.forms.find("reservoirs", "1.1.0", "levels", suffix)
        with form.open() as file:
            assert len(file.read()) == form.size
        for coding in ("zstd", "gzip"):
            services.forms.encode(form, coding)
        assert services.forms.find_sha512(form)
    assert services.forms.find("reservoirs", "1.1.0", "levels", "csv", excel=True).size
    assert services.forms.find_package("reservoirs", "1.1.0").size
    assert services.differences.find_since("reservoirs", "1.0.0", "1.1.0", "levels", "csv").size
    assert services.exports.export("reservoirs", None, tmp_path / "exported") == "1.1.0"
    assert len(services.versions.read_rows("reservoirs", "1.1.0", "levels", 10)) == 3


def test_findings_are_read_from_copies(services: Services, editor: Actor) -> None:
    draft = upload(services, editor, f"{CSV}wrong,南湖,3,2026-02-02\n")
    assert draft.status == "invalid"
    assert len(services.findings.list(editor, draft.id, "levels").items) == 1
