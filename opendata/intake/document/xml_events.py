"""XML as a stream of events, for readers of any size of file: elements by their local names, text, nothing expanded.

Nothing outside the file is fetched; a file that declares entities, or nests deeper than any table, is refused.
Sources: XML 1.0 (5th ed.), Namespaces in XML 1.0.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from opendata.errors import N_, UnreadableFileError
from opendata.intake.document.documents import MAX_DEPTH, find_mark, read_head, read_pieces, widen

Start = Callable[[str, Mapping[str, str]], None]
End = Callable[[], None]
Text = Callable[[str], None]
_DECLARED = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_MAX_NAME = 500
_MAX_MARKUP = 4 * 1024 * 1024
_FEED_CHARACTERS = 1 << 16


def parse_xml(path: Path, encoding: str | None, start: Start, end: End, text: Text) -> Iterator[None]:
    """Call `start` (local name, attributes by local names), `text` and `end` for a file, yielding between its pieces.

    Raises `UnreadableFileError` where the file is not well-formed, declares entities or is nested too deeply.
    """
    depth = fed = 0

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
    parser.EntityDeclHandler = _refuse_entities
    parser.SkippedEntityHandler = _refuse_entities
    try:
        for piece in read_pieces(path, find_encoding(path, encoding)):
            for at in range(0, len(piece), _FEED_CHARACTERS):
                data = piece[at : at + _FEED_CHARACTERS].encode("utf-8", "surrogatepass")
                parser.Parse(data, False)
                fed += len(data)
                # Expat before 2.6 scans what is not ended from its start with every piece.
                if fed - max(parser.CurrentByteIndex, 0) > _MAX_MARKUP:
                    raise UnreadableFileError(
                        N_("In line %(line)s a tag or a comment is longer than %(limit)s characters"),
                        line=parser.CurrentLineNumber,
                        limit=_MAX_MARKUP,
                    )
                yield
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise UnreadableFileError(
            N_("The XML has a mistake in line %(line)s, character %(character)s: %(reason)s"),
            line=error.lineno,
            character=error.offset + 1,
            reason=expat.ErrorString(error.code),
        ) from None
    yield


def find_encoding(path: Path, given: str | None) -> str | None:
    """The encoding of the mark, the one a person gave, the declared one."""
    head = read_head(path)
    declared = _DECLARED.search(head)
    return find_mark(head) or given or (widen(declared[1].decode("ascii")) if declared else None)


def _refuse_entities(*_: object) -> NoReturn:
    raise UnreadableFileError(
        N_("The XML declares entities of its own, which may hide anything: save it again without a DOCTYPE")
    )
