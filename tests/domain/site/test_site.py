"""The public side in values: the state of a call, the life of a link, own sites, places in a budget column."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from opendata.domain.site.budgets import BudgetKind, BudgetPlace, Level, find_budget_place
from opendata.domain.site.calls import CallState, find_call_state
from opendata.domain.site.links import LinkLife, LinkState, is_own_site

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("today", "decided", "has_results", "state"),
    [
        ("2026-02-28", None, False, "announced"),
        ("2026-03-01", None, False, "open"),
        ("2026-03-31", "2026-04-10", True, "open"),
        ("2026-04-01", None, False, "closed"),
        ("2026-04-09", "2026-04-10", True, "closed"),
        ("2026-04-10", "2026-04-10", True, "results"),
        ("2026-04-10", "2026-04-10", False, "closed"),
        ("2026-04-01", None, True, "results"),
    ],
)
def test_a_call_has_the_state_of_the_day(today: str, decided: str | None, has_results: bool, state: str) -> None:
    found = find_call_state(
        date.fromisoformat(today),
        date(2026, 3, 1),
        date(2026, 3, 31),
        date.fromisoformat(decided) if decided else None,
        has_results=has_results,
    )
    assert found == CallState(state)


@pytest.mark.parametrize(
    ("answers", "states"),
    [
        # (day, whether it answers) → its state then
        ([(0, True), (1, False), (2, True)], ["alive", "failing", "alive"]),
        ([(0, False), (1, False), (2, False), (7, False)], ["failing", "failing", "failing", "dead"]),
        ([(0, False), (8, False), (9, False)], ["failing", "failing", "dead"]),
        ([(0, False), (3, False), (6, True), (7, False)], ["failing", "failing", "alive", "failing"]),
        ([(0, False), (4, False), (8, False), (15, True)], ["failing", "failing", "dead", "alive"]),
    ],
)
def test_a_link_is_dead_after_three_failures_over_seven_days(
    answers: list[tuple[int, bool]], states: list[str]
) -> None:
    life, seen = LinkLife(), []
    for day, does in answers:
        life = life.follow(answers=does, now=START + timedelta(days=day))
        seen.append(life.state.value)
    assert seen == states


def test_a_dead_link_is_asked_less_often() -> None:
    assert LinkLife(LinkState.ALIVE).find_next(START) - START == timedelta(days=1)
    assert LinkLife(LinkState.DEAD, 3, START).find_next(START) - START == timedelta(days=7)


@pytest.mark.parametrize(
    ("address", "is_own"),
    [
        ("https://www.zhengzhou.gov.cn/a", True),
        ("http://gov.cn", True),
        ("https://GOV.CN./x", True),
        ("/datasets", True),
        ("mailto:data@example.com", True),
        ("https://gov.cn.evil.example/", False),
        ("https://evilgov.cn/", False),
        ("https://gov.cn@evil.example/", False),
        ("//evil.example/", False),
        ("javascript:alert(1)", False),
        ("https://[bad/", False),
    ],
)
def test_only_whole_domains_are_own_sites(address: str, is_own: bool) -> None:
    assert is_own_site(address, ["gov.cn", ""]) is is_own


@pytest.mark.parametrize(
    ("title", "keywords", "temporal", "area", "place"),
    [
        ("2025年部门预算", ["预算", "县级"], "2025", "", ("county", "2025", "budget")),
        ("部门收支", ["决算"], "2024-01/2024-12", "410000", ("province", "2024", "accounts")),
        ("部门收支", ["决算"], "2023/2024", "410100", ("city", "2024", "accounts")),
        ("某县2025年预算草案", [], "2025", "410122", ("county", "2025", "budget")),
        ("某镇决算", [], "", "410122101", ("town", None, "accounts")),
        ("预决算公开", ["预决算"], "2025", "", (None, "2025", None)),
        ("预算和决算", [], "2025", "41", (None, "2025", None)),
        ("国家预算", [], "2025", "100000000000", ("nation", "2025", "budget")),
    ],
)
def test_a_dataset_finds_its_place_in_the_budget_column(
    title: str, keywords: list[str], temporal: str, area: str, place: tuple[str | None, str | None, str | None]
) -> None:
    level, year, kind = place
    found = find_budget_place(title=title, keywords=keywords, temporal=temporal, area=area)
    assert found == BudgetPlace(Level(level) if level else None, year, BudgetKind(kind) if kind else None)
    assert len(found.list_missing()) == place.count(None)
