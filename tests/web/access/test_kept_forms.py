"""A form sent after its session had ended is kept, for its sender alone, and filled in again after signing in."""

from __future__ import annotations

import io
import json
import os
import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from opendata.db.models import KeptFormRow
from opendata.services.access import kept_forms
from opendata.services.access.kept_forms import FORMS_FOLDER, KEPT_SECONDS, KeptForm, KeptForms
from opendata.services.core.actors import SYSTEM
from opendata.services.core.context import read_clock
from tests.instances import DATASET, publish, upload
from tests.web.conftest import PASSWORD, Portal, find_token, send

NEW = "/workspace/datasets/new"
LONG = {"title_zh": "水库<水位>", "description_zh": "很长的说明\n" * 50, "disclosure": "closed", "reason": "涉密"}
HERE = {"Origin": "http://localhost"}


def end_session(desk: Portal, name: str) -> None:
    desk.services.accounts.set_password(name, PASSWORD)


def sign_in(client: FlaskClient, sent: TestResponse, name: str = "clerk") -> str:
    """Sign in where a form led to, and give the page that follows."""
    assert sent.status_code == 303
    place = sent.headers["Location"]
    page = client.get(place).text
    found = re.search(r'name="next" value="([^"]*)"', page)
    assert found
    data = {"csrf_token": find_token(page), "name": name, "password": PASSWORD, "next": found[1]}
    answer = client.post("/sign-in", data=data)
    assert answer.status_code == 303
    return answer.headers["Location"]


def list_kept(desk: Portal) -> list[bytes]:
    with desk.services.database.unit() as session:
        return list(session.scalars(select(KeptFormRow.data)))


def test_a_long_form_is_filled_in_again_after_signing_in(desk: Portal) -> None:
    client = desk.signed_in("clerk", "en")
    token = find_token(client.get(NEW).text)
    end_session(desk, "clerk")
    sent = client.post(NEW, data={"csrf_token": token, **LONG})
    page = client.get(sign_in(client, sent)).text
    for text in (
        "水库&lt;水位&gt;",
        "很长的说明",
        'value="closed" checked',
        'value="涉密"',
        "Check it, then send it again",
    ):
        assert text in page
    (kept,) = list_kept(desk)
    assert token.encode() not in kept
    assert send(client, NEW, {**LONG, "legal_basis": "法", "id": "levels"}).status_code == 303
    assert list_kept(desk) == []


def test_the_session_cookie_does_not_grow_with_the_form(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    end_session(desk, "clerk")
    sent = client.post(NEW, data=LONG)
    assert len(sent.headers["Set-Cookie"]) < 600


def test_nobody_else_gets_the_form(desk: Portal) -> None:
    client = desk.signed_in("clerk", "en")
    end_session(desk, "clerk")
    sent = client.post(NEW, data=LONG)
    address = sign_in(client, sent, "stranger")
    page = client.get(address).text
    assert "水库&lt;水位&gt;" not in page
    assert "no longer kept, or someone else sent it" in page
    boss = desk.signed_in("boss", "en")
    assert "很长的说明" not in boss.get(address).text


def test_a_form_sent_after_signing_out_is_kept_for_the_account_that_signed_out(desk: Portal) -> None:
    client = desk.signed_in("clerk", "en")
    send(client, "/sign-out", {}, form="/")
    sent = client.post(NEW, data=LONG)
    assert "很长的说明" in client.get(sign_in(client, sent)).text


def test_a_form_of_a_browser_that_nobody_knows_is_kept_for_that_browser(desk: Portal) -> None:
    client = desk.client("en")
    address = sign_in(client, client.post(NEW, data=LONG, headers=HERE))
    assert "很长的说明" not in desk.signed_in("clerk").get(address).text
    assert "很长的说明" in client.get(address).text


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}, {"Referer": "https://evil.example/"}])
def test_a_form_of_another_site_is_not_kept(desk: Portal, headers: dict[str, str]) -> None:
    client = desk.client("en")
    sent = client.post(NEW, data=LONG, headers=headers)
    assert "kept=" not in sent.headers["Location"]
    assert "Sign in and send the form again" in client.get(sent.headers["Location"]).text
    assert list_kept(desk) == []


def test_files_are_not_kept_and_their_names_are_told(desk: Portal) -> None:
    boss = desk.signed_in("boss", "en")
    desk.services.datasets.create(SYSTEM, {**DATASET, "publisher": "water-bureau"})
    end_session(desk, "boss")
    data = {"file_0": (io.BytesIO(b"secret rows," * 10_000), "roll.csv"), "title_0": "名册", "notes": "第二版"}
    sent = boss.post("/workspace/datasets/reservoirs/upload", data=data, content_type="multipart/form-data")
    page = boss.get(sign_in(boss, sent, "boss")).text
    for text in ("Choose them again: roll.csv", 'value="名册"', "第二版"):
        assert text in page
    (kept,) = list_kept(desk)
    assert b"secret rows" not in kept


