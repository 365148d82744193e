"""The XML of the protocol: its namespaces, and texts that XML can hold."""

from __future__ import annotations

import re

OAI = "http://www.openarchives.org/OAI/2.0/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean_text(text: str) -> str:
    """A text without what XML can't hold; U+FFFD is in its place."""
    return _NO_XML.sub("\ufffd", text)
