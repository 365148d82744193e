"""How a version is cited, in two languages and three forms; feeds as XML."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from opendata.domain.manifest import Manifest
from opendata.metadata.atom import ATOM, Entry, Feed, Link, write_feed
from opendata.metadata.citation import Citation, build_citation, write_bibtex, write_csl_json, write_sentence

MANIFEST: dict[str, Any] = {
    "name": "reservoirs",
    "title": "水库",
    "version": "1.2.0",
    "created": "2025-12-31T17:00:00Z",
    "resources": [],
    "opendata": {
        "uuid": "5f0c",
        "publisher": {"id": "water", "title": "水务局", "i18n": {"en": {"title": "Water bureau"}}},
        "i18n": {"en": {"title": "Reservoirs"}},
    },
}
ADDRESS = "https://data.example/datasets/reservoirs/1.2.0/"
TEXTS = st.text(st.one_of(st.sampled_from("\\{}#$%&_~^中 "), st.characters(codec="utf-8")), min_size=1, max_size=12)


def cite(language: str = "en", **changes: Any) -> Citation:
    zone = ZoneInfo("Asia/Shanghai")
    manifest = Manifest.from_json({**MANIFEST, **changes})
    return build_citation(manifest, "ab" * 32, ADDRESS, language=language, default="zh", zone=zone)


def test_the_sentence_names_who_when_what_where_and_the_digest() -> None:
    assert write_sentence(cite()) == (
        "Water bureau (2026). Reservoirs. Version 1.2.0. Water bureau. [Dataset]. "
        f"{ADDRESS} (urn:uuid:5f0c@1.2.0, sha256:{'ab' * 32})"
    )
    assert write_sentence(cite("zh")).startswith("水务局. 水库[DS/OL]. 1.2.0 版. 水务局, 2026 (2026-01-01). https://")


def test_those_who_made_the_data_are_named_before_the_publisher() -> None:
    made = cite(contributors=[{"title": "观测站", "roles": ["creator"]}, {"title": "某人", "roles": ["editor"]}])
    assert made.creators == ("观测站",)
    same = [{"title": "水务局", "roles": ["creator"]}]
    assert [cite(language, contributors=same).creators for language in ("en", "zh")] == [("Water bureau",), ("水务局",)]
    assert write_sentence(made).startswith("观测站 (2026). Reservoirs.")


def test_csl_json_has_what_its_schema_wants() -> None:
    (item,) = json.loads(write_csl_json(cite()))
    assert (item["type"], item["id"], item["URL"]) == ("dataset", "reservoirs-1.2.0", ADDRESS)
    assert item["issued"] == {"date-parts": [[2026, 1, 1]]}
    assert item["author"] == [{"literal": "Water bureau"}]
    assert "sha256:abab" in item["note"]


@given(title=TEXTS)
def test_bibtex_survives_every_title(title: str) -> None:
    text = write_bibtex(cite("zh", title=title))
    depth = 0
    for letter in text:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        assert depth >= 0
    assert depth == 0
    assert text.count("\n  ") == 7
    (kept,) = re.findall(r"\n  title     = \{\{(.*)\}\},\n  year", text, re.DOTALL)
    assert not re.search(r"(?<!\\)[#$%&_]", kept)
    assert "~" not in kept
    assert "^" not in kept


@given(title=TEXTS, paragraph=TEXTS)
def test_a_feed_is_xml_whatever_it_tells(title: str, paragraph: str) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    entry = Entry(
        id="urn:uuid:5f0c@1.2.0",
        title=title,
        author="水务局",
        published=moment,
        updated=moment,
        paragraphs=[paragraph],
        links=[Link("alternate", ADDRESS, "text/html")],
    )
    feed = Feed(id=ADDRESS, title=title, author="a", updated=moment, language="zh", links=(), entries=[entry])
    root = etree.fromstring(write_feed(feed))
    (found,) = root.findall(f"{{{ATOM}}}entry")
    for name in ("id", "title", "updated"):
        assert len(root.findall(f"{{{ATOM}}}{name}")) == len(found.findall(f"{{{ATOM}}}{name}")) == 1
    assert found.findtext(f"{{{ATOM}}}updated") == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize("mark", ["\\", "{", "}", "~", "^", "#", "$", "%", "&", "_"])
def test_no_mark_of_latex_stays_bare(mark: str) -> None:
    assert f"title     = {{{{a{mark}b}}}}" not in write_bibtex(cite("zh", title=f"a{mark}b"))


def test_a_title_with_every_mark_of_latex_is_the_same_text_in_bibtex() -> None:
    text = write_bibtex(cite("zh", title="{水}库 100% & #1_a~b^c\\d $5}"))
    assert (
        r"title     = {{\textbraceleft{}水\textbraceright{}库 100\% \& \#1\_a\textasciitilde{}b"
        r"\textasciicircum{}c\textbackslash{}d \$5\textbraceright{}}},"
    ) in text
