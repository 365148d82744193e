"""Citations beside a version, the page of versions, and the feeds of what is said of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from lxml import etree

from opendata.web.core.languages import pick_reason, say_reason
from tests.instances import CSV, publish
from tests.web.conftest import PASSWORD, SAMPLE, Portal, make_portal

A = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A dataset with twelve versions, the first withdrawn, the second corrected by the third."""
    with make_portal(tmp_path_factory.mktemp("archive")) as portal:
        services = portal.services
        boss = services.accounts.sign_in("boss", PASSWORD)[0]
        services.datasets.create(boss, SAMPLE)
        text = CSV
        for number in range(12):
            publish(services, boss, text)
            text += f"B{number:03},湖{number},{number},2026-02-02\n"
        services.withdrawals.withdraw(boss, "reservoirs", "1.0.0", reason="wrong table")
        services.withdrawals.report_erratum(boss, "reservoirs", "1.1.0", text="one level too high", successor="1.2.0")
        yield portal


def read(portal: Portal, path: str, language: str = "en") -> etree._Element:
    answer = portal.client(language).get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/atom+xml")
    return etree.fromstring(answer.data)


def test_a_version_is_cited_in_three_forms(archive: Portal) -> None:
    client, place = archive.client("en"), "/datasets/reservoirs/1.2.0/"
    page = client.get(place).text
    assert "Reservoirs. Version 1.2.0." in page
    assert f'href="{place}citation.bib?lang=en"' in page
    text = client.get(f"{place}citation.txt").text
    assert text.strip() in page
    digest = client.get(f"{place}datapackage.json").headers["ETag"].strip('"')
    assert f"sha256:{digest}" in text
    (item,) = json.loads(client.get(f"{place}citation.json").text)
    assert item["URL"] == "http://localhost/datasets/reservoirs/1.2.0/"
    assert client.get(f"{place}citation.bib").text.startswith("@dataset{reservoirs-1.2.0,")
    assert "水库[DS/OL]" in archive.client("zh").get(f"{place}citation.txt").text
    assert client.get("/datasets/reservoirs/1.0.0/citation.bib").status_code == 410
    assert client.get(f"{place}citation.xml").status_code == 404


def test_the_page_of_versions_lists_all_and_compares_neighbours(archive: Portal) -> None:
    client = archive.client("en")
    newest, page = client.get("/datasets/reservoirs").text, client.get("/datasets/reservoirs/versions").text
    assert newest.count('<th scope="row">') < page.count('<th scope="row">') == 12
    assert 'href="/datasets/reservoirs/diff/1.1.0...1.2.0"' in page
    assert "diff/1.0.0" not in page
    document = client.get("/datasets/reservoirs/versions.json", follow_redirects=True).json
    assert len(document["items"]) == 12


def test_the_feed_tells_what_was_said_last_first(archive: Portal) -> None:
    root = read(archive, "/datasets/reservoirs/feed.atom")
    entries = root.findall(f"{A}entry")
    assert len(entries) == 12
    times = [entry.findtext(f"{A}updated") for entry in entries]
    assert times == sorted(times, reverse=True)
    told = {entry.findtext(f"{A}title"): "".join(entry.find(f"{A}content").itertext()) for entry in entries}
    assert "wrong table" in told["Reservoirs 1.0.0 (withdrawn)"]
    assert "one level too high" in told["Reservoirs 1.1.0"]
    assert "levels: rows added: 1" in told["Reservoirs 1.11.0"]
    ids = {entry.findtext(f"{A}id") for entry in entries}
    assert len(ids) == 12
    assert all(identifier.startswith("urn:uuid:") for identifier in ids)
    assert "levels：新增 1 行" in etree.tostring(read(archive, "/feed.atom", "zh"), encoding="unicode")


def test_a_feed_in_hand_is_not_sent_again(archive: Portal) -> None:
    client = archive.client("en")
    tag = client.get("/feed.atom").headers["ETag"]
    assert client.get("/feed.atom", headers={"If-None-Match": tag}).status_code == 304
    assert client.get("/feed.atom?cursor=nonsense").status_code == 400
    assert client.get("/datasets/nothing/feed.atom").status_code == 404


