"""The stores looked over, tidied, backed up and brought back: what is damaged is named and served to nobody."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from opendata.db.models import Event, SiteFile
from opendata.errors import DamagedError, InputError, IntegrityError, StateError, WithdrawnError
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.context import read_clock
from opendata.services.operations import checking
from opendata.services.operations.backups import restore_backup
from opendata.services.operations.collecting import Collecting
from opendata.settings import Settings
from opendata.storage.local import LocalStore
from opendata.storage.store import manifest_key, signature_key
from opendata.wiring import Services, build_context, build_services
from tests.instances import CSV, locate, make_actor, publish, upload
from tests.services.operations.test_rebuilding import describe_catalogue, read_version

MORE = CSV + "A003,南湖,3,2026-02-02\n"


@pytest.fixture
def published(services: Services, editor: Actor) -> Services:
    """Two versions, nothing wrong."""
    publish(services, editor)
    publish(services, editor, MORE)
    return services


def find_blob(services: Services, version: str = "1.0.0") -> Path:
    return locate(services.versions.find_file("reservoirs", version, "levels", "csv"))


def write_over(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.chmod(0o644)
    path.write_bytes(change(path.read_bytes()))
    path.chmod(0o444)


def flip_last_byte(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def list_alarms(services: Services) -> list[str]:
    with services.database.unit() as session:
        return [row.subject for row in session.query(Event).filter(Event.verb == "alarm")]


def list_findings(services: Services, **options: Any) -> list[tuple[str, str]]:
    found = services.checking.run(**options)
    return [(item.where, item.what) for item in found.findings if not item.is_note]


def test_a_sound_instance_has_no_findings(published: Services) -> None:
    found = published.checking.run()
    assert found.is_sound
    assert found.findings == []
    assert found.versions == 2
    assert found.bytes > 0


@pytest.mark.parametrize("same_time", [False, True])
def test_an_altered_file_is_named_and_not_served_until_it_is_whole(published: Services, same_time: bool) -> None:
    path = find_blob(published)
    whole, times = path.read_bytes(), path.stat()
    write_over(path, flip_last_byte)
    if same_time:  # as a failing disk would
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    else:
        later = time.time() + 60
        os.utime(path, (later, later))
        with pytest.raises(DamagedError):  # found by who asks for it
            find_blob(published)
        assert list_alarms(published) == [path.name]
    # Both stores are on one disk here, and share the file.
    names = [f"{store}/{path.name}" for store in ("public", "private")]
    assert list_findings(published) == [(name, checking.ALTERED_BLOB) for name in names]
    for _ in range(2):
        with pytest.raises(DamagedError):
            find_blob(published)
    assert list_alarms(published) == [path.name]
    write_over(path, lambda _: whole)
    assert published.checking.run().is_sound
    assert find_blob(published).read_bytes() == whole


def test_a_file_that_is_longer_is_refused_at_once(published: Services) -> None:
    path = find_blob(published)
    write_over(path, lambda data: data + b"x")
    with pytest.raises(DamagedError):
        find_blob(published)


def test_a_missing_file_is_named_and_answered_with_503(published: Services) -> None:
    path = find_blob(published)
    path.unlink()
    with pytest.raises(DamagedError):
        find_blob(published)
    assert list_findings(published) == [(f"public/{path.name}", checking.MISSING_BLOB)]


def test_what_was_erased_is_not_missed(published: Services) -> None:
    published.withdrawals.withdraw(SYSTEM, "reservoirs", "1.0.0", reason="x", legal_basis="y", erase=True)
    assert list_findings(published) == []


def test_records_and_versions_are_held_against_each_other(published: Services, tmp_path: Path) -> None:
    store = published.settings.public_folder
    first, second = (store / manifest_key("reservoirs", version) for version in ("1.0.0", "1.1.0"))
    kept = tmp_path / "kept"
    shutil.copytree(store, kept)

    def find(change: Callable[[], object]) -> list[tuple[str, str]]:
        change()
        found = list_findings(published, full=True)
        for path in store.rglob("*"):
            if path.is_file():
                path.chmod(0o644)
        shutil.rmtree(store)
        shutil.copytree(kept, store)
        return found

    def spoil(signature: bytes) -> bytes:
        return (b"B" if signature.startswith(b"A") else b"A") + signature[1:]

    keys = {path: path.relative_to(store).as_posix() for path in (first, second)}
    assert find(lambda: write_over(first, lambda data: data.replace("水库".encode(), "湖泊".encode()))) == [
        (keys[first], checking.FORGED),
        (keys[first], checking.OTHER),
        (keys[second], checking.BROKEN),
    ]
    assert find(lambda: Path(f"{second}.sig").unlink()) == [(keys[second], checking.UNSIGNED)]
    assert find(lambda: write_over(Path(f"{second}.sig"), spoil)) == [(keys[second], checking.FORGED)]
    lost = find(second.unlink)
    assert (keys[second], checking.LOST) in lost

    def swap() -> None:
        one, other = first.read_bytes(), second.read_bytes()
        write_over(first, lambda _: other)
        write_over(second, lambda _: one)

    assert {(keys[first], checking.OTHER), (keys[second], checking.OTHER)} <= set(find(swap))
    assert list_findings(published, full=True) == []


def test_an_unknown_version_in_the_store_is_named(published: Services) -> None:
    store = published.settings.public_folder
    key = manifest_key("reservoirs", "1.0.0")
    shutil.copy(store / key, store / manifest_key("reservoirs", "9.0.0"))
    shutil.copy(store / signature_key(key), store / signature_key(manifest_key("reservoirs", "9.0.0")))
    assert list_findings(published) == [(manifest_key("reservoirs", "9.0.0"), checking.UNKNOWN)]


def test_a_look_that_was_broken_off_goes_on_where_it_was(published: Services) -> None:
    whole = published.checking.run().blobs

    class BrokenOffError(Exception):
        pass

    def stop(done: float) -> None:
        if done > 0.5:
            raise BrokenOffError

    with pytest.raises(BrokenOffError):
        published.checking.run(on_progress=stop)
    rest = published.checking.run().blobs
    assert 0 < rest < whole
    assert published.checking.run().blobs == whole


@pytest.mark.both_databases(slow=True)
def test_slices_get_round_to_every_file(published: Services) -> None:
    path = find_blob(published)
    times = path.stat()
    write_over(path, flip_last_byte)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    blobs = len(list(LocalStore(published.settings.public_folder).list_blobs()))
    for _ in range(blobs):
        assert published.checking.run_slice(1.0) > 0
    with pytest.raises(DamagedError):
        find_blob(published)


# ------------------------------------------------------------------------------------------------------------ garbage


@pytest.mark.both_databases(slow=True)
def test_only_what_nothing_needs_is_removed(published: Services, editor: Actor) -> None:
    waiting = upload(published, editor, CSV + "A009,北湖,1,2026-02-03\n")
    discarded = upload(published, editor, CSV + "A008,北湖,1,2026-02-03\n")
    published.drafts.discard(editor, discarded.id)
    store = LocalStore(published.settings.public_folder)
    orphan, _ = store.put_stream(io.BytesIO(b"orphan"))
    before = {version: read_version(published, "reservoirs", version) for version in ("1.0.0", "1.1.0")}
    assert published.collecting.run().bytes == 0  # all of it is young
    collecting = Collecting(build_context(published.settings), young_seconds=-1)
    assert collecting.run(dry=True).public == 1
    assert store.has_blob(orphan)
    assert collecting.run().public == 1
    assert not store.has_blob(orphan)
    later = build_context(published.settings, clock=lambda: read_clock() + timedelta(days=3650))
    removed = Collecting(later, young_seconds=-1).run()
    assert (removed.public, removed.private > 0) == (0, True)
    assert {version: read_version(published, "reservoirs", version) for version in before} == before
    published.drafts.submit(editor, waiting.id)
    published.work.run_to_end(waiting.id)
    assert published.versions.find_latest("reservoirs") == "1.2.0"
    assert list_findings(published) == []


# ------------------------------------------------------------------------------------------------------------ backups


def restore(source: Path, home: Path) -> Services:
    restore_backup(source, Settings(home=home, review="none"))
    services = build_services(Settings(home=home, review="none"))
    services.withdrawals.place_all()
    return services


def make_older(source: Path, table: str, *columns: str) -> None:
    """Take columns out of a backup, as one of a release before them is without."""
    lines = [json.loads(line) for line in (source / "database" / f"{table}.jsonl").read_text().splitlines()]
    kept = [{name: value for name, value in line.items() if name not in columns} for line in lines]
    data = "".join(json.dumps(line) + "\n" for line in kept).encode()
    (source / "database" / f"{table}.jsonl").write_bytes(data)
    described = json.loads((source / "backup.json").read_text())
    described["tables"][table]["sha256"] = hashlib.sha256(data).hexdigest()
    (source / "backup.json").write_text(json.dumps(described))


@pytest.mark.both_databases(slow=True)
def test_a_backup_restored_answers_as_before_and_goes_on(published: Services, editor: Actor, tmp_path: Path) -> None:
    published.withdrawals.withdraw(SYSTEM, "reservoirs", "1.0.0", reason="x")
    waiting = upload(published, editor, CSV)
    with published.database.unit(write=True) as session:
        session.add(SiteFile(sha256="0" * 64, mediatype="image/png", size=2, content=b"\x89\0", created=read_clock()))
    done = published.backups.write(tmp_path / "backup", with_keys=True)
    assert done.new_files == done.files > 0
    again = published.backups.write(tmp_path / "backup", with_keys=True)
    assert again.new_files == 0
    make_older(tmp_path / "backup", "datasets", "moves", "unfinished", "opens", "opened", "title", "attribute")
    other = restore(tmp_path / "backup", tmp_path / "restored")
    try:
        with other.database.unit() as session:
            assert session.scalar(select(SiteFile.content)) == b"\x89\0"
        assert other.checking.run().is_sound
        assert describe_catalogue(other) == describe_catalogue(published)
        with pytest.raises(WithdrawnError):
            other.versions.get("reservoirs", "1.0.0")
        actor = other.accounts.sign_in("editor", "a long password")[0]
        assert other.drafts.get(actor, waiting.id).status == "valid"
        other.drafts.submit(actor, waiting.id)
        other.work.run_to_end(waiting.id)
        assert other.drafts.get(actor, waiting.id).status == "published"
        make_actor(other, "somebody")  # numbers go on where they were
    finally:
        other.database.dispose()


@pytest.mark.slow
@pytest.mark.both_databases
def test_what_is_published_while_a_backup_is_made_is_left_to_the_next_and_what_moves_is_found(
    published: Services, editor: Actor, tmp_path: Path
) -> None:
    pieces: list[float] = []

    def publish_meanwhile(done: float) -> None:
        if not pieces:
            publish(published, editor, CSV + "A007,x,1,2026-02-02\n")
            published.withdrawals.withdraw(SYSTEM, "reservoirs", "1.0.0", reason="x")
        pieces.append(done)

    published.backups.write(tmp_path / "backup", with_keys=True, on_progress=publish_meanwhile)
    other = restore(tmp_path / "backup", tmp_path / "restored")
    try:
        assert other.versions.find_latest("reservoirs") == "1.1.0"
        assert other.checking.run().is_sound  # the withdrawn version's files went to the other store meanwhile
        actor = other.accounts.sign_in("editor", "a long password")[0]
        assert publish(other, actor, CSV + "A006,x,1,2026-02-02\n").version == "1.2.0"
    finally:
        other.database.dispose()


def test_a_backup_without_keys_has_none_and_erased_bytes_leave_the_next(published: Services, tmp_path: Path) -> None:
    published.backups.write(tmp_path / "backup")
    secret = (published.settings.key_folder / "signing.key").read_text().strip()
    files = [path for path in (tmp_path / "backup").rglob("*") if path.is_file()]
    assert [path for path in files if secret.encode() in path.read_bytes()] == []
    assert [path for path in files if path.read_bytes() == CSV.encode()]
    published.withdrawals.withdraw(SYSTEM, "reservoirs", "1.0.0", reason="x", legal_basis="y", erase=True)
    published.backups.write(tmp_path / "backup")
    files = [path for path in (tmp_path / "backup").rglob("*") if path.is_file()]
    assert [path for path in files if path.read_bytes() == CSV.encode()] == []


def test_a_backup_is_restored_whole_into_an_empty_place_or_not_at_all(published: Services, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        restore_backup(tmp_path, Settings(home=tmp_path / "a"))
    published.backups.write(tmp_path / "backup")
    with pytest.raises(StateError):
        restore_backup(tmp_path / "backup", published.settings)
    used = published.settings.database
    with pytest.raises(StateError):
        restore_backup(tmp_path / "backup", Settings(home=tmp_path / "c", database_url=used))
    table = tmp_path / "backup" / "database" / "datasets.jsonl"
    table.write_bytes(table.read_bytes().replace(b"reservoirs", b"reservoirz"))
    with pytest.raises(IntegrityError):
        restore_backup(tmp_path / "backup", Settings(home=tmp_path / "b"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(InputError):
        published.backups.write(tmp_path / "full")


def test_the_dump_says_what_it_holds(published: Services, tmp_path: Path) -> None:
    published.backups.write(tmp_path / "backup")
    described = json.loads((tmp_path / "backup" / "backup.json").read_text())
    assert described["tables"]["versions"]["rows"] == 2
