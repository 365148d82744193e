"""A portal's REST API from outside: one request, and what its answer means."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from opendata.cli.core.failures import Failure
from opendata.cli.core.language import read_language, say
from opendata.errors import N_, UsageError

if TYPE_CHECKING:
    import requests

_TIMEOUT = (10, 300)
_LATER = (408, 423, 425, 429, 500, 502, 503, 504)
"""Statuses that another time may not come."""


class UnreachableError(Exception):
    """Nothing came back, or not now."""


class PortalConnection:
    """Requests to one portal, as nobody in particular."""

    def __init__(self, url: str) -> None:
        import requests

        if not url.startswith(("http://", "https://")):
            raise UsageError(
                N_("“%(url)s” isn't the address of a portal. The address must begin with https://"), url=url
            )
        self.url = url.rstrip("/")
        self._session = requests.Session()
        self._session.headers["Accept-Language"] = read_language(os.environ)  # of what it refuses with

    def ask(self, method: str, path: str, *, known: Collection[int] = (), **options: Any) -> requests.Response:
        """The answer to a request. Raises `UnreachableError`, and `Failure` with the problem where it is refused."""
        import requests

        address = f"{self.url}/api/v1{path}"
        try:
            answer = self._session.request(method, address, timeout=_TIMEOUT, allow_redirects=False, **options)
        except (requests.RequestException, OSError) as error:
            raise UnreachableError(_name_reason(error)) from error
        if answer.status_code in _LATER:
            raise UnreachableError(_describe_refusal(answer))
        if answer.status_code >= 300 and answer.status_code not in known:
            raise Failure(_describe_refusal(answer))
        return answer

    def read(self, answer: requests.Response, **options: Any) -> dict[str, Any]:
        """The JSON object of an answer, with options of `json.loads`. Raises `Failure` for anything else."""
        try:
            found = answer.json(**options)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise self.refuse()
        return found

    def read_pieces(self, answer: requests.Response) -> Iterator[bytes]:
        """The bytes of an answer that was asked for with `stream`. Raises `UnreachableError` where it is cut off."""
        import requests

        try:
            yield from answer.iter_content(None)
        except (requests.RequestException, OSError) as error:
            raise UnreachableError(_name_reason(error)) from error

    def refuse(self) -> Failure:
        """What ends a command that got an answer of something else."""
        return Failure(say(N_("The server at %(url)s isn't an opendata portal"), url=self.url))


def _name_reason(error: Exception) -> str:
    """The innermost cause in words."""
    found: BaseException = error
    while (inner := found.__cause__ or found.__context__) is not None:
        found = inner
    return getattr(found, "strerror", None) or str(found) or type(found).__name__


def _describe_refusal(answer: requests.Response) -> str:
    try:
        document = answer.json()
        lines = [str(document["detail"])]
        lines += [f"  {item['pointer']}: {item['detail']}" for item in document.get("errors", ())]
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code} {answer.reason}: {answer.url}"
    return "\n".join(lines)
