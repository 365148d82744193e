"""Annual reports on disclosure as everybody reads them, and their numbers as files."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from opendata.domain.reports.annual import Part
from opendata.metering import cost_class
from opendata.problems import choose_voice
from opendata.services.governance.reports.values import PublishedReport
from opendata.services.governance.reports.workbooks import write_cells, write_workbook
from opendata.web.core.instance import services
from opendata.web.core.languages import choose_language
from opendata.web.governance.basics.files import send_book, send_text
from opendata.web.governance.reports.tables import NAMES, show_tables
from opendata.web.governance.requests.showing import read_year

blueprint = Blueprint("published_reports", __name__, url_prefix="/disclosure/reports")

_ONE = "/<int:year>/<publisher>"


@blueprint.get("")
@cost_class("light")
def list_reports() -> str:
    """The published reports, the newest year first."""
    year, publisher = _read_filter()
    return render_template(
        "governance/reports/published.html",
        rows=services().annual_reports.list_published(year, publisher),
        everything=services().annual_reports.list_published(),
        year=year,
        publisher=publisher,
    )


@blueprint.get("/numbers.csv")
@cost_class("light")
def send_reports() -> Response:
    """All numbers of these reports, one a line."""
    year, publisher = _read_filter()
    reports = services().annual_reports
    rows = reports.list_published(year, publisher)
    found = [reports.get_published(row.year, row.publisher.id if row.publisher else "") for row in rows]
    return send_text("".join(write_cells(found)), "annual-reports.csv")


@blueprint.get("/<int:year>")
def show_whole(year: int) -> str:
    """The report on all publishers."""
    return _render(services().annual_reports.get_published(year))


@blueprint.get(_ONE)
def show_report(year: int, publisher: str) -> str:
    """A publisher's report."""
    return _render(services().annual_reports.get_published(year, publisher))


@blueprint.get("/<int:year>.<any('csv','xlsx'):suffix>")
@cost_class("light")
def send_whole(year: int, suffix: str) -> Response:
    """The tables of the report on all publishers as a file."""
    return _send(services().annual_reports.get_published(year), suffix)


@blueprint.get(f"{_ONE}.<any('csv','xlsx'):suffix>")
@cost_class("light")
def send_report(year: int, publisher: str, suffix: str) -> Response:
    """The tables of a publisher's report as a file."""
    return _send(services().annual_reports.get_published(year, publisher), suffix)


def _read_filter() -> tuple[int | None, str | None]:
    return read_year(request.args.get("year", "")), request.args.get("publisher") or None


def _render(found: PublishedReport) -> str:
    languages = _list_languages()
    return render_template(
        "governance/reports/report.html",
        found=found,
        names=NAMES,
        texts={part: found.text(part, languages) for part in Part},
        **show_tables(found.report),
    )


def _send(found: PublishedReport, suffix: str) -> Response:
    name = f"annual-report-{found.year}" + (f"-{found.publisher.id}" if found.publisher is not None else "")
    if suffix == "csv":
        return send_text("".join(write_cells([found])), f"{name}.csv")
    return send_book(write_workbook(found, choose_voice(), _list_languages()), f"{name}.xlsx")


def _list_languages() -> list[str]:
    """The reader's language, then those of the portal."""
    return [choose_language(), *services().settings.languages]
