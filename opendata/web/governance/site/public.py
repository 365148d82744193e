"""What every page may lead to: files of pages, the notice before another site, the site map, the statement."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from opendata.domain.site.kinds import PARTS, PageKind
from opendata.errors import N_, InputError, NotFoundError
from opendata.metadata.text import is_web_address
from opendata.sending.forms import name_file
from opendata.web.core.instance import services
from opendata.web.core.skin.leaving import is_signed
from opendata.web.governance.hub import PUBLIC_ENTRIES
from opendata.wording.governance.site import KIND_NAMES

blueprint = Blueprint("site_public", __name__)

_FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
_MOST = 1000


@blueprint.get("/site/files/<sha256>/<name>")
def send_file(sha256: str, name: str) -> AnyResponse:
    """A logo or an attachment, which never changes."""
    found = services().site_files.get(sha256)
    response = Response(found.content, mimetype=found.mediatype)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["Content-Security-Policy"] = _FILE_POLICY
    response.set_etag(sha256)
    if not found.mediatype.startswith("image/"):
        response.headers["Content-Disposition"] = name_file(name)
    return response.make_conditional(request)


@blueprint.get("/leave")
def show_leave() -> str:
    """Where a link leads that leaves this site; the reader goes on by a link, or not. Raises `InputError`."""
    address = request.args.get("to", "")
    if not is_web_address(address) or not is_signed(address, request.args.get("sign", "")):
        raise InputError(N_("This link wasn't made by this portal, so it isn't followed"))
    return render_template("governance/site/leave.html", address=address)


@blueprint.get("/statement")
def show_statement() -> str:
    """Copyright and privacy, as the operator states them."""
    if not services().identity.read().get("statement"):
        raise NotFoundError(N_("This portal has no statement about copyright and privacy yet"))
    return render_template("governance/site/statement.html")


@blueprint.get("/sitemap")
def show_sitemap() -> str:
    """The pages of the site, for people."""
    pages = services().pages
    return render_template(
        "governance/site/sitemap.html",
        parts=[(part, KIND_NAMES[part]) for part in PARTS if pages.list(None, part)],
        entries=PUBLIC_ENTRIES,
        columns=pages.list(None, PageKind.COLUMN),
        calls=pages.list(None, PageKind.CALL),
        publishers=[item for item in services().publishers.list(limit=_MOST).items if item.datasets],
    )
