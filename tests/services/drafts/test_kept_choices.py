"""What was chosen for one file is followed in the next by what its rows say, and never cuts data unasked."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
import xlsxwriter
from sqlalchemy import select

from opendata.db.models import Dataset
from opendata.errors import InvalidMetadataError
from opendata.services.core.actors import Actor
from opendata.services.core.values import DraftView
from opendata.services.drafts.submission import Submission
from opendata.services.uploads.upload_values import UploadedFile
from opendata.wiring import Services
from tests.instances import DATASET, make_actor, make_services

NAMES = ["乡镇", "户数", "补贴"]
TOWNS = ["白马乡", "青龙镇", "石桥镇", "大河乡", "小溪乡"]


@pytest.fixture
def services(tmp_path) -> Services:
    found = make_services(tmp_path / "instance")
    found.datasets.create(make_actor(found, "editor"), DATASET)
    return found


@pytest.fixture
def editor(services: Services) -> Actor:
    return make_actor(services, "clerk")


def list_towns(count: int) -> list[list[str]]:
    return [[town, str(10 + at), str(1000 * (at + 1))] for at, town in enumerate(TOWNS[:count])]


def make_csv(rows: Sequence[Sequence[str]]) -> bytes:
    return "".join(",".join(row) + "\n" for row in rows).encode()


def make_workbook(rows: Sequence[Sequence[str]]) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet("一")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return file.getvalue()


FORMATS = {"table.csv": make_csv, "table.xlsx": make_workbook}


def send(services: Services, editor: Actor, rows: Sequence[Sequence[str]], file: str = "table.csv") -> DraftView:
    data = FORMATS[file](rows)
    view, _ = services.drafts.create(editor, "reservoirs", [UploadedFile(file, io.BytesIO(data))])
    services.work.run_to_end(view.id)
    return services.drafts.get(editor, view.id)


def choose(services: Services, editor: Actor, view: DraftView, **choices: object) -> DraftView:
    services.drafts.change_resource(editor, view.id, "table", {"choices": choices})
    services.work.run_to_end(view.id)
    return services.drafts.get(editor, view.id)


def list_asked(view: DraftView) -> list[str]:
    return [item["rule"] for item in (view.resources[0].reading or {})["decisions"] if item.get("asks")]


@pytest.mark.parametrize("file", FORMATS)
def test_a_last_row_chosen_once_cuts_no_township_off_a_longer_file(
    services: Services, editor: Actor, file: str
) -> None:
    first = send(services, editor, [NAMES, *list_towns(3), ["合计", "33", "6000"]], file)
    assert choose(services, editor, first, last_row=4).resources[0].rows == 3
    longer = send(services, editor, [NAMES, *list_towns(5), ["合计", "60", "15000"]], file)
    assert (longer.status, longer.resources[0].rows, list_asked(longer)) == ("valid", 5, [])
    reading = longer.resources[0].reading or {}
    assert (reading["last_row"], reading["footnotes"]) == (6, ["合计 60 15000"])
    assert "“合计” (row 7), as in an earlier file" in reading["decisions"][-1]["text"]


@pytest.mark.parametrize("file", FORMATS)
def test_rows_below_the_kept_end_that_look_like_data_are_a_question(
    services: Services, editor: Actor, file: str
) -> None:
    first = send(services, editor, [NAMES, *list_towns(3), ["合计", "33", "6000"]], file)
    choose(services, editor, first, last_row=4)
    rows = [NAMES, *list_towns(3), ["合计", "33", "6000"], *list_towns(5)[3:]]
    view = send(services, editor, rows, file)
    assert (view.resources[0].rows, list_asked(view), view.warnings) == (6, ["kept-end"], 1)
    with pytest.raises(InvalidMetadataError, match="Say why") as refused:
        services.drafts.submit(editor, view.id)
    assert refused.value.faults[0].pointer == "/reason"
    services.drafts.submit(editor, view.id, Submission(reason="The total row is kept"))


def test_a_question_is_answered_by_a_choice_for_this_file(services: Services, editor: Actor) -> None:
    first = send(services, editor, [NAMES, *list_towns(3), ["合计", "33", "6000"]])
    choose(services, editor, first, last_row=4)
    view = send(services, editor, [NAMES, *list_towns(3), ["合计", "33", "6000"], *list_towns(5)[3:]])
    answered = choose(services, editor, view, last_row=4)
    assert (answered.resources[0].rows, answered.warnings) == (3, 0)
    services.drafts.submit(editor, view.id)


def test_a_row_of_data_that_was_cut_once_is_not_cut_again_unasked(services: Services, editor: Actor) -> None:
    first = send(services, editor, [NAMES, *list_towns(4)])
    assert choose(services, editor, first, last_row=4).resources[0].rows == 3
    view = send(services, editor, [NAMES, *list_towns(5)])
    assert (view.resources[0].rows, list_asked(view)) == (5, ["kept-end"])


def test_a_table_read_to_the_end_of_the_file_is_read_to_the_end_of_a_longer_one(
    services: Services, editor: Actor
) -> None:
    first = send(services, editor, [NAMES, *list_towns(3)])
    choose(services, editor, first, last_row=4)
    view = send(services, editor, [NAMES, *list_towns(5)])
    assert (view.resources[0].rows, list_asked(view)) == (5, [])


@pytest.mark.parametrize("file", FORMATS)
def test_a_header_is_found_by_its_names_wherever_it_is(services: Services, editor: Actor, file: str) -> None:
    first = send(services, editor, [["2024", "1", "2"], NAMES, *list_towns(2)], file)
    assert choose(services, editor, first, header_rows=[2]).resources[0].rows == 2
    rows = [["2025", "1", "2"], ["x", "3", "4"], ["乡镇", "户数", "补贴"], *list_towns(4)]
    view = send(services, editor, rows, file)
    assert ((view.resources[0].reading or {})["header_rows"], view.resources[0].rows) == ([3], 4)
    assert list_asked(view) == []


def test_a_header_whose_names_are_gone_is_a_question(services: Services, editor: Actor) -> None:
    first = send(services, editor, [["2024", "1", "2"], NAMES, *list_towns(2)])
    choose(services, editor, first, header_rows=[2])
    view = send(services, editor, [["a", "b", "c"], *list_towns(2)])
    assert ((view.resources[0].reading or {})["header_rows"], list_asked(view)) == ([1], ["kept-header"])


def test_rows_left_out_below_the_header_are_left_out_again_only_where_they_are_the_same(
    services: Services, editor: Actor
) -> None:
    unit = ["甲", "1", "2"]
    first = send(services, editor, [NAMES, unit, *list_towns(2)])
    assert choose(services, editor, first, first_row=3).resources[0].rows == 2
    same = send(services, editor, [NAMES, unit, *list_towns(4)])
    assert (same.resources[0].rows, list_asked(same)) == (4, [])
    bare = send(services, editor, [NAMES, *list_towns(4)])
    assert (bare.resources[0].rows, list_asked(bare)) == (4, ["kept-first-row"])


def test_a_column_that_is_new_at_the_side_is_not_left_out_unasked(services: Services, editor: Actor) -> None:
    wide = [[*row, "x"] for row in list_towns(2)]
    first = send(services, editor, [[*NAMES, "备注"], *wide])
    assert len(choose(services, editor, first, last_column=3).resources[0].profile) == 3
    same = send(services, editor, [[*NAMES, "备注"], *wide])
    assert (len(same.resources[0].profile), list_asked(same)) == (3, [])
    view = send(services, editor, [[*NAMES, "面积", "备注"], *[[*row, "x"] for row in wide]])
    assert (len(view.resources[0].profile), list_asked(view)) == (5, ["kept-columns"])


def test_a_last_row_kept_by_an_earlier_release_is_a_question(services: Services, editor: Actor) -> None:
    with services.database.unit(write=True) as session:
        dataset = session.scalars(select(Dataset)).one()
        dataset.choices = {"table": {"header_rows": [1], "last_row": 4, "columns": {"户数": "households"}}}
    view = send(services, editor, [NAMES, *list_towns(5)])
    assert (view.resources[0].rows, list_asked(view)) == (5, ["kept-position"])
    assert [column["name"] for column in view.resources[0].profile] == ["乡镇", "households", "补贴"]
    same = send(services, editor, [NAMES, *list_towns(3)])
    assert (same.resources[0].rows, list_asked(same)) == (3, [])


def test_what_is_said_of_columns_later_keeps_the_meaning_of_rows(services: Services, editor: Actor) -> None:
    first = send(services, editor, [NAMES, *list_towns(3), ["合计", "33", "6000"]])
    choose(services, editor, first, last_row=4)
    second = send(services, editor, [NAMES, *list_towns(4), ["合计", "46", "10000"]])
    choose(services, editor, second, **{**(second.resources[0].choices or {}), "columns": {"户数": "households"}})
    third = send(services, editor, [NAMES, *list_towns(5), ["合计", "60", "15000"]])
    assert (third.resources[0].rows, list_asked(third)) == (5, [])
    assert third.resources[0].profile[1]["name"] == "households"


def test_an_encoding_chosen_once_does_not_garble_a_file_in_another(services: Services, editor: Actor) -> None:
    rows = [NAMES, *list_towns(3)]
    first, _ = services.drafts.create(
        editor, "reservoirs", [UploadedFile("table.csv", io.BytesIO(make_csv(rows).decode().encode("gb18030")))]
    )
    services.work.run_to_end(first.id)
    choose(services, editor, first, encoding="gb18030")
    view = send(services, editor, rows)
    assert ((view.resources[0].reading or {})["encoding"], list_asked(view)) == ("utf-8", ["kept-encoding"])
    assert [column["name"] for column in view.resources[0].profile] == NAMES
