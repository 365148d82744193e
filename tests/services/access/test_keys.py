"""Signing keys: published with their validity, one vouching for the next, and only the newest signs."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from flask import Flask

from opendata.errors import IntegrityError, NotPermittedError
from opendata.metadata.keys import find_signer
from opendata.services.core import records
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.records import read_keys
from opendata.storage.local import LocalStore
from opendata.wiring import Services, build_context
from tests.instances import CSV, publish

MORE = CSV + "A003,南湖,3,2026-02-02\n"


def test_versions_of_before_and_after_a_change_of_keys_are_each_signed_by_their_own(
    services: Services, editor: Actor
) -> None:
    publish(services, editor)
    fresh = services.keys.rotate(SYSTEM)
    publish(services, editor, MORE)
    keys = read_keys(LocalStore(services.settings.public_folder))
    assert [key.until is None for key in keys] == [False, True]
    assert (keys[1].id, keys[1].previous) == (fresh.id, keys[0].id)
    for version, key in (("1.0.0", keys[0]), ("1.1.0", keys[1])):
        data = services.versions.read_manifest("reservoirs", version)
        signature = services.versions.read_signature("reservoirs", version)
        assert find_signer(keys, data, signature, services.versions.get("reservoirs", version).created) == key
    assert services.checking.run().findings == []


def test_a_key_that_has_retired_vouches_for_nothing_new(services: Services, editor: Actor) -> None:
    publish(services, editor)
    data = services.versions.read_manifest("reservoirs", "1.0.0")
    signature = services.versions.read_signature("reservoirs", "1.0.0")
    services.keys.rotate(SYSTEM)
    keys = read_keys(LocalStore(services.settings.public_folder))
    assert find_signer(keys, data, signature, datetime.now(UTC) + timedelta(hours=1)) is None


def test_the_keys_are_published_and_can_be_checked_with_any_library(
    services: Services, editor: Actor, app: Flask
) -> None:
    publish(services, editor)
    services.keys.rotate(SYSTEM)
    answer = app.test_client().get("/.well-known/opendata-keys.json")
    first, second = (answer.json or {})["keys"]
    assert first["until"] == second["created"]
    assert second["previous"] == first["id"]
    described = {name: second[name] for name in ("id", "algorithm", "publicKey", "created", "previous")}
    data = json.dumps(described, sort_keys=True, separators=(",", ":")).encode()
    signer = Ed25519PublicKey.from_public_bytes(base64.b64decode(first["publicKey"]))
    signer.verify(base64.b64decode(second["signature"]), data)
    assert "max-age=3600" in answer.headers["Cache-Control"]


@pytest.mark.both_databases
@pytest.mark.parametrize("step", [1, 2])
def test_a_change_that_broke_off_is_finished_by_the_next(
    services: Services, editor: Actor, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    publish(services, editor)
    put, count = LocalStore.put_record, 0

    def fail(self: LocalStore, key: str, data: bytes) -> None:
        nonlocal count
        count += 1
        if count == step:
            raise OSError("the disk is full")
        put(self, key, data)

    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "put_record", fail)
        with pytest.raises(OSError, match="full"):
            services.keys.rotate(SYSTEM)
    with pytest.raises(IntegrityError, match="finish the key change"):  # nothing is signed by a key that is leaving
        records.require_key(build_context(services.settings))
    fresh = services.keys.rotate(SYSTEM)
    publish(services, editor, MORE)
    assert [key.id for key in read_keys(LocalStore(services.settings.public_folder))][-1] == fresh.id
    assert services.checking.run().findings == []


def test_a_key_that_the_store_does_not_know_signs_nothing(services: Services, editor: Actor) -> None:
    publish(services, editor)
    (services.settings.key_folder / "signing.key").write_text("00" * 32 + "\n")
    with pytest.raises(IntegrityError, match="isn't the newest"):
        records.require_key(build_context(services.settings))


def test_only_a_maintainer_changes_keys(services: Services, editor: Actor) -> None:
    with pytest.raises(NotPermittedError):
        services.keys.rotate(editor)
