"""The inventory and the opening plan: to read, to register and change items, and whole tables of them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Response, stream_with_context
from marshmallow import Schema, fields

from opendata.api.catalogue.datasets import spell_out
from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import PREFIX, ApiBlueprint
from opendata.api.core.conditions import (
    Answer,
    answer_unless_known,
    build_created_headers,
    read_once,
    read_revision,
    write_etag,
)
from opendata.api.core.current import services
from opendata.api.core.fields import Address, Instant, Shape, Text
from opendata.api.core.inputs import DatasetInput, PageQuery
from opendata.api.core.multipart import read_table_form
from opendata.api.core.shapes import OwnerShape, page_of
from opendata.api.drafts.findings import CSV, XLSX, send_file_of
from opendata.domain.access.scopes import Verb
from opendata.domain.inventory.plan import Outcome
from opendata.domain.inventory.states import ItemState
from opendata.errors import N_, InvalidMetadataError, fault
from opendata.metering import cost_class
from opendata.problems import choose_voice
from opendata.services.core.actors import require_publisher
from opendata.services.core.values import Page
from opendata.services.governance.inventory.columns import parse_day
from opendata.services.governance.inventory.exports import write_csv, write_workbook
from opendata.services.governance.inventory.import_values import ImportResult
from opendata.services.governance.inventory.inventory import UNSAID, PlanChange
from opendata.services.governance.inventory.items import ItemFilter, ItemView, PlanView

blueprint = ApiBlueprint("inventory", N_("What publishers hold, and what opens when."))

_ONE = "/inventory/<item:dataset>"
_MOST_FAULTS = 1000
_ETAG: dict[str, Any] = {"takes": ("If-Match",), "gives": ("ETag",)}


class _FilterQuery(PageQuery):
    publisher = Text(longest=100, metadata={"description": "Of this publisher only."})
    disclosure = Text(longest=20, metadata={"description": "`open`, `conditional` or `closed`."})
    state = Text(
        longest=20, metadata={"description": "The state of an item.", "enum": [item.value for item in ItemState]}
    )
    q = Text(longest=200, metadata={"description": "A part of the title or the id, or a whole index number."})


class InventoryQuery(_FilterQuery):
    """Which items."""


class PlanQuery(PageQuery):
    """Which items of the plan."""

    publisher = Text(longest=100, metadata={"description": "Of this publisher only."})
    outcome = Text(longest=20, metadata={"description": "What became of it.", "enum": [item.value for item in Outcome]})


class ItemInput(DatasetInput):
    """The metadata of an item, and the day on which it is to be opened."""

    opens = Text(longest=40, allow_none=True, metadata={"format": "date"})
    opens_reason = Text(longest=1000, attribute="opensReason", data_key="opensReason")


class OpeningDayInput(Shape):
    """The day on which an item is to be opened, null for none; moving it needs a reason."""

    opens = Text(required=True, longest=40, allow_none=True, metadata={"format": "date"})
    reason = Text(longest=1000)


class InventoryItemShape(Schema):
    """An item of the inventory: `metadata` are its properties by their names in the profile.

    `items` are its information items; those of published data are the columns of its tables.
    """

    id = fields.String(required=True)
    title = fields.String(required=True)
    publisher = fields.Nested(OwnerShape, required=True)
    publisher_code = fields.String(required=True, allow_none=True, attribute="code", data_key="publisherCode")
    index_number = fields.String(required=True, data_key="indexNumber")
    state = fields.String(required=True, metadata={"enum": [item.value for item in ItemState]})
    metadata = fields.Dict(required=True)
    items = fields.List(fields.Dict(), required=True, metadata={"description": "Its information items."})
    latest = fields.String(required=True, allow_none=True)
    opens = fields.Date(required=True, allow_none=True, metadata={"description": "The day that the plan has for it."})
    opened = fields.Date(required=True, allow_none=True, metadata={"description": "The day it was first open."})
    published = fields.Date(required=True, allow_none=True, metadata={"description": "The day of its first version."})
    is_public = fields.Boolean(required=True, data_key="isPublic")
    is_waiting = fields.Boolean(
        required=True, data_key="isWaiting", metadata={"description": "Whether a change waits for a draft."}
    )
    modified = Instant(required=True)
    url = Address("/datasets/{0.id}", metadata={"description": "Its page."})


class PlannedDayShape(Schema):
    """A day that the plan had for an item."""

    opens = fields.Date(required=True, allow_none=True)
    reason = fields.String(required=True)
    decided = fields.Date(required=True, metadata={"description": "The day on which it was set."})
    replaced = fields.Date(required=True, allow_none=True)
    was_missed = fields.Boolean(required=True, data_key="wasMissed")


class PlanShape(Schema):
    """What the plan has for an item, what became of it, and all days that it had, the newest first."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    publisher = fields.Nested(OwnerShape, required=True)
    opens = fields.Date(required=True, allow_none=True)
    opened = fields.Date(required=True, allow_none=True)
    outcome = fields.String(required=True, metadata={"enum": [item.value for item in Outcome]})
    missed = fields.Integer(required=True, metadata={"description": "How many days had passed before they were moved."})
    days = fields.List(fields.Nested(PlannedDayShape), required=True)
    url = Address("/datasets/{0.id}", metadata={"description": "Its page."})


