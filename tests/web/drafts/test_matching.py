"""The draft's page names schemas that fit a table and asks which column is which where the header is wrong."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from opendata.services.core.actors import SYSTEM
from opendata.services.core.values import DraftView
from tests.instances import DATASET, SCHEMA, publish, upload
from tests.services.drafts.test_matching import CHINESE, ENGLISH, TITLED
from tests.web.catalogue.test_pages import check_page
from tests.web.conftest import OWN_CHECKS, PASSWORD, Portal, send


@pytest.fixture
def clerk(desk: Portal) -> FlaskClient:
    desk.services.datasets.create(desk.services.accounts.sign_in("clerk", PASSWORD)[0], DATASET)
    return desk.signed_in("clerk", "en")


def upload_table(desk: Portal, text: str, **options: Any) -> str:
    """The address of a checked draft."""
    editor = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    return f"/workspace/drafts/{upload(desk.services, editor, text, **options).id}"


def read_draft(desk: Portal, place: str) -> DraftView:
    return desk.services.drafts.get(desk.services.accounts.sign_in("clerk", PASSWORD)[0], place.rpartition("/")[2])


def list_choices(page: str) -> dict[str, str]:
    """The fields of the form of columns, each with the label selected."""
    found = {}
    for name, options in re.findall(
        r'<th scope="row"><label[^>]*><code>([^<]+)</code>.*?<select[^>]*>(.*?)</select>', page, re.S
    ):
        selected = re.search(r'<option value="(?:\d*)" selected>([^<]*)</option>', options)
        found[name] = html.unescape(selected[1]) if selected else ""
    return found


def test_a_schema_that_fits_is_named_and_taken_with_its_columns(desk: Portal, clerk: FlaskClient) -> None:
    desk.services.schemas.add(SYSTEM, "reservoirs", "1.0.0", TITLED)
    place = upload_table(desk, CHINESE.replace(",测量日期", ",备注").replace(",2026-01-31", ",无"), schema=None)
    page = clerk.get(place).text
    check_page(page)
    assert "Schemas that fit the table “levels”" in page
    assert "<strong>Reservoirs</strong>" in page
    assert "<code>reservoirs@1.0.0</code>" in page
    assert "3 of 4 columns; missing: measured; not in the schema: 备注; in a different order" in page
    assert "水位(米) → <code>level</code>" in page
    answer = send(
        clerk, f"{place}/resources/levels/fitting-schema", {"ref": "reservoirs@1.0.0", "table": ""}, form=place
    )
    assert answer.headers["Location"] == place
    (table,) = read_draft(desk, place).resources
    assert table.schema_name == "reservoirs@1.0.0"
    assert table.choices == {"columns": {"编号": "code", "水库名称": "name", "水位(米)": "level"}}
    desk.work()
    wrong = clerk.get(place).text
    check_page(wrong)
    assert list_choices(wrong) == {"code": "编号", "name": "水库名称", "level": "水位(米)", "measured": ""}
    assert "Columns that match no field in the schema: 备注" in wrong
    assert read_draft(desk, place).status == "invalid"


def test_the_schema_of_a_published_table_is_named_and_taken(desk: Portal, clerk: FlaskClient) -> None:
    publish(desk.services, desk.services.accounts.sign_in("clerk", PASSWORD)[0], schema=TITLED, title="水位表")
    place = upload_table(desk, CHINESE, schema=None, name="january")
    assert "used for the table “levels” in the current version" in clerk.get(place).text
    send(clerk, f"{place}/resources/january/fitting-schema", {"ref": "", "table": "levels"}, form=place)
    desk.work()
    assert read_draft(desk, place).status == "valid"
    assert "Schemas that fit" not in clerk.get(place).text


def test_a_schema_that_nobody_proposed_is_not_taken(desk: Portal, clerk: FlaskClient) -> None:
    place = upload_table(desk, CHINESE, schema=None)
    assert "Schemas that fit" not in clerk.get(place).text
    send(clerk, f"{place}/resources/levels/fitting-schema", {"ref": "reservoirs@1.0.0", "table": ""}, form=place)
    assert "The schema no longer fits the table" in clerk.get(place).text
    assert read_draft(desk, place).resources[0].schema is None


def test_columns_are_mapped_by_hand_and_the_mapping_is_taken_back(desk: Portal, clerk: FlaskClient) -> None:
    place = upload_table(desk, "Name,Nummer,Pegel,Tag\n东湖,A001,12.50,2026-01-31\n", schema=SCHEMA)
    page = clerk.get(place).text
    check_page(page)
    assert "Say which column is which" in page
    assert list_choices(page) == {"code": "", "name": "Name", "level": "", "measured": ""}
    form = {"column_0": "2", "column_1": "1", "column_2": "3", "column_3": "4"}
    send(clerk, f"{place}/resources/levels/columns", form, form=place)
    desk.work()
    mapped = clerk.get(place).text
    check_page(mapped)
    assert read_draft(desk, place).status == "valid"
    assert "It has been chosen which column is which field." in mapped
    assert list_choices(mapped) == {"code": "Nummer", "name": "Name", "level": "Pegel", "measured": "Tag"}
    send(clerk, f"{place}/resources/levels/columns", {"undo": "1"}, form=place)
    desk.work()
    found = read_draft(desk, place)
    assert (found.status, found.resources[0].choices) == ("invalid", {})


def test_a_column_cannot_be_two_fields(desk: Portal, clerk: FlaskClient) -> None:
    place = upload_table(desk, "x,Name,c,d\n1,2,3,4\n", schema=SCHEMA)
    send(clerk, f"{place}/resources/levels/columns", {"column_0": "1", "column_1": "1", "column_2": "99"}, form=place)
    assert "The column “x” can&#39;t be both “code” and “name”. Choose one" in clerk.get(place).text
    assert read_draft(desk, place).status == "invalid"


def test_columns_in_another_order_alone_are_told_as_such(desk: Portal, clerk: FlaskClient) -> None:
    rows = [line.split(",") for line in ENGLISH.splitlines()]
    place = upload_table(desk, "".join(",".join(row[::-1]) + "\n" for row in rows), schema=SCHEMA)
    page = clerk.get(place).text
    assert "in a different order from the schema" in page
    assert read_draft(desk, place).status == "invalid"
    form = {f"column_{number}": str(4 - number) for number in range(4)}
    assert list_choices(page) == {name: name for name in rows[0]}
    send(clerk, f"{place}/resources/levels/columns", form, form=place)
    desk.work()
    assert read_draft(desk, place).status == "valid"


def test_columns_with_line_breaks_or_without_names_of_their_own_are_mapped(desk: Portal, clerk: FlaskClient) -> None:
    text = '"水位\n（米）",值,,值\n1.5,A001,东湖,2026-01-31\n'
    place = upload_table(desk, text, schema=SCHEMA)
    form = {"column_0": "2", "column_1": "3", "column_2": "1", "column_3": "4"}
    send(clerk, f"{place}/resources/levels/columns", form, form=place)
    desk.work()
    found = read_draft(desk, place)
    assert found.resources[0].choices == {
        "columns": {"水位\n（米）": "level", "值": "code", "field3": "name", "值2": "measured"}
    }
    assert found.status == "valid"


def test_a_file_read_otherwise_keeps_what_was_said_of_its_columns(desk: Portal, clerk: FlaskClient) -> None:
    place = upload_table(desk, CHINESE, schema=TITLED)
    form = {"column_0": "2", "column_1": "1", "column_2": "3", "column_3": "4"}
    send(clerk, f"{place}/resources/levels/columns", form, form=place)
    send(clerk, f"{place}/resources/levels/reading", {"encoding": "utf-8"})
    desk.work()
    found = read_draft(desk, place)
    assert found.resources[0].choices is not None
    assert set(found.resources[0].choices) == {"encoding", "columns"}
    assert found.status == "valid"


def test_a_draft_that_cannot_be_changed_offers_nothing(desk: Portal, clerk: FlaskClient) -> None:
    desk.services.schemas.add(SYSTEM, "reservoirs", "1.0.0", TITLED)
    place = upload_table(desk, CHINESE, schema=None)
    send(clerk, f"{place}/submit", OWN_CHECKS, form=place)
    assert "Schemas that fit" not in clerk.get(place).text
    send(clerk, f"{place}/resources/levels/fitting-schema", {"ref": "reservoirs@1.0.0", "table": ""}, form=place)
    assert read_draft(desk, place).resources[0].schema is None


def test_hostile_names_stay_text(desk: Portal, clerk: FlaskClient) -> None:
    bad = "<script>alert(1)</script>"
    schema = {
        "title": bad,
        "fields": [{"name": bad, "type": "string", "title": bad + "2"}, {"name": "a", "type": "string"}],
    }
    desk.services.schemas.add(SYSTEM, "bad", "1.0.0", schema)
    text = f"A,{bad}2,b%(x)s\n1,2,3\n"
    for given in (None, schema):
        page = clerk.get(upload_table(desk, text, schema=given)).text
        assert bad not in page
        assert html.escape(bad) in page
        assert "b%(x)s" in page


def test_very_wide_tables_get_no_form(desk: Portal, clerk: FlaskClient) -> None:
    fields = [{"name": f"f{number}", "type": "string"} for number in range(200)]
    text = ",".join(f"x{number}" for number in range(200)) + "\n"
    page = clerk.get(upload_table(desk, text, schema={"fields": fields})).text
    assert "<select" not in page
    assert "f199" in page
