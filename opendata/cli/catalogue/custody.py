"""`opendata withdraw`, `erratum`, `rename`, `rebuild`: what was published taken back, corrected, renamed, restored."""

from __future__ import annotations

import click

from opendata.cli.core.failures import NOT_PASSED
from opendata.cli.core.language import say
from opendata.cli.core.opening import open_services
from opendata.cli.core.output import show_progress, write_json, write_note
from opendata.errors import N_


@click.command(short_help="Take a version down.")
@click.argument("dataset")
@click.argument("version")
@click.option("--reason", required=True, help="Why; published with the tombstone.")
@click.option("--legal-basis", default="", help="The law that demands it; needed with --erase.")
@click.option("--successor", help="The version to use instead.")
@click.option("--erase", is_flag=True, help="Delete the bytes, from every version that is made of them.")
@click.option("--resource", "resources", multiple=True, help="Whose bytes are erased; else those of all.")
def withdraw(
    dataset: str,
    version: str,
    reason: str,
    legal_basis: str,
    successor: str | None,
    erase: bool,
    resources: tuple[str, ...],
) -> None:
    """Withdraw VERSION of DATASET permanently: its addresses answer 410 and say why."""
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
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


@click.command(short_help="Tell of a mistake in a version.")
@click.argument("dataset")
@click.argument("version")
@click.option("--text", required=True, help="What is wrong.")
@click.option("--successor", help="The version that corrects it.")
def erratum(dataset: str, version: str, text: str, successor: str | None) -> None:
    """Say what is wrong with VERSION of DATASET, which stands: its page and that of its successor show it."""
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        services.withdrawals.report_erratum(SYSTEM, dataset, version, text=text, successor=successor)
    write_note(
        say(N_("The pages of %(dataset)s %(version)s now show the correction."), dataset=dataset, version=version)
    )


@click.command(short_help="Give a dataset another id.")
@click.argument("dataset")
@click.argument("new")
def rename(dataset: str, new: str) -> None:
    """Give DATASET the id NEW; its old addresses keep leading to the new ones."""
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        services.renaming.rename(SYSTEM, dataset, new)
    write_note(say(N_("“%(old)s” is now called “%(new)s”."), old=dataset, new=new))


@click.command(short_help="Restore the catalogue from the store.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def rebuild(ctx: click.Context, as_json: bool) -> None:
    """Restore the published catalogue into an empty database, from the public store alone.

    A database that is gone is made. Accounts, drafts and the audit log are not in the store. A run that was
    interrupted can be started again. Exit status 1 where a record could not be restored.
    """
    from dataclasses import asdict

    with open_services(migrate=True) as services, show_progress() as progress:
        found = services.rebuilding.run(lambda done, total: progress.report(done / max(1, total), ""))
    if as_json:
        wrong = [{"key": key, "reason": reason} for key, reason in found.wrong]
        write_json({**asdict(found), "wrong": wrong})
    else:
        click.echo(
            say(
                N_("Restored %(datasets)s datasets with %(versions)s versions, %(withdrawn)s of them withdrawn."),
                datasets=found.datasets,
                versions=found.versions,
                withdrawn=found.withdrawn,
            )
        )
        for key, reason in found.wrong:
            click.echo(f"  {key}: {reason}")
    if found.wrong:
        ctx.exit(NOT_PASSED)
