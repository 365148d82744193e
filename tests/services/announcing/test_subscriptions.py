"""Mail about events: only to confirmed addresses, collected by pace, ended at one click."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opendata.domain.mail.letters import LetterKind
from opendata.errors import InvalidMetadataError, NotFoundError
from opendata.services.core.actors import SYSTEM
from opendata.wiring import Services, build_services
from tests.instances import CSV, DATASET, lend_app, make_actor, make_services, publish
from tests.mail_office import Clock, mail_settings
from tests.mailbox import Mailbox

ADDRESS = "reader@example.org"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def portal(tmp_path: Path, mailbox: Mailbox, clock: Clock) -> Iterator[Services]:
    made = make_services(tmp_path, **mail_settings(f"smtp://{mailbox.address}"))
    services = build_services(made.settings, clock=clock)
    services.datasets.create(SYSTEM, DATASET)
    yield services
    services.database.dispose()
    made.database.dispose()


def subscribe(services: Services, **said: Any) -> None:
    services.subscriptions.subscribe({"mail": ADDRESS, "pace": "daily", **said}, address="10.0.0.9", language="en")


def find_link(mailbox: Mailbox, what: str) -> str:
    text = mailbox.messages[-1].get_content()
    found = re.search(rf"https://data\.example\.org(/subscriptions/{what}/\S+)", text)
    assert found, text
    return found[1]


def settle(services: Services) -> None:
    while services.public_events.follow():
        pass
    while services.indexing.follow():
        pass


def confirm(services: Services, mailbox: Mailbox) -> None:
    services.sending.send_due()
    services.subscriptions.confirm(find_link(mailbox, "confirm").rpartition("/")[2])


def test_mail_comes_once_a_day_and_ends_at_one_click(portal: Services, mailbox: Mailbox, clock: Clock) -> None:
    clerk = make_actor(portal, "clerk")
    subscribe(portal, types=["version.published"], dataset="")
    settle(portal)
    assert portal.subscriptions.run_due() == 0
    confirm(portal, mailbox)
    assert "List-Unsubscribe" not in mailbox.messages[-1]
    publish(portal, clerk)
    settle(portal)
    assert portal.subscriptions.run_due() == 1
    assert portal.subscriptions.run_due() == 0
    publish(portal, clerk, CSV + "A003,三号,3,2026-02-02\n")
    portal.datasets.update(clerk, "reservoirs", {"description": "水位"})
    settle(portal)
    clock.pass_by(hours=2)
    assert portal.subscriptions.run_due() == 0
    clock.pass_by(hours=23)
    assert portal.subscriptions.run_due() == 1
    portal.sending.send_due()
    mail = mailbox.messages[-1]
    text = mail.get_content()
    assert text.count("https://data.example.org/datasets/reservoirs/") == 1
    assert "A version was published: 水库 1.1.0" in text
    end = find_link(mailbox, "end")
    assert mail["List-Unsubscribe"] == f"<https://data.example.org{end}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    with lend_app(portal) as app:
        client, there = app.test_client(), {"base_url": "https://data.example.org"}
        assert "r…@example.org" in client.get(end, **there).text
        for _ in range(2):
            assert client.post(end, data={"List-Unsubscribe": "One-Click"}, **there).status_code == 204
        assert client.post(end, **there).status_code == 404
        assert client.get(end, **there).status_code == 404
    publish(portal, clerk, CSV)
    settle(portal)
    clock.pass_by(days=2)
    assert portal.subscriptions.run_due() == 0


def test_only_what_is_wanted_and_nothing_from_before(portal: Services, mailbox: Mailbox, clock: Clock) -> None:
    clerk = make_actor(portal, "clerk")
    publish(portal, clerk)
    settle(portal)
    for said in ({"dataset": "reservoirs"}, {"search": "q=水库"}, {"search": "q=道路"}, {"publisher": "water-bureau"}):
        subscribe(portal, pace="soon", **said)
        clock.pass_by(hours=1)
        confirm(portal, mailbox)
    assert portal.subscriptions.run_due() == 0
    portal.datasets.update(clerk, "reservoirs", {"description": "水位"})
    settle(portal)
    assert portal.subscriptions.run_due() == 3


def test_links_are_good_for_one_thing_and_two_days(portal: Services, mailbox: Mailbox, clock: Clock) -> None:
    subscribe(portal)
    portal.sending.send_due()
    link = find_link(mailbox, "confirm").rpartition("/")[2]
    for wrong in ("", "ods_x", "1-x", link + "x", "999999999999-a"):
        with pytest.raises(NotFoundError):
            portal.subscriptions.confirm(wrong)
        with pytest.raises(NotFoundError):
            portal.subscriptions.find_end(wrong)
    clock.pass_by(days=2, minutes=1)
    with pytest.raises(NotFoundError):
        portal.subscriptions.confirm(link)


def test_an_address_gets_one_mail_whoever_enters_it_how_often(portal: Services, mailbox: Mailbox) -> None:
    subscribe(portal)
    confirm(portal, mailbox)
    before = len(mailbox.messages)
    for _ in range(3):
        subscribe(portal)  # nothing tells that it has subscribed
    portal.sending.send_due()
    assert len(mailbox.messages) == before
    assert LetterKind.SUBSCRIBED in {
        row.kind for row in portal.outbox.list(make_actor(portal, "boss", role="maintainer"))
    }


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"mail": "nobody"}, "/mail"),
        ({"pace": "hourly"}, "/pace"),
        ({"types": ["dataset.gone"]}, "/types/0"),
        ({"dataset": "nothing"}, "/dataset"),
        ({"search": "a=b"}, "/search"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(portal: Services, said: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidMetadataError) as caught:
        subscribe(portal, **said)
    assert [item.pointer for item in caught.value.faults] == [place]
