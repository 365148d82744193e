"""Signatures that others can verify, and secrets that are written once."""

from __future__ import annotations

import base64
import shutil
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from opendata.storage.signing import KEY_FILE, Signer, create_signing_key, write_secret

DATA = '{"name":"水库"}'.encode()


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    create_signing_key(tmp_path / "keys")
    return Signer(tmp_path / "keys")


def test_the_key_is_its_owners_alone(signer: Signer, tmp_path: Path) -> None:
    assert (tmp_path / "keys" / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert [path.name for path in (tmp_path / "keys").iterdir()] == [KEY_FILE]


def test_equal_bytes_sign_equally(signer: Signer, tmp_path: Path) -> None:
    assert signer.sign(DATA) == signer.sign(DATA) == Signer(tmp_path / "keys").sign(DATA)
    assert signer.sign(DATA) != signer.sign(DATA + b"\n")


def test_a_signature_verifies_over_the_exact_bytes_alone(signer: Signer) -> None:
    key = Ed25519PublicKey.from_public_bytes(signer.public_key())
    signature = base64.b64decode(signer.sign(DATA), validate=False)
    key.verify(signature, DATA)
    with pytest.raises(InvalidSignature):
        key.verify(signature, DATA + b" ")


def test_openssl_verifies_a_signature(signer: Signer, tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here (Debian: apt-get install openssl)")
    key = Ed25519PublicKey.from_public_bytes(signer.public_key())
    (tmp_path / "key.pem").write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (tmp_path / "signature").write_bytes(base64.b64decode(signer.sign(DATA)))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-sigfile", "signature"]
    for content, passes in ((DATA, True), (DATA + b" ", False)):
        (tmp_path / "data").write_bytes(content)
        ended = subprocess.run([*command, "-in", "data"], cwd=tmp_path, capture_output=True, text=True)
        assert (ended.returncode == 0) is passes, ended.stderr


def test_a_key_is_never_made_twice(signer: Signer, tmp_path: Path) -> None:
    before = signer.public_key()
    create_signing_key(tmp_path / "keys")
    assert signer.public_key() == before


def test_a_secret_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "secret"
    write_secret(path, "first")
    write_secret(path, "second")
    assert path.read_text() == "first\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_what_a_killed_process_left_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / ".secret.12345").write_text("half")
    write_secret(tmp_path / "secret", "whole")
    assert (tmp_path / "secret").read_text() == "whole\n"


def test_of_concurrent_writers_the_first_wins_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # All have written their own temporary file before any links it: no one's bytes may reach another's.
    import os

    barrier = threading.Barrier(8)
    link = os.link

    def wait_and_link(*args: object) -> None:
        barrier.wait(timeout=30)
        link(*args)  # type: ignore[arg-type]

    monkeypatch.setattr("opendata.storage.signing.os.link", wait_and_link)
    path = tmp_path / "secret"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: write_secret(path, str(number) * 1000), range(8)))
    text = path.read_text().strip()
    assert len(set(text)) == 1
    assert len(text) == 1000
    assert list(tmp_path.iterdir()) == [path]