@pytest.mark.parametrize(
    ("page", "step", "data", "shown"),
    [
        ("/check", "submit", {"notes": "说明", "breaking": "因为"}, "说明"),
        pytest.param(
            *("/resources/levels/reading", "resources/levels/reading", {"last_row": "2"}, 'value="2"'),
            marks=pytest.mark.slow,
        ),
        pytest.param("", "resources/levels/meaning", {"levels-title": "湖水"}, 'value="湖水"', marks=pytest.mark.slow),
        ("", "resources/levels/steps", {"verb": "replace", "field": "name", "old": "东湖", "new": "东海"}, '"东海"'),
        pytest.param("", "period", {"period": "2026-10"}, 'value="2026-10"', marks=pytest.mark.slow),
    ],
)
def test_forms_of_a_draft_are_filled_in_again(
    desk: Portal, page: str, step: str, data: dict[str, Any], shown: str
) -> None:
    desk.services.datasets.create(SYSTEM, {**DATASET, "publisher": "water-bureau"})
    draft = upload(desk.services, SYSTEM)
    client = desk.signed_in("clerk", "en")
    end_session(desk, "clerk")
    own = f"/workspace/drafts/{draft.id}"
    sent = client.post(f"{own}/{step}", data=data, headers={**HERE, "Referer": f"http://localhost{own}{page}"})
    assert shown in client.get(sign_in(client, sent)).text
    assert desk.services.drafts.get(SYSTEM, draft.id).status == "valid"


def test_a_withdrawal_is_filled_in_again_and_not_done(desk: Portal) -> None:
    boss = desk.signed_in("boss", "en")
    desk.services.datasets.create(SYSTEM, {**DATASET, "publisher": "water-bureau"})
    publish(desk.services, SYSTEM)
    end_session(desk, "boss")
    path = "/workspace/datasets/reservoirs/versions/1.0.0/withdraw"
    sent = boss.post(path, data={"reason": "数据有误", "confirm": "1"})
    assert "数据有误" in boss.get(sign_in(boss, sent, "boss")).text
    assert desk.services.versions.get("reservoirs", "1.0.0").withdrawal is None


def test_a_form_opened_before_signing_in_again_elsewhere_is_shown_again_not_refused(desk: Portal) -> None:
    client = desk.signed_in("clerk", "en")
    old = find_token(client.get(NEW).text)
    send(client, "/sign-out", {}, form="/")
    send(client, "/sign-in", {"name": "clerk", "password": PASSWORD})
    sent = client.post(NEW, data={"csrf_token": old, **LONG}, headers=HERE)
    assert sent.status_code == 303
    assert "很长的说明" in client.get(sent.headers["Location"]).text
    foreign = client.post(NEW, data={"csrf_token": old, **LONG}, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 400


def test_forms_are_bounded_and_expire(desk: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    found = desk.services.kept_forms
    assert found.keep("user 1", KeptForm(path="/x", fields=[("a", "x" * (600 * 1024))])) is None
    tokens = [found.keep("user 1", KeptForm(path="/x", fields=[("n", str(number))])) or "" for number in range(25)]
    assert len(list_kept(desk)) == 20
    assert found.find("user 2", tokens[-1]) is None
    assert found.find("user 1", tokens[-1]) == KeptForm(path="/x", fields=(("n", "24"),))
    monkeypatch.setitem(kept_forms.MOST_IN_ALL, "browser", 10)
    assert found.keep("browser x", KeptForm(path="/x", fields=[])) is None
    assert found.keep("user 3", KeptForm(path="/x", fields=[])) is not None
    former = desk.services.settings.private_folder / FORMS_FOLDER / "user-x.json"
    former.parent.mkdir()
    former.write_text("{}")
    yesterday = read_clock() - timedelta(seconds=KEPT_SECONDS + 1)
    os.utime(former, (yesterday.timestamp(),) * 2)
    with desk.services.database.unit(write=True) as session:
        session.execute(update(KeptFormRow).values(kept=yesterday))
    assert found.find("user 1", tokens[-1]) is None
    desk.services.work.tidy()
    assert list_kept(desk) == []
    assert not former.exists()


def test_secrets_are_not_kept(desk: Portal) -> None:
    fields = [("csrf_token", "a"), ("password", "b"), ("new_password", "c"), ("title", "d")]
    assert desk.services.kept_forms.keep("user 1", KeptForm(path="/x", fields=fields))
    (kept,) = list_kept(desk)
    assert json.loads(kept)["fields"] == [["title", "d"]]
    assert isinstance(desk.services.kept_forms, KeptForms)
