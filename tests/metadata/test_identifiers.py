"""Identifiers: their form, and those made from titles."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.metadata.identifiers import RESERVED_RESOURCES, find_identifier_fault, suggest_identifier


@pytest.mark.parametrize("value", ["a1", "reservoirs", "a" * 100, "0-a_b", "2026-holidays"])
def test_an_identifier_is_accepted(value: str) -> None:
    assert find_identifier_fault("/id", value) is None


@pytest.mark.parametrize(
    "value",
    ["", "a", "a" * 101, "A1", "-a", "_a", "a.b", "a/b", "a b", "水库", "ab\n", "a\0b", "..", None, 5, ["ab"], {}],
)
def test_anything_else_is_refused_at_its_place(value: object) -> None:
    found = find_identifier_fault("/id", value)
    assert found is not None
    assert found.pointer == "/id"
    assert len(found.text) < 400


def test_a_refusal_does_not_repeat_a_very_long_value() -> None:
    found = find_identifier_fault("/id", "x" * 100_000)
    assert found is not None
    assert len(found.text) < 400


def test_some_names_are_reserved_for_resources_alone() -> None:
    for name in RESERVED_RESOURCES:
        assert find_identifier_fault("/id", name) is None
        found = find_identifier_fault("/name", name, resource=True)
        assert found is not None
        assert name in found.text


@pytest.mark.parametrize(
    ("title", "identifier"),
    [
        ("重庆市空气质量", "chong-qing-shi-kong-qi-zhi-liang"),
        ("2026年 水位", "2026-nian-shui-wei"),
        ("Air quality (PM2.5)", "air-quality-pm2-5"),
        ("Électricité à Zürich", "electricite-a-zurich"),
        ("snake_case name", "snake_case-name"),
        ("__init__", "init"),
        ("a", "a-1"),
        ("", "data"),
        ("!!!", "data"),
        ("../../etc/passwd", "etc-passwd"),
    ],
)
def test_a_title_becomes_an_identifier(title: str, identifier: str) -> None:
    assert suggest_identifier(title) == identifier


def test_a_reserved_name_is_changed_for_resources() -> None:
    assert suggest_identifier("Index") == "index"
    assert suggest_identifier("Index", resource=True) == "index-table"


def test_a_taken_identifier_gets_the_next_free_number() -> None:
    assert suggest_identifier("水库", taken={"shui-ku"}) == "shui-ku-2"
    assert suggest_identifier("水库", taken={"shui-ku", "shui-ku-2", "shui-ku-3"}) == "shui-ku-4"


def test_a_long_title_leaves_room_for_a_number() -> None:
    first = suggest_identifier("长" * 200)
    taken = {first, *(f"{first}-{number}" for number in range(2, 100))}
    assert find_identifier_fault("", suggest_identifier("长" * 200, taken=taken)) is None
    assert len(first) >= 80


@given(st.text(st.characters()) | st.text("重庆市ab_-. \0\ud800", max_size=300), st.booleans())
def test_every_suggestion_is_an_identifier_and_free(title: str, resource: bool) -> None:
    first = suggest_identifier(title, resource=resource)
    second = suggest_identifier(title, taken={first}, resource=resource)
    assert first != second
    for found in (first, second):
        assert find_identifier_fault("", found, resource=resource) is None


@given(st.from_regex(re.compile(r"[a-z0-9][a-z0-9_-]{0,88}[a-z0-9]"), fullmatch=True))
def test_what_is_an_identifier_already_stays_recognisable(name: str) -> None:
    assert suggest_identifier(name).replace("-", "") == name.replace("-", "")
