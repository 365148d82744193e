"""Higher platforms that the catalogue is registered on: the list, the form, and what became of each record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response as Answered

from opendata.domain.moments import format_time
from opendata.domain.upward.platforms import PlatformKind, SendMethod
from opendata.domain.upward.records import RecordState
from opendata.errors import N_, InvalidMetadataError, OpendataError, PreconditionError, StateError
from opendata.metadata.properties.code_lists import find_codes
from opendata.problems import choose_voice, status_of
from opendata.services.core.actors import require_maintainer
from opendata.services.exchange.upward.records import describe_line
from opendata.services.exchange.upward.values import PlatformInput, PlatformView, RecordView
from opendata.tables.forms.csv_lines import write_csv_line
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.languages import choose_language
from opendata.web.core.numbers import read_number
from opendata.web.core.security import limit_form, protect_forms
from opendata.wording.governance.upward import PLATFORM_KINDS, RECORD_STATES

blueprint = Blueprint("higher_platforms", __name__, url_prefix="/workspace/higher-platforms")
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

Answer = Answered | str | tuple[str, int]

_SHOWN = 100
_TEXTS = ("title", "url", "kind", "account", "secret", "method")
_MARKS: Mapping[str, str] = {
    RecordState.DELIVERED: "good",
    RecordState.REFUSED: "bad",
    RecordState.FAILED: "bad",
}


@blueprint.get("")
def list_platforms() -> str:
    """The platforms with their figures."""
    found = services().upward.platforms.list(g.actor)
    return render_template(
        "harvest/platforms.html",
        platforms=found,
        kinds=_name(PLATFORM_KINDS),
        states=_name(RECORD_STATES),
        may_keep=_may_keep(),
    )


@blueprint.get("/new")
def show_new() -> str:
    """The form for a new platform."""
    require_maintainer(g.actor)
    return _render(None, {"kind": PlatformKind.OPENDATA, "method": SendMethod.PUT, "active": "1"}, None)


@blueprint.post("/new")
def add_platform() -> Answer:
    """Register a platform."""
    values = request.form.to_dict()
    name = values.get("id", "").strip()
    try:
        if name in {item.id for item in services().upward.platforms.list(g.actor)}:
            raise StateError(N_("There is a platform with this id already"))
        services().upward.platforms.put(g.actor, name, _read(values))
    except (InvalidMetadataError, StateError) as error:
        return _render(None, values, error), status_of(error)
    flash(gettext("Saved. What the platform lacks is sent in a moment"), "good")
    return redirect(url_for("higher_platforms.show_platform", platform=name), 303)


@blueprint.get("/<platform>")
def show_platform(platform: str) -> str:
    """A platform with its records, of one state if wanted."""
    state = request.args.get("state") or None
    cursor = request.args.get("cursor")
    found = services().upward.platforms.get(g.actor, platform)
    page = services().upward.records.list(g.actor, platform, state=state, limit=_SHOWN, cursor=cursor)
    return render_template(
        "harvest/platform.html",
        platform=found,
        reason=_say(found),
        page=page,
        records=[show_record(item) for item in page.items],
        state=state,
        kinds=_name(PLATFORM_KINDS),
        states=_name(RECORD_STATES),
        may_keep=_may_keep(),
    )


@blueprint.get("/<platform>/records.csv")
def send_records(platform: str) -> Response:
    """The records as a table."""
    found = services().upward.records.iterate(g.actor, platform, state=request.args.get("state") or None)
    response = Response(stream_with_context(_write_lines(found)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f"attachment; filename=records-{platform}.csv"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.get("/<platform>/edit")
def show_form(platform: str) -> str:
    """The form of a platform."""
    require_maintainer(g.actor)
    found = services().upward.platforms.get(g.actor, platform)
    return _render(found, _show(found), None)


@blueprint.post("/<platform>/edit")
def save_platform(platform: str) -> Answer:
    """Change a platform."""
    values = request.form.to_dict()
    try:
        revision = read_number(values.get("revision", ""))
        services().upward.platforms.put(g.actor, platform, _read(values), revision=revision)
    except (InvalidMetadataError, PreconditionError) as error:
        found = services().upward.platforms.get(g.actor, platform)
        return _render(found, values, error), status_of(error)
    flash(gettext("Saved. What the platform lacks is sent in a moment"), "good")
    return redirect(url_for("higher_platforms.show_platform", platform=platform), 303)


@blueprint.post("/<platform>/switch")
def switch_platform(platform: str) -> Answered:
    """Turn the platform off, or on again."""
    services().upward.platforms.switch(g.actor, platform, is_active=request.form.get("active") == "1")
    return redirect(url_for("higher_platforms.show_platform", platform=platform), 303)


@blueprint.post("/<platform>/compare")
def compare_platform(platform: str) -> Answered:
    """Compare what the platform has with what was delivered."""
    try:
        services().upward.platforms.ask(g.actor, platform)
        flash(gettext("The platform is being compared. This page shows the result in a moment"), "good")
    except StateError as error:
        flash(choose_voice().say_error(error), "bad")
    return redirect(url_for("higher_platforms.show_platform", platform=platform), 303)


@blueprint.post("/<platform>/send-again")
def send_again(platform: str) -> Answered:
    """Send a record again, or all of them."""
    try:
        count = services().upward.records.repeat(g.actor, platform, request.form.get("record") or None)
        text = ngettext("%(num)s record is sent again in a moment", "%(num)s records are sent again in a moment", count)
        flash(text, "good")
    except StateError as error:
        flash(choose_voice().say_error(error), "bad")
    return redirect(url_for("higher_platforms.show_platform", platform=platform), 303)


@blueprint.post("/<platform>/delete")
def delete_platform(platform: str) -> Answered:
    """Forget a platform that is turned off."""
    try:
        services().upward.platforms.delete(g.actor, platform)
    except StateError as error:
        flash(choose_voice().say_error(error), "bad")
        return redirect(url_for("higher_platforms.show_platform", platform=platform), 303)
    flash(gettext("Deleted"), "good")
    return redirect(url_for("higher_platforms.list_platforms"), 303)


def show_record(found: RecordView) -> Mapping[str, Any]:
    """A record in words of the reader."""
    said = [found.answer, _say(found)]
    return {
        "record": found,
        "name": gettext(RECORD_STATES[found.state]),
        "mark": _MARKS.get(found.state, ""),
        "reason": " ".join(item for item in said if item),
    }


def _write_lines(found: Iterator[RecordView]) -> Iterator[str]:
    head = False
    for item in found:
        line = {**describe_line(item), "reason": item.answer or _say(item)}
        if not head:
            yield "\ufeff" + write_csv_line(line.keys())
            head = True
        yield write_csv_line(format_time(cell) if isinstance(cell, datetime) else cell for cell in line.values())
    if not head:
        yield "\ufeff" + write_csv_line(["dataset", "title", "uuid", "state"])


def _say(found: PlatformView | RecordView) -> str:
    return choose_voice().fill(found.reason["message"], found.reason["params"]) if found.reason else ""


def _name(texts: Mapping[str, str]) -> Mapping[str, str]:
    return {name: gettext(text) for name, text in texts.items()}


def _may_keep() -> bool:
    return g.actor is not None and g.actor.is_maintainer


def _read(values: Mapping[str, str]) -> PlatformInput:
    """The platform in a form: publishers and themes are chosen by boxes."""
    texts = {name: values.get(name, "").strip() for name in _TEXTS}
    return PlatformInput(
        **texts,
        publishers=request.form.getlist("publishers"),
        themes=request.form.getlist("themes"),
        takes_harvested=bool(values.get("harvested")),
        is_withdrawn=bool(values.get("withdrawn")),
        is_active=bool(values.get("active")),
        is_public=bool(values.get("public")),
    )


def _show(found: PlatformView) -> Mapping[str, str]:
    texts = {name: str(getattr(found, name)) for name in ("title", "url", "kind", "account", "method", "revision")}
    flags = {
        "harvested": found.takes_harvested,
        "withdrawn": found.is_withdrawn,
        "active": found.is_active,
        "public": found.is_public,
    }
    return {**texts, **{name: "1" if value else "" for name, value in flags.items()}}


def _render(found: PlatformView | None, values: Mapping[str, str], error: OpendataError | None) -> str:
    voice = choose_voice()
    errors: dict[str, list[str]] = {}
    for item in error.faults if error else ():
        errors.setdefault(item.pointer.removeprefix("/"), []).append(voice.say_fault(item))
    is_sent = request.method == "POST"
    publishers = [(item.id, f"{item.title} ({item.id})") for item in services().publishers.list_all() if not item.ended]
    language = choose_language()
    return render_template(
        "harvest/platform_form.html",
        platform=found,
        values=values,
        errors=errors,
        message=voice.say_error(error) if error else "",
        kinds=list(_name(PLATFORM_KINDS).items()),
        methods=[(item, item) for item in SendMethod],
        publishers=publishers,
        themes=[(item.id, item.title(language)) for item in find_codes("themes").values()],
        chosen_publishers=request.form.getlist("publishers") if is_sent else found.publishers if found else (),
        chosen_themes=request.form.getlist("themes") if is_sent else found.themes if found else (),
    )
