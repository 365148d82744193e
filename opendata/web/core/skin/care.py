"""关怀版, the simple version: large type, high contrast, one column, nothing that moves or reloads.

It is chosen by a link and kept in a cookie that says nothing else. Where a browser keeps no cookies, the addresses of
pages carry it on.

Source: 互联网网站适老化通用设计规范 (2021), WCAG 2.2 (1.4.4, 1.4.6, 2.2.1, 2.2.4).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from flask import Response, g, has_request_context, request

from opendata.web.core.cookies import read_cookie, set_cookie
from opendata.web.core.frames import may_be_framed

COOKIE = "opendata_care"
PARAMETER = "care"
LEVELS = ("0", "1", "2", "3")
"""Off, and the sizes of its type."""

_COOKIE_SECONDS = 365 * 24 * 3600
_WITHOUT = frozenset({"assets", "downloads", "chart_files", "feeds", "search_feeds"})
"""Files are the same in it."""


def choose_care() -> int:
    """Which size the reader has chosen, 0 for the ordinary version."""
    if "care" not in g:
        wished = (request.args.get(PARAMETER, ""), read_cookie(COOKIE))
        g.care = int(next((level for level in wished if level in LEVELS), LEVELS[0]))
    return int(g.care)


def keep_care(response: Response) -> Response:
    """Keep what is asked for in the address, so that the next page has it too."""
    wished = request.args.get(PARAMETER)
    if wished in LEVELS and response.mimetype == "text/html" and not may_be_framed():
        set_cookie(response, COOKIE, str(wished), seconds=_COOKIE_SECONDS)
    return response


def carry_care(endpoint: str, values: dict[str, Any]) -> None:
    """Have the addresses of a page carry it while no cookie does."""
    carried = find_carried()
    if not carried or PARAMETER in values or endpoint.partition(".")[0] in _WITHOUT:
        return
    if endpoint.startswith("api_") or endpoint == "site_public.send_file":
        return
    values[PARAMETER] = carried


def find_carried() -> str:
    """What addresses must carry, found once in a request."""
    if not has_request_context():
        return ""
    found: str | None = g.get("carried_care")
    if found is None:
        wished = request.args.get(PARAMETER, "")
        found = g.carried_care = wished if wished in LEVELS[1:] and not read_cookie(COOKIE) else ""
    return found


def list_carried() -> list[tuple[str, str]]:
    """What a form that is sent by its address must carry, as hidden fields: its own address loses the rest."""
    wished = request.args.get(PARAMETER, "")
    return [(PARAMETER, wished)] if wished in LEVELS[1:] and not read_cookie(COOKIE) else []


def switch_care(level: int) -> str:
    """The address of this page in another size; of one that answers forms only, the start."""
    is_page = request.endpoint and request.method in ("GET", "HEAD")
    arguments = [(name, text) for name, text in request.args.items(multi=True) if name != PARAMETER] if is_page else []
    path = request.path if is_page else "/"
    return f"{request.script_root}{quote(path)}?{urlencode([*arguments, (PARAMETER, str(level))])}"
