"""Versions taken back, corrected, restored and renamed: what stays, what goes, and what the store says of it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import xlsxwriter
from sqlalchemy import select

from opendata.db.models import DraftResource
from opendata.errors import (
    BackendError,
    InvalidMetadataError,
    MovedError,
    NotFoundError,
    NotPermittedError,
    NotSignedInError,
    StateError,
    WithdrawnError,
)
from opendata.metadata.canonical import digest
from opendata.metadata.keys import find_signer
from opendata.services.catalogue import withdrawals
from opendata.services.core.actors import Actor
from opendata.services.core.records import read_keys
from opendata.services.drafts.submission import Submission
from opendata.storage.local import LocalStore
from opendata.wiring import Services
from tests.instances import CSV, locate, make_actor, publish, upload

MORE = CSV + "A003,南湖,3,2026-02-02\n"
OTHER = "n\n1\n"


@pytest.fixture
def boss(services: Services) -> Actor:
    return make_actor(services, "boss", role="maintainer")


def find_bytes(services: Services, text: str) -> list[Path]:
    """Every file of the instance's stores that has these bytes in it."""
    folders = (services.settings.public_folder, services.settings.private_folder)
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return [path for path in files if text.encode() in path.read_bytes()]


def test_a_withdrawn_version_answers_with_its_tombstone_and_the_one_before_is_the_latest(
    services: Services, editor: Actor, boss: Actor
) -> None:
    publish(services, editor)
    publish(services, editor, MORE)
    taken = services.withdrawals.withdraw(boss, "reservoirs", "1.1.0", reason="数据有误", successor="1.0.0")
    assert [item.version for item in taken] == ["1.1.0"]
    for ask in (
        lambda: services.versions.get("reservoirs", "1.1.0"),
        lambda: services.versions.get_manifest("reservoirs", "1.1.0"),
        lambda: services.versions.read_signature("reservoirs", "1.1.0"),
        lambda: services.versions.find_file("reservoirs", "1.1.0", "levels", "csv"),
        lambda: services.versions.get_report("reservoirs", "1.1.0", "levels"),
    ):
        with pytest.raises(WithdrawnError, match="数据有误") as caught:
            ask()
        assert caught.value.tombstone["successor"] == "1.0.0"
    assert services.versions.find_latest("reservoirs") == "1.0.0"
    entry = services.datasets.get("reservoirs")
    assert (entry.latest, entry.head) == ("1.0.0", "1.1.0")
    assert [item.withdrawal is None for item in services.versions.list("reservoirs")] == [False, True]


def test_the_tombstone_is_signed_and_names_the_manifest_and_the_one_before(
    services: Services, editor: Actor, boss: Actor
) -> None:
    publish(services, editor)
    publish(services, editor, MORE)
    manifests = [services.versions.read_manifest("reservoirs", version) for version in ("1.0.0", "1.1.0")]
    services.withdrawals.withdraw(boss, "reservoirs", "1.1.0", reason="x", legal_basis="y")
    data = services.withdrawals.read_tombstone("reservoirs", "1.1.0")
    signature = services.withdrawals.read_tombstone("reservoirs", "1.1.0", signature=True)
    found = json.loads(data)
    assert (found["manifest"], found["previous"]) == (digest(manifests[1]), digest(manifests[0]))
    assert (found["reason"], found["legalBasis"], found["erased"]) == ("x", "y", [])
    keys = read_keys(LocalStore(services.settings.public_folder))
    assert find_signer(keys, data, signature, services.versions.list("reservoirs")[0].created) is not None
    assert find_signer(keys, data + b" ", signature, services.versions.list("reservoirs")[0].created) is None


def test_where_all_versions_are_withdrawn_the_dataset_stays_and_its_next_number_is_new(
    services: Services, editor: Actor, boss: Actor
) -> None:
    publish(services, editor)
    first = services.versions.read_manifest("reservoirs", "1.0.0")
    services.withdrawals.withdraw(boss, "reservoirs", "1.0.0", reason="x")
    with pytest.raises(WithdrawnError):
        services.versions.find_latest("reservoirs")
    assert [item.id for item in services.datasets.list().items] == ["reservoirs"]
    view = publish(services, editor)
    assert view.version == "2.0.0"
    assert services.versions.get_manifest("reservoirs", "2.0.0").previous == digest(first)


