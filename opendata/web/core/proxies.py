"""The address of the client, as a trusted web server in front of us gives it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from opendata.domain.access.addresses import find_client

logger = logging.getLogger("opendata")

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class TrustedProxies:
    """Sets `REMOTE_ADDR` to the client's address. `list_trusted` gives the proxies of the instance that is served."""

    def __init__(self, application: Application, list_trusted: Callable[[], tuple[str, ...]]) -> None:
        self._application = application
        self._list_trusted = list_trusted
        self._has_warned = False

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request of WSGI."""
        forwarded = environ.get("HTTP_X_FORWARDED_FOR")
        if forwarded is not None:
            trusted = self._list_trusted()
            if not trusted and not self._has_warned:
                self._has_warned = True
                logger.warning(
                    "a request has X-Forwarded-For, but OPENDATA_TRUSTED_PROXIES is empty: all clients behind that"
                    " proxy count as one"
                )
            environ["REMOTE_ADDR"] = find_client(environ.get("REMOTE_ADDR"), forwarded, trusted) or ""
        return self._application(environ, start_response)
