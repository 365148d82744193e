"""What was found is read page by page and downloaded in the reader's language, by those who may see the draft alone."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from opendata.db.models import DraftResource
from opendata.storage.local import LocalStore
from opendata.tables.report.findings import FindingsWriter, findings_schema
from opendata.wiring import Services
from tests.api.conftest import Caller, problem
from tests.instances import CSV

WRONG = CSV + "B1,=1+1,-5,2026-1-1\n"
ROWS = [
    {"row": None, "fieldNumber": 4, "fieldName": "measured", "type": "extra-label", "rule": "extra-label"},
    {"row": 4, "fieldNumber": 1, "fieldName": "code", "type": "constraint-error", "rule": "pattern", "cell": "B1"}
    | {"params": '{"limit": "[A-Z][0-9]{3}"}'},
    {"row": 4, "fieldNumber": 3, "fieldName": "level", "type": "constraint-error", "rule": "minimum", "cell": "-5"}
    | {"params": '{"limit": 0}', "strength": "warning"},
    {"row": 4, "fieldNumber": 4, "fieldName": "measured", "type": "lax-date", "rule": "type", "cell": "2026-1-1"},
]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILES = ("findings.csv", "findings.xlsx", "marked.xlsx")


def store(services: Services, draft: str, rows: list[dict[str, Any]], folder: Path) -> None:
    """Keep findings with a draft's table, as the check does."""
    plain = {"strength": "error", "params": "{}", "cell": None}
    with FindingsWriter(folder / "found.parquet") as writer:
        writer.write(
            pa.RecordBatch.from_pylist(
                [{**plain, "code": row["type"], **row} for row in rows], schema=findings_schema()
            )
        )
    digest, _ = LocalStore(services.settings.private_folder).put_blob(folder / "found.parquet")
    with services.database.unit(write=True) as session:
        session.query(DraftResource).filter_by(draft_id=draft).one().findings = digest


@pytest.fixture
def place(editor: Caller, services: Services, tmp_path: Path) -> str:
    """The address of a sent table whose findings are stored."""
    draft = editor.check(("levels.csv", WRONG), name="levels")
    store(services, draft["id"], ROWS, tmp_path)
    return f"/drafts/{draft['id']}/resources/levels"


def test_findings_are_listed_with_words(editor: Caller, place: str) -> None:
    found = editor.get(f"{place}/findings").json
    assert found["next"] is None
    assert [(item["row"], item["fieldName"], item["rule"]) for item in found["items"]] == [
        (None, "measured", "extra-label"),
        (4, "code", "pattern"),
        (4, "level", "minimum"),
        (4, "measured", "type"),
    ]
    item = found["items"][2]
    assert (item["cell"], item["strength"], item["title"]) == ("-5", "warning", "Too small")
    assert (item["message"], item["advice"]) == ("“-5” is less than 0", "The value must be at least 0")


def test_the_words_are_in_the_language_asked_for(editor: Caller, place: str) -> None:
    found = editor.get(f"{place}/findings", headers={"Accept-Language": "zh-CN"}).json
    assert found["items"][2]["message"] == "“-5”小于 0"


def test_pages_follow_one_another(editor: Caller, place: str) -> None:
    types, cursor = [], None
    for _ in range(2):
        found = editor.get(
            f"{place}/findings", query_string={"limit": 2, **({"cursor": cursor} if cursor else {})}
        ).json
        types += [item["rule"] for item in found["items"]]
        cursor = found["next"]
    assert types == ["extra-label", "pattern", "minimum", "type"]
    assert cursor is None


@pytest.mark.parametrize(
    ("query", "rules"),
    [
        ({"type": "constraint-error"}, ["pattern", "minimum"]),
        ({"field": "measured"}, ["extra-label", "type"]),
        ({"rule": "type"}, ["type"]),
        ({"strength": "warning"}, ["minimum"]),
        ({"type": "constraint-error", "strength": "error"}, ["pattern"]),
        ({"type": "nothing"}, []),
    ],
)
def test_findings_are_chosen_by_what_they_are(
    editor: Caller, place: str, query: dict[str, str], rules: list[str]
) -> None:
    found = editor.get(f"{place}/findings", query_string=query).json
    assert [item["rule"] for item in found["items"]] == rules


