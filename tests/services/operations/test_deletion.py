"""A dataset that was never public is deleted with all that belongs to it; one that was public is not."""

from __future__ import annotations

import pytest

from opendata.errors import NotFoundError, NotPermittedError, PreconditionError, StateError
from opendata.services.core.actors import SYSTEM, Actor
from opendata.wiring import Services
from tests.instances import DATASET, make_actor, publish, upload


def test_a_dataset_that_was_never_public_goes_with_its_drafts_and_files(services: Services, editor: Actor) -> None:
    dataset = services.datasets.get("reservoirs", editor)
    draft = upload(services, editor)
    files = {path for path in services.settings.private_folder.rglob("*") if path.is_file() and "blobs" in path.parts}
    assert files
    doomed = services.deletion.foresee(editor, "reservoirs")
    assert (doomed.drafts, doomed.files.files) == (1, len(files))
    assert services.deletion.is_possible(editor, "reservoirs")
    with pytest.raises(PreconditionError):
        services.deletion.delete(editor, "reservoirs", revision=dataset.revision + 1)
    assert services.deletion.delete(editor, "reservoirs").files == doomed.files
    assert not any(path.exists() for path in files)
    for gone in (lambda: services.datasets.get("reservoirs", editor), lambda: services.drafts.get(editor, draft.id)):
        with pytest.raises(NotFoundError):
            gone()
    services.work.run_to_end(draft.id)  # a worker that hears of it late does nothing
    events = [item for item in services.events.list(SYSTEM).items if item["action"] == "delete"]
    assert [(item["actor"], item["subject"]["id"]) for item in events] == [(editor.name, "reservoirs")]
    services.datasets.create(editor, DATASET)
    assert publish(services, editor).version == "1.0.0"


def test_what_was_public_or_is_somebody_elses_stays(services: Services, editor: Actor) -> None:
    services.publishers.ensure(SYSTEM, {"id": "road-bureau", "title": "道路局"})
    stranger = make_actor(services, "stranger", publisher="road-bureau")
    assert not services.deletion.is_possible(stranger, "reservoirs")
    with pytest.raises(NotPermittedError):
        services.deletion.delete(stranger, "reservoirs")
    publish(services, editor)
    assert not services.deletion.is_possible(editor, "reservoirs")
    with pytest.raises(StateError, match="was public"):
        services.deletion.delete(editor, "reservoirs")
    services.withdrawals.withdraw(SYSTEM, "reservoirs", "1.0.0", reason="x")
    with pytest.raises(StateError, match="was public"):
        services.deletion.delete(editor, "reservoirs")
    closed = {**DATASET, "id": "closed", "disclosure": {"attribute": "closed", "reason": "x", "legalBasis": "y"}}
    services.datasets.create(editor, closed)
    draft, _ = services.drafts.create(editor, "closed", [])
    services.work.run_to_end(draft.id)
    services.drafts.submit(editor, draft.id)
    services.work.run_to_end(draft.id)
    with pytest.raises(StateError, match="was public"):
        services.deletion.delete(editor, "closed")
