"""Pages for those who only read: the same pages, without what would change something.

This works on the finished page, so that no page can forget it. What somebody sends nevertheless is refused.
"""

from __future__ import annotations

import re

from flask import Response, g
from flask_babel import gettext
from markupsafe import escape

_FORM = re.compile(r'(<form\b[^>]*\bmethod="post"[^>]*>)(.*?)(</form>)', re.DOTALL)
_BUTTON = re.compile(r'<button\b(?![^>]*\btype="button")[^>]*>.*?</button>', re.DOTALL)
_OWN = re.compile(r'\baction="[^"]*/(?:sign-out|sign-in|account(?:/[^"]*)?|subscriptions/[^"]*|recover(?:/[^"]*)?)"')
_FIELD = re.compile(r"<(?:input(?![^>]*\btype=\"hidden\")|select|textarea)\b")


def hide_changes(response: Response) -> Response:
    """Take the buttons out of forms that change something, and let their fields be read only.

    A form with a button alone goes away. Forms about one's own account stay.
    """
    actor = g.get("actor")
    if actor is None or not actor.posts.only_watches or response.mimetype != "text/html" or response.is_streamed:
        return response
    text = response.get_data(as_text=True)
    response.set_data(_FORM.sub(lambda found: _close(*found.groups()), text))
    return response


def _close(start: str, content: str, end: str) -> str:
    if _OWN.search(start):
        return start + content + end
    if not _FIELD.search(content):
        return ""
    note = escape(gettext("You can read this, and not change it."))
    fields = _BUTTON.sub("", content)
    return f'{start}<p class="small muted">{note}</p><fieldset class="plain" disabled>{fields}</fieldset>{end}'
