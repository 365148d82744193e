"""Mail over real SMTP: what a person gets to read, what a server refuses, and what is said of that."""

from __future__ import annotations

import socket
from datetime import UTC, datetime

import pytest

from opendata.domain.mail.addresses import parse_mail_address
from opendata.errors import BackendError, InputError
from opendata.outside.mail import Mail, Mailer
from tests.mailbox import QUOTED, USER, Mailbox, MailServers, read_text
from tests.servers import free_port

TEXT = "您好：\n\n" + "请在浏览器中打开此链接。" * 200 + "\n\nhttps://data.example.org/recover/odr_x\n.\nFrom here\n"


def make_mail(**values: object) -> Mail:
    said = {
        "recipient": "wang@example.org",
        "sender_name": "示例市，数据开放平台",
        "subject": "设置新密码",
        "text": TEXT,
        "message_id": "<a1@example.org>",
        "date": datetime(2026, 11, 30, 6, 5, tzinfo=UTC),
        "language": "zh",
        **values,
    }
    return Mail(**said)  # type: ignore[arg-type]


def send(box: Mailbox, *mails: Mail, scheme: str = "smtp", user: str = "") -> list[str]:
    mailer = Mailer(box.url(scheme, user), "noreply@data.example.org", 5)
    with mailer.connect() as connection:
        return [connection.send(mail) for mail in mails]


def test_a_person_reads_what_was_written(mailbox: Mailbox) -> None:
    assert send(mailbox, make_mail()) == ["250 taken"]
    message = mailbox.messages[0]
    assert read_text(message) == TEXT
    assert {name: str(message[name]) for name in ("From", "To", "Subject", "Message-ID", "Date")} == {
        "From": "示例市，数据开放平台 <noreply@data.example.org>",
        "To": "wang@example.org",
        "Subject": "设置新密码",
        "Message-ID": "<a1@example.org>",
        "Date": "Mon, 30 Nov 2026 06:05:00 +0000",
    }
    assert (message["Auto-Submitted"], message["Content-Language"]) == ("auto-generated", "zh")
    raw = mailbox.raw[0]
    assert raw.isascii()
    assert max(len(line) for line in raw.splitlines()) <= 998


def test_line_ends_in_names_and_subjects_make_no_header(mailbox: Mailbox) -> None:
    send(mailbox, make_mail(subject="a\r\nBcc: other@example.org\n\nb", sender_name="x\nBcc: other@example.org"))
    message = mailbox.messages[0]
    assert message["Bcc"] is None
    assert message["Subject"] == "a Bcc: other@example.org b"
    assert mailbox.recipients == ["wang@example.org"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "wang", "@example.org", "wang@", "a@b@c.org", "wang@example..org", "wang@-x.org", "a b@example.org"),
        *("wang@example.org\nBcc: x@example.org", "wang\r\n@example.org", "wang@example.org>", "<wang@example.org>"),
        *('"wang"@example.org', "wang,li@example.org", "x@[127.0.0.1]", "a..b@example.org", f"{'a' * 65}@example.org"),
        *("wang@exa\u2028mple.org", "wang\0@example.org", f"a@{'b.' * 130}org"),
    ],
)
def test_what_is_not_an_address_is_refused(text: str) -> None:
    assert parse_mail_address(text) is None


def test_an_address_is_kept_as_a_server_knows_it() -> None:
    assert parse_mail_address(" Wang.Li+x@Example.ORG ") == "Wang.Li+x@example.org"
    assert parse_mail_address("王@例子.中国") == "王@例子.中国"


def test_an_address_in_any_script_is_written_to_where_the_server_takes_it(mail_servers: MailServers) -> None:
    send(mail_servers.plain, make_mail(recipient="wang@例子.中国"), make_mail(recipient="王@例子.中国"))
    assert mail_servers.plain.recipients == ["wang@xn--fsqu00a.xn--fiqs8s", "王@xn--fsqu00a.xn--fiqs8s"]
    assert read_text(mail_servers.plain.messages[1]) == TEXT


@pytest.fixture
def trusted(mail_servers: MailServers, monkeypatch: pytest.MonkeyPatch) -> MailServers:
    """The servers, whose certificate is one that this machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(mail_servers.certificate))
    return mail_servers


def test_mail_goes_over_tls_to_whom_the_password_proves(trusted: MailServers) -> None:
    for box, scheme in ((trusted.starttls, "smtp+starttls"), (trusted.tls, "smtps")):
        send(box, make_mail(), make_mail(message_id="<a2@example.org>"), scheme=scheme, user=f"{USER}:{QUOTED}")
        assert [str(item["Message-ID"]) for item in box.messages] == ["<a1@example.org>", "<a2@example.org>"]
    with pytest.raises(InputError, match="doesn't take addresses with letters beyond ASCII"):
        send(trusted.starttls, make_mail(recipient="王@example.org"), scheme="smtp+starttls", user=f"{USER}:{QUOTED}")


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
def test_a_certificate_that_nobody_vouches_for_is_refused(mail_servers: MailServers, scheme: str) -> None:
    box = mail_servers.tls if scheme == "smtps" else mail_servers.starttls
    with pytest.raises(BackendError, match=r"certificate .* can't be verified: self-signed"):
        send(box, make_mail(), scheme=scheme)


def test_a_wrong_password_is_said_and_not_shown(trusted: MailServers) -> None:
    with pytest.raises(BackendError, match="doesn't accept the user name or password: 535") as caught:
        send(trusted.tls, make_mail(), scheme="smtps", user=f"{USER}:another")
    assert "another" not in str(caught.value)
    assert "another" not in repr(Mailer(f"smtps://{USER}:another@127.0.0.1", "a@example.org", 5))


def test_a_server_that_cannot_do_what_the_settings_say_gets_no_mail(mailbox: Mailbox) -> None:
    with pytest.raises(BackendError, match="doesn't offer STARTTLS"):
        send(mailbox, make_mail(), scheme="smtp+starttls")
    assert mailbox.messages == []


@pytest.mark.parametrize(
    ("command", "answer", "error"),
    [
        ("MAIL", "550 we don't know you", BackendError),
        ("RCPT", "450 come again later", BackendError),
        ("DATA", "451 the disk is full", BackendError),
        ("RCPT", "550 nobody of this name", InputError),
        ("DATA", "554 no such mail", InputError),
    ],
)
def test_what_the_server_answers_is_said(mailbox: Mailbox, command: str, answer: str, error: type[Exception]) -> None:
    mailbox.answers[command] = [answer]
    with pytest.raises(error, match=answer) as caught:
        send(mailbox, make_mail())
    assert type(caught.value) is error
    assert send(mailbox, make_mail()) == ["250 taken"]


def test_after_a_mail_that_is_refused_the_next_one_goes(mailbox: Mailbox) -> None:
    mailbox.answers["RCPT"] = ["550 nobody of this name"]
    with Mailer(mailbox.url(), "a@example.org", 5).connect() as connection:
        with pytest.raises(InputError):
            connection.send(make_mail())
        connection.send(make_mail())
    assert len(mailbox.messages) == 1


def test_a_server_that_is_away_or_hangs_is_named() -> None:
    port = free_port()
    with pytest.raises(BackendError, match=f"127.0.0.1:{port} isn't responding: Connection refused"):
        send(Mailbox(f"127.0.0.1:{port}"), make_mail())
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mailer = Mailer(f"smtp://127.0.0.1:{silent.getsockname()[1]}", "a@example.org", 0.05)
        with pytest.raises(BackendError, match="isn't responding: it took too long to answer"), mailer.connect():
            pass
