"""The way of a table through REST, from the dataset's first line to the published version."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from tests.api.conftest import Caller, problem
from tests.instances import CSV, DATASET, SCHEMA


def test_a_table_goes_from_upload_to_public(editor: Caller, stranger: Caller) -> None:
    sent = editor.upload(("levels.csv", CSV), schema=SCHEMA, notes="first")
    assert sent.status_code == 202
    draft = sent.json["id"]
    assert sent.headers["Location"] == f"/api/v1/drafts/{draft}"
    assert sent.headers["Retry-After"] == "1"
    assert sent.json["status"] == "received"
    assert sent.json["report"] is None
    problem(stranger.get("/datasets/reservoirs"), 404, "not-found")

    checked = editor.work(draft)
    assert (checked["status"], checked["progress"]) == ("valid", 1.0)
    assert checked["report"]["valid"] is True
    profile = checked["resources"][0].pop("profile")
    reading = checked["resources"][0].pop("reading")
    assert (reading["form"], reading["encoding"], reading["header_rows"]) == ("csv", "utf-8", [1])
    assert checked["resources"][0].pop("choices") is None
    assert checked["resources"][0].pop("meaning")["found"]["period"]["where"] == "data"
    assert {column["name"]: column["count"] for column in profile}["level"] == 1
    assert checked["resources"][0] == {
        "name": "levels",
        "type": "table",
        "filename": "",
        "mediatype": "",
        "title": "",
        "file": "levels.csv",
        "bytes": len(CSV.encode()),
        "rows": 2,
        "valid": True,
        "carried": False,
        "schema": checked["resources"][0]["schema"],
        "schemaName": "",
        "disclosure": "",
        "decisions": None,
        "treated": None,
        "risk": None,
        "texts": [],
        "isRead": None,
        "unread": "",
        "dialect": None,
        "proposedSchema": None,
        "errors": 0,
        "hasFindings": False,
        "recipe": None,
        "offered": None,
        "noRows": False,
        "changes": None,
        "mode": "new",
        "modeReason": "",
        "modeAsks": False,
        "part": None,
        "series": None,
    }

    asked = editor.post(f"/drafts/{draft}/submit", json={"notes": "first edition"})
    assert asked.status_code == 202
    published = editor.work(draft)
    assert (published["status"], published["version"], published["notes"]) == ("published", "1.0.0", "first edition")

    found = stranger.get("/datasets/reservoirs").json
    assert (found["latest"], found["publisher"]["title"]) == ("1.0.0", "水务局")
    assert found["url"] == "http://localhost/datasets/reservoirs"
    version = stranger.get("/datasets/reservoirs/versions/latest")
    assert version.headers["Content-Location"] == "/api/v1/datasets/reservoirs/versions/1.0.0"
    assert (version.json["rows"], version.json["resources"][0]["name"]) == (2, "levels")
    table = stranger.get("/datasets/reservoirs/versions/1.0.0/resources/levels").json
    assert table == version.json["resources"][0]
    client = stranger.client
    assert client.get(table["url"]).status_code == 200
    assert client.get(table["parquet"]["url"]).status_code == 200
    assert client.get(version.json["manifest"]).json["version"] == "1.0.0"
    listed = stranger.get("/datasets/reservoirs/versions").json
    assert [item["version"] for item in listed["items"]] == ["1.0.0"]
    tables = stranger.get("/datasets/reservoirs/versions/latest/resources").json
    assert (tables["items"], tables["next"]) == ([table], None)


def test_what_a_dataset_says_is_what_was_sent(editor: Caller) -> None:
    sent = {
        "id": "rain-gauges",
        "title": "雨量站",
        "description": "每小时",
        "i18n": {"en": {"title": "Rain gauges", "keywords": ["rain"]}},
        "publisher": {"id": "water-bureau", "title": "is not read"},
        "disclosure": {"attribute": "conditional", "reason": "军事", "legalBasis": "条例"},
        "licenses": [{"name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/"}],
        "keywords": ["雨", "水"],
        "sources": [{"title": "遥测网"}],
        "contributors": [{"title": "王", "roles": ["author"]}],
        "homepage": "https://example.org/",
        "sourceVersion": "2026",
    }
    answer = editor.post("/datasets", json=sent)
    assert answer.status_code == 201
    assert answer.headers["Location"] == "/api/v1/datasets/rain-gauges"
    found = editor.get(answer.headers["Location"])
    assert found.json == answer.json
    assert found.headers["ETag"] == answer.headers["ETag"]
    for key in set(sent) - {"publisher"}:
        assert found.json[key] == sent[key], key
    assert found.json["publisher"] == {
        "id": "water-bureau",
        "title": "水务局",
        "i18n": {"en": {"title": "Water bureau"}},
    }
    assert found.json["latest"] is None
    assert found.json["created"].endswith("Z")


def test_the_id_of_a_dataset_is_made_from_its_title_and_its_publisher_is_the_editors_own(editor: Caller) -> None:
    found = editor.post("/datasets", json={"title": "水质", "disclosure": "open"}).json
    assert (found["id"], found["publisher"]["id"], found["disclosure"]["attribute"]) == (
        "shui-zhi",
        "water-bureau",
        "open",
    )


def test_several_files_are_told_apart_by_name(editor: Caller) -> None:
    options = [
        {"file": "a.csv", "name": "levels", "schema": SCHEMA, "title": "水位", "i18n": {"en": {"title": "Levels"}}},
        {"file": "b.csv", "name": "notes", "dialect": {"delimiter": ";"}, "encoding": "gb18030"},
    ]
    draft = editor.check(("a.csv", CSV), ("b.csv", "编号;说明\n1;好\n".encode("gb18030")), resources=options)
    assert draft["status"] == "valid", draft["report"]
    assert {item["name"]: (item["rows"], item["title"]) for item in draft["resources"]} == {
        "levels": (2, "水位"),
        "notes": (1, ""),
    }
    assert draft["resources"][1]["proposedSchema"]["fields"]


def test_a_library_schema_is_used_by_name(editor: Caller, maintainer: Caller) -> None:
    maintainer.post("/schemas", json={"name": "water-levels", "version": "1.0.0", "descriptor": SCHEMA})
    draft = editor.check(("levels.csv", CSV), schema="water-levels", name="tables")
    assert (draft["resources"][0]["schemaName"], draft["resources"][0]["name"]) == ("water-levels@1.0.0", "tables")


def test_a_schema_may_be_sent_as_a_file(editor: Caller) -> None:
    import io
    import json

    data = {
        "file": (io.BytesIO(CSV.encode()), "levels.csv"),
        "schema": (io.BytesIO(json.dumps(SCHEMA).encode()), "s.json"),
    }
    sent = editor.post("/datasets/reservoirs/drafts", data=data, content_type="multipart/form-data")
    assert sent.json["resources"][0]["schema"]["primaryKey"] == ["code"]


def test_tables_that_are_not_sent_are_carried_over_and_one_can_be_dropped(editor: Caller) -> None:
    editor.publish()
    editor.publish("a,b\n1,2\n", name="gauges", schema="", dialect={})
    draft = editor.check(("levels.csv", CSV.replace("12.50", "13.50")))
    assert {item["name"]: item["carried"] for item in draft["resources"]} == {"levels": False, "gauges": True}
    dropped = editor.delete(f"/drafts/{draft['id']}/resources/gauges")
    assert (dropped.status_code, dropped.json["dropped"]) == (202, ["gauges"])
    editor.work(draft["id"])
    editor.post(f"/drafts/{draft['id']}/submit", json={"breaking": "the gauges are gone"})
    assert editor.work(draft["id"])["version"] == "2.0.0"


def test_metadata_alone_makes_a_new_version(editor: Caller) -> None:
    editor.publish()
    changed = editor.patch("/datasets/reservoirs", json={"description": "每日水位"})
    assert changed.status_code == 200
    sent = editor.post("/datasets/reservoirs/drafts")
    assert sent.status_code == 202
    draft = sent.json["id"]
    assert editor.work(draft)["status"] == "valid"
    editor.post(f"/drafts/{draft}/submit")
    assert editor.work(draft)["version"] == "1.0.1"


def test_a_dataset_without_a_version_needs_a_file(editor: Caller) -> None:
    found = problem(editor.post("/datasets/reservoirs/drafts"), 422, "invalid-metadata")
    assert found["errors"][0]["pointer"] == "/file"


def test_an_invalid_table_is_corrected_by_another_schema(editor: Caller) -> None:
    draft = editor.check(("levels.csv", CSV + "a3,南湖,1,2026-02-02\n"), schema=SCHEMA)
    assert draft["status"] == "invalid"
    problem(editor.post(f"/drafts/{draft['id']}/submit"), 409, "conflict")
    changed = editor.patch(f"/drafts/{draft['id']}/resources/levels", json={"schema": None})
    assert (changed.status_code, changed.json["status"]) == (202, "received")
    assert editor.work(draft["id"])["status"] == "valid"


@pytest.mark.parametrize("review", ["two-person"])
def test_another_person_approves(editor: Caller, make_caller: Callable[..., Caller]) -> None:
    colleague = make_caller("colleague")
    draft = editor.check(("levels.csv", CSV), schema=SCHEMA)
    path = f"/drafts/{draft['id']}"
    problem(editor.post(f"{path}/approve"), 409, "conflict")
    assert editor.post(f"{path}/submit").json["status"] == "submitted"
    problem(editor.post(f"{path}/approve"), 403, "not-permitted")
    problem(editor.post(f"{path}/publish"), 409, "conflict")
    problem(colleague.post(f"{path}/return", json={"comment": " "}), 422)
    returned = colleague.post(f"{path}/return", json={"comment": "wrong month"})
    assert (returned.json["status"], returned.json["comment"]) == ("returned", "wrong month")
    editor.post(f"{path}/submit")
    approved = colleague.post(f"{path}/approve")
    assert (approved.json["status"], approved.json["submitter"], approved.json["approver"]) == (
        "approved",
        "editor",
        "colleague",
    )
    assert editor.post(f"{path}/publish").status_code == 202
    assert editor.work(draft["id"])["version"] == "1.0.0"


def test_a_draft_given_up_stays_readable_and_takes_no_step_any_more(editor: Caller) -> None:
    draft = editor.check(("levels.csv", CSV), schema=SCHEMA)
    assert editor.post(f"/drafts/{draft['id']}/discard").json["status"] == "discarded"
    for step in ("submit", "approve", "publish", "discard", "retry"):
        problem(editor.post(f"/drafts/{draft['id']}/{step}"), 409, "conflict")
    assert DATASET["id"] == editor.get(f"/drafts/{draft['id']}").json["dataset"]


def test_a_table_without_rows_is_refused_until_its_sender_says_that_there_are_none(editor: Caller) -> None:
    header = CSV.splitlines()[0] + "\n"
    draft = editor.check(("levels.csv", header), schema=SCHEMA)
    assert (draft["status"], draft["resources"][0]["rows"]) == ("valid", 0)
    refused = problem(editor.post(f"/drafts/{draft['id']}/submit"), 422, "invalid-metadata")
    assert refused["errors"][0]["pointer"] == "/resources/levels/noRows"
    assert "has no rows" in refused["errors"][0]["detail"]
    changed = editor.patch(f"/drafts/{draft['id']}/resources/levels", json={"noRows": True})
    assert (changed.status_code, changed.json["status"], changed.json["resources"][0]["noRows"]) == (202, "valid", True)
    assert editor.post(f"/drafts/{draft['id']}/submit").status_code == 202
    assert editor.work(draft["id"])["status"] == "published"
    said = [{"file": "levels.csv", "noRows": True}]
    again = editor.check(("levels.csv", header.replace("name", "title")), resources=said)
    assert again["resources"][0]["noRows"] is True


def test_a_breaking_change_needs_its_reason_without_review_too(editor: Caller) -> None:
    editor.publish()
    narrow = {"fields": SCHEMA["fields"][:3], "primaryKey": ["code"]}
    draft = editor.check(("levels.csv", "code,name,level\nA001,东湖,12.50\n"), schema=narrow)
    refused = problem(editor.post(f"/drafts/{draft['id']}/submit"), 422, "invalid-metadata")
    assert refused["errors"][0]["pointer"] == "/breaking"
    said = {"breaking": "not measured any more"}
    assert editor.post(f"/drafts/{draft['id']}/submit", json=said).status_code == 202
    assert editor.work(draft["id"])["version"] == "2.0.0"


def test_a_corrected_file_goes_into_its_draft(editor: Caller, stranger: Caller) -> None:
    draft = editor.upload(("levels.csv", CSV.replace("12.50", "x")), schema=SCHEMA).json["id"]
    assert editor.work(draft)["status"] == "invalid"
    files = {"file": (io.BytesIO(CSV.encode()), "again.csv")}
    problem(stranger.post(f"/drafts/{draft}/files", data=files, content_type="multipart/form-data"), 401)
    files = {"file": (io.BytesIO(CSV.encode()), "again.csv")}
    sent = editor.post(f"/drafts/{draft}/files", data=files, content_type="multipart/form-data")
    assert (sent.status_code, sent.json["id"], sent.json["status"]) == (202, draft, "received")
    checked = editor.work(draft)
    assert (checked["status"], checked["resources"][0]["file"]) == ("valid", "again.csv")
    listed = {
        key: [item["id"] for item in editor.get(f"/drafts?ended={key}").json["items"]] for key in ("true", "false")
    }
    assert listed == {"true": [], "false": [draft]}
    assert editor.get("/drafts?ended=1").status_code == 422
    assert editor.delete("/datasets/reservoirs").status_code == 204
    problem(editor.get(f"/drafts/{draft}"), 404, "not-found")
