"""A version as a folder that others can check and that can be imported again."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from opendata.errors import NotFoundError, StateError
from opendata.services.core.actors import SYSTEM, Actor
from opendata.storage.signing import Signer
from opendata.wiring import Services
from tests.instances import CSV, make_services, publish


def test_frictionless_finds_an_exported_folder_valid(services: Services, editor: Actor, tmp_path: Path) -> None:
    from frictionless import validate

    publish(services, editor)
    publish(services, editor, "a\n1\n", name="other", schema=None)
    assert services.exports.export("reservoirs", None, tmp_path / "out") == "1.1.0"
    report = validate(str(tmp_path / "out" / "datapackage.json"))
    assert report.valid, report.to_summary()
    assert [(task.name, task.stats["rows"]) for task in report.tasks] == [("levels", 2), ("other", 1)]


def test_every_file_is_there_with_the_digest_its_manifest_says(
    services: Services, editor: Actor, tmp_path: Path
) -> None:
    publish(services, editor)
    folder = tmp_path / "deep" / "out"
    services.exports.export("reservoirs", "latest", folder)
    manifest = json.loads((folder / "datapackage.json").read_bytes())
    (resource,) = manifest["resources"]
    files = [resource, resource["opendata"]["parquet"]]
    for item in files:
        data = (folder / item["path"]).read_bytes()
        assert (len(data), f"sha256:{hashlib.sha256(data).hexdigest()}") == (item["bytes"], item["hash"])
    names = {path.name for path in folder.iterdir()}
    assert names == {"datapackage.json", "datapackage.json.sig", *(item["path"] for item in files)}
    key = Ed25519PublicKey.from_public_bytes(Signer(services.settings.key_folder).public_key())
    signature = base64.b64decode((folder / "datapackage.json.sig").read_bytes())
    key.verify(signature, (folder / "datapackage.json").read_bytes())


def test_an_older_version_is_exported_by_its_number(services: Services, editor: Actor, tmp_path: Path) -> None:
    publish(services, editor)
    publish(services, editor, CSV + "A003,南湖,3,2026-02-02\n")
    assert services.exports.export("reservoirs", "1.0.0", tmp_path / "old") == "1.0.0"
    assert services.exports.export("reservoirs", "", tmp_path / "new") == "1.1.0"
    assert (tmp_path / "old" / "levels.csv").read_text() == CSV
    assert len((tmp_path / "new" / "levels.csv").read_text().splitlines()) == 4


def test_what_was_exported_can_be_imported_elsewhere_with_the_same_bytes(
    services: Services, editor: Actor, tmp_path: Path
) -> None:
    publish(services, editor)
    services.exports.export("reservoirs", None, tmp_path / "out")
    other = make_services(tmp_path / "other")
    found = other.imports.import_package(SYSTEM, str(tmp_path / "out"))
    assert (found.dataset, found.version) == ("reservoirs", "1.0.0")
    (theirs,) = other.versions.get_manifest("reservoirs", "1.0.0").tables
    (ours,) = services.versions.get_manifest("reservoirs", "1.0.0").tables
    assert (theirs.file, theirs.schema) == (ours.file, ours.schema)
    assert other.datasets.get("reservoirs").publisher.id == "water-bureau"
    other.database.dispose()


def test_nothing_is_written_over(services: Services, editor: Actor, tmp_path: Path) -> None:
    publish(services, editor)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "full", tmp_path / "file"):
        with pytest.raises(StateError):
            services.exports.export("reservoirs", None, folder)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]
    assert (tmp_path / "file").read_text() == "mine"
    assert services.exports.export("reservoirs", None, tmp_path / "empty") == "1.0.0"


def test_what_is_not_public_is_not_exported(services: Services, editor: Actor, tmp_path: Path) -> None:
    for dataset, version in (("reservoirs", None), ("nothing", None), ("re\0servoirs", None), ("reservoirs", "1.0.0")):
        with pytest.raises(NotFoundError):
            services.exports.export(dataset, version, tmp_path / "out")
    publish(services, editor)
    for number in ("2.0.0", "1.0", "../1.0.0"):
        with pytest.raises(NotFoundError):
            services.exports.export("reservoirs", number, tmp_path / "out")
    assert not (tmp_path / "out").exists()
