"""CSV on the Web: what is said of columns, keys and files, and an independent reading of a CSV by it."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from io import StringIO
from typing import Any

from opendata.domain.manifest import Manifest
from opendata.domain.resources import TableResource
from opendata.domain.schema import TableSchema
from opendata.exchange.csvw.columns import name_column
from opendata.exchange.csvw.document import write_group, write_table
from tests.exchange.samples import ADDRESSES, BASE, FULL


def find_manifest() -> Manifest:
    assert FULL.manifest is not None
    return FULL.manifest


def find_table(number: int) -> TableResource:
    table = find_manifest().resources[number]
    assert isinstance(table, TableResource)
    return table


def describe(table: TableResource) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(write_table(find_manifest(), table, ADDRESSES, "zh"))
    return found


def describe_fields(*fields: dict[str, Any], **schema: object) -> list[dict[str, Any]]:
    table = replace(find_table(0), schema=TableSchema({"fields": list(fields), **schema}))
    columns: list[dict[str, Any]] = describe(table)["tableSchema"]["columns"]
    return columns


def test_a_table_without_columns_and_words_has_its_file_and_its_dataset() -> None:
    least = replace(find_table(0), title="", description="", i18n={}, schema=TableSchema({"fields": []}))
    found = describe(least)
    assert found["url"] == "stations.csv"
    assert found["tableSchema"] == {}
    assert found["dc:title"][0] == {"@value": "水库水位", "@language": "zh"}
    assert found["dc:isPartOf"] == {"@id": f"{BASE}/datasets/reservoirs/2.0.0/"}


def test_a_table_has_columns_with_titles_types_and_a_key() -> None:
    found = describe(find_table(0))
    assert found["@context"] == ["http://www.w3.org/ns/csvw", {"@language": "zh"}]
    assert found["dialect"]["lineTerminators"] == ["\n"]
    assert found["dc:license"] == [{"@id": "https://creativecommons.org/licenses/by/4.0/"}]
    schema = found["tableSchema"]
    assert schema["primaryKey"] == ["%E7%AB%99%E7%A0%81"]
    assert schema["columns"][0] == {
        "name": "%E7%AB%99%E7%A0%81",
        "titles": {"und": "站码", "zh": "站码", "en": "Code"},
        "dc:description": [{"@value": "八位代码", "@language": "zh"}],
        "datatype": {"base": "string", "format": "^(?:[0-9]{8})$"},
        "required": True,
        "null": [""],
    }
    assert [column["datatype"] for column in schema["columns"][1:]] == ["string", "string", "date", "boolean"]
    assert schema["columns"][2]["name"] == "lat%20lon"


def test_rules_units_and_missing_values_are_told() -> None:
    columns = {item["titles"]["und"]: item for item in describe(find_table(1))["tableSchema"]["columns"]}
    assert columns["level"]["datatype"] == {"base": "decimal", "minimum": 0, "maximum": 9000}
    assert columns["level"]["schema:unitText"] == "m"
    assert columns["time"]["datatype"] == "dateTime"
    assert columns["year"]["datatype"] == "gYear"
    assert columns["share"]["datatype"] == "double"
    assert columns["state"]["datatype"] == {"base": "string", "format": "^(?:1|2)$"}


def test_a_missing_value_is_as_the_canonical_csv_writes_it() -> None:
    columns = describe_fields(
        {"name": "a", "type": "string"},
        {"name": "b", "type": "date", "missingValues": ["none"], "constraints": {"minimum": "2020-01-01"}},
        {"name": "c", "type": "list", "delimiter": ";", "itemType": "integer"},
        {"name": "d", "type": "string", "constraints": {"enum": ["a|b", "(c)"], "maxLength": 3}},
        {"name": "e", "type": "year", "constraints": {"minimum": 2000}},
        missingValues=["-", "n/a"],
    )
    assert columns[0]["null"] == ["-"]
    assert columns[1]["null"] == ["none"]
    assert columns[1]["datatype"] == {"base": "date", "minimum": "2020-01-01"}
    assert (columns[2]["separator"], columns[2]["datatype"]) == (";", "integer")
    choices = columns[3]["datatype"]["format"]
    assert [bool(re.search(choices, text)) for text in ("a|b", "(c)", "a", "(c)x")] == [True, True, False, False]
    assert columns[3]["datatype"]["maxLength"] == 3
    assert columns[4]["datatype"] == "gYear"


def test_keys_to_other_tables_are_in_the_document_of_all_tables_only() -> None:
    assert "foreignKeys" not in describe(find_table(1))["tableSchema"]
    found = json.loads(write_group(find_manifest(), ADDRESSES, "zh"))
    assert [table["url"] for table in found["tables"]] == ["stations.csv", "levels.csv"]
    assert found["tables"][1]["tableSchema"]["foreignKeys"] == [
        {
            "columnReference": ["station"],
            "reference": {"resource": "stations.csv", "columnReference": ["%E7%AB%99%E7%A0%81"]},
        }
    ]
    own = {"fields": ["a"], "reference": {"resource": "", "fields": ["b"]}}
    table = replace(find_table(0), schema=TableSchema({"fields": [{"name": "a"}, {"name": "b"}], "foreignKeys": [own]}))
    keys = describe(table)["tableSchema"]["foreignKeys"]
    assert keys[0]["reference"] == {"resource": "stations.csv", "columnReference": ["b"]}


def test_names_are_variables_of_uri_templates_and_all_different() -> None:
    names = ["a", "_a", "a-b", "a.b", "a b", "%", "站码", "a%20b"]
    found = [name_column(name) for name in names]
    assert found == ["a", "%5Fa", "a%2Db", "a%2Eb", "a%20b", "%25", "%E7%AB%99%E7%A0%81", "a%2520b"]
    assert all(re.fullmatch(r"(?:[A-Za-z0-9]|%[0-9A-F]{2})(?:[A-Za-z0-9_]|%[0-9A-F]{2})*", name) for name in found)


def test_a_program_that_knows_the_document_alone_reads_the_values() -> None:
    """An independent reading: dialect, header against titles, missing values, lists."""
    table = replace(
        find_table(0),
        schema=TableSchema(
            {
                "fields": [
                    {"name": "站码", "type": "string", "title": "Code"},
                    {"name": "n", "type": "integer"},
                    {"name": "words", "type": "list", "delimiter": "|"},
                ],
                "missingValues": ["-"],
            }
        ),
    )
    found = describe(table)
    dialect, columns = found["dialect"], found["tableSchema"]["columns"]
    rows = csv.reader(
        StringIO('站码,n,words\n001,1,a|b\n"",-,-\n', newline=""),
        delimiter=dialect["delimiter"],
        quotechar=dialect["quoteChar"],
        doublequote=dialect["doubleQuote"],
    )
    header = next(rows)
    for label, column in zip(header, columns, strict=True):
        assert label in column["titles"].values()
    values = []
    for row in rows:
        read: list[object] = []
        for text, column in zip(row, columns, strict=True):
            if text in column["null"]:
                read.append(None)
            elif "separator" in column:
                read.append(text.split(column["separator"]))
            else:
                read.append(int(text) if column["datatype"] == "integer" else text)
        values.append(read)
    assert values == [["001", 1, ["a", "b"]], ["", None, None]]
