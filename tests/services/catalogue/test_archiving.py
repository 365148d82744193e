"""A dataset that is no longer kept: readable, marked, without anything new, and reopened where it goes on."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest

from opendata.domain.drafts import DraftState
from opendata.errors import InvalidMetadataError, NotPermittedError, StateError
from opendata.services.core.actors import SYSTEM
from opendata.services.uploads.upload_values import UploadedFile
from opendata.storage.store import entry_key
from opendata.wiring import Services, build_services
from tests.instances import CSV, DATASET, make_actor, make_services, publish


@pytest.fixture
def services(tmp_path) -> Services:
    return make_services(tmp_path / "instance")


def test_an_archived_dataset_stays_readable_takes_nothing_and_can_be_reopened(services: Services) -> None:
    editor = make_actor(services, "editor")
    services.datasets.create(editor, {**DATASET, "updateCycle": "monthly"})
    with pytest.raises(StateError, match="never public"):
        services.archiving.archive(editor, "reservoirs", reason="over")
    publish(services, editor, CSV)
    draft, _ = services.drafts.create(editor, "reservoirs", [UploadedFile("levels.csv", io.BytesIO(b"a\n1\n"))])
    with pytest.raises(StateError, match="under way"):
        services.archiving.archive(editor, "reservoirs", reason="over")
    services.drafts.discard(editor, draft.id)
    for successor in ("nothing", "reservoirs"):
        with pytest.raises(InvalidMetadataError):
            services.archiving.archive(editor, "reservoirs", reason="over", successor=successor)
    services.publishers.ensure(SYSTEM, {"id": "road-bureau", "title": "道路局"})
    stranger = make_actor(services, "stranger", publisher="road-bureau")
    with pytest.raises(NotPermittedError):
        services.archiving.archive(stranger, "reservoirs", reason="over")
    services.archiving.archive(editor, "reservoirs", reason="the survey ended")
    found = services.datasets.get("reservoirs")
    assert found.archived is not None
    assert (found.archived["reason"], found.archived["successor"], found.latest) == ("the survey ended", None, "1.0.0")
    assert services.editions.find_next(found) is None
    entry = json.loads((services.settings.public_folder / entry_key("reservoirs", 2)).read_bytes())
    assert entry["archived"] == found.archived
    with pytest.raises(StateError, match="Reopen it first"):
        services.drafts.create(editor, "reservoirs", [UploadedFile("levels.csv", io.BytesIO(b"a\n1\n"))])
    services.archiving.reopen(editor, "reservoirs")
    assert services.datasets.get("reservoirs").archived is None
    publish(services, editor, CSV + "A003,北湖,3,2026-02-02\n")
    verbs = [event["action"] for event in services.events.list(make_actor(services, "boss", "maintainer")).items]
    assert [verb for verb in verbs if verb in ("archive", "reopen")] == ["reopen", "archive"]


@pytest.mark.slow
def test_where_two_persons_are_needed_another_one_confirms(tmp_path) -> None:
    services = make_services(tmp_path / "instance", review="two-person")
    editor, other = make_actor(services, "editor"), make_actor(services, "other")
    services.datasets.create(editor, DATASET)
    draft, _ = services.drafts.create(editor, "reservoirs", [UploadedFile("levels.csv", io.BytesIO(CSV.encode()))])
    services.work.run_to_end(draft.id)
    services.drafts.submit(editor, draft.id)
    services.drafts.approve(other, draft.id)
    services.drafts.publish(other, draft.id)
    services.work.run_to_end(draft.id)
    assert services.drafts.get(editor, draft.id).status == DraftState.PUBLISHED
    known = services.datasets.get("reservoirs").modified
    services = build_services(services.settings, clock=lambda: known + timedelta(days=1))
    services.archiving.archive(editor, "reservoirs", reason="over")
    services.archiving.reopen(editor, "reservoirs")
    asked = services.archiving.archive(editor, "reservoirs", reason="over")
    assert (asked.archived, asked.archiving and asked.archiving["by"]) == (None, "editor")
    shown = services.datasets.get("reservoirs")
    assert (shown.archiving, shown.modified) == (None, known)  # nobody else sees that it was asked for
    with pytest.raises(NotPermittedError, match="someone else"):
        services.archiving.confirm(editor, "reservoirs")
    confirmed = services.archiving.confirm(other, "reservoirs")
    assert confirmed.archived is not None
    assert confirmed.archiving is None
    assert confirmed.modified > known
