"""`opendata drill`: a restore that is tried, measured, and leaves nothing."""

from __future__ import annotations

import dataclasses
import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from opendata.cli.core.counts import count_datasets, count_files, count_rows, count_versions
from opendata.cli.core.failures import DEBUG, NOT_PASSED
from opendata.cli.core.language import say, say_error
from opendata.cli.core.output import show_progress, write_json, write_table
from opendata.cli.operations.stores import list_closed, list_ends
from opendata.errors import N_, IntegrityError

if TYPE_CHECKING:
    from opendata.services.operations.drills import Drilled
    from opendata.services.operations.verification.verifying import Evidence
    from opendata.settings import Settings
    from opendata.wiring import Services

_BAR = {"copy": (0.0, 0.45), "verify": (0.5, 0.6), "fsck": (0.6, 0.95), "pages": (0.95, 1.0)}
"""Where on the progress bar the parts begin and end."""

NO_ANSWER = N_("the restored portal doesn't show this page")


@click.command(short_help="Try a restore and measure it.")
@click.argument("source", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Where to restore it for the time of the drill.  [default: OPENDATA_HOME]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def drill(ctx: click.Context, source: Path, folder: Path | None, as_json: bool) -> None:
    """Restore the backup in SOURCE into a temporary folder, check it, measure each part, and delete the folder.

    The instance itself isn't touched and goes on serving. The database is restored into SQLite. The exit status is 1
    if something is wrong with the backup.
    """
    from opendata.services.operations.drills import open_scratch
    from opendata.settings import read_settings

    settings = read_settings()
    if not os.environ.get(DEBUG):
        logging.getLogger("opendata").addHandler(logging.NullHandler())
    with show_progress() as progress, open_scratch(folder or settings.home, source) as scratch:
        found = _run(source, settings, scratch, progress.report)
    if as_json:
        write_json(found.describe())
    else:
        _summarise(found, settings)
    if found.findings:
        ctx.exit(NOT_PASSED)


def _run(source: Path, ours: Settings, scratch: Path, report: Callable[[float, str], object]) -> Drilled:
    """Restore a backup into a folder as `restore` does, check it, and read pages from it."""
    from opendata.services.operations.backups import LACKING, restore_backup
    from opendata.services.operations.drills import Drilled, check_key, list_missing
    from opendata.services.operations.verification.sources import StoreSource
    from opendata.services.operations.verification.verifying import Evidence, Trust, verify
    from opendata.storage.local import LocalStore
    from opendata.wiring import build_services

    def tell(part: str) -> Callable[[float], object]:
        start, end = _BAR[part]
        return lambda done: report(start + (end - start) * done, part)

    found, settings = Drilled(), _isolate(ours, scratch)
    try:
        restored = restore_backup(source, settings, on_progress=tell("copy"))
    except IntegrityError as error:
        found.findings.append(Evidence(str(source), say_error(error)))
        return found
    except OSError as error:  # a disk that can't be read is what a drill is for
        found.findings.append(Evidence(str(error.filename or source), error.strerror or str(error)))
        return found
    found.restored = restored
    found.seconds = {"copy": restored.copy_seconds, "database": restored.database_seconds}
    store = LocalStore(settings.public_folder, writes=False)
    found.missing = list_missing(source, store, ours.key_folder)
    found.findings += [Evidence(name, LACKING) for name in restored.lacking]
    found.findings += [*restored.ends.wrong, *check_key(settings.key_folder, store)]
    versions = restored.rows.get("versions", 0)
    services = build_services(settings)
    try:
        with _timed(found, "verify"):
            services.withdrawals.place_all()
            if versions:
                number = iter(range(1, 1 << 62))
                bar = tell("verify")
                checked = verify(
                    StoreSource(store, str(settings.public_folder)),
                    Trust(),
                    files=False,
                    on_progress=lambda _: bar(min(1.0, next(number) / versions)),
                )
                found.findings += checked.findings
        with _timed(found, "fsck"):
            looked = services.checking.run(full=True, on_progress=tell("fsck"))
        found.findings += [Evidence(item.where, item.what) for item in looked.findings if not item.is_note]
        with _timed(found, "pages"):
            tell("pages")(0)
            found.findings += _read_pages(services)
            tell("pages")(1)
    finally:
        services.database.dispose()
    return found


def _isolate(ours: Settings, scratch: Path) -> Settings:
    """The settings of an instance in a folder that reaches nothing outside it: no database, queue or cache of ours."""
    return dataclasses.replace(
        ours,
        home=scratch,
        secret_key=secrets.token_hex(32),
        database_url="",
        store="",
        private_store="",
        derived="",
        queue_url="",
        purge_url="",
        base_url="",
        accel_prefix="",
    )


@contextmanager
def _timed(found: Drilled, part: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    found.seconds[part] = time.monotonic() - started


def _read_pages(services: Services) -> Sequence[Evidence]:
    """Ask the restored portal for its catalogue and for a dataset, in this process; what doesn't answer."""
    from opendata.app import create_app
    from opendata.services.operations.verification.verifying import Evidence

    client = create_app(services=services).test_client()
    listed = client.get("/api/v1/datasets?limit=1").get_json(silent=True) or {}
    paths = ["/", "/api/v1/datasets?limit=1", *(f"/datasets/{item['id']}" for item in listed.get("items", ()))]
    codes = {path: client.get(path).status_code for path in paths}
    return [Evidence(f"{path} ({code})", NO_ANSWER) for path, code in codes.items() if code != 200]


def _summarise(found: Drilled, settings: Settings) -> None:
    if found.restored is not None:
        restored = found.restored
        text = N_(
            "Restored the backup from %(created)s in %(seconds)s s: %(datasets)s, %(versions)s, %(rows)s, %(files)s"
            " (%(size)s MB)."
        )
        click.echo(
            say(
                text,
                created=restored.created,
                seconds=f"{found.total:.1f}",
                datasets=count_datasets(restored.rows.get("datasets", 0)),
                versions=count_versions(restored.rows.get("versions", 0)),
                rows=count_rows(sum(restored.rows.values())),
                files=count_files(restored.files),
                size=f"{restored.bytes / 1e6:.1f}",
            )
        )
        write_table([["part", "seconds"], *([name, f"{value:.2f}"] for name, value in found.seconds.items())])
        for item in found.missing:
            if item.found is not None:
                text = N_("The backup doesn't include %(name)s. It is in %(folder)s: keep a copy elsewhere.")
            else:
                text = N_("The backup doesn't include %(name)s, nor is it in %(folder)s. Find out where it is kept.")
            click.echo(say(text, name=item.name, folder=settings.key_folder))
        for line in (*list_ends(restored), *list_closed(restored, will=True)):
            click.echo(line)
    for finding in found.findings:
        click.echo(f"  {finding.where}: {say(finding.what)}")
    if not found.findings:
        click.echo(say(N_("No problems found.")))
