"""`opendata upload`: files to a portal, from wherever they are, and the verdict back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from opendata.cli.core.failures import NOT_PASSED, Failure
from opendata.cli.core.language import say
from opendata.cli.core.output import Progress, show_progress, write_json
from opendata.domain.editions.modes import AUTO, Mode
from opendata.errors import N_, InvalidPackageError, UsageError


@click.command(short_help="Send files to a portal.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dataset", metavar="ID", required=True, help="The dataset that gets the files as its next version.")
@click.option("--url", metavar="URL", required=True, help="The portal, such as https://data.example.org.")
@click.option(
    "--token",
    metavar="TOKEN",
    envvar="OPENDATA_TOKEN",
    required=True,
    help="A token of the portal. Default: OPENDATA_TOKEN.",
)
@click.option(
    "--schema", metavar="FILE|NAME[@VERSION]", help="The tables' schema: a file, or a name in the portal's library."
)
@click.option("--notes", metavar="TEXT", default="", help="What changed, for reviewers and readers.")
@click.option("--submit", is_flag=True, help="Submit the draft if the check finds no error.")
@click.option("--reason", metavar="TEXT", help="Why the warnings can be accepted. For --submit.")
@click.option("--breaking", metavar="TEXT", help="Why a breaking change is necessary. For --submit.")
@click.option(
    "--mode",
    type=click.Choice([*Mode, AUTO]),
    help="What the rows are to the published table. Default: they replace the table of the file's name.",
)
@click.option("--no-rows", is_flag=True, help="The tables have no rows this time. Default: they can't be submitted.")
@click.option(
    "--patience",
    metavar="SECONDS",
    type=click.IntRange(0),
    default=300,
    show_default=True,
    help="How long to try again while the portal can't be reached.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the draft as the portal's JSON.")
@click.pass_context
def upload(
    ctx: click.Context,
    files: Sequence[Path],
    dataset: str,
    url: str,
    token: str,
    schema: str | None,
    notes: str,
    submit: bool,
    reason: str | None,
    breaking: str | None,
    mode: str | None,
    no_rows: bool,
    patience: int,
    as_json: bool,
) -> None:
    """Send each FILE to a portal as a table of one draft, wait for the check and print the result.

    If the connection drops, only the missing part is sent. After an interruption, run the same command again.
    """
    from opendata.cli.uploads.upload_client import Portal

    for path in files:
        if not path.is_file():
            raise UsageError(N_("There is no file “%(path)s”"), path=path)
    rules = _read_schema(schema) if schema else None
    portal = Portal(url, token, patience=patience)
    portal.require_dataset(dataset)
    with show_progress() as progress:
        given = {"schema": rules, "mode": mode, "noRows": no_rows or None}
        said = {name: value for name, value in given.items() if value is not None}
        draft = _send(portal, files, dataset, said, notes, progress)
        draft = portal.wait(draft["id"], progress.report)
        if submit and draft["status"] == "valid":
            texts = {"reason": reason, "breaking": breaking}
            draft = portal.submit(draft["id"], {name: text for name, text in texts.items() if text})
    if as_json:
        write_json(draft)
    else:
        _write_draft(draft)
    if draft["status"] == "invalid":
        ctx.exit(NOT_PASSED)
    if draft["status"] == "failed":
        raise Failure(say(N_("The portal couldn't check the files: %(reason)s"), reason=_describe(draft["error"])))


def _send(
    portal: Any, files: Sequence[Path], dataset: str, said: Mapping[str, Any], notes: str, progress: Progress
) -> dict[str, Any]:
    """Send the files one after the other and make a draft of them."""
    from opendata.cli.uploads.upload_memory import Memory, identify_file

    memory, references, before = Memory(), [], 0
    sizes = [path.stat().st_size for path in files]
    total = sum(sizes) or 1
    for path, size in zip(files, sizes, strict=True):

        def report_bytes(at: int, path: Path = path, before: int = before) -> None:
            progress.report((before + at) / total, path.name)

        references.append({"upload": portal.send_file(path, memory, report_bytes), **said})
        before += size
    draft: dict[str, Any] = portal.create_draft(dataset, {"uploads": references, "notes": notes})
    for path in files:
        memory.forget(identify_file(path, portal.url))
    return draft


def _write_draft(draft: Mapping[str, Any]) -> None:
    if draft["report"] is not None:
        from opendata.cli.core.summary import write_summary

        write_summary(draft["report"])
    version = draft["version"]
    click.echo(f"{draft['dataset']}{f' {version}' if version else ''}: {say(draft['status'])}  {draft['url']}")


def _describe(error: object) -> str:
    return str(error.get("detail", "")) if isinstance(error, Mapping) else ""


def _read_schema(given: str) -> object:
    """A schema's descriptor where a file is named (it has a suffix or a slash), else the name as it is."""
    name, _, _ = given.partition("@")
    if "/" not in given and not Path(name).suffix:
        return given
    from opendata.metadata.package import parse_document

    try:
        found = parse_document(Path(given).read_bytes(), given)
    except FileNotFoundError:
        raise UsageError(N_("There is no file “%(path)s”"), path=given) from None
    if not isinstance(found, Mapping):
        raise InvalidPackageError(N_("“%(path)s” doesn't contain a %(what)s"), path=given, what="schema")
    return found
