"""Every form of a published table holds the same rows, is made once, and can be deleted at any time."""

from __future__ import annotations

import csv as csv_files
import hashlib
import json
import math
import os
import threading
import time as time_module
import zipfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opendata.errors import DamagedError, NotFoundError, WithdrawnError
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.delivery.forms import FORMS, ServedForm
from opendata.services.packages.demo import fill_demo
from opendata.storage.derived import DerivedFolder
from opendata.tables.forms.excel_form import write_excel_csv
from opendata.tables.forms.forms import write_form
from opendata.tables.forms.workbook_form import Page, write_workbook_form
from opendata.wiring import Services
from tests.instances import CSV, locate, make_actor, make_services, publish
from tests.selection import examples
from tests.servers import CHECKOUT

SAMPLES = sorted(path.parent.name for path in (CHECKOUT / "datasets").glob("*/*/datapackage.json"))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """An instance with every sample dataset."""
    services = make_services(tmp_path_factory.mktemp("library"))
    fill_demo(services, CHECKOUT / "schemas", CHECKOUT / "datasets")
    yield services
    services.database.dispose()


@pytest.mark.parametrize("dataset", SAMPLES)
def test_every_form_of_every_sample_has_the_same_rows(library: Services, dataset: str) -> None:
    version = library.versions.find_latest(dataset)
    for resource in library.versions.get_manifest(dataset, version).resources:
        found = {suffix: library.forms.find(dataset, version, resource.name, suffix) for suffix in FORMS}
        found["excel"] = library.forms.find(dataset, version, resource.name, "csv", excel=True)
        compare_forms({suffix: locate(form) for suffix, form in found.items()})


@pytest.mark.parametrize(
    "package",
    [
        "country-codes",
        pytest.param("gdp", marks=pytest.mark.slow),
        pytest.param("world-cities", marks=pytest.mark.slow),
    ],
)
def test_every_form_of_a_real_dataset_has_the_same_rows(tmp_path: Path, realdata: Path, package: str) -> None:
    services = make_services(tmp_path / "instance")
    done = services.imports.import_package(SYSTEM, str(realdata / "datapackages" / package))
    for item in done.resources:
        found = {suffix: services.forms.find(done.dataset, "1.0.0", item.name, suffix) for suffix in FORMS}
        found["excel"] = services.forms.find(done.dataset, "1.0.0", item.name, "csv", excel=True)
        compare_forms({suffix: locate(form) for suffix, form in found.items()})
    services.database.dispose()


def compare_forms(forms: Mapping[str, Path]) -> None:
    """Read each form with a reader that is not ours, and compare with what Parquet holds."""
    table = pq.read_table(forms["parquet"])
    rows = table.to_pylist()
    assert pa.ipc.open_file(forms["arrow"]).read_all().equals(table)
    texts = json.loads(forms["json"].read_text(encoding="utf-8"))
    assert texts == [json.loads(line) for line in forms["jsonl"].read_text(encoding="utf-8").splitlines()]
    assert [{name: plain(value) for name, value in row.items()} for row in rows] == [
        {name: read_plain(value, table.schema.field(name).type) for name, value in row.items()} for row in texts
    ]
    book = read_book(forms["xlsx"], table.num_rows)
    assert book == [[plain(value) for value in row.values()] for row in rows]
    canonical, guarded = read_csv(forms["csv"]), read_csv(forms["excel"])
    assert canonical[0] == table.column_names
    assert len(canonical) == len(guarded) == table.num_rows + 1
    for row, other in zip(canonical, guarded, strict=True):
        for cell, shown in zip(row, other, strict=True):
            assert shown in (cell, f"'{cell}")


def plain(value: Any) -> Any:
    """A value as all forms can say it: numbers as decimals, days and moments as ISO 8601, no empty text."""
    if value is None or value == "" or isinstance(value, bool):
        return value if value != "" else None
    if isinstance(value, float):
        return (
            Decimal(repr(value)) + 0 if math.isfinite(value) else {"inf": "INF", "-inf": "-INF"}.get(str(value), "NaN")
        )
    if isinstance(value, int | Decimal):
        return Decimal(value) + 0
    return value.isoformat() if isinstance(value, date | datetime | time) else value


