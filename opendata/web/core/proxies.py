"""The address of the client, as a trusted web server in front of us gives it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from opendata.domain.access.addresses import find_client, is_within
from opendata.telemetry.requests import TRUSTED

logger = logging.getLogger("opendata")

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class TrustedProxies:
    """Sets `REMOTE_ADDR` to the client's address, and says whether the request comes from a trusted proxy.

    `list_trusted` gives the proxies of the instance that is served.
    """

    def __init__(self, application: Application, list_trusted: Callable[[], tuple[str, ...]]) -> None:
        self._application = application
        self._list_trusted = list_trusted
        self._has_warned = False

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request of WSGI."""
        forwarded, trusted = environ.get("HTTP_X_FORWARDED_FOR"), self._list_trusted()
        environ[TRUSTED] = bool(trusted) and is_within(environ.get("REMOTE_ADDR"), trusted)
        if forwarded is not None:
            if not trusted and not self._has_warned:
                self._has_warned = True
                logger.warning(
                    "a request has X-Forwarded-For, but OPENDATA_TRUSTED_PROXIES is empty: all clients behind that"
                    " proxy count as one"
                )
            environ["REMOTE_ADDR"] = find_client(environ.get("REMOTE_ADDR"), forwarded, trusted) or ""
        return self._application(environ, start_response)
