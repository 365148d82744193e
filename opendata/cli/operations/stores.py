"""`opendata fsck`, `gc`, `backup`, `restore`: the stores checked, tidied, copied and brought back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from opendata.cli.core.counts import (
    count_files,
    count_grants,
    count_invitations,
    count_records,
    count_rows,
    count_tokens,
    count_versions,
)
from opendata.cli.core.failures import NOT_PASSED
from opendata.cli.core.language import ngettext, say
from opendata.cli.core.opening import open_services
from opendata.cli.core.output import show_progress, write_json, write_note
from opendata.errors import N_

if TYPE_CHECKING:
    from opendata.services.operations.backups import Restored


@click.command(short_help="Check the stores for damage.")
@click.option(
    "--rate", type=click.IntRange(0), default=0, help="Read at most this many MB a second.  [default: no limit]"
)
@click.option("--full", is_flag=True, help="Start again from the beginning, even if a check was interrupted.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def fsck(ctx: click.Context, rate: int, full: bool, as_json: bool) -> None:
    """Hash every file again, check every signature, and compare the store with the database.

    A damaged file is no longer served until it is whole again. An interrupted check is resumed where it stopped. The
    exit status is 1 if something is wrong.
    """
    from opendata.services.operations.checking import describe

    with open_services() as services, show_progress() as progress:
        found = services.checking.run(
            rate=rate * 10**6, full=full, on_progress=lambda done: progress.report(done, "fsck")
        )
    if as_json:
        write_json(describe(found))
    else:
        click.echo(
            say(
                N_("Checked %(records)s, %(versions)s, %(files)s (%(size)s MB)."),
                records=count_records(found.records),
                versions=count_versions(found.versions),
                files=count_files(found.blobs),
                size=f"{found.bytes / 1e6:.1f}",
            )
        )
        for item in found.findings:
            click.echo(f"  {item.where}: {say(item.what)}")
        if found.is_sound:
            click.echo(say(N_("No problems found.")))
    if not found.is_sound:
        ctx.exit(NOT_PASSED)


@click.command(short_help="Delete files that nothing needs.")
@click.option("--dry-run", is_flag=True, help="Only show what would be deleted.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def gc(dry_run: bool, as_json: bool) -> None:
    """Delete the files that no version, draft, upload or record needs. Safe while people work."""
    from dataclasses import asdict

    with open_services() as services:
        found = services.collecting.run(dry=dry_run)
    if as_json:
        write_json(asdict(found))
        return
    message = (
        N_("Would remove %(public)s public and %(private)s private files (%(size)s MB).")
        if dry_run
        else N_("Removed %(public)s public and %(private)s private files (%(size)s MB).")
    )
    click.echo(say(message, public=found.public, private=found.private, size=f"{found.bytes / 1e6:.1f}"))


@click.command(short_help="Copy the instance into a folder.")
@click.argument("dest", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--with-keys", is_flag=True, help="Also copy the folder of the keys. Then protect the backup like the keys."
)
def backup(dest: Path, with_keys: bool) -> None:
    """Bring the backup in the folder DEST up to date. Only new files are copied. Safe while people work."""
    with open_services() as services, show_progress() as progress:
        folder = services.settings.key_folder
        found = services.backups.write(
            dest, with_keys=with_keys, on_progress=lambda done: progress.report(done, "backup")
        )
    click.echo(
        say(
            N_("The backup has %(files)s and %(rows)s. New since the last backup: %(new)s (%(size)s MB)."),
            files=count_files(found.files),
            rows=count_rows(found.rows),
            new=count_files(found.new_files),
            size=f"{found.new_bytes / 1e6:.1f}",
        )
    )
    if not with_keys:
        write_note(say(N_("The backup doesn't include the keys. Keep a copy of %(folder)s elsewhere."), folder=folder))


@click.command(short_help="Create an instance from a backup.")
@click.argument("source", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option(
    "--ends",
    "newer",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A newer copy of the public store. What has ended by its records ends here too.",
)
@click.option(
    "--keep-tokens",
    is_flag=True,
    help="Nothing was revoked since the backup: keep tokens, sessions and invitations.",
)
@click.option(
    "--end-passwords",
    is_flag=True,
    help="An account may have been closed or a password changed since the backup: end all passwords too.",
)
@click.pass_context
def restore(ctx: click.Context, source: Path, newer: Path | None, keep_tokens: bool, end_passwords: bool) -> None:
    """Create an instance in OPENDATA_HOME from the backup in SOURCE, and check that it is complete.

    OPENDATA_HOME must be empty. The backup doesn't know what was revoked after it was made. So all tokens, sessions and
    invitations end, and with --end-passwords all passwords.
    """
    from opendata.services.core.instance import is_instance
    from opendata.services.operations.backups import LACKING, restore_backup
    from opendata.services.privacy.pseudonyms import SECRET_FILE
    from opendata.settings import read_settings
    from opendata.storage.secrets import SECRET_FILE as SOURCE_FILE
    from opendata.storage.signing import KEY_FILE
    from opendata.wiring import build_services

    settings = read_settings()
    with show_progress() as progress:
        restored = restore_backup(
            source,
            settings,
            keep_tokens=keep_tokens,
            end_passwords=end_passwords,
            newer=newer,
            on_progress=lambda done: progress.report(done, "restore"),
        )
    services = build_services(read_settings())
    try:
        services.withdrawals.place_all()
        found = services.checking.run(full=True)
    finally:
        services.database.dispose()
    click.echo(
        say(
            N_("Restored the backup from %(created)s: %(versions)s, %(files)s."),
            created=restored.created,
            versions=count_versions(found.versions),
            files=count_files(found.blobs),
        )
    )
    for line in (*list_ends(restored), *list_closed(restored)):
        click.echo(line)
    if newer is None:
        text = N_(
            "What ended after %(created)s isn't in the backup: end those grants and stop or withdraw those versions"
            " again, or restore with --ends."
        )
        write_note(say(text, created=restored.created))
    if not is_instance(settings):
        write_note(
            say(
                N_(
                    "The backup has no keys. Put those of the instance back into %(folder)s: %(key)s and, if there were"
                    " such files, %(pseudonyms)s and %(sources)s. Then run “opendata init”."
                ),
                folder=settings.key_folder,
                key=KEY_FILE,
                pseudonyms=SECRET_FILE,
                sources=SOURCE_FILE,
            )
        )
    named = {item.where for item in found.findings}
    problems = [(name, LACKING) for name in restored.lacking]
    problems += [(item.where, item.what) for item in restored.ends.wrong if item.where not in named]
    for where, what in (*problems, *((item.where, item.what) for item in found.findings)):
        click.echo(f"  {where}: {say(what)}")
    if problems or not found.is_sound:
        ctx.exit(NOT_PASSED)


def list_ends(restored: Restored) -> Iterator[str]:
    """What records of the store that are newer than the database have ended, in sentences."""
    ends = restored.ends
    if any((ends.grants, ends.stopped, ends.released, ends.withdrawn)):
        text = N_(
            "Ended since, by signed records: %(grants)s. Versions: %(stopped)s stopped, %(released)s made public"
            " again, %(withdrawn)s withdrawn."
        )
        yield say(
            text,
            grants=count_grants(ends.grants),
            stopped=ends.stopped,
            released=ends.released,
            withdrawn=ends.withdrawn,
        )


def list_closed(restored: Restored, *, will: bool = False) -> Iterator[str]:
    """What was ended because it may have been revoked since, and how to make it again; `will`: by a real restore."""
    closed = restored.closed
    if closed.sessions:
        text = N_(
            "Ended %(tokens)s, %(invitations)s and all sessions. Make new ones with “opendata token"
            " create” and “opendata grant give”."
        )
        if will:
            text = N_(
                "A restore ends %(tokens)s, %(invitations)s and all sessions, unless --keep-tokens"
                " says that nothing was revoked since."
            )
        yield say(text, tokens=count_tokens(closed.tokens), invitations=count_invitations(closed.invitations))
    if closed.passwords:
        yield ngettext(
            "%(num)s account needs a new password before anybody can sign in to it. Give it one with “opendata user"
            " password NAME”.",
            "%(num)s accounts need a new password before anybody can sign in to them. Give them one with “opendata user"
            " password NAME”.",
            closed.passwords,
        )
    else:
        yield say(
            N_(
                "Accounts and passwords are those of the backup. Close the accounts again that were closed since, or"
                " restore with --end-passwords."
            )
        )
