"""What machines find at a portal: data.json, schema.org and links on pages, site map, llms.txt, OpenSearch, feeds."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator

import feedparser
import pytest
from flask.testing import FlaskClient
from lxml import etree
from sqlalchemy import update

from opendata.db.counts import recount
from opendata.db.models import Dataset
from opendata.exchange.dcat_us.reading import read_catalogue
from opendata.services.core.actors import SYSTEM
from tests.exchange.dcat_us.test_documents import check_first, check_third
from tests.instances import SCHEMA
from tests.web.conftest import HOSTILE, PASSWORD, SAMPLE, Portal, make_portal

S = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
PAGE, VERSION = "/datasets/reservoirs", "/datasets/reservoirs/1.1.0/"


@pytest.fixture
def client(portal: Portal) -> FlaskClient:
    return portal.client("en")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with make_portal(tmp_path_factory.mktemp("fresh") / "instance") as built:
        yield built


def read_block(client: FlaskClient, path: str) -> dict[str, object]:
    answer = client.get(path)
    assert answer.status_code == 200
    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', answer.text)
    assert not re.search("[<>&]", block)
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
    found: dict[str, object] = json.loads(block)
    return found


def read_links(client: FlaskClient, path: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    header = ", ".join(client.get(path).headers.getlist("Link"))
    assert len(header) < 4096
    for address, rel in re.findall(r'<([^>]*)>; rel="([^"]*)"', header):
        found.setdefault(rel, []).append(address.removeprefix("http://localhost"))
    return found


def list_places(client: FlaskClient, path: str) -> dict[str, str | None]:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/xml")
    return {item.findtext(f"{S}loc"): item.findtext(f"{S}lastmod") for item in etree.fromstring(answer.data)}


def test_data_json_is_for_all_and_kept_by_who_has_it(client: FlaskClient) -> None:
    for path, check in (("/data.json", check_first), ("/dcat-us-3.json", check_third)):
        answer = client.get(path)
        assert (answer.status_code, answer.mimetype) == (200, "application/json")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cache-Control"] == "public, max-age=300"
        again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        head = client.head(path)
        assert (head.headers["ETag"], head.data) == (answer.headers["ETag"], b"")
        document = json.loads(answer.data)
        assert document["@id"] == f"http://localhost{path}"
        assert [item["title"] for item in document["dataset"]] == ["水库"]  # whatever the browser likes
        english = json.loads(client.get(f"{path}?lang=en").data)
        assert (english["dataset"][0]["title"], english["@id"]) == ("Reservoirs", f"http://localhost{path}?lang=en")
        check(document)
        assert client.get(path + "?lang=xx").headers["ETag"] == answer.headers["ETag"]
    (item,) = read_catalogue(client.get("/data.json").data).datasets
    for file in item.files:
        assert client.get(file.address.removeprefix("http://localhost")).status_code == 200, file.address


def test_pages_have_their_data_block_and_no_text_ends_it(client: FlaskClient) -> None:
    page, version = read_block(client, PAGE), read_block(client, VERSION)
    assert (page["@id"], page["name"]) == ("http://localhost/datasets/reservoirs", "Reservoirs")
    assert version["@id"] == f"http://localhost{VERSION}"
    assert page["keywords"] == ["water"]
    assert read_block(client, "/datasets/reservoirs?lang=zh")["keywords"] == ["水", HOSTILE]
    assert read_block(client, "/")["@type"] == "DataCatalog"
    assert "ld+json" not in client.get("/datasets/reservoirs.md").text


def test_pages_lead_to_data_descriptions_and_licence(client: FlaskClient) -> None:
    for path, linkset in ((PAGE, f"{PAGE}.linkset.json"), (VERSION, f"{VERSION}index.linkset.json")):
        found = read_links(client, path)
        assert found["cite-as"] == [path]
        assert found["linkset"] == [linkset]
        assert f"{VERSION}levels.csv" in found["item"]
        assert found["license"] == ["https://creativecommons.org/licenses/by/4.0/"]
        for address in (*found["item"], *found["author"], *found["collection"]):
            assert client.get(address).status_code == 200
        answer = client.get(linkset)
        assert answer.mimetype == "application/linkset+json"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.json["linkset"][0]["anchor"] == f"http://localhost{path}"  # type: ignore[index]
    assert read_links(client, f"{VERSION}levels.csv")["collection"] == [VERSION]
    assert "cite-as" in read_links(client, "/datasets/reservoirs.md")
    assert "cite-as" not in read_links(client, "/datasets")
    for path in ("/datasets/nothing.linkset.json", f"{PAGE}/9.9.9/index.linkset.json", f"{PAGE}/x/index.linkset.json"):
        assert client.get(path).status_code == 404


def test_the_site_map_names_what_is_public(client: FlaskClient) -> None:
    places = list_places(client, "/sitemap.xml")
    assert places["http://localhost/datasets/reservoirs"]
    assert places["http://localhost/publishers/water-bureau"]
    assert places["http://localhost/schemas/reservoir"]
    assert "http://localhost/" in places
    for address in places:
        assert client.get(address.removeprefix("http://localhost")).status_code == 200, address
    parts = [list_places(client, f"/sitemap-{part}.xml") for part in ("site", *"0123456789abcdef")]
    assert {address: changed for part in parts for address, changed in part.items()} == places
    assert sum(map(len, parts)) == len(places)
    assert {client.get(f"/sitemap-{part}.xml").status_code for part in ("g", "000", "A", "-")} == {404}
    assert "# http://localhost/llms.txt" not in client.get("/robots.txt").text.splitlines()[0]
    assert "http://localhost/llms.txt" in client.get("/robots.txt").text


@pytest.mark.slow
def test_a_large_site_map_is_an_index_of_parts(fresh: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    client, boss = fresh.client(), fresh.services.accounts.sign_in("boss", PASSWORD)[0]
    others = len(list_places(client, "/sitemap.xml"))
    monkeypatch.setattr("opendata.web.exchange.crawling.MOST_ADDRESSES", others + 1)
    monkeypatch.setattr("opendata.web.exchange.crawling.MOST_IN_PART", 1)
    names = [f"{letter}{number}" for letter in "abc" for number in range(7)]
    for name in [*names, "hidden"]:
        fresh.services.datasets.create(boss, {**SAMPLE, "id": name, "disclosure": {
            "attribute": "closed", "reason": "因", "legalBasis": "法"}})  # fmt: skip
    with fresh.services.database.unit(write=True) as session:
        session.execute(update(Dataset).where(Dataset.id.in_(names)).values(editions=1, changed=Dataset.modified))
        recount(session)
    index = list_places(client, "/sitemap.xml")
    parts = [list_places(client, path.removeprefix("http://localhost")) for path in index]
    found = [address.rpartition("/")[2] for part in parts for address in part if "/datasets/" in str(address)]
    assert sorted(found) == sorted(names)
    shelves = {entry.uuid[:2] for entry in fresh.services.entries.iterate()}
    assert [address.rpartition("-")[2] for address in index] == ["site.xml", *(f"{one}.xml" for one in sorted(shelves))]
    for part, changed in zip(parts, index.values(), strict=True):
        assert changed == max(filter(None, part.values()))


def test_agents_and_browsers_are_told_where_things_are(client: FlaskClient, portal: Portal) -> None:
    answer = client.get("/llms.txt")
    assert answer.mimetype == "text/markdown"
    assert "Accept-Language" in answer.headers["Vary"]
    text = answer.text
    assert "Datasets: 1. Publishers: 2." in text
    for address in re.findall(r"\]\(http://localhost([^){?]*)\)", text):
        got = client.get(address, headers={"Accept": "*/*"})
        assert got.status_code in (200, 302, 405), address
    assert "一次获取全部" in portal.client().get("/llms.txt").text
    assert "一次获取全部" in client.get("/llms.txt?lang=zh").text
    head = client.get("/").text
    assert 'rel="search" type="application/opensearchdescription+xml"' in head
    found = client.get("/opensearch.xml")
    assert found.mimetype == "application/opensearchdescription+xml"
    etree.fromstring(found.data)


def test_feeds_come_as_atom_and_as_json(client: FlaskClient) -> None:
    for page, atom, feed in (
        ("/", "/feed.atom", "/feed.json"),
        (PAGE, f"{PAGE}/feed.atom", f"{PAGE}/feed.json"),
        (f"{PAGE}/versions", f"{PAGE}/feed.atom", f"{PAGE}/feed.json"),
        ("/publishers/water-bureau", "/publishers/water-bureau/feed.atom", "/publishers/water-bureau/feed.json"),
        ("/schemas/reservoir", "/schemas/reservoir/feed.atom", "/schemas/reservoir/feed.json"),
        ("/datasets", "/datasets.atom", "/datasets.feed.json"),
    ):
        head = client.get(page).text
        assert f'href="{feed}?lang=en"' in head or page == "/datasets", page
        one, other = feedparser.parse(client.get(atom).data), client.get(feed)
        assert not one.bozo
        assert other.mimetype == "application/feed+json"
        assert other.headers["Access-Control-Allow-Origin"] == "*"
        document = other.json
        assert document is not None
        assert document["version"] == "https://jsonfeed.org/version/1.1"
        assert document["feed_url"] == f"http://localhost{feed}"
        assert [item["id"] for item in document["items"]] == [entry.id for entry in one.entries]
        assert document["title"] == one.feed.title
        assert document["items"]
        for item in document["items"]:
            assert item["content_text"]
            assert client.get(item["url"].removeprefix("http://localhost")).status_code == 200
            for attached in item["attachments"]:
                assert client.get(attached["url"].removeprefix("http://localhost")).status_code == 200
    tag = client.get("/feed.json").headers["ETag"]
    assert client.get("/feed.json", headers={"If-None-Match": tag}).status_code == 304
    for path in ("/feed.json?cursor=x", "/datasets.feed.json?sort=size"):
        assert client.get(path).status_code == 400
    assert client.get("/schemas/nothing/feed.json").status_code == 404


@pytest.mark.slow
def test_a_feed_of_a_schema_says_what_changed(fresh: Portal) -> None:
    fields = SCHEMA["fields"]
    fresh.services.schemas.add(SYSTEM, "lake", "1.0.0", {**SCHEMA, "title": "湖"})
    fresh.services.schemas.add(SYSTEM, "lake", "2.0.0", {"fields": fields[:-1], "title": "湖", "description": "少一列"})
    newest, first = fresh.client("en").get("/schemas/lake/feed.json").json["items"]  # type: ignore[index]
    assert newest["title"] == "湖 2.0.0"
    assert "measured" in newest["content_text"]
    assert first["content_text"] == "湖 1.0.0"


def test_one_client_gets_few_whole_catalogues_at_once_and_what_it_has_at_any_time(
    portal: Portal, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opendata.storage.slots.WAIT_SECONDS", 0)
    paths = ("/data.json", "/dcat-us-3.json", "/catalog.gb.json", "/catalog.gb.xml", "/catalog.ttl")
    tags = {path: client.get(path).headers["ETag"] for path in paths}
    answered, tried = threading.Barrier(21), threading.Event()
    found: list[int] = []

    def ask(path: str) -> None:
        answer = portal.client("en").get(path, buffered=False)
        found.append(answer.status_code)
        answered.wait(30)
        tried.wait(30)
        answer.close()

    threads = [threading.Thread(target=ask, args=(paths[number % 5],)) for number in range(20)]
    for thread in threads:
        thread.start()
    answered.wait(30)
    try:
        assert sorted(found) == [200] * 3 + [429] * 17
        for path, tag in tags.items():
            assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
            assert client.head(path).status_code == 200
        assert [client.get(path).status_code for path in ("/llms.txt", "/datapackage.json")] == [200, 200]
        refused = client.get("/sitemap.xml")
        assert (refused.status_code, "Retry-After" in refused.headers) == (429, True)
    finally:
        tried.set()
        for thread in threads:
            thread.join()
    assert client.get("/sitemap.xml").headers["RateLimit-Policy"].startswith('"rows"')
    assert client.get("/data.json").headers["RateLimit-Policy"].startswith('"heavy"')
