"""An instance as a whole: its folders, keys, database and instance file, made once and recognised later."""

from __future__ import annotations

import secrets

from opendata.db.session import Database
from opendata.errors import N_, BackendError, StateError
from opendata.settings import INSTANCE_FILE, Settings, read_instance_file, variable_of, write_instance_file
from opendata.storage.signing import KEY_FILE, create_signing_key, write_secret

SESSION_FILE = "session.secret"


def is_instance(settings: Settings) -> bool:
    """Whether somebody has made an instance here."""
    return (settings.key_folder / KEY_FILE).is_file()


def require_instance(settings: Settings) -> None:
    """Raises `StateError` naming the command that helps where there is no instance."""
    if not is_instance(settings):
        raise StateError(
            N_("There is no instance in “%(home)s”. “opendata init” makes one, “opendata demo” one with sample data"),
            home=settings.home,
        )


def require_current(database: Database, settings: Settings) -> None:
    """Raises `StateError` naming the command that helps where the database is of an older form, or empty."""
    if not database.is_current():
        raise StateError(
            N_("The database of “%(home)s” is not of this version's form; “opendata init” brings it up to date"),
            home=settings.home,
        )


def create_instance(settings: Settings, *, review: str | None = None) -> bool:
    """Make the instance, or bring the tables of an existing one up to date; whether it is new.

    `review` is kept in the instance file of a new instance; an existing one keeps what it has. Keys, the private
    store and the database are readable by their owner alone. Raises `BackendError` where the database does not answer.
    """
    new = not is_instance(settings)
    settings.home.mkdir(parents=True, exist_ok=True)
    for folder in (settings.key_folder, settings.private_folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if new:
            folder.chmod(0o700)
    settings.public_folder.mkdir(parents=True, exist_ok=True)
    if variable_of("review") not in read_instance_file(settings.home):
        (settings.home / INSTANCE_FILE).touch(mode=0o600)
        write_instance_file(settings.home, {variable_of("review"): review or settings.review})
    if not settings.database_url:
        (settings.home / "opendata.sqlite").touch(mode=0o600)  # its journals get the mode of the file itself
    _migrate(settings)
    write_secret(settings.key_folder / SESSION_FILE, secrets.token_hex(32))
    create_signing_key(settings.key_folder)  # last: with it the instance counts as made
    return new


def _migrate(settings: Settings) -> None:
    from sqlalchemy.exc import SQLAlchemyError

    database = Database(settings.database)
    try:
        if not database.is_current():
            database.migrate()
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise BackendError(N_("The database does not answer: %(reason)s"), reason=reason) from error
    finally:
        database.dispose()
