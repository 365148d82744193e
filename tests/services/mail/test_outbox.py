"""The outbox: mail is written with what it is about, sent at least once, tried again, given up, and then forgotten."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from opendata.db.models import AddressChange, OutboxMail, User
from opendata.domain.mail.letters import LETTERS, LetterKind, LetterState
from opendata.errors import BackendError, InputError, NotPermittedError
from opendata.services.core.actors import SYSTEM
from opendata.services.mail import outbox
from opendata.services.mail.outbox import Letter, post
from opendata.services.operations.backups import restore_backup
from opendata.wiring import Services, build_context, build_services
from tests.instances import make_actor
from tests.mail_office import Office, make_office
from tests.mailbox import Mailbox
from tests.servers import free_port


@pytest.fixture
def office(tmp_path: Path, database_url: str, mailbox: Mailbox) -> Iterator[Office]:
    built = make_office(tmp_path / "instance", mailbox.url(), database_url)
    yield built
    built.services.database.dispose()


@pytest.mark.both_databases(slow=True)
def test_a_mail_is_sent_once_and_nothing_of_its_text_is_kept(office: Office, mailbox: Mailbox) -> None:
    assert office.write()
    message_id = office.rows()[0].message_id
    assert office.services.sending.send_due() == 1
    assert office.services.sending.send_due() == 0
    assert mailbox.read_last() == (
        "wang@example.org",
        "Your password has changed – 示例数据平台",
        "Hello,\n\nThe password of the account “wang” was changed on 2026-11-30 14:05 (Asia/Shanghai).\n\n"
        "If it wasn't you, change your password now and end all other sessions on the page of your account:\n"
        "https://data.example.org/account\n"
        "If you can't sign in any more, ask a maintainer of the portal to close your account.\n\n"
        "示例数据平台, https://data.example.org\nThis mail was sent automatically. Replies aren't read.\n",
    )
    assert (len(mailbox.messages), mailbox.messages[0]["Message-ID"]) == (1, message_id)
    (row,) = office.rows()
    assert (row.state, row.recipient, row.params, row.tries) == (LetterState.SENT, "w…@example.org", None, 1)
    assert (row.created, row.ended) == (office.clock.now, office.clock.now)


def test_a_mail_is_written_with_what_it_is_about_or_not_at_all(office: Office) -> None:
    context = build_context(office.services.settings, clock=office.clock)
    with context.write() as session:
        assert post(context, session, Letter(kind=LetterKind.TEST, recipient="wang@example.org", language="en"))
        session.rollback()
    assert office.rows() == []


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_wants_it_later_gets_it_later_as_the_same_mail(
    office: Office, mailbox: Mailbox, command: str
) -> None:
    office.write()
    mailbox.answers[command] = ["451 come again later"]
    assert office.services.sending.send_due() == 0
    (row,) = office.rows()
    assert (row.state, row.tries, row.due - office.clock.now) == (LetterState.WAITING, 1, timedelta(seconds=60))
    assert office.services.outbox.list(SYSTEM)[0].recipient == "w…@example.org"
    reason = office.services.outbox.list(SYSTEM)[0].reason
    assert reason is not None
    assert reason["params"]["answer"] == "451 come again later"
    assert office.services.outbox.count().is_stuck
    office.clock.pass_by(seconds=59)
    assert office.services.sending.send_due() == 0
    office.clock.pass_by(seconds=1)
    assert office.services.sending.send_due() == 1
    assert mailbox.messages[0]["Message-ID"] == row.message_id
    assert not office.services.outbox.count().is_stuck


def test_what_the_server_refuses_for_good_isnt_tried_again_and_the_next_mail_goes(
    office: Office, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    office.write()
    office.write(to="li@example.org")
    mailbox.answers["RCPT"] = ["550 <wang@example.org> is nobody here"]
    assert office.services.sending.send_due() == 1
    assert mailbox.recipients == ["li@example.org"]
    first, second = office.rows()
    assert (first.state, second.state) == (LetterState.FAILED, LetterState.SENT)
    assert first.reason == {
        "message": "The mail server refuses this mail or its recipient: %(answer)s",
        "params": {"answer": "550 <w…@example.org> is nobody here"},
    }
    assert "550 <w…@example.org> is nobody here" in caplog.text
    assert "wang@example.org" not in caplog.text
    assert office.services.outbox.count().failed == 1
    assert not office.services.outbox.count().is_stuck
    office.clock.pass_by(days=31)
    office.services.sending.tidy()
    assert office.rows() == []


def test_a_server_that_is_away_is_asked_a_few_times_and_given_up_after_days(tmp_path: Path) -> None:
    office = make_office(tmp_path / "instance", f"smtp://127.0.0.1:{free_port()}")
    for name in "abcde":
        office.write(to=f"{name}@example.org")
    assert office.services.sending.send_due() == 0
    assert [row.tries for row in office.rows()] == [1, 1, 1, 0, 0]
    pauses = []
    for _ in range(12):
        office.clock.pass_by(hours=2)
        office.services.sending.send_due()
        pauses.append((office.rows()[0].due - office.clock.now).total_seconds())
    assert max(pauses) == 7200
    office.clock.pass_by(hours=72)
    office.services.sending.send_due()
    assert set(office.states()) == {"failed"}
    assert "Connection refused" in json.dumps(office.rows()[0].reason)
    office.services.database.dispose()


@pytest.mark.both_databases
def test_two_workers_do_not_send_a_mail_twice(office: Office, mailbox: Mailbox) -> None:
    for number in range(6):
        office.write(to=f"p{number}@example.org")
    others = [build_services(office.services.settings, clock=office.clock) for _ in range(2)]
    threads = [threading.Thread(target=other.sending.send_due) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(mailbox.recipients) == [f"p{number}@example.org" for number in range(6)]
    for other in others:
        other.database.dispose()


def test_the_mail_of_a_worker_that_died_is_sent_by_another_after_its_lease(
    office: Office, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.write()
    with monkeypatch.context() as patch:
        patch.setattr("opendata.outside.mail.Connection.send", die)
        with pytest.raises(KeyboardInterrupt):
            office.services.sending.send_due()
    assert office.services.sending.send_due() == 0
    office.clock.pass_by(seconds=20 * 5)
    assert office.services.sending.send_due() == 1
    assert len(mailbox.messages) == 1


def die(*arguments: object) -> str:
    raise KeyboardInterrupt


def test_a_worker_that_was_too_slow_changes_nothing_of_what_another_did(
    office: Office, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.write()
    other = build_services(office.services.settings, clock=office.clock)

    def be_slow(*arguments: object) -> str:
        office.clock.pass_by(seconds=20 * 5)
        monkeypatch.undo()
        assert other.sending.send_due() == 1
        raise BackendError("too slow")

    monkeypatch.setattr("opendata.outside.mail.Connection.send", be_slow)
    assert office.services.sending.send_due() == 0
    assert office.states() == ["sent"]
    other.database.dispose()


def test_one_person_gets_so_many_mails_an_hour_and_the_outbox_holds_so_many(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = LETTERS[LetterKind.RECOVERED].per_hour
    assert [office.write(LetterKind.RECOVERED) for _ in range(most + 2)] == [True] * most + [False] * 2
    assert office.write(LetterKind.PASSWORD_CHANGED)
    assert office.write(LetterKind.RECOVERED, to="li@example.org")
    assert office.services.sending.send_due() == most + 2
    assert len(office.rows()) == most + 2
    office.clock.pass_by(hours=1)
    assert office.write(LetterKind.RECOVERED)
    monkeypatch.setattr(outbox, "MOST_WAITING", 1)
    assert not office.write(LetterKind.RECOVERED)


def test_kinds_of_a_later_release_are_left_to_it(office: Office, mailbox: Mailbox) -> None:
    office.write()
    with office.services.database.unit(write=True) as session:
        session.scalars(select(OutboxMail)).one().kind = "reminder"
    assert office.services.sending.send_due() == 0
    assert office.states() == ["waiting"]


def test_without_settings_nothing_is_written(services: Services, tmp_path: Path) -> None:
    context = build_context(services.settings)
    with context.write() as session:
        assert not post(context, session, Letter(kind=LetterKind.TEST, recipient="a@example.org", language="en"))
    with services.database.unit() as session:
        assert session.scalars(select(OutboxMail)).all() == []
    assert services.sending.send_due() == 0
    with pytest.raises(InputError, match="This portal sends no mail"):
        services.sending.send_test("a@example.org", "en")


def test_mail_that_waited_when_a_backup_was_made_is_not_sent_after_a_restore(
    office: Office, mailbox: Mailbox, tmp_path: Path
) -> None:
    office.write()
    make_actor(office.services, "boss", role="maintainer")
    with office.services.database.unit(write=True) as session:
        user = session.scalars(select(User)).one()
        user.mail_address = "boss@example.org"
        session.add(AddressChange(user_id=user.id, address="b@example.org", digest="d", expires=office.clock.now))
    office.services.backups.write(tmp_path / "backup", with_keys=True)
    settings = replace(office.services.settings, home=tmp_path / "restored", database_url="")
    restore_backup(tmp_path / "backup", settings, end_passwords=True)
    restored = Office(build_services(settings, clock=office.clock), office.clock)
    assert restored.services.sending.send_due() == 0
    (row,) = restored.rows()
    assert (row.state, row.recipient, row.params) == (LetterState.DROPPED, "w…@example.org", None)
    with restored.services.database.unit() as session:
        assert session.scalars(select(User.mail_address)).all() == [None]
        assert session.scalars(select(AddressChange)).all() == []
    assert office.services.sending.send_due() == 1
    assert len(mailbox.messages) == 1
    restored.services.database.dispose()


def test_only_maintainers_see_the_outbox(office: Office) -> None:
    with pytest.raises(NotPermittedError):
        office.services.outbox.list(make_actor(office.services, "editor"))


def test_mail_that_no_worker_looks_at_is_noticed(office: Office) -> None:
    office.write()
    assert not office.services.outbox.count().is_stuck
    office.clock.pass_by(minutes=11)
    assert office.services.outbox.count().is_stuck
