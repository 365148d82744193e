"""Metadata of a dataset: what is kept, and what is refused at its place."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.errors import InvalidMetadataError
from opendata.metadata.canonical import write_canonical
from opendata.metadata.codes import DISCLOSURES, LICENSES, UPDATE_CYCLES
from opendata.metadata.dataset import MAX_TEXT, MAX_TITLE, read_metadata
from opendata.metadata.text import is_web_address

KEYS = [
    "title",
    "description",
    "i18n",
    "disclosure",
    "licenses",
    "keywords",
    "sources",
    "contributors",
    "homepage",
    "updateCycle",
    "sourceVersion",
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["en", "title", "name", "path", "attribute", "reason", "legalBasis", "ground", "roles"]),
            inner,
        )
    ),
    max_leaves=8,
)


def nest(levels: int) -> Any:
    value: Any = "deep"
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("key", "value", "pointer"),
    [
        ("title", None, "/title"),
        ("title", "", "/title"),
        ("title", " \t", "/title"),
        ("title", 5, "/title"),
        ("title", ["水库"], "/title"),
        ("title", "x" * (MAX_TITLE + 1), "/title"),
        ("title", "a\0b", "/title"),
        ("title", "a\ud800b", "/title"),
        ("description", {}, "/description"),
        ("description", "x" * (MAX_TEXT + 1), "/description"),
        ("homepage", "javascript:alert(1)", "/homepage"),
        ("homepage", "/relative", "/homepage"),
        ("homepage", "http://[", "/homepage"),
        ("updateCycle", "hourly", "/updateCycle"),
        ("updateCycle", ["daily"], "/updateCycle"),
        ("sourceVersion", 2026, "/sourceVersion"),
        ("i18n", ["en"], "/i18n"),
        ("i18n", {"en": "Reservoirs"}, "/i18n/en"),
        ("i18n", {"en": {"title": 5}}, "/i18n/en"),
        ("i18n", {"en": {"keywords": ["a", 5]}}, "/i18n/en"),
        ("i18n", {"en": {"title": "a\0"}}, "/i18n/en/title"),
        ("disclosure", {"ground": "x" * 41}, "/disclosure/ground"),
        ("disclosure", "open", "/disclosure"),
        ("disclosure", {"attribute": ["open"]}, "/disclosure"),
        ("disclosure", {"attribute": "secret"}, "/disclosure/attribute"),
        ("disclosure", {"attribute": "closed", "legalBasis": "条例"}, "/disclosure/reason"),
        ("disclosure", {"attribute": "conditional", "reason": "安全", "legalBasis": " "}, "/disclosure/legalBasis"),
        ("keywords", "water", "/keywords"),
        ("keywords", [5], "/keywords"),
        ("keywords", ["x" * 101], "/keywords"),
        ("keywords", ["ok", "\0"], "/keywords/1"),
        ("licenses", {}, None),
        ("licenses", "CC0", "/licenses"),
        ("licenses", ["CC0"], "/licenses/0"),
        ("licenses", [{}], "/licenses/0"),
        ("licenses", [{"title": "Free"}], "/licenses/0"),
        ("licenses", [{"name": 5}], "/licenses/0/name"),
        ("licenses", [{"name": "ok"}, {"name": "x", "path": "ftp://example.org"}], "/licenses/1/path"),
        ("licenses", [{"name": "CC0", "more": nest(500)}], "/licenses/0/more" + "/a" * 61),
        ("sources", [{"path": "file:///etc/passwd"}], "/sources/0/path"),
        ("sources", [{"title": ["x"]}], "/sources/0/title"),
        ("sources", [{}] * 101, "/sources"),
        ("contributors", [5], "/contributors/0"),
        ("contributors", [{"title": "a", "path": "javascript:alert(1)"}], "/contributors/0/path"),
        ("contributors", [{"email": 5}], "/contributors/0/email"),
    ],
)
def test_what_is_wrong_is_named_at_its_place(key: str, value: object, pointer: str | None) -> None:
    found = {"title": "水库", key: value}
    if pointer is None:
        assert read_metadata(found).to_json() == {"title": "水库", "disclosure": {"attribute": "open"}}
        return
    with pytest.raises(InvalidMetadataError) as caught:
        read_metadata(found)
    assert [item.pointer for item in caught.value.faults] == [pointer]


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(InvalidMetadataError) as caught:
        read_metadata({"title": "", "homepage": "x", "updateCycle": "x", "licenses": [{}]})
    assert [item.pointer for item in caught.value.faults] == ["/title", "/updateCycle", "/homepage", "/licenses/0"]


def test_texts_are_trimmed_and_doubles_dropped() -> None:
    found = read_metadata({"title": " 水库 ", "description": "\n", "keywords": [" 水 ", "水", "", "坝"]})
    assert found.to_json() == {"title": "水库", "keywords": ["水", "坝"], "disclosure": {"attribute": "open"}}


def test_null_means_nothing_said() -> None:
    assert read_metadata({"title": "水库", **dict.fromkeys(KEYS[1:])}) == read_metadata({"title": "水库"})


@given(st.dictionaries(st.sampled_from(KEYS), VALUES))
def test_metadata_is_refused_or_can_be_published_and_read_again(found: dict[str, Any]) -> None:
    try:
        metadata = read_metadata(found)
    except InvalidMetadataError:
        return
    write_canonical(metadata.to_json())
    assert read_metadata(metadata.to_json()) == metadata


@pytest.mark.parametrize("text", ["http://a", "https://a.example/b?c=d#e", "HTTPS://example.org"])
def test_a_web_address_has_a_host(text: str) -> None:
    assert is_web_address(text)


@pytest.mark.parametrize("text", ["", "a", "//a", "http://", "https:///a", "ftp://a", "javascript://a", "http://[::1"])
def test_anything_else_is_no_web_address(text: str) -> None:
    assert not is_web_address(text)


def test_every_code_has_a_name_in_both_languages() -> None:
    for codes in (DISCLOSURES, UPDATE_CYCLES, LICENSES):
        for key, code in codes.items():
            assert key == code.id
            assert code.title("zh") != code.title("en") == code.name
    assert list(DISCLOSURES) == ["open", "conditional", "closed"]
    assert all(is_web_address(code.path) for code in LICENSES.values() if code.path)
