"""Mail about accounts: addresses that count once they are confirmed, links to set a password, notices."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, select

from opendata.db.models import AddressChange, Event, OutboxMail, User
from opendata.domain.access.origin import Origin
from opendata.errors import InvalidMetadataError, NotFoundError, StateError, TooManyAttemptsError
from opendata.services.access.tokens import TokenOptions
from opendata.services.core.actors import SYSTEM, Actor
from opendata.wiring import Services
from tests.instances import make_actor
from tests.mail_office import Office, make_office
from tests.mailbox import Mailbox

PASSWORD, NEW = "a long password", "three unrelated kettles"
HOME = Origin(address="203.0.113.7", browser="Firefox, Windows")


@pytest.fixture
def office(tmp_path: Path, database_url: str, mailbox: Mailbox) -> Iterator[Office]:
    built = make_office(tmp_path / "instance", mailbox.url(), database_url)
    yield built
    built.services.database.dispose()


@pytest.fixture
def wang(office: Office, mailbox: Mailbox) -> Actor:
    """An account with a confirmed address."""
    actor = make_actor(office.services, "wang")
    confirm(office, mailbox, actor, "wang@example.org")
    mailbox.clear()
    return actor


def confirm(office: Office, mailbox: Mailbox, actor: Actor, address: str, language: str = "en") -> None:
    assert office.services.mail_addresses.change(actor, PASSWORD, address, language)
    assert office.services.sending.send_due() == 1
    office.services.mail_addresses.confirm(read_link(mailbox), HOME)
    office.services.sending.send_due()


def read_link(mailbox: Mailbox, number: int = -1) -> str:
    """The secret text in the link of a mail."""
    found = re.search(r"^https://data\.example\.org/[a-z-]+/(od[mr]_\S+)$", mailbox.texts()[number], re.MULTILINE)
    assert found, mailbox.texts()
    return found[1]


def test_an_address_counts_once_the_link_in_the_mail_was_opened(office: Office, mailbox: Mailbox) -> None:
    services = office.services
    actor = make_actor(services, "wang")
    assert services.mail_addresses.change(actor, PASSWORD, " wang@Example.org", "zh")
    known = services.mail_addresses.get(actor)
    assert (known.address, known.pending, known.language) == (None, "wang@example.org", "zh")
    services.sending.send_due()
    recipient, subject, text = mailbox.read_last()
    link = read_link(mailbox)
    assert (recipient, subject) == ("wang@example.org", "确认您的邮箱 – 示例数据平台")
    assert text == (
        "您好：\n\n账号“wang”申请使用此邮箱。请在 24 小时内打开此链接确认：\n\n"
        f"https://data.example.org/confirm-address/{link}\n\n"
        "确认之后，该账号的通知和设置新密码的链接会发到此邮箱。如果这不是您申请的，无需任何操作，此邮箱不会被使用。\n\n"
        "示例数据平台，https://data.example.org\n本邮件由系统自动发送，回复无人阅读。\n"
    )
    assert services.mail_addresses.find_change(link) == ("wang", "wang@example.org")
    assert services.mail_addresses.confirm(link, HOME) == "wang"
    assert services.mail_addresses.get(actor).address == "wang@example.org"
    with pytest.raises(NotFoundError):
        services.mail_addresses.confirm(link, HOME)
    assert not services.mail_addresses.change(actor, PASSWORD, "wang@example.org", "en")
    assert services.mail_addresses.get(actor).language == "en"


def test_a_new_address_is_told_to_the_old_one_and_so_is_that_there_is_none(
    office: Office, mailbox: Mailbox, wang: Actor
) -> None:
    confirm(office, mailbox, wang, "other@example.org")
    assert mailbox.recipients == ["other@example.org", "wang@example.org"]
    recipient, subject, text = mailbox.read_last()
    assert (recipient, subject) == ("wang@example.org", "The address of your account has changed – 示例数据平台")
    assert "doesn't use this address any more. It was changed on 2026-11-30 14:05 (Asia/Shanghai)." in text
    assert "other@example.org" not in text
    office.services.mail_addresses.remove(wang, PASSWORD)
    office.services.sending.send_due()
    assert mailbox.recipients[2:] == ["other@example.org"]
    assert office.services.mail_addresses.get(wang).address is None


def test_a_link_ends_with_the_day_the_account_another_wish_and_another_password(
    office: Office, mailbox: Mailbox
) -> None:
    services = office.services
    actor = make_actor(services, "wang")

    def ask(address: str = "a@example.org") -> str:
        office.clock.pass_by(hours=2)
        services.mail_addresses.change(actor, PASSWORD, address, "en")
        services.sending.send_due()
        return read_link(mailbox)

    late = ask()
    office.clock.pass_by(hours=24)
    superseded = ask()
    closed = ask("b@example.org")
    services.persons.close(SYSTEM, "wang", confirmed=True)
    for text in (late, superseded, closed, "odm_x"):
        with pytest.raises(NotFoundError):
            services.mail_addresses.confirm(text, HOME)
    services.persons.close(SYSTEM, "wang", disabled=False)
    services.accounts.set_password("wang", NEW)
    with pytest.raises(NotFoundError):
        services.mail_addresses.confirm(closed, HOME)
    office.clock.pass_by(hours=25)
    services.mail_addresses.tidy()
    with services.database.unit() as session:
        assert session.scalars(select(AddressChange)).all() == []


def test_an_address_that_is_superseded_before_its_mail_goes_gets_none(office: Office, mailbox: Mailbox) -> None:
    actor = make_actor(office.services, "wang")
    for address in ("a@example.org", "b@example.org"):
        office.services.mail_addresses.change(actor, PASSWORD, address, "en")
    office.services.sending.send_due()
    assert mailbox.recipients == ["b@example.org"]
    assert office.states() == ["dropped", "sent"]


@pytest.mark.parametrize("address", ["wang", "wang@example.org\r\nBcc: x@example.org", ""])
def test_what_is_no_address_or_not_the_password_is_said(office: Office, address: str) -> None:
    actor = make_actor(office.services, "wang")
    with pytest.raises(InvalidMetadataError, match="isn't an e-mail address") as caught:
        office.services.mail_addresses.change(actor, PASSWORD, address, "en")
    assert [item.pointer for item in caught.value.faults] == ["/address"]
    with pytest.raises(InvalidMetadataError, match="isn't your current password"):
        office.services.mail_addresses.change(actor, "not it", "wang@example.org", "en")
    with pytest.raises(InvalidMetadataError, match="isn't your current password"):
        office.services.mail_addresses.remove(actor, "not it")


def test_nobody_is_flooded_with_mails_to_confirm(office: Office, mailbox: Mailbox) -> None:
    for name in ("wang", "li", "zhao"):
        office.services.mail_addresses.change(make_actor(office.services, name), PASSWORD, "victim@example.org", "en")
    with pytest.raises(TooManyAttemptsError, match="This address got too many mails"):
        office.services.mail_addresses.change(make_actor(office.services, "sun"), PASSWORD, "victim@example.org", "en")
    assert office.services.sending.send_due() == 3
    actor = make_actor(office.services, "qian")
    for number in range(5):
        office.services.mail_addresses.change(actor, PASSWORD, f"v{number}@example.org", "en")
    with pytest.raises(TooManyAttemptsError, match="too many attempts"):
        office.services.mail_addresses.change(actor, PASSWORD, "v5@example.org", "en")


def test_an_instance_without_mail_takes_no_address(services: Services) -> None:
    with pytest.raises(StateError, match="This portal sends no mail"):
        services.mail_addresses.change(make_actor(services, "wang"), PASSWORD, "wang@example.org", "en")


@pytest.mark.both_databases
def test_a_forgotten_password_is_set_again_with_a_mailed_link(office: Office, mailbox: Mailbox, wang: Actor) -> None:
    services = office.services
    services.recoveries.ask("wang", HOME)
    with services.database.unit() as session:
        kept = str([vars(row) for row in session.scalars(select(OutboxMail))])
    assert services.sending.send_due() == 1
    recipient, subject, text = mailbox.read_last()
    link = read_link(mailbox)
    assert link not in kept
    assert (recipient, subject) == ("wang@example.org", "Set a new password – 示例数据平台")
    assert text == (
        "Hello,\n\nSomebody asked to set a new password for the account “wang”. If it was you, open this link within"
        f" 24 hours. It works once:\n\nhttps://data.example.org/recover/{link}\n\n"
        "If it wasn't you, do nothing: your password stays as it is. Don't pass the link on to anybody. Nobody from the"
        " portal will ask you for it.\n\n"
        "示例数据平台, https://data.example.org\nThis mail was sent automatically. Replies aren't read.\n"
    )
    assert services.recoveries.find_account(link) == "wang"
    assert services.recoveries.accept(link, NEW, HOME).name == "wang"
    with pytest.raises(NotFoundError):
        services.recoveries.find_account(link)
    services.sending.send_due()
    assert mailbox.read_last()[:2] == (
        "wang@example.org",
        "Your password was set again with a link – 示例数据平台",
    )
    assert NEW not in "".join(mailbox.texts())
    services.accounts.sign_in("wang", NEW)


def test_a_link_that_had_to_be_sent_twice_is_the_same_and_is_good_from_then_on(
    office: Office, mailbox: Mailbox, wang: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.services.recoveries.ask("wang", HOME)
    with monkeypatch.context() as patch:
        patch.setattr("opendata.services.mail.sending.finish", die)
        with pytest.raises(KeyboardInterrupt):
            office.services.sending.send_due()
    office.clock.pass_by(hours=6)
    assert office.services.sending.send_due() == 1
    assert mailbox.messages[0]["Message-ID"] == mailbox.messages[1]["Message-ID"]
    assert read_link(mailbox, 0) == read_link(mailbox, 1)
    office.clock.pass_by(hours=23)
    assert office.services.recoveries.find_account(read_link(mailbox)) == "wang"
    office.clock.pass_by(hours=1)
    with pytest.raises(NotFoundError):
        office.services.recoveries.find_account(read_link(mailbox))
    office.services.recoveries.tidy()


def die(*arguments: object) -> None:
    raise KeyboardInterrupt


def test_nobody_learns_which_accounts_there_are_from_asking(office: Office, mailbox: Mailbox, wang: Actor) -> None:
    make_actor(office.services, "silent")
    make_actor(office.services, "gone")
    office.services.persons.close(SYSTEM, "gone", confirmed=True)
    before = len(office.rows())
    for name in ("wang", "silent", "gone", "nobody", "a password?"):
        office.clock.pass_by(hours=1)
        office.services.recoveries.ask(name, HOME)
    rows = office.rows()[before:]
    assert [(row.kind, bool(row.recipient)) for row in rows] == [("recovery", True)] + [("recovery", False)] * 4
    assert office.services.sending.send_due() == 1
    assert len(office.rows()) == before + 1
    with office.services.database.unit() as session:
        events = session.scalars(select(Event).where(Event.verb == "ask-recovery").order_by(Event.id)).all()
        assert [item.subject for item in events] == ["wang", "silent", "gone", "", ""]


def test_asking_writes_the_same_whether_or_not_there_is_an_account(office: Office, wang: Actor) -> None:
    def count(name: str, source: str) -> list[str]:
        statements: list[str] = []
        engine = office.services.database.engine

        def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
            statements.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        office.services.recoveries.ask(name, Origin(address=source))
        event.remove(engine, "before_cursor_execute", note)
        return statements

    found = count("wang", "203.0.113.1")
    assert len(found) > 5
    assert count("nobody", "203.0.113.2") == found


def test_nobody_is_flooded_with_links(office: Office, mailbox: Mailbox, wang: Actor) -> None:
    for number in range(10, 18):
        office.services.recoveries.ask("wang", Origin(address=f"203.0.113.{number}"))
    assert office.services.sending.send_due() == 3
    for _ in range(5):
        office.services.recoveries.ask("nobody", HOME)
    with pytest.raises(TooManyAttemptsError):
        office.services.recoveries.ask("nobody", HOME)


def test_a_link_is_not_mailed_once_the_account_is_closed_or_has_no_address(
    office: Office, mailbox: Mailbox, wang: Actor
) -> None:
    office.services.recoveries.ask("wang", HOME)
    office.services.persons.close(SYSTEM, "wang", confirmed=True)
    assert office.services.sending.send_due() == 0
    assert office.states()[-1] == "dropped"
    assert mailbox.messages == []


def test_a_closed_account_has_neither_address_nor_links_when_it_is_opened_again(
    office: Office, mailbox: Mailbox, wang: Actor
) -> None:
    services = office.services
    services.recoveries.ask("wang", HOME)
    services.sending.send_due()
    given, mailed = services.recoveries.issue(SYSTEM, "wang"), read_link(mailbox)
    services.persons.close(SYSTEM, "wang", confirmed=True)
    services.persons.close(SYSTEM, "wang", disabled=False)
    for text in (given, mailed):
        with pytest.raises(NotFoundError):
            services.recoveries.find_account(text)
    assert services.mail_addresses.get(wang).address is None


def test_a_sign_in_from_a_browser_that_is_not_known_is_told(office: Office, mailbox: Mailbox, wang: Actor) -> None:
    services = office.services
    actor, _ = services.accounts.sign_in("wang", PASSWORD, HOME)
    device = services.limits.remember(actor, HOME)
    services.sending.send_due()
    recipient, subject, text = mailbox.read_last()
    assert (recipient, subject) == ("wang@example.org", "Signed in from a new browser – 示例数据平台")
    assert (
        "Time: 2026-11-30 14:05 (Asia/Shanghai)\nBrowser: Firefox, Windows\nNetwork address: 203.0.113.0/24\n" in text
    )
    assert "https://data.example.org/account" in text
    known = Origin(address="198.51.100.1", browser="Firefox, Windows", device=device)
    services.accounts.sign_in("wang", PASSWORD, known)
    assert services.sending.send_due() == 0
    services.accounts.sign_in("wang", PASSWORD, Origin(device="of another portal"))
    services.sending.send_due()
    assert "Browser: unknown\nNetwork address: unknown\n" in mailbox.read_last()[2]
    make_actor(services, "silent")
    assert services.sending.send_due() == 0


def test_new_passwords_and_tokens_are_told_without_their_secrets(office: Office, mailbox: Mailbox, wang: Actor) -> None:
    services = office.services
    services.mail_addresses.change(wang, PASSWORD, "wang@example.org", "zh")
    secret, _ = services.accounts.create_token("wang", options=TokenOptions(name="每日上传"), actor=wang)
    services.accounts.change_password(wang, PASSWORD, NEW)
    services.accounts.set_password("wang", "another long kettle")
    assert services.sending.send_due() == 3
    subjects = [str(message["Subject"]) for message in mailbox.messages]
    assert subjects == ["已创建令牌 – 示例数据平台", *["您的密码已更改 – 示例数据平台"] * 2]
    first = mailbox.texts()[0]
    assert "账号“wang”创建了一个令牌" in first
    assert "令牌名称：每日上传" in first
    assert "如果不是您本人，请在账号页面撤销该令牌并更改密码：\nhttps://data.example.org/account\n" in first
    texts = "".join(mailbox.texts())
    assert not any(word in texts for word in (secret, PASSWORD, NEW, "another long kettle"))


def test_a_new_password_ends_the_links_that_were_mailed_before(office: Office, mailbox: Mailbox, wang: Actor) -> None:
    office.services.recoveries.ask("wang", HOME)
    office.services.sending.send_due()
    link = read_link(mailbox)
    office.services.accounts.change_password(wang, PASSWORD, NEW)
    with pytest.raises(NotFoundError):
        office.services.recoveries.find_account(link)


def test_a_link_of_a_maintainer_still_works_beside(office: Office, wang: Actor) -> None:
    text = office.services.recoveries.issue(SYSTEM, "wang")
    office.services.recoveries.ask("wang", HOME)
    office.services.sending.send_due()
    assert office.services.recoveries.find_account(text) == "wang"
    with office.services.database.unit() as session:
        assert session.scalars(select(User.mail_address)).all() == ["wang@example.org"]
