"""`opendata mirror`: the public portal as plain files."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import click

from opendata.cli.core.failures import NOT_PASSED
from opendata.cli.core.language import say
from opendata.cli.core.opening import open_services
from opendata.cli.core.output import show_progress, write_json, write_note
from opendata.errors import N_

_SCRIPTS = Path(__file__).resolve().parents[3] / "clients" / "mirror" / "node_modules"


@click.command(short_help="Write the public portal as plain files.")
@click.argument("target", metavar="FOLDER_OR_BUCKET")
@click.option("--url", default="", help="The address of the live portal.  [default: OPENDATA_BASE_URL]")
@click.option("--processes", type=click.IntRange(1, 64), default=2, show_default=True, help="Write with so many.")
@click.option("--again", is_flag=True, help="Look at everything again, not only at what has changed.")
@click.option(
    "--scripts",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="The node_modules folder with hyparquet and fzstd, which read further rows in the browser.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def mirror(
    ctx: click.Context, target: str, url: str, processes: int, again: bool, scripts: Path | None, as_json: bool
) -> None:
    """Write the whole public portal into a folder that any web server can send, or below a prefix of a bucket.

    The next run writes only what has changed. What was withdrawn, stopped or closed is deleted first. The exit status
    is 1 if something couldn't be written.
    """
    from opendata.mirror.running import Mirroring
    from opendata.setting_values import parse_address

    with open_services() as services, show_progress() as progress:
        if url:
            settings = replace(services.settings, base_url=str(parse_address("--url", "", url)))
            services = replace(services, settings=settings)
        found = Mirroring(
            services,
            target,
            processes=processes,
            again=again,
            scripts=scripts or (_SCRIPTS if _SCRIPTS.is_dir() else None),
            on_progress=progress.report,
        ).run()
    if not found.has_scripts:
        write_note(
            say(
                N_(
                    "The pages of tables have their first rows only: what reads Parquet in a browser isn't installed."
                    " Run “npm ci --prefix %(folder)s” and this command again."
                ),
                folder=_SCRIPTS.parent,
            )
        )
    if as_json:
        write_json(asdict(found))
    else:
        click.echo(
            say(
                N_("Datasets written: %(datasets)s. Files written: %(written)s (%(size)s MB), deleted: %(deleted)s."),
                datasets=found.datasets,
                written=found.written,
                size=f"{found.written_bytes / 1e6:.1f}",
                deleted=found.deleted,
            )
        )
        click.echo(
            say(N_("The mirror has %(files)s files (%(size)s MB)."), files=found.files, size=f"{found.bytes / 1e6:.1f}")
        )
        for failure in found.failures:
            click.echo(f"  {failure}")
    if found.failures:
        ctx.exit(NOT_PASSED)
