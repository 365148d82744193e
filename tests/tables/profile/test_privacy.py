"""Personal identifiers are counted by column; the findings hold none of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from opendata.tables.profile.privacy import PrivacyFinding, has_check_character
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import prepare_table

# The example of GB 11643-1999, appendix A, and a made-up number of a day that is often made up.
NUMBERS = ("11010519491231002X", "110105200001010024")


@pytest.mark.parametrize("number", NUMBERS)
def test_the_last_character_is_told_by_the_others(number: str) -> None:
    assert has_check_character(number)
    assert has_check_character(number.lower())
    wrong = "0123456789X".replace(number[-1], "")
    assert not any(has_check_character(number[:-1] + character) for character in wrong)


def test_identifiers_are_counted_by_column_and_kind(tmp_path: Path) -> None:
    path = tmp_path / "source.csv"
    rows = [
        f"{NUMBERS[0]},13812345678,x",
        f"{NUMBERS[1]},+8613812345678,",
        "110105194912310021,12812345678,13812345678",  # a wrong check character, no mobile prefix
        ",,2020",
    ]
    path.write_text("\n".join(["person,phone,other", *rows]) + "\n", encoding="utf-8")
    table = prepare_table(path, tmp_path, name="people")
    assert table.privacy == [
        PrivacyFinding("people", "person", "resident-id", 2),
        PrivacyFinding("people", "phone", "mobile-number", 2),
        PrivacyFinding("people", "other", "mobile-number", 1),
    ]


def test_whole_numbers_are_looked_through_too(tmp_path: Path) -> None:
    path = tmp_path / "source.csv"
    path.write_text(f"id,phone\n{NUMBERS[1]},13812345678\n", encoding="utf-8")
    schema = read_schema({"fields": [{"name": "id", "type": "integer"}, {"name": "phone", "type": "integer"}]})
    table = prepare_table(path, tmp_path, name="r", schema=schema)
    assert [finding.describe() for finding in table.privacy] == [
        {"resource": "r", "field": "id", "kind": "resident-id", "count": 1},
        {"resource": "r", "field": "phone", "kind": "mobile-number", "count": 1},
    ]