def read_plain(value: Any, kind: pa.DataType) -> Any:
    """The same of a value from JSON: wide numbers are text there."""
    is_number = pa.types.is_integer(kind) or pa.types.is_decimal(kind)
    if is_number and value is not None:
        return Decimal(str(value)) + 0
    return plain(value)


def read_book(path: Path, rows: int) -> list[list[Any]]:
    """The rows of a workbook's data sheets."""
    with path.open("rb") as file:
        book = openpyxl.load_workbook(file)
    *data, dictionary, origin = book.worksheets
    assert "字典" in dictionary.title
    assert "许可" in origin.title
    found = [[read_cell(cell) for cell in row] for sheet in data for row in sheet.iter_rows(min_row=2)]
    assert len(found) == rows
    return found


def read_cell(cell: Any) -> Any:
    value = cell.value
    if isinstance(value, datetime):
        return value.date().isoformat() if cell.number_format == r"yyyy\-mm\-dd" else value.isoformat()
    return plain(value)


def read_csv(path: Path) -> list[list[str]]:
    csv_files.field_size_limit(1 << 30)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv_files.reader(file))


CELLS = {
    pa.string(): st.text(max_size=20) | st.sampled_from(["=1+1", "-", "+86 10", "@x", "\t", "_x0041_", "007", "]]>"]),
    pa.int64(): st.integers(-(2**63), 2**63 - 1) | st.integers(-9, 9),
    pa.float64(): st.floats(),
    pa.decimal128(38, 9): st.decimals(places=9, min_value=-(10**20), max_value=10**20),
    pa.bool_(): st.booleans(),
    pa.date32(): st.dates(),
    pa.timestamp("us"): st.datetimes(),
}


