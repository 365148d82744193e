"""The publisher's inbox: its requests, each with what can be done now, a page for every step."""

from __future__ import annotations

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from opendata.domain.requests.kinds import RequestKind
from opendata.domain.requests.outcomes import OUTCOMES, OUTCOMES_OF, Outcome
from opendata.domain.requests.steps import OPEN_STATES, STEPS, RequestState, RequestStep, Taker, may_reply
from opendata.errors import N_, InvalidMetadataError, NotFoundError, OpendataError, StateError
from opendata.problems import choose_voice, status_of
from opendata.services.governance.requests.handling import InboxFilter
from opendata.services.governance.requests.values import RequestView
from opendata.web.access.grants import place_faults
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.security import limit_form, protect_forms
from opendata.web.governance.requests.showing import NAMES, read_word, say_clock, send_csv
from opendata.wording.governance.requests import HAPPENED, write_basis, write_standard_text

blueprint = Blueprint("request_inbox", __name__, url_prefix="/workspace/requests")
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

Answer = AnyResponse | str | tuple[str, int]

PAGE_SIZE = 30
_FILE_SIZE = 1000
_MANY = 1000
_FILTERS = ("kind", "state", "publisher", "due")
_ENDED = "ended"


@blueprint.get("")
def list_inbox() -> str:
    """The requests of the actor's publisher, or of all, those due first in front."""
    values = _read_values()
    page = services().requests.handling.list(
        g.actor, _filter(values), limit=PAGE_SIZE, cursor=request.args.get("cursor") or None
    )
    return render_template(
        "governance/requests/inbox.html",
        page=page,
        items=[(item, say_clock(item), _list_steps(item)) for item in page.items],
        counts=services().requests.handling.count(g.actor),
        open_states=[state for state in RequestState if state in OPEN_STATES],
        kinds=list(RequestKind),
        all_states=list(RequestState),
        values=values,
        names=NAMES,
        publishers=services().publishers.list(limit=_MANY).items,
    )


@blueprint.get("/inbox.csv")
def send_inbox() -> Response:
    """The same as a file, without who asks."""
    page = services().requests.handling.list(g.actor, _filter(_read_values()), limit=_FILE_SIZE)
    head = (
        "number",
        "kind",
        "state",
        "publisher",
        "dataset",
        "received",
        "due",
        "late",
        "person",
        "subject",
        "outcome",
    )
    rows = [
        (
            *(item.number, item.kind, item.state, item.publisher.id, item.dataset.id if item.dataset else ""),
            *(item.created.date(), item.clock.due if item.is_open else "", str(item.is_overdue).lower()),
            *(item.person or "", item.subject, item.outcome or ""),
        )
        for item in page.items
    ]
    return send_csv("requests", [head, *rows], private=True)


@blueprint.get("/<number>")
def show_request(number: str) -> str:
    """A request with all that is known of it, and the steps that are possible."""
    item = services().requests.handling.get(g.actor, number)
    return render_template(
        "governance/requests/handled.html", item=item, names=NAMES, clock=say_clock(item), possible=_list_steps(item)
    )


@blueprint.get("/<number>/<step>")
def show_step(number: str, step: str) -> str:
    """The form of a step. That of a reply first asks for its type, and then has the standard wording."""
    item, found = services().requests.handling.get(g.actor, number), _read_step(step)
    values = {"summary": item.summary or item.subject, "person": item.person or g.actor.name}
    outcome = request.args.get("outcome", "")
    if found is RequestStep.REPLY and outcome in OUTCOMES_OF[item.kind]:
        language = services().settings.languages[0]
        values["outcome"] = outcome
        values["text"] = write_standard_text(Outcome(outcome), language)
        values["basis"] = write_basis(Outcome(outcome), language)
    return _render_step(item, found, values, None)


@blueprint.post("/<number>/<step>")
def take_step(number: str, step: str) -> Answer:
    """Take a step, and go back to the request."""
    values, found = request.form.to_dict(), _read_step(step)
    values.pop("csrf_token", None)
    try:
        services().requests.handling.take(g.actor, number, found, values)
    except (InvalidMetadataError, StateError) as error:
        item = services().requests.handling.get(g.actor, number)
        return _render_step(item, found, values, error), status_of(error)
    flash(gettext(HAPPENED[found]), "good")
    if found is RequestStep.PASS_ON:
        return redirect(url_for("request_inbox.list_inbox"), 303)
    return redirect(url_for("request_inbox.show_request", number=number), 303)


def _render_step(item: RequestView, step: RequestStep, values: dict[str, str], error: OpendataError | None) -> str:
    rule = STEPS[step]
    return render_template(
        "governance/requests/step.html",
        item=item,
        step=step,
        fields=[*rule.needs, *rule.takes],
        names=NAMES,
        clock=say_clock(item),
        outcomes=[
            outcome for outcome in OUTCOMES_OF[item.kind] if may_reply(item.state, OUTCOMES[outcome].needs_silence)
        ],
        publishers=[item for item in services().publishers.list(limit=_MANY).items if item.ended is None],
        values=values,
        errors=place_faults(error) if error else {},
        message=choose_voice().say_error(error) if error else "",
    )


def _read_step(text: str) -> RequestStep:
    found = next((step for step, rule in STEPS.items() if step == text and rule.taker is not Taker.ASKER), None)
    if found is None:
        raise NotFoundError(N_("There is no such step"))
    return found


def _list_steps(item: RequestView) -> list[RequestStep]:
    """The steps of the publisher that are possible now; none for those who only watch."""
    if g.actor.posts.only_watches:
        return []
    return [step for step in item.steps if STEPS[step].taker is not Taker.ASKER]


def _read_values() -> dict[str, str]:
    return {name: text for name in _FILTERS if (text := request.args.get(name, "").strip())}


def _filter(values: dict[str, str]) -> InboxFilter:
    wanted = values.get("state", "")
    kind = read_word(RequestKind, values.get("kind", ""))
    state = read_word(RequestState, "" if wanted == _ENDED else wanted)
    return InboxFilter(
        kind=RequestKind(kind) if kind else None,
        state=RequestState(state) if state else None,
        publisher=values.get("publisher"),
        due=values.get("due"),
        ended=wanted == _ENDED,
    )
