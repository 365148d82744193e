"""One XML element as a record: its attributes and the text of the elements in it, under names that tell where."""

from __future__ import annotations

from collections.abc import Mapping

from opendata.errors import N_, TooLargeError
from opendata.intake.document.json_text import MAX_VALUE_CHARACTERS, write_compact

OWN_TEXT = "#text"


class RecordBuilder:
    """Takes the events inside one element after the other.

    Names: `a` for a child or an attribute, `a/b` for what is deeper, `@a` for an attribute beside a child of its name
    (the reader decides: here attributes always have the `@`), `#text` for text of the record itself.
    """

    def __init__(self) -> None:
        self._values: dict[str, str | list[str]] = {}
        self._path: list[str] = []
        self._texts: list[list[str]] = []
        self._is_leaf: list[bool] = []
        self._prefix = [""]
        self._size = 0

    @property
    def depth(self) -> int:
        """How many elements are open; 0 outside of a record."""
        return len(self._texts)

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins; the first is the record itself."""
        if self._texts:
            self._is_leaf[-1] = False
            self._prefix.append(f"{self._prefix[-1]}{name}/")
        self._texts.append([])
        self._is_leaf.append(True)
        for key, value in attributes.items():
            self._put(f"{self._prefix[-1]}@{key}", value)

    def text(self, data: str) -> None:
        """Text in the innermost element that is open. Raises `TooLargeError` for a record beyond all measure."""
        self._texts[-1].append(data)
        self._size += len(data)
        if self._size > MAX_VALUE_CHARACTERS:
            raise TooLargeError(
                N_("A record in the file is longer than %(limit)s characters"), limit=MAX_VALUE_CHARACTERS
            )

    def end(self) -> dict[str, str | list[str]] | None:
        """The innermost element ends; the values by their names where that was the record itself."""
        text = "".join(self._texts.pop())
        is_leaf = self._is_leaf.pop()
        is_record = not self._texts
        if is_record:
            if text.strip():
                self._put(OWN_TEXT, text if is_leaf else text.strip())
            found, self._values, self._size = self._values, {}, 0
            return found
        name = self._prefix.pop()[:-1]
        if is_leaf:
            self._put(name, text)
        elif text.strip():
            self._put(f"{name}/{OWN_TEXT}", text.strip())
        return None

    def _put(self, name: str, value: str) -> None:
        known = self._values.get(name)
        if known is None:
            self._values[name] = value
        elif isinstance(known, list):
            known.append(value)
        else:
            self._values[name] = [known, value]


def write_value(value: str | list[str] | None) -> str:
    """The text of a cell: what repeats is a JSON array."""
    return write_compact(value) if isinstance(value, list) else value or ""
