"""The workbench: the schema of a draft's table is edited, counted over all rows, and exchanged as a workbook."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import Response, request

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import ApiBlueprint
from opendata.api.core.current import services
from opendata.api.drafts.findings import XLSX, send_file_of
from opendata.api.drafts.workbench_shapes import (
    BenchInput,
    BenchShape,
    CountInput,
    PlanInput,
    SchemaPlanShape,
    SchemaUsePage,
    TableCountShape,
)
from opendata.domain.access.scopes import Verb
from opendata.errors import N_, InvalidMetadataError, fault
from opendata.intake.schema_workbook import MOST_BYTES
from opendata.problems import choose_voice
from opendata.services.core.values import Page
from opendata.services.workbench.library import TableUse
from opendata.services.workbench.states import BenchState, find_faults, place_sources
from opendata.services.workbench.workbench import Bench
from opendata.tables.trial.counting import Count
from opendata.wording.findings import explain

blueprint = ApiBlueprint("workbench", N_("Schemas being made: edited, counted over all rows, written as workbooks."))

_SCHEMA = "/drafts/<identifier:draft>/resources/<identifier:resource>/schema"
_LIBRARY = "/schemas/<identifier:schema>"
_REFUSED: dict[str, Any] = {"problems": (400, 403, 404, 409, 413, 415, 422)}
_STEP: dict[str, Any] = {"shape": BenchShape, "problems": (403, 404, 409), "needs": Verb.UPLOAD}


@blueprint.operation("GET", _SCHEMA, shape=BenchShape, problems=(403, 404, 409), public=False)
def get_bench(draft: str, resource: str) -> Bench:
    """Get the schema of a sent table as it was left while it is edited; at first the one in force, or a proposal."""
    return services().workbench.show(caller(), draft, resource)


@blueprint.operation("PUT", _SCHEMA, shape=BenchShape, body=BenchInput, needs=Verb.UPLOAD, **_REFUSED)
def keep_bench(body: Mapping[str, Any], draft: str, resource: str) -> Bench:
    """Keep a schema while it is edited, right or wrong; the table isn't checked by it.

    To have the table checked by it, change the table's `schema`.
    """
    if "sources" not in body:
        return services().workbench.adopt(caller(), draft, resource, body["schema"])
    state = BenchState(schema=body["schema"], sources=body["sources"])
    return services().workbench.keep(caller(), draft, resource, state)


@blueprint.operation("POST", f"{_SCHEMA}/undo", **_STEP)
def undo_bench(draft: str, resource: str) -> Bench:
    """Go back to the schema that was kept before."""
    return services().workbench.undo(caller(), draft, resource)


@blueprint.operation("POST", f"{_SCHEMA}/redo", **_STEP)
def redo_bench(draft: str, resource: str) -> Bench:
    """Go forward to the schema that was undone."""
    return services().workbench.redo(caller(), draft, resource)


@blueprint.operation(
    "POST",
    f"{_SCHEMA}/count",
    shape=TableCountShape,
    body=CountInput,
    needs=Verb.UPLOAD,
    problems=(400, 403, 404, 409, 413, 415, 422, 503),
)
def count_bench(body: Mapping[str, Any], draft: str, resource: str) -> Mapping[str, Any]:
    """Count over all rows of a checked table what fields would break; nothing is changed.

    A newer count of the same table ends an older one, which is answered with 409. While others count, the answer is
    503, with `Retry-After`.
    """
    bench = services().workbench.show(caller(), draft, resource)
    state, only = _read_wish(body, bench)
    found = services().counts.count(caller(), draft, resource, state, only, body["limit"])
    return {
        "rows": found.rows,
        "fields": [_describe(item) for item in found.fields.values()],
        "keys": [_describe(item) for item in found.keys],
        "table": _describe(found.table) if found.table is not None else None,
    }


@blueprint.operation("GET", f"{_SCHEMA}.xlsx", file_type=XLSX, problems=(403, 404, 409), public=False)
def download_bench(draft: str, resource: str) -> Response:
    """Get the schema as a workbook that can be filled in, in the language the request asks for."""
    found = services().dictionaries.write_draft(caller(), draft, resource, choose_voice())
    return send_file_of(found, XLSX, f"{resource}-schema.xlsx")


@blueprint.operation(
    "POST",
    f"{_SCHEMA}.xlsx",
    shape=BenchShape,
    needs=Verb.UPLOAD,
    requestBody={
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
    **_REFUSED,
)
def upload_bench(draft: str, resource: str) -> Bench:
    """Send such a workbook: its schema is kept as the one being edited. What can't be read is named with its cell."""
    services().workbench.show(caller(), draft, resource)
    request.max_content_length = MOST_BYTES
    schema = services().dictionaries.read(caller(), io.BytesIO(request.get_data(cache=False)))
    return services().workbench.adopt(caller(), draft, resource, schema)


