"""Damages files, texts and documents of JSON: the same input each time for the same source of chance."""

from __future__ import annotations

import bz2
import copy
import gzip
import io
import lzma
import random
import tarfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.intake.samples import zipped

LARGEST = 200_000
"""Larger files are left out: damage goes wrong at the same places in small ones, of which more can be tried."""

# What the grammars of tables and of their containers are made of.
TOKENS: Sequence[bytes] = (
    *(b",", b";", b"\t", b'"', b'""', b"\n", b"\r", b"\r\n", b"\0", b"\\", b"\xef\xbb\xbf", b"\xff\xfe", b"\x1a"),
    *(b"{", b"}", b"[", b"]", b":", b"null", b"1e999", b"-0", b"NaN", b'"\\ud800"', b"9" * 400, b"0x1p9"),
    *(b"<", b">", b"</c>", b"<c/>", b"&#0;", b"&lt;", b"<!--", b"]]>", b't="s"', b'r="XFE1"', b"PK\x01\x02"),
    *("，".encode(), "水库".encode("gb18030"), "\u2028".encode(), "2026年13月".encode(), b"2026-02-30", b"=1+1"),
    *(b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\x1b$B", b"%", b"%s", b"%(name)s", b"\x85"),
)

WORDS: Sequence[str] = (
    *("", " ", "0", "-1", "1e999", "NaN", "Infinity", "9" * 40, "1" * 5000, "\0", "\ud800", "\u2028", "\ufeff", "١٢"),
    *("²", "①", "%s", "%(name)s", "%", "{0}", "{{7*7}}", "<script>", "'", '"', "\\", "/", "..", "../../etc/passwd"),
    *(
        "2026-02-30",
        "0000-00-00",
        "9999-12-31T23:59:60Z",
        "2026-W05-1",
        "10000-01-01",
        "+1",
        "1/0",
        "\n",
        "\r\n",
        "a;b",
    ),
    *(
        "(a+)+$",
        "[",
        "(?P<x>",
        r"\p{L}{1000}",
        "*",
        "W/",
        ",",
        "=",
        "bytes",
        "a" * 70_000,
        "水" * 300,
        "e\u0301",
        "\U0001f600",
    ),
    *(
        "::1",
        "127.0.0.1:80",
        "[::",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://[",
        "http://a:99999999/",
        "data:,",
    ),
)
"""What texts are made of that a parser may not expect."""

VALUES: Sequence[Any] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, 10**400, 0.5, 1e308, -0.0, float("inf"), float("nan")),
    *([], {}, [[]], [None], [1, "a"], {"": ""}, {"a": {}}, [[[[[[]]]]]], {"name": 1}, ["a", "a"], {"type": "string"}),
)
"""Values of JSON, and the numbers that Python reads beside them."""


def flip(chance: random.Random, data: bytearray) -> None:
    data[chance.randrange(len(data))] = chance.randrange(256)


def cut(chance: random.Random, data: bytearray) -> None:
    start = chance.randrange(len(data))
    del data[start : start + chance.choice((1, 2, 16, 1000))]


def repeat(chance: random.Random, data: bytearray) -> None:
    start = chance.randrange(len(data))
    data[start:start] = data[start : start + chance.choice((1, 10, 1000))] * chance.choice((1, 2, 100))


def move(chance: random.Random, data: bytearray) -> None:
    start = chance.randrange(len(data))
    piece = data[start : start + chance.choice((1, 10, 1000))]
    place = chance.randrange(len(data))
    data[place : place + len(piece)] = piece


def insert(chance: random.Random, data: bytearray) -> None:
    place = chance.randrange(len(data))
    data[place:place] = chance.choice(TOKENS)


def overwrite(chance: random.Random, data: bytearray) -> None:
    token = chance.choice(TOKENS)
    place = chance.randrange(len(data))
    data[place : place + len(token)] = token


def end_early(chance: random.Random, data: bytearray) -> None:
    del data[chance.randrange(len(data)) :]


DAMAGES: Sequence[Callable[[random.Random, bytearray], None]] = (
    *(flip, cut, repeat, move, overwrite),
    *(insert, insert, insert),
)


