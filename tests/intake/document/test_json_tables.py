"""JSON, JSON Lines and GeoJSON are read as the tables they are."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.errors import TooLargeError, UnreadableFileError
from opendata.intake.document import json_text
from opendata.intake.document.json_tables import list_tables, open_table
from opendata.intake.document.json_text import JsonText
from tests.intake.document_samples import NAMES, TEXTS, is_readable, read_only, read_rows, read_whole, tables

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("json") / "table.json"


def read(path: Path, text: str | bytes, **options: Any) -> list[list[str]]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_only(list_tables, open_table, path, **options)


def told(path: Path, text: str) -> set[str]:
    path.write_text(text)
    return read_rows(open_table, path, list_tables(path)[0].place)[1]


@given(tables(), st.sampled_from(ENCODINGS), st.booleans(), st.sampled_from([None, 2]))
def test_any_table_written_as_objects_is_read_back(
    place: Path, table: Any, encoding: str, is_ascii: bool, indent: int | None
) -> None:
    names, body = table
    records = [dict(zip(names, row, strict=True)) for row in body]
    for document in (records, {"code": 0, "result": {"list": records, "more": False}}):
        text = json.dumps(document, ensure_ascii=is_ascii, indent=indent)
        assert read(place, text.encode(encoding)) == [names, *body]


@given(tables(), st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_any_table_written_as_json_lines_is_read_back(place: Path, table: Any, end: str) -> None:
    names, body = table
    text = "".join(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + end for row in body)
    assert read(place, text) == [names, *body]


@given(tables(rows=2, columns=2))
def test_any_table_written_as_arrays_is_read_back(place: Path, table: Any) -> None:
    names, body = table
    assert read(place, json.dumps([names, *body])) == [names, *body]
    assert read(place, "\n".join(json.dumps(row) for row in [names, *body])) == [names, *body]


@given(tables())
def test_any_table_that_pandas_writes_is_read_back(place: Path, table: Any) -> None:
    names, body = table
    frame = pd.DataFrame(body, columns=names, dtype=str)
    for orient in ("records", "split", "columns"):
        assert read(place, frame.to_json(orient=orient)) == [names, *body], orient
    assert read(place, frame.to_json(orient="records", lines=True)) == [names, *body]


def test_a_table_that_duckdb_writes_is_read_back(place: Path) -> None:
    for options in ("ARRAY true", "ARRAY false"):
        query = "SELECT i::VARCHAR AS a, '区' || i AS 名 FROM range(3000) t(i)"
        duckdb.sql(f"COPY ({query}) TO '{place}' (FORMAT json, {options})")
        assert read_only(list_tables, open_table, place) == [["a", "名"], *([str(i), f"区{i}"] for i in range(3000))]


@given(tables(), st.booleans())
def test_features_are_rows_with_their_geometry_as_text(place: Path, table: Any, has_id: bool) -> None:
    names, body = table
    features = [
        {
            "type": "Feature",
            **({"id": number} if has_id else {}),
            "geometry": {"type": "Point", "coordinates": [116.40, number]},
            "properties": dict(zip(names, row, strict=True)),
        }
        for number, row in enumerate(body)
    ]
    found = read(place, json.dumps({"type": "FeatureCollection", "features": features}))
    geometry = [f'{{"type":"Point","coordinates":[116.4,{number}]}}' for number in range(len(body))]
    start = [[str(number)] if has_id else [] for number in range(len(body))]
    assert found[1:] == [[*a, *row, c] for a, row, c in zip(start, body, geometry, strict=True)]
    assert found[0][-1].endswith("geometry")
    assert len(set(found[0])) == len(found[0])


@given(st.lists(st.dictionaries(NAMES, TEXTS, max_size=4), min_size=1, max_size=8))
def test_columns_are_the_names_of_all_rows_in_order_of_appearance(place: Path, records: list[dict[str, str]]) -> None:
    names = list(dict.fromkeys(name for record in records for name in record))
    if names:
        assert read(place, json.dumps(records)) == [
            names,
            *([record.get(name, "") for name in names] for record in records),
        ]


def test_names_that_some_rows_lack_are_told(place: Path) -> None:
    assert "missing-names" in told(place, '[{"a":1,"b":2},{"b":3}]')
    assert told(place, '[{"a":1,"b":2},{"b":3,"a":4}]') == set()


def test_numbers_keep_every_digit(place: Path) -> None:
    digits = "9" * 5000
    text = f'[{{"a":1.10,"b":-0,"c":1e5,"d":{digits},"e":0.1000000000000000055511151231257827}}]'
    assert read(place, text)[1] == ["1.10", "-0", "1e5", digits, "0.1000000000000000055511151231257827"]


def test_true_false_null_and_the_nested_are_written_as_json(place: Path) -> None:
    text = '[{"a":true,"b":false,"c":null,"d":{"x": [1.10, "1", null]}}, {"a":"","b":"","c":"","d":""}]'
    assert read(place, text)[1:] == [["true", "false", "", '{"x":[1.10,"1",null]}'], ["", "", "", ""]]
    assert told(place, text) == {"nested-values", "empty-and-null"}


def test_nan_is_kept_as_table_schema_writes_it_and_told(place: Path) -> None:
    assert read(place, '[{"a":NaN},{"a":Infinity},{"a":-Infinity}]') == [["a"], ["NaN"], ["INF"], ["-INF"]]
    assert told(place, '[{"a":NaN}]') == {"not-a-number"}


def test_the_last_of_two_equal_names_counts_and_is_told(place: Path) -> None:
    assert read(place, '[{"a":1,"a":2}]') == [["a"], ["2"]]
    assert told(place, '[{"a":1,"a":2}]') == {"doubled-names"}


def test_half_a_character_is_replaced_and_told(place: Path) -> None:
    assert read(place, r'[{"a":"\ud83d\ude00"},{"a":"x\ud83d"}]') == [["a"], ["😀"], ["x�"]]
    assert told(place, r'[{"a":"x\ud83d"}]') == {"broken-characters"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [('[["a","b"],["x",1]]', True), ('[["a","b"],["x","y"]]', None), ("[[1,2],[3,4]]", False)],
)
def test_a_first_row_of_text_above_numbers_is_the_header(place: Path, text: str, expected: bool | None) -> None:
    place.write_text(text)
    assert open_table(place, "").has_header is expected


def test_each_list_of_objects_in_a_document_is_a_table(place: Path) -> None:
    place.write_text('{"a":[{"x":1}],"b/c":{"d~":[{"y":1},{"z":2}]},"tags":["p","q"],"none":[]}')
    assert [(t.place, t.name, t.rows, t.columns) for t in list_tables(place)] == [
        ("/a", "a", 1, 1),
        ("/b~1c/d~0", "d~", 2, 2),
    ]
    assert read_rows(open_table, place, "/b~1c/d~0")[0] == [["y", "z"], ["1", ""], ["", "2"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a":1,"b":"x"}', [["a", "b"], ["1", "x"]]),
        ('{"a":[1,2],"b":["x","y"]}', [["a", "b"], ["1", "x"], ["2", "y"]]),
        ('{"11":{"n":"A"},"12":{"n":"B","m":1}}', [["key", "n", "m"], ["11", "A", ""], ["12", "B", "1"]]),
        (
            '{"p":{"q":["r","s"]},"t":{"u":["v"]}}',
            [["level_1", "level_2", "value"], ["p", "q", "r"], ["p", "q", "s"], ["t", "u", "v"]],
        ),
    ],
)
def test_an_object_may_be_a_table_as_a_whole(place: Path, text: str, expected: list[list[str]]) -> None:
    assert read(place, text) == expected


WORLD_BANK = '[{"page":1,"pages":%s,"total":"3"},[{"iso":"CHN","value":1.10},{"iso":"FRA","value":null}]]'


@pytest.mark.parametrize(("text", "rule"), [(WORLD_BANK % 1, "json-page"), (WORLD_BANK % 2, "one-page")])
def test_the_rows_after_what_an_interface_says_of_its_page_are_the_table(place: Path, text: str, rule: str) -> None:
    for wrapped, pointer in ((text, "/1"), (f'{{"a":[1],"b":{text}}}', "/b/1")):
        place.write_text(wrapped)
        assert [(t.place, t.rows, t.columns) for t in list_tables(place)] == [(pointer, 2, 2)]
        rows = [["iso", "value"], ["CHN", "1.10"], ["FRA", ""]]
        assert read_rows(open_table, place, pointer) == (rows, {rule})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_encoding_of_a_document_is_told(place: Path, encoding: str) -> None:
    place.write_text('[{"a":"甲"}]', encoding=encoding)
    told = open_table(place, "").encoding
    assert told is not None
    assert told.removesuffix("-le") == encoding.removesuffix("-sig")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[{"page":1},[]]', "“/1” is empty"),
        ('[{"page":0,"total":0},null]', "“/1” is empty"),
        ('[{"page":1},null]', "mixes objects"),
        ('[{"page":1},[1,2]]', "mixes objects"),
        ('[{"page":{"n":1}},[{"a":1}]]', "mixes objects"),
        ('[{"page":1},[{"a":1}],[{"a":2}]]', "mixes objects"),
        ("", "is empty"),
        ("[]", "is empty"),
        ('{"days":[]}', "“/days” is empty"),
        ('[{"a":1},', "too early, on line 1"),
        ('[{"a":1},\n{"a":"x', "too early, on line 2, character 8"),
        ('[{"a":1},\n {"a":x}]', "line 2, character 7, at “x}]”"),
        ('[{"a":1},{"a":1,}]', "isn't valid on line 1"),
        ("callback([1])", "isn't valid on line 1, character 1"),
        ('[{"a":1}] tail', "isn't valid on line 1, character 11"),
        ('[{"a":1}, 5]', "mixes objects"),
        ('"text"', "doesn't contain a table"),
        ('["a","b"]', "doesn't contain a table"),
        ("[" * 100_000, "levels deep"),
        ('{"a":' * 100_000, "levels deep"),
        ('[{"a":' + "[" * 200 + "]" * 200 + "}]", "levels deep"),
        ('[{"a":"\x01"}]', "JSON isn't valid"),
        (b'[{"a":"\xff"}]', "Byte 8 of the file "),
        ("[{" + ",".join(f'"{n}":1' for n in range(20_000)) + "}]", "16384 columns"),
        ("[" + ",".join(f'{{"{n}":1}}' for n in range(20_000)) + "]", "16384 columns"),
        ('{"a":[{"x":1}],"a":[{"x":2}]}', "appears twice"),
    ],
)
def test_what_is_no_table_is_refused_with_the_reason(place: Path, text: str | bytes, words: str) -> None:
    place.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UnreadableFileError, match="(?s)" + words.replace("(", r"\(")):
        read_whole(list_tables, open_table, place)


@given(st.binary(max_size=60) | st.text('[]{},:"\\ua1e-. ntf', max_size=60).map(str.encode))
def test_any_bytes_are_a_table_or_unreadable(place: Path, data: bytes) -> None:
    place.write_bytes(data)
    is_readable(list_tables, open_table, place)


@given(
    st.integers(1, 40),
    st.recursive(
        TEXTS | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
        lambda x: st.lists(x) | st.dictionaries(TEXTS, x),
    ),
)
def test_values_are_the_same_wherever_the_file_is_cut_into_pieces(place: Path, size: int, value: Any) -> None:
    text = json.dumps([{"a": value}] * 3, ensure_ascii=False)
    place.write_text(text)
    wanted = list(JsonText(place, None).read_elements())
    with pytest.MonkeyPatch.context() as patch:
        pieces = (text[at : at + size] for at in range(0, len(text), size))
        patch.setattr("opendata.intake.document.json_text.read_pieces", lambda path, encoding: pieces)
        found = list(JsonText(place, None).read_elements())
    assert next(pieces, None) is None
    assert found == wanted


@pytest.mark.parametrize("part", [10, pytest.param(1, marks=pytest.mark.slow)])
def test_a_value_of_ten_megabytes_is_read_and_one_beyond_all_measure_refused(
    place: Path, part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_text, "MAX_VALUE_CHARACTERS", json_text.MAX_VALUE_CHARACTERS // part)
    long = "x" * (10_000_000 // part)
    assert read(place, f'[{{"a":"{long}"}},{{"a":"b"}}]') == [["a"], [long], ["b"]]
    place.write_text('[{"a":"' + "x" * (140_000_000 // part))
    with pytest.raises(TooLargeError, match="longer than"):
        list_tables(place)


def test_what_governments_publish_is_read_as_a_careful_person_would(realdata: Path) -> None:
    chinese = realdata / "chinese"
    found = read_only(list_tables, open_table, chinese / "covid" / "2020-02-10.json")
    original = list(csv.reader(io.StringIO((chinese / "covid" / "2020-02-10.csv").read_text("utf-8-sig"))))
    assert found[0] == [
        "date",
        "country",
        "countryCode",
        "province",
        "provinceCode",
        "city",
        "cityCode",
        *original[0][7:],
    ]
    assert found[1:] == original[1:]
    days = json.loads((chinese / "holidays" / "2024.json").read_text())["days"]
    assert read_only(list_tables, open_table, chinese / "holidays" / "2024.json")[1:] == [
        [day["name"], day["date"], str(day["isOffDay"]).lower()] for day in days
    ]
    with pytest.raises(UnreadableFileError, match="“/days” is empty"):
        list_tables(chinese / "holidays" / "2027.json")
    regions = read_only(list_tables, open_table, chinese / "admin-divisions" / "HK-MO-TW.json")
    assert regions[1] == ["香港特别行政区", "香港岛", "中西区"]
    (schools,) = (chinese / "schools").glob("全国普通*.expected.json")
    assert read_only(list_tables, open_table, schools)[1][:3] == ["1", "北京大学", "4111010001"]
    assert list_tables(schools)[0].rows == 2919
