"""The links of a page, made to lead to the files of the mirror, or to the page that says what isn't in it.

A page is text that our templates wrote: values of attributes are in double quotes and have neither quotes nor angle
brackets in them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape, unescape
from urllib.parse import parse_qsl, quote, urldefrag, urljoin, urlsplit

Find = Callable[[str, dict[str, str]], str | None]
"""A path and its query → the address in the mirror, None where it has none."""

_TAG = re.compile(r"<(a|area|form|iframe|img|input|link|script|source|button)\b[^>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r'(?<=\s)(href|src|action|formaction|data-search|data-also)="([^"]*)"')
_METHOD = re.compile(r'\smethod="[^"]*"', re.IGNORECASE)
_KEPT = ("mailto:", "tel:", "data:", "javascript:", "urn:", "geo:", "sms:")
_LEAVE = "/leave"


class Links:
    """Rewrites the pages of one language. `find` knows the mirror; what it doesn't know leads to `notice`."""

    def __init__(self, find: Find, *, base: str, notice: str, nothing: str, search: str) -> None:
        self._find = find
        self._base = base.rstrip("/")
        self._notice = notice
        self._nothing = nothing
        """What suggests titles while somebody types: nothing does."""
        self._search = search
        """Where a search is sent."""

    def rewrite(self, page: str, path: str) -> str:
        """A page at this path, with its links and forms."""
        return _TAG.sub(lambda tag: self._rewrite_tag(tag[0], tag[1].lower(), path), page)

    def lead(self, value: str, path: str) -> str | None:
        """What a link on a page leads to in the mirror; None where it has no such thing."""
        if not value or value.startswith(("#", *_KEPT)):
            return value
        whole = urljoin(f"{self._base}{path}", value)
        if not whole.startswith((f"{self._base}/", f"{self._base}?")) and whole != self._base:
            return value
        parts = urlsplit(whole.removeprefix(self._base) or "/")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if parts.path == _LEAVE and query.get("to"):
            return query["to"]
        found = self._find(parts.path, query)
        if found is None:
            return None
        return f"{found}#{parts.fragment}" if parts.fragment else found

    def refuse(self, value: str, path: str) -> str:
        """The address of the page that says what isn't here, with what was asked for behind it."""
        wanted = urldefrag(urljoin(f"{self._base}{path}", value))[0].removeprefix(self._base)
        return f"{self._notice}#{quote(wanted, safe='/?&=%+:,@;!*()~.')}"

    def _rewrite_tag(self, tag: str, name: str, path: str) -> str:
        if name == "form":
            return self._rewrite_form(tag)
        if re.search(r'\srel="canonical"|\sdata-live\b', tag):
            return tag
        if name == "link":
            found = _ATTRIBUTE.search(tag)
            if found is not None and self.lead(unescape(found[2]), path) is None:
                return ""
        return _ATTRIBUTE.sub(lambda item: self._rewrite_value(item[1], unescape(item[2]), path), tag)

    def _rewrite_value(self, name: str, value: str, path: str) -> str:
        if name == "data-search":
            return f'{name}="{escape(self._nothing)}"'
        found = self.lead(value, path)
        return f'{name}="{escape(self.refuse(value, path) if found is None else found)}"'

    def _rewrite_form(self, tag: str) -> str:
        """A form that searches the datasets is answered by a script; any other needs the program."""
        action = re.search(r'\saction="([^"]*)"', tag)
        is_search = 'role="search"' in tag and action is not None and urlsplit(unescape(action[1])).path == "/datasets"
        target = self._search if is_search else self._notice
        bare = _METHOD.sub("", re.sub(r'\saction="[^"]*"', "", tag))
        return f'{bare[:5]} method="get" action="{escape(target)}"{bare[5:]}'
