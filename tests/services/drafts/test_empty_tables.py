"""A table without rows is published only where somebody says that it has none this time."""

from __future__ import annotations

import pytest

from opendata.errors import InvalidMetadataError
from opendata.services.core.actors import Actor
from opendata.services.drafts.submission import Submission
from opendata.wiring import Services
from tests.instances import DATASET, make_actor, upload

HEADER = "code,name,level,measured\n"


@pytest.fixture
def editor(services: Services) -> Actor:
    actor = make_actor(services, "editor")
    services.datasets.create(actor, DATASET)
    return actor


def test_a_header_alone_is_checked_but_not_published(services: Services, editor: Actor) -> None:
    draft = upload(services, editor, HEADER)
    assert (draft.status, draft.resources[0].rows) == ("valid", 0)
    with pytest.raises(InvalidMetadataError, match="has no rows") as refused:
        services.drafts.submit(editor, draft.id)
    assert refused.value.faults[0].pointer == "/resources/levels/noRows"
    assert services.drafts.get(editor, draft.id).status == "valid"


def test_it_is_published_when_its_publisher_says_that_there_are_no_rows(services: Services, editor: Actor) -> None:
    said = upload(services, editor, HEADER, no_rows=True)
    assert said.resources[0].no_rows
    services.drafts.submit(editor, said.id)
    services.work.run_to_end(said.id)
    assert services.versions.get("reservoirs", "1.0.0").rows == 0


@pytest.mark.parametrize("way", ["change", "submit"])
def test_it_can_be_said_of_a_draft_and_holds_for_no_other(services: Services, editor: Actor, way: str) -> None:
    draft = upload(services, editor, HEADER)
    if way == "change":
        changed = services.drafts.change_resource(editor, draft.id, "levels", {"no_rows": True})
        assert (changed.status, changed.resources[0].no_rows) == ("valid", True)
        assert changed.resources[0].choices is None
    services.drafts.submit(editor, draft.id, Submission(no_rows=["levels"] if way == "submit" else ()))
    services.work.run_to_end(draft.id)
    assert services.datasets.get("reservoirs", editor).latest == "1.0.0"
    again = upload(services, editor, HEADER.replace("name", "Name"), schema=None)
    assert not again.resources[0].no_rows


def test_what_was_said_can_be_taken_back(services: Services, editor: Actor) -> None:
    draft = upload(services, editor, HEADER, no_rows=True)
    services.drafts.change_resource(editor, draft.id, "levels", {"no_rows": False})
    with pytest.raises(InvalidMetadataError):
        services.drafts.submit(editor, draft.id)


def test_saying_so_leaves_what_was_chosen_for_earlier_files_as_it_is(services: Services, editor: Actor) -> None:
    first = upload(services, editor, HEADER.replace("level", "Pegel") + "A001,x,1,2026-01-31\n")
    services.drafts.change_resource(editor, first.id, "levels", {"choices": {"columns": {"Pegel": "level"}}})
    services.work.run_to_end(first.id)
    draft = upload(services, editor, HEADER.replace("level", "Pegel"), no_rows=True)
    assert (draft.status, draft.resources[0].choices) == ("valid", {"columns": {"Pegel": "level"}})


def test_a_version_that_had_no_rows_is_restored_without_asking_again(services: Services, editor: Actor) -> None:
    draft = upload(services, editor, HEADER, no_rows=True)
    services.drafts.submit(editor, draft.id)
    services.work.run_to_end(draft.id)
    full = upload(services, editor, HEADER + "A001,x,1,2026-01-31\n")
    services.drafts.submit(editor, full.id)
    services.work.run_to_end(full.id)
    restored = services.restoring.restore(editor, "reservoirs", "1.0.0")
    services.work.run_to_end(restored.id)
    services.drafts.submit(editor, restored.id)
