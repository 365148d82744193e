"""The only way in for XML and HTML: every parser of uploaded markup is set up here, under one policy.

No DTD is loaded, no entity expanded, nothing fetched. Depth and size are bounded: here for XML read as a stream, by
libxml2 for trees and HTML (256 levels, 10 MB a text).
Sources: XML 1.0 (5th ed.), Namespaces in XML 1.0.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NoReturn
from xml.parsers import expat

from opendata.errors import N_, UnreadableFileError
from opendata.intake.document.documents import MAX_DEPTH, find_encoding, read_pieces

Start = Callable[[str, Mapping[str, str]], None]
End = Callable[[], None]
Text = Callable[[str], None]
XML_DECLARATION = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_MAX_NAME = 500
_MAX_MARKUP = 4 * 1024 * 1024
_FEED_CHARACTERS = 1 << 16


class MarkupError(ValueError):
    """Markup that isn't well-formed, or that has a DOCTYPE; its text is the parser's reason."""


def parse_xml(
    path: Path, encoding: str | None, start: Start, end: End, text: Text, comment: Text | None = None
) -> Iterator[None]:
    """Call `start` (local name, attributes by local names), `text` and `end` for a file, yielding between its pieces.

    Comments are left out unless there is a `comment` to call.

    Raises `UnreadableFileError` where the file is not well-formed, declares entities or is nested too deeply.
    """
    return parse_xml_pieces(
        read_pieces(path, find_encoding(path, encoding, XML_DECLARATION)), start, end, text, comment
    )


def parse_xml_pieces(
    pieces: Iterable[str], start: Start, end: End, text: Text, comment: Text | None = None
) -> Iterator[None]:
    """Do as `parse_xml` does for a text that comes in pieces."""
    depth = 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise UnreadableFileError(N_("The XML is nested more than %(limit)s levels deep"), limit=MAX_DEPTH)
        if len(name) > _MAX_NAME:
            raise UnreadableFileError(N_("A name in the XML is longer than %(limit)s characters"), limit=_MAX_NAME)
        local = {
            key.rpartition(":")[2]: value
            for key, value in attributes.items()
            if key != "xmlns" and not key.startswith("xmlns:")
        }
        start(name.rpartition(":")[2], local)

    def finish(_name: str) -> None:
        nonlocal depth
        depth -= 1
        end()

    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = begin
    parser.EndElementHandler = finish
    parser.CharacterDataHandler = text
    parser.CommentHandler = comment
    parser.EntityDeclHandler = _refuse_entities
    parser.SkippedEntityHandler = _refuse_entities
    yield from _feed(parser, (piece.encode("utf-8", "surrogatepass") for piece in _split(pieces)))


def require_well_formed(source: IO[bytes]) -> None:
    """Raises `UnreadableFileError` unless the XML is well-formed UTF-8, for a reader that takes that for granted."""
    for _ in _feed(expat.ParserCreate("utf-8"), iter(lambda: source.read(_FEED_CHARACTERS), b"")):
        pass


def _feed(parser: expat.XMLParserType, pieces: Iterable[bytes]) -> Iterator[None]:
    """Parse pieces up to the end, yielding between them. Raises `UnreadableFileError`."""
    fed = 0
    try:
        for data in pieces:
            parser.Parse(data, False)
            fed += len(data)
            # Expat before 2.6 scans what is not ended from its start with every piece.
            if fed - max(parser.CurrentByteIndex, 0) > _MAX_MARKUP:
                raise UnreadableFileError(
                    N_("On line %(line)s, a tag or a comment is longer than %(limit)s characters"),
                    line=parser.CurrentLineNumber,
                    limit=_MAX_MARKUP,
                )
            yield
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise UnreadableFileError(
            N_("The XML isn't valid on line %(line)s, character %(character)s: %(reason)s"),
            line=error.lineno,
            character=error.offset + 1,
            reason=expat.ErrorString(error.code),
        ) from None
    yield


def _refuse_entities(*_: object) -> NoReturn:
    raise UnreadableFileError(
        N_("The XML declares its own entities, which can hide other content. Save it again without a DOCTYPE")
    )


def parse_tree(source: IO[bytes] | str) -> Any:
    """The root element, as lxml has it, of a document or of the text of one that fits into memory.

    Raises `MarkupError`.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(source, parser) if isinstance(source, str) else etree.parse(source, parser).getroot()
    except etree.XMLSyntaxError as error:
        raise MarkupError(str(error)) from error
    if root.getroottree().docinfo.doctype:
        raise MarkupError("DOCTYPE")  # it is how entities are made to swell
    return root


def parse_html(pieces: Iterable[str], target: Any) -> Iterator[None]:
    """Feed a page to a target of lxml, yielding between its pieces. Raises `MarkupError`.

    Comments are left out where a target has no method `comment`.
    """
    from lxml import etree

    silent = not hasattr(target, "comment")
    parser = etree.HTMLParser(target=target, encoding="utf-8", no_network=True, remove_comments=silent)
    fed = False
    try:
        for piece in _split(pieces):
            if not fed and not (piece := piece.lstrip()):
                continue
            fed = True
            # NUL ends a text for libxml2; the standard drops it.
            parser.feed(piece.replace("\0", "").encode("utf-8", "replace"))
            yield
        if fed:
            parser.close()
    except (etree.LxmlError, AssertionError) as error:
        raise MarkupError(str(error)) from None


def _split(pieces: Iterable[str]) -> Iterator[str]:
    for piece in pieces:
        for at in range(0, len(piece), _FEED_CHARACTERS):
            yield piece[at : at + _FEED_CHARACTERS]
