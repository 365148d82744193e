"""A request of OAI-PMH: its verb with the arguments that it may have, and the errors that it may be answered with.

Source: OAI-PMH 2.0, sections 2.5 (datestamps), 3.5 (flow control), 3.6 (errors), 4 (verbs).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

VERBS: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "Identify": ((), ()),
    "ListMetadataFormats": ((), ("identifier",)),
    "ListSets": ((), ("resumptionToken",)),
    "GetRecord": (("identifier", "metadataPrefix"), ()),
    "ListIdentifiers": (("metadataPrefix",), ("from", "until", "set", "resumptionToken")),
    "ListRecords": (("metadataPrefix",), ("from", "until", "set", "resumptionToken")),
}
"""Verb → the arguments that it must have, and those that it may have."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SECOND = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_SET = re.compile(r"[A-Za-z0-9_.!~*'()-]+(:[A-Za-z0-9_.!~*'()-]+)*")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOST_NUMBER = 10**12
_LAST = datetime.max.replace(microsecond=0, tzinfo=UTC)


class OaiError(Exception):
    """What is wrong with a request: a code of the protocol, and a sentence."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which records a list has: those changed from a moment on, and before another, of a set, in a format.

    `after` is the UUID of the last record that was given, `given` how many were, `total` how many there were when the
    list began.
    """

    prefix: str
    start: datetime | None = None
    end: datetime | None = None
    set: str = ""
    after: str = ""
    given: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OaiRequest:
    """A request that is right. `arguments` are those that it had, as the answer repeats them."""

    verb: str
    arguments: Mapping[str, str]
    choice: Choice | None = None


def read_request(given: Sequence[tuple[str, str]]) -> OaiRequest:
    """A request out of its pairs of name and value. Raises `OaiError`."""
    verbs = [value for name, value in given if name == "verb"]
    if len(verbs) != 1:
        raise OaiError("badVerb", "The request must have one verb" if not verbs else "The request repeats its verb")
    verb = verbs[0]
    if verb not in VERBS:
        raise OaiError("badVerb", f"The verb must be one of {', '.join(VERBS)}")
    arguments = _read_arguments(verb, given)
    choice = None
    if verb in ("ListIdentifiers", "ListRecords"):
        token = arguments.get("resumptionToken")
        choice = read_token(token) if token is not None else _read_choice(arguments)
    elif "resumptionToken" in arguments:
        raise OaiError("badResumptionToken", "All sets are in one answer, so there is no token for them")
    return OaiRequest(verb=verb, arguments=arguments, choice=choice)


def _read_arguments(verb: str, given: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    required, optional = VERBS[verb]
    arguments: dict[str, str] = {}
    for name, value in given:
        if name == "verb":
            continue
        if name not in (*required, *optional):
            raise OaiError("badArgument", f"{verb} has no argument of this name")
        if name in arguments:
            raise OaiError("badArgument", f"The argument {name} is repeated")
        arguments[name] = value
    if "resumptionToken" in arguments:
        if len(arguments) > 1:
            raise OaiError("badArgument", "A resumptionToken is the only argument beside the verb")
        return arguments
    for name in required:
        if not arguments.get(name):
            raise OaiError("badArgument", f"{verb} must have the argument {name}")
    return arguments


def _read_choice(arguments: Mapping[str, str]) -> Choice:
    start, end = arguments.get("from"), arguments.get("until")
    if start is not None and end is not None and len(start) != len(end):
        raise OaiError("badArgument", "from and until must both be days, or both be seconds")
    first = _read_moment("from", start)[0] if start is not None else None
    last = _read_moment("until", end) if end is not None else None
    if first is not None and last is not None and first > last[0]:
        raise OaiError("badArgument", "from must not be later than until")
    named = arguments.get("set", "")
    if "set" in arguments and not _SET.fullmatch(named):
        raise OaiError("badArgument", "set isn't the name of a set")
    return Choice(prefix=arguments["metadataPrefix"], start=first, end=last[1] if last else None, set=named)


def _read_moment(name: str, text: str) -> tuple[datetime, datetime]:
    """A day or a second: when it begins, and when the next one does. Raises `OaiError`."""
    try:
        if _SECOND.fullmatch(text):
            second = datetime.fromisoformat(text)
            return second, _add(second, timedelta(seconds=1))
        if _DAY.fullmatch(text):
            day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
            return day, _add(day, timedelta(days=1))
    except ValueError:
        pass
    raise OaiError("badArgument", f"{name} must be a day or a second, such as 2026-01-31 or 2026-01-31T12:00:00Z")


def write_token(choice: Choice) -> str:
    """The token that continues a list: it has all that is needed, so it never expires."""
    parts = [
        choice.prefix,
        _write_moment(choice.start),
        _write_moment(choice.end),
        choice.set,
        choice.after,
        choice.given,
        choice.total,
    ]
    text = json.dumps(parts, separators=(",", ":"), ensure_ascii=True)
    return base64.urlsafe_b64encode(text.encode("ascii")).decode("ascii").rstrip("=")


def read_token(token: str) -> Choice:
    """The list that a token continues. Raises `OaiError` for a text that isn't one."""
    wrong = OaiError("badResumptionToken", "The resumptionToken isn't one of this repository")
    try:
        parts = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise wrong from None
    if not isinstance(parts, list) or list(map(type, parts)) != [str, str, str, str, str, int, int]:
        raise wrong
    prefix, start, end, named, after, given, total = parts
    if not all(item == "" or _SECOND.fullmatch(item) for item in (start, end)) or not _UUID.fullmatch(after):
        raise wrong
    if not (named == "" or _SET.fullmatch(named)) or not 0 <= given <= _MOST_NUMBER or not 0 <= total <= _MOST_NUMBER:
        raise wrong
    try:
        first, last = (datetime.fromisoformat(item) if item else None for item in (start, end))
    except ValueError:
        raise wrong from None
    choice = Choice(prefix=prefix, start=first, end=last, set=named, after=after, given=given, total=total)
    if write_token(choice) != token:
        raise wrong
    return choice


def _add(moment: datetime, step: timedelta) -> datetime:
    try:
        return moment + step
    except OverflowError:
        return _LAST


def _write_moment(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat()}Z" if moment is not None else ""
