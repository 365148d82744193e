"""A plan of a harvest: numbers add up, datasets are found again when their ids change, and none is taken twice."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from opendata.domain.catalogue.external import ExternalResource
from opendata.domain.harvest.items import HarvestedItem, Read, RefusedItem
from opendata.domain.harvest.planning import Fate, Known, Plan, digest_item, exceeds_share, make_plan, take_prints
from opendata.domain.metadata import DatasetMetadata


def make(identifier: str, title: str = "", address: str = "") -> HarvestedItem:
    resources = [ExternalResource(address=address)] if address else []
    return HarvestedItem(
        identifier=identifier, metadata=DatasetMetadata(title=title or identifier), resources=resources
    )


def know(number: int, item: HarvestedItem, *, is_gone: bool = False) -> Known:
    return Known(
        number=number,
        identifier=item.identifier,
        prints=take_prints(item),
        digest=digest_item(item),
        is_gone=is_gone,
    )


REFUSED = RefusedItem(reason={"message": "x", "params": {}}, identifier="bad")


def fates(plan: Plan) -> dict[str, str]:
    return {item.item.identifier: str(item.fate) for item in plan.decisions}


def test_harvested_twice_nothing_changes() -> None:
    items = [make("a", "甲", "https://x.org/a"), make("b", "乙"), make("c", "乙")]
    first = make_plan([], items)
    assert fates(first) == dict.fromkeys("abc", "new")
    known = [know(number, item.item) for number, item in enumerate(first.decisions)]
    second = make_plan(known, items)
    assert (fates(second), second.gone) == (dict.fromkeys("abc", "kept"), [])


def test_ids_that_change_make_no_second_dataset() -> None:
    same = [make("a", "甲", "https://x.org/a"), make("b", "乙", "https://x.org/b"), make("c", "丙", "https://x.org/c")]
    known = [know(number, item) for number, item in enumerate(same)]
    renamed = [
        make("a2", "甲", "https://x.org/a"),
        make("b2", "乙，新", "https://x.org/b"),
        make("c2", " 丙", "https://x.org/new/c"),
    ]
    plan = make_plan(known, renamed)
    assert fates(plan) == dict.fromkeys(("a2", "b2", "c2"), "changed")
    assert [item.known.number for item in plan.decisions if item.known] == [0, 1, 2]
    assert all(item.is_renamed for item in plan.decisions)
    assert plan.gone == []


def test_equal_titles_are_told_apart_by_their_addresses_or_not_at_all() -> None:
    known = [know(0, make("a", "预算", "https://x.org/1")), know(1, make("b", "预算", "https://x.org/2"))]
    plan = make_plan(known, [make("n", "预算", "https://x.org/2"), make("m", "预算", "https://x.org/1")])
    assert {item.item.identifier: item.known and item.known.number for item in plan.decisions} == {"n": 1, "m": 0}
    plan = make_plan(known, [make("n", "预算", "https://x.org/8"), make("m", "预算", "https://x.org/9")])
    assert fates(plan) == {"n": "new", "m": "new"}
    assert len(plan.gone) == 2


def test_what_is_refused_now_is_not_gone_and_what_comes_back_is_the_same() -> None:
    known = [know(0, make("bad")), know(1, make("b"), is_gone=True)]
    plan = make_plan(known, [REFUSED, make("b"), make("b")])
    assert plan.gone == []
    assert [(item.fate, item.known and item.known.number) for item in plan.decisions] == [(Fate.CHANGED, 1)]
    assert [item.identifier for item in plan.refused] == ["bad", "b"]


def test_a_source_that_shrinks_is_noticed() -> None:
    known = [know(number, make(f"d{number}")) for number in range(10)]
    plan = make_plan(known, [make(f"d{number}") for number in range(8)])
    assert not exceeds_share(plan, known, 20)
    assert exceeds_share(plan, known, 19)
    assert exceeds_share(make_plan(known, [REFUSED]), known, 99)


_NAMES = st.sampled_from([f"n{number}" for number in range(6)])
_ITEMS = st.builds(
    make, _NAMES, st.sampled_from(["甲", "乙", "丙"]), st.sampled_from(["", "https://x.org/1", "https://x.org/2"])
)
_READ: st.SearchStrategy[Read] = _ITEMS | _NAMES.map(lambda name: replace(REFUSED, identifier=name))


@given(st.lists(_ITEMS, unique_by=lambda item: item.identifier), st.lists(st.booleans()), st.lists(_READ))
def test_numbers_add_up(before: list[HarvestedItem], gone: list[bool], read: list[Read]) -> None:
    marks = [*gone, *[False] * len(before)]
    known = [know(number, item, is_gone=marks[number]) for number, item in enumerate(before)]
    plan = make_plan(known, read)
    assert plan.counts.adds_up
    assert plan.counts.seen == len(read)
    used = [item.known.number for item in plan.decisions if item.known is not None]
    assert len(used) == len(set(used))
    lost = {item.number for item in plan.gone}
    refused = {item.identifier for item in plan.refused}
    spared = {item.number for item in known if item.identifier in refused}
    live = {item.number for item in known if not item.is_gone}
    assert not lost & set(used)
    assert live <= lost | set(used) | spared
    again = make_plan(
        [know(number, item.item) for number, item in enumerate(plan.decisions)],
        [item.item for item in plan.decisions],
    )
    assert (again.counts.kept, again.counts.gone) == (len(plan.decisions), 0)