def damage(chance: random.Random, content: bytes) -> bytes:
    """A file with between one and a dozen faults."""
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 3, 5, 12))):
        if data:
            chance.choice(DAMAGES)(chance, data)
    if data and chance.random() < 0.1:
        end_early(chance, data)
    return bytes(data[: 2 * LARGEST])


def damage_file(chance: random.Random, content: bytes) -> bytes:
    """A damaged file, or one whose container is whole: behind the checksums, where readers trust."""
    repack = next((found for head, found in _PACKED.items() if content.startswith(head)), None)
    if repack is None or chance.random() < 0.2:
        return damage(chance, content)
    return repack(chance, content)


def _repack_zip(chance: random.Random, content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    chosen = chance.choice([name for name, part in parts.items() if part] or [*parts])
    changed = {**parts, chosen: damage_file(chance, parts[chosen])}
    if chance.random() < 0.05:
        del changed[chance.choice([*changed])]
    return zipped(changed)


def _repack_gzip(chance: random.Random, content: bytes) -> bytes:
    return gzip.compress(damage_file(chance, gzip.decompress(content)[:LARGEST]), mtime=0)


def _repack_bzip(chance: random.Random, content: bytes) -> bytes:
    return bz2.compress(damage_file(chance, bz2.decompress(content)[:LARGEST]))


def _repack_xz(chance: random.Random, content: bytes) -> bytes:
    return lzma.compress(damage_file(chance, lzma.decompress(content)[:LARGEST]))


_PACKED: Mapping[bytes, Callable[[random.Random, bytes], bytes]] = {
    b"PK\x03\x04": _repack_zip,
    b"\x1f\x8b": _repack_gzip,
    b"BZh": _repack_bzip,
    b"\xfd7zXZ\0": _repack_xz,
}


def damage_text(chance: random.Random, text: str) -> str:
    """A text with a few pieces that don't belong there; rarely one such piece alone."""
    if chance.random() < 0.03:
        return chance.choice(WORDS)
    for _ in range(chance.choice((1, 1, 2, 4))):
        start = chance.randrange(len(text) + 1)
        end = chance.choice((start, start, start + 1, start + 4, len(text)))
        piece = chance.choice(
            (chance.choice(WORDS), chr(chance.choice((chance.randrange(128), chance.randrange(0x11000)))))
        )
        text = text[:start] + piece + text[end:]
    return text


def damage_json(chance: random.Random, document: Any) -> Any:
    """A document with a few values replaced, removed, doubled or moved."""
    found = copy.deepcopy(document)
    for _ in range(chance.choice((1, 1, 2, 3, 6))):
        found = _change(chance, found, found)
    return found


def _change(chance: random.Random, value: Any, root: Any) -> Any:
    """One change somewhere in a value."""
    inside = isinstance(value, dict | list) and value and chance.random() < 0.9
    if not inside:
        return _replace(chance, value, root)
    if isinstance(value, dict):
        key = chance.choice([*value])
        action = chance.random()
        if action < 0.08:
            value.pop(key)
        elif action < 0.14:
            value[chance.choice(WORDS)] = copy.deepcopy(value[key])
        elif action < 0.2:
            value[damage_text(chance, key)] = value.pop(key)
        else:
            value[key] = _change(chance, value[key], root)
        return value
    place = chance.randrange(len(value))
    action = chance.random()
    if action < 0.08:
        value.pop(place)
    elif action < 0.16:
        value.insert(place, copy.deepcopy(value[place]))
    else:
        value[place] = _change(chance, value[place], root)
    return value


def _replace(chance: random.Random, value: Any, root: Any) -> Any:
    action = chance.random()
    if isinstance(value, str) and action < 0.4:
        return damage_text(chance, value)
    if action < 0.7:
        return copy.deepcopy(chance.choice(VALUES))
    if action < 0.8 and isinstance(root, dict) and root:  # another part of the document
        return copy.deepcopy(root[chance.choice([*root])])
    return chance.choice(WORDS)


def make_tar(members: Mapping[str, bytes]) -> bytes:
    """An archive as `tar` makes them."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()
