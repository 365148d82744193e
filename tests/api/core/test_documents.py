"""Reading JSON strictly, compared with the standard library where both may read it."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.api.core.documents import MAX_DEPTH, MAX_INTEGER, join_pointer, parse_document
from opendata.errors import InputError

_TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)))
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-MAX_INTEGER, MAX_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXTS
)
_VALUES = st.recursive(_LEAVES, lambda inner: st.lists(inner) | st.dictionaries(_TEXTS, inner), max_leaves=30)


@given(_VALUES, st.booleans())
def test_what_json_can_carry_is_read_as_it_was_written(value: Any, escaped: bool) -> None:
    assert parse_document(json.dumps(value, ensure_ascii=escaped).encode()) == value


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(InputError):
        assert parse_document(data) == json.loads(data.decode("utf-8-sig"))


def test_the_deepest_document_taken_has_64_levels() -> None:
    deep: Any = "x"
    for _ in range(MAX_DEPTH):
        deep = [deep]
    assert parse_document(json.dumps(deep)) == deep
    with pytest.raises(InputError, match="64"):
        parse_document(json.dumps([[deep]]))


def test_the_place_of_a_part_is_told_in_the_fault() -> None:
    with pytest.raises(InputError) as caught:
        parse_document("{", "/schema")
    assert [item.pointer for item in caught.value.faults] == ["/schema"]


def test_a_pointer_escapes_what_it_must() -> None:
    assert join_pointer("/a", "b/c~d") == "/a/b~1c~0d"
