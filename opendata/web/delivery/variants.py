"""Which variant of a page a request asks for, read from the environment of WSGI: before there is a request of Flask.

A request that says who it is, or wants anything but the page as it is now, asks for no variant. One with the cookie of
forms may be given a kept page where that cookie has the token of forms alone, which no kept page shows. What is made
for it may show the token, so it is never kept.
"""

from __future__ import annotations

import binascii
import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

from werkzeug.http import parse_cookie

from opendata.settings import Settings
from opendata.web.core import languages
from opendata.web.core.cookies import FORMS, name_cookie
from opendata.web.core.skin import care

Key = tuple[str, ...]

_OURS = "opendata_"
_TOKEN = "csrf_token"  # noqa: S105 - the name under which Flask-WTF keeps it
_LONGEST = 1024
"""Characters of a header or an address: whoever sends more gets no kept page."""

_ALONE = (
    "HTTP_AUTHORIZATION",
    "HTTP_RANGE",
    "HTTP_IF_MATCH",
    "HTTP_IF_RANGE",
    "HTTP_IF_UNMODIFIED_SINCE",
    "HTTP_WANT_REPR_DIGEST",
    "HTTP_WANT_CONTENT_DIGEST",
    "HTTP_TRANSFER_ENCODING",
    "HTTP_X_CSRFTOKEN",
)
"""Requests with one of these headers are answered by their view alone."""

_GZIP = re.compile(r"(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q\s*=\s*([0-9.]+)\s*)?(?=,|$)", re.IGNORECASE)
_TAG = re.compile(r'"([^"]*)"')


def find_key(environ: Mapping[str, Any], settings: Settings) -> Key | None:
    """What the answer to this request depends on, besides what is published; None if it may depend on who asks."""
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return None
    for name in _ALONE:
        if name in environ:
            return None
    if environ.get("CONTENT_LENGTH") not in (None, "", "0"):
        return None
    tags = environ.get("HTTP_IF_NONE_MATCH")
    if tags is None:
        if "HTTP_IF_MODIFIED_SINCE" in environ:
            return None
    elif "*" in tags:
        return None
    query, accept = environ.get("QUERY_STRING", ""), environ.get("HTTP_ACCEPT", "")
    wished, cookies = environ.get("HTTP_ACCEPT_LANGUAGE", ""), environ.get("HTTP_COOKIE", "")
    path = environ.get("PATH_INFO", "")
    if max(len(query), len(accept), len(wished), len(path)) > _LONGEST or len(cookies) > 4 * _LONGEST:
        return None
    if has_form(environ, settings):
        cookies = _leave_out(cookies, name_cookie(settings, FORMS))
    names = name_cookie(settings, languages.COOKIE), name_cookie(settings, care.COOKIE)
    chosen = _choose(query if "lang" in query else "", cookies, wished, languages.list_offered(settings), *names)
    if chosen is None:
        return None
    return (
        environ.get("HTTP_HOST") or environ.get("SERVER_NAME", ""),
        environ.get("SERVER_PORT", "") if "HTTP_HOST" not in environ else "",
        environ.get("wsgi.url_scheme", ""),
        environ.get("SCRIPT_NAME", ""),
        path,
        query,
        accept,
        *chosen,
    )


def has_form(environ: Mapping[str, Any], settings: Settings) -> bool:
    """Whether the reader has been given a form, so that a page made for them may have its token."""
    return f"{name_cookie(settings, FORMS)}=" in environ.get("HTTP_COOKIE", "")


def _leave_out(cookies: str, name: str) -> str:
    """Cookies without one that has the token of forms alone, signed or not: a page without forms doesn't ask."""
    others = []
    for part in cookies.split(";"):
        found, _, value = part.strip().partition("=")
        if found != name or not _has_token_alone(value):
            others.append(part.strip())
    return "; ".join(others)


def _has_token_alone(value: str) -> bool:
    payload = value.partition(".")[0]
    try:
        found = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return False
    return isinstance(found, dict) and found.keys() == {_TOKEN}


@lru_cache(maxsize=4096)
def _choose(
    query: str, cookies: str, wished: str, offered: tuple[str, ...], language: str, level: str
) -> tuple[str, str] | None:
    """The language and the size of type; None where a cookie says more than these two."""
    try:
        sent = parse_cookie(cookies) if cookies else {}
    except UnicodeDecodeError:
        return None
    for name in sent:
        if name not in (language, level) and name.removeprefix("__Host-").startswith(_OURS):
            return None
    asked = parse_qs(query).get(languages.PARAMETER, [""])[0] if query else ""
    accepted = languages.parse_wishes(wished)
    chosen = languages.match_language(offered, (asked, sent.get(language, "")), accepted)
    size = sent.get(level, "")
    return chosen, size if size in care.LEVELS else ""


def accepts_gzip(environ: Mapping[str, Any]) -> bool:
    """Whether the reader takes a body compressed with gzip."""
    header = environ.get("HTTP_ACCEPT_ENCODING")
    return bool(header) and _accepts_gzip(header)


@lru_cache(maxsize=512)
def _accepts_gzip(header: str) -> bool:
    found = _GZIP.search(header)
    if found is None:
        return False
    try:
        return found[1] is None or float(found[1]) > 0
    except ValueError:
        return False


def is_in_hand(environ: Mapping[str, Any], tag: str) -> bool:
    """Whether the reader has what has this entity tag, compared weakly (RFC 9110, 13.1.2)."""
    header = environ.get("HTTP_IF_NONE_MATCH")
    return header is not None and tag in _TAG.findall(header)
