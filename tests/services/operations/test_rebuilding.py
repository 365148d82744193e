"""The store is the truth: what was published never changes, and the catalogue comes back from the store alone."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from opendata.errors import MovedError, NotFoundError, StateError, WithdrawnError
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.values import DatasetView
from opendata.settings import Settings
from opendata.storage.store import manifest_key, signature_key, suspension_key
from opendata.wiring import Services, build_services
from tests.instances import CSV, DATASET, locate, make_actor, make_services, make_tables, publish, upload
from tests.selection import examples

SCHEMA = {"fields": [{"name": "code", "type": "string"}], "primaryKey": ["code"]}


def describe_catalogue(services: Services) -> Any:
    """All that a reader can see, but for how often something was edited."""

    def plain(view: DatasetView) -> dict[str, Any]:
        return {name: getattr(view, name) for name in DatasetView.__dataclass_fields__ if name != "revision"}

    datasets = [plain(item) for item in services.datasets.list(limit=1000).items]
    return {
        "datasets": datasets,
        "versions": [services.versions.list(item["id"]) for item in datasets],
        "publishers": [item for item in services.publishers.list(limit=1000).items if item.datasets],
    }


def rebuild_elsewhere(services: Services, home: Path) -> tuple[Services, Any]:
    """Another instance with a copy of the store and the key, its empty database filled from them."""
    shutil.copytree(services.settings.public_folder, home / "store")
    shutil.copytree(services.settings.key_folder, home / "keys")
    other = build_services(Settings(home=home, review="none"))
    make_tables(other)
    return other, other.rebuilding.run()


@pytest.fixture
def rebuilt(services: Services, tmp_path: Path) -> Iterator[Any]:
    opened: list[Services] = []

    def rebuild() -> tuple[Services, Any]:
        found = rebuild_elsewhere(services, tmp_path / f"other-{len(opened)}")
        opened.append(found[0])
        return found

    yield rebuild
    for item in opened:
        item.database.dispose()


@pytest.mark.both_databases(slow=True)
def test_the_catalogue_comes_back_from_the_store(services: Services, editor: Actor, rebuilt: Any) -> None:
    services.schemas.add(SYSTEM, "levels", "1.0.0", SCHEMA)
    publish(services, editor)
    publish(services, editor, CSV + "A003,南湖,3,2026-02-02\n")
    services.datasets.update(editor, "reservoirs", {"description": "水位"})
    services.datasets.create(editor, {**DATASET, "id": "unpublished"})
    services.datasets.create(editor, {**DATASET, "id": "second"})
    publish(services, editor, dataset="second")
    services.archiving.archive(editor, "second", reason="over", successor="reservoirs")
    services.withdrawals.withdraw(SYSTEM, "reservoirs", "1.0.0", reason="x", legal_basis="y", erase=True)
    services.withdrawals.report_erratum(SYSTEM, "reservoirs", "1.1.0", text="z")
    services.renaming.rename(SYSTEM, "reservoirs", "lakes")
    other, found = rebuilt()
    assert found.wrong == []
    assert (found.datasets, found.versions, found.withdrawn, found.schemas, found.aliases) == (2, 3, 2, 1, 1)
    assert describe_catalogue(other) == describe_catalogue(services)
    with pytest.raises(WithdrawnError):
        other.versions.get("lakes", "1.0.0")
    with pytest.raises(MovedError):
        other.datasets.get("reservoirs")
    with pytest.raises(NotFoundError):
        other.datasets.get("unpublished")
    assert other.datasets.get("second").archived == services.datasets.get("second").archived
    assert other.versions.get_report("lakes", "1.1.0", "levels") == services.versions.get_report(
        "lakes", "1.1.0", "levels"
    )


@pytest.mark.both_databases(slow=True)
def test_a_rebuilt_instance_goes_on_publishing_in_the_same_chain(
    services: Services, editor: Actor, rebuilt: Any
) -> None:
    publish(services, editor)
    other, _ = rebuilt()
    clerk = make_actor(other, "clerk")
    view = publish(other, clerk, CSV + "A003,南湖,3,2026-02-02\n")
    assert view.version == "1.1.0"
    manifest = other.versions.get_manifest("reservoirs", "1.1.0").to_json()
    assert manifest["opendata"]["previous"] == f"sha256:{other.versions.get('reservoirs', '1.0.0').manifest_sha256}"


def test_a_second_run_restores_what_the_first_did_not(services: Services, editor: Actor, rebuilt: Any) -> None:
    publish(services, editor)
    other, first = rebuilt()
    again = other.rebuilding.run()
    assert (first.datasets, again.datasets, again.versions, again.publishers) == (1, 0, 0, 0)


def test_a_record_that_nobody_signed_restores_nothing_and_is_named(
    services: Services, editor: Actor, rebuilt: Any
) -> None:
    publish(services, editor)
    publish(services, editor, CSV + "A003,南湖,3,2026-02-02\n")
    folder = services.settings.public_folder
    edited, unsigned = (manifest_key("reservoirs", version) for version in ("1.0.0", "1.1.0"))
    path = folder / edited
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace("水库".encode(), "湖泊".encode()))
    (folder / signature_key(unsigned)).unlink()
    other, found = rebuilt()
    assert sorted(key for key, _ in found.wrong) == sorted([edited, unsigned])
    assert [(item.id, item.head) for item in other.datasets.list().items] == [
        ("reservoirs", None)
    ]  # its entry is sound


def test_a_stop_of_another_dataset_stops_nothing_in_silence(services: Services, editor: Actor, rebuilt: Any) -> None:
    services.datasets.create(editor, {**DATASET, "id": "lakes"})
    for dataset in ("reservoirs", "lakes"):
        publish(services, editor, dataset=dataset)
    services.stops.suspend(SYSTEM, "lakes", "1.0.0", reason="x")
    store = services.settings.public_folder
    copy = store / suspension_key("reservoirs", "1.0.0", 1)
    copy.parent.mkdir(parents=True)
    for suffix in ("", ".sig"):
        shutil.copy(store / (suspension_key("lakes", "1.0.0", 1) + suffix), f"{copy}{suffix}")
    _, found = rebuilt()
    assert [where for where, _ in found.wrong] == [manifest_key("reservoirs", "1.0.0")]


def test_a_database_in_which_people_work_is_left_alone(services: Services, editor: Actor) -> None:
    upload(services, editor)
    with pytest.raises(StateError, match="drafts"):
        services.rebuilding.run()


class Life(RuleBasedStateMachine):
    """Anything that can happen to datasets; what an immutable address once gave is given again or is gone for good."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="opendata-life-"))
        self.services = make_services(self.folder / "instance")
        self.editor = make_actor(self.services, "editor")
        self.given: dict[tuple[str, str, str], bytes] = {}
        self.gone: set[tuple[str, str]] = set()
        self.names: dict[str, str] = {}  # first id → present id
        self.renamings = 0
        for number in range(2):
            self.services.datasets.create(self.editor, {**DATASET, "id": f"set-{number}"})
            self.names[f"set-{number}"] = f"set-{number}"

    def teardown(self) -> None:
        self.services.database.dispose()
        shutil.rmtree(self.folder)

    def _standing(self) -> list[tuple[str, str]]:
        views = (
            item for name in self.names.values() if self._is_public(name) for item in self.services.versions.list(name)
        )
        return [(item.dataset, item.version) for item in views if item.withdrawal is None]

    def _is_public(self, name: str) -> bool:
        return self.services.datasets.get(name, self.editor).head is not None

    @rule(number=st.integers(0, 1), rows=st.lists(st.sampled_from("abcd"), min_size=1, max_size=3, unique=True))
    def publish_table(self, number: int, rows: list[str]) -> None:
        text = "code\n" + "".join(f"{row}\n" for row in rows)
        publish(self.services, self.editor, text, dataset=self.names[f"set-{number}"], schema=SCHEMA)

    @rule(number=st.integers(0, 1), text=st.sampled_from(["甲", "乙"]))
    def change_metadata(self, number: int, text: str) -> None:
        self.services.datasets.update(self.editor, self.names[f"set-{number}"], {"description": text})

    @precondition(lambda self: self._standing())
    @rule(data=st.data(), erase=st.booleans())
    def take_down(self, data: st.DataObject, erase: bool) -> None:
        dataset, version = data.draw(st.sampled_from(self._standing()))
        taken = self.services.withdrawals.withdraw(
            SYSTEM, dataset, version, reason="x", legal_basis="y" if erase else "", erase=erase
        )
        self.gone |= {(item.dataset, item.version) for item in taken}

    @precondition(lambda self: self._standing())
    @rule(data=st.data())
    def report_erratum(self, data: st.DataObject) -> None:
        dataset, version = data.draw(st.sampled_from(self._standing()))
        self.services.withdrawals.report_erratum(SYSTEM, dataset, version, text="z")

    @precondition(lambda self: self._standing())
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        dataset, version = data.draw(st.sampled_from(self._standing()))
        draft = self.services.restoring.restore(self.editor, dataset, version)
        self.services.work.run_to_end(draft.id)
        self.services.drafts.submit(self.editor, draft.id)
        self.services.work.run_to_end(draft.id)

    @precondition(lambda self: self.renamings < 3)
    @rule(number=st.integers(0, 1))
    def rename(self, number: int) -> None:
        old = self.names[f"set-{number}"]
        self.renamings += 1
        new = f"set-{number}-{self.renamings}"
        self.services.renaming.rename(SYSTEM, old, new)
        self.names[f"set-{number}"] = new
        self.given = {(new if key[0] == old else key[0], *key[1:]): value for key, value in self.given.items()}
        self.gone = {(new if dataset == old else dataset, version) for dataset, version in self.gone}

    @invariant()
    def what_was_given_is_given_again(self) -> None:
        for dataset, version in self._standing():
            assert (dataset, version) not in self.gone
            for name, data in read_version(self.services, dataset, version).items():
                assert self.given.setdefault((dataset, version, name), data) == data
        for dataset, version in self.gone:
            with pytest.raises(WithdrawnError):
                self.services.versions.get(dataset, version)
        standing = set(self._standing())
        assert {key[:2] for key in self.given} <= standing | self.gone

    @invariant()
    def the_store_says_the_same(self) -> None:
        with tempfile.TemporaryDirectory(prefix="opendata-life-") as folder:
            other, found = rebuild_elsewhere(self.services, Path(folder))
            try:
                assert found.wrong == []
                assert describe_catalogue(other) == describe_catalogue(self.services)
            finally:
                other.database.dispose()


def read_version(services: Services, dataset: str, version: str) -> dict[str, bytes]:
    """All bytes behind the immutable addresses of a version."""
    found = {
        "datapackage.json": services.versions.read_manifest(dataset, version),
        "datapackage.json.sig": services.versions.read_signature(dataset, version),
    }
    for resource in services.versions.get_manifest(dataset, version).resources:
        for suffix in ("csv", "parquet"):
            file = services.versions.find_file(dataset, version, resource.name, suffix)
            found[f"{resource.name}.{suffix}"] = locate(file).read_bytes()
    return found


# Without shrinking: a life takes seconds, and the steps of a failing one say enough.
QUICK = settings(
    max_examples=examples(6),
    stateful_step_count=8,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.reuse, Phase.generate],
)
LONG = settings(QUICK, max_examples=examples(15), stateful_step_count=15)


@pytest.mark.slow
def test_nothing_that_happens_changes_what_was_published_and_the_store_knows_it_all() -> None:
    run_state_machine_as_test(Life, settings=QUICK)


@pytest.mark.slow
def test_nothing_that_happens_in_long_lives_changes_what_was_published() -> None:
    run_state_machine_as_test(Life, settings=LONG)
