"""The lines of a text. They end with LF, CRLF or CR (RFC 4180 and older files), and with no other character."""

from __future__ import annotations

import io


def split_lines(text: str) -> list[str]:
    """The lines with their ends; the last one may have none."""
    return io.StringIO(text, newline="").readlines()


def count_line_ends(text: str) -> int:
    """How many lines end in a text."""
    return text.count("\n") + (text.count("\r") - text.count("\r\n") if "\r" in text else 0)
