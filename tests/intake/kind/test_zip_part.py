"""Parts of ZIP archives that are inflated by ISA-L: the bytes, and the refusals, that zipfile gives."""

from __future__ import annotations

import io
import random
import zipfile
import zlib

import pytest

from opendata.intake.kind.zip_part import PieceStream, Stream, open_part

DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


def pack(data: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive with this part and one behind it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("part", data)
        archive.writestr("behind", b"x" * 100)
    return packed.getvalue()


def read_whole(stream: Stream, sizes: random.Random) -> bytes:
    """All bytes, read in pieces; none but the last is shorter than was asked for."""
    pieces: list[tuple[int, bytes]] = []
    with stream:
        while piece := stream.read(size := sizes.choice([1, 7, 5000, 1 << 19, 3 << 20])):
            pieces.append((size, piece))
    assert all(len(piece) == size for size, piece in pieces[:-1])
    return b"".join(piece for _, piece in pieces)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
@pytest.mark.parametrize("size", [0, 1, 1000, 1 << 20, 5_000_000])
def test_a_part_has_the_bytes_that_were_packed(method: int, size: int) -> None:
    chance = random.Random(size)
    data = (chance.randbytes(size // 50) + bytes(size))[:size] if size > 1000 else chance.randbytes(size)
    for part, whole in (("part", data), ("behind", b"x" * 100)):
        with zipfile.ZipFile(io.BytesIO(pack(data, method))) as archive:
            assert read_whole(open_part(archive, part), chance) == whole


def test_a_damaged_part_is_refused_or_has_the_bytes_that_were_packed() -> None:
    refused = 0
    for seed in range(400):
        chance = random.Random(seed)
        data = b"".join(b"<row>%d</row>" % chance.randrange(10**6) for _ in range(300))
        packed = bytearray(pack(data))
        for _ in range(chance.choice([1, 1, 5])):
            packed[chance.randrange(34, len(packed) // 2)] = chance.randrange(256)
        with zipfile.ZipFile(io.BytesIO(bytes(packed))) as archive:
            try:
                assert read_whole(open_part(archive, "part"), chance) == data
            except DAMAGE:
                refused += 1
    assert refused > 300


@pytest.mark.parametrize("shift", [-1000, 1000])
def test_a_part_of_another_size_than_declared_is_read_as_zipfile_reads_it(shift: int) -> None:
    data = b"a text, " * 10_000
    packed = pack(data)
    size = len(data).to_bytes(4, "little")
    at = packed.rindex(size, 0, packed.rindex(b"behind"))  # that of the directory
    with zipfile.ZipFile(
        io.BytesIO(packed[:at] + (len(data) + shift).to_bytes(4, "little") + packed[at + 4 :])
    ) as archive:
        try:
            expected = archive.read("part")
        except zipfile.BadZipFile:
            expected = None
        if expected is None:
            with pytest.raises(zipfile.BadZipFile):
                read_whole(open_part(archive, "part"), random.Random(1))
        else:
            assert read_whole(open_part(archive, "part"), random.Random(1)) == expected


def test_an_encrypted_part_is_refused() -> None:
    packed = bytearray(pack(b"a" * 100))
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    with zipfile.ZipFile(io.BytesIO(bytes(packed))) as archive, pytest.raises(RuntimeError):
        open_part(archive, "part")


def test_pieces_come_as_they_are() -> None:
    with PieceStream([b"ab", b"c"]) as stream:
        assert [stream.read(2), stream.read(2), stream.read(2)] == [b"ab", b"c", b""]
