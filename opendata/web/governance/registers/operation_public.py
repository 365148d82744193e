"""Disclosures of authorised operation as everybody reads them, and their tables as files."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from opendata.metering import cost_class
from opendata.problems import choose_voice
from opendata.services.governance.registers.operation import PublishedOperation
from opendata.services.governance.registers.operation_sheets import write_book, write_cells
from opendata.web.core.instance import services
from opendata.web.governance.basics.files import send_book, send_text
from opendata.web.governance.registers.operation import WORDS
from opendata.web.governance.requests.showing import read_year

blueprint = Blueprint("published_operation", __name__, url_prefix="/disclosure/operation")

_ONE = "/<int:year>/<publisher>"


@blueprint.get("")
@cost_class("light")
def list_reports() -> str:
    """The published disclosures, the newest year first."""
    return render_template("governance/registers/operation_published.html", rows=_list())


@blueprint.get("/cells.csv")
@cost_class("light")
def send_reports() -> Response:
    """All cells of these disclosures, one a line."""
    return send_text("".join(write_cells(_list())), "authorised-operation.csv")


@blueprint.get(_ONE)
def show_report(year: int, publisher: str) -> str:
    """A publisher's disclosure."""
    found = services().operation_reports.get_published(year, publisher)
    datasets = {row["dataset"] for part in found.tables.parts for row in found.tables.list(part) if row.get("dataset")}
    known = {item.id for item in services().entries.get_many(sorted(datasets))}
    return render_template("governance/registers/operation_report.html", found=found, known=known, **WORDS)


@blueprint.get(f"{_ONE}.<any('csv','xlsx'):suffix>")
@cost_class("light")
def send_report(year: int, publisher: str, suffix: str) -> Response:
    """The tables of a disclosure as a file."""
    found = services().operation_reports.get_published(year, publisher)
    name = f"authorised-operation-{year}-{publisher}"
    if suffix == "csv":
        return send_text("".join(write_cells([found])), f"{name}.csv")
    return send_book(write_book(found.tables, found.tables.parts, choose_voice()), f"{name}.xlsx")


def _list() -> list[PublishedOperation]:
    publisher = request.args.get("publisher") or None
    return list(services().operation_reports.list_published(read_year(request.args.get("year", "")), publisher))
