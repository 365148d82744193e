"""Random lives of a draft under review, against a model: nothing is published that others didn't sign as it is."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from opendata.domain.review.checklist import Check, Result
from opendata.errors import NotPermittedError, StateError
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.review_values import Signature
from opendata.services.core.values import DraftView
from tests.instances import DATASET, make_actor, make_services, upload

NAMES = ("editor", "second", "third", "boss", "stranger")
NAME = st.sampled_from(NAMES)


class Review(RuleBasedStateMachine):
    """One draft, five people; `signed` and `parts` say who did what since the draft last changed."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.services = make_services(Path(self.folder.name) / "instance", review="two-person")
        self.services.publishers.ensure(SYSTEM, {"id": "road-bureau", "title": "道路局"})
        self.actors: dict[str, Actor] = {
            name: make_actor(self.services, name, publisher="road-bureau" if name == "stranger" else "water-bureau")
            for name in NAMES[:3] + NAMES[4:]
        }
        self.actors["boss"] = make_actor(self.services, "boss", role="maintainer")
        self.services.datasets.create(self.actors["editor"], DATASET)
        self.draft = upload(self.services, self.actors["editor"]).id
        self.state = "valid"
        self.parts = {"editor"}
        self.signed: dict[Check, str] = {}
        self.titles = 0

    def teardown(self) -> None:
        self.services.database.dispose()
        self.folder.cleanup()

    def take(self, name: str, states: set[str], step: Callable[[Actor], DraftView], *, others: bool = False) -> bool:
        """Take a step; it is refused exactly where the model says so."""
        expected: type[Exception] | None = None
        if name == "stranger":
            expected = NotPermittedError
        elif self.state not in states:
            expected = StateError
        elif others and name in self.parts:
            expected = NotPermittedError
        refusal: Exception | None = None
        try:
            step(self.actors[name])
        except (NotPermittedError, StateError) as error:
            refusal = error
        assert type(refusal) is (expected or type(None)), (refusal, self.state, name)
        return refusal is None

    def end_signatures(self) -> None:
        self.signed = {}

    @rule(name=NAME)
    def submit(self, name: str) -> None:
        if self.take(name, {"valid", "returned"}, lambda actor: self.services.drafts.submit(actor, self.draft)):
            self.state = "submitted"
            self.parts.add(name)
            self.end_signatures()

    @rule(name=NAME, check=st.sampled_from(Check), result=st.sampled_from([Result.PASSED] * 4 + [Result.REFUSED]))
    def sign(self, name: str, check: Check, result: Result) -> None:
        signature = Signature(check=check, result=result, remark="见第二行")
        step = lambda actor: self.services.drafts.sign(actor, self.draft, [signature])  # noqa: E731
        if self.take(name, {"submitted"}, step, others=True):
            self.signed[check] = name
            if result == Result.REFUSED:
                self.state = "returned"
                self.end_signatures()

    @rule(name=NAME)
    def approve(self, name: str) -> None:
        step = lambda actor: self.services.drafts.approve(actor, self.draft)  # noqa: E731
        if self.take(name, {"submitted"}, step, others=True):
            self.state = "approved"
            self.signed = {check: self.signed.get(check, name) for check in Check}

    @rule(name=NAME)
    def return_(self, name: str) -> None:
        step = lambda actor: self.services.drafts.return_(actor, self.draft, "再看一遍")  # noqa: E731
        if self.take(name, {"submitted", "approved"}, step):
            self.state = "returned"
            self.end_signatures()

    @rule(name=NAME)
    @precondition(lambda self: self.state != "published")
    def change_metadata(self, name: str) -> None:
        self.titles += 1
        try:
            self.services.datasets.update(self.actors[name], "reservoirs", {"title": f"水库{self.titles}"})
        except NotPermittedError:
            assert name == "stranger"
            return
        self.parts.add(name)
        if self.state in ("submitted", "approved"):
            self.state = "returned"
            self.end_signatures()

    @rule(name=NAME, is_changed=st.booleans())
    def publish(self, name: str, is_changed: bool) -> None:
        if not self.take(name, {"approved"}, lambda actor: self.services.drafts.publish(actor, self.draft)):
            return
        if is_changed:
            self.change_metadata("second")
        self.services.work.run_to_end(self.draft)
        if self.state == "approved":
            self.state = "published"

    @invariant()
    def the_draft_is_what_the_model_says(self) -> None:
        found = self.services.drafts.get(SYSTEM, self.draft)
        in_force = {item.check for item in found.checks if item.in_force}
        assert (str(found.status), in_force) == (self.state, set(self.signed))
        assert (found.version is not None) == (self.state == "published")

    @invariant()
    def what_is_published_was_signed_by_others(self) -> None:
        if self.state == "published":
            manifest = self.services.versions.get_manifest("reservoirs", "1.0.0")
            found = self.services.drafts.get(SYSTEM, self.draft)
            assert manifest.approval is not None
            assert manifest.approval["digest"] == found.digest
            assert {item["check"] for item in manifest.approval["checks"]} == set(Check)
            assert found.approver not in self.parts
            assert not {item.by for item in found.checks if item.in_force} & self.parts
            assert manifest.title == (f"水库{self.titles}" if self.titles else DATASET["title"])


def test_nothing_is_published_that_others_did_not_sign() -> None:
    run_state_machine_as_test(Review, settings=settings(max_examples=5, stateful_step_count=14, deadline=None))


@pytest.mark.slow
def test_nothing_is_published_that_others_did_not_sign_in_many_lives() -> None:
    run_state_machine_as_test(Review, settings=settings(max_examples=40, stateful_step_count=20, deadline=None))
