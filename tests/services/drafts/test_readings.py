"""Files of any form become tables of a draft: found, laid out, told, and read otherwise where somebody says so."""

from __future__ import annotations

import gzip
import io
import json
import zipfile

import pytest
import xlsxwriter

from opendata.errors import InvalidMetadataError
from opendata.intake.understanding import read_choices
from opendata.services.core.actors import Actor
from opendata.services.core.values import DraftResourceView, DraftView
from opendata.services.drafts.intake import ResourceOption
from opendata.services.drafts.submission import Submission
from opendata.services.uploads.upload_values import UploadedFile
from opendata.tables.schema.origins import drop_marks
from opendata.wiring import Services
from tests.instances import DATASET, locate, make_actor, make_services
from tests.reported.dbf_samples import SHP, dbf


@pytest.fixture
def services(tmp_path) -> Services:
    found = make_services(tmp_path / "instance")
    found.datasets.create(make_actor(found, "editor"), DATASET)
    return found


@pytest.fixture
def editor(services: Services) -> Actor:
    return make_actor(services, "clerk")


def send(services: Services, editor: Actor, file: str, data: bytes, **option: object) -> DraftView:
    options = [ResourceOption(file=file, **option)] if option else []
    view, _ = services.drafts.create(editor, "reservoirs", [UploadedFile(file, io.BytesIO(data))], options)
    services.work.run_to_end(view.id)
    return services.drafts.get(editor, view.id)


def get_reading(table: DraftResourceView) -> dict:
    assert table.reading is not None
    return dict(table.reading)


def make_workbook(**sheets: list[list[object]]) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return file.getvalue()


def read_csv(services: Services, view: DraftView, editor: Actor, name: str) -> str:
    """The canonical CSV of a table of a draft, by publishing it."""
    services.drafts.submit(editor, view.id)
    services.work.run_to_end(view.id)
    published = services.drafts.get(editor, view.id)
    assert published.version is not None
    return locate(services.versions.find_file("reservoirs", published.version, name, "csv")).read_text(encoding="utf-8")


BOOK = [["水库水位表", ""], ["单位：米", ""], ["名称", "水位"], ["东湖", 12.5], ["西湖", 3], ["数据来源：水务局", ""]]


def test_a_workbook_with_titles_and_notes_becomes_its_table(services: Services, editor: Actor) -> None:
    view = send(services, editor, "levels.xlsx", make_workbook(水位=BOOK), name="levels")
    (table,) = view.resources
    assert (view.status, table.rows) == ("valid", 2)
    reading = get_reading(table)
    assert (reading["form"], reading["sheet"], reading["header_rows"], reading["last_row"]) == ("xlsx", "水位", [3], 5)
    assert reading["footnotes"] == ["数据来源：水务局"]
    assert read_csv(services, view, editor, "levels") == "名称,水位\n东湖,12.5\n西湖,3\n"


def test_errors_stand_at_the_rows_of_the_sheet(services: Services, editor: Actor) -> None:
    schema = {"fields": [{"name": "名称", "type": "string"}, {"name": "水位", "type": "integer"}]}
    view = send(services, editor, "levels.xlsx", make_workbook(水位=BOOK), name="levels", schema=schema)
    assert view.report is not None
    (error,) = view.report["tasks"][0]["errors"]
    assert (error["rowNumber"], error["cell"], error["type"]) == (4, "12.5", "type-error")


def test_sheets_become_tables_of_their_own(services: Services, editor: Actor) -> None:
    book = make_workbook(一月=[["a"], [1]], 二月=[["a"], [2], [3]], empty=[])
    view = send(services, editor, "book.xlsx", book)
    assert [(item.name, item.rows) for item in view.resources] == [("book", 1), ("book-er-yue", 2)]
    assert view.resources[1].title == "二月"


def test_files_in_an_archive_become_tables_of_their_own(services: Services, editor: Actor) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("甲/one.csv", "a\n1\n")
        archive.writestr("two.json", json.dumps([{"b": 1}, {"b": 2}]))
        archive.writestr("readme.pdf", b"%PDF-1.7 nothing")
    view = send(services, editor, "all.zip", file.getvalue(), name="first")
    assert [(item.name, item.rows, item.valid) for item in view.resources] == [
        ("first", 1, True),
        ("first-two", 2, True),
        ("readme", None, True),  # goes along as an attachment
    ]
    assert any(decision["rule"] == "attachments" for decision in get_reading(view.resources[0])["decisions"])


