"""All rows of a table as CKAN's DataStore dumps them: CSV, TSV, JSON or XML, sent as they come from the engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from flask import Response, request

from opendata.api.ckan.tables import list_texts, read_records
from opendata.api.ckan.transport import translate
from opendata.api.core.current import services
from opendata.errors import OpendataError
from opendata.exchange.ckan import records
from opendata.exchange.ckan.faults import AbsentError, CkanError, ParameterError
from opendata.exchange.ckan.parameters import read_switch
from opendata.sending.forms import name_file
from opendata.services.exchange.ckan.tables import FoundTable, RecordsAsked, choose_columns

if TYPE_CHECKING:
    import pyarrow as pa

Batches = Iterator["pa.RecordBatch"]
Write = Callable[[FoundTable, Sequence[str], Batches], Iterator[str]]

_BOM = "\ufeff"
_KNOWN = frozenset(
    "format bom limit offset fields filters q sort distinct plain language full_text".split()  # noqa: SIM905
)


def dump(resource: str) -> Response:
    """The dump of a table, with the parameters of the request."""
    try:
        return _dump(resource)
    except CkanError as error:
        return _refuse(error)


def _dump(resource: str) -> Response:
    found = services().ckan_tables.find(resource)
    parameters = {name: values[0] if len(values) == 1 else values for name, values in request.args.lists()}
    unknown = [name for name in parameters if name not in _KNOWN]
    if unknown:
        raise ParameterError(unknown[0][:60], "there is no such parameter")
    form = request.args.get("format", "csv")
    if form not in _FORMS:
        raise ParameterError("format", f"must be one of {', '.join(_FORMS)}")
    asked = read_records(parameters, limit=None)
    names = choose_columns(found, asked)
    media_type, write = _FORMS[form]
    with ExitStack() as stack:
        batches = _open(stack, found, asked)
        begin = _BOM if read_switch(parameters, "bom") and form in ("csv", "tsv") else ""
        kept = stack.pop_all()
    response = Response(_run(kept, begin, write(found, names, batches)), content_type=media_type)
    response.call_on_close(kept.close)
    response.headers["Content-Disposition"] = name_file(f"{found.resource}.{form}")
    return response


def _open(stack: ExitStack, found: FoundTable, asked: RecordsAsked) -> Batches:
    """The rows; what is wrong with them is known before the first byte is sent."""
    try:
        answer = stack.enter_context(services().ckan_tables.stream(found, asked, is_whole=True))
        first = next(answer.batches, None)
    except OpendataError as error:
        raise translate(error) from None

    def go_on() -> Batches:
        if first is not None:
            yield first
            yield from answer.batches

    return go_on()


def _run(kept: ExitStack, begin: str, parts: Iterator[str]) -> Iterator[bytes]:
    with kept:
        if begin:
            yield begin.encode()
        for part in parts:
            if part:
                yield part.encode("utf-8", "replace")


def _write_lines(separator: str) -> Write:
    def write(_: FoundTable, names: Sequence[str], batches: Batches) -> Iterator[str]:
        yield records.write_lines([names], separator)
        for batch in batches:
            yield records.write_lines(([text or "" for text in row] for row in list_texts(batch)), separator)

    return write


def _write_json(found: FoundTable, names: Sequence[str], batches: Batches) -> Iterator[str]:
    from opendata.tables.forms.json_form import join_lists, join_texts

    known = {item["id"]: item for item in records.describe_fields(found.columns)}
    yield '{\n  "fields": ' + json.dumps([known[name] for name in names], ensure_ascii=False) + ',\n  "records": ['
    mark = "\n    "
    for batch in batches:
        if batch.num_rows:
            yield mark + join_texts(join_lists(batch), ",\n    ").decode()
            mark = ",\n    "
    yield "\n]}\n"


def _write_xml(_: FoundTable, names: Sequence[str], batches: Batches) -> Iterator[str]:
    yield records.begin_xml()
    for batch in batches:
        yield records.write_xml(names, list_texts(batch))
    yield "</data>\n"


def _refuse(error: CkanError) -> Response:
    """A dump is asked for by people too: the reason is a text, and what is wrong with the request is a 400."""
    status = 400 if isinstance(error, ParameterError) else error.status
    said = "; ".join(f"{name}: {text}" for name, texts in (error.fields or {}).items() for text in texts)
    text = said or error.text
    if isinstance(error, AbsentError) and not text:
        text = "Not found"
    response = Response(f"{text}\n", status, content_type="text/plain;charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    if (seconds := getattr(error, "seconds", None)) is not None:
        response.headers["Retry-After"] = str(seconds)
    return response


_FORMS: dict[str, tuple[str, Write]] = {
    "csv": ("text/csv; charset=utf-8", _write_lines(",")),
    "tsv": ("text/tab-separated-values; charset=utf-8", _write_lines("\t")),
    "json": ("application/json; charset=utf-8", _write_json),
    "xml": ("text/xml; charset=utf-8", _write_xml),
}
