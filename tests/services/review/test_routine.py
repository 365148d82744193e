"""Routine editions are found by a rule, and approved together, each by its own digest."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from opendata.services.core.actors import Actor
from opendata.services.drafts.submission import Submission
from opendata.services.review.reviews import is_routine
from opendata.wiring import Services
from tests.instances import CSV, DATASET, SCHEMA, make_actor, upload

MORE = CSV + "".join(f"B{number:03},水库,{number},2026-02-02\n" for number in range(20))
PHONES = ("13800138000", "13900139000")
EXTRA = "C001,新库,3,2026-03-01\n"
LOOSE = {**SCHEMA, "fields": [dict(item) for item in SCHEMA["fields"]]}
LOOSE["fields"][2] = {"name": "level", "type": "number"}
WARNING = {**SCHEMA, "fields": [dict(item) for item in SCHEMA["fields"]]}
WARNING["fields"][2] = {**SCHEMA["fields"][2], "opendata": {"strengths": {"minimum": "warning"}}}


@pytest.fixture
def published(services: Services, boss: Actor) -> Actor:
    """The editor of two datasets with their first versions."""
    editor = make_actor(services, "editor")
    for name in ("reservoirs", "lakes"):
        services.datasets.create(editor, {**DATASET, "id": name})
        draft = submit(services, editor, MORE, dataset=name)
        services.drafts.approve(boss, draft)
        services.drafts.publish(boss, draft)
        services.work.run_to_end(draft)
    return editor


TREATMENTS: dict[str, tuple[dict[str, str], bool]] = {
    "published on a ground": (
        {"treatment": "publish", "ground": "mandatory-disclosure", "article": "某法第一条"},
        False,
    ),
    "declared not personal": ({"treatment": "not-personal", "reason": "code"}, False),
    "masked": ({"treatment": "mask", "kind": "mobile-number"}, True),
}
"""What was decided about names that are telephone numbers, and whether the next edition with it is routine."""


def submit(
    services: Services,
    editor: Actor,
    text: str,
    said: Submission | None = None,
    schema: object = WARNING,
    **more: object,
) -> str:
    view = upload(services, editor, text, schema=schema, **more)  # type: ignore[arg-type]
    return services.drafts.submit(editor, view.id, said).id


@pytest.mark.both_databases(slow=True)
def test_routine_drafts_are_approved_together_and_a_stale_digest_names_its_draft(
    services: Services, published: Actor, boss: Actor
) -> None:
    first = submit(services, published, MORE + EXTRA)
    second = submit(services, published, MORE.replace("12.50", "13"), dataset="lakes")
    waiting = services.reviews.list_waiting(boss)
    assert [(item.draft.id, item.is_routine, item.is_own) for item in waiting] == [
        (first, True, False),
        (second, True, False),
    ]
    listed = [(item.draft.id, str(item.draft.digest)) for item in waiting]
    services.datasets.update(published, "lakes", {"title": "湖泊"})
    services.drafts.submit(published, second)
    outcomes = services.reviews.approve_all(boss, [*listed, ("unknown", "sha256:0")])
    assert [(item.draft, item.approved) for item in outcomes] == [(first, True), (second, False), ("unknown", False)]
    assert services.drafts.get(boss, first).approver == "boss"
    assert services.drafts.get(boss, second).status == "submitted"


def test_the_list_asks_the_database_as_often_for_many_drafts_as_for_one(
    services: Services, published: Actor, boss: Actor
) -> None:
    asked = [0]
    event.listen(services.database.engine, "before_cursor_execute", lambda *_: asked.append(asked.pop() + 1))
    counts = []
    for number, dataset in enumerate(("reservoirs", "lakes"), 1):
        submit(services, published, MORE + EXTRA, dataset=dataset)
        before = asked[0]
        waiting = services.reviews.list_waiting(boss)
        counts.append(asked[0] - before)
        assert [item.is_routine for item in waiting] == [True] * number
        for item in waiting:
            assert item.draft.open_checks == services.drafts.get(boss, item.draft.id).open_checks != ()
    assert counts[0] == counts[1]


def test_another_digest_alone_keeps_a_routine_draft_from_being_approved(
    services: Services, published: Actor, boss: Actor
) -> None:
    draft = submit(services, published, MORE + EXTRA)
    (outcome,) = services.reviews.approve_all(boss, [(draft, "sha256:" + "0" * 64)])
    assert outcome.error is not None
    assert "The draft has changed" in outcome.error.text
    assert services.drafts.get(boss, draft).checks == ()


def test_nobody_approves_their_own_drafts_from_the_list(services: Services, published: Actor) -> None:
    draft = submit(services, published, MORE + EXTRA)
    (item,) = services.reviews.list_waiting(published)
    assert item.is_own
    (outcome,) = services.reviews.approve_all(published, [(draft, str(item.draft.digest))])
    assert not outcome.approved
    assert services.drafts.get(published, draft).status == "submitted"


def test_what_changes_more_than_rows_is_not_routine(services: Services, published: Actor, boss: Actor) -> None:
    unusual = {
        "another schema": submit(services, published, MORE + EXTRA, schema=LOOSE),
        "a raised number": submit(services, published, MORE.replace("12.50", "13"), Submission(bump="minor")),
        "many rows lost": submit(services, published, MORE.rsplit("B012", 1)[0]),
        "a warning": submit(services, published, MORE.replace("12.50", "-1"), Submission(reason="属实")),
    }
    assert {why: is_routine(services.drafts.get(boss, draft)) for why, draft in unusual.items()} == dict.fromkeys(
        unusual, False
    )
    draft = unusual["another schema"]
    (outcome,) = services.reviews.approve_all(boss, [(draft, str(services.drafts.get(boss, draft).digest))])
    assert outcome.error is not None
    assert "isn't routine" in outcome.error.text


@pytest.mark.parametrize("decided", TREATMENTS)
def test_an_edition_is_not_routine_while_personal_data_is_shown(services: Services, boss: Actor, decided: str) -> None:
    column, expected = TREATMENTS[decided]
    decisions = {"columns": [{"field": "name", **column}]}
    text = MORE.replace("西湖", PHONES[0]).replace("东湖", PHONES[1])
    editor = make_actor(services, "editor")
    services.datasets.create(editor, DATASET)
    first = submit(services, editor, text, decisions=decisions)
    services.drafts.approve(boss, first)
    services.drafts.publish(boss, first)
    services.work.run_to_end(first)
    following = services.drafts.get(boss, submit(services, editor, text + EXTRA))
    assert {item["field"] for item in following.privacy} == {"name"}
    assert [reason["type"] for reason in following.next.reasons] == ["rows-added"]  # type: ignore[union-attr]
    assert is_routine(following) is expected


def test_only_the_edition_of_the_source_may_change_among_the_metadata(
    services: Services, published: Actor, boss: Actor
) -> None:
    services.datasets.update(published, "reservoirs", {"sourceVersion": "2026-02"})
    assert is_routine(services.drafts.get(boss, submit(services, published, MORE + EXTRA)))
    services.datasets.update(published, "lakes", {"title": "湖泊"})
    assert not is_routine(services.drafts.get(boss, submit(services, published, MORE + EXTRA, dataset="lakes")))


def test_a_first_version_is_not_routine_and_other_publishers_see_nothing(services: Services, boss: Actor) -> None:
    editor = make_actor(services, "editor")
    services.datasets.create(editor, DATASET)
    submit(services, editor, MORE)
    (item,) = services.reviews.list_waiting(boss)
    assert not item.is_routine
    services.publishers.ensure(boss, {"id": "road-bureau", "title": "道路局"})
    assert services.reviews.list_waiting(make_actor(services, "stranger", publisher="road-bureau")) == []