def test_work_begun_again_makes_no_table_twice(services: Services, editor: Actor) -> None:
    view = send(services, editor, "book.xlsx", make_workbook(one=[["a"], [1]], two=[["a"], [2]]))
    services.drafts.change_resource(editor, view.id, "book", {"schema": None})
    services.work.run_to_end(view.id)
    assert [item.name for item in services.drafts.get(editor, view.id).resources] == ["book", "book-two"]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-8-sig"])
def test_the_encoding_is_found(services: Services, editor: Actor, encoding: str) -> None:
    text = "编号,水库名称,所在地区\n1,东湖水库,市辖区\n2,西湖水库,郊区\n"
    view = send(services, editor, "t.csv", text.encode(encoding), name="table")
    assert view.status == "valid"
    assert read_csv(services, view, editor, "table") == text


def test_a_packed_table_is_read(services: Services, editor: Actor) -> None:
    view = send(services, editor, "t.csv.gz", gzip.compress(b"a,b\n1,2\n"), name="table")
    assert (view.status, view.resources[0].rows) == ("valid", 1)


def test_what_cannot_be_read_is_told_in_the_report(services: Services, editor: Actor) -> None:
    broken = make_workbook(one=[["a"], [1]])[:-400]
    view = send(services, editor, "broken.xlsx", broken)
    assert view.status == "invalid"
    assert view.report is not None
    (error,) = view.report["tasks"][0]["errors"]
    assert error["type"] == "source-error"


def test_what_a_person_chooses_goes_before_what_is_found(services: Services, editor: Actor) -> None:
    view = send(services, editor, "t.csv", b"first,1\na,b\n2,3\n", name="table")
    assert get_reading(view.resources[0])["header_rows"] == [1]
    preview = services.previews.show(editor, view.id, "table", read_choices({"header_rows": [2]}))
    assert [(number, role) for number, role, _ in preview.rows] == [(1, "title"), (2, "header"), (3, "row")]
    services.drafts.change_resource(editor, view.id, "table", {"choices": {"header_rows": [2]}})
    services.work.run_to_end(view.id)
    changed = services.drafts.get(editor, view.id)
    assert changed.resources[0].rows == 1
    assert read_csv(services, changed, editor, "table") == "a,b\n2,3\n"
    # The next file of the table is read the same way.
    again = send(services, editor, "t.csv", b"second,1\na,b\n2,3\n4,5\n", name="table")
    assert get_reading(again.resources[0])["header_rows"] == [2]
    assert again.resources[0].rows == 2


def test_columns_can_be_given_the_names_of_fields(services: Services, editor: Actor) -> None:
    schema = {"fields": [{"name": "code", "type": "string"}]}
    view = send(services, editor, "t.csv", "编码\n01\n".encode(), name="table", schema=schema)
    assert view.status == "invalid"
    services.drafts.change_resource(editor, view.id, "table", {"choices": {"columns": {"编码": "code"}}})
    services.work.run_to_end(view.id)
    changed = services.drafts.get(editor, view.id)
    assert changed.status == "valid"
    assert read_csv(services, changed, editor, "table") == "code\n01\n"


def test_a_choice_that_nobody_could_follow_is_refused(services: Services, editor: Actor) -> None:
    view = send(services, editor, "t.csv", b"a\n1\n", name="table")
    for choices in ({"header_rows": [0]}, {"last_row": "x"}, {"colour": "red"}, {"columns": {"a": 1}}):
        with pytest.raises(InvalidMetadataError):
            services.drafts.change_resource(editor, view.id, "table", {"choices": choices})


def test_a_typed_file_keeps_its_types(services: Services, editor: Actor) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = io.BytesIO()
    pq.write_table(pa.table({"n": pa.array([1, None], pa.int64()), "s": ["x", "y"]}), file)
    view = send(services, editor, "t.parquet", file.getvalue(), name="table")
    assert view.status == "valid"
    assert read_csv(services, view, editor, "table") == "n,s\n1,x\n,y\n"
    schema = services.versions.get_table("reservoirs", "1.0.0", "table").schema
    assert [item.type for item in schema.fields] == ["integer", "string"]


