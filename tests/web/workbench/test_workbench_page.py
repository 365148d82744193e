"""The page of a schema: columns added, moved and deleted, counted, saved; faults at their fields, nothing lost."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from opendata.services.drafts.intake import ResourceOption
from opendata.services.uploads.upload_values import UploadedFile
from opendata.services.workbench.states import BenchState
from opendata.storage import turns
from tests.instances import DATASET
from tests.web.catalogue.test_pages import check_page
from tests.web.conftest import PASSWORD, Portal, send

TABLE = "代码,水位,日期\nA001,12.5,2026-01-31\nA002,高,2026-02-01\n"


@pytest.fixture
def address(desk: Portal) -> str:
    clerk = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    desk.services.datasets.create(clerk, DATASET)
    file = UploadedFile("levels.csv", io.BytesIO(TABLE.encode()))
    view, _ = desk.services.drafts.create(clerk, DATASET["id"], [file], [ResourceOption(file=file.name)])
    desk.services.work.run_to_end(view.id)
    return f"/workspace/drafts/{view.id}/resources/levels/schema"


@pytest.fixture
def clerk(desk: Portal) -> FlaskClient:
    return desk.signed_in("clerk")


def read_values(page: str) -> dict[str, Any]:
    """What a browser would send of the grid."""
    form = page[page.index('id="grid"') :].split("</form>")[0]
    found = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and name[1] != "csrf_token" and ('type="checkbox"' not in tag or " checked" in tag):
            found[name[1]] = value[1] if value else ""
    for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\n(.*?)</textarea>', form, re.DOTALL):
        found[name] = text.replace("&#34;", '"')
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


def press(client: FlaskClient, address: str, button: str, **changes: str) -> Any:
    values = {
        **read_values(client.get(address).text),
        **{key.replace("__", "-"): text for key, text in changes.items()},
    }
    return send(client, address, {**values, "do": button})


@pytest.mark.slow
def test_a_clerk_makes_a_schema_from_the_columns_of_the_file(desk: Portal, clerk: FlaskClient, address: str) -> None:
    draft = address.split("/")[3]
    assert address in clerk.get(f"/workspace/drafts/{draft}").text
    check_page(clerk.get(address).text)
    send(clerk, f"{address}/start", {"origin": "columns"}, form=address)
    counted = press(clerk, address, "count", f1__type="number", f1__unit="米", f2__type="date", f2__required="1")
    check_page(counted.text)
    assert "第 3 行" in counted.text
    assert "<code>高</code>" in counted.text
    saved = press(clerk, address, "save", f1__type="string", f1__name="level", f0__key="1000")
    assert saved.status_code == 303
    desk.work()
    clerk_actor = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    (table,) = desk.services.drafts.get(clerk_actor, draft).tables
    assert table.valid
    assert table.schema == {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "fields": [
            {"name": "代码", "type": "string"},
            {"name": "level", "type": "string", "opendata": {"unit": "米"}},
            {"name": "日期", "type": "date", "constraints": {"required": True}},
        ],
        "primaryKey": ["代码"],
    }


def test_rows_are_added_moved_deleted_undone_and_redone(clerk: FlaskClient, address: str) -> None:
    def names() -> list[str]:
        values = read_values(clerk.get(address).text)
        return [values[f"f{number}-name"] for number in range(int(values["rows"]))]

    press(clerk, address, "add", f0__name="code")
    assert names() == ["code", "水位", "日期", ""]
    press(clerk, address, "delete-1")
    assert names() == ["code", "日期", ""]
    press(clerk, address, "up-1")
    assert names() == ["日期", "code", ""]
    press(clerk, address, "missing")
    assert names() == ["日期", "code", "", "水位"]
    press(clerk, address, "undo")
    press(clerk, address, "undo")
    assert names() == ["code", "日期", ""]
    press(clerk, address, "redo")
    assert names() == ["日期", "code", ""]


def test_starting_again_says_what_it_changed_and_is_undone_in_one_step(clerk: FlaskClient, address: str) -> None:
    def start(origin: str) -> str:
        assert send(clerk, f"{address}/start", {"origin": origin}, form=address).status_code == 303
        return clerk.get(address).text

    page = start("columns")
    assert "没有变化" not in page
    press(clerk, address, "keep", f0__name="code", f1__type="number", f2__required="1")
    page = start("columns")
    assert "“code” → “代码”；“水位”：数字 → 文本；另有 1 列的其他规则" in page
    assert "没有变化" in start("columns")
    values = read_values(clerk.get(address).text)
    assert values["f0-name"] == "代码"
    press(clerk, address, "undo")
    values = read_values(clerk.get(address).text)
    assert (values["f0-name"], values["f1-type"]) == ("code", "number")


def test_what_is_wrong_is_said_at_its_field_and_everything_typed_is_still_there(
    clerk: FlaskClient, address: str
) -> None:
    answer = press(
        clerk, address, "save", f0__name="", f1__type="integer", f1__minimum="x", f2__pattern="(", f2__rest="{"
    )
    assert answer.status_code == 422
    check_page(answer.text)
    assert 'id="f2-rest-error"' in answer.text
    answer = press(clerk, address, "save", f0__name="", f1__type="integer", f1__minimum="x", f2__pattern="(")
    assert answer.status_code == 422
    assert 'id="f0-name-error">请填写' in answer.text
    press(clerk, address, "keep", f0__name="a", f1__type="integer", f1__minimum="x", f2__pattern="(")
    page = clerk.get(address).text
    assert 'id="f2-pattern-error"' in page
    assert read_values(page)["f1-minimum"] == "x"
    press(clerk, address, "keep", f2__pattern="")
    assert 'id="f1-minimum-error"' in clerk.get(address).text


@pytest.mark.slow
def test_a_script_asks_for_the_counts_of_single_rows(
    desk: Portal, clerk: FlaskClient, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = press(clerk, address, "count", f1__type="number", only="1")
    assert "<html" not in answer.text
    assert 'id="count-1"' in answer.text
    assert 'id="count-0"' not in answer.text
    assert read_values(clerk.get(address).text)["f1-type"] == "string"  # nothing is kept
    monkeypatch.setattr(turns, "WAIT_SECONDS", 0.05)
    with turns.Turns(desk.services.settings.home / "turns").take(DATASET["publisher"], "another table", "busy"):
        answer = press(clerk, address, "count", f1__type="number", only="1")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        assert "<html" not in answer.text
        page = press(clerk, address, "count", f1__type="number").text  # without the script
        assert 'id="count-fault" class="muted"' in page


@pytest.mark.slow
def test_a_stranger_sees_nothing(desk: Portal, address: str) -> None:
    assert desk.signed_in("stranger").get(address).status_code in (403, 404)


@pytest.mark.slow
@pytest.mark.parametrize(
    "schema",
    [
        {"fields": 5},
        {"fields": [5, {"name": 5}]},
        {"fields": [{"name": "a", "type": [], "constraints": 7, "opendata": "x", "title": {}}], "fieldsMatch": 3},
        {"fields": [{"name": "代码"}, {"name": "代码"}], "primaryKey": 3, "foreignKeys": "x", "missingValues": [1]},
        {"fields": [{"name": f"f{number}"} for number in range(400)]},
    ],
)
def test_the_page_shows_any_schema(desk: Portal, address: str, schema: dict[str, Any]) -> None:
    _, _, _, draft, _, resource, _ = address.split("/")
    boss = desk.services.accounts.sign_in("boss", PASSWORD)[0]
    desk.services.workbench.keep(boss, draft, resource, BenchState(schema=schema))
    client = desk.signed_in("boss")
    for path in (address, f"{address}.xlsx", f"{address}/library?name=levels"):
        assert client.get(path).status_code == 200, path
    check_page(client.get(address).text)


@pytest.mark.slow
def test_a_schema_too_long_for_a_page_is_saved_without_its_grid(desk: Portal, clerk: FlaskClient, address: str) -> None:
    _, _, _, draft, _, resource, _ = address.split("/")
    actor = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    fields = [{"name": f"f{number}", "type": "string"} for number in range(400)]
    desk.services.workbench.keep(actor, draft, resource, BenchState(schema={"fields": fields}))
    assert "Excel" in clerk.get(address).text
    assert send(clerk, address, {"do": "save", "whole": "1"}).status_code == 303
    table = desk.services.drafts.get(actor, draft).tables[0]
    assert table.schema is not None
    assert len(table.schema["fields"]) == 400
