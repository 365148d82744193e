"""Answers of queries over HTTP: who reads, how long they may be kept, which form, which edition made them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import g, request
from werkzeug.wrappers import Response

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import ApiBlueprint
from opendata.api.core.current import absolute, services
from opendata.errors import NotPublicError
from opendata.query.values import EDITION as OWN_EDITION
from opendata.sending.content import DERIVED, PRIVATE
from opendata.sending.forms import open_to_origins
from opendata.services.core.actors import Actor
from opendata.services.delivery.answers import ANSWER_FORMS
from opendata.services.query.answers import QuerySource, RowsPage, write_lines

JSON = "application/json"
_FORMS: Mapping[str, str] = {
    JSON: "json",
    **{kind.partition(";")[0]: suffix for suffix, kind in ANSWER_FORMS.items() if suffix != "json"},
    "application/x-ndjson": "jsonl",
}
FILE_TYPES = tuple(dict.fromkeys(kind.partition(";")[0] for kind in ANSWER_FORMS.values() if kind != JSON))
"""The media types of answers that are files."""

Found = TypeVar("Found")


def make_blueprint(name: str, description: str) -> ApiBlueprint:
    """A blueprint of queries: programs in any web page may read what isn't given to one reader alone."""
    blueprint = ApiBlueprint(name, description)

    def open_to_all(response: Response) -> Response:
        if not g.get("is_given", False):
            open_to_origins(response, "GET, HEAD, POST")
        return response

    blueprint.after_request(open_to_all)
    return blueprint


def choose_form() -> str:
    """The form that `Accept` asks for, as a suffix; JSON where it asks for none of ours."""
    best = request.accept_mimetypes.best_match(list(_FORMS), default=JSON)
    return _FORMS[best or JSON]


def read_as_anyone(find: Callable[[Actor | None], Found]) -> tuple[Found, Actor | None]:
    """What is found for everybody, or else for the caller, and who that is: None where anybody may have it.

    Raises `NotPublicError` where neither may have it.
    """
    try:
        return find(None), None
    except NotPublicError:
        reader = caller()
        if reader is None:
            raise
        g.is_given = True  # what is wrong with a query, too, may tell of its rows
        return find(reader), reader


def choose_cache(reader: Actor | None, *, is_pinned: bool) -> str:
    """How long an answer may be kept."""
    if reader is not None:
        return PRIVATE
    return DERIVED if is_pinned else "no-cache"


def finish(response: Response, *, edition: int | None, reader: Actor | None, cache: str) -> Response:
    """The headers that every answer of a query has."""
    response.headers["Cache-Control"] = cache
    response.headers["Query-Edition"] = str(OWN_EDITION)
    if edition not in (None, OWN_EDITION):
        text = f"The link names edition {edition} of the query engine; edition {OWN_EDITION} made this answer"
        response.headers["Warning"] = f'299 - "{text}"'
    if reader is not None:
        response.vary.update(("Authorization", "Cookie"))
        if response.status_code == 200 and request.method != "HEAD":
            services().events.note_download(reader, request.path)
    return response


def make_validator(*parts: object) -> str:
    """The entity tag of an answer, known before the answer is."""
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def link(path: str, parameters: Sequence[tuple[str, str]]) -> str:
    """The address that gives the same answer again: with the version, and the edition of the engine."""
    kept = [(name, value) for name, value in parameters if name != "edition"]
    return absolute(f"{path}?{urlencode([*kept, ('edition', str(OWN_EDITION))])}")


def describe_query(asked: Mapping[str, Any], address: str, edition: int | None) -> Mapping[str, Any]:
    """What was asked, the edition of the engine that answered, and the link that gives the answer again."""
    differs = {} if edition in (None, OWN_EDITION) else {"editionDiffers": True}
    return {"asked": asked, "edition": OWN_EDITION, **differs, "link": address}


def describe_source(source: QuerySource) -> Mapping[str, str]:
    """A table that an answer was read from."""
    return {
        "dataset": source.dataset,
        "version": source.version,
        "resource": source.resource,
        "hash": source.hash,
    }


def write_document(page: RowsPage, rest: Mapping[str, Any]) -> bytes:
    """A page as JSON: its rows exactly as JSON Lines have them, then the rest and the digest of the rows."""
    return b"".join(_write_document(page, rest))


def _write_document(page: RowsPage, rest: Mapping[str, Any]) -> Iterator[bytes]:
    digest = hashlib.sha256()
    yield b'{"items":['
    mark = b"\n"
    for lines in write_lines(page.rows, page.wide):
        digest.update(lines)
        yield mark + lines[:-1].replace(b"\n", b",\n")  # a line has no newline inside: JSON escapes it
        mark = b",\n"
    told = {**rest, "hash": f"sha256:{digest.hexdigest()}"}
    yield b"\n]," + json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()[1:] + b"\n"
