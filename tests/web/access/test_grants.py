"""Pages of grants: an editor gives and ends them, a reader accepts an invitation, looks, downloads, makes a token."""

from __future__ import annotations

import re

import pytest

from tests.instances import CSV, DATASET, publish, upload
from tests.web.conftest import OWN_CHECKS, PASSWORD, Portal, find_token, send

CONDITIONAL = {"attribute": "conditional", "reason": "涉及第三方权益", "legalBasis": "政府信息公开条例第十五条"}
GRANTS = "/workspace/datasets/reservoirs/grants"
FORM = {"holder": "甲大学", "purpose": "研究", "until": "2030-12-31"}
FILE = "/datasets/reservoirs/1.0.0/levels.csv"


@pytest.fixture
def guarded(desk: Portal) -> Portal:
    """A portal whose dataset has a version that only readers with a grant may have."""
    clerk = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    desk.services.datasets.create(clerk, {**DATASET, "disclosure": CONDITIONAL})
    publish(desk.services, clerk, CSV)
    return desk


def invite(portal: Portal) -> str:
    """The path of an invitation, as the clerk's page shows it."""
    answer = send(portal.signed_in("clerk"), GRANTS, FORM)
    found = re.search(r"/invitations/odi_[\w-]+", answer.text)
    assert found, answer.text
    return found[0]


def test_an_invited_reader_makes_an_account_looks_and_downloads(guarded: Portal) -> None:
    assert f'href="{GRANTS}"' in guarded.signed_in("clerk").get("/datasets/reservoirs").text
    path = invite(guarded)
    reader = guarded.client()
    text = reader.get(path).text
    assert "水务局授权甲大学获取“水库”的数据" in text
    short = send(reader, path, {"name": "anna", "password": "short"})
    assert (short.status_code, "至少" in short.text) == (422, True)
    accepted = send(reader, path, {"name": "anna", "password": PASSWORD})
    assert accepted.headers["Location"] == "/datasets/reservoirs"
    assert FILE in reader.get("/datasets/reservoirs").text
    assert "东湖" in reader.get("/datasets/reservoirs/1.0.0/").text
    assert "东湖" not in guarded.client().get("/datasets/reservoirs/1.0.0/").text
    assert reader.get(FILE).headers["Cache-Control"] == "private, no-store"
    assert guarded.client().get(path).status_code == 404  # it works once
    assert reader.get("/workspace").headers["Location"] == "/account"
    assert "甲大学" not in reader.get("/account").text
    assert "研究" in reader.get("/account").text


def test_a_reader_makes_a_token_and_revokes_it(guarded: Portal) -> None:
    reader = guarded.client()
    send(reader, invite(guarded), {"name": "anna", "password": PASSWORD})
    found = re.search(r"odt_[\w-]+", send(reader, "/account/tokens", {"name": "脚本"}, form="/account").text)
    assert found
    headers = {"Authorization": f"Bearer {found[0]}"}
    assert guarded.client().get(FILE, headers=headers).status_code == 200
    page = reader.get("/account").text
    assert "odt_" not in page
    path = re.search(r"/account/tokens/\d+/revoke", page)
    assert path
    stranger = guarded.signed_in("clerk")
    assert send(stranger, path[0], {}, form="/account").status_code == 404
    assert send(reader, path[0], {}, form="/account").status_code == 303
    assert guarded.client().get(FILE, headers=headers).status_code == 401


def test_somebody_who_is_signed_in_accepts_with_their_account(guarded: Portal) -> None:
    stranger = guarded.signed_in("stranger", "en")
    path = invite(guarded)
    assert "Accept to use the data with this account" in stranger.get(path).text
    assert send(stranger, path, {}).status_code == 303
    assert stranger.get(FILE).status_code == 200


