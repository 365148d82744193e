"""`opendata store`: stores in folders and buckets, asked whether they can be used, and copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from opendata.cli.core.counts import count_files
from opendata.cli.core.failures import NOT_PASSED
from opendata.cli.core.language import say, say_error
from opendata.cli.core.output import show_progress, write_json
from opendata.errors import N_, BackendError

if TYPE_CHECKING:
    from opendata.settings import Settings
    from opendata.storage.store import Lock, Store

_SAID = {
    True: N_("It refuses to replace a file."),
    False: N_("It can't refuse to replace a file, so the portal locks records in its database."),
}


@click.group(short_help="Check and copy stores.")
def store() -> None:
    """Check and copy stores, which are in folders or in buckets of an object store."""


@store.command(short_help="Ask the stores whether they can be used.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def check(ctx: click.Context, as_json: bool) -> None:
    """Ask both stores whether they can be read and written.

    The exit status is 1 if one of them can't.
    """
    from opendata.settings import read_settings
    from opendata.storage.opening import open_stores

    settings = read_settings()
    stores = open_stores(settings, _make_lock(settings))
    found = [_ask("public", stores.public), _ask("private", stores.private)]
    if as_json:
        write_json({"stores": [{key: value for key, value in item.items() if key != "said"} for item in found]})
    else:
        for item in found:
            click.echo(f"{item['store']}: {item['place']}")
            click.echo(f"    {item['said']}")
    if not all(item["usable"] for item in found):
        ctx.exit(NOT_PASSED)


@store.command("copy", short_help="Copy a store.")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--full", is_flag=True, help="Also read what is there already, and compare it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def copy(source: str, target: str, full: bool, as_json: bool) -> None:
    """Copy all files of a store that another lacks. FROM and TO are folders or addresses (s3://bucket/prefix).

    Each file is checked by its digest on the way. Manifests come last, so that an interrupted copy names nothing that
    it lacks. The next one goes on from there.
    """
    from dataclasses import asdict

    from opendata.settings import read_settings
    from opendata.storage.copying import copy_store
    from opendata.storage.opening import open_store

    settings = read_settings()
    lock = _make_lock(settings)
    one, other = open_store(source, settings, lock, writes=False), open_store(target, settings, lock)
    one.check()
    with show_progress() as progress:
        found = copy_store(one, other, full=full, on_progress=lambda done: progress.report(done, "copy"))
    if as_json:
        write_json(asdict(found))
        return
    text = N_("Copied %(new)s (%(size)s MB). %(kept)s were there already.")
    click.echo(say(text, new=count_files(found.files), size=f"{found.bytes / 1e6:.1f}", kept=count_files(found.kept)))


def _ask(name: str, store: Store) -> dict[str, object]:
    """What there is to say of a store."""
    from opendata.storage.objects.store import S3Store

    found: dict[str, object] = {"store": name, "usable": True}
    is_bucket = isinstance(store, S3Store)
    found["place"] = str(store.place) if isinstance(store, S3Store) else str(store.find_path(""))  # type: ignore[attr-defined]
    try:
        store.check()
        if isinstance(store, S3Store):
            found["conditional"] = store.is_conditional()
    except BackendError as error:
        return {**found, "usable": False, "fault": say_error(error), "said": say_error(error)}
    return {**found, "said": say(_SAID[bool(found["conditional"])]) if is_bucket else say(N_("It is a folder."))}


def _make_lock(settings: Settings) -> Lock:
    """Locks names on all machines of the instance."""
    from opendata.db.locks import Locks
    from opendata.db.session import Database

    return Locks(Database(settings.database), settings.home / "locks").hold
