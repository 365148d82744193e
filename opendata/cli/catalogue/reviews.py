"""`opendata review`: the drafts that wait, what is in one, and its approval or return in a person's name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from opendata.cli.core.language import choose_voice, read_language, say
from opendata.cli.core.opening import open_services
from opendata.cli.core.output import write_json, write_note, write_table
from opendata.errors import N_

if TYPE_CHECKING:
    from opendata.services.core.values import DraftView
    from opendata.services.review.reviews import WaitingDraft

_name = click.option("--as", "name", required=True, help="The account in whose name you act.")
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@click.group()
def review() -> None:
    """Review submitted drafts in the name of an account.

    The account must be allowed to review them. Someone who uploaded, changed or submitted a draft can't approve it.
    """


@review.command("list")
@_name
@_json
def list_waiting(name: str, as_json: bool) -> None:
    """List the drafts that wait for a review, the oldest first."""
    with open_services() as services:
        found = services.reviews.list_waiting(services.accounts.get_actor(name))
    if as_json:
        write_json([_describe_waiting(item) for item in found])
        return
    rows = [["draft", "dataset", "version", "submitted by", "kind", "digest"]]
    rows += [
        [
            item.draft.id,
            item.draft.dataset,
            (item.draft.next.version if item.draft.next else None) or "",
            item.draft.submitter or "",
            "own" if item.is_own else "routine" if item.is_routine else "",
            (item.draft.digest or "")[:19],
        ]
        for item in found
    ]
    write_table(rows)


@review.command("show")
@click.argument("draft")
@_name
@_json
def show_draft(draft: str, name: str, as_json: bool) -> None:
    """Show what DRAFT changes, its digest, its checks and its comments, and the personal data that you judge.

    That is: columns that are undecided, published or declared not personal, texts that look like personal data, the
    risk of columns together, and attachments that couldn't be read, which somebody must have looked at.
    """
    with open_services() as services:
        found = services.drafts.get(services.accounts.get_actor(name), draft)
    if as_json:
        write_json(_describe(found))
        return
    version = (found.next.version if found.next else found.version) or ""
    click.echo(f"{found.dataset} {version}: {found.status}")
    if found.digest:
        click.echo(f"  {found.digest}")
    for reason in found.next.reasons if found.next else ():
        click.echo(f"  {reason['text'].get(read_language(os.environ), reason['text']['en'])}")
    for line in _say_personal(found):
        click.echo(f"  {line}")
    for item in found.checks:
        if item.in_force:
            click.echo(f"  {item.check}: {item.result} ({item.by})")
    for check in found.open_checks:
        click.echo(f"  {check}: -")
    for comment in found.comments:
        click.echo(f"  {comment.at:%Y-%m-%d %H:%M} {comment.by}: {comment.text}")


@review.command("approve")
@click.argument("draft")
@_name
@click.option("--digest", help="Approve only if this is the draft's digest.")
@click.option("--check", "checks", multiple=True, help="A check to sign. Default: all that nobody has signed.")
@click.option("--publish-at", help="The time of publication, such as 2026-12-31T09:00.")
def approve_draft(draft: str, name: str, digest: str | None, checks: tuple[str, ...], publish_at: str | None) -> None:
    """Sign the checks of DRAFT and approve it."""
    from opendata.domain.review.checklist import Check
    from opendata.services.core.review_values import Signature

    unknown = [check for check in checks if check not in list(Check)]
    if unknown:
        raise click.BadParameter(", ".join(unknown), param_hint="--check")
    signatures = [Signature(check=Check(check)) for check in checks] if checks else None
    with open_services() as services:
        actor = services.accounts.get_actor(name)
        found = services.drafts.approve(actor, draft, digest=digest, signatures=signatures, publish_at=publish_at)
    write_note(say(N_("Approved %(draft)s (%(digest)s)."), draft=found.id, digest=found.digest or ""))


@review.command("return")
@click.argument("draft")
@_name
@click.option("--comment", required=True, help="What is wrong. The author sees it.")
def return_draft(draft: str, name: str, comment: str) -> None:
    """Return DRAFT to its author."""
    with open_services() as services:
        services.drafts.return_(services.accounts.get_actor(name), draft, comment)
    write_note(say(N_("Returned %(draft)s to its author."), draft=draft))


def _describe_waiting(item: WaitingDraft) -> dict[str, Any]:
    return {**_describe(item.draft), "routine": item.is_routine, "own": item.is_own}


def _describe(draft: DraftView) -> dict[str, Any]:
    return {
        "draft": draft.id,
        "dataset": draft.dataset,
        "status": str(draft.status),
        "version": draft.next.version if draft.next else draft.version,
        "digest": draft.digest,
        "submitter": draft.submitter,
        "approver": draft.approver,
        "openChecks": list(draft.open_checks),
        "checks": [
            {"check": item.check, "result": item.result, "by": item.by, "at": item.at, "inForce": item.in_force}
            for item in draft.checks
        ],
        "privacy": _describe_personal(draft),
        "comments": [{"kind": item.kind, "by": item.by, "at": item.at, "text": item.text} for item in draft.comments],
    }


def _describe_personal(draft: DraftView) -> dict[str, Any]:
    """What a reviewer must judge about personal data."""
    from opendata.services.privacy.texts import list_unread
    from opendata.services.review.reviews import list_personal_columns

    return {
        "columns": [
            {
                "resource": item.table,
                "field": item.field,
                "findings": list(item.findings),
                "decision": item.decision,
                "undecided": item.is_open,
            }
            for item in list_personal_columns(draft)
        ],
        "texts": list(draft.text_findings),
        "risks": [{"resource": item.name, **item.risk} for item in draft.tables if item.risk],
        "unread": [
            {"resource": item.name, "filename": item.filename, "why": item.unread} for item in list_unread(draft)
        ],
    }


def _say_personal(draft: DraftView) -> Iterator[str]:
    """The same in words, a line each."""
    from opendata.domain.privacy import Kind
    from opendata.services.privacy.texts import list_unread
    from opendata.services.review.reviews import list_personal_columns
    from opendata.wording.privacy import KINDS, say_decision, say_risk, say_text_place, say_unread

    voice = choose_voice()
    for column in list_personal_columns(draft):
        kinds = voice.separator.join(
            f"{voice.translate(KINDS[Kind(item['kind'])])} ({item['count']})" for item in column.findings
        )
        parts = [say_decision(voice, column.decision)] if column.decision else []
        parts += [say(N_("needs a decision"))] if column.is_open else []
        yield f"{column.table}.{column.field}: {kinds} · {' · '.join(parts)}"
    for text in draft.text_findings:
        asked = f" · {say(N_('needs a reason'))}" if text["needsReason"] else ""
        yield f"{say_text_place(voice, text)}: {voice.translate(KINDS[Kind(text['kind'])])} ({text['count']}){asked}"
    for table in draft.tables:
        if table.risk:
            yield f"{table.name}: {say_risk(voice, table.risk)}"
    for item in list_unread(draft):
        asked = say(N_("somebody must have looked at this file"))
        yield f"{item.filename}: {say_unread(voice, item.unread)} · {asked}"
