"""The words of the product: each is explained, and clerks' pages say no hard word without its explanation."""

from __future__ import annotations

import re

import pytest

from tests.instances import DATASET, upload
from tests.services.drafts.test_matching import TITLED
from tests.web.catalogue.test_pages import check_page
from tests.web.conftest import PASSWORD, Portal

HARD = {
    "Table Schema": "table-schema",
    "datapackage.json": "manifest",
    "摘要": "digest",
    "版本清单": "manifest",
    "SHA-256": "digest",
    "JSON": "json",
}
WRONG = "code,name,level,measured\nA001,东湖,12.5,2026-01-31\n合计,,约3,2026-02-01\n"


@pytest.mark.parametrize(("language", "word"), [("zh", "草稿"), ("en", "Draft")])
def test_each_word_has_a_meaning_and_an_example(portal: Portal, language: str, word: str) -> None:
    page = portal.client(language).get("/help/words").text
    check_page(page)
    assert f'<dt id="draft">{word}</dt>' in page
    assert page.count("<dt id=") == page.count("例如：" if language == "zh" else "For example: ") > 20
    assert 'href="/help/words"' in portal.client(language).get("/").text


def test_pages_of_clerks_explain_hard_words(desk: Portal) -> None:
    clerk = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    desk.services.datasets.create(clerk, DATASET)
    draft = f"/workspace/drafts/{upload(desk.services, clerk).id}"
    browser = desk.signed_in("clerk")
    for path in ("/workspace", "/workspace/datasets/reservoirs/upload", draft, f"{draft}/check", f"{draft}/discard"):
        page = browser.get(path).text
        text = re.sub(r"<[^>]*>", " ", page.partition("<main")[2])
        for word, anchor in HARD.items():
            assert word not in text or f'href="/help/words#{anchor}"' in page, (path, word)


def test_the_page_of_a_wrong_draft_helps_in_order_and_names_columns_by_their_titles(desk: Portal) -> None:
    clerk = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    desk.services.datasets.create(clerk, DATASET)
    draft = f"/workspace/drafts/{upload(desk.services, clerk, WRONG, schema=TITLED).id}"
    page = desk.signed_in("clerk").get(draft).text
    assert page.index("校验报告：levels") < page.index("下一版本的表")
    assert "水位（米） <code>level</code>" in page
    assert "“合计”的写法不符合要求，应为：1 个大写字母，接着 3 个数字" in page
    assert "这是合计行吗？" in page
    listed = desk.signed_in("clerk").get(f"{draft}/resources/levels/findings").text
    assert "编号 <code>code</code>" in listed
