"""The pages of higher platforms and lower portals: forms say what is wrong, a page says what became of each record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from opendata.db.models import UpwardRecord
from opendata.services.core.actors import SYSTEM
from opendata.services.exchange.upward.values import PlatformInput
from tests.instances import DATASET, lend_app, make_actor, make_services, publish
from tests.web.conftest import Portal, send

pytestmark = pytest.mark.slow

_SECRET = "whsec_" + "A" * 32
_FORM = {
    "id": "city",
    "title": "市平台",
    "kind": "opendata",
    "url": "http://127.0.0.1:9",
    "account": "district",
    "secret": _SECRET,
    "method": "PUT",
    "active": "1",
}


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    home: Path = tmp_path_factory.mktemp("upward") / "instance"
    services = make_services(home, source_hosts=("127.0.0.1",), base_url="http://localhost")
    make_actor(services, "boss", role="maintainer")
    editor = make_actor(services, "clerk")
    services.datasets.create(editor, DATASET)
    publish(services, editor)
    with lend_app(services) as app:
        yield Portal(services, app)
    services.database.dispose()


def test_a_platform_is_registered_and_its_records_say_why_they_fail(portal: Portal) -> None:
    client = portal.signed_in("boss", "en")
    page = "/workspace/higher-platforms/new"
    wrong = send(client, page, {**_FORM, "secret": "abc", "account": "", "url": "ftp://x"})
    assert wrong.status_code == 422
    for text in ("whsec_", "web address", "registered this portal as a sender"):
        assert text in wrong.text
    done = send(client, page, _FORM)
    assert done.status_code == 303
    assert send(client, page, _FORM).status_code == 409
    portal.services.upward.sending.run_due()
    found = client.get("/workspace/higher-platforms/city").text
    assert "answer as it should" in found
    assert _SECRET not in found + client.get("/workspace/higher-platforms/city/edit").text
    again = "/workspace/higher-platforms/city/send-again"
    assert send(client, again, {}, form="/workspace/higher-platforms/city").status_code == 303
    assert "市平台" in client.get("/workspace/higher-platforms").text
    lines = client.get("/workspace/higher-platforms/city/records.csv").text.splitlines()
    assert len(lines) == 2
    assert "reservoirs" in lines[1]
    assert client.get("/workspace/higher-platforms/city?state=none").status_code == 400
    assert client.get("/workspace/higher-platforms/village").status_code == 404
    clerk = portal.signed_in("clerk", "en").get("/datasets/reservoirs").text
    assert "市平台" in clerk
    assert "市平台" not in portal.app.test_client().get("/datasets/reservoirs").text
    assert portal.signed_in("clerk", "en").get("/workspace/higher-platforms").status_code == 403


def test_everybody_sees_where_a_dataset_is_if_the_platform_is_shown(portal: Portal) -> None:
    said = PlatformInput(title="省平台", url="http://127.0.0.1:9", kind="http", secret=_SECRET)
    platforms, page = portal.services.upward.platforms, "https://province.example.org/dataset/reservoirs"
    platforms.put(SYSTEM, "province", said)
    portal.services.upward.sending.run_due()
    with portal.services.database.unit(write=True) as session:
        own = update(UpwardRecord).where(UpwardRecord.platform_id == "province")
        session.execute(own.values(page=page, delivered="0" * 64))
    assert "省平台" not in portal.client().get("/datasets/reservoirs").text
    platforms.put(SYSTEM, "province", replace(said, is_public=True))
    shown = portal.client().get("/datasets/reservoirs").text
    assert "省平台" in shown
    assert "province.example.org" in shown


def test_a_sender_gets_its_secret_once(portal: Portal) -> None:
    client = portal.signed_in("boss", "en")
    page = "/workspace/senders/new"
    form = {"id": "village", "title": "乡镇", "url": "https://village.example.org", "publisher": "water-bureau"}
    assert send(client, page, {**form, "mapping": "nonsense"}).status_code == 422
    done = send(client, page, {**form, "mapping": "河务局 = water-bureau", "active": "1"})
    assert done.text.count("whsec_") >= 1
    assert "whsec_" not in client.get("/workspace/senders").text
    assert send(client, page, form).status_code == 409
    shown = client.get("/workspace/senders/village").text
    assert "河务局 = water-bureau" in shown
    assert "whsec_" in send(client, "/workspace/senders/village/secret", {}, form="/workspace/senders/village").text
    assert send(client, "/workspace/senders/village", form).status_code == 303
    assert portal.services.upward.senders.get(SYSTEM, "village").is_active is False
