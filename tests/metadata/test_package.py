"""Data Packages of others: understood in all their versions, and read as hostile input."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.errors import InvalidMetadataError, InvalidPackageError
from opendata.metadata.dataset import read_metadata
from opendata.metadata.identifiers import find_identifier_fault
from opendata.metadata.package import MAX_DESCRIPTOR_BYTES, find_path_fault, parse_document, read_package

TABLE = {"name": "levels", "path": "data/levels.csv"}
WORDS = [
    "name", "title", "description", "resources", "path", "url", "data", "schema", "dialect", "encoding", "bytes",
    "hash", "format", "licenses", "license", "type", "id", "keywords", "sources", "web", "contributors", "role",
    "roles", "homepage", "version", "opendata", "i18n", "publisher", "disclosure", "updateCycle", "organization",
    "unit", "period", "footnotes", "text", "mark", "compiledBy", "temporal",
]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12)
    | st.sampled_from(["a.csv", "../a.csv", "http://a/b.csv", "a", "daily", "en", "open", "datapackage"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=3), inner),
    max_leaves=25,
)  # fmt: skip
RESOURCE = st.dictionaries(st.sampled_from(WORDS), JSON, max_size=8)
PACKAGE = st.builds(
    lambda found, resources: {**found, "resources": resources},
    st.dictionaries(st.sampled_from(WORDS), JSON, max_size=8),
    st.lists(RESOURCE | JSON, max_size=5) | JSON,
)


def read_one(**values: Any) -> Any:
    return read_package({"name": "reservoirs", "resources": [{**TABLE, **values}]}).resources[0]


def test_what_a_table_means_is_read_and_what_it_cannot_mean_is_not() -> None:
    ours = {
        "unit": "万元",
        "period": "2026-10",
        "compiledBy": "县统计局",
        "footnotes": [{"text": "快报", "mark": "*"}, 5],
    }
    found = read_one(opendata=ours, sources=[{"title": "年鉴", "path": "https://example.org/"}])
    assert found.meaning == {
        "unit": "万元",
        "period": "2026-10",
        "compiledBy": "县统计局",
        "source": "年鉴 https://example.org/",
        "footnotes": [{"text": "快报", "mark": "*"}],
    }
    assert read_one(opendata={"unit": 5, "period": "autumn", "footnotes": "x"}).meaning is None
    assert read_one().meaning is None


def test_a_descriptor_of_version_2_is_understood() -> None:
    found = read_package(
        {
            "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
            "name": "reservoirs",
            "title": "水库",
            "description": "水位",
            "version": "2026.1",
            "homepage": "https://example.org/",
            "keywords": ["水"],
            "licenses": [{"name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/", "title": "BY"}],
            "sources": [{"title": "水务局", "path": "https://example.org/source"}],
            "contributors": [{"title": "张三", "email": "z@example.org", "roles": ["author"], "organization": "局"}],
            "opendata": {
                "publisher": {"id": "water", "title": "水务局"},
                "updateCycle": "daily",
                "disclosure": {"attribute": "open"},
                "i18n": {"en": {"title": "Reservoirs"}},
            },
            "resources": [
                {
                    **TABLE,
                    "title": "水位",
                    "schema": {"fields": []},
                    "dialect": {"delimiter": ";"},
                    "encoding": "gb18030",
                    "bytes": 12,
                    "hash": "sha256:00",
                    "opendata": {"schema": "levels@1.0.0", "i18n": {"en": {"title": "Levels"}}},
                }
            ],
        }
    )
    assert found.id == "reservoirs"
    assert found.publisher == {"id": "water", "title": "水务局"}
    assert found.metadata == {
        "title": "水库",
        "description": "水位",
        "i18n": {"en": {"title": "Reservoirs"}},
        "disclosure": {"attribute": "open"},
        "licenses": [{"name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/", "title": "BY"}],
        "keywords": ["水"],
        "sources": [{"title": "水务局", "path": "https://example.org/source"}],
        "contributors": [{"title": "张三", "organization": "局", "roles": ["author"]}],
        "homepage": "https://example.org/",
        "updateCycle": "daily",
        "sourceVersion": "2026.1",
        "temporal": "",
    }
    (resource,) = found.resources
    assert (resource.name, resource.path, resource.title, resource.fault) == ("levels", "data/levels.csv", "水位", None)
    assert (resource.schema, resource.dialect, resource.encoding) == ({"fields": []}, {"delimiter": ";"}, "gb18030")
    assert (resource.bytes, resource.hash, resource.schema_name) == (12, "sha256:00", "levels@1.0.0")
    assert resource.i18n == {"en": {"title": "Levels"}}


def test_a_descriptor_of_version_1_is_understood() -> None:
    found = read_package(
        {
            "profile": "tabular-data-package",
            "name": "gdp",
            "licenses": [{"name": "ODC-PDDL-1.0", "path": "http://opendatacommons.org/licenses/pddl/"}],
            "contributors": [{"title": "A", "role": "author"}],
            "resources": [
                {"name": "gdp", "path": ["data/gdp.csv"], "schema": "gdp.schema.json", "dialect": "dialect.json"}
            ],
        }
    )
    assert (found.id, found.metadata["title"], found.publisher) == ("gdp", "gdp", None)
    assert found.metadata["contributors"] == [{"title": "A", "roles": ["author"]}]
    (resource,) = found.resources
    assert (resource.path, resource.schema, resource.dialect) == ("data/gdp.csv", "gdp.schema.json", "dialect.json")


def test_a_descriptor_from_before_version_1_is_understood() -> None:
    found = read_package(
        {
            "name": "old",
            "license": "PDDL",
            "sources": [{"name": "UN", "web": "http://example.org/un"}, {"name": "Nobody", "web": "nowhere"}],
            "resources": [{"url": "data/old.csv"}],
        }
    )
    assert found.metadata["licenses"] == [{"name": "PDDL"}]
    assert found.metadata["sources"] == [{"path": "http://example.org/un", "title": "UN"}, {"title": "Nobody"}]
    assert (found.resources[0].name, found.resources[0].path) == ("old", "data/old.csv")
    older = {"license": {"type": "odc-by", "url": "http://opendefinition.org/by"}, "resources": [TABLE]}
    assert read_package(older).metadata["licenses"] == [{"path": "http://opendefinition.org/by"}]


def test_names_that_are_no_identifiers_are_made_into_some() -> None:
    found = read_package(
        {
            "name": "Água & Luz",
            "resources": [
                {"name": "Índice Geral", "path": "a.csv"},
                {"path": "data/2 colunas.csv"},
                {"name": "datapackage", "path": "b.csv"},
                {"data": [["a"], [1]]},
            ],
        }
    )
    assert found.id == "agua-luz"
    assert [item.name for item in found.resources] == ["indice-geral", "2-colunas", "datapackage-table", "resource-4"]
    assert [item.fault for item in found.resources] == [None] * 4
    assert found.resources[3].data == [["a"], [1]]


@pytest.mark.parametrize("descriptor", [None, [], "text", 5, {}, {"resources": []}, {"resources": {}}])
def test_what_has_no_resources_is_no_package(descriptor: object) -> None:
    with pytest.raises(InvalidPackageError):
        read_package(descriptor)


def test_ten_thousand_resources_are_refused() -> None:
    with pytest.raises(InvalidPackageError, match="1000"):
        read_package({"name": "many", "resources": [TABLE] * 10_000})


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"path": "../outside.csv"}, "/path"),
        ({"path": "/etc/passwd"}, "/path"),
        ({"path": "data/%2e%2e/%2e%2e/outside.csv"}, "/path"),
        ({"path": "data\\..\\..\\outside.csv"}, "/path"),
        ({"path": "C:\\outside.csv"}, "/path"),
        ({"path": "~/outside.csv"}, "/path"),
        ({"path": "//example.org/a.csv"}, "/path"),
        ({"path": "http://example.org/a.csv"}, "/path"),
        ({"path": "file:///etc/passwd"}, "/path"),
        ({"path": "s3://bucket/a.csv"}, "/path"),
        ({"path": "a\0.csv"}, "/path"),
        ({"path": ["a.csv", 5]}, "/path/1"),
        ({"path": ["a.csv", "../b.csv"]}, "/path/1"),
        ({"path": ["a.csv", "b.xlsx"]}, "/path/1"),
        ({"path": ["a.csv"] * 1_001}, "/path"),
        ({"path": []}, "/path"),
        ({"path": 5}, "/path"),
        ({"path": [5]}, "/path"),
        ({"path": {}}, "/path"),
        ({"path": None}, "/path"),
        ({"path": None, "data": "a,b"}, "/path"),
        ({"path": "data/levels.xlsx"}, "/format"),
        ({"path": "data/levels.csv", "format": "geojson"}, "/format"),
    ],
)
def test_a_resource_that_cannot_be_imported_says_why_and_the_others_stay(values: Any, pointer: str) -> None:
    found = read_package({"name": "reservoirs", "resources": [{**TABLE, **values}, {**TABLE, "name": "other"}]})
    first, second = found.resources
    assert first.fault is not None
    assert first.fault.pointer == f"/resources/0{pointer}"
    assert second.fault is None


def test_two_resources_of_one_name_are_told_apart_and_the_second_is_refused() -> None:
    found = read_package({"resources": [TABLE, {**TABLE, "path": "b.csv"}, 5, {"name": "resource-3", "path": "c.csv"}]})
    assert [item.name for item in found.resources] == ["levels", "levels-2", "resource-3", "resource-3-2"]
    assert [item.fault is None for item in found.resources] == [True, False, False, False]


@pytest.mark.parametrize("path", ["a.csv", "data/a.csv", "./a.csv", "数据/表 1.csv", "a..csv", "..a/b.csv"])
def test_a_path_below_the_descriptor_is_followed(path: str) -> None:
    assert find_path_fault("/path", path) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [("schema", 5), ("schema", ["a"]), ("dialect", 5), ("encoding", {}), ("bytes", "12"), ("bytes", True), ("hash", 5)],
)
def test_a_property_of_the_wrong_type_counts_as_not_given(key: str, value: object) -> None:
    assert getattr(read_one(**{key: value}), key) is None


@pytest.mark.parametrize("keywords", [5, True, "water", {"a": 1}, None])
def test_keywords_that_are_no_list_count_as_none(keywords: object) -> None:
    assert read_package({"keywords": keywords, "resources": [TABLE]}).metadata["keywords"] == []


@pytest.mark.parametrize("cycle", [["daily"], {}, 5, "hourly", None])
def test_an_update_cycle_that_is_none_counts_as_not_given(cycle: object) -> None:
    assert read_package({"opendata": {"updateCycle": cycle}, "resources": [TABLE]}).metadata["updateCycle"] == ""


@given(PACKAGE | JSON)
def test_any_descriptor_is_understood_or_refused_as_a_whole(descriptor: Any) -> None:
    try:
        found = read_package(descriptor)
    except InvalidPackageError:
        return
    names = [item.name for item in found.resources]
    assert len(set(names)) == len(names) == len(descriptor["resources"])
    assert [find_identifier_fault("", name, resource=True) for name in names] == [None] * len(names)
    assert find_identifier_fault("", found.id) is None
    for item in found.resources:
        assert item.fault is not None or item.data is not None or find_path_fault("", str(item.path)) is None
    try:
        read_metadata(found.metadata)
    except InvalidMetadataError as error:
        # Only what the package says in our own words, or says too long, can be wrong by now.
        wrong = {fault.pointer.split("/")[1] for fault in error.faults}
        assert wrong <= {"i18n", "disclosure"}


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode), st.sampled_from(["a.json", "a.yaml", "a.YML"]))
def test_any_bytes_are_a_document_or_are_refused(data: bytes, name: str) -> None:
    try:
        found = parse_document(data, name)
    except InvalidPackageError as error:
        assert name in error.text  # noqa: PT017
        return
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.json", "{", "line 1, column 2"),
        ("a.json", '{"a": NaN}', "isn't a valid JSON number"),
        ("a.json", '{"a": 1e999}', "isn't a valid JSON number"),
        ("a.json", '{"a": "\\u0000"}', "NUL"),
        ("a.json", '{"a": "\\ud800"}', "surrogate"),
        ("a.json", '{"a\\u0000": 1}', "NUL"),
        ("a.json", '{"a": ' + "[" * 400 + "]" * 400 + "}", "deeply"),
        ("a.json", "[" * 200_000, "recursion"),
        ("a.json", "9" * 5000, "digits"),
        ("a.yaml", "a: &a [x]\nb: *a\n", "aliases"),
        ("a.yaml", "a: !!python/object/apply:os.system [ls]", "tag"),
        ("a.yaml", "a: !!set {b, c}", "set"),
        ("a.yaml", "a: !!binary aGk=", "bytes"),
        ("a.yaml", "a: .inf", "isn't a valid JSON number"),
        ("a.yaml", "[" * 1000 + "]" * 1000, ""),
        ("a.yaml", "a: 'open", "scalar"),
    ],
)
def test_a_hostile_document_is_refused_with_its_reason(name: str, text: str, reason: str) -> None:
    with pytest.raises(InvalidPackageError) as caught:
        parse_document(text.encode(), name)
    assert reason in caught.value.text
    assert len(caught.value.text) < 600


def test_an_alias_bomb_is_refused_before_it_unfolds() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(InvalidPackageError, match="aliases"):
        parse_document("\n".join(lines).encode(), "datapackage.yaml")


def test_a_document_that_is_no_utf_8_names_the_byte() -> None:
    with pytest.raises(InvalidPackageError, match="byte 12"):
        parse_document('{"title": "中文"}'.encode("gb18030"), "a.json")


def test_a_document_too_large_is_not_even_parsed() -> None:
    with pytest.raises(InvalidPackageError, match=str(MAX_DESCRIPTOR_BYTES)):
        parse_document(b"[" * (MAX_DESCRIPTOR_BYTES + 1), "a.json")


def test_yaml_is_read_as_json_would_hold_it() -> None:
    text = "\ufeffday: 2026-01-31\n2026: year\nlist:\n  - 1.5\n  - true\n  - ~\n1976-01-01: born\n"
    assert parse_document(text.encode(), "datapackage.yml") == {
        "day": "2026-01-31",
        "2026": "year",
        "list": [1.5, True, None],
        "1976-01-01": "born",
    }


def test_json_may_begin_with_a_byte_order_mark() -> None:
    assert parse_document(b'\xef\xbb\xbf{"a": 1}', "a.json") == {"a": 1}