class CellFaultShape(Schema):
    """A cell that is wrong, and how to mend it."""

    sheet = fields.String(required=True)
    row = fields.Integer(required=True)
    column = fields.String(required=True, metadata={"description": "The letters of the column, empty without one."})
    heading = fields.String(required=True)
    value = fields.String(required=True)
    message = fields.String(required=True)
    hint = fields.String(required=True)


class ImportShape(Schema):
    """What became of a table, or would: how many rows do what, and the cells that are wrong (at most 1000)."""

    digest = fields.String(required=True, metadata={"description": "`sha256:` and the digest of the file."})
    rows = fields.Dict(required=True, metadata={"description": "`new`, `changed`, `unchanged`, `wrong`."})
    ignored = fields.List(
        fields.String(), required=True, metadata={"description": "Unknown headings, whose columns are left out."}
    )
    taken = fields.Dict(required=True, metadata={"description": "How many items were registered and changed."})
    faults = fields.List(fields.Nested(CellFaultShape), required=True)


InventoryPage = page_of(InventoryItemShape)
PlanPage = page_of(PlanShape)


@blueprint.operation("GET", "/inventory", shape=InventoryPage, query=InventoryQuery, problems=(400, 422))
@cost_class("light")
def list_inventory(query: Mapping[str, Any]) -> Page[ItemView]:
    """List what publishers hold, by id.

    Readers see items whose entry is public, editors those of their publisher as well.
    """
    page = {"limit": query["limit"], "cursor": query.get("cursor")}
    return services().inventory.list_page(caller(), ItemFilter.from_texts(query), **page)


@blueprint.operation("GET", "/inventory.csv", file_type=CSV, query=InventoryQuery, problems=(400, 422))
@cost_class("rows")
def download_inventory_csv(query: Mapping[str, Any]) -> Response:
    """Get all items that the filter leaves as CSV, in the language the request asks for. It can be imported again."""
    items = services().inventory.iterate(caller(), ItemFilter.from_texts(query))
    lines = write_csv(items, choose_voice())
    headers = {"Content-Disposition": "attachment; filename=inventory.csv"}
    return Response(stream_with_context(lines), mimetype=CSV.partition(";")[0], headers=headers)


@blueprint.operation("GET", "/inventory.xlsx", file_type=XLSX, query=InventoryQuery, problems=(400, 422))
@cost_class("rows")
def download_inventory_xlsx(query: Mapping[str, Any]) -> Response:
    """Get the same as an Excel workbook, with lists to choose from and a sheet that explains the columns."""
    out = io.BytesIO()
    write_workbook(services().inventory.iterate(caller(), ItemFilter.from_texts(query)), out, choose_voice())
    return send_file_of(out, XLSX, "inventory.xlsx")


@blueprint.operation(
    "POST",
    "/inventory",
    status=201,
    shape=InventoryItemShape,
    body=ItemInput,
    takes=("Idempotency-Key",),
    gives=("Location", "ETag", "Idempotency-Replayed"),
    problems=(400, 403, 409, 413, 415, 422),
    needs=Verb.UPLOAD,
)
def register_item(body: Mapping[str, Any]) -> Answer:
    """Register an item that is held. Nothing of it is public until a draft publishes its entry or its data."""
    found, created = services().inventory.create(caller(), spell_out(body), _read_plan(body), once=read_once())
    headers = build_created_headers(f"{PREFIX}/inventory/{found.id}", created=created, revision=found.revision)
    return found, headers