@pytest.mark.both_databases(slow=True)
def test_erasing_deletes_the_bytes_from_every_version_and_draft_that_has_them(
    services: Services, editor: Actor, boss: Actor
) -> None:
    publish(services, editor)
    publish(services, editor, OTHER, name="other", schema=None)  # 1.1.0 carries the first table
    publish(services, editor, MORE)  # 1.2.0 replaces it
    waiting = upload(services, editor, CSV)
    assert find_bytes(services, CSV)
    taken = services.withdrawals.withdraw(
        boss, "reservoirs", "1.0.0", reason="含个人信息", legal_basis="个人信息保护法第四十七条", erase=True
    )
    assert sorted(item.version for item in taken) == ["1.0.0", "1.1.0"]
    assert [path for path in find_bytes(services, CSV) if path.read_bytes() == CSV.encode()] == []
    assert services.drafts.get(editor, waiting.id).status == "discarded"
    standing = services.versions.find_file("reservoirs", "1.2.0", "levels", "csv")
    assert locate(standing).read_text() == MORE
    assert locate(services.versions.find_file("reservoirs", "1.2.0", "other", "csv")).read_text() == OTHER
    erased = json.loads(services.withdrawals.read_tombstone("reservoirs", "1.1.0"))["erased"]
    assert digest(CSV.encode()) in erased
    assert digest(OTHER.encode()) not in erased


def test_erasing_deletes_the_text_that_was_made_of_a_workbook_to_check_it(
    services: Services, editor: Actor, boss: Actor
) -> None:
    sheet = io.BytesIO()
    with xlsxwriter.Workbook(sheet) as workbook:
        rows = [["水利局填报"], *(line.split(",") for line in CSV.splitlines())]
        page = workbook.add_worksheet()
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    view = publish(services, editor, sheet.getvalue())
    with services.database.unit() as session:
        plain = session.scalars(select(DraftResource.plain).where(DraftResource.draft_id == view.id)).one()
    assert plain is not None
    kept = LocalStore(services.settings.private_folder)
    with kept.local_copy(plain) as path:
        assert "东湖" in path.read_text()
    services.withdrawals.withdraw(boss, "reservoirs", "1.0.0", reason="x", legal_basis="y", erase=True)
    with pytest.raises(NotFoundError):
        kept.open_blob(plain)


def test_only_the_table_named_is_erased(services: Services, editor: Actor, boss: Actor) -> None:
    publish(services, editor)
    publish(services, editor, OTHER, name="other", schema=None)
    services.withdrawals.withdraw(
        boss, "reservoirs", "1.1.0", reason="x", legal_basis="y", erase=True, resources=["other"]
    )
    assert locate(services.versions.find_file("reservoirs", "1.0.0", "levels", "csv")).read_text() == CSV
    assert [path for path in find_bytes(services, OTHER) if path.read_bytes() == OTHER.encode()] == []


def test_what_was_withdrawn_can_be_erased_later_and_the_newer_tombstone_counts(
    services: Services, editor: Actor, boss: Actor
) -> None:
    publish(services, editor)
    services.withdrawals.withdraw(boss, "reservoirs", "1.0.0", reason="first")
    with pytest.raises(StateError):
        services.withdrawals.withdraw(boss, "reservoirs", "1.0.0", reason="again")
    services.withdrawals.withdraw(boss, "reservoirs", "1.0.0", reason="second", legal_basis="law", erase=True)
    found = json.loads(services.withdrawals.read_tombstone("reservoirs", "1.0.0"))
    assert found["reason"] == "second"
    assert digest(CSV.encode()) in found["erased"]


