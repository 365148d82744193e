"""Revisions and repetitions: `ETag`, `If-Match` and `If-None-Match` (RFC 9110), and `Idempotency-Key`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

from flask import Response, request

from opendata.errors import N_, InputError
from opendata.services.core.once import Once

Answer = tuple[Any, dict[str, str]]
"""What a view gives: the value to be shaped, and headers."""

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_NEVER = -1


def write_etag(revision: int) -> str:
    """The entity tag of a revision."""
    return f'"{revision}"'


def answer_unless_known(found: Any, revision: int) -> Answer | Response:
    """The value with its entity tag, or 304 where the client has this revision already."""
    etag = write_etag(revision)
    if request.if_none_match.contains_weak(str(revision)):
        return Response(status=304, headers={"ETag": etag})
    return found, {"ETag": etag}


def read_revision() -> int | None:
    """The revision that `If-Match` asks for, None if any will do.

    Of several, the newest counts. A tag that isn't one of ours matches nothing. Weak tags are accepted: a proxy that
    compresses makes them from strong ones.
    """
    if "If-Match" not in request.headers or request.if_match.star_tag:
        return None
    tags = request.if_match.as_set(include_weak=True)
    return max((int(tag) for tag in tags if re.fullmatch(r"[0-9]{1,15}", tag)), default=_NEVER)


def read_once(sent: Sequence[str] | None = None) -> Once | None:
    """The client's key with the fingerprint of its request: of the body, or of `sent` in its place.

    Raises `InputError` if the key is malformed.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise InputError(N_("“Idempotency-Key” must be 1 to 255 visible ASCII characters"))
    parts = [hashlib.sha256(request.get_data()).hexdigest()] if sent is None else list(sent)
    text = json.dumps([request.method, request.path, *parts])
    return Once(key, hashlib.sha256(text.encode()).hexdigest())


def build_created_headers(location: str, *, created: bool, revision: int | None = None) -> dict[str, str]:
    """The headers of an answer to a creating request."""
    found = {"Location": location}
    if revision is not None:
        found["ETag"] = write_etag(revision)
    if not created:
        found["Idempotency-Replayed"] = "true"
    return found
