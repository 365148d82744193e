"""Core metadata as documents: JSON and XML, one dataset or all of them, a dataset at a time.

The XML has the names of the elements as they are, and a value with parts as an element with elements. It conforms to
no published schema: none was found for the guide or for GB/T 21063.3.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

from opendata.exchange.gb.elements import Json

STANDARD = "发改高技术〔2017〕1272号；GB/T 21063.3-2007"
ONE, ALL = "政务信息资源", "政务信息资源目录"
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def write_json(found: Json) -> bytes:
    """One dataset."""
    return json.dumps({"标准": STANDARD, **found}, ensure_ascii=False).encode("utf-8", "replace")


def write_xml(found: Json) -> bytes:
    """One dataset."""
    text = f'{_HEAD}<{ONE} 标准="{STANDARD}">{_write_parts(found)}</{ONE}>\n'
    return text.encode("utf-8")


def stream_json(all_found: Iterable[Json]) -> Iterator[bytes]:
    """All datasets, one after the other."""
    yield f'{{"标准": {json.dumps(STANDARD, ensure_ascii=False)}, "{ALL}": ['.encode()
    for place, found in enumerate(all_found):
        text = json.dumps(found, ensure_ascii=False)
        yield (f",\n{text}" if place else f"\n{text}").encode("utf-8", "replace")
    yield b"\n]}\n"


def stream_xml(all_found: Iterable[Json]) -> Iterator[bytes]:
    """All datasets, one after the other."""
    yield f'{_HEAD}<{ALL} 标准="{STANDARD}">\n'.encode()
    for found in all_found:
        yield f"<{ONE}>{_write_parts(found)}</{ONE}>\n".encode()
    yield f"</{ALL}>\n".encode()


def _write_parts(found: Mapping[str, Any]) -> str:
    return "".join(
        f"<{name}>{_write_value(item)}</{name}>"
        for name, value in found.items()
        for item in (value if isinstance(value, list) else [value])
    )


def _write_value(value: Any) -> str:
    if isinstance(value, Mapping):
        return _write_parts(value)
    return escape(_NOT_IN_XML.sub("\ufffd", str(value)))
