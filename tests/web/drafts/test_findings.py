"""Every error of a report is said in words a clerk can act on, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import g

from opendata.tables.schema.schema import read_schema
from opendata.tables.table import check_table
from opendata.web.core.wording import TEMPLATES, translate_phrase
from opendata.web.drafts.findings import CONSTRAINTS, KINDS, choose_words, explain_error, list_counts, name_kind
from tests.web.conftest import Portal

FIELDS: list[dict[str, Any]] = [
    {"name": "id", "type": "string", "constraints": {"unique": True}},
    {"name": "count", "type": "integer", "constraints": {"minimum": 0, "maximum": 9, "required": True}},
    {"name": "kind", "type": "string", "constraints": {"enum": ["a", "b"], "minLength": 1, "maxLength": 3}},
    {"name": "day", "type": "date"},
]
FILES = {
    "type-error": "id,count,kind,day\n1,x,a,2026-01-01\n2,1,a,1/2/2026\n",
    "constraint-error": "id,count,kind,day\n1,10,a,\n2,-1,a,\n3,1,abcd,\n4,,a,\n",
    "unique-error": "id,count,kind,day\n1,1,a,\n1,1,a,\n",
    "missing-cell": "id,count,kind,day\n1,1\n",
    "extra-cell": "id,count,kind,day\n1,1,a,,5\n",
    "blank-row": "id,count,kind,day\n,,,\n",
    "missing-label": "id,count,kind\n1,1,a\n",
    "extra-label": "id,count,kind,day,more\n1,1,a,,x\n",
    "incorrect-label": "id,number,kind,day\n1,1,a,\n",
    "duplicate-label": "id,count,kind,id\n1,1,a,\n",
    "blank-label": "id,count,kind,\n1,1,a,\n",
    "unclosed-quote": 'id,count,kind,day\n1,1,"a,\n',
    "encoding-error": b"id,count,kind,day\n1,1,\xff\xfe,\n",
}
BYTES = {
    "empty": b"",
    "nul": b"a,b\n1,\0\n",
    "gbk": "名称,b\n水库,2\n".encode("gbk"),
    "quote": b'a,b\n"1,2\n',
}


@pytest.fixture
def chinese(portal: Portal) -> Iterator[None]:
    with portal.app.test_request_context(headers={"Accept-Language": "zh"}):
        yield


def check(folder: Path, data: str | bytes, *, with_schema: bool = True) -> list[dict[str, Any]]:
    path = folder / "table.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    schema = read_schema({"fields": FIELDS}) if with_schema else None
    return check_table(path, name="table", schema=schema).task.errors


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("kind", FILES)
def test_an_error_of_the_engine_is_said_in_chinese(kind: str, tmp_path: Path) -> None:
    errors = check(tmp_path, FILES[kind])
    assert kind in {error["type"] for error in errors}
    for error in errors:
        found = explain_error(error)
        assert found.advice, error
        for text in (found.message, found.advice):
            assert re.search("[\u4e00-\u9fff]", text), text
            assert not re.search(r"[a-z]{3,} [a-z]{3,} [a-z]{3,}", text), text


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("kind", BYTES)
def test_what_the_decoder_says_is_said_in_chinese(kind: str, tmp_path: Path) -> None:
    errors = check(tmp_path, BYTES[kind], with_schema=False)
    assert errors
    for error in errors:
        message = explain_error(error).message
        assert not re.search(r"[a-z]{3,} [a-z]{3,} [a-z]{3,}", message), message


def test_an_error_is_said_in_english(portal: Portal, tmp_path: Path) -> None:
    with portal.app.test_request_context(headers={"Accept-Language": "en"}):
        found = explain_error(check(tmp_path, FILES["type-error"])[0])
    assert (found.row, found.column, found.value) == (2, "count", "x")
    assert found.message == "“x” is not of the type “Whole number”"
    assert found.advice.startswith("Write a whole number in digits only")


def test_every_rule_is_named_and_explained_in_both_languages(portal: Portal) -> None:
    for kind, rule in [*((kind, "") for kind in KINDS), *(("constraint-error", rule) for rule in CONSTRAINTS)]:
        said = []
        for language in ("zh", "en"):
            with portal.app.test_request_context(headers={"Accept-Language": language}):
                g.pop("language", None)
                found = explain_error(build_row(kind, rule or kind))
                assert found.title == name_kind(kind, rule)
                said.append((found.title, found.advice))
                assert found.message
                assert found.advice
                assert "%" not in found.message + found.advice
        assert said[0][0] != said[1][0], kind
        assert said[0][1] != said[1][1], kind


def build_row(kind: str, rule: str, **values: Any) -> dict[str, Any]:
    """A row of a findings file."""
    plain = {"row": 7, "fieldNumber": 2, "fieldName": "kind", "strength": "error", "cell": "x"}
    notes = {"type-error": 'type is "integer/default"', "constraint-error": f'constraint "{rule}" is "3"'}
    return {
        **plain,
        "type": kind,
        "rule": rule,
        "note": notes.get(kind, "the same as in the row at position 4"),
        **values,
    }


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("kind", KINDS)
def test_a_finding_says_the_same_as_its_error(kind: str) -> None:
    row = build_row(kind, "pattern" if kind == "constraint-error" else kind)
    error = {
        **{name: row[name] for name in ("type", "note", "fieldName", "fieldNumber", "cell")},
        "rowNumber": row["row"],
        **({"label": row["cell"]} if kind.endswith("-label") else {}),
    }
    assert explain_error(row) == explain_error(error)


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize(
    ("finding", "message", "advice"),
    [
        (build_row("lax-integer", "type", cell="１２"), "“１２”是整数", "=ASC(A2)"),
        (build_row("lax-date", "type", cell="2024-1-5"), "“2024-1-5”是日期", "yyyy-mm-dd"),
        (build_row("category-error", "categories", note="the categories are: a, b"), "不是本列的类别", "a, b"),
        (build_row("unique-error", "unique", cell=None), "该值在本列中已经出现：", "条件格式"),
        (build_row("custom-check", "total", note="总数等于各项之和"), "：总数等于各项之和", "本行"),
        (build_row("custom-check", "total", note=""), "：total", "本行"),
        (build_row("constraint-error", "enum", note="constraint \"enum\" is \"['a', 'b']\""), "允许", "a, b"),
        (build_row("constraint-error", "enum", note="constraint \"enum\" is \"['a', 'b…"), "允许", "['a', 'b"),
        (build_row("constraint-error", "jsonSchema"), "JSON", "改正"),
        (build_row("constraint-error", "required", cell=None, note=""), "为空", "(空白)"),
        (build_row("type-error", "type", note='type is "string/email"'), "“文本”", "name@example.org"),
    ],
)
def test_a_finding_is_said_with_what_helps(finding: dict[str, Any], message: str, advice: str) -> None:
    found = explain_error(finding)
    assert message in found.message
    assert advice in found.advice


@pytest.mark.usefixtures("chinese")
def test_the_words_of_lists_are_the_readers() -> None:
    words = choose_words()
    assert words.headings == ("行", "列", "值", "规则", "问题", "怎么改")
    explained = words.explain(build_row("blank-cell", "required", cell=" "))
    assert explained == (name_kind("blank-cell"), "单元格里只有空白，但这里必须填写", "空白不算值：请在单元格中填写")
    assert len(words.sheet) <= 31
    assert not set(words.sheet) & set("[]:*?/\\")


@pytest.mark.usefixtures("chinese")
def test_counts_are_named_by_rule_and_find_their_findings() -> None:
    counts = [
        {"type": "missing-cell", "fieldName": "day", "rule": "missing-cell", "count": 1},
        {"type": "constraint-error", "fieldName": "kind", "rule": "pattern", "count": 2, "strength": "warning"},
    ]
    first, second = list_counts({"opendata": {"counts": counts}})
    assert (first.title, first.count, first.strength) == ("格式不符", 2, "warning")
    assert first.query == {"type": "constraint-error", "field": "kind", "rule": "pattern", "strength": "warning"}
    assert (second.column, second.query["field"]) == ("day", "day")


@pytest.mark.usefixtures("chinese")
def test_an_error_nobody_foresaw_is_shown_as_it_is() -> None:
    found = explain_error({"type": "new-error", "note": "something %(odd)s", "rowNumber": 3})
    assert (found.row, found.message) == (3, "something %(odd)s")
    assert explain_error({}).message == ""


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_sentence_is_found_again_with_its_values(template: str) -> None:
    names = re.findall(r"%\((\w+)\)s", template)
    values = {name: f"{number}值%s" for number, name in enumerate(names)}
    said = translate_phrase(template % values)
    assert said != template % values
    assert all(value in said for value in values.values())
