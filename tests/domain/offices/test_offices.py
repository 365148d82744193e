"""Codes of bodies after GB 32100, and the tree of publishers."""

from __future__ import annotations

import pytest

from opendata.domain.offices.codes import Doubt, clean_code, find_check_character, is_code, list_doubts
from opendata.domain.offices.tree import MAX_DEPTH, TreeFault, find_tree_fault, list_above, measure_height, walk_tree
from opendata.errors import InvalidMetadataError
from opendata.metadata.properties.publishers import load_publisher_profile, read_publisher


@pytest.mark.parametrize(
    ("code", "doubts"),
    [
        ("11332500MB1601924J", ()),  # published
        ("11341702486344515H", ()),  # published
        ("11332500MB1601925J", (Doubt.CHECK,)),  # one character changed
        ("11332500MB160192J4", (Doubt.CHECK,)),  # two characters changed places
        ("91350100M0001TGQXM", (Doubt.ISSUED_WRONG,)),
        ("00000000000000000X", (Doubt.PLACEHOLDER, Doubt.CHECK)),
        ("000000000000000000", (Doubt.PLACEHOLDER,)),  # passes the check
        ("11370104111111111" + find_check_character("11370104111111111"), (Doubt.PLACEHOLDER,)),
    ],
)
def test_a_code_of_the_right_form_may_be_doubted(code: str, doubts: tuple[Doubt, ...]) -> None:
    assert is_code(code)
    assert tuple(list_doubts(code)) == doubts


@pytest.mark.parametrize(
    "text",
    [
        *("", "11332500MB1601924", "11332500MB1601924JJ", "1133250IMB1601924J", "11332500MB16O1924J"),
        *("1133A500MB1601924J", "11332500mb1601924j", "１1332500MB1601924J"),
    ],
)
def test_a_text_of_another_length_or_alphabet_is_no_code(text: str) -> None:
    assert not is_code(text)


def test_spaces_and_small_letters_are_mended() -> None:
    assert clean_code(" 11332500 mb1601924j ") == "11332500MB1601924J"
    assert read_publisher({"title": "局", "code": "11332500mb1601924j"})["code"] == "11332500MB1601924J"


PARENTS = {"city": None, "bureau": "city", "centre": "bureau", "county": "city", "alone": None}


@pytest.mark.parametrize(
    ("publisher", "parent", "fault"),
    [
        ("alone", "centre", None),
        ("city", "alone", None),
        ("city", "city", TreeFault.CIRCLE),
        ("city", "centre", TreeFault.CIRCLE),
        ("bureau", "centre", TreeFault.CIRCLE),
        ("new", "centre", None),
    ],
)
def test_nothing_is_above_itself(publisher: str, parent: str, fault: TreeFault | None) -> None:
    assert find_tree_fault(PARENTS, publisher, parent) == fault


def test_the_tree_is_bounded_counting_what_is_below_the_publisher_that_moves() -> None:
    chain = {f"p{level}": f"p{level - 1}" if level else None for level in range(MAX_DEPTH - 1)}
    low = f"p{MAX_DEPTH - 2}"
    assert find_tree_fault(chain, "new", low) is None
    assert find_tree_fault({**chain, "new": None, "child": "new"}, "new", low) == TreeFault.TOO_DEEP
    assert find_tree_fault({**chain, "last": low}, "new", "last") == TreeFault.TOO_DEEP
    assert list_above(chain, low)[-1] == "p0"
    assert measure_height(chain, "p0") == MAX_DEPTH - 1


def test_a_tree_is_walked_from_the_top_with_its_levels() -> None:
    assert list(walk_tree(PARENTS)) == [("city", 0), ("bureau", 1), ("centre", 2), ("county", 1), ("alone", 0)]
    assert list(walk_tree({"child": "elsewhere"})) == [("child", 0)]


@pytest.mark.parametrize(
    ("found", "pointers"),
    [
        ({}, ["/title"]),
        ({"title": " "}, ["/title"]),
        ({"title": "局", "kind": "ministry"}, ["/kind"]),
        ({"title": "局", "code": "123"}, ["/code"]),
        ({"title": "局", "parent": "A B"}, ["/parent"]),
        ({"title": "局", "division": "37010"}, ["/division"]),
        ({"title": "局", "division": "999999"}, ["/division"]),
        ({"title": "局", "contactPoint": {"email": "x", "fax": "1"}}, ["/contactPoint/email", "/contactPoint/fax"]),
        ({"title": "局", "contactPoint": "x"}, ["/contactPoint"]),
        ({"title": "局", "officer": {"shows": "everything"}}, ["/officer/shows"]),
        ({"title": "局", "i18n": {"en": {"title": "x" * 301}}}, ["/i18n/en/title"]),
        ({"title": "局", "i18n": {"en": "Bureau"}}, ["/i18n/en"]),
        ({"title": "局", "i18n": []}, []),
        ({"title": "局", "i18n": [1]}, ["/i18n"]),
        ({"title": 5}, ["/title"]),
    ],
)
def test_each_property_of_a_publisher_has_its_rule(found: dict[str, object], pointers: list[str]) -> None:
    if not pointers:
        assert read_publisher(found)["kind"] == "department"
        return
    with pytest.raises(InvalidMetadataError) as caught:
        read_publisher(found)
    assert [item.pointer for item in caught.value.faults] == pointers


def test_what_says_nothing_is_left_out() -> None:
    found = read_publisher({"title": " 局 ", "code": " ", "contactPoint": {"email": ""}, "i18n": {"en": {"title": ""}}})
    assert found == {"title": "局", "kind": "department", "i18n": {}}
    for item in load_publisher_profile().properties.values():
        for part in (item, *item.parts):
            assert all(part.labels.get(tag) and part.explanations.get(tag) for tag in ("zh", "en"))
