"""Addresses of e-mail: which can be written to, in which form a mail server wants them, how much of one is shown.

Source: RFC 5321 section 4.1.2 without quoted local parts and address literals, RFC 6531 for letters beyond ASCII.
"""

from __future__ import annotations

import re

_MOST_CHARACTERS = 254
_MOST_LOCAL_BYTES = 64
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a1-\U0010ffff-]+"
_LOCAL = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def parse_mail_address(text: str) -> str | None:
    """The address in the form in which it is kept; None for what isn't one, such as a text with a line end in it."""
    local, at, host = text.strip().rpartition("@")
    if not at or len(text) > _MOST_CHARACTERS or not text.strip().isprintable():
        return None
    if not _LOCAL.fullmatch(local) or len(local.encode()) > _MOST_LOCAL_BYTES or _encode_host(host) is None:
        return None
    return f"{local}@{host.lower()}"


def split_for_server(address: str) -> tuple[str, str]:
    """The two parts of a parsed address, the host in ASCII (RFC 5890); the part before it may have other letters."""
    local, _, host = address.rpartition("@")
    return local, _encode_host(host) or host


def mask_address(address: str) -> str:
    """What maintainers see of an address: `w…@example.org`. Empty for none."""
    local, _, host = address.rpartition("@")
    return f"{local[:1]}…@{host}" if address else ""


def _encode_host(host: str) -> str | None:
    try:
        found = host.lower().encode("idna").decode("ascii")
    except UnicodeError:
        return None
    labels = found.split(".")
    return found if all(_LABEL.fullmatch(label) for label in labels) else None
