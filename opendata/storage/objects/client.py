"""How an object store is reached: its place, the clients that speak to it, and what its answers mean as errors.

The library keeps threads of its own, which a fork doesn't copy: a process that was forked from one that had asked the
object store could only wait. So such a process is refused, and what forks asks nothing before.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

from opendata.errors import N_, BackendError, StorageFullError, UsageError
from opendata.setting_values import S3_ADDRESS

if TYPE_CHECKING:
    from obstore.store import S3Store as Client

logger = logging.getLogger(__name__)

FULL = N_("The object store has no room left, so nothing can be saved. Published data can still be read")
AWAY = N_("The object store isn't responding. Try again in a minute")
REFUSED = N_("The object store refuses access. The operator has to check its key, secret and policy")
NO_BUCKET = N_("The object store has no such bucket")

_CONNECT_SECONDS = 3
_SENDING_FACTOR = 6
"""A part of a large file may take so many times longer than an answer."""

_MOST_TRIES = 8
_LONGEST_PAUSE_SECONDS = 1
"""Between two tries: so long an object store may be back before anybody notices."""

_HANGS_SECONDS = 1.0
_REST_SECONDS = 0.5
"""After it didn't answer one request, so long the next ones are refused at once: they would hold all threads."""

_STATUS = re.compile(r"status code: ([0-9]{3})")
_CODE = re.compile(r"<Code>([A-Za-z]{1,60})</Code>")
_FULL_CODES = frozenset(("QuotaExceeded", "InsufficientStorage", "StorageFull"))

Arguments = ParamSpec("Arguments")
Value = TypeVar("Value")


class AbsentError(Exception):
    """There is no object of this name."""


class TakenError(Exception):
    """There is an object of this name already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Access:
    """How object stores are spoken to. Without `key_id` and `secret`, those of the machine are used."""

    endpoint: str = ""
    region: str = "us-east-1"
    key_id: str = ""
    secret: str = field(default="", repr=False)
    encryption: str = ""
    encryption_key: str = field(default="", repr=False)
    has_path_style: bool = True
    seconds: int = 10


@dataclass(frozen=True, slots=True)
class S3Place:
    """A part of a bucket: all whose names begin with `prefix` and `/`."""

    bucket: str
    prefix: str
    access: S3Access

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    @property
    def base(self) -> str:
        """The address of the bucket itself, without a final slash."""
        access = self.access
        scheme, host, path, _, _ = urlsplit(access.endpoint or f"https://s3.{access.region}.amazonaws.com")
        if access.has_path_style:
            return urlunsplit((scheme, host, f"{path.rstrip('/')}/{self.bucket}", "", ""))
        return urlunsplit((scheme, f"{self.bucket}.{host}", path.rstrip("/"), "", ""))


def parse_place(text: str, access: S3Access) -> S3Place:
    """The place that an address such as s3://bucket/prefix means. Raises `UsageError`."""
    found = S3_ADDRESS.fullmatch(text)
    if found is None:
        raise UsageError(N_("“%(value)s” isn't an address such as s3://bucket/prefix"), value=text[:100])
    return S3Place(found[1], found[2].strip("/"), access)


def sign(place: S3Place, key: str, seconds: int, answers: dict[str, str], now: datetime | None = None) -> str:
    """The address of an object, good for so many seconds. `answers` are headers that the store is to answer with.

    Source: AWS Signature Version 4, "Authenticating Requests: Using Query Parameters".
    """
    access = place.access
    now = now or datetime.now(UTC)
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    scope = f"{day}/{access.region}/s3/aws4_request"
    name = f"{place.prefix}/{key}" if place.prefix else key
    scheme, host, path, _, _ = urlsplit(place.base)
    path = quote(f"{path}/{name}", safe="/~")
    asked = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{access.key_id}/{scope}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(seconds),
        "X-Amz-SignedHeaders": "host",
        **{f"response-{name.lower()}": value for name, value in answers.items() if value},
    }
    query = "&".join(f"{quote(name, safe='~')}={quote(asked[name], safe='~')}" for name in sorted(asked))
    canonical = "\n".join(("GET", path, query, f"host:{host}\n", "host", "UNSIGNED-PAYLOAD"))
    text = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    secret = f"AWS4{access.secret}".encode()
    for part in scope.split("/"):
        secret = hmac.digest(secret, part.encode(), "sha256")
    return f"{scheme}://{host}{path}?{query}&X-Amz-Signature={hmac.new(secret, text.encode(), 'sha256').hexdigest()}"


