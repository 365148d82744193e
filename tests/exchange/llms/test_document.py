"""`llms.txt`: a heading, a summary, sections of links to what the portal has."""

from __future__ import annotations

import re
from dataclasses import replace

from opendata.exchange.llms.document import write_document
from tests.exchange.dcat_us.test_documents import NOBODY
from tests.exchange.samples import ADDRESSES, PORTAL


def test_a_portal_that_has_nothing_names_nothing() -> None:
    text = write_document(ADDRESSES, NOBODY, "zh", counts=(0, 0), has=lambda path: False)
    assert text.startswith("# 门户\n\n> 门户的开放数据，可免费下载。数据集：0 个。")
    assert "](" not in text


def test_what_there_is_is_linked_in_both_languages() -> None:
    for language, heading in (("zh", "一次获取全部"), ("en", "All of it at once")):
        text = write_document(ADDRESSES, PORTAL, language, counts=(12, 3), has=lambda path: "croissant" not in path)
        assert f"## {heading}\n" in text
        assert text.count("\n# ") == 0
        links = dict(re.findall(r"\[(.*?)\]\((.*?)\)", text))
        assert links["/data.json"] == "https://data.example.org/data.json"
        assert "/mcp" in links
        assert not any("croissant" in path for path in links)
        other = "en" if language == "zh" else "zh"
        assert links[f"llms.txt ({other})"] == f"https://data.example.org/llms.txt?lang={other}"


def test_a_name_stays_on_its_line() -> None:
    portal = replace(PORTAL, names={"zh": "一\n# 二"})
    text = write_document(ADDRESSES, portal, "zh", counts=(0, 0), has=lambda path: True)
    assert text.startswith("# 一 # 二\n")
