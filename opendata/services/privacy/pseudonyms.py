"""The secret of which pseudonyms are made: created for the first of them, and never again while there are any."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from opendata.domain.privacy import Treatment
from opendata.errors import N_, StateError
from opendata.services.core.context import Context
from opendata.storage.signing import write_secret
from opendata.storage.store import Store, list_manifests

SECRET_FILE = "pseudonyms.secret"  # noqa: S105 - the name of a file
"""The secret of which the pseudonyms of all datasets are made, beside the signing keys."""

_IN_MANIFEST = f'"treatment":"{Treatment.PSEUDONYMISE.value}"'.encode()
"""How a manifest says that a column was pseudonymised: it is canonical JSON, which has one way to write it."""


def find_pseudonym_key(context: Context, uuid: str) -> bytes:
    """The key of a dataset's pseudonyms: the same for all its versions, another one for each dataset.

    Raises `StateError` if the secret is missing although a version has pseudonyms: another secret would change them.
    """
    path = context.settings.key_folder / SECRET_FILE
    if not path.exists():
        if has_pseudonyms(context.public):
            raise StateError(
                N_(
                    "Published versions have pseudonyms, but the secret they were made with is missing. Put it back as"
                    " %(file)s, from where you keep the keys"
                ),
                file=path,
            )
        write_secret(path, secrets.token_hex(32))
    return hmac.digest(bytes.fromhex(path.read_text(encoding="ascii").strip()), uuid.encode(), hashlib.sha256)


def has_pseudonyms(store: Store) -> bool:
    """Whether some version was published with pseudonyms, so that the secret is needed for the next."""
    return any(_IN_MANIFEST in store.get_record(key) for key in list_manifests(store))
