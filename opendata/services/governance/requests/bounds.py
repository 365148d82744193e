"""What keeps machines from flooding publishers: a field that people leave empty, and the time that writing takes."""

from __future__ import annotations

import hmac

from opendata.errors import N_, Fault, fault
from opendata.services.access.limits import digest_name
from opendata.services.core.context import Context

LEAST_SECONDS = 3
"""Nobody fills in the form in less."""

_MOST_SECONDS = 24 * 3600
MOST_OPEN = 5
"""Requests of one contact that may wait for a reply at a time."""


def sign_opening(context: Context) -> str:
    """A text for the form that says when it was opened, and that we said so."""
    moment = str(int(context.clock().timestamp()))
    return f"{moment}.{_sign(context, moment)}"


def find_form_faults(context: Context, opened: str, trap: str) -> list[Fault]:
    """What shows that a form wasn't filled in by a person."""
    if trap:
        return [fault("/website", N_("Leave this field empty"))]
    moment, _, signature = opened.partition(".")
    is_ours = moment.isascii() and moment.isdigit() and hmac.compare_digest(signature, _sign(context, moment))
    seconds = context.clock().timestamp() - int(moment) if is_ours else _MOST_SECONDS
    if seconds >= _MOST_SECONDS:
        return [fault("/opened", N_("This form was open for more than a day. Check what you wrote, and send it again"))]
    if seconds < LEAST_SECONDS:
        return [fault("/opened", N_("That was very quick. Check what you wrote, and send it again"))]
    return []


def _sign(context: Context, moment: str) -> str:
    return digest_name(context.settings, f"request-form\n{moment}")
