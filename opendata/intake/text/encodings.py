"""Which character encoding a file is in: proved on all its bytes; where several fit, weighed by its characters.

Sources: Unicode ch. 23.8 (byte order mark); GB 18030, Big5 with HKSCS, JIS X 0208 and KS X 1001 as Windows has them
(code pages 936, 950, 932, 949), Windows-1252.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from opendata.errors import N_
from opendata.intake.text.frequencies import ASCII_BITS, measure
from opendata.intake.text.one_byte import ENCODINGS, USUAL_BITS
from opendata.intake.understanding import CAREFUL, Decision
from opendata.tables.text.decoding import is_mostly_utf8

BLOCK_BYTES = 1 << 18
"""This many bytes are read at once; the result is the same for any number."""

_SAMPLE_BYTES = 1 << 17
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = ("utf-16-le", "utf-16-be")
_OLD = ("gb18030", "big5hkscs", "cp950", "cp949", "cp932", "euc_jp", *ENCODINGS)
_RIVAL = 1.3
"""A reading that takes this many times the bits of the best one has no claim, even if it has no fault."""
_FEW_LETTERS = 4
_FEW_BITS = 12.0
_ZERO_BITS = 10.0
_FIRST_BYTES = 4096
_ESCAPED = (("iso2022_kr", b"\x1b$)C"), ("iso2022_jp", b"\x1b"), ("iso2022_jp_ext", b"\x1b"), ("hz", b"~{"))
_UTF_7 = re.compile(rb"\+(?=[A-Za-z0-9+/]*[A-Z])(?=[A-Za-z0-9+/]*[a-z0-9])[A-Za-z0-9+/]{3,}")
_UTF_7_BITS = 13.0
_SURE_BITS = 3.0
"""Bits of difference that halve the doubt: characters of a text hang together, so one bit proves less than a half."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The first byte that is not of an encoding: its offset from 0, and its line from 1."""

    offset: int
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodingCandidate:
    """An encoding tried on the whole file; `score` from 0 to 1 tells how usual the text is that it gives."""

    encoding: str
    score: float
    fault: Fault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodingVerdict:
    """The encoding to read a file with, under Python's name for it, and how sure that is.

    `candidates` are the encodings that were tried, best first; only where the first one has a fault does the file
    not follow its encoding to the end. Of UTF-8 with a byte order mark the name is `utf-8` too.
    """

    encoding: str
    sure: float
    candidates: Sequence[EncodingCandidate]
    decisions: Sequence[Decision]


def find_encoding(path: Path) -> EncodingVerdict:
    """Find the encoding of a text file, in constant memory: mark, UTF-8, UTF-16, then the old ones by their text."""
    with path.open("rb") as stream:
        head = stream.read(4)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            fault = _find_fault(path, encoding)
            text = N_("The file begins with the byte order mark of %(encoding)s")
            return _decide([EncodingCandidate(encoding=encoding, score=1.0, fault=fault)], 0.5 if fault else 1.0, text)
    sample, zeros = _take_sample(path)
    if not sample and not zeros:
        escaped = _find_escaped(path)
        if escaped is not None:
            return escaped
        text = N_("The file has only ASCII characters, which read the same in %(encoding)s and all other encodings")
        return _decide([EncodingCandidate(encoding="utf-8", score=1.0)], 1.0, text)
    if zeros and (wide := _find_wide(path)):
        return wide
    fault = _find_fault(path, "utf-8")
    if fault is not None and is_mostly_utf8(sample):
        return _decide([EncodingCandidate(encoding="utf-8", score=0.9, fault=fault)], 0.6, "")
    text = sample.decode("utf-8", "ignore")
    letters = sum(letter >= "\x80" for letter in text)
    # A word or two of GB 2312 may happen to be valid UTF-8, of a script that nobody would expect.
    chance = letters <= _FEW_LETTERS and measure(sample.decode("gb18030", "replace"), "gb18030") + 2 < measure(
        text, "utf-8"
    )
    if fault is None and not chance:
        text = N_("Every byte of the file is valid %(encoding)s")
        return _decide([EncodingCandidate(encoding="utf-8", score=1.0)], 1.0 - 0.25**letters, text)
    return _weigh(path, sample, fault)


def decode_sample(path: Path, encoding: str, limit_bytes: int) -> str:
    """The text at the beginning of a file, without its mark; a wrong byte becomes U+FFFD, a cut character nothing."""
    with path.open("rb") as stream:
        data = stream.read(limit_bytes)
    return codecs.getincrementaldecoder(encoding)("replace").decode(data).removeprefix("\ufeff")