def test_a_long_feed_comes_in_pages(archive: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opendata.web.catalogue.feeds.PAGE_SIZE", 5)
    path, ids = "/feed.atom", []
    while path:
        root = read(archive, path)
        assert len(ids) < 12, "it never ends"
        ids += [entry.findtext(f"{A}id") for entry in root.findall(f"{A}entry")]
        following = [link.get("href") for link in root.findall(f"{A}link") if link.get("rel") == "next"]
        path = following[0].removeprefix("http://localhost") if following else ""
    assert len(ids) == len(set(ids)) == 12


@pytest.mark.parametrize("path", ["/feed.atom", "/datasets/reservoirs/feed.atom"])
def test_a_feed_has_all_that_the_standard_asks_for(archive: Portal, path: str) -> None:
    root = read(archive, path)
    assert root.tag == f"{A}feed"
    links = {link.get("rel"): link.get("href") for link in root.findall(f"{A}link")}
    assert links["self"] == f"http://localhost{path}"
    assert links["alternate"].startswith("http://localhost/")
    assert "next" not in links
    entries = root.findall(f"{A}entry")
    for thing in (root, *entries):
        for name in ("id", "title", "updated"):
            (found,) = thing.findall(f"{A}{name}")
            assert found.text
        assert thing.findtext(f"{A}author/{A}name")
    assert root.findtext(f"{A}updated") == max(entry.findtext(f"{A}updated") for entry in entries)
    client = archive.client("en")
    for entry in entries:
        found = {link.get("rel"): link.get("href").removeprefix("http://localhost") for link in entry.iter(f"{A}link")}
        withdrawn = "withdrawn" in [category.get("term") for category in entry.iter(f"{A}category")]
        assert client.get(found["alternate"]).status_code == (410 if withdrawn else 200)
        assert client.get(found["describedby"]).status_code == 200


def test_a_feed_is_asked_for_again_each_time_and_by_any_page(archive: Portal) -> None:
    answer = archive.client("en").get("/feed.atom")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Accept-Language" in answer.vary
    named = archive.client("zh").get("/feed.atom?lang=en")
    assert "Accept-Language" not in named.vary
    assert b"first version" in named.data
    assert "Set-Cookie" not in named.headers


@pytest.mark.parametrize(
    ("page", "feed"),
    [
        ("/", "/feed.atom"),
        ("/datasets/reservoirs", "/datasets/reservoirs/feed.atom"),
        ("/datasets/reservoirs/versions", "/datasets/reservoirs/feed.atom"),
    ],
)
def test_a_page_tells_readers_of_feeds_where_its_feed_is(archive: Portal, page: str, feed: str) -> None:
    (head, _) = archive.client("en").get(page).text.split("</head>")
    (link,) = [line for line in head.splitlines() if "application/atom+xml" in line]
    assert 'rel="alternate"' in link
    assert f'href="{feed}?lang=en"' in link


def test_a_feed_is_there_before_anything_is_published(desk: Portal) -> None:
    boss = desk.services.accounts.sign_in("boss", PASSWORD)[0]
    desk.services.datasets.create(boss, SAMPLE)
    assert read(desk, "/feed.atom").find(f"{A}entry") is None
    assert desk.client().get("/datasets/reservoirs/feed.atom").status_code == 404
    page = desk.signed_in("boss", "en")
    for path in ("/datasets/reservoirs", "/datasets/reservoirs/versions"):
        assert "feed.atom" not in page.get(path).text
    assert "no published version yet" in page.get("/datasets/reservoirs/versions").text


def test_the_page_of_versions_goes_on_and_compares_across_pages(
    archive: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opendata.web.catalogue.catalogue.VERSIONS_PAGE_SIZE", 5)
    client, path, compared, rows = archive.client("en"), "/datasets/reservoirs/versions", set(), 0
    while path:
        page = client.get(path).text
        assert rows < 12, "it never ends"
        rows += page.count('<th scope="row">')
        compared |= set(re.findall(r'href="/datasets/reservoirs/diff/([^"]+)"', page))
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = following[1] if following else ""
    assert rows == 12
    assert compared == {f"1.{number}.0...1.{number + 1}.0" for number in range(1, 11)}
    assert client.get("/datasets/reservoirs/versions?cursor=nonsense").status_code == 400


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("first version", "first version"),
        ({"text": {"en": "rows added", "zh": "新增行"}}, "新增行"),
        ({"text": {"en": "rows added"}}, "rows added"),
        ({"text": {}}, ""),
        ({}, ""),
    ],
)
def test_a_reason_is_said_in_the_language_of_the_reader_as_far_as_it_is_known(
    archive: Portal, reason: object, said: str
) -> None:
    with archive.app.test_request_context(headers={"Accept-Language": "zh"}):
        text, language = pick_reason(reason)  # type: ignore[arg-type]
        assert text == said
        marked = f'<span lang="en">{said}</span>' if language == "en" else said
        assert say_reason(reason) == marked  # type: ignore[arg-type]
