"""Numbers in forms: what isn't one never breaks a page."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from opendata.web.core.numbers import read_number
from tests.instances import upload
from tests.services.work.test_privacy_gate import ROLL
from tests.web.conftest import PASSWORD, Portal, find_token

ODD = ("²", "9" * 5000, "٣", "-1", "1.0")


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("12", 12), ("9" * 9, 999_999_999), ("9" * 10, None), ("", None), (" 1", None)]
)
def test_a_number_has_at_most_nine_digits(text: str, number: int | None) -> None:
    assert read_number(text) == number


@pytest.mark.parametrize("text", ODD)
def test_other_texts_are_no_numbers(text: str) -> None:
    assert read_number(text) is None


def begin(portal: Portal) -> tuple[FlaskClient, str]:
    clerk = portal.services.accounts.sign_in("clerk", PASSWORD)[0]
    portal.services.datasets.create(clerk, {"id": "levels", "title": "水位", "publisher": "water-bureau"})
    draft = upload(portal.services, clerk, ROLL, name="roll", schema=None, dataset="levels").id
    return portal.signed_in("clerk"), f"/workspace/drafts/{draft}"


@pytest.mark.slow
@pytest.mark.parametrize("odd", ["²", "9" * 5000])
@pytest.mark.parametrize(
    ("place", "more"),
    [
        ("{draft}/submit", {}),
        ("{draft}/discard", {"confirm": "1"}),
        ("{draft}/resources/roll/privacy", {}),
        ("{draft}/resources/roll/privacy", {"by": "town", "threshold": None}),
        ("{draft}/resources/roll/reading", {"first_row": None}),
        ("{draft}/resources/roll/columns", {"column_0": None}),
        ("{draft}/resources/roll/drop", {}),
        ("{draft}/comments", {"text": "x", "row": None}),
        ("/workspace/datasets/levels/edit", {"title": "水位"}),
    ],
)
def test_an_odd_number_in_a_form_breaks_no_page(
    desk: Portal, place: str, more: dict[str, str | None], odd: str
) -> None:
    client, draft = begin(desk)
    values = {"revision": odd, **{name: odd if value is None else value for name, value in more.items()}}
    token = find_token(client.get(draft).text)
    answer = client.post(place.format(draft=draft), data={**values, "csrf_token": token})
    assert answer.status_code < 500, (answer.status_code, place)
