"""A file being received: hashed by a thread on the way, whatever pieces it comes in, and gone when it is closed."""

from __future__ import annotations

import hashlib
import io
import tempfile
from pathlib import Path
from typing import IO, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.test import EnvironBuilder

from opendata import receiving
from opendata.receiving import FormParser, ReceivedFile, receive_into


@given(sizes=st.lists(st.integers(0, 700_000), max_size=8), asks=st.sets(st.integers(0, 7)))
def test_the_digest_is_that_of_the_bytes_written(sizes: list[int], asks: set[int]) -> None:
    written = b""
    with tempfile.TemporaryDirectory() as folder:
        file = ReceivedFile(Path(folder))
        for place, size in enumerate(sizes):
            piece = bytes([place + 1]) * size
            file.write(piece)
            written += piece
            if place in asks:
                assert file.sha256 == hashlib.sha256(written).hexdigest()
        file.flush()
        assert Path(file.name).read_bytes() == written
        file.close()
        assert file.sha256 == hashlib.sha256(written).hexdigest()
        assert not Path(file.name).exists()


def test_a_file_larger_than_what_is_synced_at_a_time_is_whole(tmp_path: Path) -> None:
    digest = hashlib.sha256()
    file = ReceivedFile(tmp_path)
    for number in range(70):
        piece = bytes([number]) * (1 << 20)
        digest.update(piece)
        file.write(piece)
    assert file.sha256 == digest.hexdigest()
    file.flush()
    assert hashlib.sha256(Path(file.name).read_bytes()).hexdigest() == digest.hexdigest()
    file.close()


BOUNDARY = "a-b"
CONTENTS = st.lists(
    st.sampled_from(["\r\n--a-b", "\r\n--a-", "\n--a-bc", "--a-b", "\r", "\n", "-", "x", "\r\n", "text " * 20]),
    max_size=12,
).map("".join)
PARTS = st.lists(st.tuples(st.booleans(), st.sampled_from(["one", "two"]), CONTENTS), max_size=4)


def build_body(parts: list[tuple[bool, str, str]], end: str) -> bytes:
    found = ""
    for is_file, name, content in parts:
        filename = f'; filename="{name}.csv"' if is_file else ""
        found += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{filename}\r\n\r\n{content}\r\n'
    return (found + end).encode()


class Pieces(io.RawIOBase):
    """A body that gives at most so many bytes at a time."""

    def __init__(self, body: bytes, most: int) -> None:
        self._body = io.BytesIO(body)
        self._most = most

    def read(self, size: int = -1) -> bytes:
        return self._body.read(self._most if size < 0 else min(size, self._most))


def read_form(parser: type[FormDataParser], body: bytes, most: int) -> Any:
    kept: list[io.BytesIO] = []

    def keep(*_: object, **__: object) -> IO[bytes]:
        kept.append(io.BytesIO())
        return kept[-1]

    found = parser(stream_factory=keep, max_form_memory_size=600, max_form_parts=3, silent=False)
    try:
        stream = cast(IO[bytes], Pieces(body, most))
        _, fields, files = found.parse(stream, "multipart/form-data", len(body), {"boundary": BOUNDARY})
    except (ValueError, RequestEntityTooLarge) as error:
        return type(error)
    sent = [(name, file.filename, file.read()) for name, file in files.items(multi=True)]
    return [*fields.items(multi=True)], sent


@given(
    parts=PARTS,
    end=st.sampled_from(["--a-b--\r\n", "--a-b--", "--a-b", ""]),
    most=st.integers(1, 300),
    piece=st.integers(1, 64),
)
def test_a_form_is_read_as_its_decoder_reads_it_whole(
    parts: list[tuple[bool, str, str]], end: str, most: int, piece: int
) -> None:
    body = build_body(parts, end)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(receiving, "SMALL_BYTES", 0)
        patch.setattr(receiving, "PIECE_BYTES", piece)
        found = read_form(FormParser, body, most)
    assert found == read_form(FormDataParser, body, most)


def test_a_large_file_is_written_as_it_comes(tmp_path: Path) -> None:
    line = "\r\n--a-".join(map(str, range(20))) + "\n"
    content = line * 30_000
    body = build_body([(False, "one", "x"), (True, "two", content), (False, "one", "y")], "--a-b--\r\n")
    environ = EnvironBuilder(method="POST", input_stream=io.BytesIO(body), content_length=len(body)).get_environ()
    environ["CONTENT_TYPE"] = f"multipart/form-data; boundary={BOUNDARY}"
    request = receive_into(tmp_path, 0)(environ)
    file = request.files["two"].stream
    assert isinstance(file, ReceivedFile)
    assert file.sha256 == hashlib.sha256(content.encode()).hexdigest()
    file.flush()
    assert Path(file.name).read_text() == content.replace("\r\n", "\n")
    assert request.form.getlist("one") == ["x", "y"]
    request.close()
    assert not list(tmp_path.iterdir())
