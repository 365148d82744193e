"""The report of a draft leads to all findings: page by page, as lists, and as a marked copy of the table."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from flask.testing import FlaskClient

from opendata.db.models import DraftResource
from opendata.services.core.values import DraftView
from opendata.storage.local import LocalStore
from opendata.tables.report.findings import FindingsWriter, findings_schema
from tests.instances import CSV, DATASET, upload
from tests.web.catalogue.test_pages import check_page
from tests.web.conftest import PASSWORD, Portal

WRONG = CSV + "".join(f"A{row},水库,很高,2026-01-31\n" for row in range(100, 350))
PARAMS = '{"type": "number", "format": "default"}'
FILES = ("findings.csv", "findings.xlsx", "marked.xlsx")


def make(row: int, **values: Any) -> dict[str, Any]:
    plain = {"fieldNumber": 3, "fieldName": "level", "type": "type-error", "rule": "type", "strength": "error"}
    return {"row": row, **plain, "cell": "很高", "code": values.get("type", "type-error"), "params": PARAMS, **values}


def send_draft(desk: Portal, text: str) -> DraftView:
    clerk = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    desk.services.datasets.create(clerk, DATASET)
    return upload(desk.services, clerk, text)


@pytest.fixture
def draft(desk: Portal, tmp_path: Path) -> str:
    """A draft with 250 wrong numbers and one warning, its findings stored."""
    found = send_draft(desk, WRONG).id
    warning = make(300, fieldNumber=2, fieldName="name", type="blank-cell", rule="required", strength="warning")
    rows = [*(make(row) for row in range(4, 254)), warning]
    with FindingsWriter(tmp_path / "found.parquet") as writer:
        writer.write(pa.RecordBatch.from_pylist(rows, schema=findings_schema()))
    digest, _ = LocalStore(desk.services.settings.private_folder).put_blob(tmp_path / "found.parquet")
    with desk.services.database.unit(write=True) as session:
        session.query(DraftResource).filter_by(draft_id=found).one().findings = digest
    return found


@pytest.fixture
def clerk(desk: Portal) -> FlaskClient:
    return desk.signed_in("clerk")


def list_rows(page: str) -> list[int]:
    return [int(row) for row in re.findall(r'<tr><td class="number" data-label="[^"]+">(\d+)</td>', page)]


def test_the_report_offers_all_findings(clerk: FlaskClient, draft: str) -> None:
    page = clerk.get(f"/workspace/drafts/{draft}").text
    check_page(page)
    for name in FILES:
        address = f"/api/v1/drafts/{draft}/resources/levels/{name}"
        assert f'href="{address}"' in page
        answer = clerk.get(address)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "private, no-store"
    assert "列" in clerk.get(f"/api/v1/drafts/{draft}/resources/levels/findings.csv").data.decode("utf-8-sig")
    assert f'href="/workspace/drafts/{draft}/resources/levels/findings"' in page


def test_findings_are_turned_page_by_page(clerk: FlaskClient, draft: str) -> None:
    address = f"/workspace/drafts/{draft}/resources/levels/findings"
    seen: list[int] = []
    for _ in range(3):
        page = clerk.get(address).text
        check_page(page)
        seen += list_rows(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert seen == [*range(4, 254), 300]
    assert address == ""


def test_a_count_leads_to_the_findings_counted(clerk: FlaskClient, draft: str) -> None:
    page = clerk.get(f"/workspace/drafts/{draft}").text
    address = re.search(r'href="(/workspace/drafts/\w+/resources/levels/findings\?[^"]+)"', page)
    assert address
    chosen = clerk.get(address[1].replace("&amp;", "&")).text
    assert list_rows(chosen) == [*range(4, 104)]
    assert "类型不符" in chosen
    assert "type=type-error" in chosen.partition('rel="next"')[2]


def test_a_lesser_finding_is_told_as_such(clerk: FlaskClient, draft: str) -> None:
    page = clerk.get(f"/workspace/drafts/{draft}/resources/levels/findings?strength=warning").text
    assert list_rows(page) == [300]
    assert "警告" in page
    assert "单元格里只有空白" in page


def test_where_nothing_was_found_nothing_is_offered(desk: Portal, clerk: FlaskClient) -> None:
    found = send_draft(desk, CSV)
    assert found.status == "valid"
    page = clerk.get(f"/workspace/drafts/{found.id}").text
    assert "/resources/levels/findings" not in page
    assert "marked.xlsx" not in page
    assert clerk.get(f"/workspace/drafts/{found.id}/resources/levels/findings").status_code == 404


def test_a_filter_that_nothing_fits_says_so(clerk: FlaskClient, draft: str) -> None:
    page = clerk.get(f"/workspace/drafts/{draft}/resources/levels/findings?type=none").text
    check_page(page)
    assert "没有这类问题" in page


def test_findings_are_for_the_publisher_alone(desk: Portal, draft: str) -> None:
    address = f"/workspace/drafts/{draft}/resources/levels/findings"
    assert desk.signed_in("stranger").get(address).status_code == 403
    assert desk.client().get(address).status_code in (302, 303)
