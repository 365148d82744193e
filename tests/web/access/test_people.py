"""Persons by page: inviting, joining, roles, handing over, and a warning before nobody is left."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from opendata.services.core.actors import SYSTEM
from tests.instances import DATASET, make_actor
from tests.web.conftest import PASSWORD, Portal, make_portal, send

NEW = "three unrelated kettles"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal whose clerk leads the water bureau; the road bureau is below it."""
    with make_portal(tmp_path_factory.mktemp("house")) as built:
        make_actor(built.services, "eye", role="auditor")
        yield built


def test_a_lead_invites_changes_roles_and_hands_over_by_page(house: Portal) -> None:
    lead, services = house.signed_in("clerk"), house.services
    services.datasets.create(SYSTEM, DATASET)
    said = {"address": "mei@example.org", "role": "editor", "publisher": "water-bureau", "language": "zh"}
    page = send(lead, "/workspace/people/invitations", said, form="/workspace/people").text
    found = re.search(r"/join/(odk_[\w-]+)", page)
    assert found, page
    link = found[0]
    assert "mei@example.org" in lead.get("/workspace/people").text
    assert "水务局" in house.client().get(link).text
    new = house.client()
    assert send(new, link, {"name": "mei", "password": "short"}).status_code == 422
    assert send(new, link, {"name": "mei", "password": NEW}).location == "/workspace"
    assert new.get("/workspace").status_code == 200
    assert house.client().get(link).status_code == 404
    mei = services.accounts.get_actor("mei")
    assert (mei.may_edit("water-bureau"), mei.may_review("water-bureau")) == (True, False)

    person = "/workspace/people/mei"
    roles = {"publisher": "water-bureau", "role": ["reviewer"]}
    assert send(lead, f"{person}/roles", roles, form=person).status_code == 303
    mei = services.accounts.get_actor("mei")
    assert (mei.may_edit("water-bureau"), mei.may_review("water-bureau")) == (False, True)
    assert send(lead, f"{person}/roles", {"role": ["auditor"]}, form=person).status_code == 403
    assert send(lead, f"{person}/hand-over", {"successor": "nobody"}, form=person).status_code == 404
    assert send(lead, f"{person}/hand-over", {"successor": "clerk", "closes": "1"}, form=person).status_code == 303
    assert "closed" in house.signed_in("boss", "en").get(person).text

    own = "/workspace/people/clerk"
    asked = send(house.signed_in("boss"), f"{own}/close", {}, form=own)
    assert asked.status_code == 422
    assert 'name="confirm"' in asked.text
    assert send(house.signed_in("boss"), f"{own}/close", {"confirm": "1"}, form=own).status_code == 303
    assert "water-bureau" in house.signed_in("boss").get("/workspace/people").text
    assert "/workspace/people" in house.signed_in("boss").get("/workspace/control").text


def test_an_auditor_sees_the_persons_and_no_button(house: Portal) -> None:
    eye = house.signed_in("eye")
    for path in ("/workspace/people", "/workspace/people/boss"):
        answer = eye.get(path)
        assert answer.status_code == 200
        forms = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]*)"', answer.text)
        assert forms == ["/sign-out"]
    refused = send(eye, "/workspace/people/boss/close", {}, form="/account")
    assert refused.status_code == 403
    assert house.signed_in("stranger").get("/workspace/people/boss").status_code == 403
    assert send(eye, "/account/password", {"current_password": PASSWORD, "password": NEW}).status_code == 303