@blueprint.operation("GET", _ONE, shape=InventoryItemShape, takes=("If-None-Match",), gives=("ETag",), problems=(404,))
def get_item(dataset: str) -> Answer | Response:
    """Get one item."""
    found = services().inventory.get(caller(), dataset)
    return answer_unless_known(found, found.revision)


@blueprint.operation(
    "PUT",
    _ONE,
    shape=InventoryItemShape,
    body=ItemInput,
    problems=(400, 403, 404, 409, 412, 413, 415, 422),
    needs=Verb.UPLOAD,
    **_ETAG,
)
def replace_item(body: Mapping[str, Any], dataset: str) -> Answer:
    """Replace what is stated of an item: a property that isn't sent is removed, but the index number stays.

    Under two-person review a change to a public item waits until a draft that has it is approved. `opens` changes the
    plan where it is sent.
    """
    found = services().inventory.replace(caller(), dataset, spell_out(body), _read_plan(body), revision=read_revision())
    return found, {"ETag": write_etag(found.revision)}


@blueprint.operation(
    "POST",
    "/inventory/import",
    shape=ImportShape,
    problems=(400, 403, 409, 413, 415, 422),
    needs=Verb.UPLOAD,
    requestBody={
        "required": True,
        "description": "A table of items, as `inventory.xlsx` has them: XLSX, ODS, XLS or CSV.",
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "dryRun": {"type": "boolean", "description": "Only say what the table would do."},
                        "onlyValid": {
                            "type": "boolean",
                            "description": "Import the rows that are right where others are wrong.",
                        },
                    },
                }
            }
        },
    },
)
def import_items() -> Mapping[str, Any]:
    """Import a table of items: all its rows, or nothing where one is wrong (409) unless `onlyValid` is true."""
    require_publisher(caller())
    form = read_table_form()
    found = services().inventory_imports.run(
        caller(),
        form.stream,
        form.name or "inventory",
        dry=form.is_dry,
        only_valid=form.only_valid,
    )
    return describe_import(found)


@blueprint.operation("GET", "/opening-plan", shape=PlanPage, query=PlanQuery, problems=(400, 422))
@cost_class("light")
def list_plan(query: Mapping[str, Any]) -> Page[PlanView]:
    """List what opens when among public items, by day, with what became of it and the days that were moved."""
    return services().plans.list_page(**query)


@blueprint.operation(
    "PUT",
    f"{_ONE}/plan",
    shape=PlanShape,
    body=OpeningDayInput,
    problems=(400, 403, 404, 409, 413, 415, 422),
    needs=Verb.UPLOAD,
)
def plan_opening(body: Mapping[str, Any], dataset: str) -> PlanView:
    """Plan the day on which an item opens, or take it off the plan."""
    return services().plans.set_day(caller(), dataset, _read_day(body["opens"]), body.get("reason", ""))


def describe_import(found: ImportResult) -> Mapping[str, Any]:
    """What became of a table, in the language of the request."""
    voice, plan = choose_voice(), found.plan
    return {
        "digest": plan.digest,
        "rows": {kind.value: count for kind, count in plan.counts.items()},
        "ignored": plan.ignored,
        "taken": {"new": found.new, "changed": found.changed, "failed": len(found.failed)},
        "faults": [
            {
                "sheet": item.sheet,
                "row": item.row,
                "column": item.letters,
                "heading": item.column.label(voice.language),
                "value": item.value,
                "message": item.say(voice),
                "hint": item.column.hint(voice.language),
            }
            for item in plan.faults[:_MOST_FAULTS]
        ],
    }


def _read_plan(body: Mapping[str, Any]) -> PlanChange:
    if "opens" not in body:
        return UNSAID
    return PlanChange(opens=_read_day(body["opens"]), reason=body.get("opensReason", ""))


def _read_day(text: str | None) -> date | None:
    """A day of JSON. Raises `InvalidMetadataError`."""
    if text is None:
        return None
    day = parse_day(text)
    if day is None:
        message = N_("“%(value)s” isn't a day. Write it like 2026-09-30")
        raise InvalidMetadataError(faults=[fault("/opens", message, value=text)])
    return day