def _decide(candidates: Sequence[EncodingCandidate], sure: float, text: str) -> EncodingVerdict:
    best = candidates[0]
    details: dict[str, object] = {"encoding": best.encoding.upper()}
    if best.fault:
        text = N_("The file looks like %(encoding)s, but line %(line)s (byte %(byte)s of the file) isn't")
        details |= {"line": best.fault.line, "byte": best.fault.offset + 1}
    asks = best.encoding in ENCODINGS and sure < CAREFUL and not best.fault  # any bytes are valid in it
    if asks:
        text = N_(
            "The text fits %(encoding)s best, but other encodings are possible. Check that it is readable, and choose"
            " another encoding if it isn't"
        )
    decision = Decision(rule="encoding", text=text, details=details, sure=sure, asks=asks)
    return EncodingVerdict(encoding=best.encoding, sure=sure, candidates=tuple(candidates), decisions=(decision,))


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while block := stream.read(BLOCK_BYTES):
            yield block


def _take_sample(path: Path) -> tuple[bytes, bool]:
    """Lines that are not ASCII, wherever in the file they are, and whether there is a zero byte before their end."""
    sample = bytearray()
    rest = b""
    zeros = False
    for block in _blocks(path):
        zeros = zeros or b"\0" in block
        if block.isascii() and (not rest or rest.isascii()):
            rest = block[block.rfind(b"\n") + 1 :]
            continue
        # No line is held longer than a block, so that a file of one line takes no memory.
        lines = (rest[-BLOCK_BYTES:] + block).splitlines(keepends=True)
        rest = lines.pop() if len(lines) > 1 and not block.endswith(b"\n") else b""
        sample += b"".join(line for line in lines if not line.isascii())
        if len(sample) >= _SAMPLE_BYTES:
            return bytes(sample[:_SAMPLE_BYTES]), zeros
    if not rest.isascii():
        sample += rest
    return bytes(sample[:_SAMPLE_BYTES]), zeros


def _find_wide(path: Path) -> EncodingVerdict | None:
    """UTF-16 without mark: delimiters and digits have a zero byte, which as a character of its own no text has."""
    if path.stat().st_size % 2:
        return None
    with path.open("rb") as stream:
        sample = stream.read(_SAMPLE_BYTES)
    bits = {
        name: measure(text, name) + _ZERO_BITS * text.count("\0")
        for name in (*_WIDE, "utf-8", "gb18030")
        if (text := codecs.getincrementaldecoder(name)("replace").decode(sample))
    }
    best = min(bits, key=bits.__getitem__)
    if best not in _WIDE or _find_fault(path, best):
        return None
    text = N_("The zero bytes in the file match %(encoding)s, and the whole file is valid")
    sure = 0.99 - 0.5 ** (1 + (min(bits[name] for name in bits if name != best) - bits[best]) / _SURE_BITS)
    return _decide([EncodingCandidate(encoding=best, score=1.0)], sure, text)