class _Door:
    """While an object store hangs, one request at a time waits for it and the others fail at once."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._is_hanging = False
        self._closed_until = 0.0

    @contextmanager
    def enter(self) -> Iterator[Callable[[], None]]:
        """Ask something. Gives a function that notes that there was no answer. Raises `BackendError`."""
        with self._lock:
            begun = time.monotonic()
            if begun < self._closed_until:
                raise BackendError(AWAY)
            if self._is_hanging:
                self._closed_until = begun + 2 * self._seconds
        silent: list[bool] = []
        try:
            yield lambda: silent.append(True)
        finally:
            ended = time.monotonic()
            if self._is_hanging or silent:
                with self._lock:
                    self._is_hanging = bool(silent) and ended - begun > _HANGS_SECONDS
                    self._closed_until = ended + _REST_SECONDS if self._is_hanging else 0.0


_DOORS: dict[str, _Door] = {}


class Clients:
    """The clients of one place, made when they are first needed: one for short answers, one that sends large parts."""

    def __init__(self, place: S3Place) -> None:
        self.place = place
        self._made: dict[tuple[bool, bool], Client] = {}
        self._door = _DOORS.setdefault(place.base, _Door(place.access.seconds))

    def call(
        self,
        function: Callable[Concatenate[Client, Arguments], Value],
        *arguments: Arguments.args,
        **options: Arguments.kwargs,
    ) -> Value:
        """Ask the object store. Raises `AbsentError`, `TakenError`, `BackendError`."""
        return self._ask(partial(function, self.get(), *arguments, **options))

    def send(self, function: Callable[[Client], Value]) -> Value:
        """Send something large. Raises as `call` does."""
        return self._ask(partial(function, self.get(sending=True)))

    def walk(self, pages: Iterator[Value]) -> Iterator[Value]:
        """What the object store gives piece by piece. Raises `BackendError`."""
        while True:
            try:
                page = self._ask(lambda: next(pages, None))
            except AbsentError:
                raise BackendError(NO_BUCKET) from None
            if page is None:
                return
            yield page

    def _ask(self, question: Callable[[], Value]) -> Value:
        from obstore.exceptions import AlreadyExistsError, BaseError

        with self._door.enter() as hangs:
            try:
                return question()
            except FileNotFoundError as error:
                if _find_code(error) == "NoSuchBucket":
                    raise _note(error, BackendError(NO_BUCKET)) from error
                raise AbsentError from None
            except AlreadyExistsError:
                raise TakenError from None
            except BaseError as error:
                if find_status(error) is None:
                    hangs()
                raise name_fault(error) from error

    def get(self, *, sending: bool = False, once: bool = False) -> Client:
        """A client of this process; one that asks `once` tries nothing again."""
        _require_own_threads()
        found = self._made.get((sending, once))
        if found is None:
            found = self._made[sending, once] = self._make(sending, once)
        return found

    def _make(self, sending: bool, once: bool) -> Client:
        from obstore.store import S3Store as Client

        access, place = self.place.access, self.place
        seconds = access.seconds * (_SENDING_FACTOR if sending else 1)
        options: dict[str, Any] = {
            "region": access.region,
            "endpoint": place.base.removesuffix(f"/{place.bucket}") if access.has_path_style else place.base,
            "virtual_hosted_style_request": not access.has_path_style,
            "disable_bulk_delete": True,  # some stores don't have it, and blobs go one at a time
        }
        if access.key_id:
            options |= {"access_key_id": access.key_id, "secret_access_key": access.secret}
        if access.encryption:
            options["server_side_encryption"] = access.encryption
        if access.encryption_key:
            options["sse_kms_key_id"] = access.encryption_key
        return Client(
            place.bucket,
            prefix=place.prefix or None,
            client_options={
                "allow_http": access.endpoint.startswith("http://"),
                "connect_timeout": timedelta(seconds=_CONNECT_SECONDS),
                "read_timeout": timedelta(seconds=seconds),
                "timeout": timedelta(days=1),  # who reads a large file slowly may: `read_timeout` ends what hangs
                "user_agent": "opendata",
            },
            retry_config={
                "max_retries": 0 if once else _MOST_TRIES,
                "retry_timeout": timedelta(seconds=seconds),
                "backoff": {
                    "init_backoff": timedelta(milliseconds=100),
                    "max_backoff": timedelta(seconds=_LONGEST_PAUSE_SECONDS),
                    "base": 2,
                },
            },
            **options,
        )


def name_fault(error: Exception) -> BackendError:
    """What an answer of the object store means; its own words go to the log, not to readers."""
    from obstore.exceptions import PermissionDeniedError, UnauthenticatedError

    code, status = _find_code(error), find_status(error)
    is_refused = isinstance(error, PermissionDeniedError | UnauthenticatedError) or status in (401, 403)
    if is_refused and code not in _FULL_CODES:
        return _note(error, BackendError(REFUSED))
    if status == 507 or code in _FULL_CODES:
        return _note(error, StorageFullError(FULL))
    if code == "NoSuchBucket":
        return _note(error, BackendError(NO_BUCKET))
    return _note(error, BackendError(AWAY))


def find_status(error: BaseException) -> int | None:
    """The status of the answer that an error was made of."""
    found = _STATUS.search(str(error))
    return int(found[1]) if found else None


def attributes_of(found: Mapping[Any, Any], name: str) -> str:
    """An attribute of an object, empty if it has none."""
    return str(found.get(name, ""))


def _find_code(error: BaseException) -> str:
    found = _CODE.search(str(error))
    return found[1] if found else ""


def _note(error: BaseException, meant: BackendError) -> BackendError:
    logger.error("the object store: %s", str(error).partition("\n")[0][:1000])
    return meant


_owner: int | None = None
_owning = threading.Lock()


def _require_own_threads() -> None:
    global _owner
    with _owning:
        if _owner is None:
            _owner = os.getpid()
    if _owner != os.getpid():
        raise RuntimeError("the process that this one was forked from has asked the object store already")
