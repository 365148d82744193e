"""Invitations by mail, over a real mail server: good once, for a week, until they are repeated or taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from opendata.domain.access.origin import NOWHERE
from opendata.errors import InvalidMetadataError, NotFoundError, NotPermittedError
from opendata.services.core.actors import SYSTEM
from opendata.wiring import Services
from tests.instances import DATASET, make_actor
from tests.mail_office import Office, make_office
from tests.mailbox import Mailbox

AT, PASSWORD = "water-bureau", "three unrelated kettles"


@pytest.fixture
def office(tmp_path: Path, database_url: str, mailbox: Mailbox) -> Iterator[Office]:
    built = make_office(tmp_path / "instance", mailbox.url(), database_url)
    yield built
    built.services.database.dispose()


def read_link(office: Office, mailbox: Mailbox) -> str:
    """Send what waits; the secret text in the link of the last mail."""
    office.services.sending.send_due()
    found = re.search(r"^https://data\.example\.org/join/(odj_\S+)$", mailbox.texts()[-1], re.MULTILINE)
    assert found, mailbox.texts()
    return found[1]


def test_a_mailed_invitation_makes_an_account_whose_address_is_confirmed(office: Office, mailbox: Mailbox) -> None:
    invitations, lead = office.services.invitations, make_actor(office.services, "lead", role="lead")
    invited, text = invitations.invite(lead, " Mei@example.org ", "editor", AT, "zh")
    assert (text, invited.role, invited.created_by) == (None, "editor", "lead")
    link = read_link(office, mailbox)
    recipient, subject, body = mailbox.read_last()
    assert (recipient, subject) == ("Mei@example.org", "您收到一份邀请 – 示例数据平台")
    assert "lead 邀请您使用本平台。您的角色：编辑。数据提供方：水务局。" in body
    assert invitations.find(link).publisher == AT
    actor = invitations.accept(link, "mei", PASSWORD, NOWHERE)
    mei = office.services.accounts.get_actor("mei")
    assert (actor.id, mei.may_edit(AT), mei.may_review(AT)) == (mei.id, True, False)
    assert office.services.mail_addresses.get(mei).address == "Mei@example.org"
    assert invitations.list(lead) == []
    with pytest.raises(NotFoundError):
        invitations.find(link)
    for role, publisher in (("maintainer", None), ("editor", "nobody"), ("editor", None), ("queen", AT)):
        with pytest.raises((NotPermittedError, NotFoundError, InvalidMetadataError)):
            invitations.invite(lead, "li@example.org", role, publisher)


@pytest.mark.slow
def test_an_invitation_ends_when_it_is_repeated_taken_back_or_a_week_old(office: Office, mailbox: Mailbox) -> None:
    invitations = office.services.invitations
    invited, _ = invitations.invite(SYSTEM, "mei@example.org", "lead", AT)
    first = read_link(office, mailbox)
    office.clock.pass_by(hours=1)
    invitations.repeat(SYSTEM, invited.id)
    second = read_link(office, mailbox)
    with pytest.raises(NotFoundError):
        invitations.find(first)
    office.clock.pass_by(hours=7 * 24 - 1)
    assert invitations.find(second).role == "lead"
    office.clock.pass_by(hours=1)
    with pytest.raises(NotFoundError):
        invitations.find(second)
    assert invitations.list(SYSTEM)[0].has_ended
    invitations.repeat(SYSTEM, invited.id)
    invitations.take_back(SYSTEM, invited.id)
    count = len(mailbox.texts())
    office.services.sending.send_due()
    assert len(mailbox.texts()) == count  # nobody wants it any more
    office.services.invitations.tidy()


def test_an_invitation_ends_with_the_power_of_who_sent_it(services: Services) -> None:
    services.publishers.create(SYSTEM, {"id": "lake-bureau", "title": "湖泊局"})
    texts = {}
    for name in ("dismissed", "closed", "heir", "kept"):
        lead = make_actor(services, name, role="lead")
        texts[name] = services.invitations.invite(lead, f"{name}@example.org", "editor", AT)[1] or ""
    texts["boss"] = services.invitations.invite(make_actor(services, "boss", role="maintainer"), "x@y.cn", "auditor")[1]
    texts["system"] = services.invitations.invite(SYSTEM, "z@y.cn", "editor", AT)[1]
    services.persons.set_roles(SYSTEM, "dismissed", ["editor"], AT)
    services.persons.close(SYSTEM, "closed")
    services.persons.hand_over(SYSTEM, "heir", "kept")
    services.persons.set_roles(SYSTEM, "boss", [], None)
    for name in ("dismissed", "closed", "heir", "boss"):
        with pytest.raises(NotFoundError, match="has expired"):
            services.invitations.find(texts[name])
    services.persons.set_roles(SYSTEM, "dismissed", ["lead"], AT)  # what has ended doesn't begin again
    with pytest.raises(NotFoundError):
        services.invitations.accept(texts["dismissed"], "late", PASSWORD, NOWHERE)
    ended = {item.created_by: item for item in services.invitations.list(SYSTEM) if item.has_ended}
    assert set(ended) == {"dismissed", "closed", "heir", "boss"}
    _, again = services.invitations.repeat(SYSTEM, ended["closed"].id)
    assert [services.invitations.find(text).role for text in (texts["kept"], texts["system"], again)] == ["editor"] * 3
    services.publishers.create(SYSTEM, {"id": "sea-bureau", "title": "海洋局"})
    services.succession.split(
        SYSTEM, AT, datasets={}, accounts={"kept": "lake-bureau"}, rest="sea-bureau", reason="改革"
    )
    with pytest.raises(NotFoundError):  # it is of the sea bureau now, and its inviter isn't
        services.invitations.find(texts["kept"])
    services.invitations.tidy()
    assert {item.created_by for item in services.invitations.list(SYSTEM) if not item.has_ended} == {"system"}


@pytest.mark.slow
def test_maintainers_hear_of_a_publisher_without_an_editor(office: Office, mailbox: Mailbox) -> None:
    services = office.services
    make_actor(services, "editor")
    services.datasets.create(SYSTEM, DATASET)
    services.invitations.invite(SYSTEM, "boss@example.org", "maintainer")
    services.invitations.accept(read_link(office, mailbox), "boss", PASSWORD, NOWHERE)
    services.persons.close(services.accounts.get_actor("boss"), "editor", confirmed=True)
    services.sending.send_due()
    recipient, _, body = mailbox.read_last()
    assert recipient == "boss@example.org"
    assert AT in body
    assert "/workspace/people" in body
