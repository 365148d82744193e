"""What a new table is called: after its file without the period, or as the table that it continues."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from opendata.services.drafts.meaning.names import choose_name

DATED = "gong-ye-zong-chan-zhi-2026-nian-09-yue"


@pytest.mark.parametrize(
    ("file", "known", "among", "name"),
    [
        ("7-6 工业总产值2026年9月", [], [], "gong-ye-zong-chan-zhi"),
        ("工业总产值2026年10月", ["gong-ye-zong-chan-zhi"], [], "gong-ye-zong-chan-zhi"),
        ("工业总产值2026年10月", [DATED], [], DATED),
        ("工业总产值2026年10月", [DATED, "gong-ye-zong-chan-zhi-2026-nian-08-yue"], [], "gong-ye-zong-chan-zhi"),
        ("stations_2025", ["stations_2024"], [], "stations_2024"),
        ("stations_2025", ["stations_2025"], [], "stations_2025"),
        ("a2026年9月", [], ["a2026年9月", "a2026年10月"], "a2026-nian-9-yue"),
        ("2026年9月", [], [], "2026-nian-9-yue"),
    ],
)
def test_a_table_is_called_after_its_file_or_as_the_one_it_continues(
    file: str, known: Sequence[str], among: Sequence[str], name: str
) -> None:
    assert choose_name(file, dict.fromkeys(known), (), among=among) == name
