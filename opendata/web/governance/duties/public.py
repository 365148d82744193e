"""What the public sees of clocks: done on time, the rules, the working calendar; and the private feed of an account."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from opendata.domain.clocks.years import write_year_csv
from opendata.errors import InputError
from opendata.metadata.atom import MEDIA_TYPE, Entry, Feed, Link, write_feed
from opendata.metering import cost_class
from opendata.problems import status_of
from opendata.sending.content import describe_bytes, send
from opendata.services.core.paging import cut_page
from opendata.services.core.values import Page
from opendata.services.governance.duties.reporting import OnTimeRow
from opendata.web.catalogue.feeds import NEVER
from opendata.web.core.instance import absolute_url, services
from opendata.web.core.languages import TAGS, choose_language, speak
from opendata.web.governance.duties.words import HELPERS, say_about, say_day, say_message, say_title
from opendata.wording.governance.duties import PERIOD_NAMES, TRIGGER_NAMES

blueprint = Blueprint("on_time", __name__)
feeds = Blueprint("duty_feeds", __name__)

_CSV = "text/csv"
_MANY = 1000
_PAGE = 200
_FILTERS = ("since", "until", "publisher")


@blueprint.get("/disclosure/on-time")
@cost_class("light")
def show_on_time() -> str | tuple[str, int]:
    """How much of what was due was done in time, by month and publisher."""
    page: Page[OnTimeRow] = Page([])
    message, status = "", 200
    try:
        page = cut_page(_list_rows(), _name_row, limit=_PAGE, cursor=request.args.get("cursor") or None)
    except InputError as error:
        message, status = say_message(error), status_of(error)
    text = render_template(
        "governance/duties/on_time.html",
        page=page,
        values={name: text for name in _FILTERS if (text := request.args.get(name, "").strip())},
        message=message,
        publishers=services().publishers.list(limit=_MANY).items,
        **HELPERS,
    )
    return text if status == 200 else (text, status)


@blueprint.get("/disclosure/on-time.csv")
@cost_class("light")
def send_on_time() -> AnyResponse:
    """The same as a CSV file."""
    text = "".join(services().duty_reports.write_on_time(list(_list_rows())))
    return _send_csv(text, "on-time.csv")


@blueprint.get("/disclosure/on-time.json")
@cost_class("light")
def send_on_time_json() -> AnyResponse:
    """The same as JSON."""
    items = [
        {
            "publisher": row.publisher.id,
            "title": row.publisher.title,
            "month": row.month,
            "due": row.tally.due,
            "inTime": row.tally.kept,
            "missed": row.tally.missed,
            "rate": row.tally.rate,
        }
        for row in _list_rows()
    ]
    return jsonify({"items": items})


@blueprint.get("/disclosure/limits")
def list_rules() -> str:
    """The rules, and the duties that no clock can count."""
    return render_template(
        "governance/duties/public_rules.html",
        rules=[view for view in services().duty_rules.list() if not view.is_off],
        others=services().duty_rules.list_not_computed(),
        triggers=TRIGGER_NAMES,
        periods=PERIOD_NAMES,
        **HELPERS,
    )


@blueprint.get("/disclosure/calendar")
def show_calendar() -> str:
    """The years of the working calendar."""
    return render_template(
        "governance/duties/calendar.html",
        years=services().calendars.list(),
        missing=services().calendars.find_missing(),
        **HELPERS,
    )


@blueprint.get("/disclosure/calendar/<int:year>.csv")
def send_year(year: int) -> AnyResponse:
    """What differs from the week in a year."""
    return _send_csv(write_year_csv(services().calendars.get(year).days), f"calendar-{year}.csv")


@feeds.get("/duties/feed/<text>.atom")
def send_feed(text: str) -> AnyResponse:
    """What is due for an account: the secret in the address is all that is asked for."""
    found = services().duty_feeds.read(text)
    language = found.language or choose_language()
    with speak(language):
        entries = [
            Entry(
                id=absolute_url(url_for("duties.show_duty", duty=item.id)),
                title=gettext("%(title)s: due on %(day)s", title=say_title(item), day=say_day(item.due)),
                author=item.publisher.title,
                published=item.created,
                updated=item.changed,
                paragraphs=[line for line in (say_about(item), item.publisher.title) if line],
                links=[Link("alternate", absolute_url(url_for("duties.show_duty", duty=item.id)), "text/html")],
            )
            for item in found.items
        ]
        title = gettext("What is due for %(name)s", name=found.name)
    feed = Feed(
        id=absolute_url(url_for("duties.list_duties")) + f"#{found.name}",
        title=title,
        author=services().settings.title or gettext("Open Data Portal"),
        updated=max([item.changed for item in found.items], default=NEVER),
        language=TAGS.get(language, language),
        links=(Link("alternate", absolute_url(url_for("duties.list_duties")), "text/html"),),
        entries=entries,
    )
    return send(describe_bytes(write_feed(feed), MEDIA_TYPE, "private, no-store"))


def _list_rows() -> list[OnTimeRow]:
    values = {name: request.args.get(name, "").strip() for name in _FILTERS}
    return list(services().duty_reports.list_on_time(**values))


def _name_row(row: OnTimeRow) -> str:
    return f"{row.month} {row.publisher.id}"


def _send_csv(text: str, name: str) -> Response:
    headers = {"Content-Disposition": f"attachment; filename={name}", "Cache-Control": "no-cache"}
    return Response(text, mimetype=_CSV, headers=headers)
