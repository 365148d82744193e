"""`opendata duties`: what is due and what is overdue."""

from __future__ import annotations

import click

from opendata.cli.core.language import say
from opendata.cli.core.opening import open_services
from opendata.cli.core.output import write_json, write_note, write_table
from opendata.errors import N_


@click.command()
@click.option("--overdue", is_flag=True, help="Only what is overdue.")
@click.option("--publisher", default="", help="Only of this publisher.")
@click.option("--within", type=click.IntRange(0, 3660), help="Only what is due within so many days.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def duties(overdue: bool, publisher: str, within: int | None, as_json: bool) -> None:
    """List the duties that are still to be done, what is due first first."""
    from opendata.services.core.actors import SYSTEM
    from opendata.services.governance.duties.reading import DutyFilter
    from opendata.wording.governance.duties import pick_text

    wanted = DutyFilter(state="overdue" if overdue else "open", publisher=publisher, within=within)
    with open_services() as services:
        page = services.duties.list(SYSTEM, wanted, limit=500)
        items = [*page.items]
        while page.next is not None:
            page = services.duties.list(SYSTEM, wanted, cursor=page.next, limit=500)
            items.extend(page.items)
        missing = services.calendars.find_missing()
    if as_json:
        found = [
            {
                "id": item.id,
                "due": item.due,
                "state": str(item.state),
                "title": dict(item.title),
                "task": item.task,
                "publisher": item.publisher.id,
                "dataset": item.dataset.id if item.dataset else None,
                "period": item.period,
                "owner": item.owner,
                "unknownYear": item.unknown_year,
            }
            for item in items
        ]
        write_json({"items": found})
    elif items:
        rows = [
            [
                str(item.id),
                str(item.due or "-"),
                str(item.state),
                item.publisher.id,
                item.dataset.id if item.dataset else "-",
                f"{pick_text(item.title, 'en')} {item.period}".strip(),
            ]
            for item in items
        ]
        write_table([["number", "due", "state", "publisher", "dataset", "duty"], *rows])
    else:
        write_note(say(N_("Nothing is due.")))
    if missing is not None:
        write_note(say(N_("The working days of %(year)s aren't entered yet."), year=missing))
