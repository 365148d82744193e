"""A form that comes when the session has ended is kept, and filled in again once its sender has signed in."""

from __future__ import annotations

import io
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import current_app, flash, g, request, session, url_for
from flask_babel import gettext
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.formparser import FormDataParser
from werkzeug.routing import RequestRedirect

from opendata.services.access.kept_forms import KeptForm
from opendata.web.core.instance import services
from opendata.web.core.security import FORM_BYTES

QUERY = "kept"
"""The parameter of a page that names the form to fill in."""

_FORMER, _BROWSER, _SHOWN = "former", "browser", "kept"
_MOST_PARTS = 2000


@dataclass(frozen=True, slots=True)
class FilledForm:
    """A form to be filled in again: the path it was sent to, and its fields."""

    path: str
    fields: MultiDict[str, str]

    @property
    def values(self) -> dict[str, str]:
        """The first value of each field."""
        return self.fields.to_dict()


class _Nowhere(io.BytesIO):
    """Where the bytes of files go: they can't be kept."""

    def write(self, data: object) -> int:
        """Let them go."""
        return len(data)  # type: ignore[arg-type]  # bytes have a length


def note_former(user: int) -> None:
    """Remember whose session ended, so that nobody else gets what they send."""
    session[_FORMER] = user


def carry_over() -> dict[str, str]:
    """What of a session lasts until after signing in."""
    return {_BROWSER: session[_BROWSER]} if _BROWSER in session else {}


def keep_form() -> str:
    """Keep the form of this request; the address of its page, with the token where it is kept. Tells the reader."""
    page, former = _find_page(), session.get(_FORMER)
    # Without a source it can only be ours: the cookie isn't sent along with forms of other sites.
    is_ours = former is not None if _find_source() is None else is_from_here()
    token = _keep(former) if is_ours else None
    if token is None:
        flash(gettext("Your session has ended. Sign in and send the form again"), "bad")
        return page
    flash(gettext("Your session has ended. What you entered is kept for 24 hours. Sign in to continue"), "bad")
    return f"{page}?{QUERY}={token}"


def keep_old_form() -> str | None:
    """Keep a form that was opened in a session before this one; the address that shows it again, None if it can't be.

    Forms of other sites are never kept: they fill in nothing for anybody.
    """
    token = _put(_name_user(g.actor.id), request.form, request.files) if is_from_here() else None
    return f"{_find_page()}?{QUERY}={token}" if token else None


def is_from_here() -> bool:
    """Whether the browser says that a form comes from a page of this portal."""
    source = _find_source()
    return source is not None and urlsplit(source).netloc == request.host


def find_kept_form() -> FilledForm | None:
    """The form that the page asked for is to show, if it is the actor's. Tells the reader what to do with it."""
    token = request.args.get(QUERY, "")
    if not token or g.actor is None:
        return None
    found = next((form for owner in _list_owners() if (form := services().kept_forms.find(owner, token))), None)
    if found is None:
        flash(gettext("The form you sent is no longer kept, or someone else sent it"), "bad")
        return None
    session[_SHOWN] = [token, found.path]
    flash(gettext("This is what you entered before your session ended. Check it, then send it again"), "good")
    if found.files:
        names = ", ".join(found.files)[:300]
        flash(gettext("Files can't be kept. Choose them again: %(names)s", names=names), "bad")
    return FilledForm(found.path, MultiDict(found.fields))


def forget_sent_form() -> None:
    """Forget the form that was shown, once it is sent again."""
    token, path = session.get(_SHOWN) or ("", "")
    if token and path == request.path:
        for owner in _list_owners():
            services().kept_forms.forget(owner, token)
        del session[_SHOWN]


def _find_source() -> str | None:
    return request.headers.get("Origin") or request.referrer


def _keep(former: int | None) -> str | None:
    """Keep the form of this request for the user that `former` is, or for anyone who uses this browser."""
    if former is None and (request.content_length or 0) > FORM_BYTES:
        return None
    parser = FormDataParser(
        stream_factory=lambda *_, **__: _Nowhere(), max_form_memory_size=FORM_BYTES, max_form_parts=_MOST_PARTS
    )
    try:
        options = request.mimetype_params
        _, fields, files = parser.parse(request.stream, request.mimetype, request.content_length, options)
    except (HTTPException, ValueError):
        return None
    if former is None and _BROWSER not in session:
        session[_BROWSER] = secrets.token_urlsafe(24)
    owner = _name_user(former) if former is not None else _name_browser(session[_BROWSER])
    return _put(owner, fields, files)


def _put(owner: str, fields: MultiDict[str, str], files: MultiDict[str, FileStorage]) -> str | None:
    sent = [file.filename for file in files.values() if file.filename]
    form = KeptForm(path=request.path, fields=list(fields.items(multi=True)), files=sent)
    return services().kept_forms.keep(owner, form)


def _list_owners() -> Sequence[str]:
    """As whom the actor may have sent a form."""
    owners = [_name_user(g.actor.id)]
    return [*owners, _name_browser(session[_BROWSER])] if _BROWSER in session else owners


def _name_user(user: object) -> str:
    return f"user {user}"


def _name_browser(secret: object) -> str:
    return f"browser {secret}"


def _find_page() -> str:
    """The page that shows the form that was sent, found by its address."""
    parent = request.path.rsplit("/", 1)[0]
    referrer = urlsplit(request.referrer or "")
    own = [referrer.path.removeprefix(request.script_root)] if referrer.netloc == request.host else []
    for path in (*own, request.path, f"{parent}/check", parent, f"{parent}/withdraw"):
        if path and _has_page(path):
            return f"{request.script_root}{path}"
    return url_for("workspace.show_workspace")


def _has_page(path: str) -> bool:
    try:
        current_app.create_url_adapter(request).match(path, method="GET")  # type: ignore[union-attr]
    except RequestRedirect:
        return True
    except HTTPException:
        return False
    return True
