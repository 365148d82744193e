"""Corrected files, steps, decisions, editions and sheets together: no row is lost, doubled, or changed unasked."""

from __future__ import annotations

import io
from typing import Any

import pytest

from opendata.errors import InvalidMetadataError
from opendata.services.core.actors import Actor
from opendata.services.core.values import DraftView
from opendata.services.drafts.intake import ResourceOption, Sent
from opendata.services.drafts.submission import Submission
from opendata.services.uploads.upload_values import UploadedFile
from opendata.wiring import Services
from tests.instances import DATASET, make_actor, make_services, publish
from tests.services.drafts.test_editions import HEAD, SCHEMA, month, release, rows, send, sent
from tests.services.drafts.test_readings import make_workbook

NUMBERS = {"fields": [{"name": "town", "type": "string"}, {"name": "n", "type": "integer"}]}


@pytest.fixture
def services(tmp_path) -> Services:
    return make_services(tmp_path / "instance")


@pytest.fixture
def editor(services: Services) -> Actor:
    actor = make_actor(services, "editor")
    services.datasets.create(actor, DATASET)
    return actor


def send_again(services: Services, actor: Actor, draft: str, file: str, data: str | bytes, **option: Any) -> DraftView:
    stream = io.BytesIO(data if isinstance(data, bytes) else data.encode())
    given = Sent(files=[UploadedFile(file, stream)], options=[ResourceOption(file=file, **option)])
    services.drafts.receive_again(actor, draft, lambda: given)
    services.work.run_to_end(draft)
    return services.drafts.get(actor, draft)


def change(services: Services, actor: Actor, draft: str, table: str, **changes: Any) -> DraftView:
    services.drafts.change_resource(actor, draft, table, changes)
    services.work.run_to_end(draft)
    return services.drafts.get(actor, draft)


def test_a_corrected_file_of_mode_auto_is_added_as_the_first_one_was(services: Services, editor: Actor) -> None:
    publish(services, editor, HEAD + month(9), name="population", schema=SCHEMA)
    draft = send(services, editor, HEAD + month(10))
    found = send_again(services, editor, draft.id, "人口2026年10月.csv", HEAD + month(10, people=101), mode="auto")
    assert rows(services, release(services, editor, found)) == HEAD + month(9) + month(10, people=101)


def test_a_further_file_takes_over_the_decisions_and_steps_of_its_table(services: Services, editor: Actor) -> None:
    text = "id,nick,n\n1,anna,5\n2,bert,7\n"
    draft = send(services, editor, text, "persons.csv", None, name="persons")
    decisions = {"columns": [{"field": "nick", "treatment": "drop"}]}
    recipe = {"steps": [{"verb": "replace", "field": "n", "old": "7", "new": "8"}]}
    release(services, editor, change(services, editor, draft.id, "persons", decisions=decisions, recipe=recipe))
    draft = send(services, editor, "a\n1\n", "other.csv", None, name="other")
    found = send_again(services, editor, draft.id, "persons.csv", text + "3,dora,7\n", name="persons")
    assert rows(services, release(services, editor, found), "persons") == "id,n\n1,5\n2,8\n3,8\n"


def test_corrections_of_single_cells_are_asked_about_in_a_corrected_file(services: Services, editor: Actor) -> None:
    draft = send(services, editor, "town,n\nA,1\nB,-\n", "t.csv", None, name="tt", schema=NUMBERS)
    edit = {"verb": "edit", "field": "n", "old": "-", "new": "20", "row": 3}
    draft = change(services, editor, draft.id, "tt", recipe={"steps": [edit]})
    assert (draft.status, draft.warnings) == ("valid", 0)
    found = send_again(services, editor, draft.id, "t.csv", "town,n\nA,1\nNEW,-\nB,40\n", name="tt")
    assert (found.status, found.warnings) == ("valid", 1)
    asked = [item["rule"] for item in (sent(found).reading or {})["decisions"] if item.get("asks")]
    assert asked == ["step"]
    services.drafts.submit(editor, found.id, Submission(reason="looked at"))
    services.work.run_to_end(found.id)
    following = send(services, editor, "town,n\nA,1\nB,2\n", "t.csv", None, name="tt")
    assert sent(following).recipe is None  # in the next file the row is another


def test_a_line_break_in_the_name_of_a_column_loses_no_row(services: Services, editor: Actor) -> None:
    head = '"code\n(id)",nn\n'
    release(services, editor, send(services, editor, head + "A,1\nB,2\n", "tt.csv", None, name="tt"))
    draft = send(services, editor, head + "D,4\nE,5\n", "tt-10.csv", "append", name="tt")
    assert rows(services, release(services, editor, draft), "tt") == head + "A,1\nB,2\nD,4\nE,5\n"


def test_sheets_that_were_renamed_come_again_under_their_names(services: Services, editor: Actor) -> None:
    first, second = [["code", "n"], ["A", 1]], [["kind", "x"], ["K", 1]]
    view, _ = services.drafts.create(
        editor, "reservoirs", [UploadedFile("book.xlsx", io.BytesIO(make_workbook(甲=first, 乙=second)))]
    )
    services.work.run_to_end(view.id)
    draft = services.drafts.get(editor, view.id)
    for old, new in ((draft.tables[1].name, "kinds"), ("book", "codes")):
        change(services, editor, view.id, old, name=new)
    longer = make_workbook(甲=[*first, ["B", 2]], 乙=[*second, ["L", 2]])
    found = send_again(services, editor, view.id, "book2.xlsx", longer, name="codes")
    listed = [(item.name, item.rows, item.file) for item in found.tables]
    assert listed == [("codes", 2, "book2.xlsx"), ("kinds", 2, "book2.xlsx")]


def test_rows_in_another_unit_are_not_added(services: Services, editor: Actor) -> None:
    def write(unit: str, number: int) -> str:
        return f"产值,,\n单位：{unit},,\nmonth,town,amount\n2026-{number:02},东湖,1.5\n2026-{number:02},西湖,2.5\n"

    fields = [{"name": "month", "type": "string"}, {"name": "town", "type": "string"}]
    schema = {"fields": [*fields, {"name": "amount", "type": "number"}], "primaryKey": ["month", "town"]}
    release(services, editor, send(services, editor, write("万元", 9), "o.csv", None, name="output", schema=schema))
    draft = send(services, editor, write("元", 10), "o10.csv", "append", name="output")
    draft = change(services, editor, draft.id, "output", meaning={"unit": "元"})
    with pytest.raises(InvalidMetadataError, match="Convert them"):
        release(services, editor, draft)


def test_a_table_taken_for_another_keeps_nothing_of_that(services: Services, editor: Actor) -> None:
    for name, title, disclosure in (("income", "收入", "open"), ("spending", "支出", None)):
        text = "town,n\nA,1\nB,2\n"
        options = {"title": title, "disclosure": disclosure, "schema": NUMBERS}
        release(services, editor, send(services, editor, text, f"{name}.csv", None, name=name, **options))
    draft = send(services, editor, "town,n\nA,7\nC,9\n", "income.csv", None, name="income")
    draft = change(services, editor, draft.id, "income", target="spending", mode="replace")
    table = sent(draft)
    assert (table.name, table.title, table.disclosure, table.recipe) == ("spending", "支出", "", None)
