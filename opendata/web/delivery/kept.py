"""Finished pages for readers whom nobody knows, kept in memory and given before there is a request of Flask.

    request → variant → the revision of what is published and the state of the search index
            → kept at this revision: 304, or its bytes, compressed once
            → else the application; its answer is kept where it is the same for everybody

A kept page is given only while the revision is the one that was read before it was made. Whatever is committed, by any
process on any machine, moves the revision, so a dataset that is withdrawn or closed is gone with the commit. What
changes with time alone is seen after `page_cache_seconds`.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opendata.domain.access.costs import Cost
from opendata.errors import RateLimitError
from opendata.services.access.pace import Allowance
from opendata.telemetry.trail import find_trail
from opendata.web.core.security import write_allowance
from opendata.web.delivery.offering import OFFERED
from opendata.web.delivery.variants import Key, accepts_gzip, find_key, has_form, is_in_hand

if TYPE_CHECKING:
    from opendata.wiring import Services

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Headers = list[tuple[str, str]]
State = tuple[Any, ...]

LARGEST_BYTES = 1024 * 1024
"""A longer body isn't kept."""

_ENTRY_BYTES = 4096
"""What an entry takes besides its bodies, about."""

_LEAST_ZIPPED = 1024
_LEVEL = 6
_UNKEPT = ("/static/", "/healthz", "/readyz", "/metrics")
_VARIES = frozenset(("accept", "accept-language", "accept-encoding", "cookie", "authorization"))
"""What an answer may vary by so that its variant is known."""

_COUNTS = frozenset(("ratelimit", "ratelimit-policy"))
_OF_BODIES = frozenset(
    ("content-type", "content-length", "content-encoding", "content-disposition", "content-language")
)
_TEXTS = ("text/", "application/json", "application/xml", "application/ld+json", "application/rdf+xml")


@dataclass(slots=True)
class _Page:
    """A finished answer: its headers without those that depend on the reader, and its body."""

    state: State
    figures: int | None
    begins: datetime
    ends: datetime
    endpoint: str
    route: str
    is_counted: bool
    tag: str
    etag: str
    headers: Headers
    body: bytes
    is_text: bool
    zipped: bytes | None = None
    unchanged: Headers = field(default_factory=list)
    packed: Headers = field(default_factory=list)

    def answer(
        self, environ: dict[str, Any], start_response: Callable[..., Any], allowance: Allowance | None
    ) -> Sequence[bytes]:
        """Answer with the body, or that the reader has it."""
        more = list(write_allowance(allowance)) if allowance is not None else []
        if is_in_hand(environ, self.tag):
            start_response("304 NOT MODIFIED", [*self.unchanged, *more])
            return ()
        body, headers = self.body, self.headers
        if self.is_text and accepts_gzip(environ):
            if self.zipped is None:
                self._zip()
            body, headers = self.zipped or b"", self.packed
        start_response("200 OK", [*headers, *more])
        return (body,) if environ["REQUEST_METHOD"] == "GET" else ()

    def _zip(self) -> None:
        """Compress the body, once. Its entity tag becomes weak, as proxies make it: it isn't those bytes."""
        found = gzip.compress(self.body, _LEVEL, mtime=0)
        kept = [item for item in self.headers if item[0].lower() not in ("content-length", "etag")]
        weak = self.etag if self.etag.startswith("W/") else f"W/{self.etag}"
        self.packed = [*kept, ("ETag", weak), ("Content-Encoding", "gzip"), ("Content-Length", str(len(found)))]
        self.zipped = found


