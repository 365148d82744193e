"""`opendata withdraw`, `erase-originals`, `erratum`, `rename`, `rebuild`: what was published or sent taken back."""

from __future__ import annotations

import click

from opendata.cli.core.counts import count_datasets, count_versions
from opendata.cli.core.failures import NOT_PASSED
from opendata.cli.core.language import say
from opendata.cli.core.opening import open_services
from opendata.cli.core.output import require_confirmation, show_progress, write_json, write_note
from opendata.errors import N_


@click.command(short_help="Withdraw a version.")
@click.argument("dataset")
@click.argument("version")
@click.option("--reason", required=True, help="The reason. It is published with the tombstone.")
@click.option("--legal-basis", default="", help="The law that requires it. Required with --erase.")
@click.option("--successor", help="The version to use instead.")
@click.option("--erase", is_flag=True, help="Delete the files' bytes, also from every other version that has them.")
@click.option("--resource", "resources", multiple=True, help="A resource to erase. Default: all of them.")
@click.option("--yes", is_flag=True, help="Don't ask for confirmation. Required where there is no terminal.")
def withdraw(
    dataset: str,
    version: str,
    reason: str,
    legal_basis: str,
    successor: str | None,
    erase: bool,
    resources: tuple[str, ...],
    yes: bool,
) -> None:
    """Withdraw VERSION of DATASET permanently. Its addresses then answer 410 with the reason.

    You are asked to confirm.
    """
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        if not yes:
            listed = services.versions.list(dataset)
            view = next((item for item in listed if item.version == version), None) or services.versions.get(
                dataset, version
            )
            text = N_(
                "Withdrawing version %(version)s of %(dataset)s can't be undone (rows: %(rows)s, tables and files:"
                " %(count)s)."
            )
            if erase:
                text = N_(
                    "Erasing version %(version)s of %(dataset)s can't be undone (rows: %(rows)s, tables and files:"
                    " %(count)s). Every version that has the same bytes is withdrawn with it."
                )
            what = say(text, version=version, dataset=dataset, rows=f"{view.rows:,}", count=view.resources)
            require_confirmation(what, say(N_("Withdraw it?")))
        taken = services.withdrawals.withdraw(
            SYSTEM,
            dataset,
            version,
            reason=reason,
            legal_basis=legal_basis,
            successor=successor,
            erase=erase,
            resources=resources,
        )
    for item in taken:
        write_note(say(N_("Withdrew %(dataset)s %(version)s."), dataset=item.dataset, version=item.version))


@click.command(short_help="Stop a version at once.")
@click.argument("dataset")
@click.argument("version")
@click.option("--reason", required=True, help="The reason. It is published.")
def suspend(dataset: str, version: str, reason: str) -> None:
    """Stop VERSION of DATASET. Its addresses then answer 410 with the reason, until you release or withdraw it."""
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        services.stops.suspend(SYSTEM, dataset, version, reason=reason)
    write_note(say(N_("Stopped %(dataset)s %(version)s."), dataset=dataset, version=version))


@click.command(short_help="Make a stopped version public again.")
@click.argument("dataset")
@click.argument("version")
@click.option("--reason", required=True, help="The reason. It is published.")
def release(dataset: str, version: str, reason: str) -> None:
    """Make VERSION of DATASET public again after a stop."""
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        services.stops.release(SYSTEM, dataset, version, reason=reason)
    write_note(say(N_("%(dataset)s %(version)s is public again."), dataset=dataset, version=version))


@click.command("erase-originals", short_help="Erase the files that were sent for a dataset.")
@click.argument("dataset")
@click.option("--yes", is_flag=True, help="Don't ask for confirmation. Required where there is no terminal.")
def erase_originals(dataset: str, yes: bool) -> None:
    """Erase the private files of DATASET's published and discarded drafts.

    What is published stays. The next backup loses the files too. You are asked to confirm.
    """
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        if not yes:
            text = N_("The files that were sent for %(dataset)s are deleted. This can't be undone.")
            require_confirmation(say(text, dataset=dataset), say(N_("Erase them?")))
        erased = services.originals.erase_all(SYSTEM, dataset)
    write_note(say(N_("Erased files: %(files)s (bytes: %(bytes)s)."), files=erased.files, bytes=f"{erased.bytes:,}"))


@click.command(short_help="Publish a correction note for a version.")
@click.argument("dataset")
@click.argument("version")
@click.option("--text", required=True, help="What is wrong.")
@click.option("--successor", help="The version that corrects it.")
def erratum(dataset: str, version: str, text: str, successor: str | None) -> None:
    """Publish a note on what is wrong with VERSION of DATASET.

    The version stays public. Its page and its successor's page show the note.
    """
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        services.withdrawals.report_erratum(SYSTEM, dataset, version, text=text, successor=successor)
    write_note(
        say(N_("The pages of %(dataset)s %(version)s now show the correction."), dataset=dataset, version=version)
    )


@click.command(short_help="Change a dataset's id.")
@click.argument("dataset")
@click.argument("new")
def rename(dataset: str, new: str) -> None:
    """Change the id of DATASET to NEW. Its old addresses redirect to the new ones."""
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        services.renaming.rename(SYSTEM, dataset, new)
    write_note(say(N_("“%(old)s” is now called “%(new)s”."), old=dataset, new=new))


@click.command(short_help="Restore the catalogue from the store.")
@click.option(
    "--processes", type=click.IntRange(1, 16), help="Read the store with so many; otherwise one for each processor."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def rebuild(ctx: click.Context, processes: int | None, as_json: bool) -> None:
    """Restore the published catalogue into an empty database. Only the public store is needed.

    A missing database is created. Accounts, drafts and the audit log aren't in the store. After an interruption, run
    it again. The exit status is 1 if a record can't be restored.
    """
    from dataclasses import asdict

    with open_services(migrate=True) as services, show_progress() as progress:
        found = services.rebuilding.run(
            lambda done, total: progress.report(done / max(1, total), ""), processes=processes or 0
        )
    if as_json:
        wrong = [{"key": key, "reason": reason} for key, reason in found.wrong]
        write_json({**asdict(found), "wrong": wrong})
    else:
        click.echo(
            say(
                N_("Restored %(datasets)s with %(versions)s, %(withdrawn)s of them withdrawn."),
                datasets=count_datasets(found.datasets),
                versions=count_versions(found.versions),
                withdrawn=found.withdrawn,
            )
        )
        if found.lists or found.plans:
            text = N_("Versions of the negative list: %(lists)s. Datasets on the opening plan: %(plans)s.")
            click.echo(say(text, lists=found.lists, plans=found.plans))
        if found.years:
            click.echo(say(N_("Calendars of years and reports of self-checks: %(years)s."), years=found.years))
        if found.basics or found.pages or found.reports:
            text = N_(
                "Versions of the basic catalogue: %(basics)s. Pages of the site: %(pages)s."
                " Published reports: %(reports)s."
            )
            click.echo(say(text, basics=found.basics, pages=found.pages, reports=found.reports))
        for key, reason in found.wrong:
            click.echo(f"  {key}: {reason}")
    if found.wrong:
        ctx.exit(NOT_PASSED)
