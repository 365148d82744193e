"""The text of a PDF: pages, links, comments, form fields and properties. The only module that imports `pypdf`.

Hostile files can make any reader of PDF slow or large, so each file is read in a process of its own, which is stopped
at a limit of seconds and bytes. That process is this module; it answers with the reason (or nothing) on a line,
and the text after it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opendata.confined import Bounds, BrokenOffError, Cause, answer_one, ask
from opendata.domain.privacy import Unread
from opendata.intake.document.passages import MOST_SECONDS, AttachmentText, Passages

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

MOST_PAGES = 2_000
"""At most this many pages are read."""

MOST_MEMORY = 2 << 30
"""At most this many bytes of memory are used for one file."""

LARGE_PICTURE = 250_000
"""A picture of this many pixels may show a page or a card; smaller ones are logos."""

_WRITTEN = 2_000
"""Bytes of drawing on a page without text from which on the text may be drawn as shapes."""


def read_pdf(path: Path, seconds: int = MOST_SECONDS) -> AttachmentText:
    """The text of a PDF, and why it isn't all of it, if it isn't."""
    request = f"{seconds}\n{path}".encode()
    try:
        answer = ask("opendata.intake.document.pdf_text", request, Bounds(seconds=seconds + 10, memory=MOST_MEMORY))
    except BrokenOffError as error:
        return AttachmentText("", Unread.TOO_SLOW if error.cause is Cause.TIME else Unread.DAMAGED)
    code, _, text = answer.partition(b"\n")
    return AttachmentText(text.decode("utf-8", "replace"), Unread(code.decode()) if code else None)


def _answer(request: bytes) -> bytes:
    seconds, _, path = request.decode().partition("\n")
    text, unread = extract_text(Path(path), int(seconds))
    return f"{unread or ''}\n{text}".encode("utf-8", "replace")


def extract_text(path: Path, seconds: int = MOST_SECONDS) -> AttachmentText:
    """Read a file in this process: for files that are known to be harmless, and for the process of `read_pdf`."""
    from pypdf import PdfReader

    found, ends = Passages(), time.monotonic() + seconds
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            return AttachmentText("", Unread.LOCKED)
        _read_properties(reader, found)
        for number in range(min(len(reader.pages), MOST_PAGES)):
            if found.is_full:
                break
            if time.monotonic() > ends:
                found.note(Unread.TOO_SLOW)
                break
            _read_page(reader.pages[number], found)
        if len(reader.pages) > MOST_PAGES:
            found.note(Unread.TOO_LARGE)
    except Exception:  # noqa: BLE001 - pypdf raises anything for a broken file, its depth of recursion included
        found.note(Unread.DAMAGED)
    return found.finish(needs_text=True)


def _read_properties(reader: PdfReader, found: Passages) -> None:
    for value in (reader.metadata or {}).values():
        if isinstance(value, str):
            found.add_line(value)
    root = reader.trailer["/Root"].get_object()
    if "/EmbeddedFiles" in _get(root, "/Names"):
        found.note(Unread.EMBEDDED)


def _read_page(page: PageObject, found: Passages) -> None:
    text = page.extract_text()
    found.add(text)
    found.break_line()
    for note in _list_annotations(page):
        found.add_line(note)
    resources = _get(page, "/Resources")
    has_text = bool(text.strip())
    if any(_is_large(item) for item in _list_objects(resources, "/XObject")):
        found.note(Unread.PICTURES)
    elif not has_text:
        contents = page.get_contents()
        if contents is not None and len(contents.get_data()) > _WRITTEN:
            found.note(Unread.PICTURES)
    if has_text and any(_is_nameless(item) for item in _list_objects(resources, "/Font")):
        found.note(Unread.FONTS)


def _list_annotations(page: PageObject) -> Iterator[str]:
    """The comments, addresses of links and values of form fields on a page."""
    for item in page.annotations or ():
        note: Any = item.get_object()
        for value in (note.get("/Contents"), note.get("/V"), _get(note, "/A").get("/URI")):
            found = value.get_object() if value is not None else None
            if isinstance(found, str):
                yield found


def _get(owner: Any, key: str) -> Any:
    """A dictionary in a dictionary, or an empty one."""
    found = owner.get(key)
    found = found.get_object() if found is not None else None
    return found if isinstance(found, dict) else {}


def _list_objects(resources: Any, key: str) -> Iterator[Any]:
    for item in _get(resources, key).values():
        found = item.get_object()
        if isinstance(found, dict):
            yield found


def _is_large(item: Any) -> bool:
    """Whether an object is a picture in which something can be read."""
    is_picture = item.get("/Subtype") == "/Image"
    return is_picture and int(item.get("/Width", 0)) * int(item.get("/Height", 0)) >= LARGE_PICTURE


def _is_nameless(font: Any) -> bool:
    """Whether the characters of a font are numbers of shapes, and nothing says which characters they are."""
    encoding = font.get("/Encoding")
    is_by_shape = font.get("/Subtype") == "/Type0" and encoding in ("/Identity-H", "/Identity-V")
    return is_by_shape and "/ToUnicode" not in font


if __name__ == "__main__":
    answer_one(_answer)
