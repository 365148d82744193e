"""Text that is gathered piece by piece up to a limit, and the reason why it isn't all there."""

from __future__ import annotations

from typing import NamedTuple

from opendata.domain.privacy import Unread

MOST_CHARACTERS = 20_000_000
"""At most this many characters of an attachment are read."""

MOST_SECONDS = 60
"""Reading an attachment takes at most this many seconds."""


class AttachmentText(NamedTuple):
    """The text of an attachment; `unread` says why something isn't in it, and is None if everything is."""

    text: str
    unread: Unread | None


class Passages:
    """Gathers text; the first reason that is noted stays."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._left = MOST_CHARACTERS
        self._unread: Unread | None = None
        self._has_text = False

    @property
    def is_full(self) -> bool:
        """Whether the limit is reached."""
        return self._left <= 0

    def add(self, text: str, *, is_body: bool = True) -> None:
        """Add text that goes on where the last one ended. Properties of a file aren't its body."""
        if not text:
            return
        if len(text) > self._left:
            text = text[: max(0, self._left)]
            self.note(Unread.TOO_LARGE)
        self._left -= len(text)
        self._parts.append(text)
        self._has_text = self._has_text or (is_body and not text.isspace())

    def add_line(self, text: str, *, is_body: bool = False) -> None:
        """Add text that has a line of its own."""
        if text.strip():
            self.add(f"\n{text}\n", is_body=is_body)

    def break_line(self) -> None:
        """End a line, so that what follows isn't read as one word with what came before."""
        if self._parts and not self._parts[-1].endswith("\n"):
            self._parts.append("\n")

    def note(self, unread: Unread) -> None:
        """Note why something can't be read."""
        self._unread = self._unread or unread

    def finish(self, *, needs_text: bool = False) -> AttachmentText:
        """The text so far. A document that `needs_text` and has none holds something else, such as a scan."""
        if needs_text and not self._has_text:
            self._unread = self._unread or Unread.NO_TEXT
        return AttachmentText("".join(self._parts), self._unread)
