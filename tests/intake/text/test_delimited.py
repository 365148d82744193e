"""How a text file is split into cells is found in the file itself, whatever surrounds the table."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import opendata.intake.text.delimited as delimited
from opendata.intake.text.delimited import find_dialect, read_ends
from opendata.intake.text.encodings import find_encoding
from opendata.tables.text.dialect import read_dialect
from tests.intake.real_files import list_short_and_long


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "table.csv"
    path.write_bytes(text.encode(encoding))
    return path


def split(text: str, dialect: Mapping[str, object]) -> list[list[str]]:
    return list(read_dialect(dialect).split(io.StringIO(text, newline="")))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "~", "，"])
def test_each_delimiter_is_found(delimiter: str, tmp_path: Path) -> None:
    text = "\n".join(delimiter.join(row) for row in (["name", "place", "n"], *[["甲", "a b", "1"]] * 4))
    dialect, decisions = find_dialect(write(tmp_path, text), "utf-8", None)
    assert dialect["delimiter"] == delimiter
    assert decisions[0].rule == "delimiter"


@pytest.mark.parametrize("name", ["doacoes-entrada.csv", "doacoes-saida.csv"])
def test_semicolons_are_found_beside_decimal_commas(name: str, realdata: Path) -> None:
    path = realdata / "datapackages" / "doacoes-covid-19-mg" / "data" / name
    assert find_dialect(path, find_encoding(path).encoding, None)[0]["delimiter"] == ";"


def test_the_declared_delimiter_wins_and_none_is_no_declaration(tmp_path: Path) -> None:
    path = write(tmp_path, "a;b\n1;2\n")
    assert find_dialect(path, "utf-8", {"delimiter": ","})[0]["delimiter"] == ","
    assert find_dialect(path, "utf-8", {"delimiter": None})[0]["delimiter"] == ";"


@pytest.mark.parametrize("content", ["", "name\nx\ny\n", "\ufeffname\nx\n"])
def test_a_file_of_one_column_or_none_has_a_comma(content: str, tmp_path: Path) -> None:
    assert find_dialect(write(tmp_path, content), "utf-8", None)[0]["delimiter"] == ","


def test_the_delimiter_is_found_without_quotes(tmp_path: Path) -> None:
    path = write(tmp_path, 'a;b\n5" disk;2\n')
    assert find_dialect(path, "utf-8", {"quoteChar": None})[0]["delimiter"] == ";"


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16"])
def test_the_delimiter_is_found_in_the_declared_encoding(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path, "名称;值\n北京;1,5\n", encoding)
    assert find_dialect(path, encoding, None)[0]["delimiter"] == ";"


def test_titles_and_footnotes_do_not_decide(tmp_path: Path) -> None:
    rows = [f"{name};{n};{n * 2}" for n, name in enumerate("甲乙丙丁戊己")]
    text = "\n".join(["标题，一, 二, 三", "单位, 万元", "", "地区;2019;2020", *rows, "注：a, b, c", "来源, 统计局", ""])
    dialect, _ = find_dialect(write(tmp_path, text), "utf-8", None)
    assert dialect["delimiter"] == ";"


def test_a_long_title_block_does_not_decide_for_a_large_file(tmp_path: Path) -> None:
    title = "".join(f"line {n}, of the preface, and so on\n" for n in range(300))
    body = "".join(f"{n}|甲|{n * 3}\n" for n in range(40_000))
    dialect, _ = find_dialect(write(tmp_path, title + "id|名|值\n" + body, "gb18030"), "gb18030", None)
    assert dialect["delimiter"] == "|"


def test_commas_of_sentences_do_not_split_a_list(tmp_path: Path) -> None:
    text = "Taxis\nAutocars\nVéhicules de police\nManifestations à caractère culturel, sportif, festif\nRiverains\n"
    dialect, decisions = find_dialect(write(tmp_path, text), "utf-8", None)
    assert [len(row) for row in split(text, dialect)] == [1] * 5
    assert decisions[0].sure >= 0.9
    ragged = text.replace(", ", ",")
    assert find_dialect(write(tmp_path, ragged), "utf-8", None)[0]["delimiter"] == ","


def test_decimal_commas_do_not_split_and_are_told(tmp_path: Path) -> None:
    text = "lieu;prix;surface;habitants\nA;1,5;2,25;1,234\nB;3,75;-4,5;5,678\nC;1.234,5;6;9,012\n"
    dialect, decisions = find_dialect(write(tmp_path, text), "utf-8", None)
    assert dialect["delimiter"] == ";"
    decision = next(decision for decision in decisions if decision.rule == "decimal-comma")
    assert decision.details["numbers"] == [2, 3]
    assert "prix, surface" in decision.describe()["text"]


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("a,b\n'1,5','x'\n'2','y,z'\n", "quoteChar", "'"),
        ('a\tb\n"inch\t2\n"foot\t3\n', "quoteChar", None),
        ('a,b\n"say \\"hi\\" now","x"\n"2","y"\n', "escapeChar", "\\"),
        ('a, b\n1, "x, y"\n2, "z"\n', "skipInitialSpace", True),
        ("# made by hand\n# on a day\na,b\n1,2\n3,4\n5,6\n", "commentChar", "#"),
    ],
)
def test_other_ways_of_writing_are_found(text: str, name: str, value: object, tmp_path: Path) -> None:
    dialect, decisions = find_dialect(write(tmp_path, text), "utf-8", None)
    assert dialect[name] == value
    assert len(decisions) > 1
    rows = split(text, dialect)
    assert {len(row) for row in rows if not row[0].startswith("#")} == {2}


@pytest.mark.parametrize(
    "text",
    [
        "#,name\n1,x\n2,y\n",
        "path,n\nC:\\a,1\nC:\\b,2\n",
        'path,n\n"C:\\",1\n"D:\\",2\n',
        "name,n\nO'Neil,1\n'tis,2\n",
        'name,n\n5" pipe,1\n6" pipe,2\n',
        "name\nx\ny\n",
        "",
        "\n\n",
    ],
)
def test_an_ordinary_file_is_read_with_commas_and_double_quotes(text: str, tmp_path: Path) -> None:
    dialect, _ = find_dialect(write(tmp_path, text), "utf-8", None)
    assert dialect == {"delimiter": ",", "quoteChar": '"'}


def test_what_is_declared_stays(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b;c\n1,2;3\n4,5;6\n")
    declared = {"delimiter": ";", "quoteChar": "'", "header": True}
    dialect, decisions = find_dialect(path, "utf-8", declared)
    assert dialect == declared
    assert "delimiter" not in [decision.rule for decision in decisions]
    assert find_dialect(path, "utf-8", {"csv": {"delimiter": ";"}})[0]["delimiter"] == ";"


def test_a_quote_never_closed_does_not_confuse(tmp_path: Path) -> None:
    text = "a;b;c\n" + '"x;1,5;2\n' + "y;2,5;3\n" * 50 + 'z,"w"\n'
    path = write(tmp_path, text)
    dialect, _ = find_dialect(path, "utf-8", None)
    assert dialect == {"delimiter": ";", "quoteChar": '"'}
    ends = read_ends(path, "utf-8", dialect)
    assert ends.head[0] == ["a", "b", "c"]


words = st.text("abcdefgh甲乙丙丁 é", min_size=1, max_size=8).map(str.strip).filter(bool)
numbers = st.integers(-1000, 10**9).map(str) | st.decimals(0, 1000, places=2).map(str)
odd = st.sampled_from(["", "a, b", 'say "so"', "two\nlines", "x; y", "https://a.org/?b=1", "2024-01-01"])
cells = words | numbers | odd


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_table_is_split_as_it_was_written(data: st.DataObject, tmp_path: Path) -> None:
    width = data.draw(st.integers(2, 8))
    header = data.draw(st.lists(words, min_size=width, max_size=width, unique=True))
    rows = data.draw(st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=30))
    out = io.StringIO(newline="")
    writer = csv.writer(
        out,
        delimiter=data.draw(st.sampled_from(",;\t|")),
        quoting=data.draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])),
        lineterminator=data.draw(st.sampled_from(["\n", "\r\n"])),
    )
    table = [header, *rows]
    writer.writerows(table)
    encoding = data.draw(st.sampled_from(["utf-8", "utf-16-le", "gb18030"]))
    path = write(tmp_path, out.getvalue(), encoding)
    dialect, _ = find_dialect(path, encoding, None)
    ends = read_ends(path, encoding, dialect, head=1000, tail=1000)
    assert ends.head == table
    assert ends.tail == list(enumerate(table, 1))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text('a,"\n\r甲\\ ', max_size=120),
    block=st.sampled_from([1, 4, 16, 1 << 19]),
    escape=st.sampled_from([None, "\\"]),
    head=st.integers(0, 4),
    tail=st.integers(1, 4),
)
def test_the_ends_are_those_of_reading_it_all(
    text: str, block: int, escape: str | None, head: int, tail: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", block)
    dialect = {"delimiter": ",", "escapeChar": escape}
    ends = read_ends(write(tmp_path, text), "utf-8", dialect, head=head, tail=tail)
    whole = split(text, dialect)
    if ends.rows is None:
        assert '"' in text or "\\" in text
        assert ends.head == whole[: len(ends.head)]
        assert ends.tail == []
    else:
        assert ends.rows == len(whole)
        assert ends.head == whole[:head]
        assert ends.tail == list(enumerate(whole, 1))[-tail:]


def test_a_large_file_without_quotes_is_numbered_to_its_end(tmp_path: Path) -> None:
    count = 300_000
    path = write(tmp_path, "n,name\r\n" + "".join(f"{n},地区\r\n" for n in range(count)), "gb18030")
    ends = read_ends(path, "gb18030", {"delimiter": ","}, tail=2)
    assert ends.rows == count + 1
    assert ends.tail == [(count, [str(count - 2), "地区"]), (count + 1, [str(count - 1), "地区"])]


def test_real_files_are_split_as_their_publishers_meant(realdata: Path) -> None:
    check_real_files(list_short_and_long(realdata, ".csv")[0], realdata)


@pytest.mark.slow
def test_long_real_files_are_split_as_their_publishers_meant(realdata: Path) -> None:
    check_real_files(list_short_and_long(realdata, ".csv")[1], realdata)


def check_real_files(paths: Sequence[Path], realdata: Path) -> None:
    assert len(paths) >= 5
    semicolons = ("acordo-reparacao-vale-mg/data", "doacoes-covid-19-mg/data", "openmaraude-schema-stationstaxi")
    for path in paths:
        name = str(path.relative_to(realdata))
        utf8 = b"\xef\xbb\xbf" in path.read_bytes()[:3] or "utf8" in name
        encoding = "gb18030" if ("gbk" in name and not utf8) else "cp1252" if "VEH_" in name else "utf-8"
        encoding = "big5hkscs" if "big5" in name else encoding
        dialect, _ = find_dialect(path, encoding, None)
        assert dialect["quoteChar"] == '"'
        whole = split(path.read_bytes().decode(encoding).removeprefix("\ufeff"), dialect)
        if "VEH_" in name:  # a list: the commas in it are those of a sentence
            assert {len(row) for row in whole} == {1}
        else:
            assert (name, dialect["delimiter"]) == (name, ";" if any(word in name for word in semicolons) else ",")
        ends = read_ends(path, encoding, dialect)
        assert (name, ends.rows) == (name, len(whole))
        assert ends.tail == list(enumerate(whole, 1))[-60:]
