"""Markup from outside can't make the program read, fetch or expand anything, nor nest without end."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from opendata.intake.document.markup import MarkupError, parse_tree


def test_a_tree_has_the_elements_of_the_document() -> None:
    root = parse_tree(io.BytesIO(b"<?xml version='1.0'?><a><b c='1'>x &amp; y</b></a>"))
    assert [(node.tag, node.get("c"), node.text) for node in root] == [("b", "1", "x & y")]


@pytest.mark.parametrize(
    "document",
    [
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a [<!ENTITY b 'x'>]><a>&b;</a>",
        "<!DOCTYPE a [<!ENTITY b SYSTEM 'file://{secret}'>]><a>&b;</a>",
        "<!DOCTYPE a SYSTEM 'file://{secret}'><a/>",
        "<a>&b;</a>",
        "<a>" * 300 + "</a>" * 300,
        "<a>" + "x" * 11_000_000 + "</a>",
        "<a>",
        "<a/><b/>",
        "",
    ],
    ids=lambda text: text[:30],
)
def test_a_document_that_could_do_harm_is_refused(document: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.dtd"
    secret.write_text("<!ELEMENT a ANY>")
    document = document.replace("{secret}", str(secret))
    for source in (document, io.BytesIO(document.encode())):
        with pytest.raises(MarkupError):
            parse_tree(source)
