"""The keys that sign: their public halves, how one hands over to the next, and which of them vouches for a signature.

A key is described by a record `{id, algorithm, publicKey, created, previous}`: `id` is the first half of the SHA-256 of
the raw public key in hexadecimal, `publicKey` its 32 bytes in base64, `previous` the id of the key before or null. The
first record is signed by its own key, each later one by the key before it: anyone who trusts one of them can follow the
chain to the newest. A key is valid from its `created` until that of the next. Source: Ed25519, RFC 8032.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from opendata.domain.moments import format_time
from opendata.errors import N_, IntegrityError
from opendata.metadata.canonical import write_canonical

ALGORITHM = "Ed25519"
_ID_LENGTH = 32
_RAW_BYTES = 32


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key with the time from which it signs and, where another took over, until when (both aware)."""

    id: str
    raw: bytes
    created: datetime
    previous: str | None
    until: datetime | None = None

    def describe(self) -> dict[str, Any]:
        """The record that is signed."""
        return {
            "id": self.id,
            "algorithm": ALGORITHM,
            "publicKey": base64.b64encode(self.raw).decode(),
            "created": format_time(self.created),
            "previous": self.previous,
        }


def make_key_id(raw: bytes) -> str:
    """The id of a raw public key."""
    return hashlib.sha256(raw).hexdigest()[:_ID_LENGTH]


def read_key(found: Mapping[str, Any]) -> PublicKey:
    """A key out of its record. Raises `IntegrityError` where the record contradicts itself."""
    try:
        raw = base64.b64decode(found["publicKey"], validate=True)
        created = datetime.fromisoformat(found["created"])
        previous = found["previous"]
        wrong = found["algorithm"] != ALGORITHM or len(raw) != _RAW_BYTES or found["id"] != make_key_id(raw)
        wrong = wrong or created.tzinfo is None or not isinstance(previous, str | None)
    except (KeyError, TypeError, ValueError, binascii.Error):
        wrong = True
    if wrong:
        raise IntegrityError(N_("The record of the key “%(id)s” contradicts itself"), id=str(found.get("id"))[:100])
    return PublicKey(found["id"], raw, created, previous)


def has_signed(key: PublicKey, data: bytes, signature: bytes) -> bool:
    """Whether a detached signature (base64, as stored) over `data` was made with this key."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(base64.b64decode(signature.strip(), validate=True), data)
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


def link_keys(records: Iterable[tuple[Mapping[str, Any], bytes]]) -> Sequence[PublicKey]:
    """The chain of keys, oldest first, out of their records and signatures in that order.

    Raises `IntegrityError` naming the first that the key before it has not signed.
    """
    chain: list[PublicKey] = []
    for record, signature in records:
        key = read_key(record)
        signer = chain[-1] if chain else key
        expected = chain[-1].id if chain else None
        if key.previous != expected or not has_signed(signer, write_canonical(key.describe()), signature):
            raise IntegrityError(N_("The key %(id)s isn't signed by the key before it"), id=key.id)
        if chain:
            chain[-1] = PublicKey(signer.id, signer.raw, signer.created, signer.previous, key.created)
        chain.append(key)
    return chain


def find_signer(keys: Iterable[PublicKey], data: bytes, signature: bytes, made: datetime) -> PublicKey | None:
    """The key that made a signature over something of the time `made`; one retired by then does not count."""
    for key in keys:
        if (key.until is None or made <= key.until) and has_signed(key, data, signature):
            return key
    return None