@pytest.mark.parametrize("cursor", ["x", "LTE", "YWJj", "MQ=="])
def test_a_cursor_of_somebody_else_is_refused(editor: Caller, place: str, cursor: str) -> None:
    problem(editor.get(f"{place}/findings", query_string={"cursor": cursor}), 400, "bad-request")


def test_an_unknown_filter_is_refused(editor: Caller, place: str) -> None:
    problem(editor.get(f"{place}/findings", query_string={"colour": "red"}), 422)


def test_the_list_is_a_csv_in_the_language_asked_for(editor: Caller, place: str) -> None:
    answer = editor.get(f"{place}/findings.csv", headers={"Accept-Language": "zh"})
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename=levels-findings.csv"
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0] == ["行", "列", "值", "规则", "问题", "怎么改"]
    assert [row[0] for row in rows[1:]] == ["", "4", "4", "4"]
    english = editor.get(f"{place}/findings.csv").data.decode("utf-8-sig")
    assert english.startswith("Row,Column,Value,Rule,What is wrong,How to fix it\r\n")


@pytest.mark.parametrize("name", ["findings.xlsx", "marked.xlsx"])
def test_workbooks_are_sent_as_such(editor: Caller, place: str, name: str) -> None:
    answer = editor.get(f"{place}/{name}")
    assert answer.content_type == XLSX
    assert answer.headers["Content-Disposition"] == f"attachment; filename=levels-{name}"
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert zipfile.ZipFile(io.BytesIO(answer.data)).testzip() is None


def test_the_marked_copy_holds_the_table_as_it_was_sent(editor: Caller, place: str) -> None:
    archive = zipfile.ZipFile(io.BytesIO(editor.get(f"{place}/marked.xlsx").data))
    sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert ">=1+1<" in sheet
    assert "<f>" not in sheet
    assert (
        "“B1” isn't written as required: one capital letter, then 3 digits" in archive.read("xl/comments1.xml").decode()
    )


@pytest.mark.parametrize("name", ["findings", *FILES])
def test_nothing_of_it_is_kept_on_the_way(editor: Caller, place: str, name: str) -> None:
    assert editor.get(f"{place}/{name}").headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("name", ["findings", *FILES])
def test_only_those_who_may_see_the_draft_see_its_findings(
    stranger: Caller, gardener: Caller, maintainer: Caller, place: str, name: str
) -> None:
    problem(stranger.get(f"{place}/{name}"), 401)
    problem(gardener.get(f"{place}/{name}"), 403)
    assert maintainer.get(f"{place}/{name}").status_code == 200


@pytest.mark.parametrize("name", ["findings", *FILES])
def test_where_nothing_was_found_there_is_no_list(editor: Caller, name: str) -> None:
    draft = editor.check(("levels.csv", CSV), name="levels")
    place = f"/drafts/{draft['id']}/resources"
    problem(editor.get(f"{place}/levels/{name}"), 404)
    problem(editor.get(f"{place}/other/{name}"), 404)
    problem(editor.get(f"/drafts/0123456789/resources/levels/{name}"), 404)
    assert draft["resources"][0]["hasFindings"] is False


def test_a_table_to_be_checked_again_has_no_findings_until_then(editor: Caller, place: str) -> None:
    assert editor.get(place.partition("/resources")[0]).json["resources"][0]["hasFindings"] is True
    assert editor.patch(place, json={"schema": None}).status_code == 202
    problem(editor.get(f"{place}/findings"), 404)


def test_no_file_is_left_behind(editor: Caller, services: Services, place: str) -> None:
    for name in FILES:
        editor.get(f"{place}/{name}").close()
    assert list((services.settings.private_folder / "tmp").iterdir()) == []
