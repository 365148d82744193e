"""A file being received: hashed by a thread on the way, whatever pieces it comes in, and gone when it is closed."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from opendata.receiving import ReceivedFile


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
