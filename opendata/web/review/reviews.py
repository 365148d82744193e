"""The reviewer's list: the drafts that wait, routine ones first, to be approved together."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import ngettext
from werkzeug.wrappers import Response

from opendata.problems import choose_voice
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.security import limit_form, protect_forms

blueprint = Blueprint("reviews", __name__, url_prefix="/workspace/review")
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)


@blueprint.get("")
def list_waiting() -> str:
    """The submitted drafts: those I may approve, routine ones to tick, and those that somebody else approves."""
    found = services().reviews.list_waiting(g.actor)
    return render_template(
        "review/review.html",
        routine=[item.draft for item in found if item.is_routine and not item.is_own],
        others=[item.draft for item in found if not item.is_routine and not item.is_own],
        own=[item.draft for item in found if item.is_own],
    )


@blueprint.post("")
def approve_routine() -> Response:
    """Approve the drafts that are ticked, each by the digest that the list showed."""
    chosen = [item.partition(":")[::2] for item in request.form.getlist("draft")]
    outcomes = services().reviews.approve_all(g.actor, [(draft, digest) for draft, digest in chosen])
    approved = [item for item in outcomes if item.approved]
    if approved:
        count = len(approved)
        flash(ngettext("%(num)s draft is approved", "%(num)s drafts are approved", count), "good")
    for item in outcomes:
        if item.error is not None:
            flash(f"{item.draft}: {choose_voice().say_error(item.error)}", "bad")
    return redirect(url_for("reviews.list_waiting"), 303)
