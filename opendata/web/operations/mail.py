"""The page on which maintainers see what became of the mail that the portal sends."""

from __future__ import annotations

from flask import Blueprint, g, render_template, request

from opendata.domain.mail.letters import LetterState
from opendata.problems import choose_voice
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.wording.letters import KIND_NAMES, STATE_NAMES

blueprint = Blueprint("mail", __name__, url_prefix="/workspace/mail")
blueprint.before_request(ask_to_sign_in)


@blueprint.get("")
def show_mail() -> str:
    """The newest mails, of one state if that is asked for, and whether any gets through."""
    wanted = request.args.get("state", "")
    state = LetterState(wanted) if wanted in list(LetterState) else None
    voice = choose_voice()
    letters = services().outbox.list(g.actor, state)
    return render_template(
        "operations/mail.html",
        letters=[
            (item, voice.fill(item.reason["message"], item.reason["params"]) if item.reason else "") for item in letters
        ],
        counts=services().outbox.count(),
        sends_mail=services().settings.sends_mail,
        state=state,
        kinds=KIND_NAMES,
        states=STATE_NAMES,
    )
