"""JSON text, read value by value: a list of any length passes through without ever being whole in memory.

Numbers stay the text they are written as. Sources: RFC 8259; RFC 7464 (the record separator counts as blank).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any, NoReturn

from opendata.errors import N_, TooLargeError, UnreadableFileError
from opendata.intake.document.documents import MAX_DEPTH, read_pieces

MAX_VALUE_CHARACTERS = 64 * 1024 * 1024
_UNSURE = 16  # a value that is wrong so close to the end of what was read may only be cut: \ud83d\ude00, -Infinity
_BLANKS = re.compile(r"[ \t\r\n\x1e]*")
_TOO_DEEP = N_("The JSON is nested more than %(limit)s levels deep. A table has one or two levels")


class Number(str):
    """A number as it is written."""

    __slots__ = ()


class Constant(str):
    """`NaN`, `INF` or `-INF`: what JSON does not have and programs write all the same."""

    __slots__ = ()


_CONSTANTS = {"NaN": Constant("NaN"), "Infinity": Constant("INF"), "-Infinity": Constant("-INF")}


class JsonText:
    """A place in a JSON text that moves forward. `doubled` is a name that stood twice in one object (the last counts).

    Every method raises `UnreadableFileError`, with line and character, where the text is not JSON.
    """

    def __init__(self, path: Path, encoding: str | None) -> None:
        self.doubled: str | None = None
        self.has_constants = False
        self.has_surrogates = False
        self._pieces = read_pieces(path, encoding)
        self._text = ""
        self._at = 0
        self._line = 1
        self._line_start = 0  # counted from the start of `_text`; negative where the line began before
        self._scan = json.JSONDecoder(
            object_pairs_hook=self._build, parse_float=Number, parse_int=Number, parse_constant=self._name_constant
        ).scan_once  # type: ignore[attr-defined]

    def peek(self) -> str:
        """The next character that is not blank, not yet passed; empty at the end."""
        while True:
            self._at = _BLANKS.match(self._text, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._fill():
                return ""

    def read_value(self) -> Any:
        """The next value: dict, list, str, `Number`, `Constant`, bool or None."""
        self.peek()
        while True:
            try:
                value, end = self._scan(self._text, self._at)
            except StopIteration as stop:
                at = stop.value
            except json.JSONDecodeError as error:
                at = error.pos
                if error.msg.startswith("Unterminated"):
                    at = len(self._text)
            except RecursionError:
                raise UnreadableFileError(_TOO_DEEP, limit=MAX_DEPTH) from None
            else:
                # A number that touches the end of what was read may go on.
                if end < len(self._text) or type(value) is not Number or not self._fill():
                    self._at = end
                    return value
                continue
            if at < len(self._text) - _UNSURE or not self._fill():
                self._fail(at)

    def read_elements(self) -> Iterator[Any]:
        """The values of the list that comes next."""
        for _ in self.read_places():
            yield self.read_value()

    def read_places(self) -> Iterator[str]:
        """The places in the next list, from `0` on; the caller must pass the value of one before taking the next."""
        for number, _ in enumerate(self._pass_members("[", "]")):
            yield str(number)

    def read_names(self) -> Iterator[str]:
        """The names in the next object; the caller must pass the value of one before taking the next."""
        for _ in self._pass_members("{", "}"):
            if self.peek() != '"':
                self._fail(self._at)
            name = self.read_value()
            if self.peek() != ":":
                self._fail(self._at)
            self._at += 1
            yield name

    def read_sequence(self) -> Iterator[Any]:
        """All values up to the end, one after the other: JSON Lines."""
        while self.peek():
            yield self.read_value()

    def _pass_members(self, start: str, end: str) -> Iterator[None]:
        if self.peek() != start:
            self._fail(self._at)
        self._at += 1
        if self.peek() == end:
            self._at += 1
            return
        while True:
            yield
            mark = self.peek()
            if mark not in (",", end) or not mark:
                self._fail(self._at)
            self._at += 1
            if mark == end:
                return

    def _fill(self) -> bool:
        """Read on, at least as much as is held, so that a long value is not tried too often; false at the end."""
        held = len(self._text) - self._at
        if held > MAX_VALUE_CHARACTERS:
            raise TooLargeError(
                N_("A value on line %(line)s of the file is longer than %(limit)s characters"),
                line=self._line + self._text.count("\n", 0, self._at),
                limit=MAX_VALUE_CHARACTERS,
            )
        read: list[str] = []
        while not read or sum(map(len, read)) < held:
            piece = next(self._pieces, "")
            if not piece:
                break
            read.append(piece)
        if not read:
            return False
        last = self._text.rfind("\n", 0, self._at)
        self._line += self._text.count("\n", 0, self._at)
        self._line_start = (self._line_start if last < 0 else last + 1) - self._at
        self._text = "".join([self._text[self._at :], *read])
        self._at = 0
        if not self.has_surrogates:
            self.has_surrogates = "\\ud" in self._text or "\\uD" in self._text
        return True

    def _fail(self, at: int) -> NoReturn:
        at = min(at, len(self._text))
        last = self._text.rfind("\n", 0, at)
        line = self._line + self._text.count("\n", 0, at)
        character = at - (self._line_start if last < 0 else last + 1) + 1
        if not self._text[at:].strip():
            raise UnreadableFileError(
                N_("The JSON ends too early, on line %(line)s, character %(character)s. The file may be cut off"),
                line=line,
                character=character,
            )
        raise UnreadableFileError(
            N_("The JSON isn't valid on line %(line)s, character %(character)s, at “%(found)s”"),
            line=line,
            character=character,
            found=self._text[at : at + 20],
        )

    def _build(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs) and self.doubled is None:
            seen: set[str] = set()
            self.doubled = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        return found

    def _name_constant(self, name: str) -> Constant:
        self.has_constants = True
        return _CONSTANTS[name]


def write_compact(value: Any, depth: int = 0) -> str:
    """A value as JSON without spaces, its numbers as they were written. Raises `UnreadableFileError` if too deep."""
    kind = type(value)
    if kind is Number:
        return str(value)
    if kind is str:
        return encode_basestring(value)
    if depth > MAX_DEPTH:
        raise UnreadableFileError(_TOO_DEEP, limit=MAX_DEPTH)
    if kind is list:
        return "[" + ",".join([write_compact(item, depth + 1) for item in value]) + "]"
    if kind is dict:
        members = [encode_basestring(name) + ":" + write_compact(item, depth + 1) for name, item in value.items()]
        return "{" + ",".join(members) + "}"
    return "true" if value is True else "false" if value is False else "null"
