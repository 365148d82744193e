"""The gallery of re-uses: shown, sent without an account, and as a feed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.domain.site.calls import CallState
from opendata.domain.site.kinds import PageKind
from opendata.errors import InputError, InvalidMetadataError, OpendataError, StateError, WaitError
from opendata.metadata.atom import MEDIA_TYPE, Entry, Feed, Link, write_feed
from opendata.problems import choose_voice, status_of
from opendata.sending.content import describe_bytes, send
from opendata.services.governance.site.values import ReuseView
from opendata.web.catalogue.feeds import NEVER
from opendata.web.core.instance import absolute_url, rest_path, services
from opendata.web.core.languages import PARAMETER, TAGS, choose_language, say_plain, vary_by_reader
from opendata.web.core.security import limit_form, protect_forms
from opendata.web.core.skin.identity import name_portal
from opendata.web.governance.site.person import STAMP, TRAP, make_stamp, require_person

blueprint = Blueprint("site_reuses", __name__)
blueprint.before_request(limit_form)
blueprint.before_request(protect_forms)

PAGE_SIZE = 30
_FEED_SIZE = 100

Answer = Response | str | tuple[str, int] | tuple[str, int, dict[str, str]]


@blueprint.get("/reuses")
def list_reuses() -> str:
    """What people made of the data, the newest first."""
    dataset, cursor = request.args.get("dataset") or None, request.args.get("cursor") or None
    page = services().reuses.list(dataset=dataset, cursor=cursor, limit=PAGE_SIZE)
    return render_template("governance/site/reuses.html", page=page, dataset=dataset)


@blueprint.get("/reuses/<reuse>")
def show_reuse(reuse: str) -> str:
    """One of them; if its link is dead, the page says so."""
    return render_template("governance/site/reuse.html", reuse=services().reuses.get(g.actor, reuse))


@blueprint.get("/reuses.json")
def lead_to_rest() -> Response:
    """The REST document."""
    response = redirect(rest_path("reuses"), 302)
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@blueprint.get("/reuses.atom")
def send_feed() -> Response:
    """The gallery as a feed."""
    items = services().reuses.list(limit=_FEED_SIZE).items
    wanted: dict[str, Any] = {PARAMETER: request.args.get(PARAMETER)}
    own = absolute_url(url_for("site_reuses.send_feed", **wanted))
    page = absolute_url(url_for("site_reuses.list_reuses"))
    feed = Feed(
        id=absolute_url(url_for("site_reuses.send_feed")),
        title=gettext("Re-uses of the data"),
        author=name_portal(),
        updated=max([NEVER, *(item.modified for item in items)]),
        language=TAGS[choose_language()],
        links=(Link("alternate", page, "text/html"), Link("self", own, MEDIA_TYPE)),
        entries=list(_list_entries(items)),
    )
    response = send(describe_bytes(write_feed(feed), MEDIA_TYPE, "no-cache"))
    vary_by_reader(response)
    return response


@blueprint.get("/reuses/new")
def show_form() -> str:
    """The form, for everybody."""
    wanted = {name: request.args.get(name, "") for name in ("call", "dataset")}
    return _render({"call": wanted["call"], "datasets": wanted["dataset"]}, None)


@blueprint.post("/reuses/new")
def send_reuse() -> Answer:
    """Take a re-use; a maintainer decides."""
    values = request.form.to_dict()
    try:
        require_person()
        services().reuses.submit(request.remote_addr or "", read_values(values))
    except WaitError as error:
        return _render(values, error), status_of(error), {"Retry-After": str(error.seconds)}
    except (InvalidMetadataError, StateError, InputError) as error:
        return _render(values, error), status_of(error)
    return redirect(url_for("site_reuses.show_thanks"), 303)


@blueprint.get("/reuses/thanks")
def show_thanks() -> str:
    """What happens now."""
    return render_template("governance/site/thanks.html")


def read_values(values: dict[str, str]) -> dict[str, Any]:
    """A form as the service takes it."""
    names = [name for line in values.get("datasets", "").splitlines() if (name := _read_dataset(line))]
    texts = {name: values.get(name, "") for name in ("title", "description", "url", "author", "contact", "call")}
    return {**texts, "datasets": names}


def _read_dataset(line: str) -> str:
    """The id of a dataset: people paste its address as well."""
    text = line.strip()
    _, found, rest = text.partition("/datasets/")
    return rest.partition("/")[0].partition("?")[0] if found else text


def _render(values: dict[str, str], error: OpendataError | None) -> str:
    calls = [page for page in services().pages.list(None, PageKind.CALL) if page.state == CallState.OPEN]
    voice = choose_voice()
    errors: dict[str, list[str]] = {}
    for item in error.faults if error else ():
        errors.setdefault(item.pointer.strip("/").partition("/")[0], []).append(voice.say_fault(item))
    return render_template(
        "governance/site/reuse_form.html",
        values=values,
        errors=errors,
        message=voice.say_error(error) if error else "",
        calls=[("", gettext("no"))] + [(page.id, say_plain(page)) for page in calls],
        trap=TRAP,
        stamp_name=STAMP,
        stamp=make_stamp(),
    )


def _list_entries(items: Any) -> Iterator[Entry]:
    for item in items:
        yield Entry(
            id=absolute_url(url_for("site_reuses.show_reuse", reuse=item.id)),
            title=item.title,
            author=item.author,
            published=item.decided or item.created,
            updated=item.modified,
            paragraphs=list(_list_paragraphs(item)),
            links=(Link("alternate", absolute_url(url_for("site_reuses.show_reuse", reuse=item.id)), "text/html"),),
        )


def _list_paragraphs(item: ReuseView) -> Iterator[str]:
    yield item.description
    yield item.url
    for dataset in item.datasets:
        yield absolute_url(url_for("catalogue.show_dataset", dataset=dataset["id"]))
