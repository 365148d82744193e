"""The steps of a draft: each starts from states, leads to another, and nothing leads out of an end."""

from __future__ import annotations

import pytest

from opendata.domain import drafts
from opendata.domain.drafts import ENDED, DraftState, Step

STEPS = [found for found in vars(drafts).values() if isinstance(found, Step)]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.verb)
def test_no_step_leads_out_of_an_end(step: Step) -> None:
    assert step.sources
    assert not set(step.sources) & set(ENDED)


def test_a_draft_that_has_not_ended_can_be_given_up() -> None:
    assert {*drafts.DISCARD.sources, *ENDED} == set(DraftState)


def test_review_goes_from_submission_by_approval_to_publication() -> None:
    assert drafts.SUBMIT.target in drafts.APPROVE.sources
    assert drafts.APPROVE.target in drafts.PUBLISH.sources
    assert drafts.RETURN.target in drafts.SUBMIT.sources
    assert {drafts.APPROVE.target, drafts.SUBMIT.target} == set(drafts.RETURN.sources)
