"""A schema goes out as a workbook and comes back; code lists come from elsewhere; maintainers add to the library."""

from __future__ import annotations

import io
import json
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient

from opendata.services.core.actors import SYSTEM
from opendata.services.drafts.intake import ResourceOption
from opendata.services.uploads.upload_values import UploadedFile
from tests.instances import CSV, DATASET, SCHEMA, publish
from tests.web.catalogue.test_pages import check_page
from tests.web.conftest import PASSWORD, Portal, send


@pytest.fixture
def address(desk: Portal) -> str:
    """The workbench of a table whose dataset has a version, and the library its schema."""
    boss = desk.services.accounts.sign_in("boss", PASSWORD)[0]
    desk.services.datasets.create(boss, DATASET)
    desk.services.schemas.add(SYSTEM, "reservoir", "1.0.0", SCHEMA)
    publish(desk.services, boss, CSV, schema="reservoir@1.0.0")
    file = UploadedFile("levels.csv", io.BytesIO(CSV.encode()))
    view, _ = desk.services.drafts.create(boss, DATASET["id"], [file], [ResourceOption(file=file.name)])
    desk.services.work.run_to_end(view.id)
    return f"/workspace/drafts/{view.id}/resources/levels/schema"


def read_fields(desk: Portal, address: str) -> Any:
    _, _, _, draft, _, resource, _ = address.split("/")
    boss = desk.services.accounts.sign_in("boss", PASSWORD)[0]
    return desk.services.workbench.show(boss, draft, resource).state.schema["fields"]


@pytest.mark.slow
def test_a_clerk_fills_in_a_workbook(desk: Portal, address: str) -> None:
    clerk = desk.signed_in("clerk")
    sent = clerk.get(f"{address}.xlsx")
    assert sent.headers["Cache-Control"] == "private, no-store"
    book = openpyxl.load_workbook(io.BytesIO(sent.data))
    book.worksheets[0]["F4"], book.worksheets[0]["C5"] = "米", "外星"
    files = {"file": (io.BytesIO(save(book)), "schema.xlsx")}
    refused = send(clerk, f"{address}/workbook", files, form=address)
    assert refused.status_code == 422
    check_page(refused.text)
    assert "列!C5" in refused.text
    book.worksheets[0]["C5"] = "日期"
    files = {"file": (io.BytesIO(save(book)), "schema.xlsx")}
    assert send(clerk, f"{address}/workbook", files, form=address).status_code == 303
    assert read_fields(desk, address)[2]["opendata"] == {"unit": "米"}
    send(clerk, f"{address}/workbook", {"file": (io.BytesIO(b"a,b\n"), "a.csv")}, form=address)
    assert "请以 Excel 工作簿" in clerk.get(address).text


def save(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_schemas_of_the_library_and_of_versions_are_workbooks_too(desk: Portal, address: str) -> None:
    for path in ("/schemas/reservoir/1.0.0.xlsx", "/datasets/reservoirs/1.0.0/levels.schema.xlsx"):
        answer = desk.client("en").get(path)
        assert answer.status_code == 200, answer.text
        sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets[0]
        assert [cell.value for cell in sheet["B"]] == ["Name", "code", "name", "level", "measured"]


@pytest.mark.slow
def test_a_code_list_comes_from_a_published_table_or_the_library(desk: Portal, address: str) -> None:
    clerk = desk.signed_in("clerk")
    codes = f"{address}/codes"
    page = clerk.get(codes, query_string={"field_number": "1", "dataset": "reservoirs", "ref": "reservoir@1.0.0"})
    check_page(page.text)
    form = f"{codes}?field_number=1"
    given = {"field_number": "1", "dataset": "reservoirs"}
    send(clerk, codes, {**given, "how": "copy", "column": "levels\ncode", "label": "levels\nname"}, form=form)
    assert read_fields(desk, address)[1]["categories"] == [
        {"value": "A001", "label": "东湖"},
        {"value": "A002", "label": "西湖"},
    ]
    send(clerk, codes, {**given, "how": "copy", "column": "levels\nname", "label": ""}, form=form)
    assert read_fields(desk, address)[1]["constraints"] == {"enum": ["东湖", "西湖"]}
    send(clerk, codes, {"field_number": "1", "how": "take", "ref": "reservoir@1.0.0", "field": "level"}, form=form)
    assert read_fields(desk, address)[1] == {"name": "name", "type": "number", "constraints": {"minimum": 0}}
    send(clerk, codes, {**given, "how": "key", "column": "levels\ncode"}, form=form)
    assert "reservoirs@1.0.0" in clerk.get(address).text
    send(clerk, codes, {**given, "how": "key", "column": "levels\nnothing"}, form=form)
    assert "没有列" in clerk.get(address).text


def test_a_maintainer_adds_a_mended_schema_and_sees_who_uses_it(desk: Portal, address: str) -> None:
    boss = desk.signed_in("boss")
    values = {"do": "keep", "rows": "1", "f0-name": "code", "f0-type": "integer", "f0-source": "code"}
    send(boss, address, values)
    page = boss.get(f"{address}/library", query_string={"name": "reservoir"}).text
    check_page(page)
    assert "reservoir@2.0.0" in page
    assert "reservoir@1.0.0" in page  # who uses it
    assert send(boss, f"{address}/library", {"name": "reservoir"}).status_code == 303
    assert desk.services.schemas.get("reservoir").version == "2.0.0"
    assert "reservoir@2.0.0" in boss.get(f"{address}/library").text
    clerk: FlaskClient = desk.signed_in("clerk")
    assert clerk.get(f"{address}/library").status_code == 403
    assert "schema/library" not in clerk.get(address).text
    record = desk.services.settings.public_folder / "schemas/reservoir/2.0.0.json"
    assert json.loads(record.read_bytes())["fields"] == [{"name": "code", "type": "integer"}]
    assert record.with_name("2.0.0.json.sig").exists()
