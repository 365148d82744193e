"""What is proposed for metadata: only what all the data, or the words of the title, bear out."""

from __future__ import annotations

from typing import Any

import pytest

from opendata.metadata.properties.proposing import Column, Proposal, find_region, propose
from opendata.metadata.properties.reading import load_profile


def make_column(name: str, kind: str, least: object, greatest: object, **more: Any) -> Column:
    profile: Any = {"name": name, "type": kind, "count": 2, "missing": 0, "distinct": {"count": 2, "exact": True}}
    title = more.pop("title", "")
    profile |= more if least is None else {"least": least, "greatest": greatest, **more}
    return Column("levels", title, profile)


def find(*columns: Column, texts: tuple[str, ...] = (), publisher: str = "") -> dict[str, Any]:
    return {name: item.value for name, item in propose(load_profile(), texts, publisher, columns).items()}


@pytest.mark.parametrize(
    ("least", "greatest", "code"),
    [
        ("410105", "410122", "410100"),
        ("410105", "410105", "410105"),
        ("410105", "411702", "410000"),
        ("410105001", "410122103", "410100"),
        ("410105", "420100", None),  # two provinces
        ("990105", "990122", None),  # no province
        ("4101", "4199", None),
        ("A10105", "A10122", None),
        (None, None, None),  # withheld, since it may describe persons
    ],
)
def test_a_region_is_what_all_codes_of_a_column_share(least: str, greatest: str, code: str | None) -> None:
    found = find(make_column("division_code", "string", least, greatest))
    assert found == ({"spatial": {"code": code}} if code else {})


def test_codes_of_another_kind_say_no_region() -> None:
    assert find(make_column("postcode", "string", "450000", "450099")) == {}
    assert find(make_column("code", "string", "410105", "410122", title="行政区划代码")) == {
        "spatial": {"code": "410100"}
    }
    (found,) = propose(
        load_profile(), (), "", [make_column("code", "string", "410105", "410122", title="区划")]
    ).values()
    assert found.params == {"column": "区划", "digits": "4101"}
    assert find(make_column("area_code", "string", "410105", "410122", shortest=6, longest=9)) == {}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("郑州市水库水位", "410100"),
        ("河南省水库", "410000"),
        ("河南水库", "410000"),
        ("吉林省水库", "220000"),
        ("吉林水库", "220000"),  # the city has the name of its province
        ("河南省郑州市和洛阳市的水库", "410000"),
        ("郑州市和武汉市的水库", None),
        ("北京市朝阳区水库", "110000"),  # no city of that name
        ("水库", None),
    ],
)
def test_a_region_is_the_one_that_a_text_names(text: str, code: str | None) -> None:
    found = find_region(text)
    assert (found and found[0]) == code


def test_the_publisher_says_the_region_where_the_title_does_not() -> None:
    assert find(texts=("水库",), publisher="郑州市水务局")["spatial"] == {"code": "410100"}
    assert find(texts=("洛阳市水库",), publisher="郑州市水务局")["spatial"] == {"code": "410300"}


@pytest.mark.parametrize(
    ("columns", "period"),
    [
        ([("date", "2020-01-31", "2024-06-30")], "2020-01-31/2024-06-30"),
        ([("year", 2019, 2023), ("date", "2020-01-31", "2023-06-30")], "2019/2023"),
        ([("datetime", "2020-01-31T08:00:00", "2020-02-01T00:00:00")], "2020-01-31/2020-02-01"),
        ([("year", 2020, 2020), ("date", "2020-01-31", "2020-06-30")], "2020"),
        ([("string", "2020-01-31", "2024-06-30")], None),
        ([("date", None, None)], None),
    ],
)
def test_a_period_goes_from_the_least_to_the_greatest_moment(columns: list[Any], period: Any) -> None:
    found = find(*(make_column(f"c{place}", *item) for place, item in enumerate(columns)))
    assert found == ({"temporal": period} if period else {})


def test_when_a_row_was_written_is_not_what_it_is_about() -> None:
    assert find(make_column("更新时间", "date", "2020-01-31", "2024-06-30")) == {}


def test_a_theme_has_a_word_of_the_title_as_its_reason() -> None:
    found = propose(load_profile(), ["全省医院与空气质量", "预算"], "", [])
    reason = "the title or the keywords have the word “%(word)s”"
    assert found["themes"] == Proposal(["健康保障", "生态环保"], reason, {"word": "医院、空气"})
    assert found["keyDomain"].value == "finance"
    assert find(texts=("Islands of the sea",)) == {}  # no “land”
