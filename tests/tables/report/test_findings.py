"""Findings are kept in the order of rows, found again by rule, and given out as files that spreadsheets only show."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.domain.findings import CODES, Finding, Place, Problem
from opendata.tables.forms import workbook
from opendata.tables.forms.sheets import REST, guard_formula, list_headings, write_findings_csv, write_findings_xlsx
from opendata.tables.forms.sheets import write_marked_xlsx as write_marked
from opendata.tables.report import findings as files
from opendata.tables.report.findings import (
    FindingsWriter,
    findings_schema,
    iterate_findings,
    list_findings,
    read_finding,
    read_findings,
    write_params,
)
from opendata.tables.text.decoding import read_rows
from opendata.tables.text.dialect import Dialect
from opendata.wording.findings import explain
from opendata.wording.notes import write_note
from opendata.wording.voice import voice_of

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
VOICE = voice_of("zh")


def make(row: int | None, number: int | None = None, **values: Any) -> dict[str, Any]:
    name = f"c{number}" if number else ""
    plain = {"type": "type-error", "rule": "type", "strength": "error", "cell": "x", "fieldName": name}
    code = values.get("type", "type-error")
    params = dict.fromkeys(CODES[code].params, 7) if code in CODES else {}
    params |= {"type": "integer"} if code == "type-error" else {}
    found = {"row": row, "fieldNumber": number, **plain, "code": code, "params": params, **values}
    return {**found, "note": write_note(code, found["params"], found["rule"])}


def batch(rows: Sequence[dict[str, Any]]) -> pa.RecordBatch:
    texts = [{**row, "params": write_params(row["params"])} for row in rows]
    return pa.RecordBatch.from_pylist(texts, schema=findings_schema())


def say(**values: Any) -> list[str]:
    """What a list says of a finding."""
    return list(explain(VOICE, make(2, 1, **values)))


def write(path: Path, *batches: Sequence[dict[str, Any]]) -> Path:
    with FindingsWriter(path) as writer:
        for rows in batches:
            writer.write(batch(rows))
    return path


@pytest.fixture
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "GROUP_ROWS", 4)


# --- the file


def test_nothing_found_leaves_no_file(tmp_path: Path) -> None:
    with FindingsWriter(tmp_path / "f.parquet") as writer:
        writer.write(batch([]))
    assert list(tmp_path.iterdir()) == []


def test_findings_of_an_earlier_check_go(tmp_path: Path) -> None:
    (tmp_path / "f.parquet").write_bytes(b"earlier")
    with FindingsWriter(tmp_path / "f.parquet"):
        pass
    assert not [*tmp_path.iterdir()]


def test_a_check_that_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    def write_and_fail() -> None:
        with FindingsWriter(tmp_path / "f.parquet") as writer:
            writer.write(batch([make(2, 1)]))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("small_groups")
def test_findings_are_in_the_order_of_rows_however_they_came(tmp_path: Path) -> None:
    columns = [[make(row, number) for row in range(start, start + 10)] for start in (2, 12, 22) for number in (1, 2)]
    late = [make(row, None, type="primary-key") for row in range(3, 30, 2)]
    path = write(tmp_path / "f.parquet", *columns, late, [make(None, 2, type="extra-label")])
    found = list(iterate_findings(path))
    places = [(item["row"] or 0, item["fieldNumber"] or 0) for item in found]
    assert places == sorted(places)
    assert len(found) == 60 + len(late) + 1
    assert found[0]["type"] == "extra-label"
    with pq.ParquetFile(path) as file:
        assert file.metadata.num_rows == len(found)
        assert file.num_row_groups >= 3
    assert [item.name for item in tmp_path.iterdir()] == ["f.parquet"]


@given(st.lists(st.lists(st.tuples(st.none() | st.integers(1, 50), st.none() | st.integers(1, 3)), max_size=12)))
def test_any_batches_make_one_ordered_file(batches: list[list[tuple[int | None, int | None]]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "GROUP_ROWS", 4)
        path = write(Path(folder) / "f.parquet", *([make(*place) for place in places] for places in batches))
        given = sorted((row or 0, number or 0) for places in batches for row, number in places)
        found = [(item["row"] or 0, item["fieldNumber"] or 0) for item in iterate_findings(path)] if given else []
        assert found == given
        assert path.exists() == bool(given)


def test_long_cells_and_notes_are_cut_and_dictionaries_taken(tmp_path: Path) -> None:
    long = {"type": "integer", "format": "n" * 5000, "limit": ["市" * 200] * 9}
    rows = batch(
        [
            make(2, 1, cell="水" * 5000) | {"params": long},
            make(3, 1, cell=None),
            make(4, 1, cell=""),
        ]
    )
    columns = [rows.column(name) for name in rows.schema.names]
    columns[-1] = columns[-1].dictionary_encode()
    with FindingsWriter(tmp_path / "f.parquet") as writer:
        writer.write(pa.RecordBatch.from_arrays(columns, names=rows.schema.names))
    found = list(iterate_findings(tmp_path / "f.parquet"))
    assert found[0]["cell"] == "水" * 999 + "…"
    assert found[0]["params"] == {"type": "integer", "format": "n" * 299 + "…", "limit": ["市" * 200, "…"]}
    assert [item["cell"] for item in found[1:]] == [None, ""]
    assert found[1]["note"] == 'type is "integer/7"'


def test_findings_of_labels_and_rows_have_their_own_places() -> None:
    label = Finding(Problem("extra-label"), Place(number=3, label="more", labels=["more"], field=""))
    row = Finding(Problem("unclosed-quote", params={"row": 7}), Place(row=7))
    first, second = map(read_finding, list_findings([label, row]).to_pylist())
    assert (first["row"], first["fieldNumber"], first["fieldName"], first["cell"]) == (None, 3, "more", "more")
    assert (first["type"], first["rule"], first["code"], first["params"]) == ("extra-label",) * 3 + ({},)
    assert (second["row"], second["cell"], second["params"]) == (7, None, {"row": 7})


def test_a_file_of_an_earlier_release_has_notes_instead_of_codes(tmp_path: Path) -> None:
    row = {**make(2, 1), "note": "not there"}
    names = [name for name in findings_schema().names if name not in ("code", "params")]
    pq.write_table(pa.Table.from_pylist([row]).select([*names, "note"]), tmp_path / "f.parquet")
    (found,) = iterate_findings(tmp_path / "f.parquet")
    assert (found["code"], found["params"], found["note"]) == ("type-error", {}, "not there")
    assert read_findings(tmp_path / "f.parquet", limit=5, type="type-error", strength="error") == ([found], None)
    assert explain(VOICE, found) == ("类型不符", "类型不符", "")


# --- pages


def read_all(path: Path, limit: int, **wanted: str) -> Iterator[list[dict[str, Any]]]:
    after: int | None = 0
    while after is not None:
        rows, after = read_findings(path, after=after, limit=limit, **wanted)
        yield rows


@pytest.mark.usefixtures("small_groups")
@pytest.mark.parametrize("limit", [1, 3, 4, 5, 100])
@pytest.mark.parametrize("wanted", [{}, {"field": "c2"}, {"type": "type-error", "strength": "warning"}, {"rule": "z"}])
def test_pages_together_are_the_whole(tmp_path: Path, limit: int, wanted: dict[str, str]) -> None:
    rows = [make(row, 1 + row % 3, strength="warning" if row % 5 == 0 else "error") for row in range(2, 40)]
    path = write(tmp_path / "f.parquet", *(rows[start : start + 4] for start in range(0, len(rows), 4)))
    keys = {"field": "fieldName"}
    expected = [item for item in rows if all(item[keys.get(name, name)] == value for name, value in wanted.items())]
    pages = list(read_all(path, limit, **wanted))
    assert [item for page in pages for item in page] == expected
    assert all(len(page) == limit for page in pages[:-1])
    assert len(pages[-1]) > 0 or not expected


@pytest.mark.usefixtures("small_groups")
def test_groups_that_cannot_hold_a_type_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [make(row, 1, type="aaa" if row < 34 else "bbb") for row in range(2, 42)]
    path = write(tmp_path / "f.parquet", *(rows[start : start + 4] for start in range(0, 40, 4)))
    read: list[int] = []
    whole = pq.ParquetFile.read_row_group

    def note(self: pq.ParquetFile, number: int, *args: Any, **options: Any) -> pa.Table:
        read.append(number)
        return whole(self, number, *args, **options)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", note)
    found, _ = read_findings(path, limit=100, type="bbb")
    assert found == rows[32:]
    assert set(read) == {8, 9}


# --- lists


HOSTILE = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", " =1", "＝1+1", "\r=1", "\n=1"]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_a_formula_in_a_csv(tmp_path: Path, text: str) -> None:
    out = io.BytesIO()
    write_findings_csv(write(tmp_path / "f.parquet", [make(2, 1, cell=text, fieldName=text)]), out, VOICE)
    _, row = csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline=""))
    assert row[1] == row[2] == f"'{text}"


@pytest.mark.parametrize("text", ["", "x", "-5", "+1.25", "-1,234.5", "2026-01-01", "a=b", "水"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert guard_formula(text) == text


def test_a_list_as_csv_opens_in_excel(tmp_path: Path) -> None:
    out = io.BytesIO()
    rows = [make(None, 1, cell=None, type="extra-label"), make(2, 1, cell="a,\n水")]
    write_findings_csv(write(tmp_path / "f.parquet", rows), out, VOICE)
    assert out.getvalue().startswith(b"\xef\xbb\xbf")
    assert out.getvalue().endswith(b"\r\n")
    assert list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline=""))) == [
        list_headings(VOICE),
        ["", "c1", "", *say(type="extra-label", cell=None)],
        ["2", "c1", "a,\n水", *say(cell="a,\n水")],
    ]


# --- workbooks


class Sheet:
    """A worksheet read by its XML alone; the rest of the workbook is checked to be complete."""

    def __init__(self, data: bytes, number: int = 1) -> None:
        self.archive = zipfile.ZipFile(io.BytesIO(data))
        assert self.archive.testzip() is None
        for name in self.archive.namelist():
            ElementTree.fromstring(self.archive.read(name))  # noqa: S314 - written just now
        types = self.archive.read("[Content_Types].xml").decode()
        for part in re.findall(r'PartName="/([^"]+)"', types):
            assert part in self.archive.namelist()
        self.root = ElementTree.fromstring(self.archive.read(f"xl/worksheets/sheet{number}.xml"))  # noqa: S314
        self.cells = {cell.get("r"): cell for cell in self.root.iter(f"{MAIN}c")}

    @property
    def names(self) -> list[str]:
        root = ElementTree.fromstring(self.archive.read("xl/workbook.xml"))  # noqa: S314
        return [sheet.get("name", "") for sheet in root.iter(f"{MAIN}sheet")]

    def text(self, place: str) -> str | None:
        """The text of a cell as Excel shows it."""
        cell = self.cells.get(place)
        if cell is None or cell.find(f"{MAIN}is") is None:
            return None
        assert cell.get("t") == "inlineStr"
        text = "".join(part.text or "" for part in cell.iter(f"{MAIN}t"))
        return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)

    def fill(self, place: str) -> str:
        """The colour behind a cell."""
        styles = ElementTree.fromstring(self.archive.read("xl/styles.xml"))  # noqa: S314
        forms = styles.find(f"{MAIN}cellXfs")
        fills = styles.find(f"{MAIN}fills")
        assert forms is not None
        assert fills is not None
        form = forms[int(self.cells[place].get("s", "0"))]
        assert form.get("numFmtId") == "49"  # text, also for what is typed over it
        colour = fills[int(form.get("fillId", "0"))].find(f"{MAIN}patternFill/{MAIN}fgColor")
        return "" if colour is None else colour.get("rgb", "")

    @property
    def comments(self) -> dict[str | None, str]:
        if "xl/comments1.xml" not in self.archive.namelist():
            return {}
        root = ElementTree.fromstring(self.archive.read("xl/comments1.xml"))  # noqa: S314
        return {
            comment.get("ref"): "".join(text.text or "" for text in comment.iter(f"{MAIN}t"))
            for comment in root.iter(f"{MAIN}comment")
        }


RED, YELLOW, BLUE = "FFFFC7CE", "FFFFEB9C", "FFDDEBF7"
ODD = [
    "=1+1",
    "007",
    "<r><t>x</t></r>",
    "_x0041_",
    "a\x01b",
    "a\r\nb",
    " x ",
    "<&>\"'",
    "1e5",
    "😀",
    "TRUE",
    "https://a",
]


def mark(rows: Sequence[Sequence[str]], findings: Sequence[dict[str, Any]], **options: Any) -> Sheet:
    out = io.BytesIO()
    write_marked(rows, findings, out, VOICE, **options)
    return Sheet(out.getvalue())


def test_a_list_as_a_workbook_says_all(tmp_path: Path) -> None:
    out = io.BytesIO()
    rows = [make(None, 1, cell=None), make(2, 1, cell="=1+1")]
    write_findings_xlsx(write(tmp_path / "f.parquet", rows), out, VOICE)
    sheet = Sheet(out.getvalue())
    assert sheet.names == ["问题清单"]
    assert [sheet.text(f"{letter}1") for letter in "ABCDEF"] == list_headings(VOICE)
    assert [sheet.text(f"{letter}3") for letter in "BCDEF"] == ["c1", "=1+1", *say(cell="=1+1")]
    assert sheet.cells["A3"].findtext(f"{MAIN}v") == "2"
    assert "A2" not in sheet.cells
    assert not list(sheet.root.iter(f"{MAIN}f"))


def test_a_list_longer_than_a_worksheet_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "f.parquet", [make(row, 1) for row in range(2, 12)])
    for rows, names in ((11, 1), (10, 2)):
        monkeypatch.setattr(workbook, "SHEET_ROWS", rows)
        out = io.BytesIO()
        write_findings_xlsx(path, out, VOICE)
        assert len(Sheet(out.getvalue()).names) == names
    assert Sheet(out.getvalue(), 2).text("A1") == VOICE.translate(REST)
    assert "A10" in Sheet(out.getvalue()).cells
    assert "A11" not in Sheet(out.getvalue()).cells


@pytest.mark.parametrize("text", ODD)
def test_a_text_of_the_table_is_the_same_text_in_the_marked_copy(text: str) -> None:
    sheet = mark([["a", "b"], [text, "1"]], [make(2, 2)])
    assert sheet.text("A2") == text
    assert not list(sheet.root.iter(f"{MAIN}f"))


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\ufffe\uffff"), min_size=1))
def test_any_text_survives(text: str) -> None:
    assert mark([[text]], []).text("A1") == text


def test_what_xml_cannot_hold_is_replaced() -> None:
    assert mark([["a\ufffeb\uffff"]], []).text("A1") == "a\ufffdb\ufffd"


def test_wrong_cells_are_coloured_by_strength_and_commented() -> None:
    rows = [["code", "count"], ["007", "x"], ["008", "y"], ["009", "z"]]
    findings = [
        make(2, 2, cell="x"),
        make(2, 2, cell="x", strength="note"),
        make(3, 1, cell="008", strength="warning"),
        make(4, 2, cell="z", strength="note"),
    ]
    sheet = mark(rows, findings)
    assert [sheet.fill(place) for place in ("A1", "A2", "B2", "A3", "B3", "B4")] == ["", "", RED, YELLOW, "", BLUE]
    assert sheet.text("A2") == "007"
    assert set(sheet.comments) == {"B2", "A3", "B4"}
    assert sheet.comments["A3"] == "\n".join(say(cell="008")[1:])
    assert sheet.comments["B2"].count(say(cell="x")[1]) == 2
    assert sheet.archive.read("xl/drawings/vmlDrawing1.vml").decode().count("<v:shape ") == 3
    assert b"legacyDrawing" in sheet.archive.read("xl/worksheets/sheet1.xml")


def test_findings_of_rows_headers_and_files_have_a_cell_that_tells_them() -> None:
    rows = [["title"], ["code", "count"], ["1", "2"], ["3"], [], ["4", "5", "6"]]
    findings = [
        make(None, None, type="blank-header"),
        make(None, 2, type="extra-label"),
        make(3, None, type="primary-key"),
        make(4, None, type="missing-cell"),
        make(5, None, type="blank-row"),
        make(6, None, type="extra-cell"),
        make(6, None, type="unique-key", fieldName="count, code"),
        make(9, None, type="unclosed-quote"),
    ]
    sheet = mark(rows, findings, header_row=2)
    assert set(sheet.comments) == {"A2", "B2", "A3", "B4", "A5", "B6", "C6", "A9"}
    assert all(sheet.fill(str(place)) == RED for place in sheet.comments)


def test_a_clean_table_has_no_comments() -> None:
    sheet = mark([["a"], ["1"]], [])
    assert sheet.comments == {}
    assert not [name for name in sheet.archive.namelist() if "comments" in name or "vml" in name]
    assert b"legacyDrawing" not in sheet.archive.read("xl/worksheets/sheet1.xml")


def test_beyond_so_many_comments_cells_are_coloured_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MAX_COMMENTS", 3)
    sheet = mark([["a"], *([str(row)] for row in range(2, 12))], [make(row, 1) for row in range(2, 12)])
    assert list(sheet.comments) == ["A2", "A3", "A4"]
    assert sheet.fill("A11") == RED


@pytest.mark.parametrize("count", [1, 1023, 1024, 2048])
def test_shapes_of_comments_stay_within_their_blocks(count: int) -> None:
    sheet = mark([["a"], *([str(row)] for row in range(count))], [make(row, 1) for row in range(2, count + 2)])
    drawing = sheet.archive.read("xl/drawings/vmlDrawing1.vml").decode()
    blocks = {int(number) for number in re.findall(r'data="([\d,]+)"', drawing)[0].split(",")}
    ids = [int(number) for number in re.findall(r'id="_x0000_s(\d+)"', drawing)]
    assert len(set(ids)) == count
    assert {number // 1024 for number in ids} <= blocks


def test_a_table_longer_than_a_worksheet_ends_with_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "SHEET_ROWS", 5)
    findings = [make(row, 1) for row in range(2, 20)]
    assert mark([["a"]] * 5, findings[:4]).names == ["问题清单"]
    sheet = mark([["a"]] * 20, findings)
    assert sheet.names == ["问题清单", "!"]
    assert "A5" in sheet.cells
    assert "A6" not in sheet.cells


def test_a_cell_longer_than_excels_is_cut_and_told() -> None:
    sheet = mark([["a" * 40_000, "😀" * 20_000, "b" * 32_767]], [])
    first, second, third = (sheet.text(f"{letter}1") or "" for letter in "ABC")
    assert (len(first), first[-1]) == (32_767, "…")
    assert len(second.encode("utf-16-le")) // 2 <= 32_767
    assert third == "b" * 32_767
    assert sheet.names[-1] == "!"


def test_a_damaged_file_is_marked_as_far_as_it_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b'a,b\n1,2\n3,"4\n')
    findings = [make(3, None, type="unclosed-quote", cell=None)]
    out = io.BytesIO()
    write_marked(read_rows(path, Dialect(delimiter=",")), findings, out, VOICE)
    sheet = Sheet(out.getvalue())
    assert sheet.text("B2") == "2"
    assert sheet.text("A3") is None
    assert set(sheet.comments) == {"A3"}


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tracemalloc

    monkeypatch.setattr(workbook, "MAX_COMMENTS", 1000)  # which are held to the end

    def peak(rows: int) -> int:
        tracemalloc.start()
        with (tmp_path / "out.xlsx").open("w+b") as out:
            write_marked(
                ([str(row), "水" * 20] for row in range(rows)), (make(row, 1) for row in range(2, rows)), out, VOICE
            )
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(6_000) < peak(3_000) * 1.5


@pytest.mark.parametrize(
    ("place", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")]
)
def test_columns_are_named_as_excel_names_them(place: int, name: str) -> None:
    assert workbook.name_column(place) == name
