"""A logo made safe: of an SVG or PNG only what draws is kept.

Source: SVG 1.1 and 2 (elements and attributes), PNG third edition (chunks). Nothing in it is run or fetched.
"""

from __future__ import annotations

import re
import struct
import zlib
from typing import TYPE_CHECKING

from opendata.errors import N_, InputError

if TYPE_CHECKING:
    from lxml.etree import _Element

MOST_BYTES = 512 * 1024
_MOST_PIXELS = 4000
_MOST_ELEMENTS = 20_000

_PNG = b"\x89PNG\r\n\x1a\n"
_CHUNKS = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"sBIT"})
"""What says how a PNG looks; texts, times and the rest are left out."""

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_ELEMENTS = frozenset(
    (
        *("svg", "g", "defs", "symbol", "use", "title", "desc", "path", "rect", "circle", "ellipse", "line"),
        *("polyline", "polygon", "text", "tspan", "linearGradient", "radialGradient", "stop", "clipPath", "mask"),
        *("pattern"),
    )
)
_STYLES = frozenset(
    (
        *("fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-opacity", "stroke-linecap"),
        *("stroke-linejoin", "stroke-miterlimit", "stroke-dasharray", "stroke-dashoffset", "opacity", "color"),
        *("display", "visibility", "clip-path", "clip-rule", "mask", "stop-color", "stop-opacity", "font-family"),
        *("font-size", "font-weight", "font-style", "text-anchor", "dominant-baseline", "letter-spacing"),
        *("word-spacing", "overflow"),
    )
)
_ATTRIBUTES = frozenset(
    (
        *("id", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "fx", "fy", "d", "points"),
        *("width", "height", "viewBox", "preserveAspectRatio", "transform", "version", "href", "offset"),
        *("gradientUnits", "gradientTransform", "spreadMethod", "patternUnits", "patternContentUnits"),
        *("patternTransform", "clipPathUnits", "maskUnits", "maskContentUnits", "dx", "dy", "rotate"),
        *("textLength", "lengthAdjust"),
    )
)
_OUTSIDE = re.compile(r"url\(\s*['\"]?(?!#)|(?:https?|data|javascript):|\\|@import|expression\(", re.IGNORECASE)


def clean_picture(data: bytes) -> tuple[bytes, str]:
    """A picture that is safe to serve, and its media type. Raises `InputError` for what is none or too large."""
    if len(data) > MOST_BYTES:
        raise InputError(N_("The picture has more than %(limit)s kB"), limit=MOST_BYTES // 1024)
    if data.startswith(_PNG):
        return _clean_png(data), "image/png"
    if b"<svg" in data[:10_000]:
        return _clean_svg(data), "image/svg+xml"
    raise InputError(N_("A logo is an SVG or PNG picture. Save it as one of these"))


def _clean_png(data: bytes) -> bytes:
    kept, place = [_PNG], len(_PNG)
    seen: list[bytes] = []
    while place < len(data) and (not seen or seen[-1] != b"IEND"):
        head = data[place : place + 8]
        if len(head) < 8:
            raise _damaged()
        size, name = struct.unpack(">I4s", head)
        end = place + 12 + size
        if end > len(data) or zlib.crc32(data[place + 4 : end - 4]) != struct.unpack(">I", data[end - 4 : end])[0]:
            raise _damaged()
        if name in _CHUNKS:
            kept.append(data[place:end])
        elif not name[0] & 0x20:  # a critical chunk that we don't know
            raise _damaged()
        seen.append(name)
        place = end
    if not seen or seen[0] != b"IHDR" or seen[-1] != b"IEND" or b"IDAT" not in seen:
        raise _damaged()
    width, height = struct.unpack(">II", data[len(_PNG) + 8 : len(_PNG) + 16])
    if not 0 < width <= _MOST_PIXELS or not 0 < height <= _MOST_PIXELS:
        raise InputError(N_("The picture is wider or higher than %(limit)s pixels"), limit=_MOST_PIXELS)
    return b"".join(kept)


def _clean_svg(data: bytes) -> bytes:
    from lxml import etree

    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise InputError(N_("The SVG has a document type, which isn't accepted. Save it without one"))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        raise _damaged() from None
    if root.tag != f"{{{_SVG}}}svg":
        raise _damaged()
    if sum(1 for _ in root.iter()) > _MOST_ELEMENTS:
        raise InputError(N_("The picture has too many parts. Save it as a PNG"))
    _keep_drawing(root)
    etree.cleanup_namespaces(root)
    return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True))


def _keep_drawing(element: _Element) -> None:
    for child in list(element):
        name = child.tag.removeprefix(f"{{{_SVG}}}") if isinstance(child.tag, str) else ""
        if name in _ELEMENTS:
            _keep_drawing(child)
        else:
            element.remove(child)
    style = str(element.attrib.pop("style", ""))
    for part in style.split(";"):  # as attributes, for the policy of the picture allows no style
        name, _, value = part.partition(":")
        if name.strip() in _STYLES:
            element.set(name.strip(), value.strip())
    for key, text in [(str(key), str(text)) for key, text in element.attrib.items()]:
        plain = key.removeprefix(f"{{{_XLINK}}}")
        is_outside = not text.startswith("#") if plain == "href" else bool(_OUTSIDE.search(text))
        if plain not in _ATTRIBUTES | _STYLES or is_outside:
            del element.attrib[key]


def _damaged() -> InputError:
    return InputError(N_("The picture is damaged. Open it in the program it was made with, and save it again"))
