"""Forms of tables as answers: their names, how long they may be kept, who sends them, which origins may read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import request
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

from opendata.sending.content import DERIVED, IMMUTABLE, PRIVATE, Content, choose_coding, send
from opendata.services.delivery.forms import CODINGS, ServedForm
from opendata.setting_groups import REDIRECT
from opendata.setting_values import is_bucket
from opendata.storage.store import blob_key

if TYPE_CHECKING:
    from opendata.wiring import Services

_EXPOSED = (
    "ETag, Content-Range, Content-Length, Content-Encoding, Repr-Digest, Content-Digest, Content-Disposition, Link,"
    " Accept-Ranges, Query-Edition, Warning"
)
_ASKED = (
    "Authorization, Content-Type, Range, If-Range, If-Match, If-None-Match, If-Modified-Since, Want-Repr-Digest,"
    " Want-Content-Digest"
)


def describe_form(services: Services, form: ServedForm, links: str, disposition: str) -> Content:
    """A form as content."""
    return Content(
        source=form.open,
        size=form.size,
        sha256=form.sha256,
        media_type=form.media_type,
        cache=PRIVATE if not form.is_public else DERIVED if form.derived else IMMUTABLE,
        disposition=disposition,
        links=links,
        varies=form.may_be_encoded,
        accel=_find_accel(services, form),
        sign=_find_signing(services, form, disposition),
        find_sha512=partial(services.forms.find_sha512, form),
    )


def send_form(services: Services, form: ServedForm, links: str, disposition: str) -> Response:
    """Answer with a form, in the content coding that the reader likes best."""
    content = describe_form(services, form, links, disposition)
    coding = choose_coding(CODINGS) if content.varies else None
    coded = services.forms.encode(form, coding) if coding else None
    if coding and coded is not None:
        coded_content = describe_form(services, coded, links, disposition)
        content = replace(coded_content, coding=coding, varies=True, cache=content.cache)
    return send(content)


@lru_cache(maxsize=4096)
def name_file(name: str, plain: str = "", *, disposition: str = "attachment") -> str:
    """The header that gives a download its name, in any script; `plain` is one in ASCII for clients of old."""
    headers = Headers()
    if name.isascii():
        headers.set("Content-Disposition", disposition, filename=name)
    else:
        plain = plain or name.encode("ascii", "replace").decode().replace("?", "_")
        headers.set(
            "Content-Disposition", disposition, **{"filename": plain, "filename*": f"UTF-8''{quote(name, safe='')}"}
        )
    return headers["Content-Disposition"]


def open_to_origins(response: Response, methods: str = "GET, HEAD") -> None:
    """Let programs in any web page read an answer, whole or in part."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = methods
        response.headers["Access-Control-Allow-Headers"] = _ASKED
        response.headers["Access-Control-Max-Age"] = "86400"


def _find_signing(services: Services, form: ServedForm, disposition: str) -> Callable[[], str] | None:
    """What gives the address of a file in an object store, if readers are to fetch it there."""
    if form.signing is None or not form.signing.can_sign or services.settings.downloads != REDIRECT:
        return None
    return partial(form.signing.sign_address, form.sha256, media_type=form.media_type, disposition=disposition)


def _find_accel(services: Services, form: ServedForm) -> str:
    """Where nginx finds a file, if it is to send it."""
    has_file = form.derived or not (is_bucket(services.settings.store) or form.local_parts)
    prefix = services.settings.accel_prefix if form.is_public and has_file else ""
    place = f"derived/{quote(form.key)}" if form.derived else f"store/{blob_key(form.sha256)}"
    return f"{prefix}/{place}" if prefix else ""
