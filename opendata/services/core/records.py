"""The signed records of the public store: written once, each with a detached signature beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

from opendata.errors import N_, IntegrityError, NotFoundError
from opendata.metadata.canonical import write_canonical
from opendata.metadata.keys import PublicKey, find_signer, link_keys, make_key_id
from opendata.services.core.context import Context
from opendata.storage.store import Store, signature_key, signing_key_key

RECORDS = (
    *("aliases", "annual-reports", "basic-links", "basics", "calendar", "datasets", "entries", "negative-list"),
    *("operation-reports", "plans", "publishers", "schemas", "self-checks", "site-files", "site-orders", "site-pages"),
)
"""The folders of the public store with records that are signed by a key of it."""

_TIMES = ("changed", "modified", "renamed", "created")
"""The members of a record that say when it was made: the first that it has."""


def keep_record(context: Context, key: str, data: bytes) -> None:
    """Write a record and its signature; doing so again changes nothing. Raises `IntegrityError` for other bytes."""
    if context.public.has_record(signature_key(key)) and context.public.get_record(key) == data:
        return
    require_key(context)
    context.public.put_record(key, data)
    if not context.public.has_record(signature_key(key)):
        context.public.put_record(signature_key(key), context.signer.sign(data))


def keep_edition(context: Context, key_of: Callable[[int], str], found: Mapping[str, Any], newest: int) -> int:
    """Write the next edition of a record unless the newest says the same; the number of the one that does."""
    data = write_canonical(found)
    number = max(newest, 1)
    while context.public.has_record(key_of(number)) and context.public.get_record(key_of(number)) != data:
        number += 1  # written just before a crash, then changed
    keep_record(context, key_of(number), data)
    return number


def count_editions(store: Store, key_of: Callable[[int], str]) -> int:
    """How many editions of a record there are: the number of the newest."""
    return next(number for number in count() if not store.has_record(key_of(number + 1)))


def list_editions(store: Store, key_of: Callable[[int], str]) -> Sequence[bytes]:
    """All editions of a record, oldest first."""
    return [store.get_record(key_of(number + 1)) for number in range(count_editions(store, key_of))]


def find_maker(keys: Sequence[PublicKey], data: bytes, signature: bytes) -> PublicKey | None:
    """The key that signed a record and was valid when that was made; None where there is no such key.

    A record that says no time may be signed by any key.
    """
    try:
        found = json.loads(data)
        times = [found[name] for name in _TIMES if name in found]
        made = datetime.fromisoformat(times[0]) if times else datetime.min.replace(tzinfo=UTC)
        return find_signer(keys, data, signature, made)
    except (ValueError, TypeError, RecursionError):
        return None


def read_key_records(store: Store) -> Sequence[tuple[Mapping[str, Any], bytes]]:
    """The records of the signing keys with their signatures, oldest first, unproven."""
    found = []
    for number, data in enumerate(list_editions(store, signing_key_key), 1):
        try:
            signature = store.get_record(signature_key(signing_key_key(number)))
        except NotFoundError:
            signature = b""
        try:
            record = json.loads(data)
        except ValueError:
            record = None
        found.append((record if isinstance(record, Mapping) else {}, signature))  # what isn't a record proves nothing
    return found


def read_keys(store: Store) -> Sequence[PublicKey]:
    """The chain of signing keys, oldest first. Raises `IntegrityError` where it is broken."""
    return link_keys(read_key_records(store))


def require_key(context: Context) -> None:
    """See to it that the key at hand is the newest of the store; the first one is entered here.

    Raises `IntegrityError` where the store knows another, so that nothing is signed that nobody could verify.
    """
    raw = context.signer.public_key()
    keys = read_keys(context.public)
    if not keys:
        first = PublicKey(make_key_id(raw), raw, context.signer.find_created(), None)
        record_key(context, first, 1, context.signer.sign)
    elif keys[-1].raw != raw or context.signer.is_changing:
        raise IntegrityError(
            N_(
                "The current signing key isn't the newest one that the store knows (%(id)s). Put that key"
                " back, or finish the key change with “opendata key rotate”"
            ),
            id=keys[-1].id,
        )


def record_key(context: Context, key: PublicKey, number: int, sign: Callable[[bytes], bytes]) -> None:
    """Write the record of a key, signed by `sign`: first the signature, so that no record is ever without."""
    data = write_canonical(key.describe())
    context.public.put_record(signature_key(signing_key_key(number)), sign(data))
    context.public.put_record(signing_key_key(number), data)