@blueprint.operation("GET", f"{_LIBRARY}/uses", shape=SchemaUsePage, problems=(404, 429), counts=True)
def list_schema_uses(schema: str) -> Page[TableUse]:
    """List the tables of the newest versions of datasets that are checked by a schema, whatever its version."""
    return Page(services().schema_library.list_uses(schema))


@blueprint.operation(
    "POST", f"{_LIBRARY}/plan", shape=SchemaPlanShape, body=PlanInput, problems=(400, 403, 404, 413, 415, 422)
)
def plan_schema(body: Mapping[str, Any], schema: str) -> Mapping[str, Any]:
    """Say what adding this schema under the name would do: the number it gets, why, and who uses the one before.

    Nothing is added: to do that, send it to `/schemas` with the number. Maintainers only.
    """
    plan = services().schema_library.plan(caller(), schema, body["descriptor"])
    described = [item.describe() for item in plan.reasons]
    return {
        "name": plan.name,
        "version": plan.version,
        "newest": plan.newest,
        "bump": plan.bump,
        "reasons": described,
        "uses": plan.uses,
    }


def _read_wish(body: Mapping[str, Any], bench: Bench) -> tuple[BenchState, Sequence[int] | None]:
    """What to count, and the numbers of the fields where not all are meant. Raises `InvalidMetadataError`."""
    if "field" in body:
        schema: Mapping[str, Any] = {**_without_fields(bench.state.schema), "fields": [body["field"]]}
        faults = [replace(item, pointer=item.pointer.replace("/fields/0", "/field", 1)) for item in find_faults(schema)]
        if faults:
            raise InvalidMetadataError(faults=faults)
    else:
        schema = body.get("schema", bench.state.schema)
    if not isinstance(schema.get("fields"), list) or not all(isinstance(item, Mapping) for item in schema["fields"]):
        text = N_("A schema needs a list “fields” with at least one field")
        raise InvalidMetadataError(faults=[fault("/schema/fields", text)])
    sources = body.get("sources")
    if sources is None:
        own = dict(zip(bench.state.sources, bench.state.names, strict=False))
        sources = place_sources(schema, bench.labels, own)
    state = BenchState(schema=schema, sources=sources)
    names = body.get("names")
    return state, None if names is None else [place for place, name in enumerate(state.names) if name in names]


def _without_fields(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a schema says beside its fields, for one field that is tried alone: the file may have other columns."""
    return {**{name: value for name, value in schema.items() if name == "missingValues"}, "fieldsMatch": "subset"}


def _describe(count: Count) -> Mapping[str, Any]:
    voice = choose_voice()
    cells = [
        {"row": item["row"], "text": item["cell"], "rule": item["rule"], "message": explain(voice, item).message}
        for item in count.cells
    ]
    return {
        "names": count.names,
        "errors": count.errors,
        "warnings": count.warnings,
        "counts": count.counts,
        "cells": cells,
    }