def test_a_withdrawal_that_broke_off_is_finished_by_the_sweep(
    services: Services, editor: Actor, boss: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(services, editor)

    def fail(*_: object) -> None:
        raise BackendError("the store is away")

    with monkeypatch.context() as patch:
        patch.setattr(withdrawals, "keep_edition", fail)
        with pytest.raises(BackendError):
            services.withdrawals.withdraw(boss, "reservoirs", "1.0.0", reason="x", legal_basis="y", erase=True)
    with pytest.raises(WithdrawnError):  # decided all the same
        services.versions.get("reservoirs", "1.0.0")
    services.work.sweep()
    assert json.loads(services.withdrawals.read_tombstone("reservoirs", "1.0.0"))["reason"] == "x"
    assert [path for path in find_bytes(services, CSV) if path.read_bytes() == CSV.encode()] == []
    assert services.withdrawals.finish_all() == 0


def test_only_maintainers_withdraw_and_only_with_a_reason(services: Services, editor: Actor, boss: Actor) -> None:
    publish(services, editor)
    with pytest.raises(NotPermittedError):
        services.withdrawals.withdraw(editor, "reservoirs", "1.0.0", reason="x")
    with pytest.raises(NotSignedInError):
        services.withdrawals.withdraw(None, "reservoirs", "1.0.0", reason="x")
    for options in (
        {"reason": " "},
        {"reason": "x", "erase": True},
        {"reason": "x", "successor": "1.0.0"},
        {"reason": "x", "successor": "9.0.0"},
        {"reason": "x" * 5000},
        {"reason": "x", "legal_basis": "y", "erase": True, "resources": ["nothing"]},
    ):
        with pytest.raises(InvalidMetadataError):
            services.withdrawals.withdraw(boss, "reservoirs", "1.0.0", **options)  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        services.withdrawals.withdraw(boss, "reservoirs", "7.0.0", reason="x")
    assert services.versions.get("reservoirs", "1.0.0").withdrawal is None


def test_a_version_does_not_correct_itself(services: Services, editor: Actor, boss: Actor) -> None:
    publish(services, editor)
    with pytest.raises(InvalidMetadataError) as refused:
        services.withdrawals.report_erratum(boss, "reservoirs", "1.0.0", text="x", successor="1.0.0")
    assert [item.pointer for item in refused.value.faults] == ["/successor"]


def test_an_erratum_is_kept_with_the_dataset_and_in_the_store(services: Services, editor: Actor, boss: Actor) -> None:
    publish(services, editor)
    publish(services, editor, MORE)
    services.withdrawals.report_erratum(boss, "reservoirs", "1.0.0", text="水位单位是米", successor="1.1.0")
    (erratum,) = services.datasets.get("reservoirs").errata
    assert (erratum["version"], erratum["successor"], erratum["text"]) == ("1.0.0", "1.1.0", "水位单位是米")
    store = LocalStore(services.settings.public_folder)
    (key,) = (key for key in store.list_records("datasets") if "/errata/" in key and key.endswith(".json"))
    assert json.loads(store.get_record(key)) == erratum


def test_an_old_version_restored_is_the_next_one_with_the_same_bytes(services: Services, editor: Actor) -> None:
    publish(services, editor)
    publish(services, editor, MORE)
    publish(services, editor, OTHER, name="other", schema=None)
    draft = services.restoring.restore(editor, "reservoirs", "1.0.0")
    services.work.run_to_end(draft.id)
    services.drafts.submit(editor, draft.id, Submission(breaking="the reason of a test"))
    services.work.run_to_end(draft.id)
    number = services.versions.find_latest("reservoirs")
    old, new = (services.versions.get_manifest("reservoirs", version) for version in ("1.0.0", number))
    assert [item.file for item in new.resources] == [item.file for item in old.resources]
    assert number not in ("1.0.0", "1.1.0", "1.2.0")


def test_a_version_is_restored_whole_however_soon_the_worker_begins(
    services: Services, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(services, editor)
    publish(services, editor, OTHER, name="other", schema=None)
    monkeypatch.setattr(services.queue, "put", services.work.take)
    draft = services.restoring.restore(editor, "reservoirs", "1.0.0")
    found = services.drafts.get(editor, draft.id)
    assert (found.status, found.dropped) == ("validating", ("other",))


@pytest.mark.both_databases(slow=True)
def test_a_renamed_dataset_keeps_its_versions_to_the_byte_and_its_old_id_leads_on(
    services: Services, editor: Actor, boss: Actor
) -> None:
    publish(services, editor)
    before = services.versions.read_manifest("reservoirs", "1.0.0")
    uuid = services.datasets.get("reservoirs").uuid
    found = services.renaming.rename(boss, "reservoirs", "lakes")
    assert (found.id, found.uuid, found.latest) == ("lakes", uuid, "1.0.0")
    assert services.versions.read_manifest("lakes", "1.0.0") == before
    manifest = services.versions.get_manifest("lakes", "1.0.0")
    assert (manifest.name, manifest.to_json()["name"]) == ("lakes", "reservoirs")
    assert not [item for item in services.capabilities.list("lakes", "1.0.0", "levels") if "reservoirs" in item.path]
    for ask in (services.datasets.get, lambda old: services.versions.get(old, "1.0.0")):
        with pytest.raises(MovedError) as caught:
            ask("reservoirs")
        assert caught.value.new == "lakes"
    view = publish(services, editor, MORE, dataset="lakes")
    later = services.versions.get_manifest("lakes", str(view.version)).to_json()
    assert (later["name"], later["opendata"]["previous"]) == ("lakes", digest(before))
    services.renaming.rename(boss, "lakes", "waters")
    with pytest.raises(MovedError, match="waters"):
        services.datasets.get("reservoirs")
    with pytest.raises(StateError):
        services.datasets.create(boss, {"id": "reservoirs", "title": "x", "publisher": "water-bureau"})
    with pytest.raises(StateError):
        services.renaming.rename(boss, "waters", "lakes")


def test_caches_are_told_and_asked_again_where_they_do_not_answer(
    services: Services, editor: Actor, boss: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(services, editor)
    told: list[str] = []

    def purge(_: object, prefix: str) -> None:
        told.append(prefix)
        if len(told) == 1:
            raise BackendError("not now")

    monkeypatch.setattr(withdrawals, "purge_caches", purge)
    services.withdrawals.withdraw(boss, "reservoirs", "1.0.0", reason="x")
    assert services.withdrawals.finish_all() == 1
    assert told == ["/datasets/reservoirs/1.0.0/"] * 2
    assert services.withdrawals.finish_all() == 0
