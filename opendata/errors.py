"""The exceptions of the whole program: inert values that say what went wrong, with no HTTP and no side effects.

Each carries a message (a translatable template) and its parameters apart, so that it can be shown in the reader's
language. What is wrong *inside* a table is never an exception but an error of a report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypedDict


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "translate later"
    """Mark a text for translation without translating it yet."""
    return message


class Listed(str):
    """Items as one text, for a parameter of a message: each language joins them in its own way."""

    __slots__ = ("items",)
    items: tuple[str, ...]

    def __new__(cls, items: Iterable[object]) -> Self:
        """Join them as English does."""
        found = tuple(map(str, items))
        text = super().__new__(cls, ", ".join(found))
        text.items = found
        return text


@dataclass(frozen=True, slots=True)
class Fault:
    """One of several things wrong with an input: where (a JSON pointer or a field's name) and what."""

    pointer: str
    message: str
    params: tuple[tuple[str, object], ...] = ()

    @property
    def text(self) -> str:
        """The message in English, parameters filled in."""
        return self.message % dict(self.params) if self.params else self.message


def fault(pointer: str, message: str, **params: object) -> Fault:
    """Build a `Fault` from a template and its parameters."""
    return Fault(pointer, message, tuple(params.items()))


def escape_pointer(name: object) -> str:
    """A name as a part of a JSON pointer (RFC 6901); a very long one is cut."""
    return str(name)[:80].replace("~", "~0").replace("/", "~1")


class KeptMessage(TypedDict):
    """A message and what fills it, as JSON keeps them."""

    message: str
    params: Mapping[str, object]


class OpendataError(Exception):
    """The root of all errors the program raises on purpose."""

    slug = "error"
    title = N_("Something went wrong")
    event = ""
    """The action that the audit log gets of it, if somebody may be trying what they shouldn't."""

    def __init__(self, message: str = "", /, *, faults: Sequence[Fault] = (), **params: object) -> None:
        self.message = message or self.title
        self.params = params
        self.faults = tuple(faults)
        super().__init__(self.text)

    @classmethod
    def from_fault(cls, found: Fault) -> Self:
        """The error that a single fault amounts to."""
        return cls(found.message, faults=(), **dict(found.params))

    def as_event(self, action: str) -> Self:
        """The same error, of which the audit log gets this action."""
        self.event = action
        return self

    @property
    def text(self) -> str:
        """The message in English, parameters filled in."""
        return self.message % self.params if self.params else self.message

    def describe(self) -> KeptMessage:
        """The message and its parameters as JSON keeps them, to be said later in any language."""
        plain = {
            key: value if isinstance(value, str | int | float) or value is None else str(value)
            for key, value in self.params.items()
        }
        return {"message": self.message, "params": plain}

    def __str__(self) -> str:
        if not self.faults:
            return self.text
        lines = [f"  {item.pointer}: {item.text}" if item.pointer else f"  {item.text}" for item in self.faults]
        return "\n".join([self.text, *lines])


class InputError(OpendataError):
    """The request cannot be understood."""

    slug = "bad-request"
    title = N_("The request can't be understood")


class InvalidMetadataError(InputError):
    """The request is understood, but some of its values are not allowed; `faults` names each."""

    slug = "invalid-metadata"
    title = N_("Some values aren't allowed")


class InvalidSchemaError(InputError):
    """A Table Schema breaks the standard or is not safe to run; `faults` names each point."""

    slug = "invalid-schema"
    title = N_("The schema can't be used")


class InvalidPackageError(InputError):
    """A Data Package descriptor, or what it names, cannot be used; `faults` names each point."""

    slug = "invalid-package"
    title = N_("The data package can't be used")


class UnsupportedFormatError(InputError):
    """The bytes are of a kind that can't be read as a table."""

    slug = "unsupported-format"
    title = N_("This kind of file isn't a table")


class UnreadableFileError(InputError):
    """A file of a kind we read, but damaged, locked or built so that no table comes out of it."""

    slug = "unreadable-file"
    title = N_("This file can't be read")


class TooLargeError(InputError):
    """More bytes than the instance accepts."""

    slug = "too-large"
    title = N_("The file is too large")


class NotSignedInError(OpendataError):
    """Nobody is signed in, or the token is unknown, revoked or expired."""

    slug = "not-signed-in"
    title = N_("You must sign in")


class NotPermittedError(OpendataError):
    """The signed-in person isn't allowed to do this."""

    slug = "not-permitted"
    title = N_("You don't have permission to do this")
    event = "refused"


class ScopeError(NotPermittedError):
    """The owner may do this, but not with their token: it lacks the verb `scope`, or is limited to something else."""

    slug = "insufficient-scope"
    title = N_("The token isn't for this")

    def __init__(self, message: str = "", /, *, scope: str = "", **params: Any) -> None:
        super().__init__(message, scope=scope, **params)
        self.scope = scope


class WaitError(OpendataError):
    """The request may be sent again in some `seconds`."""

    slug = "wait"
    title = N_("Try again later")

    def __init__(self, message: str = "", /, *, seconds: int, **params: Any) -> None:
        super().__init__(message, **params)
        self.seconds = seconds


class TooManyAttemptsError(WaitError):
    """Too many wrong sign-ins came before this one."""

    slug = "too-many-attempts"
    title = N_("Too many attempts")


class RateLimitError(WaitError):
    """More than the `limit` of requests that `policy` names came in a minute."""

    slug = "rate-limit"
    title = N_("Too many requests")
    event = "slowed-down"

    def __init__(self, message: str = "", /, *, seconds: int, policy: str, limit: int, **params: Any) -> None:
        super().__init__(message, seconds=seconds, limit=limit, **params)
        self.policy, self.limit = policy, limit


class TooManyAtOnceError(WaitError):
    """So many queries of one client are running that it has to wait for one of them to end."""

    slug = "too-many-at-once"
    title = N_("Too many queries at once")


class OverloadedError(WaitError):
    """More is asked for at once than one process can do."""

    slug = "overloaded"
    title = N_("The portal is busy")


class NotFoundError(OpendataError):
    """No such thing, or not visible to this reader."""

    slug = "not-found"
    title = N_("Not found")


class NotPublicError(NotFoundError):
    """The dataset is in the catalogue, but its rows are not for everybody."""

    slug = "not-public"
    title = N_("This data isn't public")


class MovedError(NotFoundError):
    """A dataset of this id was renamed: `old` is called `new` now."""

    slug = "moved"
    title = N_("This dataset has a new id")

    def __init__(self, old: str, new: str) -> None:
        super().__init__(N_("The dataset “%(old)s” is now called “%(new)s”"), old=old, new=new)
        self.old, self.new = old, new


class WithdrawnError(OpendataError):
    """The version was taken down; its `tombstone` stays."""

    slug = "withdrawn"
    title = N_("This version was withdrawn")

    def __init__(self, message: str = "", /, *, tombstone: Mapping[str, Any] | None = None, **params: Any) -> None:
        super().__init__(message, **params)
        self.tombstone = dict(tombstone or {})


class SuspendedError(OpendataError):
    """The version is stopped until somebody decides about it; `suspension` is the record of that."""

    slug = "suspended"
    title = N_("This version is stopped")

    def __init__(self, message: str = "", /, *, suspension: Mapping[str, Any] | None = None, **params: Any) -> None:
        super().__init__(message, **params)
        self.suspension = dict(suspension or {})


class DamagedError(OpendataError):
    """The bytes of a published file are missing or have changed; they are not served."""

    slug = "damaged"
    title = N_("This file is damaged and isn't available")


class ExpiredError(OpendataError):
    """An upload was kept for its time, which is over."""

    slug = "expired"
    title = N_("This has expired")


class StateError(OpendataError):
    """The thing is in a state that does not allow this step."""

    slug = "conflict"
    title = N_("This step isn't possible now")


class UnknownYearError(StateError):
    """The working days of a year aren't announced or entered yet."""

    slug = "calendar-unknown"
    title = N_("The working days of this year aren't known yet")


class BusyError(OpendataError):
    """Another request is at it just now; only one may be."""

    slug = "locked"
    title = N_("Another request is already working on this")


class SupersededError(OpendataError):
    """A newer request for the same has begun, so this one was ended."""

    slug = "superseded"
    title = N_("A newer request has taken over")


class ProtocolError(OpendataError):
    """The request does not say that it speaks a version of the upload protocol that we speak (`Tus-Resumable`)."""

    slug = "unsupported-protocol"
    title = N_("This version of the upload protocol isn't supported")


class ChecksumError(OpendataError):
    """The bytes received are not those whose checksum was sent with them; they are not kept."""

    slug = "checksum-mismatch"
    title = N_("The bytes received are damaged")


class PreconditionError(OpendataError):
    """`If-Match` names another revision than the current one."""

    slug = "precondition-failed"
    title = N_("This has changed since you read it")


class IdempotencyError(OpendataError):
    """An `Idempotency-Key` was sent again with another request."""

    slug = "idempotency-key-reused"
    title = N_("This Idempotency-Key belongs to another request")


class BackendError(OpendataError):
    """A store, a database or a queue is unavailable."""

    slug = "unavailable"
    title = N_("The service isn't available at the moment")


class StorageFullError(BackendError):
    """A disk has no room for what is to be written; what is there can still be read."""

    slug = "insufficient-storage"
    title = N_("There is no room left")


class IntegrityError(OpendataError):
    """Stored bytes are not what their digest says."""

    slug = "integrity"
    title = N_("Stored data is damaged")


class UsageError(OpendataError):
    """A command or a setting isn't used correctly."""

    slug = "usage"
    title = N_("Incorrect use")
