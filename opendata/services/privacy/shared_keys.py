"""What all machines of an instance keep in `keys/` must be the same: the database notes the digest of each secret.

A machine with another secret would make other pseudonyms, count attempts to sign in apart, refuse the forms of the
others and sign what nobody can verify. So it doesn't start.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError as ConflictError

from opendata.db.models import KeyMark
from opendata.errors import N_, StateError
from opendata.services.core.context import Context
from opendata.services.core.instance import SESSION_FILE
from opendata.services.core.records import read_keys
from opendata.services.privacy.pseudonyms import SECRET_FILE as PSEUDONYM_FILE
from opendata.services.privacy.pseudonyms import has_pseudonyms
from opendata.storage.secrets import SECRET_FILE as SOURCE_FILE
from opendata.storage.secrets import make_secret
from opendata.storage.signing import KEY_FILE, write_secret

_MISSING = N_(
    "This machine lacks the secret “%(file)s” that the other machines of this instance have. Copy “keys” from one"
    " of them"
)
_UNWRITABLE = N_("The secret “%(file)s” can't be written: %(reason)s")
_OTHER = N_(
    "The secret “%(file)s” of this machine isn't that of the instance. Copy “keys” from a machine that works. If this"
    " machine has the right one, run “opendata init --adopt-keys” here"
)

_OTHER_SIGNER = N_(
    "The signing key “%(file)s” of this machine isn't the newest one that the store knows (%(id)s). Copy “keys” from"
    " the machine where it was changed"
)


def agree_on_keys(context: Context, *, adopt: bool = False) -> None:
    """Make the secrets that the instance hasn't yet, and compare this machine's with those of all others.

    With `adopt`, those of this machine are the right ones from now on. Raises `StateError` where one is missing or
    another, or where the signing key isn't the newest that the store knows.
    """
    settings = context.settings
    with context.write() as session:
        if adopt:
            session.execute(delete(KeyMark))
        noted = {row.name: row.digest for row in session.scalars(select(KeyMark))}
    for name in (SESSION_FILE, SOURCE_FILE, PSEUDONYM_FILE):
        path = settings.key_folder / name
        if name not in noted and not path.exists():
            try:
                _make(context, path)
            except OSError as error:
                raise StateError(_UNWRITABLE, file=path, reason=error.strerror or type(error).__name__) from None
    fresh: dict[str, str] = {}
    for name, text in _read_secrets(context).items():
        path = settings.key_folder / name
        if text is None and name in noted:
            raise StateError(_MISSING, file=path)
        if text is not None:
            digest = _digest(name, text)
            if noted.get(name, digest) != digest:
                raise StateError(_OTHER, file=path)
            fresh |= {name: digest} if name not in noted else {}
    if fresh and not _note(context, fresh):
        agree_on_keys(context)  # another machine was first
    _require_newest(context)


def _make(context: Context, path: Path) -> None:
    """Make a secret, unless it is lost: there are pseudonyms that were made with it."""
    if path.name == SOURCE_FILE:
        make_secret(path)
    elif path.name == SESSION_FILE or not has_pseudonyms(context.public):
        write_secret(path, secrets.token_hex(32))


def _read_secrets(context: Context) -> Mapping[str, str | None]:
    found: dict[str, str | None] = {}
    for name in (SESSION_FILE, SOURCE_FILE, PSEUDONYM_FILE):
        path = context.settings.key_folder / name
        found[name] = path.read_text(encoding="ascii").strip() if path.exists() else None
    found[SESSION_FILE] = context.settings.secret_key or found[SESSION_FILE]
    return found


def _digest(name: str, text: str) -> str:
    """What the database has of a secret: one that a person chose can't be found out from it by trying."""
    return hashlib.scrypt(text.encode(), salt=f"opendata {name}".encode(), n=2**12, r=8, p=1, dklen=32).hex()


def _note(context: Context, fresh: Mapping[str, str]) -> bool:
    now = context.clock()
    try:
        with context.write() as session:
            session.add_all(KeyMark(name=name, digest=digest, noted=now) for name, digest in fresh.items())
    except ConflictError:
        return False
    return True


def _require_newest(context: Context) -> None:
    """Raises `StateError` where another machine has changed the signing key, and this one has the old one."""
    keys = read_keys(context.public)
    if keys and not context.signer.is_changing and context.signer.public_key() != keys[-1].raw:
        raise StateError(_OTHER_SIGNER, file=context.settings.key_folder / KEY_FILE, id=keys[-1].id)
