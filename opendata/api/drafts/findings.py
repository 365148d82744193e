"""What the check of a sent table found: page by page as JSON, or as files for people to work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, BinaryIO

from flask import Response, request
from marshmallow import Schema, fields
from werkzeug.utils import send_file

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import ApiBlueprint
from opendata.api.core.current import services
from opendata.api.core.fields import Text
from opendata.api.core.inputs import PageQuery
from opendata.api.core.shapes import page_of
from opendata.errors import N_
from opendata.problems import choose_voice
from opendata.services.core.values import Page
from opendata.wording.findings import explain

blueprint = ApiBlueprint("findings", N_("What the check of a draft's table found, cell by cell."))

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_TABLE = "/drafts/<identifier:draft>/resources/<identifier:resource>"
_FILE: dict[str, Any] = {"problems": (403, 404), "public": False}


class FindingsQuery(PageQuery):
    """Which findings."""

    type = Text(longest=100, metadata={"description": "Of this type of error only."})
    field = Text(longest=2000, metadata={"description": "In this column only."})
    rule = Text(longest=2000, metadata={"description": "Against this rule only."})
    strength = Text(longest=20, metadata={"description": "Of this strength only: `error`, `warning` or `note`."})


class FindingShape(Schema):
    """A finding: where it is, what it is, and in words how to fix it."""

    row = fields.Integer(
        required=True, allow_none=True, metadata={"description": "The record in the file, from 1; null: no single one."}
    )
    fieldNumber = fields.Integer(  # noqa: N815 - as the file has it
        required=True, allow_none=True, metadata={"description": "The column, from 1; null: no single one."}
    )
    fieldName = fields.String(required=True)  # noqa: N815
    type = fields.String(required=True, metadata={"description": "The type of error, as in the report."})
    rule = fields.String(required=True, metadata={"description": "`type`, the constraint's or check's name, or type."})
    strength = fields.String(required=True, metadata={"enum": ["error", "warning", "note"]})
    cell = fields.String(required=True, allow_none=True, metadata={"description": "Its first 1000 characters."})
    code = fields.String(required=True, metadata={"description": "What is wrong, more exactly than by its type."})
    params = fields.Dict(required=True, metadata={"description": "What fills the sentences of the code."})
    note = fields.String(required=True)
    title = fields.String(required=True, metadata={"description": "What the rule is called, in the reader's language."})
    message = fields.String(required=True, metadata={"description": "What is wrong."})
    advice = fields.String(required=True, metadata={"description": "How to fix it."})


FindingsPage = page_of(FindingShape)


@blueprint.operation(
    "GET",
    f"{_TABLE}/findings",
    shape=FindingsPage,
    query=FindingsQuery,
    problems=(400, 403, 404, 422),
    public=False,
)
def list_findings(query: Mapping[str, Any], draft: str, resource: str) -> Page[Mapping[str, Any]]:
    """List what the check of a sent table found, in the order of its rows."""
    page = services().findings.list(caller(), draft, resource, **query)
    voice = choose_voice()
    return replace(page, items=[{**item, **explain(voice, item)._asdict()} for item in page.items])


@blueprint.operation("GET", f"{_TABLE}/findings.csv", file_type=CSV, **_FILE)
def download_findings_csv(draft: str, resource: str) -> Response:
    """Get the list as CSV, in the language the request asks for."""
    found = services().findings.write_csv(caller(), draft, resource, choose_voice())
    return send_file_of(found, CSV, f"{resource}-findings.csv")


@blueprint.operation("GET", f"{_TABLE}/findings.xlsx", file_type=XLSX, **_FILE)
def download_findings_xlsx(draft: str, resource: str) -> Response:
    """Get the list as an Excel workbook, in the language the request asks for."""
    found = services().findings.write_xlsx(caller(), draft, resource, choose_voice())
    return send_file_of(found, XLSX, f"{resource}-findings.xlsx")


@blueprint.operation("GET", f"{_TABLE}/marked.xlsx", file_type=XLSX, **_FILE)
def download_marked_copy(draft: str, resource: str) -> Response:
    """Get the sent table as an Excel workbook: wrong cells are coloured, and comments explain how to fix them."""
    found = services().findings.write_marked(caller(), draft, resource, choose_voice())
    return send_file_of(found, XLSX, f"{resource}-marked.xlsx")


def send_file_of(found: BinaryIO, media_type: str, name: str) -> Response:
    """A file that was written for one reader, as an answer to be saved."""
    size = found.seek(0, 2)
    found.seek(0)
    response = send_file(
        found,
        request.environ,
        mimetype=media_type,
        as_attachment=True,
        download_name=name,
        conditional=False,
        etag=False,
        response_class=Response,
    )
    response.content_length = size
    response.headers["Cache-Control"] = "private, no-store"
    return response  # type: ignore[return-value]
