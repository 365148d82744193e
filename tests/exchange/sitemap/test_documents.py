"""Site maps, their index and the description of the search, as XML parsers read them."""

from __future__ import annotations

from datetime import UTC, datetime

from lxml import etree

from opendata.exchange.sitemap.opensearch import write_description
from opendata.exchange.sitemap.sitemaps import Place, write_index, write_places
from tests.exchange.samples import ADDRESSES

S = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
O = "{http://a9.com/-/spec/opensearch/1.1/}"  # noqa: E741
MOMENT = datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=UTC)


def test_an_empty_site_map_is_a_document() -> None:
    root = etree.fromstring(b"".join(write_places([])))
    assert (root.tag, len(root)) == (f"{S}urlset", 0)


def test_addresses_and_moments_come_as_the_standard_has_them() -> None:
    places = [Place("https://a.example/?a=1&b=<"), Place("https://a.example/b", MOMENT)]
    root = etree.fromstring(b"".join(write_places(places)))
    assert [item.findtext(f"{S}loc") for item in root] == ["https://a.example/?a=1&b=<", "https://a.example/b"]
    assert [item.findtext(f"{S}lastmod") for item in root] == [None, "2026-02-03T04:05:06Z"]
    index = etree.fromstring(b"".join(write_index(places)))
    assert (index.tag, index[0].tag) == (f"{S}sitemapindex", f"{S}sitemap")


def test_many_come_in_pieces() -> None:
    pieces = list(write_places(Place(f"https://a.example/{number}") for number in range(2000)))
    assert len(pieces) > 3
    assert len(etree.fromstring(b"".join(pieces))) == 2000


def test_the_search_is_described_within_the_limits_of_the_standard() -> None:
    name = "A portal & <its> very, very, very long name that goes on and on"
    root = etree.fromstring(write_description(ADDRESSES, name, name, "https://a.example/icon.svg?v=1&w", "en"))
    assert len(root.findtext(f"{O}ShortName")) <= 16
    assert len(root.findtext(f"{O}LongName")) <= 48
    templates = {item.get("type"): item.get("template") for item in root.findall(f"{O}Url")}
    assert templates["text/html"] == "https://data.example.org/datasets?q={searchTerms}"
    assert set(templates) == {
        *("text/html", "application/atom+xml", "application/feed+json", "application/json"),
        "application/opensearchdescription+xml",
    }
