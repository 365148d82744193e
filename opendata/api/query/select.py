"""One SELECT over public tables: as JSON, and whole answers as files. GET can be cited; POST is for long ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request
from marshmallow import fields
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from opendata.api.core.blueprints import PREFIX
from opendata.api.core.current import services
from opendata.api.core.documents import parse_document
from opendata.api.core.fields import Shape
from opendata.api.query.answering import (
    FILE_TYPES,
    JSON,
    choose_cache,
    choose_form,
    describe_query,
    describe_source,
    finish,
    link,
    make_blueprint,
    make_validator,
    write_document,
)
from opendata.api.query.asking import read_edition, read_once, read_whole, refuse_unknown
from opendata.api.query.shapes import SelectShape
from opendata.errors import N_, InputError, InvalidMetadataError, UnsupportedFormatError, fault
from opendata.metering import charge_select, cost_class
from opendata.query.values import MOST_ROWS
from opendata.sending.content import describe_bytes, is_in_hand, send, send_unchanged
from opendata.sending.forms import name_file, send_form

blueprint = make_blueprint("sql", N_("SQL over published tables."))

_SQL = "/sql"
_FORM = "application/x-www-form-urlencoded"
_DEFAULT_LIMIT = 1000
_LONGEST_LINK = 4000
"""At most so many characters are put into a header."""

_PARAMETERS = ("q", "limit", "edition")


class SelectParameters(Shape):
    """The parameters of SQL, for the document: the view reads them itself."""

    q = fields.String(
        required=True,
        metadata={
            "description": N_(
                'One SELECT. Tables are `"dataset"."resource"`, or `"dataset@1.2.0"."resource"` for one version.'
            )
        },
    )
    limit = fields.Integer(
        metadata={
            "description": N_("How many rows at most: in JSON 1000 if nothing is said, in a file all."),
            "minimum": 1,
            "maximum": MOST_ROWS,
        }
    )
    edition = fields.Integer(
        metadata={"description": N_("The edition of the query engine that a link was made with; it changes no row.")}
    )


_BODY = {
    "required": True,
    "content": {kind: {"schema": SelectParameters} for kind in (JSON, _FORM)},
}
_GET: dict[str, Any] = {
    "shape": SelectShape,
    "asks": ({"in": "query", "schema": SelectParameters},),
    "takes": ("If-None-Match",),
    "gives": ("ETag", "Query-Edition"),
    "problems": (400, 412, 503),
    "files": FILE_TYPES,
}
_POST: dict[str, Any] = {
    "shape": SelectShape,
    "reads": True,
    "counts": False,
    "gives": ("ETag", "Query-Edition"),
    "problems": (400, 412, 413, 415, 422, 503),
    "files": FILE_TYPES,
    "requestBody": _BODY,
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """A SELECT, at most how many rows, and the edition of the engine that a link names."""

    text: str
    limit: int | None
    edition: int | None

    @property
    def document(self) -> Mapping[str, Any]:
        """The parameters for JSON."""
        found = {"q": self.text, "limit": self.limit, "edition": self.edition}
        return {name: value for name, value in found.items() if value is not None}


@blueprint.operation("GET", _SQL, **_GET)
@cost_class("rows")
def query_tables() -> Response:
    """Ask public tables with one SELECT in SQL, joins and window functions included.

    The answer names the version and the digest of every table that it was read from, and the link that gives the same
    bytes again. What isn't public can't be told from what doesn't exist.
    """
    return _vary(_answer(request.args, choose_form()))


@blueprint.operation("GET", f"{_SQL}.<suffix>", **{**_GET, "problems": (*_GET["problems"], 404)})
@cost_class("rows")
def send_answer(suffix: str) -> Response:
    """Download all rows that one SELECT gives as `csv`, `jsonl`, `parquet`, `arrow`, `xlsx` or `geojson`.

    With `json`, the first rows as a document.
    """
    return _answer(request.args, suffix)


@blueprint.operation("POST", _SQL, **_POST)
@cost_class("rows")
def post_query() -> Response:
    """Ask public tables with one SELECT that is too long for an address.

    It is sent as JSON (`{"q": "SELECT …"}`) or as a form. Nothing is changed, and no account is needed.
    """
    return _vary(_answer(_read_body(), choose_form()))


@blueprint.operation("POST", f"{_SQL}.<suffix>", **{**_POST, "problems": (*_POST["problems"], 404)})
@cost_class("rows")
def post_answer(suffix: str) -> Response:
    """Download all rows of a SELECT that is too long for an address."""
    return _answer(_read_body(), suffix)


def _vary(response: Response) -> Response:
    response.vary.add("Accept")
    return response


def _answer(given: MultiDict[str, str], form: str) -> Response:
    asked = _read(given)
    return _send_page(asked) if form == "json" else _send_file(asked, form)


def _read(given: MultiDict[str, str]) -> _Asked:
    refuse_unknown(given, _PARAMETERS)
    values = read_once([(name, value) for name, value in given.items(multi=True) if value])
    if "q" not in values:
        raise InputError(N_('“q” is missing. Write one SELECT, such as SELECT * FROM "dataset"."resource"'))
    limit = read_whole(values["limit"]) if "limit" in values else None
    return _Asked(values["q"], limit, read_edition(values))


def _read_body() -> MultiDict[str, str]:
    """What the body says, as JSON or as a form. Raises `InputError`, `InvalidMetadataError`."""
    if request.args:
        raise InputError(N_("Send the query in the body alone, or in the address alone"))
    if request.mimetype == _FORM:
        return request.form
    data = request.get_data()
    if not data:
        raise InputError(N_("The request body must be a JSON document"))
    if request.mimetype != JSON:
        raise UnsupportedFormatError(
            N_("The body must be JSON (“Content-Type: application/json”), not “%(type)s”"),
            type=request.mimetype[:100] or "?",
        )
    found = parse_document(data)
    if not isinstance(found, dict):
        raise InvalidMetadataError(faults=[fault("", N_("This must be a JSON object"))])
    for name, value in found.items():
        wanted = str if name == "q" else int
        if name in _PARAMETERS and (not isinstance(value, wanted) or isinstance(value, bool)):
            message = N_("This must be text") if name == "q" else N_("This must be a whole number")
            raise InvalidMetadataError(faults=[fault(f"/{name}", message)])
    return MultiDict({name: str(value) for name, value in found.items()})


def _send_page(asked: _Asked) -> Response:
    queries = services().queries
    charge_select(asked.text)
    pinned, address, cache = _pin(asked, "")
    _, fingerprint = queries.identify_select(pinned)
    validator = make_validator(fingerprint, address, asked.document)
    if request.method != "POST" and is_in_hand(validator):
        response = send_unchanged(validator, cache)
    else:
        page = queries.select(pinned, limit=_DEFAULT_LIMIT if asked.limit is None else asked.limit)
        rest = {
            "columns": [{"name": column.name, "type": str(column.type)} for column in page.columns],
            "truncated": page.is_cut,
            "sources": [describe_source(source) for source in page.sources],
            "query": describe_query(asked.document, address, asked.edition),
        }
        body = write_document(page, rest)
        response = send(describe_bytes(body, JSON, cache, _link(address), validator=validator))
    return finish(response, edition=asked.edition, reader=None, cache=cache)


def _send_file(asked: _Asked, form: str) -> Response:
    charge_select(asked.text, is_whole=asked.limit is None)
    pinned, address, cache = _pin(asked, f".{form}")
    file, _ = services().answer_forms.find_select(pinned, form, asked.limit)
    response = send_form(services(), file, _link(address), name_file(file.name))
    return finish(response, edition=asked.edition, reader=None, cache=cache)


def _pin(asked: _Asked, suffix: str) -> tuple[str, str, str]:
    """The query with its versions, the address that gives the same answer again, and how long this one may be kept.

    All else is asked of the versions found here: another one may be published at any moment.
    """
    pinned = services().queries.pin_select(asked.text)
    window = [] if asked.limit is None else [("limit", str(asked.limit))]
    address = link(f"{PREFIX}{_SQL}{suffix}", [("q", pinned), *window])
    return pinned, address, choose_cache(None, is_pinned=pinned == asked.text)


def _link(address: str) -> str:
    return f'<{address}>; rel="cite-as"' if len(address) <= _LONGEST_LINK else ""
