"""Lines end with LF, CRLF or CR; the other characters that Python's `splitlines` ends lines at are text."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from opendata.tables.text.lines import count_line_ends, split_lines

TEXTS = st.text(st.sampled_from('a,"\n\r\x0b\x0c\x1c\x85\u2028\u2029'))


@given(TEXTS)
def test_a_text_is_its_lines(text: str) -> None:
    lines = split_lines(text)
    assert "".join(lines) == text
    assert [line.rstrip("\r\n") for line in lines] == re.split("\r\n|\r|\n", text)[: len(lines)]
    assert count_line_ends(text) == sum(line.endswith(("\r", "\n")) for line in lines)


@given(TEXTS)
def test_the_lines_of_text_are_those_of_its_bytes(text: str) -> None:
    assert [line.encode() for line in split_lines(text)] == text.encode().splitlines(keepends=True)
