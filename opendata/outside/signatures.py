"""Signed messages: an id, a time and the body under an HMAC that only those who share the secret can make or check.

Source: Standard Webhooks 1.0 (headers, signature, how old a message may be).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping

SECRET_PREFIX = "whsec_"  # noqa: S105 - what all of them begin with
TOLERANCE_SECONDS = 300
"""So far at most the clocks of both sides may differ, or a message be on its way."""

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
_VERSION = "v1,"
_MOST_ID = 200


def make_secret() -> str:
    """A new secret."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(24)).decode("ascii")


def is_secret(text: str) -> bool:
    """Whether a text is a secret that one can sign with."""
    try:
        return text.startswith(SECRET_PREFIX) and len(_read_key(text)) >= 16
    except (binascii.Error, ValueError):
        return False


def sign(secret: str, name: str, stamp: str, body: bytes) -> str:
    """The signature over id, time and body: HMAC-SHA256 with the secret, in Base64, after its version."""
    made = hmac.new(_read_key(secret), f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return _VERSION + base64.b64encode(made).decode("ascii")


def write_headers(secret: str, name: str, body: bytes, seconds: float) -> Mapping[str, str]:
    """The headers of a message that is sent at a time, in seconds since 1970."""
    stamp = str(int(seconds))
    return {ID: name, TIMESTAMP: stamp, SIGNATURE: sign(secret, name, stamp, body)}


def is_signed(secret: str, headers: Mapping[str, str], body: bytes, seconds: float) -> bool:
    """Whether a message that came at a time, in seconds since 1970, is signed with the secret and young enough."""
    name, stamp = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    if not name or len(name) > _MOST_ID or not name.isascii():
        return False
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 13):
        return False
    if abs(int(stamp) - seconds) > TOLERANCE_SECONDS:
        return False
    wanted = sign(secret, name, stamp, body)
    said = headers.get(SIGNATURE, "").split(" ")
    return any(hmac.compare_digest(wanted.encode(), item.encode("utf-8", "replace")) for item in said[:10])


def _read_key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
