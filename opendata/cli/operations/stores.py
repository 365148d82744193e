"""`opendata fsck`, `gc`, `backup`, `restore`: the stores checked, tidied, copied and brought back."""

from __future__ import annotations

from pathlib import Path

import click

from opendata.cli.core.failures import NOT_PASSED
from opendata.cli.core.language import say
from opendata.cli.core.opening import open_services
from opendata.cli.core.output import show_progress, write_json, write_note
from opendata.errors import N_


@click.command(short_help="Look the stores over.")
@click.option(
    "--rate", type=click.IntRange(0), default=0, help="Read at most so many MB a second.  [default: no limit]"
)
@click.option("--full", is_flag=True, help="Begin anew, also where a look was broken off.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def fsck(ctx: click.Context, rate: int, full: bool, as_json: bool) -> None:
    """Hash every file again, check every signature, compare store and database. Exit status 1 where something is wrong.

    A file found damaged is not served from then on; one that is whole again is. A look that is broken off goes on
    where it was.
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
                N_("Checked %(records)s records, %(versions)s versions, %(blobs)s files (%(size)s MB)."),
                records=found.records,
                versions=found.versions,
                blobs=found.blobs,
                size=f"{found.bytes / 1e6:.1f}",
            )
        )
        for item in found.findings:
            click.echo(f"  {item.where}: {say(item.what)}")
        if found.is_sound:
            click.echo(say(N_("No problems found.")))
    if not found.is_sound:
        ctx.exit(NOT_PASSED)


@click.command(short_help="Remove what nothing needs.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be removed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def gc(dry_run: bool, as_json: bool) -> None:
    """Remove the files that no version, draft, upload or record needs. Safe while people work."""
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
@click.option("--with-keys", is_flag=True, help="Copy the private key as well; guard the folder like the key itself.")
def backup(dest: Path, with_keys: bool) -> None:
    """Bring the backup in the folder DEST up to date; only what is new is copied. Safe while people work."""
    with open_services() as services, show_progress() as progress:
        found = services.backups.write(
            dest, with_keys=with_keys, on_progress=lambda done: progress.report(done, "backup")
        )
    click.echo(
        say(
            N_("The backup has %(files)s files and %(rows)s rows. %(new)s files (%(size)s MB) are new."),
            files=found.files,
            rows=found.rows,
            new=found.new_files,
            size=f"{found.new_bytes / 1e6:.1f}",
        )
    )
    if not with_keys:
        write_note(say(N_("The backup doesn't include the private key. Keep a copy of the key elsewhere.")))


@click.command(short_help="Make an instance out of a backup.")
@click.argument("source", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.pass_context
def restore(ctx: click.Context, source: Path) -> None:
    """Make an instance in OPENDATA_HOME, which must be empty, out of the backup in SOURCE, and prove it whole."""
    from opendata.services.core.instance import is_instance
    from opendata.services.operations.backups import restore_backup
    from opendata.settings import read_settings
    from opendata.wiring import build_services

    settings = read_settings()
    with show_progress() as progress:
        described = restore_backup(source, settings, on_progress=lambda done: progress.report(done, "restore"))
    services = build_services(read_settings())
    try:
        found = services.checking.run(full=True)
    finally:
        services.database.dispose()
    click.echo(
        say(
            N_("Restored the backup from %(created)s: %(versions)s versions, %(blobs)s files."),
            created=described["created"],
            versions=found.versions,
            blobs=found.blobs,
        )
    )
    if not is_instance(settings):
        write_note(
            say(
                N_("The backup has no private key. Put the key back as %(file)s, then run “opendata init”."),
                file=settings.key_folder / "signing.key",
            )
        )
    for item in found.findings:
        click.echo(f"  {item.where}: {say(item.what)}")
    if not found.is_sound:
        ctx.exit(NOT_PASSED)
