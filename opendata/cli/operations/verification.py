"""`opendata verify`: what is published, checked from outside."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from opendata.cli.core.counts import count_datasets, count_files, count_versions
from opendata.cli.core.failures import NOT_PASSED
from opendata.cli.core.language import say
from opendata.cli.core.output import show_progress, write_json, write_note
from opendata.errors import N_, InputError, OpendataError

if TYPE_CHECKING:
    from opendata.metadata.keys import PublicKey
    from opendata.services.operations.verification.sources import Source
    from opendata.services.operations.verification.verifying import Verified


@click.command(short_help="Verify what a portal has published.")
@click.argument("target", metavar="URL_OR_FOLDER")
@click.option(
    "--key", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="A key you trust: PEM or JSON."
)
@click.option(
    "--remember",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file that keeps the keys and versions seen before.",
)
@click.option("--no-files", is_flag=True, help="Check manifests and signatures, not the files.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def verify(
    ctx: click.Context, target: str, key: Path | None, remember: Path | None, no_files: bool, as_json: bool
) -> None:
    """Check a portal, a dataset, a mirror, a store, a backup or an exported version.

    The keys and versions seen are kept. A later check names what was changed or removed since. The exit status is 1 if
    something is wrong.
    """
    from opendata.mirror.verifying import check_list, find_mirror
    from opendata.services.operations.verification.sources import open_source
    from opendata.services.operations.verification.verifying import Trust, verify
    from opendata.setting_values import is_bucket
    from opendata.settings import read_settings

    memory = remember or _find_memory()
    mirror = find_mirror(target, read_settings())
    source = mirror or (_open_bucket(target) if is_bucket(target) else open_source(target))
    known = _read_memory(memory)
    before: Mapping[str, Any] = known.get(source.name, {})
    trust = Trust(
        keys=_read_keys(key) if key else (), seen_keys=before.get("keys", ()), seen=before.get("versions", {})
    )
    with show_progress() as progress:
        found = verify(source, trust, files=not no_files, on_progress=lambda name: progress.report(0, name))
        found.listed = check_list(source, found, files=not no_files, on_progress=lambda key: progress.report(0, key))
    if not found.findings:
        seen = {**before.get("versions", {}), **found.heads}
        _write_memory(memory, {**known, source.name: {"keys": [item.id for item in found.keys], "versions": seen}})
    if as_json:
        write_json(_describe(found))
    else:
        _summarise(found)
        if not before and not key and not source.is_alone:
            write_note(
                say(
                    N_(
                        "This is the first check of this source. Its keys are trusted without proof and"
                        " remembered in %(file)s."
                    ),
                    file=memory,
                )
            )
    if found.findings:
        ctx.exit(NOT_PASSED)


def _open_bucket(place: str) -> Source:
    """The store in a bucket, into which nothing is written."""
    from opendata.services.operations.verification.sources import StoreSource
    from opendata.settings import read_settings
    from opendata.storage.opening import open_store

    store = open_store(place, read_settings(), lambda _: nullcontext(lambda: None))
    return StoreSource(store, place.rstrip("/"))


def _describe(found: Verified) -> dict[str, Any]:
    return {
        "datasets": found.datasets,
        "versions": found.versions,
        "withdrawn": found.withdrawn,
        "withheld": found.withheld,
        "files": found.files,
        "bytes": found.bytes,
        "records": found.records,
        "listed": found.listed,
        "keys": [item.describe() for item in found.keys],
        "claims": found.claims,
        "valid": not found.findings,
        "findings": [{"where": item.where, "what": item.what} for item in found.findings],
    }


def _summarise(found: Verified) -> None:
    click.echo(
        say(
            N_("Checked %(datasets)s, %(versions)s (%(withdrawn)s withdrawn), %(files)s (%(size)s MB)."),
            datasets=count_datasets(found.datasets),
            versions=count_versions(found.versions),
            withdrawn=found.withdrawn,
            files=count_files(found.files),
            size=f"{found.bytes / 1e6:.1f}",
        )
    )
    if found.withheld:
        click.echo(
            "  " + say(N_("versions not checked because their files aren't public: %(count)s"), count=found.withheld)
        )
    if found.records:
        click.echo("  " + say(N_("signed records beside the versions: %(count)s"), count=found.records))
    if found.listed:
        click.echo("  " + say(N_("files in the signed list of the mirror: %(count)s"), count=found.listed))
    for identifier, count in found.claims.items():
        click.echo("  " + say(N_("versions signed by the key %(id)s: %(count)s"), count=count, id=identifier))
    for item in found.findings:
        click.echo(f"  {item.where}: {say(item.what)}")
    if not found.findings:
        click.echo(say(N_("No problems found.")))


def _read_keys(path: Path) -> Sequence[PublicKey]:
    """Trusted keys out of a PEM file or the JSON of a portal's keys. Raises `InputError`."""
    from datetime import UTC, datetime

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    from opendata.metadata.keys import PublicKey, make_key_id, read_key

    data = path.read_bytes()
    try:
        if data.lstrip().startswith(b"{"):
            return [read_key(item) for item in json.loads(data)["keys"]]
        key = load_pem_public_key(data)
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError
    except (ValueError, KeyError, TypeError, OpendataError):
        raise InputError(N_("“%(file)s” doesn't contain an Ed25519 key in PEM or JSON"), file=path) from None
    raw = key.public_bytes_raw()
    return [PublicKey(make_key_id(raw), raw, datetime.min.replace(tzinfo=UTC), None)]


def _find_memory() -> Path:
    """Where what was seen is kept, unless said otherwise (XDG Base Directory)."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "opendata" / "known-portals.json"


def _read_memory(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise InputError(N_("“%(file)s” isn't a record of earlier checks"), file=path)
    return found


def _write_memory(path: Path, known: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(known, indent=1), encoding="utf-8")
    temporary.replace(path)
