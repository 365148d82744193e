"""An instance as a whole: its folders, keys, database and instance file, made once and recognised later."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from opendata.errors import N_, BackendError, StateError
from opendata.instance_file import INSTANCE_FILE, read_instance_file, write_instance_file
from opendata.settings import Settings, variable_of
from opendata.storage.opening import check_stores, list_written
from opendata.storage.signing import KEY_FILE, Signer, create_signing_key, write_secret

if TYPE_CHECKING:
    from opendata.db.session import Database

SESSION_FILE = "session.secret"
PUBLIC_KEY_FILE = "signing.pub"
"""The public key as PEM, for anyone who verifies signatures."""


def is_instance(settings: Settings) -> bool:
    """Whether somebody has made an instance here."""
    return (settings.key_folder / KEY_FILE).is_file()


def require_instance(settings: Settings) -> None:
    """Raises `StateError` naming the command that helps where there is no instance."""
    if not is_instance(settings):
        raise StateError(
            N_(
                "There is no instance in “%(home)s”. Run “opendata init” to create one, or “opendata demo” to"
                " create one with sample data"
            ),
            home=settings.home,
        )


def require_current(database: Database, settings: Settings, *, may_be_newer: bool = False) -> None:
    """Raises `StateError` naming the command that helps where the database is of an older form, or empty.

    One of a newer form may do: of two machines the other was upgraded first, and this one serves on until its turn.
    Raises `BackendError` if the database is unavailable.
    """
    with _saying_why():
        is_current = database.is_current() or (may_be_newer and database.is_newer())
    if not is_current:
        raise StateError(
            N_(
                "The database in “%(home)s” doesn't match this version of opendata. Run “opendata init” to bring"
                " it up to date"
            ),
            home=settings.home,
        )


def create_instance(settings: Settings, *, review: str | None = None) -> bool:
    """Make the instance, or bring the tables of an existing one up to date; whether it is new.

    `review` is kept in the instance file of a new instance; an existing one keeps what it has. Keys, the private store
    and the database are readable by their owner alone. Raises `BackendError` if the database or a store is unavailable.
    """
    new = not is_instance(settings)
    check_stores(settings)
    settings.home.mkdir(parents=True, exist_ok=True)
    for folder in (settings.key_folder, settings.private_folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if new:
            folder.chmod(0o700)
    for folder in list_written(settings):
        folder.mkdir(parents=True, exist_ok=True)
    if variable_of("review") not in read_instance_file(settings.home):
        (settings.home / INSTANCE_FILE).touch()
        (settings.home / INSTANCE_FILE).chmod(0o600)  # it may hold the password of a database
        write_instance_file(settings.home, {variable_of("review"): review or settings.review})
    migrate_database(settings)
    write_secret(settings.key_folder / SESSION_FILE, secrets.token_hex(32))
    create_signing_key(settings.key_folder)  # with it the instance counts as made
    write_public_key(settings)
    return new


def read_secret(settings: Settings) -> str:
    """The secret that signs the cookie of forms and keys the digests of addresses, made on first use."""
    path = settings.key_folder / SESSION_FILE
    if not settings.secret_key and not path.exists():
        write_secret(path, secrets.token_hex(32))
    return settings.secret_key or path.read_text(encoding="ascii").strip()


def write_public_key(settings: Settings) -> None:
    """Put the public half of the present key where operators find it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = Ed25519PublicKey.from_public_bytes(Signer(settings.key_folder).public_key())
    text = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path = settings.home / PUBLIC_KEY_FILE
    if not path.exists() or path.read_bytes() != text:
        path.write_bytes(text)


def migrate_database(settings: Settings) -> None:
    """Bring the tables to the newest form, making them where there are none. Raises `BackendError`.

    Events of a release without the chain of the audit log are chained.
    """
    from opendata.db.session import Database
    from opendata.services.core.event_chain import chain_past

    if not settings.database_url:
        (settings.home / "opendata.sqlite").touch(mode=0o600)  # its journals get the mode of the file itself
    database = Database(settings.database)
    try:
        with _saying_why():
            if not database.is_current():
                database.migrate()
                chain_past(database, datetime.now(UTC))
    finally:
        database.dispose()


@contextmanager
def _saying_why() -> Iterator[None]:
    """Name what is wrong with a database that is unavailable: the operator reads it. Raises `BackendError`."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise BackendError(N_("The database isn't responding: %(reason)s"), reason=reason) from error
