"""What a draft's page says of the version it would become, and what it asks for before a breaking change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from opendata.services.core.actors import Actor
from tests.instances import CSV, SCHEMA, publish, upload
from tests.web.conftest import OWN_CHECKS, PASSWORD, SAMPLE, Portal, send

NARROW = {"fields": SCHEMA["fields"][:3], "primaryKey": ["code"]}


def begin(portal: Portal) -> Actor:
    actor = portal.services.accounts.sign_in("clerk", PASSWORD)[0]
    portal.services.datasets.create(actor, SAMPLE)
    publish(portal.services, actor)
    return actor


def test_the_page_tells_the_number_the_rows_and_asks_whether_the_file_is_complete(desk: Portal) -> None:
    actor = begin(desk)
    draft = upload(desk.services, actor, CSV.rsplit("A002", 1)[0])
    page = desk.signed_in("clerk", "en").get(f"/workspace/drafts/{draft.id}/check").text
    assert "This draft becomes version 1.1.0" in page
    assert "You are deleting 50% of the rows of “levels”: 1 of 2. Is the file complete?" in page
    assert "levels: rows removed: 1" in page
    assert '<option value="patch"' not in page
    assert '<option value="minor" selected>' in page
    assert 'name="breaking"' not in page
    rows = desk.signed_in("clerk", "en").get(f"/workspace/drafts/{draft.id}/resources/levels/changes").text
    assert '<tr class="removed">' in rows
    assert "A002" in rows


def test_a_first_version_and_one_with_nothing_new_ask_for_no_number(desk: Portal) -> None:
    actor = begin(desk)
    page = desk.signed_in("clerk", "en").get(f"/workspace/drafts/{upload(desk.services, actor).id}/check").text
    assert "Nothing has changed, so no version will be made" in page
    assert 'name="bump"' not in page
    desk.services.datasets.create(actor, {**SAMPLE, "id": "other"})
    first = upload(desk.services, actor, dataset="other")
    page = desk.signed_in("clerk", "en").get(f"/workspace/drafts/{first.id}/check").text
    assert "This draft becomes version 1.0.0" in page
    assert 'name="bump"' not in page
    assert 'name="breaking"' not in page


def test_a_breaking_change_is_announced_from_the_page(desk: Portal) -> None:
    actor = begin(desk)
    draft = upload(desk.services, actor, "code,name,level\nA001,东湖,12.50\nA002,西湖,\n", schema=NARROW)
    client, place = desk.signed_in("clerk", "en"), f"/workspace/drafts/{draft.id}"
    day = (datetime.now(UTC) + timedelta(days=40)).date().isoformat()
    answer = send(client, f"{place}/submit", {"breaking": "not measured", "effective": day, **OWN_CHECKS}, form=place)
    assert answer.status_code == 303
    page = client.get(place).text
    assert f"The draft will be published on {day}" in page
    assert "data-progress" not in page
    assert f"{place}/discard" in page
    told = desk.client("en").get("/datasets/reservoirs").text
    assert f"Version 2.0.0 is announced for {day}" in told
    assert "not measured" in told
    (item,) = desk.client().get("/api/v1/datasets/reservoirs/announcements").json["items"]
    assert (item["version"], item["effective"], item["reason"]) == ("2.0.0", day, "not measured")


def test_what_is_missing_is_asked_for_where_drafts_are_reviewed(office: Portal) -> None:
    actor = begin_reviewed(office)
    draft = upload(office.services, actor, "code,name,level\nA001,东湖,12.50\n", schema=NARROW)
    client, place = office.signed_in("clerk", "en"), f"/workspace/drafts/{draft.id}"
    answer = send(client, f"{place}/submit", {"breaking": ""}, form=place)
    page = client.get(place).text if answer.status_code == 303 else answer.text
    assert "Say why it is necessary" in page
    assert office.services.drafts.get(actor, draft.id).status == "valid"


def begin_reviewed(portal: Portal) -> Actor:
    actor, boss = (portal.services.accounts.sign_in(name, PASSWORD)[0] for name in ("clerk", "boss"))
    portal.services.datasets.create(actor, SAMPLE)
    draft = upload(portal.services, actor)
    portal.services.drafts.submit(actor, draft.id)
    portal.services.drafts.approve(boss, draft.id)
    portal.services.drafts.publish(boss, draft.id)
    portal.services.work.run_to_end(draft.id)
    return actor


def test_what_is_kept_no_longer_is_told_in_words(desk: Portal) -> None:
    actor = begin(desk)
    draft = publish(desk.services, actor, CSV.rsplit("A002", 1)[0])
    for blob in (desk.services.settings.private_folder / "blobs").rglob("*"):
        if blob.is_file():
            blob.unlink()  # as `opendata gc` does in time
    client = desk.signed_in("clerk", "en")
    assert client.get(f"/workspace/drafts/{draft.id}").status_code == 200
    for page in ("changes", "reading"):
        answer = client.get(f"/workspace/drafts/{draft.id}/resources/levels/{page}")
        assert answer.status_code == 404
        assert "This file is no longer kept" in answer.text


def test_a_breaking_change_without_its_reason_comes_back_as_it_was_entered(desk: Portal) -> None:
    actor = begin(desk)
    draft = upload(desk.services, actor, "code,name,level\nA001,东湖,12.50\nA002,西湖,\n", schema=NARROW)
    client, place = desk.signed_in("clerk", "en"), f"/workspace/drafts/{draft.id}"
    answer = send(client, f"{place}/submit", {"breaking": " ", "notes": "新的口径"}, form=place)
    assert answer.status_code == 422
    assert 'id="breaking-error">This version is a breaking change. Say why it is necessary' in answer.text
    assert 'value="新的口径"' in answer.text
    assert desk.services.drafts.get(actor, draft.id).status == "valid"


def test_a_number_raised_to_a_breaking_change_asks_for_its_reason(desk: Portal) -> None:
    actor = begin(desk)
    draft = upload(desk.services, actor, CSV + "A003,南湖,3,2026-02-02\n")
    client, place = desk.signed_in("clerk", "en"), f"/workspace/drafts/{draft.id}"
    answer = send(client, f"{place}/submit", {"bump": "major"}, form=place)
    assert answer.status_code == 422
    assert 'name="breaking"' in answer.text
    assert '<option value="major" selected>' in answer.text


def test_a_table_without_rows_has_a_box_to_tick(desk: Portal) -> None:
    actor = begin(desk)
    draft = upload(desk.services, actor, CSV.splitlines()[0] + "\n")
    client, place = desk.signed_in("clerk", "en"), f"/workspace/drafts/{draft.id}"
    refused = send(client, f"{place}/submit", {"notes": "空"}, form=place)
    assert refused.status_code == 422
    assert "has no rows. Upload the file with its rows" in refused.text
    assert 'name="no_rows" value="levels"' in refused.text
    assert send(client, f"{place}/submit", {"no_rows": "levels", **OWN_CHECKS}, form=place).status_code == 303
    desk.work()
    assert desk.services.versions.get("reservoirs", "1.1.0").rows == 0
