"""Every error of a report is said in words a clerk can act on, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import g

from opendata.tabular.schema import read_schema
from opendata.tabular.validation import TableReader
from opendata.web.findings import KINDS, explain_error, name_kind
from opendata.web.wording import TEMPLATES, translate_phrase
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
    "source-error": 'id,count,kind,day\n1,1,"a,\n',
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
    reader = TableReader(path, name="table", schema=read_schema({"fields": FIELDS}) if with_schema else None)
    list(reader.batches())
    return reader.task.errors


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


def test_every_kind_has_a_name_in_both_languages(portal: Portal) -> None:
    for kind in KINDS:
        names = []
        for language in ("zh", "en"):
            with portal.app.test_request_context(headers={"Accept-Language": language}):
                g.pop("language", None)
                names.append(name_kind(kind))
        assert len(set(names)) == 2


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
