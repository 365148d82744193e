"""`opendata mail`: whether mail gets through, and what became of it."""

from __future__ import annotations

import click

from opendata.cli.core.language import choose_voice, say
from opendata.cli.core.opening import open_services
from opendata.cli.core.output import write_json, write_note, write_table
from opendata.domain.mail.letters import LetterState
from opendata.errors import N_, UsageError


@click.group()
def mail() -> None:
    """Try out the mail server, and see what became of mail."""


@mail.command("test")
@click.argument("address")
def send_test(address: str) -> None:
    """Send a mail to ADDRESS at once, and say what the mail server answers."""
    from opendata.domain.mail.addresses import parse_mail_address

    recipient = parse_mail_address(address)
    if recipient is None:
        raise UsageError(N_("“%(address)s” isn't an e-mail address"), address=address[:100])
    with open_services() as services:
        answer = services.sending.send_test(recipient, choose_voice().language)
    text = N_("The mail server took the mail to %(address)s. It answered: %(answer)s")
    write_note(say(text, address=recipient, answer=answer))


@mail.command("list")
@click.option("--state", type=click.Choice([str(item) for item in LetterState]), help="Only mail in this state.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_mail(state: str | None, limit: int, as_json: bool) -> None:
    """List mail, the newest first: what waits or failed, and why. Addresses are shortened."""
    from opendata.services.core.actors import SYSTEM

    voice = choose_voice()
    with open_services() as services:
        found = services.outbox.list(SYSTEM, LetterState(state) if state else None, limit=limit)
        counts = services.outbox.count()
    reasons = [voice.fill(item.reason["message"], item.reason["params"]) if item.reason else "" for item in found]
    if as_json:
        keys = ("kind", "recipient", "state", "created", "due", "ended", "tries")
        items = [
            {**{key: getattr(item, key) for key in keys}, "reason": reason}
            for item, reason in zip(found, reasons, strict=True)
        ]
        write_json({"waiting": counts.waiting, "failed": counts.failed, "stuck": counts.is_stuck, "items": items})
        return
    rows = [
        [f"{item.created:%Y-%m-%dT%H:%M:%SZ}", item.kind, item.recipient, str(item.state), str(item.tries), reason]
        for item, reason in zip(found, reasons, strict=True)
    ]
    write_table([["created", "kind", "recipient", "state", "tries", "reason"], *rows])
    if counts.is_stuck:
        write_note(say(N_("At the moment no mail gets through.")))