def _find_fault(path: Path, encoding: str) -> Fault | None:
    """The first byte of the file that is not of the encoding, or None: the proof."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    count = 0
    held = 0
    for block in _blocks(path):
        if held or encoding.startswith("utf-") or not block.isascii():
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                return _locate(path, count - held + error.start, encoding)
            held = len(decoder.getstate()[0])
        count += len(block)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return _locate(path, count - held + error.start, encoding)
    return None


def _locate(path: Path, offset: int, encoding: str) -> Fault:
    """The line of a byte; lines end with LF, CRLF or CR, as everywhere in this program."""
    size = {"utf-16": 2, "utf-32": 4}.get(encoding[:6], 1)
    ends = [mark.encode(encoding) for mark in ("\n", "\r", "\r\n")]
    line = 1
    left = offset
    with path.open("rb") as stream:
        while left > 0 and (block := stream.read(min(left, BLOCK_BYTES))):
            left -= len(block)
            if block.endswith(ends[1]) and left > 0:
                more = stream.read(min(size, left))
                block, left = block + more, left - len(more)
            feeds, returns, both = (block.count(end) for end in ends)
            line += feeds + returns - both
    return Fault(offset, line)


def _weigh(path: Path, sample: bytes, utf8_fault: Fault | None) -> EncodingVerdict:
    """Try the old encodings on the whole file, in the order of how usual the text is that they give."""
    bits = _measure_all(sample)
    bits["utf-8"] = measure(sample.decode("utf-8", "replace"), "utf-8")
    plain = ASCII_BITS * sum(byte < 0x80 for byte in sample)
    least = min(bits.values())
    tried: dict[str, Fault | None] = {"utf-8": utf8_fault}
    for name in sorted(bits.keys() - {"utf-8"}, key=bits.__getitem__):
        if any(fault is None for fault in tried.values()) and not _rivals(bits[name], least, plain):
            break
        tried[name] = _find_fault(path, name)
    proved = [name for name, fault in tried.items() if fault is None and _rivals(bits[name], least, plain)]
    # The faulty ones stay beside: a person may know better.
    order = sorted(tried, key=lambda name: (name not in proved, bits[name]))
    candidates = [
        EncodingCandidate(encoding=name, score=_score(bits[name] - plain, least - plain), fault=tried[name])
        for name in order
    ]
    if not proved:
        return _decide(candidates, 0.3, "")
    best = order[0]
    others = [bits[name] for name in bits if name != best and _text_differs(sample, best, name)]
    others = [found for found in others if found > bits[best]] or [bits[best]]
    sure = 0.999 - 0.5 ** (1 + (min(others) - bits[best]) / _SURE_BITS)
    alike = len(proved) > 1
    text = (
        N_("Every byte of the file is valid %(encoding)s, which is the most common encoding that fits the text")
        if alike
        else N_("Every byte of the file is valid %(encoding)s, and no other encoding gives meaningful text")
    )
    return _decide(candidates, max(0.3, sure), text)


def _measure_all(sample: bytes) -> dict[str, float]:
    """How usual the text is by each old encoding, but by those of one byte that the first lines rule out."""
    start = sample[:_FIRST_BYTES]
    letters = sum(byte >= 0x80 for byte in start)
    found = {}
    for name in _OLD:
        text = codecs.getincrementaldecoder(name)("replace").decode(start)
        if name in ENCODINGS and measure(text, name) - ASCII_BITS * (len(start) - letters) > USUAL_BITS * (letters + 1):
            continue
        found[name] = measure(codecs.getincrementaldecoder(name)("replace").decode(sample), name)
    return found


def _find_escaped(path: Path) -> EncodingVerdict | None:
    """The encodings that write other scripts in ASCII: by escapes (ISO 2022), marks (HZ) or Base64 (UTF-7)."""
    with path.open("rb") as stream:
        head = stream.read(_SAMPLE_BYTES)
    for name, mark in _ESCAPED:
        text = decode_sample(path, name, len(head)) if mark in head else ""
        if not text.isascii() and "\x1b" not in text and "\ufffd" not in text and not _find_fault(path, name):
            text = N_("The file has the escape sequences of %(encoding)s, and the whole file is valid")
            return _decide([EncodingCandidate(encoding=name, score=1.0)], 0.97, text)
    if b"\x1b$" in head or b"\x1b(" in head:
        return _ask(N_("The file has escape sequences of an encoding that can't be read. Save it as UTF-8"))
    if _UTF_7.search(head) and not _find_fault(path, "utf-7") and _is_usual(decode_sample(path, "utf-7", len(head))):
        return _ask(N_("The file looks like UTF-7, which can't be read. Save it as UTF-8, or confirm that it is ASCII"))
    return None


def _is_usual(text: str) -> bool:
    """Whether the characters beyond ASCII are those of words."""
    wide = "".join(letter for letter in text if letter >= "\x80")
    return bool(wide) and measure(wide, "utf-8") <= _UTF_7_BITS * len(wide)


def _ask(text: str) -> EncodingVerdict:
    candidate = EncodingCandidate(encoding="utf-8", score=0.5)
    decision = Decision(rule="encoding", text=text, details={"encoding": "UTF-8"}, sure=0.3, asks=True)
    return EncodingVerdict(encoding="utf-8", sure=0.3, candidates=(candidate,), decisions=(decision,))


def _rivals(bits: float, least: float, plain: float) -> bool:
    return bits - plain <= max(_RIVAL * (least - plain), least - plain + _FEW_BITS)


def _score(bits: float, least: float) -> float:
    return round(max(least, 1.0) / max(bits, 1.0), 3) if bits > 0 else 1.0


def _text_differs(sample: bytes, one: str, other: str) -> bool:
    return sample.decode(one, "replace") != sample.decode(other, "replace")
