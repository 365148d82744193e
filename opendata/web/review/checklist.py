"""The checklist as a form: what a reviewer chose for each check, and what the page shows of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opendata.domain.review.checklist import Check, Place, Result
from opendata.problems import choose_voice
from opendata.services.core.review_values import CheckView, CommentView, Signature
from opendata.services.core.values import DraftView
from opendata.web.core.numbers import read_number
from opendata.wording.review import CHECKS, say_place


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistItem:
    """A check as the page shows it: its name, the statement that is signed, and who has signed it."""

    check: Check
    name: str
    statement: str
    signed: Sequence[CheckView]
    is_open: bool


def list_items(draft: DraftView, required: Sequence[Check]) -> list[ChecklistItem]:
    """The checks of a review in order, and those that were signed although they aren't required."""
    signed = {item.check for item in draft.checks if item.in_force}
    voice = choose_voice()
    return [
        ChecklistItem(
            check=check,
            name=voice.translate(CHECKS[check][0]),
            statement=voice.translate(CHECKS[check][1]),
            signed=[item for item in draft.checks if item.check == check and item.in_force],
            is_open=check in required and check in draft.open_checks,
        )
        for check in Check
        if check in required or check in signed
    ]


def read_signatures(form: Mapping[str, str]) -> list[Signature]:
    """The checks that a reviewer chose a result for."""
    found = []
    for check in Check:
        result = form.get(f"result_{check}", "")
        if result in list(Result):
            remark, place = form.get(f"remark_{check}", ""), read_place(form, f"_{check}")
            found.append(Signature(check=check, result=Result(result), remark=remark, place=place))
    return found


def read_place(form: Mapping[str, str], suffix: str = "") -> Place | None:
    """Where a remark belongs; None if the form names no place."""
    place: Place = {}
    row = read_number(form.get(f"row{suffix}", "").strip())
    if table := form.get(f"table{suffix}", "").strip():
        place["table"] = table[:100]
    if column := form.get(f"column{suffix}", "").strip():
        place["column"] = column[:1000]
    if row:
        place["row"] = row
    if field := form.get(f"field{suffix}", "").strip():
        place["field"] = field[:100]
    return place or None


def describe_place(item: CheckView | CommentView, titles: Mapping[str, str]) -> str:
    """Where a remark belongs, in the reader's words."""
    return say_place(choose_voice(), item.place, titles)
