"""Data that isn't open is published by nobody, and what was published before is given to nobody."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opendata.domain.schema import ForeignKey
from opendata.errors import InvalidMetadataError, NotFoundError, NotPublicError, StateError
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.operations.verification_sources import open_source
from opendata.services.operations.verifying import Trust, verify
from opendata.wiring import Services
from tests.instances import CSV, publish, upload

CLOSED = {"attribute": "closed", "reason": "涉及国家秘密", "legalBasis": "政府信息公开条例第十四条"}
CONDITIONAL = {**CLOSED, "attribute": "conditional"}
MORE = CSV + "A003,南湖,3,2026-02-02\n"

not_open = pytest.mark.parametrize("disclosure", [CLOSED, CONDITIONAL], ids=["closed", "conditional"])


@not_open
def test_data_that_is_not_open_is_not_published(services: Services, editor: Actor, disclosure: dict[str, str]) -> None:
    services.datasets.update(editor, "reservoirs", {"disclosure": disclosure})
    view = upload(services, editor)
    with pytest.raises(StateError, match="can't be published"):
        services.drafts.submit(editor, view.id)
    with pytest.raises(StateError, match="can't be published"):
        services.drafts.publish_directly(SYSTEM, view.id)
    with pytest.raises(NotFoundError):
        services.datasets.get("reservoirs")
    assert services.drafts.get(editor, view.id).status == "valid"


def test_a_dataset_closed_while_its_draft_waits_for_the_worker_publishes_nothing(
    services: Services, editor: Actor
) -> None:
    view = upload(services, editor)
    services.drafts.submit(editor, view.id)
    services.datasets.update(editor, "reservoirs", {"disclosure": CLOSED})
    services.work.run_to_end(view.id)
    ended = services.drafts.get(editor, view.id)
    assert (ended.status, ended.version) == ("returned", None)
    assert "不能发布" in ended.comment  # in the portal's first language
    with pytest.raises(NotFoundError):
        services.datasets.get("reservoirs")


@pytest.fixture
def closed(services: Services, editor: Actor) -> Services:
    """An instance whose dataset was closed after two versions; everything that can be made of them was made before."""
    publish(services, editor)
    publish(services, editor, MORE)
    for ask in EXITS.values():
        ask(services)
    services.datasets.update(editor, "reservoirs", {"disclosure": CLOSED})
    return services


EXITS: dict[str, Callable[[Services], Any]] = {
    **{
        suffix: lambda services, suffix=suffix: services.forms.find("reservoirs", "1.0.0", "levels", suffix)
        for suffix in ("csv", "parquet", "xlsx", "json", "jsonl", "arrow")
    },
    "excel": lambda services: services.forms.find("reservoirs", "1.0.0", "levels", "csv", excel=True),
    "package": lambda services: services.forms.find_package("reservoirs", "1.0.0"),
    "file": lambda services: services.versions.find_file("reservoirs", "1.0.0", "levels", "csv"),
    "rows": lambda services: services.versions.read_rows("reservoirs", "1.0.0", "levels", 5),
    "profile": lambda services: services.versions.get_profile("reservoirs", "1.0.0", "levels"),
    "report": lambda services: services.versions.get_report("reservoirs", "1.0.0", "levels"),
    "comparison": lambda services: services.differences.compare("reservoirs", "1.0.0", "1.1.0"),
    "difference": lambda services: services.differences.find_rows("reservoirs", "1.0.0", "1.1.0", "levels", "csv"),
    "since": lambda services: services.differences.find_since("reservoirs", "1.0.0", "1.1.0", "levels", "csv"),
    "changed rows": lambda services: services.differences.read_first_rows("reservoirs", "1.0.0", "1.1.0", "levels", 5),
}


@pytest.mark.both_databases
def test_a_file_found_before_is_not_given_after_the_dataset_is_closed(closed: Services) -> None:
    for suffix in ("csv", "parquet"):
        with pytest.raises(NotPublicError):
            closed.forms.find("reservoirs", "1.0.0", "levels", suffix)


@pytest.mark.parametrize("name", EXITS)
def test_no_exit_gives_the_rows_of_a_dataset_that_was_closed(closed: Services, name: str) -> None:
    with pytest.raises(NotPublicError, match="涉及国家秘密"):
        EXITS[name](closed)


def test_a_closed_dataset_is_neither_exported_nor_referred_to(closed: Services, tmp_path: Path) -> None:
    with pytest.raises(NotPublicError):
        closed.exports.export("reservoirs", None, tmp_path / "export")
    assert list(tmp_path.glob("export/*.csv")) == []
    key = ForeignKey(fields=("code",), resource="levels", reference_fields=("code",), package="reservoirs@1.0.0")
    with closed.versions.local_table(key) as path:
        assert path is None


def test_its_entry_and_manifests_stay_and_it_opens_again(closed: Services, editor: Actor) -> None:
    found = closed.datasets.get("reservoirs")
    assert (found.disclosure.to_json(), found.latest) == (CLOSED, "1.1.0")
    assert closed.versions.read_signature("reservoirs", "1.0.0")
    closed.datasets.update(editor, "reservoirs", {"disclosure": {"attribute": "open"}})
    for ask in EXITS.values():
        ask(closed)


def test_a_rebuilt_catalogue_keeps_a_dataset_closed(closed: Services, tmp_path: Path) -> None:
    entries = sorted((closed.settings.public_folder / "entries").rglob("*.json"))
    assert json.loads(entries[-1].read_bytes())["metadata"]["disclosure"] == CLOSED


def test_the_store_of_a_closed_dataset_is_verified_whole(closed: Services) -> None:
    found = verify(open_source(str(closed.settings.public_folder)), Trust())
    assert (found.findings, found.withheld) == ([], 0)
    assert found.files > 0


def test_a_package_that_says_its_data_is_closed_is_refused(
    services: Services, editor: Actor, write: Callable[[dict[str, Any]], Path]
) -> None:
    with pytest.raises(StateError, match="can't be published"):
        services.imports.import_package(SYSTEM, str(write({"opendata": {"disclosure": CLOSED}})))
    with pytest.raises(InvalidMetadataError):
        services.imports.import_package(SYSTEM, str(write({"opendata": {"disclosure": {"attribute": "closed"}}})))
    assert services.drafts.list(SYSTEM).items == []


def test_a_package_that_says_nothing_does_not_open_a_closed_dataset(
    closed: Services, write: Callable[[dict[str, Any]], Path]
) -> None:
    with pytest.raises(StateError, match="can't be published"):
        closed.imports.import_package(SYSTEM, str(write({})))
    assert closed.datasets.get("reservoirs").disclosure.to_json() == CLOSED
    assert closed.datasets.get("reservoirs").latest == "1.1.0"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    """Write a Data Package named `reservoirs` with these properties; gives its folder."""

    def write(properties: dict[str, Any]) -> Path:
        folder = tmp_path / "package"
        folder.mkdir(exist_ok=True)
        (folder / "levels.csv").write_text(MORE + "A004,北湖,4,2026-02-03\n")
        resources = [{"name": "levels", "path": "levels.csv"}]
        package = {"name": "reservoirs", "title": "水库", "resources": resources, **properties}
        (folder / "datapackage.json").write_text(json.dumps(package))
        return folder

    return write