@settings(max_examples=examples(60))
@given(st.data())
def test_any_value_is_the_same_in_every_form(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("forms")
    kinds = data.draw(st.lists(st.sampled_from(list(CELLS)), min_size=1, max_size=4))
    count = data.draw(st.integers(0, 5))
    columns = [
        pa.array(data.draw(st.lists(st.none() | CELLS[kind], min_size=count, max_size=count)), kind) for kind in kinds
    ]
    table = pa.table(columns, [f"c{place}" for place in range(len(kinds))])
    pq.write_table(table, folder / "t.parquet")
    for suffix in ("json", "jsonl"):
        write_form(folder / "t.csv", folder / "t.parquet", folder / f"t.{suffix}")
    rows = [[plain_moment(value) for value in row.values()] for row in table.to_pylist()]
    texts = json.loads((folder / "t.json").read_text(encoding="utf-8"))
    lines = (folder / "t.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    assert [json.loads(line) for line in lines] == texts
    read = [[read_plain(value, kind) for value, kind in zip(row.values(), kinds, strict=True)] for row in texts]
    assert read == rows
    write_workbook_form(
        folder / "t.parquet", folder / "t.xlsx", name="t", pages=[Page("p", [["h"]])], cut_note="", sheet_rows=3
    )
    assert zipfile.ZipFile(folder / "t.xlsx").testzip() is None
    book = openpyxl.load_workbook(folder / "t.xlsx")
    assert len(book.worksheets) == max(1, -(-count // 2)) + 1
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    names = {"s": pa.string(), "inlineStr": pa.string()}
    for place, row in enumerate(table.to_pylist()):
        sheet = book.worksheets[place // 2]
        for column, value in enumerate(row.values()):
            cell = sheet.cell(place % 2 + 2, column + 1)
            if isinstance(value, str) and value:
                assert cell.data_type in names
            elif isinstance(value, int | Decimal) and not isinstance(value, bool):
                assert Decimal(str(cell.value)) == value


def plain_moment(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else plain(value)


def test_no_cell_for_a_spreadsheet_begins_a_formula(tmp_path: Path) -> None:
    hostile = ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\tx", "\rx", " =1", "＝1", "\u3000=1", "-5", "+86.5", "a=b", ""]
    numbers = [str(-place) for place in range(len(hostile))]
    with (tmp_path / "t.csv").open("w", newline="", encoding="utf-8") as file:
        csv_files.writer(file, quoting=csv_files.QUOTE_ALL).writerows(
            [["=h", "n"], *zip(hostile, numbers, strict=True)]
        )
    write_excel_csv(tmp_path / "t.csv", tmp_path / "out.csv", names=["=h", "n"], numeric={"n"})
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    header, *rows = read_csv(tmp_path / "out.csv")
    assert header == ["'=h", "n"]
    assert [number for _, number in rows] == numbers
    kept = {"-5", "+86.5", "a=b", ""}
    assert [text for text, _ in rows] == [text if text in kept else f"'{text}" for text in hostile]


def test_a_row_longer_than_what_is_read_at_once_is_guarded_too(tmp_path: Path) -> None:
    long = "长" * 4_000_000
    (tmp_path / "t.csv").write_text(f"a,b\n=1,{long}\n", encoding="utf-8")
    write_excel_csv(tmp_path / "t.csv", tmp_path / "out.csv", names=["a", "b"], numeric=set())
    assert read_csv(tmp_path / "out.csv") == [["a", "b"], ["'=1", long]]


def test_text_longer_than_a_cell_is_cut_and_the_workbook_says_so(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": ["x" * 40_000, "y"]}), tmp_path / "t.parquet")
    write_workbook_form(
        tmp_path / "t.parquet", tmp_path / "t.xlsx", name="t", pages=[Page("p", [["h"]])], cut_note="cut"
    )
    data, page = openpyxl.load_workbook(tmp_path / "t.xlsx").worksheets
    assert data["A2"].value == "x" * 32_766 + "…"
    assert page["A2"].value == "cut"


@pytest.fixture
def reservoirs(services: Services, editor: Actor) -> Services:
    """An instance with two versions of a dataset."""
    publish(services, editor)
    publish(services, editor, CSV + "A003,南湖,3.5,2026-02-02\n")
    return services


def test_a_form_is_made_once_and_again_when_deleted(reservoirs: Services) -> None:
    first = reservoirs.forms.find("reservoirs", "1.1.0", "levels", "xlsx")
    changed = locate(first).stat().st_mtime_ns
    assert reservoirs.forms.find("reservoirs", "1.1.0", "levels", "xlsx") == first
    assert locate(first).stat().st_mtime_ns == changed
    for path in reservoirs.settings.derived_folder.iterdir():
        path.unlink()
    again = reservoirs.forms.find("reservoirs", "1.1.0", "levels", "xlsx")
    assert again.sha256 == first.sha256 == hashlib.sha256(locate(again).read_bytes()).hexdigest()


def test_the_package_has_every_file_and_its_digests(reservoirs: Services) -> None:
    form = reservoirs.forms.find_package("reservoirs", "1.1.0")
    with zipfile.ZipFile(locate(form)) as archive:
        names = ["datapackage.json", "datapackage.json.sig", "levels.csv", "levels.parquet", "SHA256SUMS"]
        assert archive.namelist() == names
        assert archive.read("datapackage.json") == reservoirs.versions.read_manifest("reservoirs", "1.1.0")
        assert archive.getinfo("levels.parquet").compress_type == zipfile.ZIP_STORED
        listed = dict(line.split("  ")[::-1] for line in archive.read("SHA256SUMS").decode().splitlines())
        assert listed == {name: hashlib.sha256(archive.read(name)).hexdigest() for name in names[:-1]}
    reservoirs.forms.forget([reservoirs.versions.get("reservoirs", "1.1.0").manifest_sha256])
    assert not locate(form).exists()
    assert reservoirs.forms.find_package("reservoirs", "1.1.0").sha256 == form.sha256


def test_what_was_made_of_erased_bytes_is_forgotten(reservoirs: Services) -> None:
    forms = [reservoirs.forms.find("reservoirs", "1.1.0", "levels", suffix) for suffix in ("json", "xlsx", "csv")]
    coded = reservoirs.forms.encode(forms[0], "gzip") or forms[0]
    resource = reservoirs.versions.get_table("reservoirs", "1.1.0", "levels")
    reservoirs.forms.find_sha512(forms[2])
    reservoirs.forms.forget([resource.file.hash, resource.parquet.hash])
    assert not any(locate(form).exists() for form in (forms[0], forms[1], coded))
    assert locate(forms[2]).exists()
    assert list_files(reservoirs.settings.derived_folder) == []


def test_an_erasure_takes_the_forms_along(reservoirs: Services) -> None:
    forms = [reservoirs.forms.find("reservoirs", "1.0.0", "levels", suffix) for suffix in ("json", "arrow", "xlsx")]
    forms += [reservoirs.forms.find("reservoirs", "1.0.0", "levels", "csv", excel=True)]
    forms += [reservoirs.forms.find_package("reservoirs", "1.0.0")]
    kept = reservoirs.forms.find("reservoirs", "1.1.0", "levels", "json")
    boss = make_actor(reservoirs, "boss", role="maintainer")
    reservoirs.withdrawals.withdraw(
        boss, "reservoirs", "1.0.0", reason="含个人信息", legal_basis="个人信息保护法", erase=True
    )
    assert not [locate(form).name for form in forms if locate(form).exists()]
    assert locate(kept).exists()


def test_a_withdrawn_version_has_no_form(reservoirs: Services) -> None:
    suffixes = [*FORMS]
    for suffix in suffixes:
        reservoirs.forms.find("reservoirs", "1.0.0", "levels", suffix)
    boss = make_actor(reservoirs, "boss", role="maintainer")
    reservoirs.withdrawals.withdraw(boss, "reservoirs", "1.0.0", reason="数据有误")
    for suffix in suffixes:
        with pytest.raises(WithdrawnError):
            reservoirs.forms.find("reservoirs", "1.0.0", "levels", suffix)
    with pytest.raises(WithdrawnError):
        reservoirs.forms.find_package("reservoirs", "1.0.0")


def test_a_file_known_to_be_whole_is_looked_at_again(reservoirs: Services) -> None:
    form = reservoirs.forms.find("reservoirs", "1.1.0", "levels", "csv")
    assert reservoirs.forms.find("reservoirs", "1.1.0", "levels", "csv") == form
    locate(form).chmod(0o644)
    data = locate(form).read_bytes()
    locate(form).write_bytes(data[:-1] + b"?")
    os.utime(locate(form), (2**32, 2**32))  # as if it were long after publication
    with pytest.raises(DamagedError):
        reservoirs.forms.find("reservoirs", "1.1.0", "levels", "csv")
    locate(form).write_bytes(data)
    with pytest.raises(DamagedError):  # until somebody has said that it is whole again
        reservoirs.forms.find("reservoirs", "1.1.0", "levels", "csv")


def test_what_there_is_no_form_of_is_not_found(reservoirs: Services) -> None:
    for place in (("levels", "xls"), ("none", "json"), ("none", "csv")):
        with pytest.raises(NotFoundError):
            reservoirs.forms.find("reservoirs", "1.0.0", *place)


@pytest.mark.parametrize("coding", ["zstd", "gzip"])
def test_a_coded_form_holds_the_same_bytes(library: Services, coding: str) -> None:
    import gzip

    form = library.forms.find("gdp-by-province", "1.0.0", "gdp", "csv")
    coded = library.forms.encode(form, coding)
    assert coded is not None
    data = locate(coded).read_bytes()
    with pa.input_stream(locate(coded), compression="zstd") as stream:
        plain = gzip.decompress(data) if coding == "gzip" else stream.read()
    assert plain == locate(form).read_bytes()
    assert coded.size == len(data) < form.size


def test_parquet_and_large_files_are_not_coded(library: Services) -> None:
    assert library.forms.encode(library.forms.find("gdp-by-province", "1.0.0", "gdp", "parquet"), "gzip") is None
    form = library.forms.find("gdp-by-province", "1.0.0", "gdp", "csv")
    large = {name: getattr(form, name) for name in form.__dataclass_fields__}
    assert library.forms.encode(ServedForm(**{**large, "size": 1 << 40}), "gzip") is None


def test_many_at_once_make_a_file_once(tmp_path: Path) -> None:
    folder, made = DerivedFolder(tmp_path / "derived", 1000), []

    def make(target: Path) -> None:
        made.append(target)
        target.write_bytes(b"x" * 10)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: folder.get("k", make), range(40)))
    assert len(made) == 1
    assert {file.sha256 for file in found} == {hashlib.sha256(b"x" * 10).hexdigest()}


def test_a_making_that_fails_leaves_nothing(tmp_path: Path) -> None:
    folder = DerivedFolder(tmp_path / "derived", 1000)

    def fail(target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        folder.get("k", fail)
    assert not [path for path in (tmp_path / "derived").iterdir() if not path.name.startswith(".lock")]
    assert folder.get("k", lambda target: target.write_bytes(b"whole") and None).size == 5


def test_the_least_used_makes_room_for_the_newest(tmp_path: Path) -> None:
    folder = DerivedFolder(tmp_path / "derived", 25)
    for place, key in enumerate("abc"):
        file = folder.get(key, lambda target: target.write_bytes(b"x" * 10) and None)
        os.utime(f"{file.path}.json", (place, place))
        if key == "b":
            os.utime(tmp_path / "derived" / "a.json", (9, 9))
    assert {path.name for path in (tmp_path / "derived").iterdir() if len(path.name) == 1} == {"a", "c"}


def test_what_is_begun_is_made_once_and_there_later(tmp_path: Path) -> None:
    folder, made, ready = DerivedFolder(tmp_path / "derived", 1000), [], threading.Event()

    def make(target: Path) -> None:
        ready.wait(30)
        made.append(target)
        target.write_bytes(b"x" * 10)

    assert [folder.begin("k", make) for _ in range(5)] == [None] * 5
    ready.set()
    found = wait_for(lambda: folder.begin("k", make))
    assert (found.size, len(made)) == (10, 1)


def test_what_fails_in_the_background_is_told_and_begun_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = DerivedFolder(tmp_path / "derived", 1000)

    def fail(target: Path) -> None:
        raise OSError("disk full")

    assert folder.begin("k", fail) is None
    wait_for(lambda: "disk full" in caplog.text)
    assert wait_for(lambda: folder.begin("k", lambda target: target.write_bytes(b"whole") and None)).size == 5


def test_nothing_stays_of_what_was_erased_while_it_was_made(tmp_path: Path) -> None:
    folder = DerivedFolder(tmp_path / "derived", 1000)

    def make(target: Path) -> None:
        target.write_bytes(b"secret")
        folder.forget([f"sha256:{'a' * 64}"])

    with pytest.raises(NotFoundError):
        folder.get(f"{'a' * 64}-{'b' * 64}-diff", make)
    assert list_files(tmp_path / "derived") == []
    assert folder.get("a" * 64 + "-again", lambda target: target.write_bytes(b"public") and None).size == 6
    with pytest.raises(NotFoundError):
        folder.get("answer", make, origins=["a" * 64, "c" * 64])
    folder.get("answer", lambda target: target.write_bytes(b"of two") and None, origins=["a" * 64, "c" * 64])
    folder.forget([f"sha256:{'c' * 64}"])
    assert folder.find("answer") is None
    assert list_files(tmp_path / "derived") == []


def test_a_long_text_is_coded_in_the_background(reservoirs: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opendata.services.delivery.forms.ENCODED_AT_ONCE", 10)
    long = CSV + "".join(f"B{row:03},湖,1,2026-01-01\n" for row in range(500))
    version = str(publish(reservoirs, make_actor(reservoirs, "second-editor"), long).version)
    form = reservoirs.forms.find("reservoirs", version, "levels", "csv")
    assert reservoirs.forms.encode(form, "gzip") is None
    assert wait_for(lambda: reservoirs.forms.encode(form, "gzip")).size < form.size


def list_files(folder: Path) -> list[str]:
    """What is in a folder of derived files but for the marks of its own."""
    return [path.name for path in folder.iterdir() if not path.name.startswith((".lock", ".gone"))]


def wait_for(ask: Callable[[], Any]) -> Any:
    deadline = time_module.monotonic() + 30
    while time_module.monotonic() < deadline:
        if found := ask():
            return found
        time_module.sleep(0.01)
    raise AssertionError("it did not come")


def test_nobody_waits_for_what_is_made_in_another_lane(tmp_path: Path) -> None:
    folder = DerivedFolder(tmp_path / "derived", 1000, slots=1)
    answers = DerivedFolder(tmp_path / "derived", 1000, lane="answer-", slots=1)

    def write(target: Path) -> None:
        target.write_bytes(b"x")

    def make(target: Path) -> None:
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(folder.get, "table", write).result(10).size == 1
        write(target)

    assert answers.get("answer", make).size == 1
