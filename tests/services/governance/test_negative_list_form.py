"""The negative list as a form: what is written is read again, and what is wrong is named with its cell."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from opendata.errors import InvalidMetadataError, UnsupportedFormatError
from opendata.intake.filled_sheets import FilledSheet
from opendata.services.governance.grounds.sheets import read_rows, write_csv, write_workbook
from opendata.wording.voice import voice_of
from tests.services.governance.test_grounds import PRIVATE, ROADS, SECRET, Office

HEADS = ["编号", "不予公开的事项", "依据类型", "法律依据"]


@pytest.mark.slow
def test_what_is_written_is_read_again_as_workbook_and_as_csv(tmp_path: Path) -> None:
    office = Office(tmp_path)
    lists = office.services.negative_lists
    entries = [{**SECRET, "description": "=1+1", "from": "2026-01-01"}, {**ROADS, "publishers": ["road-bureau"]}]
    draft = lists.change(office.boss, entries)
    workbook = write_workbook(draft.entries, voice_of("zh"))
    lists.change(office.boss, [PRIVATE])
    assert lists.take_form(office.boss, io.BytesIO(workbook)).entries == draft.entries
    text = write_csv(draft.entries, voice_of("en"))
    assert ",'=1+1," in text
    for data in (text.replace("'=", "=").encode(), text.replace("'=", "=").replace("2026-01-01", "2026/1/1").encode()):
        assert lists.take_form(office.boss, io.BytesIO(data)).entries == draft.entries
    wrong = text.replace("road-bureau", "road-bureau；none").replace("2026-01-01", "soon").replace("N003", "N001")
    with pytest.raises(InvalidMetadataError) as caught:
        lists.take_form(office.boss, io.BytesIO(wrong.encode()))
    assert [item.pointer for item in caught.value.faults] == ["G2", "A3", "F3"]
    with pytest.raises(UnsupportedFormatError):
        lists.take_form(office.boss, io.BytesIO(b"%PDF-1.7\n"))


def test_a_form_is_read_in_any_language_and_blank_rows_say_nothing() -> None:
    rows = [
        ["Number of the entry", "title", "GROUND", "Legal basis"],
        ["", "人事", "internal-affairs", "第十六条"],
        ["", " "],
    ]
    (found,) = read_rows(FilledSheet("清单", rows))
    assert (found["id"], found["title"], found["ground"]) == ("", "人事", "internal-affairs")
    assert found["place"]["ground"] == "清单!C2"
    with pytest.raises(InvalidMetadataError) as caught:
        read_rows(FilledSheet("清单", [rows[0], ["", "人事", "别的", "第十六条"]]))
    assert [item.pointer for item in caught.value.faults] == ["清单!C2"]
    for none in ([], [["title", "ground"]]):
        with pytest.raises(InvalidMetadataError):
            read_rows(FilledSheet("", none))
