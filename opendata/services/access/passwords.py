"""Passwords: which are too easy to guess, and their hashes (Argon2id, RFC 9106), a few at a time.

A hash takes 64 MiB and a core on purpose. So each process makes two at a time, a few more requests wait, and the others
are sent away. Common passwords, names, words and keyboard patterns are known to zxcvbn, whose lists have the passwords
that were found most often.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from opendata.errors import N_, Fault, OverloadedError, fault
from opendata.metadata.text import find_value_faults

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MIN_PASSWORD = 10
MAX_PASSWORD = 1000

_AT_ONCE = 2
_MOST_WAITING = 4
"""Requests of a process: the other threads go on answering."""

_LONGEST_WAIT = 10
_RETRY_SECONDS = 5

_GUESSES = 10**8
"""A password that so many guesses find is too easy."""

_LOOKED_AT = 72
"""Characters that are judged: the cost of that grows faster than the length."""

_SEPARATORS = re.compile(r"[\W_]+")
_SHORTEST_WORD = 3
_REST = 8
"""Characters that a password must have besides the words that a guesser would try first, if it has any of them."""

_COMMON = (
    *("5201314", "1314520", "520520", "woaini", "aini1314", "nihao", "mima", "wodemima", "guanliyuan", "zhongguo"),
    *(
        "beijing",
        "shanghai",
        "guangdong",
        "shenzhen",
        "baobei",
        "laopo",
        "laogong",
        "gongchandang",
        "renmin",
        "zhengfu",
    ),
    *("shuju", "kaifang", "opendata", "data", "portal", "admin", "administrator", "maintainer", "editor", "reader"),
)
"""What people put into passwords here, and lists from elsewhere leave out."""


class HashQueue:
    """Lets a few callers in at a time, and a few more wait. Raises `OverloadedError` for all others."""

    def __init__(self, *, at_once: int, waiting: int, seconds: float) -> None:
        self._all = BoundedSemaphore(at_once + waiting)
        self._working = BoundedSemaphore(at_once)
        self._seconds = seconds

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn, for a while."""
        if not self._all.acquire(blocking=False):
            raise _make_error()
        try:
            if not self._working.acquire(timeout=self._seconds):
                raise _make_error()
            try:
                yield
            finally:
                self._working.release()
        finally:
            self._all.release()


queue = HashQueue(at_once=_AT_ONCE, waiting=_MOST_WAITING, seconds=_LONGEST_WAIT)


def hash_password(password: str) -> str:
    """The hash to keep. Raises `OverloadedError` where too many are being made."""
    with queue.turn():
        return find_hasher().hash(password.encode())


def is_right(kept: str | None, password: str) -> bool:
    """Whether a password is the one that was hashed. Without a hash, that takes the same time.

    Raises `OverloadedError`.
    """
    from argon2.exceptions import Argon2Error

    with queue.turn():
        try:
            find_hasher().verify(kept or _decoy(), password.encode(errors="replace"))
        except Argon2Error:
            return False
    return kept is not None


def find_password_faults(password: str, words: Sequence[str | None] = ()) -> Sequence[Fault]:
    """What is wrong with a new password; `words` are what a guesser would try first: names of account and office."""
    faults = list(find_value_faults(password, "/password"))
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        faults.append(fault("/password", N_("A password must have at least %(limit)s characters"), limit=MIN_PASSWORD))
    elif not faults and _is_easy(password, words):
        faults.append(
            fault(
                "/password",
                N_(
                    "This password is easy to guess. Use several words that have nothing to do with each other, with"
                    " your work or with your name"
                ),
            )
        )
    return faults


def _is_easy(password: str, words: Sequence[str | None]) -> bool:
    from zxcvbn import zxcvbn

    known = [*_COMMON, *(part for word in words if word for part in (word, *_SEPARATORS.split(word)))]
    if zxcvbn(password[:_LOOKED_AT], user_inputs=known)["guesses"] < _GUESSES:
        return True
    whole = rest = _SEPARATORS.sub("", password.lower())
    for word in sorted((_SEPARATORS.sub("", word.lower()) for word in known), key=len, reverse=True):
        rest = rest.replace(word, "") if len(word) >= _SHORTEST_WORD else rest
    return len(rest) < min(len(whole), _REST)


def _make_error() -> OverloadedError:
    text = N_("Too many people are signing in at the moment. Try again in %(count)s seconds")
    return OverloadedError(text, seconds=_RETRY_SECONDS, count=_RETRY_SECONDS)


@cache
def find_hasher() -> PasswordHasher:
    """What hashes passwords and checks them."""
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _decoy() -> str:
    return find_hasher().hash(secrets.token_hex(16))
