"""Which form a text is written in: JSON, JSON Lines, GeoJSON, XML, HTML, or a plain table.

Only the beginning is looked at; whether the rest keeps the promise is for the form's reader to say.
Standards: RFC 8259, RFC 7946, jsonlines.org, XML 1.0, the HTML living standard.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

_MAX_LINE = 16 << 20  # how far the end of the first line is searched, to tell JSON Lines from JSON
_CONTROL_SHARE = 0.05
_STRAY_CONTROLS = 4  # so few are damage to a text, however short it is

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# A text holds none of these but for an accident; tab, line ends, form feed, Ctrl-Z and escape do occur.
_CONTROLS = bytes(set(range(32)) - {9, 10, 11, 12, 13, 26, 27})

_BLANK = " \t\r\n\f\v\ufeff\0"
_VALUE = r'(?:["\[{\]]|(?:-?\d[\d.eE+-]*|true|false|null|NaN|-?Infinity)\s*[,\]]|$)'
_JSON_START = re.compile(rf'\{{\s*(?:"(?:[^"\\]|\\.)*(?:"\s*(?::|$)|$)|\}}|$)|\[\s*{_VALUE}')
_JSON_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)("|\\?$)|[\[{]|[\]}]|[:,]', re.DOTALL)

# Regular expressions that cannot step back far: the text may be built to make them.
_ASIDES = re.compile(r"(?:(?:<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z))[\s\ufeff\0]*)*", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE\s+(html\b|svg\b)?", re.IGNORECASE)
_TAG = re.compile(r"<(?:[^\W\d][\w.-]*:)?([^\W\d][\w.-]*)[\s/>]")
_SPREADSHEETML = "urn:schemas-microsoft-com:office:spreadsheet"
_NAMESPACES = 4096  # characters in which a root names them
_HTML_TAGS = re.compile(
    "html|head|body|meta|title|style|link|script|table|thead|tbody|tr|t[dh]|caption|div|span|p|center|font|[bh]r|h[1-6]"
    "|form"
)


def decode_head(head: bytes) -> str | None:
    """The beginning of a file as text, or None where it is none.

    Anything but UTF-16 and UTF-32 is decoded as Latin-1: all other encodings of tables agree on ASCII.
    """
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return head.decode(encoding, errors="ignore")
    wide = _guess_utf16(head)
    if wide:
        return head.decode(wide, errors="ignore")
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if controls > max(_STRAY_CONTROLS, len(head) * _CONTROL_SHARE):
        return None
    return head.removeprefix(codecs.BOM_UTF8).decode("latin-1")


def detect_text_format(path: Path, head: str, *, complete: bool) -> str:
    """The form of a text that begins with `head`; `complete` where that is all of it."""
    text = head.lstrip(_BLANK)
    if text.startswith(("{", "[")):
        return _detect_json(path, text, complete=complete)
    if text.startswith("<"):
        return _detect_markup(path, text)
    return "mhtml" if text.startswith("MIME-Version:") and "multipart/related" in text else "csv"


def _guess_utf16(head: bytes) -> str | None:
    """UTF-16 without a mark: one half of the byte pairs holds most NULs, the other hardly any."""
    pairs = len(head) // 2
    high, low = head[0 : pairs * 2 : 2].count(0), head[1 : pairs * 2 : 2].count(0)
    if pairs < 4 or max(high, low) < pairs * 0.3 or min(high, low) > pairs * 0.1:
        return None
    encoding = "utf-16-le" if low > high else "utf-16-be"
    # Were it a binary file, its numbers would be control characters.
    letters = head[: pairs * 2].decode(encoding, errors="replace")
    controls = sum(letter < " " and ord(letter) in _CONTROLS for letter in letters)
    return encoding if controls <= pairs * _CONTROL_SHARE else None


def _detect_json(path: Path, text: str, *, complete: bool) -> str:
    """A table may begin with a bracket too: JSON is what goes on like JSON, and ends or goes on after its end."""
    if not _JSON_START.match(text):
        return "csv"
    depth = 0
    keys: list[tuple[int, str]] = []
    strings: list[str] = []  # the last two strings with nothing but a colon between them
    geojson = False
    end = None
    for token in _JSON_TOKEN.finditer(text):
        mark = token[0][0]
        if mark == '"':
            strings.append(token[1])
            if len(strings) == 2 and strings[0] == "type":
                geojson |= depth == 1 and strings[1] in ("FeatureCollection", "Feature")
                geojson |= depth == 3 and strings[1] == "Feature" and (1, "features") in keys
        elif mark == ":":
            if depth == 1 and strings:
                keys.append((1, strings[-1]))
            strings = strings[-1:]
            continue
        elif mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
            if depth <= 0:
                end = token.end()
                break
        if mark != '"':
            strings = []
    if end is None:
        long_line = not complete and "\n" not in text
        return "jsonl" if long_line and _is_line_followed(path) else "geojson" if geojson else "json"
    rest = text[end:].lstrip(_BLANK)
    if rest.startswith(("{", "[")):
        return "jsonl"
    if rest:
        return "csv"
    return "geojson" if geojson else "json"


def _is_line_followed(path: Path) -> bool:
    """True where the first line closes its value and the next one opens another."""
    with path.open("rb") as stream:
        line = stream.readline(_MAX_LINE)
        following = stream.read(256).lstrip()
    return line.rstrip().endswith((b"}", b"]")) and following.startswith((b"{", b"["))


def _detect_markup(path: Path, text: str) -> str:
    declared = text.startswith("<?xml")
    if 'progid="Word.Document"' in text[:2000]:
        return "word"
    asides = _ASIDES.match(text)
    place = asides.end() if asides else 0
    doctype = _DOCTYPE.match(text, place)
    if doctype:
        return (doctype[1] or "xml").lower()
    tag = _TAG.match(text, place)
    if not tag:
        return "xml" if declared or place == len(text) else "csv"
    name = tag[1].lower()
    if name == "workbook" and _SPREADSHEETML in text[:_NAMESPACES]:
        return "spreadsheetml"
    if name == "svg":
        return "svg"
    if _HTML_TAGS.fullmatch(name):
        return "html"
    return "xml" if declared or "xmlns" in text[:2000] or _ends_markup(path) else "csv"


def _ends_markup(path: Path) -> bool:
    """True where the file ends with a tag: without a declaration, a cell in angle brackets may begin a table."""
    with path.open("rb") as stream:
        stream.seek(-min(stream.seek(0, 2), 256), 2)
        return stream.read().rstrip(b" \t\r\n\0").endswith(b">")
