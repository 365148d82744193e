"""What can go wrong. Each message says what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class OpendataError(Exception):
    """The root of all errors of this package."""


class UsageError(OpendataError, ValueError):
    """The call itself can't be right, whatever the portal has."""


class UnreachableError(OpendataError):
    """No answer came, or the portal can't answer now."""


class NotAPortalError(OpendataError):
    """Something answered that isn't an opendata portal."""


class IntegrityError(OpendataError):
    """The bytes aren't the ones that were published."""


class RefusedError(OpendataError):
    """The portal refused the request. `problem` is its problem document (RFC 9457)."""

    def __init__(self, message: str, problem: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.problem = problem or {}


class NotFoundError(RefusedError):
    """There is no such dataset, version or table."""


class NotPublicError(NotFoundError):
    """The data is only for readers with a grant."""


class WithdrawnError(RefusedError):
    """The version was withdrawn or stopped."""