def test_tables_below_one_another_become_tables_of_the_draft_and_are_found_again(
    services: Services, editor: Actor
) -> None:
    places = ["北京", "天津", "河北", *(f"第{n}区" for n in range(60))]
    first = [["地区", "人口"], *([place, number] for number, place in enumerate(places))]
    second = [["续表"], ["地区", "收入"], *([place, number / 2] for number, place in enumerate(places))]
    data = make_workbook(年报=[*first, [], *second])
    for _ in range(2):
        view = send(services, editor, "年报.xlsx", data, name="report")
        found = [(table.name, table.rows, get_reading(table)["header_rows"]) for table in view.tables]
        assert found == [("report", len(places), [1]), (view.tables[1].name, len(places), [len(first) + 3])]
        preview = services.previews.show(editor, view.id, view.tables[1].name)
        assert [row[:2] for row in preview.rows[:3]] == [
            (len(first) + 2, "title"),
            (len(first) + 3, "header"),
            (len(first) + 4, "row"),
        ]
        services.drafts.submit(editor, view.id)
        services.work.run_to_end(view.id)
    assert [item.version for item in services.versions.list("reservoirs")] == ["1.0.0"]


def test_the_manifest_says_which_units_the_cells_of_a_workbook_show(services: Services, editor: Actor) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet("s")
        sheet.write_row(0, 0, ["名称", "金额", "份额"])
        for row in (1, 2):
            sheet.write(row, 0, f"n{row}")
            sheet.write(row, 1, 12.5, book.add_format({"num_format": '0.00"万元"'}))
            sheet.write(row, 2, 0.05, book.add_format({"num_format": "0.00%"}))
    schema = {"fields": [{"name": "名称"}, {"name": "金额", "type": "number"}, {"name": "份额", "type": "number"}]}
    for given in (None, schema):
        view = send(services, editor, "levels.xlsx", file.getvalue(), name="levels", schema=given)
        (table,) = view.resources
        if given is None:
            assert table.proposed_schema is not None
            proposed = drop_marks(table.proposed_schema.descriptor)["fields"]
            assert [field.get("opendata") for field in proposed] == [None, {"unit": "万元"}, {"percent": True}]
        services.drafts.submit(editor, view.id, Submission(breaking="the types are new"))
        services.work.run_to_end(view.id)
        version = services.drafts.get(editor, view.id).version
        manifest = services.versions.get_manifest("reservoirs", str(version)).to_json()
        fields = manifest["resources"][0]["schema"]["fields"]
        assert [field.get("opendata") for field in fields] == [None, {"unit": "万元"}, {"percent": True}]


def test_a_part_of_an_answer_has_to_be_explained_when_it_is_submitted(services: Services, editor: Actor) -> None:
    answer = {"result": {"records": [{"name": "东湖"}, {"name": "西湖"}], "total": 500}}
    view = send(services, editor, "answer.json", json.dumps(answer).encode(), name="levels")
    assert view.warnings == 1
    with pytest.raises(InvalidMetadataError):
        services.drafts.submit(editor, view.id)
    services.drafts.submit(editor, view.id, Submission(reason="the other rows aren't ours"))


def test_each_shapefile_of_an_archive_keeps_the_files_beside_it(services: Services, editor: Actor) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, encoding in (("a", "gbk"), ("b", "utf-8"), ("c", "big5")):
            records = [["東湖".encode(encoding)], ["西山".encode(encoding)]]
            archive.writestr(f"{name}.shp", SHP)
            archive.writestr(f"{name}.dbf", dbf([("N", "C", 10)], records, encoding=encoding))
            archive.writestr(f"{name}.cpg", encoding)
    view = send(services, editor, "lakes.zip", file.getvalue(), name="lakes")
    tables = {table.name: get_reading(table) for table in view.resources}
    assert [reading["encoding"] for reading in tables.values()] == ["gb18030", "utf-8", "big5hkscs"]
    assert all("shapefile" in {decision["rule"] for decision in reading["decisions"]} for reading in tables.values())
