"""The section of a draft's page that says what a file is to the published table, by forms alone."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.instances import CSV, DATASET, publish
from tests.web.catalogue.test_pages import check_page
from tests.web.conftest import PASSWORD, Portal, send

LINES = "".join(f"B{number:03},北湖,{number},2026-01-31\n" for number in range(10))
NEXT = "code,name,level,measured\nC001,南湖,3,2026-02-02\nC002,南湖,3,2026-02-02\n"


def begin(desk: Portal) -> FlaskClient:
    clerk = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    desk.services.datasets.create(clerk, DATASET)
    publish(desk.services, clerk, CSV + LINES)
    return desk.signed_in("clerk", "en")


def upload(desk: Portal, client: FlaskClient, text: str, **fields: str) -> tuple[str, str]:
    """The address of a draft and its page, once the worker is done."""
    form: dict[str, Any] = {"file_0": (io.BytesIO(text.encode()), "february 2026.csv"), **fields}
    place = send(client, "/workspace/datasets/reservoirs/upload", form).headers["Location"]
    desk.work()
    return place, client.get(place).text


def change(desk: Portal, client: FlaskClient, place: str, **fields: str) -> str:
    answer = send(client, f"{place}/resources/levels/edition", fields, form=place)
    assert answer.status_code == 303
    desk.work()
    return client.get(place).text


def test_a_file_is_taken_for_the_next_edition_and_one_click_makes_it_something_else(desk: Portal) -> None:
    client = begin(desk)
    place, page = upload(desk, client, NEXT)
    check_page(page)
    assert "The rows of “february 2026.csv” are added to the table “levels”. 2 rows are new." in page
    assert "2 of 2 keys are new" in page
    assert "Rows added" in page
    page = change(desk, client, place, choice="levels")
    assert "replaces the table “levels”" in page
    assert "Hardly any of the rows of “levels” are in this file: 0 of 12." in page
    assert 'value="append:levels"><p class="buttons"><button type="submit">Add the rows instead' in page
    page = change(desk, client, place, choice="append:levels")
    assert "2 rows are new" in page


@pytest.mark.slow
def test_a_question_is_answered_with_one_click_that_leads_on(desk: Portal) -> None:
    client = begin(desk)
    place, page = upload(desk, client, "code,name,level,measured\nA001,东湖,9,2026-01-31\n")
    assert "We aren't sure" in page
    assert (
        f'Answer 1 question before you submit the draft:</p>\n<ol class="asked"><li><a href="{place}#edition-' in page
    )
    assert 'disabled aria-describedby="why-not">Check your answers' in page
    assert page.index("You can't submit the draft yet: 1 question is open.") > page.index("We aren't sure")
    answers = client.get(f"{place}/check").text
    assert "Say whether this is right" in answers
    assert 'type="submit" disabled aria-describedby="why-not"' in answers
    fields = {"choice": "append:levels", "confirm": "1"}
    answer = send(client, f"{place}/resources/levels/edition", fields, form=place)
    assert answer.headers["Location"] == f"{place}/check"
    assert "Say whether this is right" not in client.get(f"{place}/check").text
    page = client.get(place).text
    assert "question before you submit" not in page
    assert "why-not" not in page


def test_one_box_takes_several_files(desk: Portal) -> None:
    client = begin(desk)
    path = "/workspace/datasets/reservoirs/upload"
    files = [(io.BytesIO(NEXT.encode()), "february 2026.csv"), (io.BytesIO(b"a,b\n1,2\n"), "others.csv")]
    place = send(client, path, {"box": "1", "files": files}).headers["Location"]
    desk.work()
    page = client.get(place).text
    assert "are added to the table “levels”" in page
    assert "“others.csv” becomes a new table" in page
    others = page[page.index("“others.csv” becomes a new table") :]
    assert "We aren't sure" in others  # a file of something else often comes by mistake
    answer = send(client, path, {"box": "1"})
    assert answer.status_code == 422
    assert '<p class="error" id="files-error">Choose a file</p>' in answer.text
    answer = send(client, path, {"box": "1", "upload": "nothing"})
    assert answer.status_code == 422
    assert 'id="files-error"' in answer.text


@pytest.mark.slow
def test_the_upload_form_says_more_where_that_is_wanted(desk: Portal) -> None:
    client = begin(desk)
    page = client.get("/workspace/datasets/reservoirs/upload").text
    check_page(page)
    assert "Choose one or several files" in page
    _, page = upload(desk, client, NEXT, table_0="levels")
    assert "replaces the table “levels”" in page
    place, page = upload(desk, client, NEXT, table_0="+new")
    assert "becomes a new table" in page
    place, page = upload(desk, client, NEXT, table_0="append:levels")
    assert "2 rows are new" in page
    draft = place.rsplit("/", 1)[-1]
    again = client.get(f"/workspace/datasets/reservoirs/upload?draft={draft}").text
    assert '<option value="append:levels" selected>' in again
    assert "Choose one or several files" not in again
