"""The page on how a file is read: what was understood, tried otherwise, and chosen."""

from __future__ import annotations

import io

import pytest
from flask.testing import FlaskClient

from opendata.intake.text.one_byte import ENCODINGS
from opendata.services.drafts.intake import ResourceOption
from opendata.services.uploads.upload_values import UploadedFile
from tests.instances import DATASET
from tests.web.catalogue.test_pages import check_page
from tests.web.conftest import PASSWORD, Portal, send

TABLE = "年度水库报告,,\n编号,名称,水位\n1,东湖,3.5\n2,西湖,4.1\n注：水位单位为米,,\n"


@pytest.fixture
def draft(desk: Portal) -> str:
    """A draft of a GB18030 file with a title above its table and a note below it."""
    clerk = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    desk.services.datasets.create(clerk, DATASET)
    file = UploadedFile("levels.csv", io.BytesIO(TABLE.encode("gb18030")))
    view, _ = desk.services.drafts.create(clerk, DATASET["id"], [file], [ResourceOption(file=file.name)])
    desk.services.work.run_to_end(view.id)
    return view.id


@pytest.fixture
def clerk(desk: Portal) -> FlaskClient:
    return desk.signed_in("clerk")


def test_what_was_understood_is_shown_with_the_rows(clerk: FlaskClient, draft: str) -> None:
    assert f"/workspace/drafts/{draft}/resources/levels/reading" in clerk.get(f"/workspace/drafts/{draft}").text
    page = clerk.get(f"/workspace/drafts/{draft}/resources/levels/reading").text
    check_page(page)
    assert "GB18030" in page
    assert '<tr class="title"><th scope="row" class="number">1</th><td>年度水库报告</td>' in page
    assert '<tr class="header"><th scope="row" class="number">2</th><td>编号</td>' in page
    assert "注：水位单位为米" in page


def test_each_encoding_that_may_be_found_can_be_chosen(clerk: FlaskClient, draft: str) -> None:
    page = clerk.get(f"/workspace/drafts/{draft}/resources/levels/reading").text
    assert [name for name in ENCODINGS if f'<option value="{name}"' not in page] == []


def test_other_choices_are_shown_before_they_hold(clerk: FlaskClient, draft: str) -> None:
    address = f"/workspace/drafts/{draft}/resources/levels/reading"
    page = clerk.get(address, query_string={"try": "1", "header_rows": "3"}).text
    check_page(page)
    assert '<tr class="header"><th scope="row" class="number">3</th><td>1</td>' in page
    assert '<tr class="header"><th scope="row" class="number">2</th>' in clerk.get(address).text


def test_a_choice_that_makes_no_sense_is_named(clerk: FlaskClient, draft: str) -> None:
    address = f"/workspace/drafts/{draft}/resources/levels/reading"
    for query in ({"header_rows": "x"}, {"last_row": "-3"}, {"encoding": "klingon"}):
        answer = clerk.get(address, query_string={"try": "1", **query})
        assert answer.status_code == 200
        assert 'role="alert"' in answer.text


def test_the_table_is_read_again_by_what_was_chosen(desk: Portal, clerk: FlaskClient, draft: str) -> None:
    address = f"/workspace/drafts/{draft}/resources/levels/reading"
    answer = send(clerk, address, {"header_rows": "3"})
    assert answer.status_code == 303
    desk.services.work.run_to_end(draft)
    editor = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    (table,) = desk.services.drafts.get(editor, draft).resources
    assert table.choices == {"header_rows": [3]}
    assert table.rows == 1
    send(clerk, address, {"forget": "1"})
    desk.services.work.run_to_end(draft)
    (table,) = desk.services.drafts.get(editor, draft).resources
    assert (table.choices, table.rows) == ({}, 2)
