"""`opendata mail`: whether the mail server takes mail, and what became of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from opendata.domain.mail.letters import LetterKind
from opendata.services.mail.outbox import Letter, post
from opendata.settings import Settings
from opendata.wiring import build_context, build_services
from tests.mail_office import mail_settings
from tests.mailbox import Mailbox, MailServers
from tests.servers import free_port


def variables(url: str) -> dict[str, str]:
    return {f"OPENDATA_{name.upper()}": str(value) for name, value in mail_settings(url).items()}


def test_a_test_mail_says_what_the_server_answers(run, instance, mailbox: Mailbox) -> None:
    ended = run("mail", "test", "wang@example.org", env={**variables(mailbox.url()), "LC_ALL": "zh_CN.UTF-8"})
    assert (ended.exit_code, ended.stdout) == (0, "")
    assert ended.stderr == "邮件服务器已接收发往 wang@example.org 的邮件。应答：250 taken\n"
    assert mailbox.read_last() == (
        "wang@example.org",
        "测试邮件 – 示例数据平台",
        "您好：\n\n如果您能看到这封邮件，说明示例数据平台可以发送邮件。\n\n"
        "示例数据平台，https://data.example.org\n本邮件由系统自动发送，回复无人阅读。\n",
    )


def test_what_is_wrong_is_said_in_plain_words(run, instance, mail_servers: MailServers) -> None:
    box = mail_servers.plain
    box.answers["RCPT"] = ["550 nobody of this name"]
    tls = mail_servers.tls.url("smtps", "portal:s3cret")
    for env, words, said in (
        ({}, "wang@example.org", "This portal sends no mail. Set OPENDATA_MAIL_URL"),
        (variables(box.url()), "wang", "“wang” isn't an e-mail address"),
        (variables(box.url()), "wang@example.org", "refuses this mail or its recipient: 550 nobody of this name"),
        (variables(f"smtp://127.0.0.1:{free_port()}"), "wang@example.org", "isn't responding: Connection refused"),
        (variables(tls), "wang@example.org", "certificate of the mail server at"),
    ):
        ended = run("mail", "test", words, env=env)
        assert ended.exit_code == 2
        assert said in ended.stderr
        assert "s3cret" not in ended.output
    assert "s3cret" not in run("config", env=variables(tls)).stdout


def test_mail_that_waits_is_listed_with_the_reason(run, run_json, instance: Path, mailbox: Mailbox) -> None:
    settings = replace(Settings(home=instance), **mail_settings(mailbox.url()))
    context = build_context(settings)
    with context.write() as session:
        post(context, session, Letter(kind=LetterKind.TEST, recipient="wang@example.org", language="en"))
    mailbox.answers["RCPT"] = ["450 <wang@example.org> later"]
    services = build_services(settings)
    services.sending.send_due()
    services.database.dispose()
    context.database.dispose()
    ended = run("mail", "list")
    heading, line = ended.stdout.splitlines()
    assert heading.split() == ["created", "kind", "recipient", "state", "tries", "reason"]
    assert line.split()[1:5] == ["test", "w…@example.org", "waiting", "1"]
    assert line.endswith("refuses to take mail: 450 <w…@example.org> later")
    assert "At the moment no mail gets through." in ended.stderr
    found = run_json("mail", "list", "--state", "waiting")
    assert (found["waiting"], found["failed"], found["stuck"]) == (1, 0, True)
    assert found["items"][0]["reason"].endswith("450 <w…@example.org> later")
    assert run_json("mail", "list", "--state", "failed")["items"] == []


@pytest.mark.parametrize("words", [("mail", "list", "--state", "odd"), ("mail", "test")])
def test_wrong_use_is_refused(run, instance, words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 2
