"""Rows of one table: pages of JSON, and whole answers as files."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from opendata.api.core.blueprints import PREFIX
from opendata.api.core.current import services
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
    read_as_anyone,
    write_document,
)
from opendata.api.query.asking import FILTERS, Asked, RowsParameters, read_rows
from opendata.api.query.shapes import RowsShape
from opendata.errors import N_
from opendata.metering import charge, cost_class
from opendata.sending.content import describe_bytes, is_in_hand, send, send_unchanged
from opendata.sending.forms import name_file, send_form
from opendata.services.catalogue.versions import LATEST
from opendata.services.query.answers import QuerySource

blueprint = make_blueprint("rows", N_("Rows of published tables: filtered, grouped and sorted."))

_ROWS = "/datasets/<identifier:dataset>/<version:version>/<identifier:resource>/rows"
_DOCUMENT: dict[str, Any] = {
    "asks": ({"in": "query", "schema": RowsParameters}, FILTERS),
    "takes": ("If-None-Match",),
    "gives": ("ETag", "Query-Edition"),
    "problems": (400, 404, 410, 412, 503),
    "files": FILE_TYPES,
}


@blueprint.operation("GET", _ROWS, shape=RowsShape, **_DOCUMENT)
@cost_class("rows")
def list_rows(dataset: str, version: str, resource: str) -> Response:
    """Read rows of a table: filtered, grouped, sorted, page by page.

    The version is a number or `latest`. `Accept` may ask for another form: then the answer is a file with all rows,
    unless there is a `limit`. Each answer names the version and the digest of what it was read from, and the link that
    gives the same bytes again.
    """
    form = choose_form()
    response = _answer(dataset, version, resource, form)
    response.vary.add("Accept")
    return response


@blueprint.operation("GET", f"{_ROWS}.<suffix>", shape=RowsShape, **_DOCUMENT)
@cost_class("rows")
def send_rows(dataset: str, version: str, resource: str, suffix: str) -> Response:
    """Download rows of a table as `csv`, `jsonl`, `parquet`, `arrow`, `xlsx`, `geojson` or, page by page, `json`.

    All rows that the query finds, unless there is a `limit`. GeoJSON is for tables that have points.
    """
    return _answer(dataset, version, resource, suffix)


def _answer(dataset: str, version: str, resource: str, form: str) -> Response:
    def list_columns() -> tuple[str, ...]:
        number = services().versions.find_latest(dataset) if version == LATEST else version
        return services().versions.get_table(dataset, number, resource).schema.names

    asked = read_rows(list_columns, whole=form != "json")
    place = (dataset, version, resource)
    if form != "json" and asked.query.limit is None:
        charge("heavy")
    return _send_page(place, asked) if form == "json" else _send_file(place, asked, form)


def _send_page(place: tuple[str, str, str], asked: Asked) -> Response:
    queries = services().queries
    (source, fingerprint), reader = read_as_anyone(lambda actor: queries.identify(*place, asked.query, actor))
    cache = choose_cache(reader, is_pinned=place[1] != LATEST)
    path = _path(source)
    address = link(path, asked.parameters)
    validator = make_validator(fingerprint, address, asked.document)
    if is_in_hand(validator):
        response = send_unchanged(validator, cache)
    else:
        page = queries.read_page(source.dataset, source.version, source.resource, asked.query, reader)
        rest = {
            "total": page.total,
            "next": page.next,
            "previous": page.previous,
            "source": describe_source(source),
            "query": describe_query(asked.document, address, asked.edition),
        }
        body = write_document(page, rest)
        response = send(describe_bytes(body, JSON, cache, _links(source, address), validator=validator))
    return finish(response, edition=asked.edition, reader=reader, cache=cache)


def _send_file(place: tuple[str, str, str], asked: Asked, form: str) -> Response:
    forms = services().answer_forms
    (file, source), reader = read_as_anyone(lambda actor: forms.find_rows(place, asked.query, form, asked.text, actor))
    links = _links(source, link(f"{_path(source)}.{form}", asked.parameters))
    response = send_form(services(), file, links, name_file(file.name))
    cache = choose_cache(reader, is_pinned=place[1] != LATEST)
    return finish(response, edition=asked.edition, reader=reader, cache=cache)


def _path(source: QuerySource) -> str:
    return f"{PREFIX}/datasets/{source.dataset}/{source.version}/{source.resource}/rows"


def _links(source: QuerySource, address: str) -> str:
    manifest = f"/datasets/{source.dataset}/{source.version}/datapackage.json"
    return f'<{address}>; rel="cite-as", <{manifest}>; rel="describedby"; type="{JSON}"'
