"""The text of an attachment, for the screen for personal data; what can't be read says why.

In:   a file as it came, its format (`pdf`, `docx`, …)
Out:  all text that was found, and a code if not everything could be read. No file raises an error, however broken.
Everything is bounded: characters, pages, members, seconds.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from opendata.domain.privacy import Unread
from opendata.errors import UnreadableFileError
from opendata.intake.document.documents import find_encoding, read_pieces
from opendata.intake.document.markup import MarkupError, parse_html, parse_xml
from opendata.intake.document.passages import MOST_SECONDS, AttachmentText, Passages

logger = logging.getLogger(__name__)

_DECLARED = re.compile(rb"""<meta[^>]*?charset\s*=\s*["']?\s*([A-Za-z0-9._:-]+)""", re.IGNORECASE)
_LINKS = ("href", "content", "alt", "title")
"""Attributes of a page that hold text or an address."""


def read_attachment_text(path: Path, format_: str, folder: Path) -> AttachmentText:
    """The text of an attachment. `folder` takes files that are needed meanwhile."""
    reader = _READERS.get(format_)
    if reader is None:
        return AttachmentText("", Unread.FORMAT)
    try:
        return reader(path, folder)
    except (UnreadableFileError, MarkupError):
        return AttachmentText("", Unread.DAMAGED)
    except Exception as error:  # noqa: BLE001 - hostile files make libraries raise anything; what isn't read is declared
        logger.warning("reading an attachment (%s) failed: %s", format_, type(error).__name__)  # never what it contains
        return AttachmentText("", Unread.DAMAGED)


def _read_pdf(path: Path, folder: Path) -> AttachmentText:  # noqa: ARG001 - as those of the others
    from opendata.intake.document.pdf_text import read_pdf

    return read_pdf(path)


def _read_office(path: Path, folder: Path) -> AttachmentText:
    from opendata.intake.document.office_text import read_office

    return read_office(path, folder)


def _read_plain(path: Path, folder: Path) -> AttachmentText:  # noqa: ARG001 - as those of the others
    try:
        return _gather(read_pieces(path, None))
    except UnreadableFileError:
        return _gather(read_pieces(path, "gb18030"))


def _gather(pieces: Iterable[str]) -> AttachmentText:
    found = Passages()
    for piece in pieces:
        found.add(piece)
        if found.is_full:
            break
    return found.finish()


def _read_svg(path: Path, folder: Path) -> AttachmentText:  # noqa: ARG001 - as those of the others
    found = Passages()

    def start(name: str, attributes: Mapping[str, str]) -> None:
        if name == "image":
            found.note(Unread.PICTURES)
        for key in ("href", "label"):
            found.add_line(attributes.get(key, "")[:_LONGEST_LINK])

    _run(parse_xml(path, None, start, found.break_line, found.add, found.add_line), found)
    return found.finish(needs_text=True)


_LONGEST_LINK = 2000
"""At most this many characters of an address are read; pictures are written into addresses."""


def _read_html(path: Path, folder: Path) -> AttachmentText:  # noqa: ARG001 - as those of the others
    target = _PageText()
    pieces = read_pieces(path, find_encoding(path, None, _DECLARED) or "utf-8")
    _run(parse_html(pieces, target), target.found)
    return target.found.finish()


class _PageText:
    """What lxml calls for the parts of a page."""

    def __init__(self) -> None:
        self.found = Passages()

    def start(self, _tag: str, attributes: Mapping[str, str]) -> None:
        """A tag begins; what is inside a word, such as `<b>`, breaks no line."""
        for key in _LINKS:
            self.found.add_line(attributes.get(key, "")[:_LONGEST_LINK])

    def end(self, tag: str) -> None:
        """A tag ends."""
        if tag not in _INSIDE_WORDS:
            self.found.break_line()

    def data(self, text: str) -> None:
        """Text between tags."""
        self.found.add(text)

    def comment(self, text: str) -> None:
        """A comment: readers of the page don't see it, but it is in the file that they download."""
        self.found.add_line(text)

    def close(self) -> None:
        """The page ends."""


_INSIDE_WORDS = frozenset({"a", "b", "em", "font", "i", "span", "strong", "sub", "sup", "u", "o:p"})


def _run(steps: Iterator[None], found: Passages) -> None:
    """Parse until the end, the limit of characters or that of time."""
    ends = time.monotonic() + MOST_SECONDS
    for _ in steps:
        if found.is_full:
            return
        if time.monotonic() > ends:
            found.note(Unread.TOO_SLOW)
            return


_READERS: Mapping[str, Callable[[Path, Path], AttachmentText]] = {
    "pdf": _read_pdf,
    **dict.fromkeys(("docx", "pptx", "odt", "odp", "odg", "ofd"), _read_office),
    **dict.fromkeys(("txt", "md"), _read_plain),
    "html": _read_html,
    "svg": _read_svg,
}
