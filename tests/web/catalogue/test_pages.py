"""The public pages, in both languages, for people and for programs."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from opendata import errors, problems
from opendata.web.core.problem_pages import PROBLEMS
from tests.web.conftest import HOSTILE, Portal

PAGES = (
    "/",
    "/datasets",
    "/datasets?publisher=water-bureau",
    "/datasets/reservoirs",
    "/datasets/reservoirs/versions",
    "/datasets/reservoirs/diff/1.0.0...1.1.0",
    "/datasets/reservoirs/1.0.0/",
    "/datasets/reservoirs/1.1.0/",
    "/publishers",
    "/publishers/water-bureau",
    "/schemas",
    "/schemas/reservoir",
    "/problems",
    "/problems/not-found",
    "/sign-in",
)
VOID = {"meta", "link", "img", "input", "br", "hr"}


class Outline(HTMLParser):
    """Checks that elements nest, and collects ids, labels and fields."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.fields: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {key: value or "" for key, value in attrs}
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "label":
            self.labelled.add(found.get("for", ""))
        if tag in ("select", "textarea") or (
            tag == "input" and found.get("type", "text") in ("text", "url", "file", "password")
        ):
            self.fields.append(found.get("id", ""))
        assert "style" not in found
        assert not [name for name in found if name.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


def check_page(text: str) -> Outline:
    outline = Outline()
    outline.feed(text)
    assert not outline.open
    assert len(outline.ids) == len(set(outline.ids)), "an id twice"
    assert set(outline.fields) <= outline.labelled, "a field without a label"
    assert text.count("<h1") == 1
    return outline


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_there_in_both_languages(portal: Portal, path: str, language: str) -> None:
    answer = portal.client(language).get(path)
    assert answer.status_code == 200
    assert f'<html lang="{"zh-Hans-CN" if language == "zh" else "en"}">' in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] in ("no-cache", "private, no-store")
    check_page(answer.text)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_hostile_text_stays_text(portal: Portal, path: str, language: str) -> None:
    text = portal.client(language).get(path).text
    assert "<script>alert" not in text
    assert 'href="javascript:' not in text
    assert "onerror" not in text


def test_hostile_text_is_shown_as_it_was_written(portal: Portal) -> None:
    escaped = "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;"
    assert HOSTILE not in portal.client().get("/datasets/reservoirs/1.1.0/").text
    assert escaped in portal.client().get("/datasets/reservoirs/1.1.0/").text
    assert escaped in portal.client().get("/datasets/reservoirs").text


def test_markdown_is_drawn(portal: Portal) -> None:
    text = portal.client().get("/datasets/reservoirs").text
    assert "<strong>水位</strong>" in text
    assert '<a href="/leave?to=https://example.org/&amp;sign=' in text


def test_a_dataset_offers_its_files_with_size_and_code(portal: Portal) -> None:
    text = portal.client("en").get("/datasets/reservoirs").text
    assert 'href="/datasets/reservoirs/1.1.0/levels.csv"' in text
    assert 'href="/datasets/reservoirs/1.1.0/levels.parquet"' in text
    assert "3 rows" in text
    assert re.search(r"CSV <small>\d+ B</small>", text)
    assert "urllib.request.urlopen(&#34;http://localhost/datasets/reservoirs/1.1.0/levels.parquet&#34;)" in text
    assert "first version" in text
    assert "水位表: rows added: 1" in text
    assert "Reservoirs" in text


def test_the_chinese_page_says_why_a_version_has_its_number(portal: Portal) -> None:
    text = portal.client().get("/datasets/reservoirs").text
    assert "水位表：新增 1 行" in text
    assert "首个版本" in text


def test_a_version_shows_dictionary_and_rows(portal: Portal) -> None:
    text = portal.client("en").get("/datasets/reservoirs/1.0.0/").text
    assert "one capital letter, then 3 digits" in text
    assert "<td>Name</td>" in text  # the field's title in the reader's language
    assert '<td class="number">12.5' in text
    assert '<td class="short">2026-01-31</td>' in text
    assert "There is a newer version." in text
    assert "sha256:" in text


def test_text_in_another_language_than_the_page_is_marked(portal: Portal) -> None:
    assert '<span lang="zh-Hans-CN">水务局</span>' not in portal.client().get("/datasets/reservoirs").text
    assert '<span lang="zh-Hans-CN">水位表</span>' in portal.client("en").get("/datasets/reservoirs").text


def test_a_language_asked_for_is_kept(portal: Portal) -> None:
    client = portal.client("zh")
    assert "Datasets" in client.get("/?lang=en").text
    assert "Datasets" in client.get("/").text
    assert "数据集" in client.get("/?lang=zh").text
    assert "数据集" in client.get("/").text


