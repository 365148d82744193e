"""Secrets of sources, and who sent requests: encrypted in the database with a key beside the signing keys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from opendata.errors import N_, StateError
from opendata.storage.signing import write_secret

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

SECRET_FILE = "sources.secret"  # noqa: S105 - the name of a file
"""The key that they are encrypted with."""


def make_secret(path: Path) -> None:
    """Make the key that secrets are encrypted with, unless there is one."""
    from cryptography.fernet import Fernet

    write_secret(path, Fernet.generate_key().decode("ascii"))


def encrypt_secret(folder: Path, text: str) -> str:
    """A secret as the database keeps it; the key is made for the first of them."""
    path = folder / SECRET_FILE
    if not path.exists():
        make_secret(path)
    return _open(folder).encrypt(text.encode()).decode("ascii")


def decrypt_secret(folder: Path, kept: str) -> str:
    """The secret itself. Raises `StateError` if the key is missing or another one, as after a restore without keys."""
    from cryptography.fernet import InvalidToken

    try:
        return _open(folder).decrypt(kept).decode()
    except (FileNotFoundError, ValueError, InvalidToken):
        text = N_("The password of the source can't be read, since the key of the portal was lost. Enter it again")
        raise StateError(text) from None


def _open(folder: Path) -> Fernet:
    from cryptography.fernet import Fernet

    return Fernet((folder / SECRET_FILE).read_text(encoding="ascii").strip())
