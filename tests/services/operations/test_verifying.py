"""What is wrong with what is published is named from outside: over HTTP, in a store, in an exported version."""

from __future__ import annotations

import base64
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from werkzeug.serving import make_server

from opendata.errors import BackendError, InputError
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.records import read_keys
from opendata.services.operations.verification import verifying
from opendata.services.operations.verification.sources import open_source
from opendata.services.operations.verification.verifying import Trust, Verified, verify
from opendata.storage.local import LocalStore
from opendata.storage.store import manifest_key, suspension_key, tombstone_key
from opendata.wiring import Services
from tests.instances import CSV, DATASET, publish

MORE = CSV + "A003,南湖,3,2026-02-02\n"


@pytest.fixture
def published(services: Services, editor: Actor) -> Services:
    """Three versions, the second of them withdrawn, a change of keys between."""
    publish(services, editor)
    publish(services, editor, MORE)
    services.keys.rotate(SYSTEM)
    publish(services, editor, MORE + "A004,北湖,3,2026-02-02\n")
    services.withdrawals.withdraw(SYSTEM, "reservoirs", "1.1.0", reason="x")
    return services


@pytest.fixture
def served(published: Services, app: Flask) -> Iterator[str]:
    """The address of the same, served."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def check(target: object, trust: Trust | None = None) -> Verified:
    return verify(open_source(str(target)), trust or Trust())


def name(found: Verified) -> list[tuple[str, str]]:
    return [(item.where, item.what) for item in found.findings]


def change(path: Path, to: Callable[[bytes], bytes]) -> None:
    path.chmod(0o644)
    path.write_bytes(to(path.read_bytes()))


@pytest.mark.parametrize("place", ["", "/datasets/reservoirs", "/datasets/reservoirs/1.0.0/"])
def test_a_sound_portal_passes_and_each_version_rests_on_a_key(published: Services, served: str, place: str) -> None:
    found = check(served + place)
    assert name(found) == []
    assert (found.datasets, found.versions, found.withdrawn, found.files) == (1, 3, 1, 4)
    keys = read_keys(LocalStore(published.settings.public_folder))
    assert found.claims == {keys[0].id: 1, keys[1].id: 2}
    assert name(check(published.settings.public_folder)) == []


@pytest.mark.slow
def test_a_renamed_dataset_still_passes(published: Services, served: str) -> None:
    published.stops.suspend(SYSTEM, "reservoirs", "1.2.0", reason="x")
    published.renaming.rename(SYSTEM, "reservoirs", "lakes")
    assert name(check(served)) == []
    assert name(check(published.settings.public_folder)) == []
    published.renaming.rename(SYSTEM, "lakes", "waters")
    assert name(check(published.settings.public_folder)) == []


@pytest.mark.slow
def test_erased_versions_leave_the_chain_whole(published: Services, served: str) -> None:
    published.withdrawals.withdraw(SYSTEM, "reservoirs", "1.0.0", reason="x", legal_basis="y", erase=True)
    assert name(check(served)) == []
    assert name(check(published.settings.public_folder)) == []


@pytest.mark.slow
def test_whoever_trusts_the_first_key_can_follow_to_the_newest(published: Services, served: str) -> None:
    keys = read_keys(LocalStore(published.settings.public_folder))
    assert name(check(served, Trust(keys=keys[:1]))) == []
    stranger = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    other = verifying.PublicKey("0" * 32, stranger, keys[0].created, None)
    found = name(check(served, Trust(keys=[other])))
    assert ("keys", verifying.STRANGER) in found
    assert ("reservoirs@1.0.0", verifying.FORGED) in found


def test_every_kind_of_tampering_is_named(published: Services, tmp_path: Path) -> None:
    store = published.settings.public_folder
    key = {version: manifest_key("reservoirs", version) for version in ("1.0.0", "1.1.0", "1.2.0")}
    blob = published.versions.find_file("reservoirs", "1.0.0", "levels", "csv").sha256
    tombstone = tombstone_key("reservoirs", "1.1.0")

    def find(tamper: Callable[[Path], object]) -> list[tuple[str, str]]:
        copy = tmp_path / "copy"
        shutil.copytree(store, copy)
        tamper(copy)
        found = name(check(copy))
        shutil.rmtree(copy)
        return found

    def swap(folder: Path) -> None:
        for suffix in ("", ".sig"):
            one, other = folder / (key["1.0.0"] + suffix), folder / (key["1.2.0"] + suffix)
            first, second = one.read_bytes(), other.read_bytes()
            change(one, lambda _, second=second: second)  # type: ignore[misc]
            change(other, lambda _, first=first: first)  # type: ignore[misc]

    def forge(folder: Path) -> None:
        manifest = json.loads((folder / key["1.2.0"]).read_bytes())
        manifest["title"] = "x"
        data = json.dumps(manifest, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        change(folder / key["1.2.0"], lambda _: data)
        signature = base64.b64encode(Ed25519PrivateKey.generate().sign(data))
        change(folder / (key["1.2.0"] + ".sig"), lambda _: signature)

    def cut(folder: Path) -> None:
        for suffix in ("", ".sig"):
            (folder / (tombstone + suffix)).unlink()
            (folder / (key["1.1.0"] + suffix)).unlink()

    path = f"blobs/sha256/{blob[:2]}/{blob}"
    file = "reservoirs@1.0.0/levels.csv"
    flipped = find(lambda folder: change(folder / path, lambda data: data[:-1] + b"!"))
    assert flipped == [(file, verifying.FILE_OTHER)]
    assert find(lambda folder: (folder / path).unlink()) == [(file, verifying.FILE_GONE)]
    assert {("reservoirs@1.0.0", verifying.MISPLACED), ("reservoirs@1.2.0", verifying.MISPLACED)} <= set(find(swap))
    assert find(cut) == [("reservoirs@1.2.0", verifying.CUT)]
    edited = find(lambda folder: change(folder / tombstone, lambda data: data.replace(b'"x"', b'"y"')))
    assert edited == [("reservoirs@1.1.0", verifying.FORGED)]
    assert find(forge) == [("reservoirs@1.2.0", verifying.FORGED)]
    assert find(lambda folder: (folder / (key["1.0.0"] + ".sig")).unlink()) == [
        ("reservoirs@1.0.0", verifying.UNSIGNED)
    ]
    broken = find(lambda folder: change(folder / "keys/2.json.sig", lambda _: b"AAAA"))
    assert broken[0] == ("keys", verifying.KEYS_BROKEN)


@pytest.mark.parametrize("key", [tombstone_key, partial(suspension_key, number=1)])
def test_what_was_signed_about_another_dataset_is_misplaced(
    services: Services, editor: Actor, key: Callable[[str, str], str]
) -> None:
    services.datasets.create(editor, {**DATASET, "id": "lakes"})
    for dataset in ("reservoirs", "lakes"):
        publish(services, editor, dataset=dataset)
    if key is tombstone_key:
        services.withdrawals.withdraw(SYSTEM, "lakes", "1.0.0", reason="x")
    else:
        services.stops.suspend(SYSTEM, "lakes", "1.0.0", reason="x")
    store = services.settings.public_folder
    assert name(check(store)) == []
    copy = store / key("reservoirs", "1.0.0")
    copy.parent.mkdir(parents=True)
    for suffix in ("", ".sig"):
        shutil.copy(store / (key("lakes", "1.0.0") + suffix), f"{copy}{suffix}")
    assert name(check(store)) == [("reservoirs@1.0.0", verifying.MISPLACED)]


def test_a_store_of_last_week_is_recognised_by_who_remembers(services: Services, editor: Actor, tmp_path: Path) -> None:
    publish(services, editor)
    shutil.copytree(services.settings.public_folder, tmp_path / "last-week")
    publish(services, editor, MORE)
    services.keys.rotate(SYSTEM)
    seen = check(services.settings.public_folder)
    trust = Trust(seen_keys=[key.id for key in seen.keys], seen=seen.heads)
    assert name(check(services.settings.public_folder, trust)) == []
    assert name(check(tmp_path / "last-week")) == []  # who remembers nothing cannot know
    assert name(check(tmp_path / "last-week", trust)) == [
        ("keys", verifying.KEY_GONE),
        ("reservoirs@1.1.0", verifying.ROLLED_BACK),
    ]


def test_an_exported_version_is_checked_with_a_key_that_is_given(published: Services, tmp_path: Path) -> None:
    published.exports.export("reservoirs", "1.2.0", tmp_path / "out")
    assert name(check(tmp_path / "out"))[0] == ("keys", verifying.NO_KEYS)
    keys = read_keys(LocalStore(published.settings.public_folder))
    assert name(check(tmp_path / "out", Trust(keys=keys))) == []
    change(tmp_path / "out" / "levels.csv", lambda data: data + b"x")
    assert name(check(tmp_path / "out", Trust(keys=keys))) == [("reservoirs@1.2.0/levels.csv", verifying.FILE_OTHER)]


@pytest.mark.slow
def test_what_is_no_portal_says_so(tmp_path: Path, served: str) -> None:
    with pytest.raises(InputError):
        check(tmp_path)
    with pytest.raises(BackendError):
        check("http://127.0.0.1:9/")
    with pytest.raises(BackendError):
        check(f"{served}/static")
