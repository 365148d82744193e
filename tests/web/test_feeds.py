"""Citations beside a version, the page of versions, and the feeds of what is said of them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from lxml import etree

from tests.instances import CSV, publish
from tests.web.conftest import PASSWORD, SAMPLE, Portal, make_portal

A = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A dataset with twelve versions, the first withdrawn, the second corrected by the third."""
    portal = make_portal(tmp_path_factory.mktemp("archive"))
    services = portal.services
    boss = services.accounts.sign_in("boss", PASSWORD)[0]
    services.datasets.create(boss, SAMPLE)
    text = CSV
    for number in range(12):
        publish(services, boss, text)
        text += f"B{number:03},湖{number},{number},2026-02-02\n"
    services.withdrawals.withdraw(boss, "reservoirs", "1.0.0", reason="wrong table")
    services.withdrawals.tell_erratum(boss, "reservoirs", "1.1.0", text="one level too high", successor="1.2.0")
    yield portal
    services.database.dispose()


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
    monkeypatch.setattr("opendata.web.feeds.PAGE_SIZE", 5)
    path, ids = "/feed.atom", []
    while path:
        root = read(archive, path)
        ids += [entry.findtext(f"{A}id") for entry in root.findall(f"{A}entry")]
        following = [link.get("href") for link in root.findall(f"{A}link") if link.get("rel") == "next"]
        path = following[0].removeprefix("http://localhost") if following else ""
    assert len(ids) == len(set(ids)) == 12
