"""The pages beside a table's rows in a workbook say what the table means."""

from __future__ import annotations

from opendata.domain.manifest import Manifest
from opendata.metadata.explanation import explain_columns, explain_origin
from tests.metadata.test_versions import OLD, change


def test_the_page_of_the_origin_has_title_unit_period_notes_source_and_office() -> None:
    ours = {**OLD["resources"][0]["opendata"], "unit": "m2", "period": "2026-10", "compiledBy": "县统计局"}
    ours["footnotes"] = [{"text": "快报数", "mark": "①"}]
    found = change("resources/0/opendata", ours)
    found["resources"][0]["sources"] = [{"title": "年鉴", "path": "https://example.org/"}]
    found["resources"][0]["schema"] = {"fields": [{"name": "size", "type": "number", "opendata": {"unit": "km2"}}]}
    manifest = Manifest.from_json(found)
    rows = [tuple(row) for row in explain_origin(manifest, manifest.tables[0], ["zh"])]
    for row in [
        ("表", "水位"),
        ("所属时期", "2026-10"),
        ("全表单位", "m²"),
        ("编制单位", "县统计局"),
        ("表格附注", "① 快报数"),
        ("来源", "年鉴 https://example.org/"),
    ]:
        assert row in rows, (row, rows)
    assert explain_columns(manifest.tables[0], ["zh"])[1][3] == "km²"
