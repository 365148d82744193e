"""What can go wrong in a call of CKAN's Action API: the status, and what the envelope says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class CkanError(Exception):
    """A call that is refused. `kind` is CKAN's `__type`; `fields` are texts by parameter, instead of a message."""

    status = 500
    kind = "Internal Server Error"

    def __init__(self, text: str = "", fields: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.fields = fields


class AbsentError(CkanError):
    """There is no such object."""

    status, kind = 404, "Not Found Error"

    def __init__(self, text: str = "") -> None:
        super().__init__(f"Not found: {text}" if text else "Not found")


class DeniedError(CkanError):
    """The caller isn't allowed to do that."""

    status, kind = 403, "Authorization Error"

    def __init__(self, text: str) -> None:
        super().__init__(f"Access denied: {text}")


class ParameterError(CkanError):
    """A parameter is missing, or has a value that can't be."""

    status, kind = 409, "Validation Error"

    def __init__(self, name: str, text: str) -> None:
        super().__init__(fields={name: [text]})


class QueryError(CkanError):
    """A search that can't be understood, or costs too much."""

    status, kind = 400, "Search Query Error"


class SearchError(CkanError):
    """The search can't be answered now."""

    status, kind = 409, "Search Error"


class RequestError(CkanError):
    """A request that names no call: its answer is one text, without an envelope."""

    status, kind = 400, ""

    def __init__(self, text: str) -> None:
        super().__init__(f"Bad request: {text}")
