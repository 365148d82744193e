"""Detached Ed25519 signatures (RFC 8032) over the exact bytes of a record; the private key is outside the stores."""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from opendata.errors import N_, IntegrityError
from opendata.storage.local import sync_folder

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_FILE = "signing.key"
NEXT_FILE = "signing.key.next"
"""The key that is about to take over, between its making and its first use."""


class Signer:
    """Signs with the instance's private key."""

    def __init__(self, folder: Path, name: str = KEY_FILE) -> None:
        self._file = folder / name
        self._next = folder / NEXT_FILE

    def sign(self, data: bytes) -> bytes:
        """The signature in base64, with a line end: Ed25519 is deterministic, equal bytes sign equally."""
        import base64

        return base64.b64encode(self._load().sign(data)) + b"\n"

    def public_key(self) -> bytes:
        """The raw 32 bytes of the public key."""
        return self._load().public_key().public_bytes_raw()

    def find_created(self, *, next_one: bool = False) -> datetime:
        """When the key was made, or the one that is about to take over."""
        file = self._next if next_one else self._file
        return datetime.fromtimestamp(int(file.stat().st_mtime), UTC)

    @property
    def is_changing(self) -> bool:
        """Whether the next key exists and isn't the current one yet."""
        return self._next.exists()

    def prepare_next(self) -> bytes:
        """Have the key ready that will take over, unless there is one already; its raw public half."""
        create_signing_key(self._file.parent, NEXT_FILE)
        return Signer(self._file.parent, NEXT_FILE).public_key()

    def take_next(self) -> None:
        """Make the next key the current one; the old one is gone for good."""
        self._next.replace(self._file)
        sync_folder(self._file.parent)

    def _load(self) -> Ed25519PrivateKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        try:
            return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self._file.read_text(encoding="ascii").strip()))
        except ValueError:
            raise IntegrityError(
                N_("The signing key “%(file)s” is damaged. Put a copy in its place"), file=self._file
            ) from None


def create_signing_key(folder: Path, name: str = KEY_FILE) -> None:
    """Make the key pair of an instance, readable by its owner alone, unless there is one."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    write_secret(folder / name, Ed25519PrivateKey.generate().private_bytes_raw().hex())


def write_secret(path: Path, text: str) -> None:
    """Write a secret once, readable by its owner alone; an existing one stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as target:
        target.write(text + "\n")
        target.flush()
        os.fsync(target.fileno())
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    sync_folder(path.parent)
