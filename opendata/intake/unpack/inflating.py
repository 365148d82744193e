"""Compressed bytes into plain ones, block by block and in little memory: gzip, bzip2, xz, Zstandard.

Standards: RFC 1952 (gzip), RFC 1951 (deflate), RFC 8878 (Zstandard), the bzip2 and xz formats.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from opendata.errors import N_, InputError, TooLargeError, UnreadableFileError
from opendata.intake.understanding import Decision

BLOCK = 1 << 18
_XZ_MEMORY = 256 << 20
_MAX_STREAMS = 100_000  # parallel packers write one stream per 64 kB and more
_GZIP = zlib.MAX_WBITS | 16


class Decompressor(Protocol):
    """The interface of bz2 and lzma: it takes bytes in, and gives no more out at once than asked for."""

    @property
    def eof(self) -> bool:
        """True after the end of the stream."""

    @property
    def needs_input(self) -> bool:
        """True where nothing is held back."""

    @property
    def unused_data(self) -> bytes:
        """What came after the end of the stream."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """At most `max_length` bytes more."""


class Inflater:
    """zlib's decompressor under the same interface. `window` is its wbits."""

    def __init__(self, window: int = -zlib.MAX_WBITS) -> None:
        self._inner = zlib.decompressobj(window)

    @property
    def eof(self) -> bool:
        """True after the end of the stream."""
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        """True where nothing is held back."""
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        """What came after the end of the stream."""
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """At most `max_length` bytes more."""
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


def inflate(decompressor: Decompressor, read: Callable[[int], bytes], name: str) -> Iterator[bytes]:
    """The content of one compressed stream in blocks. Raises `UnreadableFileError` for damage or a missing end."""
    while not decompressor.eof:
        data = read(BLOCK) if decompressor.needs_input else b""
        try:
            block = decompressor.decompress(data, BLOCK)
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
            raise _refuse(error, name) from None
        if block:
            yield block
        elif not data and decompressor.needs_input and not decompressor.eof:
            raise UnreadableFileError(
                N_("“%(name)s” is cut off: its end is missing. Copy or download the file again"), name=name
            )


def decompress(path: Path, form: str, name: str, decisions: list[Decision]) -> Iterator[bytes]:
    """The content of a gzip, bzip2, xz or zstd file, of all its streams one after the other.

    Bytes after the last stream are ignored and reported in `decisions`. Raises `UnreadableFileError` for a file that is
    damaged or cut off, `TooLargeError` if unpacking would need too much memory.
    """
    if form == "zstd":
        return _decompress_zstd(path, name)
    return _decompress_streams(path, form, name, decisions)


def _new(form: str) -> Decompressor:
    if form == "gzip":
        return Inflater(_GZIP)
    if form == "bzip2":
        return bz2.BZ2Decompressor()
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)


_MAGICS = {"gzip": b"\x1f\x8b", "bzip2": b"BZh", "xz": b"\xfd7zXZ\0"}


def _decompress_streams(path: Path, form: str, name: str, decisions: list[Decision]) -> Iterator[bytes]:
    with path.open("rb") as stream:
        source = _Source(stream)
        for _ in range(_MAX_STREAMS):
            decompressor = _new(form)
            yield from inflate(decompressor, source.read, name)
            source.give_back(decompressor.unused_data)
            if not source.skip_zeros():
                return
            if not source.starts_with(_MAGICS[form]):
                text = N_("Extra bytes after the end of “%(name)s” were ignored")
                decisions.append(Decision(rule="trailing-bytes", text=text, details={"name": name}, sure=0.8))
                return
    raise TooLargeError(N_("“%(name)s” has too many parts. Pack it again, or upload it unpacked"), name=name)


class _Source:
    """A file that takes back what was read too far."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._back = b""

    def read(self, count: int) -> bytes:
        data, self._back = self._back, b""
        return data or self._stream.read(count)

    def give_back(self, data: bytes) -> None:
        self._back = data + self._back

    def skip_zeros(self) -> bool:
        """Pass over padding; True where something comes after it."""
        while data := self.read(BLOCK):
            if rest := data.lstrip(b"\0"):
                self.give_back(rest)
                return True
        return False

    def starts_with(self, magic: bytes) -> bool:
        if len(self._back) < len(magic):
            self._back += self._stream.read(BLOCK)
        return self._back.startswith(magic)


def _decompress_zstd(path: Path, name: str) -> Iterator[bytes]:
    # Python 3.11 has no Zstandard of its own; Arrow's knows frames in a row and refuses windows above 128 MB.
    import pyarrow as pa

    with path.open("rb"), pa.input_stream(str(path), compression="zstd") as stream:
        while True:
            try:
                block = stream.read(BLOCK)
            except (OSError, pa.ArrowException) as error:
                raise _refuse(error, name) from None
            if not block:
                return
            yield block


def _refuse(error: Exception, name: str) -> InputError:
    if "memory" in str(error).lower():
        return TooLargeError(
            N_("Unpacking “%(name)s” takes too much memory. Pack it again with the usual settings"),
            name=name,
        )
    return UnreadableFileError(
        N_("“%(name)s” is damaged or cut off and can't be unpacked. Copy or download the file again"), name=name
    )
