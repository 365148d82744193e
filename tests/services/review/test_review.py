"""Two persons: nothing of a published dataset changes, and nothing is signed, that a second person hasn't approved."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from opendata.db.models import Draft
from opendata.errors import NotFoundError, NotPermittedError, StateError, WithdrawnError
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.values import DraftView
from opendata.services.drafts.submission import Submission
from opendata.wiring import Services
from tests.instances import CSV, DATASET, locate, make_actor, upload
from tests.services.core.test_access import CLOSED, MORE

LICENCE = [{"name": "CC0-1.0"}]


def submit(services: Services, actor: Actor, text: str = CSV) -> str:
    view = upload(services, actor, text)
    services.drafts.submit(actor, view.id)
    return view.id


def approve_and_publish(services: Services, boss: Actor, draft: str) -> DraftView:
    services.drafts.approve(boss, draft)
    services.drafts.publish(boss, draft)
    services.work.run_to_end(draft)
    return services.drafts.get(boss, draft)


@pytest.fixture
def published(services: Services, editor: Actor, boss: Actor) -> Services:
    """Version 1.0.0 of the reservoirs, by two persons."""
    assert approve_and_publish(services, boss, submit(services, editor)).version == "1.0.0"
    return services


def propose(services: Services, actor: Actor, **changes: object) -> str:
    """Propose metadata, and make the draft that carries them; gives its id, submitted."""
    services.datasets.update(actor, "reservoirs", changes)
    view, _ = services.drafts.create(actor, "reservoirs", [])
    services.work.run_to_end(view.id)
    services.drafts.submit(actor, view.id)
    return view.id


@pytest.mark.both_databases(slow=True)
def test_changed_metadata_wait_for_the_next_approved_draft(published: Services, editor: Actor, boss: Actor) -> None:
    draft = propose(published, editor, title="湖泊", licenses=LICENCE)
    entry = published.datasets.get("reservoirs")
    assert (entry.title, entry.licenses, entry.proposed) == ("水库", tuple(DATASET["licenses"]), None)
    assert [item.title for item in published.datasets.list().items] == ["水库"]
    records = [path.read_text() for path in (published.settings.public_folder / "entries").rglob("*.json")]
    assert all("湖泊" not in text for text in records)
    proposed = published.datasets.get("reservoirs", editor).proposed
    assert proposed is not None
    assert proposed["title"] == published.datasets.get_ahead("reservoirs", editor).title == "湖泊"
    changes = {name: (now, then) for name, now, then in published.drafts.get(boss, draft).metadata_changes}
    assert changes == {"title": ("水库", "湖泊"), "licenses": (DATASET["licenses"], LICENCE)}
    assert approve_and_publish(published, boss, draft).version == "1.0.1"
    entry = published.datasets.get("reservoirs", editor)
    assert (entry.title, entry.licenses, entry.proposed) == ("湖泊", tuple(LICENCE), None)
    assert published.versions.get_manifest("reservoirs", "1.0.1").title == "湖泊"


def test_a_proposal_taken_back_leaves_nothing(published: Services, editor: Actor) -> None:
    published.datasets.update(editor, "reservoirs", {"title": "湖泊"})
    published.datasets.update(editor, "reservoirs", {"description": "水位"})
    assert published.datasets.get_ahead("reservoirs", editor).title == "湖泊"
    published.datasets.update(editor, "reservoirs", {"title": "水库", "description": None})
    assert published.datasets.get("reservoirs", editor).proposed is None


def test_a_proposal_is_for_nobody_else(published: Services, editor: Actor) -> None:
    published.publishers.ensure(SYSTEM, {"id": "parks-bureau", "title": "园林局"})
    gardener = make_actor(published, "gardener", publisher="parks-bureau")
    published.datasets.update(editor, "reservoirs", {"title": "湖泊"})
    assert published.datasets.get("reservoirs", gardener).proposed is None
    with pytest.raises(NotPermittedError):
        published.datasets.get_ahead("reservoirs", gardener)


@pytest.mark.parametrize("moment", ["submitted", "approved"])
def test_a_draft_whose_metadata_change_on_the_way_is_not_published(
    published: Services, editor: Actor, second: Actor, boss: Actor, moment: str
) -> None:
    draft = submit(published, editor, MORE)
    if moment == "approved":
        published.drafts.approve(boss, draft)
    published.datasets.update(second, "reservoirs", {"title": "湖泊"})
    returned = published.drafts.get(editor, draft)
    assert (returned.status, returned.approver, returned.digest) == ("returned", None, None)
    assert "second" in returned.comment
    assert not any(item.in_force for item in returned.checks)
    step = published.drafts.approve if moment == "submitted" else published.drafts.publish
    with pytest.raises(StateError):
        step(boss, draft)
    published.drafts.submit(editor, draft)
    assert approve_and_publish(published, boss, draft).version == "1.1.0"
    assert published.versions.get_manifest("reservoirs", "1.1.0").title == "湖泊"


def test_the_first_version_is_what_was_approved_too(services: Services, editor: Actor, boss: Actor) -> None:
    draft = submit(services, editor)
    services.drafts.approve(boss, draft)
    services.datasets.update(editor, "reservoirs", {"licenses": LICENCE})
    assert services.drafts.get(boss, draft).status == "returned"
    with pytest.raises(StateError):
        services.drafts.publish(boss, draft)
    with pytest.raises(NotFoundError):
        services.datasets.get("reservoirs")


def test_what_changes_after_publication_was_asked_for_sends_the_draft_back(
    services: Services, editor: Actor, boss: Actor
) -> None:
    draft = submit(services, editor)
    services.drafts.approve(boss, draft)
    services.drafts.publish(boss, draft)
    services.datasets.update(editor, "reservoirs", {"title": "湖泊"})
    services.work.run_to_end(draft)
    ended = services.drafts.get(editor, draft)
    assert (ended.status, ended.approver, ended.version) == ("returned", None, None)
    with pytest.raises(NotFoundError):
        services.datasets.get("reservoirs")


def test_whoever_uploaded_changed_or_submitted_a_draft_does_not_approve_it(
    services: Services, editor: Actor, second: Actor, boss: Actor
) -> None:
    third = make_actor(services, "third")
    view = upload(services, editor, CSV.replace("12.50", "x"))
    assert view.status == "invalid"
    schema = {"fields": [{"name": name, "type": "string"} for name in ("code", "name", "level", "measured")]}
    services.drafts.change_resource(second, view.id, "levels", {"schema": schema})
    services.work.run_to_end(view.id)
    services.drafts.submit(third, view.id)
    assert services.drafts.get(boss, view.id).contributors == ["editor", "second", "third"]
    for actor in (editor, second, third):
        with pytest.raises(NotPermittedError, match="someone else must approve it"):
            services.drafts.approve(actor, view.id)
    assert services.drafts.approve(boss, view.id).approver == "boss"


def test_whoever_proposed_the_metadata_of_a_draft_does_not_approve_it(
    published: Services, editor: Actor, second: Actor, boss: Actor
) -> None:
    published.datasets.update(second, "reservoirs", {"title": "湖泊"})
    draft = submit(published, editor, MORE)
    with pytest.raises(NotPermittedError, match="someone else must approve it"):
        published.drafts.approve(second, draft)
    assert approve_and_publish(published, boss, draft).version == "1.1.0"


def test_whoever_dropped_a_table_does_not_approve_either(published: Services, editor: Actor, second: Actor) -> None:
    view = upload(published, editor, "a\n1\n", name="other", schema=None)
    published.drafts.drop_resource(second, view.id, "levels")
    published.work.run_to_end(view.id)
    published.drafts.submit(editor, view.id, Submission(breaking="合并到一张表"))
    with pytest.raises(NotPermittedError):
        published.drafts.approve(second, view.id)


def test_a_dataset_is_closed_by_an_approved_draft_of_its_metadata_without_a_version(
    published: Services, editor: Actor, boss: Actor
) -> None:
    draft = propose(published, editor, disclosure=CLOSED)
    following = published.drafts.get(boss, draft).next
    assert following is not None
    assert (following.version, following.is_entry_only) == (None, True)
    assert locate(published.versions.find_file("reservoirs", "1.0.0", "levels", "csv")).read_text() == CSV
    ended = approve_and_publish(published, boss, draft)
    assert (ended.status, ended.version) == ("published", None)
    assert published.datasets.get("reservoirs").disclosure.to_json() == CLOSED
    assert [item.version for item in published.versions.list("reservoirs")] == ["1.0.0"]
    with pytest.raises(WithdrawnError, match=CLOSED["reason"]):
        published.versions.find_file("reservoirs", "1.0.0", "levels", "csv")


def test_data_is_not_published_with_the_metadata_that_close_it(published: Services, editor: Actor, boss: Actor) -> None:
    published.datasets.update(editor, "reservoirs", {"disclosure": CLOSED})
    view = upload(published, editor, MORE)
    with pytest.raises(StateError, match="can't be published"):
        published.drafts.submit(editor, view.id)


def test_a_closed_dataset_opens_by_an_approved_draft_alone(published: Services, editor: Actor, boss: Actor) -> None:
    approve_and_publish(published, boss, propose(published, editor, disclosure=CLOSED))
    draft = propose(published, editor, disclosure={"attribute": "open"})
    assert published.datasets.get("reservoirs").disclosure.is_closed
    assert approve_and_publish(published, boss, draft).status == "published"
    found = published.datasets.get("reservoirs")
    assert (found.disclosure.is_open, found.latest) == (True, None)  # what was withdrawn stays so


def test_the_owner_of_the_instance_changes_at_once_what_is_public_and_leaves_what_waits(
    published: Services, editor: Actor
) -> None:
    published.datasets.update(editor, "reservoirs", {"title": "湖泊"})
    published.datasets.update(SYSTEM, "reservoirs", {"description": "水位"})
    entry = published.datasets.get("reservoirs", editor)
    assert (entry.title, entry.description) == ("水库", "水位")
    assert entry.proposed is not None
    assert entry.proposed["title"] == "湖泊"


def test_a_draft_approved_before_drafts_were_sealed_is_submitted_again(
    services: Services, editor: Actor, boss: Actor
) -> None:
    draft = submit(services, editor)
    services.drafts.approve(boss, draft)
    with services.database.unit(write=True) as session:
        session.execute(update(Draft).values(sealed=None, contributors=None))  # as the migration leaves it
    assert services.drafts.get(boss, draft).contributors == ["editor"]
    assert services.datasets.get_ahead("reservoirs", editor).title == "水库"
    with pytest.raises(StateError, match="changed since it was submitted"):
        services.drafts.publish(boss, draft)
    services.drafts.return_(boss, draft, "请重新提交")
    services.drafts.submit(editor, draft)
    assert approve_and_publish(services, boss, draft).version == "1.0.0"
