"""The number a draft asks for, the rows it changes, and the notice of a breaking change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opendata.db.models import Draft
from opendata.errors import InvalidMetadataError, StateError
from opendata.services.core.actors import Actor
from opendata.services.core.values import DraftView
from opendata.services.drafts.submission import Submission
from opendata.wiring import Services
from tests.instances import CSV, DATASET, SCHEMA, locate, make_actor, publish, upload

ONE_MORE = CSV + "A003,南湖,3,2026-02-02\n"
NARROW = {"fields": SCHEMA["fields"][:3], "primaryKey": ["code"]}
NARROW_CSV = "code,name,level\nA001,东湖,12.50\nA002,西湖,\n"
TOMORROW = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()


@pytest.fixture
def editor(services: Services) -> Actor:
    """Somebody whose dataset has its first version."""
    actor = make_actor(services, "editor")
    services.datasets.create(actor, DATASET)
    publish(services, actor)
    return actor


def reviewed(services: Services) -> Any:
    """The services of the same instance where two persons are needed."""
    object.__setattr__(services.settings, "review", "two-person")
    return services


def text(view: DraftView) -> list[str]:
    assert view.next is not None
    return [item["text"]["en"] for item in view.next.reasons]


def test_a_draft_tells_its_number_and_the_rows_it_changes_before_it_is_submitted(
    services: Services, editor: Actor
) -> None:
    draft = upload(services, editor, ONE_MORE.replace("12.50", "13"))
    assert draft.next is not None
    assert (draft.next.version, draft.next.bump) == ("1.1.0", "minor")
    assert text(draft) == ["levels: rows added: 1", "levels: rows changed: 1"]
    assert draft.tables[0].changes == {
        "key": ["code"],
        "added": 1,
        "removed": 0,
        "changed": 1,
        "unchanged": 1,
        "cells": {"level": 1},
        "reordered": False,
    }
    columns, rows = services.drafts.read_changes(editor, draft.id, "levels", 10)
    assert (columns[0], [row[0] for row in rows]) == ("_change", ["before", "after", "added"])


def test_the_same_rows_again_would_make_no_version(services: Services, editor: Actor) -> None:
    draft = upload(services, editor)
    assert draft.next is not None
    assert (draft.next.version, draft.next.reasons) == (None, [])


def test_a_number_is_raised_when_asked_for_and_says_so(services: Services, editor: Actor) -> None:
    draft = upload(services, editor, ONE_MORE)
    services.drafts.submit(editor, draft.id, Submission(bump="major", breaking="the unit is another one"))
    services.work.run_to_end(draft.id)
    found = services.versions.get("reservoirs", "2.0.0")
    assert [item["text"]["en"] for item in found.reasons] == ["raised by the publisher", "levels: rows added: 1"]


@pytest.mark.parametrize("bump", ["patch", "huge"])
def test_a_number_is_never_lowered(services: Services, editor: Actor, bump: str) -> None:
    draft = upload(services, editor, ONE_MORE)
    with pytest.raises(InvalidMetadataError) as caught:
        services.drafts.submit(editor, draft.id, Submission(bump=bump))
    assert caught.value.faults[0].pointer == "/bump"


@pytest.mark.both_databases(slow=True)
def test_a_draft_that_was_overtaken_is_compared_with_what_is_there_now(services: Services, editor: Actor) -> None:
    late = upload(services, editor, ONE_MORE)
    publish(services, editor, ONE_MORE + "A004,北湖,4,2026-02-03\n")
    services.drafts.submit(editor, late.id)
    services.work.run_to_end(late.id)
    found = services.versions.get("reservoirs", "1.2.0")
    assert [item["text"]["en"] for item in found.reasons] == ["levels: rows removed: 1"]


def test_a_draft_that_becomes_a_breaking_change_by_being_overtaken_is_returned(
    services: Services, editor: Actor
) -> None:
    late = upload(services, editor, NARROW_CSV.replace("A002", "A009"), schema=NARROW, name="other")
    wide = {**NARROW, "fields": SCHEMA["fields"]}
    publish(services, editor, schema=wide, name="other")
    services.drafts.submit(editor, late.id)
    services.work.run_to_end(late.id)
    found = services.drafts.get(editor, late.id)
    assert (found.status, services.datasets.get("reservoirs", editor).latest) == ("returned", "1.1.0")
    assert found.comment


@pytest.mark.parametrize("change", ["flipped", "gone"])
def test_a_version_whose_file_is_damaged_does_not_stop_the_next(services: Services, editor: Actor, change: str) -> None:
    parquet = locate(services.versions.find_file("reservoirs", "1.0.0", "levels", "parquet"))
    parquet.chmod(0o600)
    if change == "gone":
        parquet.unlink()
        (services.settings.private_folder / "blobs/sha256" / parquet.name[:2] / parquet.name).unlink()
    else:
        parquet.write_bytes(bytes(parquet.stat().st_size))
    looser = {
        **SCHEMA,
        "fields": [SCHEMA["fields"][0], *({**item, "constraints": {}} for item in SCHEMA["fields"][1:])],
    }
    draft = upload(services, editor, ONE_MORE, schema=looser)
    assert draft.next is not None
    assert draft.next.version == "2.0.0"  # nobody can tell whether the new rows follow the old schema
    assert "levels: rows changed" in text(draft)


def test_a_number_does_not_go_on_in_a_line_that_was_withdrawn(services: Services, editor: Actor) -> None:
    publish(services, editor, NARROW_CSV, schema=NARROW)
    maintainer = make_actor(services, "boss", "maintainer", None)
    services.withdrawals.withdraw(maintainer, "reservoirs", "2.0.0", reason="wrong table")
    draft = upload(services, editor, ONE_MORE)
    assert draft.base == "1.0.0"
    assert draft.next is not None
    assert (draft.next.version, draft.next.is_breaking) == ("3.0.0", False)
    assert text(draft) == ["goes back to before version 2.0.0, which was withdrawn", "levels: rows added: 1"]


@pytest.mark.parametrize("review", ["none", "two-person"])
def test_a_breaking_change_needs_its_reason(services: Services, editor: Actor, review: str) -> None:
    object.__setattr__(services.settings, "review", review)
    draft = upload(services, editor, NARROW_CSV, schema=NARROW)
    with pytest.raises(InvalidMetadataError) as caught:
        services.drafts.submit(editor, draft.id)
    assert caught.value.faults[0].pointer == "/breaking"
    for day in ("2020-01-01", "2030-W01-1", "soon"):
        with pytest.raises(InvalidMetadataError) as caught:
            services.drafts.submit(editor, draft.id, Submission(breaking="not measured any more", effective=day))
        assert caught.value.faults[0].pointer == "/effective"
    services.drafts.submit(editor, draft.id, Submission(breaking="not measured any more"))
    if review != "none":
        other = make_actor(services, "other")
        services.drafts.approve(other, draft.id)
        services.drafts.publish(other, draft.id)
    services.work.run_to_end(draft.id)
    told = services.versions.get_manifest("reservoirs", "2.0.0").breaking
    assert told is not None
    assert told["reason"] == "not measured any more"


def test_a_breaking_change_is_announced_till_its_day_and_published_on_it(services: Services, editor: Actor) -> None:
    draft = upload(services, editor, NARROW_CSV, schema=NARROW)
    said = Submission(breaking="not measured any more", effective=TOMORROW)
    seen = [services.database.revisions.read()]
    waiting = services.drafts.submit(editor, draft.id, said)
    seen.append(services.database.revisions.read())
    assert (waiting.status, waiting.is_at_work) == ("submitted", False)
    assert waiting.scheduled is not None
    assert list(services.work.find()) == []
    assert not services.work.run(draft.id)
    (told,) = services.drafts.list_announced("reservoirs")
    assert (told["version"], told["reason"], told["effective"]) == ("2.0.0", "not measured any more", TOMORROW)
    with services.database.unit(write=True) as session:
        row = session.get(Draft, draft.id)
        assert row is not None
        row.due = datetime.now(UTC) - timedelta(seconds=1)
    assert list(services.work.find()) == [draft.id]
    services.work.run_to_end(draft.id)
    notice = services.versions.get_manifest("reservoirs", "2.0.0").breaking
    assert notice is not None
    assert notice["effective"] == TOMORROW
    assert services.drafts.list_announced("reservoirs") == []
    assert len({*seen, services.database.revisions.read()}) == 3  # so no kept page says what was before


@pytest.mark.parametrize("step", ["return_", "discard"])
def test_what_waits_for_its_day_can_be_taken_back(services: Services, editor: Actor, step: str) -> None:
    draft = upload(services, editor, NARROW_CSV, schema=NARROW)
    services.drafts.submit(editor, draft.id, Submission(breaking="why", effective=TOMORROW))
    seen = services.database.revisions.read()
    if step == "return_":
        assert services.drafts.return_(editor, draft.id, "not yet").status == "returned"
    else:
        assert services.drafts.discard(editor, draft.id).status == "discarded"
    assert services.drafts.list_announced("reservoirs") == []
    assert services.database.revisions.read() != seen
    assert list(services.work.find()) == []


def test_what_is_being_published_cannot_be_taken_back(services: Services, editor: Actor) -> None:
    draft = upload(services, editor, ONE_MORE)
    services.drafts.submit(editor, draft.id)
    with pytest.raises(StateError):
        services.drafts.discard(editor, draft.id)


def test_erased_rows_are_forgotten_by_the_drafts_that_changed_them(services: Services, editor: Actor) -> None:
    draft = upload(services, editor, "code,name,level,measured\nA009,新湖,1,2026-01-01\n")
    with services.database.unit() as session:
        kept = session.get(Draft, draft.id)
        assert kept is not None
        rows = kept.resources[0].changes["rows"]  # type: ignore[index]
    maintainer = make_actor(services, "boss", "maintainer", None)
    services.withdrawals.withdraw(
        maintainer, "reservoirs", "1.0.0", reason="names of persons", legal_basis="个人信息保护法", erase=True
    )
    assert not services.settings.private_folder.joinpath("blobs/sha256", rows[:2], rows).exists()
    assert services.drafts.get(editor, draft.id).tables[0].changes is None
