"""The application, asked within this process as a reader whom nobody knows: what an address answers, piece by piece.

The limits of requests aren't for it, and its downloads aren't counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.test import EnvironBuilder, run_wsgi_app

from opendata.app import create_app
from opendata.errors import N_, BackendError
from opendata.services.delivery.downloads import Downloads
from opendata.settings import Settings
from opendata.wiring import Services, build_services

_MOST_REDIRECTS = 4
_FAILED = 500
_REDIRECTS = (301, 302, 303, 307, 308)
PAGE = "text/html,*/*;q=0.8"
FILE = "*/*"


class _Uncounted(Downloads):
    """Downloads that no reader made."""

    def count(self, dataset: str, resource: str, format_name: str) -> None:
        """Count nothing."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the application answers; `pieces` can be read once."""

    status: int
    kind: str
    pieces: Iterator[bytes]
    disposition: str = ""

    @property
    def mimetype(self) -> str:
        """The media type without parameters."""
        return self.kind.partition(";")[0].strip()


class Renderer:
    """Asks the application."""

    def __init__(self, settings: Settings) -> None:
        own = replace(settings, downloads="stream", requests_per_minute=0, queries_per_minute=0, exports_per_minute=0)
        built = build_services(own, is_patient=True)
        self.services: Services = replace(built, downloads=_Uncounted(built.downloads._context))
        self.app: Flask = create_app(services=self.services)
        self._base = own.base_url
        self.find_view = lru_cache(maxsize=50_000)(self._find_view)

    @contextmanager
    def ask(
        self, path: str, query: dict[str, str] | None = None, *, language: str, accept: str = FILE
    ) -> Iterator[Answer]:
        """What an address answers, after it has led elsewhere. Raises `BackendError` where it fails."""
        for _ in range(_MOST_REDIRECTS):
            builder = EnvironBuilder(
                path=unquote(path),
                query_string=query or {},
                base_url=f"{self._base}/",
                headers=[*{"Accept": accept, "Accept-Language": language, "Accept-Encoding": "identity"}.items()],
            )
            pieces, status, headers = run_wsgi_app(self.app, builder.get_environ(), buffered=False)
            code = int(status.split()[0])
            location = urlsplit(headers.get("Location", ""))
            if code not in _REDIRECTS or (location.netloc and location.netloc != urlsplit(self._base).netloc):
                break
            _close(pieces)
            path, query = location.path, None
        if code >= _FAILED:
            _close(pieces)
            raise BackendError(
                N_("The portal couldn't write %(address)s: it answered %(status)s"), address=path, status=status
            )
        try:
            kind, disposition = headers.get("Content-Type", ""), headers.get("Content-Disposition", "")
            yield Answer(code, kind, iter(pieces), disposition)
        finally:
            _close(pieces)

    def read(
        self, path: str, query: dict[str, str] | None = None, *, language: str, accept: str = FILE
    ) -> tuple[int, str, bytes]:
        """The status, media type and bytes of an answer that is small."""
        with self.ask(path, query, language=language, accept=accept) as answer:
            return answer.status, answer.kind, b"".join(answer.pieces)

    @contextmanager
    def enter(self, path: str, language: str) -> Iterator[None]:
        """Be in a request for this path, as pages are when they are written."""
        headers = {"Accept-Language": language}
        with self.app.test_request_context(path, base_url=f"{self._base}/", headers=headers):
            self.app.preprocess_request()
            yield

    def _find_view(self, path: str) -> tuple[str, dict[str, Any]] | None:
        """The view that answers a path, and the parts of it; None where none does."""
        adapter = self.app.url_map.bind("localhost")
        try:
            endpoint, parts = adapter.match(unquote(path), method="GET")
        except RequestRedirect as found:
            other = urlsplit(found.new_url).path
            return None if other == path else self._find_view(other)
        except HTTPException:
            return None
        return endpoint, cast("dict[str, Any]", parts)


def _close(pieces: Any) -> None:
    close = getattr(pieces, "close", None)
    if close is not None:
        close()
