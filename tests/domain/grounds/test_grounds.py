"""The rules of the negative list and of the self-check, as tables."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.domain.grounds.codes import GROUNDS, Force
from opendata.domain.grounds.entries import (
    Entry,
    Holder,
    compare,
    find_entry_faults,
    find_fitting,
    find_lapses,
    make_id,
)
from opendata.domain.grounds.self_check import (
    Answer,
    Decision,
    Report,
    Settled,
    count_report,
    find_answer_faults,
    find_report_due,
)

DAY = date(2026, 6, 1)


def make_entry(name: str = "N001", **more: object) -> Entry:
    values = {"title": "涉密水文数据", "ground": "state-secret", "legal_basis": "保守国家秘密法第十三条", **more}
    return Entry(id=name, **values)  # type: ignore[arg-type]


def test_the_code_list_has_the_articles_of_the_regulations() -> None:
    """china.md 3.2: articles 14 and 15 bind, 16 leaves it to the office; N70: the five grounds of the negative list."""
    articles = {name: (item.article, item.force) for name, item in GROUNDS.items()}
    five = ("state-secret", "national-security", "economic-security", "public-security", "social-stability")
    assert {articles[name] for name in five} == {("14", Force.MUST)}
    assert articles["business-secret"] == articles["privacy"] == ("15", Force.MUST)
    assert articles["internal-affairs"] == ("16(1)", Force.MAY)
    assert articles["process-information"] == articles["enforcement-files"] == ("16(2)", Force.MAY)


@pytest.mark.parametrize(
    ("more", "publisher", "fits"),
    [
        ({}, "water", True),
        ({"publishers": ("water", "roads")}, "water", True),
        ({"publishers": ("roads",)}, "water", False),
        ({"begins": DAY, "ends": DAY}, "water", True),
        ({"begins": date(2026, 6, 2)}, "water", False),
        ({"ends": date(2026, 5, 31)}, "water", False),
    ],
)
def test_an_entry_fits_its_publishers_on_its_days(more: dict[str, object], publisher: str, fits: bool) -> None:
    assert bool(find_fitting([make_entry(**more)], publisher, DAY)) is fits


@pytest.mark.parametrize(
    ("after", "lost"),
    [
        ([make_entry()], None),
        ([make_entry(title="另一个名称")], None),
        ([], DAY),
        ([make_entry("N002")], DAY),
        ([make_entry(publishers=("roads",))], DAY),
        ([make_entry(publishers=("water",))], None),
        ([make_entry(ends=date(2026, 12, 31))], date(2027, 1, 1)),
        ([make_entry(ends=date(2026, 5, 31))], DAY),
        ([make_entry(begins=date(2026, 7, 1))], DAY),
    ],
)
def test_a_dataset_loses_its_ground_when_its_entry_goes_or_ends(after: list[Entry], lost: date | None) -> None:
    holders = [Holder("levels", "water", "N001"), Holder("unknown", "water", "N009")]
    found = find_lapses([make_entry()], after, holders, DAY)
    assert [(item.holder.dataset, item.entry.id, item.day) for item in found] == (
        [("levels", "N001", lost)] if lost else []
    )


def test_an_end_that_was_known_is_no_new_loss_and_a_later_one_none_at_all() -> None:
    ends = make_entry(ends=date(2026, 8, 1))
    holder = [Holder("levels", "water", "N001")]
    assert find_lapses([ends], [ends], holder, DAY) == []
    assert find_lapses([ends], [make_entry()], holder, DAY) == []
    assert [item.day for item in find_lapses([ends], [make_entry(ends=date(2026, 7, 1))], holder, DAY)] == [
        date(2026, 7, 2)
    ]
    assert find_lapses([ends], [], holder, date(2026, 8, 2)) == []  # it had none any more


def test_two_versions_are_compared_entry_by_entry() -> None:
    one, two, three = make_entry("N001"), make_entry("N002"), make_entry("N003")
    other = make_entry("N002", title="另一个名称", ends=DAY)
    found = compare([one, two], [other, three])
    assert (found.removed, found.added) == ((one,), (three,))
    assert found.changed == ((two, other, ("title", "ends")),)
    assert compare([one, two], [two, one]).is_empty


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"name": "N 1"}, "id"),
        ({"name": ""}, "id"),
        ({"title": " "}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"legal_basis": ""}, "legalBasis"),
        ({"ground": "secret"}, "ground"),
        ({"publishers": ("nobody",)}, "publishers"),
        ({"begins": DAY, "ends": date(2026, 5, 1)}, "until"),
    ],
)
def test_what_is_wrong_with_an_entry_is_named_with_its_place(more: dict[str, object], pointer: str) -> None:
    entries = [make_entry("N000"), make_entry(**more)]  # type: ignore[arg-type]
    assert [item.pointer for item in find_entry_faults(entries, {"water"})] == [f"/entries/1/{pointer}"]
    assert list(find_entry_faults([make_entry(), make_entry("N002", publishers=("water",))], {"water"})) == []


def test_no_number_is_there_twice_and_the_next_is_higher_than_all() -> None:
    assert [item.pointer for item in find_entry_faults([make_entry(), make_entry()], ())] == ["/entries/1/id"]
    assert make_id(()) == "N001"
    assert make_id({"N009", "X1", "N12"}) == "N010"
    assert Entry.from_json(make_entry(begins=DAY).to_json()) == make_entry(begins=DAY)


@pytest.mark.parametrize(
    ("answer", "pointers"),
    [
        (Answer(decision=Decision.KEEP, ground="N001", reason="仍涉密"), []),
        (Answer(decision=Decision.KEEP, ground="N001", reason=" "), ["/reason"]),
        (Answer(decision=Decision.KEEP, ground="N002", reason="仍涉密"), ["/ground"]),
        (Answer(decision=Decision.KEEP), ["/reason", "/ground"]),
        (Answer(decision=Decision.OPEN, open_by=DAY), []),
        (Answer(decision=Decision.OPEN, open_by=date(2026, 5, 31)), ["/openBy"]),
        (Answer(decision=Decision.OPEN), ["/openBy"]),
        (Answer(decision=Decision.OPEN, open_by=DAY, reason="x" * 4001), ["/reason"]),
    ],
)
def test_a_decision_says_on_which_ground_or_until_when(answer: Answer, pointers: list[str]) -> None:
    assert [item.pointer for item in find_answer_faults(answer, {"N001"}, DAY)] == pointers


def test_the_report_is_due_on_31_january_of_the_next_year() -> None:
    assert (find_report_due(2026), find_report_due(2027)) == (date(2027, 1, 31), date(2028, 1, 31))


@given(
    st.lists(
        st.builds(
            Settled,
            st.sampled_from(["water", "roads", "schools"]),
            st.sampled_from(Decision),
            st.sampled_from(list(GROUNDS)),
            st.booleans(),
        )
    )
)
def test_the_figures_of_the_report_are_those_of_the_items(items: list[Settled]) -> None:
    report = count_report(items)
    kept = [item for item in items if item.decision == Decision.KEEP]
    assert (report.total.items, report.total.kept) == (len(items), len(kept))
    assert report.total.opened == len(items) - len(kept)
    assert report.total.fulfilled == sum(item.is_fulfilled for item in items if item.decision == Decision.OPEN)
    assert sum(counts.items for counts in report.publishers.values()) == len(items)
    assert report.grounds == {name: n for name in GROUNDS if (n := sum(item.ground == name for item in kept))}
    assert Report.from_json(report.to_json()) == report
