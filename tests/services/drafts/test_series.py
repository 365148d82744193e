"""Files of one schema, cut by month or area, and sent at once: joined into one table where a person says so."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest

from opendata.domain.editions.modes import AUTO
from opendata.errors import InvalidMetadataError
from opendata.services.core.actors import Actor
from opendata.services.core.values import DraftView
from opendata.services.drafts.intake import ResourceOption
from opendata.services.drafts.submission import Submission
from opendata.services.uploads.upload_values import UploadedFile
from opendata.wiring import Services
from tests.instances import DATASET, make_actor, make_services
from tests.services.drafts.test_editions import release, rows
from tests.services.drafts.test_readings import make_workbook
from tests.services.drafts.test_together import change, send_again


@pytest.fixture
def services(tmp_path) -> Services:
    return make_services(tmp_path / "instance")


@pytest.fixture
def editor(services: Services) -> Actor:
    actor = make_actor(services, "editor")
    services.datasets.create(actor, DATASET)
    return actor


def send_all(services: Services, actor: Actor, mode: str | None = AUTO, **files: str | bytes) -> DraftView:
    sent = [
        UploadedFile(name, io.BytesIO(data if isinstance(data, bytes) else data.encode()))
        for name, data in files.items()
    ]
    options = [ResourceOption(file=name, mode=mode) for name in files]
    view, _ = services.drafts.create(actor, "reservoirs", sent, options)
    services.work.run_to_end(view.id)
    return services.drafts.get(actor, view.id)


def join(services: Services, actor: Actor, draft: DraftView, **said: Any) -> DraftView:
    tables = list(draft.series[0].tables)
    return change(services, actor, draft.id, tables[0], series={"tables": tables, **said})


MONTHS = {
    "产值2026年02月.csv": "乡镇,产值\n东湖,2\n西湖,3\n",
    "产值2026年01月.csv": "乡镇,产值\n东湖,1\n",
    "产值2026年03月.csv": "产值,乡镇\n4,东湖\n",
}


def test_files_of_months_become_one_table_once_a_person_says_so_and_the_next_month_is_added(
    services: Services, editor: Actor
) -> None:
    draft = send_all(services, editor, **MONTHS)
    offer = draft.series[0]
    assert (offer.cut, offer.values, offer.column, offer.added, offer.asks) == (
        "month",
        ["2026-01", "2026-02", "2026-03"],
        "月份",
        True,
        True,
    )
    assert len(draft.tables) == 3
    with pytest.raises(InvalidMetadataError, match="joined into one or kept apart"):
        services.drafts.submit(editor, draft.id)
    draft = join(services, editor, draft)
    assert [(item.name, item.valid, item.rows) for item in draft.tables] == [("chan-zhi", True, 4)]
    table = draft.tables[0]
    assert table.series is not None
    assert [(part["file"], part["rows"]) for part in table.series.parts] == [
        ("产值2026年01月.csv", 1),
        ("产值2026年02月.csv", 2),
        ("产值2026年03月.csv", 1),
    ]
    assert draft.period == "2026-01/2026-03"
    first = release(services, editor, draft)
    head = "月份,乡镇,产值\n2026-01,东湖,1\n2026-02,东湖,2\n2026-02,西湖,3\n2026-03,东湖,4\n"
    assert rows(services, first, "chan-zhi") == head
    later = {f"产值2026年0{number}月.csv": f"乡镇,产值\n东湖,{number}\n" for number in (5, 4)}
    draft = send_all(services, editor, **later)
    assert [(item.name, item.edition.mode, item.edition.asks) for item in draft.tables if item.edition] == [
        ("chan-zhi", "append", False)
    ]
    assert draft.period == "2026-04/2026-05"
    second = release(services, editor, draft)
    assert rows(services, second, "chan-zhi") == head + "2026-04,东湖,4\n2026-05,东湖,5\n"
    version = services.versions.get("reservoirs", second)
    assert (version.period, version.coverage) == ("2026-04/2026-05", "2026-01/2026-05")
    manifest = services.versions.get_manifest("reservoirs", second).to_json()
    assert manifest["opendata"]["coverage"] == manifest["resources"][0]["opendata"]["coverage"] == "2026-01/2026-05"
    dataset = services.datasets.get("reservoirs")
    proposed = services.proposals.propose(editor, ["水库"], dataset=dataset, publisher="water-bureau")
    assert proposed["updateCycle"].value == "monthly"


@pytest.mark.slow
def test_what_is_joined_can_be_taken_apart_and_kept_apart(services: Services, editor: Actor) -> None:
    draft = send_all(services, editor, **MONTHS)
    names = {item.name for item in draft.tables}
    assert draft.titles == {name: f"产值 ({name})" for name in names}
    draft = change(services, editor, join(services, editor, draft).id, "chan-zhi", series=None)
    assert {item.name for item in draft.tables} == names
    assert [(offer.is_apart, offer.asks) for offer in draft.series] == [(True, False)]
    release(services, editor, join(services, editor, draft, column="报告月"))


@pytest.mark.slow
def test_sheets_and_areas_are_recognised_and_other_columns_and_units_are_not_joined(
    services: Services, editor: Actor
) -> None:
    months = {f"{number}月": [["乡镇", "产值"], ["东湖", number]] for number in (1, 2)}
    draft = send_all(services, editor, **{"2026年产值.xlsx": make_workbook(**months)})
    assert [(offer.values, offer.column) for offer in draft.series] == [(["2026-01", "2026-02"], "月份")]
    draft = join(services, editor, draft)
    assert [(item.name, item.rows) for item in draft.tables] == [("chan-zhi", 2)]
    services.drafts.discard(editor, draft.id)
    areas = {f"人口{name}.csv": f"县名,人口\n{name},{size}\n" for name, size in (("安平县", 5), ("饶阳县", 6))}
    draft = send_all(services, editor, None, **areas)
    assert [(offer.values, offer.column, offer.added, offer.asks) for offer in draft.series] == [
        (["安平县", "饶阳县"], "县名", False, False)
    ]
    release(services, editor, join(services, editor, draft))
    unlike = {
        "产值2026年01月.csv": "单位：万元,\n乡镇,产值\n东湖,1\n",
        "产值2026年02月.csv": "单位：元,\n乡镇,产值\n东湖,1\n",
    }
    draft = send_all(services, editor, **unlike)
    assert [[kind for kind, *_ in offer.differences] for offer in draft.series] == [["unit"]]
    with pytest.raises(InvalidMetadataError, match="its unit differs"):
        join(services, editor, draft)


@pytest.mark.slow
def test_a_corrected_file_takes_the_place_of_its_part_and_a_further_one_becomes_a_part(
    services: Services, editor: Actor
) -> None:
    draft = join(services, editor, send_all(services, editor, **MONTHS))
    again = {"产值2026年02月.csv": "乡镇,产值\n东湖,20\n", "产值2025年12月.csv": "乡镇,产值\n东湖,0\n"}
    for file, text in again.items():
        draft = send_again(services, editor, draft.id, file, text, mode="auto")
    for unclear in ("2月.csv", "人口2026年02月.csv", "产值.csv"):
        with pytest.raises(InvalidMetadataError, match="It isn't clear which part"):
            send_again(services, editor, draft.id, unclear, "乡镇,产值\n东湖,9\n", mode="auto")
    written = rows(services, release(services, editor, draft), "chan-zhi")
    assert written == "月份,乡镇,产值\n2025-12,东湖,0\n2026-01,东湖,1\n2026-02,东湖,20\n2026-03,东湖,4\n"
    table = services.versions.get_manifest("reservoirs", "1.0.0").tables[0]
    assert table.series is not None
    assert (table.series["column"], [file["rows"] for file in table.series["files"]]) == ("月份", [1, 1, 1, 1])


@pytest.mark.slow
def test_a_file_of_a_series_whose_name_says_nothing_is_refused_and_a_known_month_is_asked_about(
    services: Services, editor: Actor
) -> None:
    release(services, editor, join(services, editor, send_all(services, editor, **MONTHS)))
    draft = send_all(services, editor, **{"产值.csv": "乡镇,产值\n东湖,9\n"})
    assert draft.status == "invalid"
    assert draft.report is not None
    assert "产值2026-10" in str(draft.report["tasks"][0]["errors"][0])
    services.drafts.discard(editor, draft.id)
    draft = send_all(services, editor, None, **{"产值2026年03月.csv": "乡镇,产值\n东湖,5\n"})
    assert [item.edition.asks for item in draft.tables if item.edition] == [True]
    services.drafts.discard(editor, draft.id)
    whole = rows(services, "1.0.0", "chan-zhi") + "2026-04,东湖,5\n"
    draft = send_all(services, editor, **{"产值.csv": whole})
    assert [(item.rows, item.series, item.edition.mode) for item in draft.tables if item.edition] == [
        (5, None, "replace")
    ]


@pytest.mark.slow
def test_two_more_months_that_have_their_column_are_added_together(services: Services, editor: Actor) -> None:
    def write(*numbers: int) -> dict[str, str | bytes]:
        return {f"产值2026年0{n}月.csv": f"月份,乡镇,产值\n2026-0{n},东湖,{n}\n" for n in numbers}

    draft = join(services, editor, send_all(services, editor, **write(1, 2)))
    assert draft.tables[0].series is not None
    assert not draft.tables[0].series.added
    release(services, editor, draft)
    draft = send_all(services, editor, **write(4, 3))
    assert [(item.rows, item.edition.mode, item.edition.asks) for item in draft.tables if item.edition] == [
        (4, "append", False)
    ]
    assert [part["file"] for part in draft.tables[0].series.parts] == ["产值2026年03月.csv", "产值2026年04月.csv"]


@pytest.mark.slow
def test_the_files_of_a_joined_table_are_erased_with_its_draft_and_not_before(
    services: Services, editor: Actor
) -> None:
    draft = join(services, editor, send_all(services, editor, **MONTHS))
    release(services, editor, draft)
    assert services.originals.count(editor, draft.id).files >= len(MONTHS)
    services.originals.erase(editor, draft.id)
    assert services.drafts.get(editor, draft.id).tables[0].series is None


@pytest.mark.slow
def test_nothing_that_the_check_made_of_a_part_outlives_what_was_sent(services: Services, editor: Actor) -> None:
    draft = change(
        services,
        editor,
        join(services, editor, send_all(services, editor, **PERSONS)).id,
        "chan-zhi",
        decisions=DECISIONS,
    )
    release(services, editor, draft)
    services.originals.erase(editor, draft.id)
    files = [path for path in (services.settings.home / "private").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"anna" in path.read_bytes()]


def make_shares(share: float) -> bytes:
    book = openpyxl.Workbook()
    for row in (["乡镇", "比重", "面积（亩）"], ["东湖", share, 3], ["西湖", 0.5, 4]):
        book.active.append(row)
    for cell in ("B2", "B3"):
        book.active[cell].number_format = "0.0%"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.slow
def test_units_and_percent_signs_of_workbooks_are_kept_in_the_whole_and_in_the_next_month(
    services: Services, editor: Actor
) -> None:
    files = {f"面积2026年0{number}月.xlsx": make_shares(number / 10) for number in (1, 2, 3)}
    alone = {name: files.pop(name) for name in list(files)[-1:]}
    draft = join(services, editor, send_all(services, editor, **files))
    marks = [
        {"name": "月份"},
        {"name": "乡镇"},
        {"name": "比重", "percent": True},
        {"name": "面积（亩）", "unit": "亩"},
    ]

    def describe(version: str) -> list[dict[str, Any]]:
        table = services.versions.get_manifest("reservoirs", version).tables[0]
        return [{"name": field.name, **field.own} for field in table.schema.fields]

    first = release(services, editor, draft)
    assert describe(first) == marks
    assert rows(services, first, "mian-ji").splitlines()[1] == "2026-01,东湖,0.1,3"
    draft = send_all(services, editor, **alone)
    assert [(item.name, item.edition.mode) for item in draft.tables if item.edition] == [("mian-ji", "append")]
    second = release(services, editor, draft)
    assert (describe(second), services.versions.get("reservoirs", second).version) == (marks, "1.1.0")


@pytest.mark.slow
def test_a_series_that_was_joined_in_a_draft_given_up_adds_no_column_to_other_tables(
    services: Services, editor: Actor
) -> None:
    draft = join(services, editor, send_all(services, editor, **MONTHS))
    services.drafts.discard(editor, draft.id)
    for number in (1, 2):
        draft = send_all(services, editor, **{f"产值2026年0{number}月.csv": f"乡镇,产值\n东湖{number},1\n"})
        assert [item.series for item in draft.tables] == [None]
        release(services, editor, draft)


@pytest.mark.slow
def test_steps_of_single_tables_keep_them_from_being_joined_and_rules_and_titles_are_kept(
    services: Services, editor: Actor
) -> None:
    schema = {
        "fields": [{"name": "乡镇", "type": "string"}, {"name": "产值", "type": "integer"}],
        "primaryKey": ["乡镇"],
    }
    files = [UploadedFile(name, io.BytesIO(text.encode())) for name, text in list(MONTHS.items())[:2]]
    options = [ResourceOption(file=file.name, schema=schema, title="工业产值") for file in files]
    view, _ = services.drafts.create(editor, "reservoirs", files, options)
    services.work.run_to_end(view.id)
    draft = services.drafts.get(editor, view.id)
    edit = {"verb": "edit", "field": "产值", "old": "1", "new": "5", "row": 2}
    tables = draft.series[0].tables
    draft = change(services, editor, draft.id, tables[0], recipe={"steps": [edit]})
    with pytest.raises(InvalidMetadataError, match="steps of its own"):
        join(services, editor, draft)
    draft = join(services, editor, change(services, editor, draft.id, tables[0], recipe=None))
    table = draft.tables[0]
    assert table.schema is not None
    assert (table.title, table.schema["primaryKey"], table.valid) == ("工业产值", ["月份", "乡镇"], True)
    assert table.schema["fields"][0] == {"name": "月份", "type": "yearmonth"}


@pytest.mark.slow
def test_units_that_a_person_said_tell_tables_apart_and_are_kept_where_all_agree(
    services: Services, editor: Actor
) -> None:
    files = {f"产值2026年0{number}月.csv": f"单位：万元,\n乡镇,产值\n东湖,{number}\n" for number in (1, 2)}
    draft = send_all(services, editor, **files, **{"产值2026年03月.csv": "乡镇,产值\n东湖,3\n"})
    first, second, third = draft.series[0].tables
    with pytest.raises(InvalidMetadataError, match="its unit differs"):
        join(services, editor, draft)
    draft = change(services, editor, draft.id, second, meaning={"unit": "元"})
    draft = change(services, editor, draft.id, third, meaning={"unit": "万元"})
    with pytest.raises(InvalidMetadataError, match="its unit differs"):
        join(services, editor, draft)
    draft = change(services, editor, draft.id, second, meaning={"unit": "万元"})
    draft = change(services, editor, draft.id, first, meaning={"units": {"产值": "元"}})
    with pytest.raises(InvalidMetadataError, match="its unit differs"):
        join(services, editor, draft)
    draft = join(services, editor, change(services, editor, draft.id, first, meaning={"units": {"产值": None}}))
    assert draft.tables[0].meaning["unit"] == "万元"


@pytest.mark.slow
@pytest.mark.parametrize("second", ["乡镇,产值\n东湖,5\n", "乡镇,产值\n东湖,4\n"])
def test_two_files_of_one_month_are_not_both_added(services: Services, editor: Actor, second: str) -> None:
    release(services, editor, join(services, editor, send_all(services, editor, **MONTHS)))
    twice = {"产值2026年04月.csv": "乡镇,产值\n东湖,4\n", "产值2026年04月更正.csv": second}
    draft = send_all(services, editor, **twice)
    assert [(item.rows, item.valid) for item in draft.tables] == [(5, True), (0, False)]
    assert draft.report is not None
    assert "both of 2026-04" in str(draft.report["tasks"])


PERSONS = {f"产值2026年0{number}月.csv": f"乡镇,昵称,产值\n东湖,anna,{number}x\n" for number in (1, 2, 3)}
DECISIONS = {"columns": [{"field": "昵称", "treatment": "drop"}]}
STRIP = {"steps": [{"verb": "strip-suffix", "field": "产值", "suffix": "x"}]}


@pytest.mark.slow
def test_steps_and_decisions_of_all_parts_hold_for_the_next_file_of_the_whole(
    services: Services, editor: Actor
) -> None:
    files = list(PERSONS.items())
    draft = send_all(services, editor, **dict(files[:2]))
    for table in draft.series[0].tables:
        draft = change(services, editor, draft.id, table, decisions=DECISIONS, recipe=STRIP)
    release(services, editor, join(services, editor, draft))
    written = rows(services, release(services, editor, send_all(services, editor, **dict(files[2:]))), "chan-zhi")
    assert written == "月份,乡镇,产值\n2026-01,东湖,1\n2026-02,东湖,2\n2026-03,东湖,3\n"


@pytest.mark.slow
def test_what_is_said_with_the_corrected_file_of_a_part_holds_and_answers_about_other_rows_do_not(
    services: Services, editor: Actor
) -> None:
    draft = join(services, editor, send_all(services, editor, **PERSONS))
    (file, text), *_ = PERSONS.items()
    draft = send_again(services, editor, draft.id, file, text, mode="auto", name="chan-zhi", decisions=DECISIONS)
    written = rows(services, release(services, editor, draft), "chan-zhi")
    assert written.startswith("月份,乡镇,产值\n2026-01,东湖,1x\n")
    draft = send_all(services, editor, **{file: text.replace("1x", "5x")})
    draft = change(services, editor, draft.id, "chan-zhi", mode="append")
    assert [item.edition.asks for item in draft.tables if item.edition] == [False]
    draft = send_again(services, editor, draft.id, "产值2026年02月.csv", text, mode="auto")
    assert [item.edition.asks for item in draft.tables if item.edition] == [True]


@pytest.mark.slow
def test_marks_of_files_stay_with_renamed_columns_of_faulty_tables_and_in_corrected_files(
    services: Services, editor: Actor
) -> None:
    files = {f"面积2026年0{number}月.xlsx": make_shares(number / 10) for number in (1, 2)}
    draft = send_all(services, editor, **files)
    recipe = {"steps": [{"verb": "rename", "field": "比重", "to": "占比"}]}
    wrong = {"fields": [{"name": "乡镇", "type": "integer"}, {"name": "占比"}, {"name": "面积（亩）"}]}
    for table in draft.series[0].tables:
        draft = change(services, editor, draft.id, table, recipe=recipe, schema=wrong)
        assert not any(item.valid for item in draft.tables if item.name == table)
    draft = change(services, editor, join(services, editor, draft).id, "mian-ji", schema=None)
    file, data = next(iter(files.items()))
    draft = send_again(services, editor, draft.id, file, data, mode="auto")
    table = services.versions.get_manifest("reservoirs", release(services, editor, draft)).tables[0]
    assert [{"name": field.name, **field.own} for field in table.schema.fields] == [
        {"name": "月份"},
        {"name": "乡镇"},
        {"name": "占比", "percent": True},
        {"name": "面积（亩）", "unit": "亩"},
    ]


@pytest.mark.slow
def test_names_that_a_person_gave_columns_of_the_whole_hold_when_a_part_is_corrected(
    services: Services, editor: Actor
) -> None:
    draft = join(services, editor, send_all(services, editor, **MONTHS))
    schema = {"fields": [{"name": "月份", "type": "yearmonth"}, {"name": "镇"}, {"name": "产值", "type": "integer"}]}
    draft = change(services, editor, draft.id, "chan-zhi", schema=schema, choices={"columns": {"乡镇": "镇"}})
    draft = send_again(services, editor, draft.id, "产值2026年01月.csv", "乡镇,产值\n东湖,9\n", mode="auto")
    assert (draft.status, draft.tables[0].rows) == ("valid", 4)


@pytest.mark.slow
def test_a_month_that_cant_be_read_or_that_came_out_meanwhile_is_asked_about(services: Services, editor: Actor) -> None:
    files = {f"产值2026年0{number}月.csv": f"乡镇,产值\n东湖,{number}\n东湖,{number}\n" for number in (1, 2)}
    release(services, editor, join(services, editor, send_all(services, editor, **files)))
    draft = send_all(services, editor, **{"产值4月.csv": "乡镇,产值\n东湖,5\n"})
    assert [item.edition.asks for item in draft.tables if item.edition] == [True]
    first, second = (send_all(services, editor, **{"产值2026年03月.csv": f"乡镇,产值\n东湖,{n}\n"}) for n in (3, 4))
    assert [item.edition.asks for item in (*first.tables, *second.tables) if item.edition] == [False, False]
    release(services, editor, first)
    services.drafts.submit(editor, second.id, Submission(breaking="the reason of a test"))
    services.work.run_to_end(second.id)
    found = services.drafts.get(editor, second.id)
    assert (found.status, [item.edition.asks for item in found.tables if item.edition]) == ("returned", [True])


@pytest.mark.slow
def test_sheets_of_one_month_are_not_both_put_under_it(services: Services, editor: Actor) -> None:
    release(services, editor, join(services, editor, send_all(services, editor, **MONTHS)))
    sheets = {name: [["乡镇", "产值"], ["东湖", number]] for number, name in enumerate(("本月", "上月"))}
    draft = send_all(services, editor, **{"产值2026年05月.xlsx": make_workbook(**sheets)})
    assert [(item.rows, item.valid) for item in draft.tables] == [(5, True), (0, False)]
    services.drafts.discard(editor, draft.id)
    months = {f"{number}月": [["乡镇", "产值"], ["东湖", number]] for number in (4, 5)}
    draft = send_all(services, editor, **{"产值2026年05月.xlsx": make_workbook(**months)})
    assert draft.tables[0].series is not None
    assert [part["value"] for part in draft.tables[0].series.parts] == ["2026-04", "2026-05"]
    services.drafts.discard(editor, draft.id)
    old = {"3月": months["5月"], "说明": [["a"], ["b"]]}
    draft = send_all(services, editor, **{"产值2026年05月.xlsx": make_workbook(**old)})
    assert draft.report is not None
    assert "by the sheet “3月”, but 2026-05" in str(draft.report["tasks"])


@pytest.mark.slow
def test_decisions_about_a_joined_table_hold_for_its_parts_when_it_is_taken_apart(
    services: Services, editor: Actor
) -> None:
    draft = join(services, editor, send_all(services, editor, **PERSONS))
    draft = change(services, editor, draft.id, "chan-zhi", decisions=DECISIONS)
    draft = change(services, editor, draft.id, "chan-zhi", series=None)
    version = release(services, editor, draft)
    assert {rows(services, version, item.name).splitlines()[0] for item in draft.tables} == {"乡镇,产值"}


@pytest.mark.slow
def test_no_decision_about_a_part_is_lost_when_it_is_joined(services: Services, editor: Actor) -> None:
    draft = send_all(services, editor, **PERSONS)
    first, second, _ = draft.series[0].tables
    columns = [{"field": "昵称", "treatment": "drop"}, {"field": "乡镇", "treatment": "not-personal", "reason": "code"}]
    draft = change(services, editor, draft.id, first, decisions={"columns": columns})
    draft = change(services, editor, draft.id, second, decisions={"columns": [{**columns[1], "field": "昵称"}]})
    with pytest.raises(InvalidMetadataError, match="treated in another way"):
        join(services, editor, draft)
    draft = join(services, editor, change(services, editor, draft.id, second, decisions=None))
    assert (draft.tables[0].decisions or {}).get("columns") == columns[:1]
    assert "昵称" not in rows(services, release(services, editor, draft), "chan-zhi")