@pytest.mark.parametrize(
    ("wish", "word"), [("fr", "数据集"), ("en-GB", "Datasets"), ("zh-TW,en;q=0.5", "数据集"), ("", "数据集")]
)
def test_the_language_follows_the_browser_else_the_setting(portal: Portal, wish: str, word: str) -> None:
    assert word in portal.client(wish).get("/").text


def test_the_language_link_cannot_be_bent(portal: Portal) -> None:
    text = portal.client().get("/datasets?_external=1&_scheme=javascript&x=%22%3E%3Cb%3E").text
    assert not re.search(r'(href|action|src)="javascript:', text)
    assert 'href="/datasets?_external=1&amp;_scheme=javascript&amp;x=%22%3E%3Cb%3E&amp;lang=en"' in text


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/datasets", "/api/v1/datasets"),
        ("/datasets/reservoirs", "/api/v1/datasets/reservoirs"),
        ("/datasets/reservoirs/versions", "/api/v1/datasets/reservoirs/versions"),
        ("/publishers/water-bureau", "/api/v1/publishers/water-bureau"),
        ("/schemas/reservoir", "/api/v1/schemas/reservoir"),
    ],
)
def test_programs_are_led_to_the_same_thing_in_rest(portal: Portal, path: str, target: str) -> None:
    client = portal.client()
    asked = client.get(path + "?limit=2", headers={"Accept": "application/json"})
    named = client.get(path + ".json?limit=2")
    for answer in (asked, named):
        assert (answer.status_code, answer.headers["Location"]) == (302, target + "?limit=2")
        assert "Accept" in answer.headers["Vary"]
    assert client.get(target).status_code == 200


def test_every_page_without_parameters_answers(portal: Portal) -> None:
    clients = [portal.client(), portal.signed_in("clerk"), portal.signed_in("boss", "en")]
    rules = [rule for rule in portal.app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    for rule in rules:
        if not (rule.arguments - set(rule.defaults or {})):
            for client in clients:
                assert client.get(rule.rule).status_code < 500, rule.rule


def test_what_is_not_there_has_a_page(portal: Portal) -> None:
    answer = portal.client("en").get("/datasets/nothing")
    assert answer.status_code == 404
    assert "There is no dataset “nothing”" in answer.text
    assert 'href="/problems/not-found"' in answer.text
    check_page(answer.text)


@pytest.mark.parametrize("path", [path for path in PAGES if "?" not in path and not path.endswith("/")])
def test_a_slash_too_many_leads_to_the_page(portal: Portal, path: str) -> None:
    answer = portal.client().get(f"{path}/?lang=en")
    assert (answer.status_code, answer.headers["Location"]) == (301, f"{path}?lang=en")


def test_a_slash_too_many_leads_to_nothing_else(portal: Portal) -> None:
    client = portal.client()
    for path in ("/api/v1/datasets/", "/nothing/", "/datasets/reservoirs/1.1.0/levels.csv/x/"):
        assert client.get(path).status_code == 404, path
    assert client.get("/datasets/reservoirs/1.1.0").headers["Location"].endswith("/datasets/reservoirs/1.1.0/")
    assert client.post("/sign-in/").status_code in (404, 405)


def test_every_kind_of_problem_is_explained(portal: Portal) -> None:
    slugs = {kind.slug for kind in problems.STATUS} | set(problems.SLUGS.values())
    assert slugs <= set(PROBLEMS)
    assert issubclass(errors.NotFoundError, errors.OpendataError)
    for slug in PROBLEMS:
        assert portal.client().get(f"/problems/{slug}").status_code == 200


def test_operations_are_plain(portal: Portal) -> None:
    client = portal.client()
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").status_code == 200
    assert "http://localhost/datasets/reservoirs</loc>" in client.get("/sitemap.xml").text
    assert "Disallow: /workspace" in client.get("/robots.txt").text


def test_an_instance_without_its_store_is_not_ready(desk: Portal) -> None:
    store = desk.services.settings.public_folder
    store.rename(store.with_name("gone"))
    answer = desk.client().get("/readyz", headers={"Accept": "*/*"})
    assert answer.status_code == 503
    assert answer.content_type == "application/problem+json"


def test_static_files_are_kept_by_their_digest(portal: Portal) -> None:
    client = portal.client()
    address = re.search(r'href="(/static/style.css\?v=\w+)"', client.get("/").text)
    assert address
    assert "immutable" in client.get(address[1]).headers["Cache-Control"]
    assert client.get("/static/style.css").headers["Cache-Control"] == "no-cache"


def test_reading_leaves_no_cookie(portal: Portal) -> None:
    for path in ("/", "/datasets", "/datasets/reservoirs"):
        assert "Set-Cookie" not in portal.client().get(path).headers
