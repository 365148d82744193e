"""The clerk's guide: in each language, with every picture it names, small, and named by the page for uploads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from opendata.web.help import guide
from opendata.web.help.guide import PICTURES
from opendata.wording.voice import voice_of
from tests.web.catalogue.test_pages import check_page
from tests.web.conftest import Portal

MOST_BYTES = 1_500_000


@pytest.mark.parametrize(("language", "title"), [("zh", "数据填报：头三个月"), ("en", "A clerk's first three months")])
def test_the_guide_has_its_pictures_in_the_language_of_the_reader(portal: Portal, language: str, title: str) -> None:
    client = portal.signed_in("clerk", language)
    page = client.get("/help/guide").text
    check_page(page)
    assert f"<h1>{title}</h1>" in page
    pictures = re.findall(r'<img src="(/static/guide/([\w-]+)\.webp\?v=\w+)" alt="[^"]+"', page)
    assert [name for _, name in pictures] == [
        f"{name}-{language}" for name in ("upload", "questions", "cells", "meaning", "submit", "next", "correct")
    ]
    answer = client.get(pictures[0][0])
    assert (answer.status_code, answer.mimetype) == (200, "image/webp")
    assert "immutable" in answer.headers["Cache-Control"]
    assert 'href="/help/guide"' in client.get("/workspace/datasets/reservoirs/upload").text


def test_the_guide_calls_buttons_and_links_what_the_pages_call_them() -> None:
    folder = Path(guide.__file__).parent
    english = set(re.findall(r"\*\*(.+?)\*\*", (folder / "guide-en.md").read_text(encoding="utf-8")))
    chinese = set(re.findall("“(.+?)”", (folder / "guide-zh.md").read_text(encoding="utf-8")))
    translate = voice_of("zh").translate
    assert {text for text in english if translate(text) == text} == set()
    assert {translate(text) for text in english} == chinese


def test_the_pictures_are_small_and_all_in_use(portal: Portal) -> None:
    used = "".join(portal.client(language).get("/help/guide").text for language in ("zh", "en"))
    files = sorted(PICTURES.glob("*"))
    assert sum(file.stat().st_size for file in files) < MOST_BYTES
    assert [file.name for file in files if f"/{file.name}?" not in used] == []
