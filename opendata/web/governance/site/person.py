"""What keeps programs from filling the form of re-uses: a field that people don't see, and a least time.

Beside these, each address may send only so many (`Limits.count_submission`). There is no picture to read.
"""

from __future__ import annotations

import hmac
import time

from flask import request

from opendata.errors import N_, InputError
from opendata.services.access.limits import digest_name
from opendata.web.core.instance import services

TRAP = "website"
"""The name of the field that stays empty."""

STAMP = "opened"
_LEAST_SECONDS = 3


def make_stamp(opened: int | None = None) -> str:
    """When the form was opened, signed."""
    when = int(time.time()) if opened is None else opened
    return f"{when}.{digest_name(services().settings, f'reuse-form{when}')}"


def require_person() -> None:
    """Raises `InputError` for a form that a program filled in."""
    sent = request.form.get(STAMP, "")
    when = sent.partition(".")[0]
    if not (when.isascii() and when.isdigit() and len(when) < 12) or not hmac.compare_digest(
        make_stamp(int(when)).encode(), sent.encode(errors="replace")
    ):
        raise InputError(N_("The form is incomplete. Open it again, and fill it in there"))
    if request.form.get(TRAP, "").strip():
        raise InputError(N_("The form was filled in by a program. If you are a person, leave the hidden field empty"))
    if time.time() - int(when) < _LEAST_SECONDS:
        raise InputError(N_("That was very fast. Check what you have written, and send it again"))