def test_the_editor_ends_a_grant_with_a_reason(guarded: Portal) -> None:
    guarded.services.accounts.create_user("anna", PASSWORD, "reader")
    clerk, reader = guarded.signed_in("clerk"), guarded.signed_in("anna")
    assert send(clerk, GRANTS, {**FORM, "account": "anna"}).status_code == 303
    assert reader.get(FILE).status_code == 200
    path = re.search(rf"{GRANTS}/\w+/end", clerk.get(GRANTS).text)
    assert path
    assert send(clerk, path[0], {"reason": ""}, form=GRANTS).status_code == 422
    assert send(clerk, path[0], {"reason": "协议终止"}, form=GRANTS).status_code == 303
    assert reader.get(FILE).status_code == 404
    assert "协议终止" in clerk.get(GRANTS).text


def test_a_form_with_a_mistake_keeps_what_was_typed(guarded: Portal) -> None:
    answer = send(guarded.signed_in("clerk"), GRANTS, {**FORM, "until": "2001-01-01"})
    assert answer.status_code == 422
    assert "截止日期须不早于今天" in answer.text
    assert 'value="甲大学"' in answer.text
    assert guarded.client().get(GRANTS).status_code == 303
    assert guarded.signed_in("stranger").get(GRANTS).status_code == 403


def test_closing_by_the_form_is_confirmed_and_withdraws_the_versions(desk: Portal) -> None:
    clerk = desk.signed_in("clerk")
    actor = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    desk.services.datasets.create(actor, DATASET)
    publish(desk.services, actor, CSV)
    edit = "/workspace/datasets/reservoirs/edit"
    values = {"title_zh": "水库", "license": "CC-BY-4.0", "disclosure": "closed", "reason": "国家秘密"}
    values["legal_basis"] = "条例第十四条"
    asked = send(clerk, edit, values)
    assert asked.status_code == 422
    assert "撤回此数据集已发布的所有版本" in asked.text
    assert desk.client().get(FILE).status_code == 200
    again = {**values, "csrf_token": find_token(asked.text), "withdraws": "1"}
    assert clerk.post(edit, data=again).status_code == 303
    gone = desk.client().get(FILE)
    assert (gone.status_code, "国家秘密" in gone.text) == (410, True)


def test_a_new_closed_dataset_goes_on_to_the_draft_of_its_entry(desk: Portal) -> None:
    clerk = desk.signed_in("clerk")
    values = {"title_zh": "机密", "id": "secret", "license": "", "disclosure": "closed"}
    values |= {"reason": "国家秘密", "legal_basis": "条例第十四条"}
    answer = send(clerk, "/workspace/datasets/new", values)
    draft = answer.headers["Location"]
    assert draft.startswith("/workspace/drafts/")
    desk.work()
    assert "只发布目录条目" in clerk.get(draft).text
    assert desk.client().get("/datasets/secret").status_code == 404
    send(clerk, f"{draft}/submit", OWN_CHECKS, form=draft)
    desk.work()
    page = desk.client().get("/datasets/secret")
    assert "此数据集的数据不予公开，只公开目录条目" in page.text
    assert "secret" in desk.client().get("/datasets").text


def test_a_table_of_totals_is_published_for_everybody_by_a_button(guarded: Portal) -> None:
    actor = guarded.services.accounts.sign_in("clerk", PASSWORD)[0]
    draft = upload(guarded.services, actor, "town,count\n甲镇,20\n", name="totals", schema=None).id
    clerk = guarded.signed_in("clerk")
    page = f"/workspace/drafts/{draft}"
    assert "改为向所有人公开" in clerk.get(page).text
    send(clerk, f"{page}/resources/totals/disclosure", {"disclosure": "open"}, form=page)
    guarded.work()
    send(clerk, f"{page}/submit", OWN_CHECKS, form=page)
    guarded.work()
    shown = guarded.client().get("/datasets/reservoirs/1.1.0/").text
    assert "甲镇" in shown
    assert "东湖" not in shown
    assert guarded.client().get("/datasets/reservoirs/1.1.0/totals.csv").status_code == 200
    assert guarded.client().get("/datasets/reservoirs/1.1.0/levels.csv").status_code == 404
