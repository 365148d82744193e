"""Every error of a report is said in words a clerk can act on, in both languages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from opendata.domain.findings import CODES
from opendata.settings import LANGUAGES
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import check_table
from opendata.wording.finding_sentences import SENTENCES
from opendata.wording.findings import explain, explain_error, name_rule, say_warning
from opendata.wording.notes import NOTES, write_note
from opendata.wording.rule_sentences import CONSTRAINTS, WARNINGS
from opendata.wording.voice import voice_of

ZH, EN = voice_of("zh"), voice_of("en")
SHOWN = {code: found for code, found in CODES.items() if found.type != "warning"}
PARAMS: dict[str, Any] = {
    "units": ["km", "m"],
    "type": "integer",
    "format": "default",
    "fields": ["a", "b"],
    "values": ["x"],
}
PARAMS |= {name: ["a"] for name in ("reference", "places", "names", "units")}

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


def check(folder: Path, data: str | bytes, *, with_schema: bool = True) -> list[dict[str, Any]]:
    path = folder / "table.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    schema = read_schema({"fields": FIELDS}) if with_schema else None
    return check_table(path, name="table", schema=schema).task.errors


@pytest.mark.parametrize("kind", FILES)
def test_an_error_of_the_engine_is_said_in_chinese(kind: str, tmp_path: Path) -> None:
    errors = check(tmp_path, FILES[kind])
    assert kind in {error["type"] for error in errors}
    for error in errors:
        found = explain_error(ZH, error)
        assert found.advice, error
        for text in (found.message, found.advice):
            assert re.search("[\u4e00-\u9fff]", text), text
            assert not re.search(r"[a-z]{3,} [a-z]{3,} [a-z]{3,}", text), text


@pytest.mark.parametrize("kind", BYTES)
def test_what_the_decoder_says_is_said_in_chinese(kind: str, tmp_path: Path) -> None:
    errors = check(tmp_path, BYTES[kind], with_schema=False)
    assert errors
    for error in errors:
        message = explain_error(ZH, error).message
        assert not re.search(r"[a-z]{3,} [a-z]{3,} [a-z]{3,}", message), message


def test_an_error_is_said_in_english(tmp_path: Path) -> None:
    found = explain_error(EN, check(tmp_path, FILES["type-error"])[0])
    assert found.message == "“x” doesn't have the type “Whole number”"
    assert found.advice.startswith("Write a whole number in digits only")


def build(code: str, rule: str = "", **values: Any) -> dict[str, Any]:
    """A row of a findings file."""
    params = {name: PARAMS.get(name, 4) for name in CODES[code].params}
    if code == "category-error":
        params["limit"] = ["a", "b"]
    if "message" in params:
        params |= {"message": "Not found", "params": {}}
    plain = {"row": 7, "fieldNumber": 2, "fieldName": "kind", "strength": "error", "cell": "x", "code": code}
    return {**plain, "type": CODES[code].type, "rule": rule or code, "params": params, **values}


@pytest.mark.parametrize("code", SHOWN)
def test_every_code_has_whole_sentences_in_every_language(code: str) -> None:
    rules = CONSTRAINTS if code == "constraint-error" else ("",)
    for rule in rules:
        said = [explain(voice_of(language), build(code, rule)) for language in LANGUAGES]
        for found in said:
            assert found.title
            assert found.message
            assert "%" not in found.message + found.advice
        assert len({found.title for found in said}) == len({found.message for found in said}) == len(LANGUAGES)
        assert all(found.advice for found in said)


@pytest.mark.parametrize("code", WARNINGS)
def test_every_warning_is_said_in_every_language(code: str) -> None:
    params = dict.fromkeys(CODES[code].params, 4)
    said = {say_warning(voice_of(language), code, params) for language in LANGUAGES}
    assert len(said) == len(LANGUAGES)
    assert not [text for text in said if "%" in text]


def test_codes_and_sentences_are_the_same_set() -> None:
    types = {found.type for found in CODES.values()} - {"warning"}
    assert set(SENTENCES) == set(SHOWN) | types
    assert set(WARNINGS) == set(CODES) - set(SHOWN)
    assert set(NOTES) <= set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_note_takes_exactly_the_parameters_of_its_code(code: str) -> None:
    note = write_note(code, build(code)["params"], "rule")
    assert "%(" not in note
    assert code in NOTES or "message" in CODES[code].params or not CODES[code].params


@pytest.mark.parametrize(
    ("finding", "message", "advice"),
    [
        (build("lax-integer", "type", cell="１２"), "“１２”是整数", "=ASC(A2)"),
        (build("lax-date", "type", cell="2024-1-5"), "“2024-1-5”是日期", "yyyy-mm-dd"),
        (build("category-error", "categories", params={"limit": ["a", "b"]}), "不是本列的类别", "a, b"),
        (build("unique-error", "unique", cell=None), "该值在本列中重复：第 4 行", "条件格式"),
        (build("conditional-check", "total", params={"premise": "a", "demand": "b"}), "当 a 时，必须满足：b", "本行"),
        (build("constraint-error", "enum", params={"limit": ["a", "b"]}), "允许", "a, b"),
        (build("constraint-error", "enum", params={"limit": ["a", "…"]}), "允许", "a, …"),
        (build("constraint-error", "jsonSchema"), "JSON", "改正"),
        (build("constraint-error", "required", cell=None), "为空", "(空白)"),
        (build("type-error", "type", params={"type": "string", "format": "email"}), "“文本”", "name@example.org"),
        (build("type-error", "type", params={"type": "date", "format": "%d.%m.%Y"}), "“日期”", "DD.MM.YYYY"),
    ],
)
def test_a_finding_is_said_with_what_helps(finding: dict[str, Any], message: str, advice: str) -> None:
    found = explain(ZH, finding)
    assert message in found.message
    assert advice in found.advice


def test_a_cell_with_signs_of_templates_is_shown_as_it_is() -> None:
    found = explain(EN, build("constraint-error", "minimum", cell="%(value)s 100%", params={"limit": "5%"}))
    assert found.message == "“%(value)s 100%” is less than 5%"


def test_a_finding_of_an_earlier_release_has_its_name_alone() -> None:
    found = explain(ZH, {"type": "unique-error", "row": 3, "cell": "x", "fieldName": "a"})
    title = name_rule(ZH, "unique-error")
    assert found == (title, title, explain(ZH, build("unique-error")).advice)


def test_a_code_nobody_foresaw_is_shown_as_it_is() -> None:
    assert explain(ZH, {"type": "new-error", "rowNumber": 3}) == ("new-error", "new-error", "")
    assert explain(ZH, {}) == ("", "", "")
