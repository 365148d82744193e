"""Digests in headers: which the reader wants, and how they are written.

Source: RFC 9530 (`Repr-Digest`, `Content-Digest` and their `Want-`), RFC 8941 (the dictionaries they are).
"""

from __future__ import annotations

import base64
import re

ALGORITHMS = ("sha-256", "sha-512")
"""What we take, the cheaper first."""

_MEMBER = re.compile(r"[ \t]*([a-z*][a-z0-9_.*-]*)=([0-9]|10)(?:;[^,]*)?[ \t]*")


def choose_algorithm(want: str | None) -> str | None:
    """The algorithm that a `Want-…-Digest` header prefers of ours; None where it refuses them.

    Without a header, with one that cannot be read, and with one that names others only, it is the first.
    """
    members = [_MEMBER.fullmatch(text) for text in (want or "").split(",")]
    weights = {match[1]: int(match[2]) for match in members if match}
    if None in members or not weights.keys() & set(ALGORITHMS):
        return ALGORITHMS[0]
    best = max(ALGORITHMS, key=lambda name: weights.get(name, 0))
    return best if weights.get(best, 0) else None


def write_digest(algorithm: str, digest: bytes) -> str:
    """The value of a digest header."""
    return f"{algorithm}=:{base64.b64encode(digest).decode()}:"
