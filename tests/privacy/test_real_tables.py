"""Real published tables have hardly any personal data: every hit is listed here, with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from opendata.domain.privacy import Kind
from tests.privacy.real_tables import list_files, read_tables, screen_real_table

HITS = {
    ("chinese/hospitals/苏州医院信息.xlsx", "电话1", Kind.LANDLINE),  # hospitals: an official contact
}
"""What is found in columns without their names, beside e-mail addresses: file, column, kind."""


@pytest.mark.slow
def test_every_hit_in_real_tables_is_known(realdata: Path) -> None:
    hits, tables, columns, emails = set(), 0, 0, set()
    for path in list_files(realdata):
        for table in read_tables(path, realdata):
            tables += 1
            columns += len(table.labels)
            for item in screen_real_table(table):
                label = table.labels[int(item.field[1:])]
                place = (table.place.split("#")[0], label, item.kind)
                (emails if item.kind is Kind.EMAIL else hits).add(place)
    assert tables > 200
    assert columns > 2000
    assert hits == HITS
    assert len(emails) > 10
    assert all("mail" in label.lower() or "contact" in label or label == "example" for _, label, _ in emails), emails