class KeptPages:
    """An application of WSGI whose public pages are kept. It goes between the application and what counts requests."""

    def __init__(self, application: Application, find_services: Callable[[], Services]) -> None:
        self._application = application
        self._find_services = find_services
        self._services: Services | None = None
        self._pages: OrderedDict[Key, _Page] = OrderedDict()
        self._bytes = 0
        self._state: State = ()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many pages are kept."""
        return len(self._pages)

    @property
    def size(self) -> int:
        """About how many bytes they take."""
        return self._bytes

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request of WSGI."""
        services = self._find_services()
        settings = services.settings
        if not settings.page_cache_bytes or environ.get("PATH_INFO", "").startswith(_UNKEPT):
            return self._application(environ, start_response)
        key = find_key(environ, settings)
        revision = services.database.revisions.read() if key is not None else None
        if key is None or revision is None:
            return self._application(environ, start_response)
        state, now = (*revision[:2], *_read_index(settings.search_folder)), services.clock()
        page, was_kept = self._find(key, services, (state, revision[2]), now)
        if page is None and has_form(environ, settings):
            return self._application(environ, start_response)
        if page is None:
            tags = environ.pop("HTTP_IF_NONE_MATCH", None) if was_kept else None  # the whole is made, to be kept again
            return self._make(environ, start_response, (key, (state, revision[2]), now), tags)
        allowance = None
        if page.is_counted:
            try:
                allowance = services.pace.count(Cost.LIGHT, None, environ.get("REMOTE_ADDR", ""))
            except RateLimitError:  # the application says so, in the reader's language
                return self._application(environ, start_response)
        trail = find_trail()
        if trail is not None:
            trail.endpoint, trail.route, trail.user = page.endpoint, page.route, "anonymous"
        return page.answer(environ, start_response, allowance)

    def _find(self, key: Key, services: Services, at: tuple[State, int], now: datetime) -> tuple[_Page | None, bool]:
        """The page if it is still good; and whether there was one."""
        state, figures = at
        with self._lock:
            if self._services is not services:  # another instance is served from now on
                self._services = services
                self._pages.clear()
                self._bytes = 0
            if self._state != state:
                self._state = state
                services.identity.expire()
            page = self._pages.get(key)
            if page is None:
                return None, False
            is_same = page.state == state and page.figures in (None, figures)
            if not is_same or not page.begins <= now < page.ends:
                self._drop(key)
                return None, True
            self._pages.move_to_end(key)
            return page, True

    def _drop(self, key: Key) -> None:
        page = self._pages.pop(key)
        self._bytes -= _weigh(page)

    def _keep(self, key: Key, page: _Page, most: int) -> None:
        with self._lock:
            if key in self._pages:
                self._drop(key)
            self._pages[key] = page
            self._bytes += _weigh(page)
            while self._bytes > most:
                self._drop(next(iter(self._pages)))

    def _make(
        self,
        environ: dict[str, Any],
        start_response: Callable[..., Any],
        place: tuple[Key, tuple[State, int], datetime],
        tags: str | None,
    ) -> Iterable[bytes]:
        """Have the application answer; keep the answer where that may be."""
        begun: list[Any] = []

        def note(status: str, headers: Headers, *more: Any) -> Any:
            if environ.get("opendata.is_passed"):
                return start_response(status, headers, *more)
            begun[:] = [status, headers, *more]
            return None

        found = self._application(environ, note)
        if tags is not None:
            environ["HTTP_IF_NONE_MATCH"] = tags
        settings = self._find_services().settings
        if not begun or not _may_be_kept(environ, begun):
            environ["opendata.is_passed"] = True
            if begun:
                start_response(*begun)
            return found
        try:
            body = b"".join(found)
        finally:
            close = getattr(found, "close", None)
            if close is not None:
                close()
        key, at, now = place
        ends = now + timedelta(seconds=settings.page_cache_seconds)
        page = _describe(begun[1], body, at, (now, ends), is_counted=environ[OFFERED])
        self._keep(key, page, settings.page_cache_bytes)
        allowance = [item for item in begun[1] if item[0].lower() in _COUNTS]

        def begin(status: str, headers: Headers) -> Any:
            return start_response(status, [*headers, *allowance])

        return page.answer(environ, begin, None)


def _may_be_kept(environ: dict[str, Any], begun: Sequence[Any]) -> bool:
    """Whether an answer, by what its view and its headers say, is the same for every reader of its variant."""
    status, headers, *failed = begun
    if OFFERED not in environ or not status.startswith("200") or any(failed) or environ["REQUEST_METHOD"] != "GET":
        return False
    trail = find_trail()
    if trail is not None and (trail.writes or trail.is_momentary):
        return False
    length = -1
    for name, value in headers:
        match name.lower():
            case "set-cookie" | "content-encoding" | "accept-ranges" | "x-accel-redirect":
                return False
            case "cache-control":
                if "private" in value or "no-store" in value:
                    return False
            case "vary":
                if not {item.strip().lower() for item in value.split(",")} <= _VARIES:
                    return False
            case "content-length":
                length = int(value)
    return 0 <= length <= LARGEST_BYTES


def _describe(
    headers: Headers, body: bytes, at: tuple[State, int], moments: tuple[datetime, datetime], *, is_counted: bool
) -> _Page:
    kept = [item for item in headers if item[0].lower() not in _COUNTS]
    named = {name.lower(): value for name, value in kept}
    etag = named.get("etag") or f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    if "etag" not in named:
        kept.append(("ETag", etag))
    is_text = len(body) >= _LEAST_ZIPPED and named.get("content-type", "").startswith(_TEXTS)
    if is_text and "accept-encoding" not in named.get("vary", "").lower():
        varies = f"{named['vary']}, Accept-Encoding" if "vary" in named else "Accept-Encoding"
        kept = [item for item in kept if item[0].lower() != "vary"] + [("Vary", varies)]
    trail = find_trail()
    return _Page(
        state=at[0],
        figures=at[1] if trail is None or trail.reads_figures else None,
        begins=moments[0],
        ends=moments[1],
        endpoint=trail.endpoint if trail is not None else "",
        route=trail.route if trail is not None else "",
        is_counted=is_counted,
        tag=etag.removeprefix("W/").strip('"'),
        etag=etag,
        headers=kept,
        body=body,
        is_text=is_text,
        unchanged=[item for item in kept if item[0].lower() not in _OF_BODIES],
    )


def _weigh(page: _Page) -> int:
    """About what a page takes; compressed it takes less than a half more."""
    return len(page.body) + len(page.body) // 2 + _ENTRY_BYTES


def _read_index(folder: Path) -> State:
    """The state of the index of this machine, which follows what is published."""
    return _stat(f"{folder}/current.json") + _stat(f"{folder}/columns.sqlite")


def _stat(path: str) -> State:
    try:
        found = os.stat(path)
    except OSError:
        return (0, 0)
    return found.st_ino, found.st_mtime_ns
