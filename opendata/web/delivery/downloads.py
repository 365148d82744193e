"""The files of published versions, in every form: their addresses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from opendata.domain.parts import PARTS_FOLDER, name_part
from opendata.metadata.canonical import write_canonical
from opendata.sending.content import DERIVED, IMMUTABLE, describe_bytes, send
from opendata.sending.forms import describe_form, name_file, open_to_origins, send_form
from opendata.services.delivery.forms import ServedForm
from opendata.web.core.instance import services
from opendata.web.core.languages import vary_by_reader
from opendata.web.core.links import clean_name, link_csv, link_file, name_table
from opendata.web.core.readers import for_readers, is_begun, reader
from opendata.web.delivery.citations import FORMS, cite

blueprint = Blueprint("downloads", __name__)

JSON = "application/json"
_TEXT = "text/plain; charset=us-ascii"
_SHOWN = frozenset(["application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"])
"""What a browser shows and never runs; all other attachments are offered to be kept."""
_COUNTED = {"send_table": "", "send_package": "zip", "send_attachment": "attachment", "send_part": ""}
"""The views whose answers are downloads, and what their format is called; that of a table is in its address."""


@blueprint.get("/datasets/<dataset>/latest/")
@blueprint.get("/datasets/<dataset>/latest/<path:rest>")
def find_latest(dataset: str, rest: str = "") -> AnyResponse:
    """Redirect to this address in the newest version, query included."""
    version = services().versions.find_latest(dataset)
    target = url_for("version_pages.show_version", dataset=dataset, version=version) + quote(rest)
    query = request.query_string.decode("ascii", "replace")
    response = redirect(f"{target}?{query}" if query else target, 302)
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.get("/datasets/<dataset>/<version>/datapackage.json")
def send_manifest(dataset: str, version: str) -> AnyResponse:
    """The manifest: exactly the bytes that are signed."""
    data = services().versions.read_manifest(dataset, version)
    return send(describe_bytes(data, JSON, IMMUTABLE, link_file(dataset, version, "datapackage.json")))


@blueprint.get("/datasets/<dataset>/<version>/datapackage.json.sig")
def send_signature(dataset: str, version: str) -> AnyResponse:
    """The detached signature of the manifest."""
    data = services().versions.read_signature(dataset, version)
    return send(describe_bytes(data, _TEXT, IMMUTABLE, link_file(dataset, version, "datapackage.json.sig")))


@blueprint.get("/datasets/<dataset>/<version>/datapackage.zip")
@for_readers
def send_package(dataset: str, version: str) -> AnyResponse:
    """The whole version as one archive."""
    form = services().forms.find_package(dataset, version, reader())
    title = services().versions.get_manifest(dataset, version).title
    return send(
        describe_form(services(), form, link_file(dataset, version, "datapackage.zip"), _name(form, title, version))
    )


@blueprint.get('/datasets/<dataset>/<version>/citation.<any("txt","bib","json"):suffix>')
def send_citation(dataset: str, version: str, suffix: str) -> AnyResponse:
    """How the version is cited: as a sentence, as BibTeX, as CSL JSON, in the reader's language."""
    media_type, write = FORMS[suffix]
    links = link_file(dataset, version, f"citation.{suffix}")
    content = describe_bytes(write(cite(dataset, version)).encode(), media_type, DERIVED, links)
    disposition = name_file(f"{dataset}-{version}.{suffix}") if suffix != "txt" else ""
    response = send(replace(content, disposition=disposition))
    vary_by_reader(response)
    return response


@blueprint.get("/datasets/<dataset>/<version>/withdrawal.json")
def send_tombstone(dataset: str, version: str) -> AnyResponse:
    """The tombstone of a version that was taken down: exactly the bytes that are signed."""
    return send(describe_bytes(services().withdrawals.read_tombstone(dataset, version), JSON, DERIVED))


@blueprint.get("/datasets/<dataset>/<version>/withdrawal.json.sig")
def send_tombstone_signature(dataset: str, version: str) -> AnyResponse:
    """The detached signature of the tombstone."""
    data = services().withdrawals.read_tombstone(dataset, version, signature=True)
    return send(describe_bytes(data, _TEXT, DERIVED))


@blueprint.get("/datasets/<dataset>/<version>/suspension.json")
def send_suspension(dataset: str, version: str) -> AnyResponse:
    """The newest record of a version's stops: exactly the bytes that are signed."""
    return send(describe_bytes(services().withdrawals.read_suspension(dataset, version), JSON, "no-cache"))


@blueprint.get("/datasets/<dataset>/<version>/suspension.json.sig")
def send_suspension_signature(dataset: str, version: str) -> AnyResponse:
    """The detached signature of that record."""
    data = services().withdrawals.read_suspension(dataset, version, signature=True)
    return send(describe_bytes(data, _TEXT, "no-cache"))


@blueprint.get('/datasets/<dataset>/<version>/<resource>.<any("csv","parquet","xlsx","json","jsonl","arrow"):suffix>')
@for_readers
def send_table(dataset: str, version: str, resource: str, suffix: str) -> AnyResponse:
    """The rows in the form of the suffix; `?excel=1` gives CSV made for a spreadsheet, `?since=` what is new."""
    if "since" in request.args:
        return _send_since(dataset, version, resource, suffix)
    excel = suffix == "csv" and request.args.get("excel") == "1"
    form = services().forms.find(dataset, version, resource, suffix, excel=excel, reader=reader())
    links = link_file(dataset, version, f"{resource}.{suffix}", resource)
    if suffix == "csv" and not excel:
        links = f"{link_csv(dataset, version, resource)}, {links}"
    disposition = name_table(dataset, version, resource, form.name, excel=excel)
    return send_form(services(), form, links, disposition)


@blueprint.get(
    '/datasets/<dataset>/<version>/parts/<resource>.<int(fixed_digits=5):number>.<any("csv","parquet"):suffix>'
)
@for_readers
def send_part(dataset: str, version: str, resource: str, number: int, suffix: str) -> AnyResponse:
    """A part of a large table: of CSV the first has the header, of Parquet each is a whole file."""
    form = services().forms.find_part(dataset, version, resource, number, suffix, reader())
    links = link_file(dataset, version, f"{PARTS_FOLDER}/{name_part(resource, number, suffix)}", resource)
    return send_form(services(), form, links, name_file(form.name))


def _send_since(dataset: str, version: str, resource: str, suffix: str) -> AnyResponse:
    """The rows that changed since an older version, each with what to do: `added`, `removed`, `after` a change."""
    form = services().differences.find_since(dataset, request.args["since"], version, resource, suffix, reader())
    return send(
        describe_form(
            services(), form, link_file(dataset, version, f"{resource}.{suffix}", resource), name_file(form.name)
        )
    )


@blueprint.get("/datasets/<dataset>/<version>/files/<name>")
@for_readers
def send_attachment(dataset: str, version: str, name: str) -> AnyResponse:
    """A file that accompanies the tables. Nobody has looked inside it: it may do nothing here."""
    form = services().forms.find_attachment(dataset, version, name, reader())
    shown = "inline" if form.media_type in _SHOWN else "attachment"
    links = link_file(dataset, version, f"files/{name}")
    content = describe_form(services(), form, links, name_file(form.name, disposition=shown))
    response = send(replace(content, sign=None))  # elsewhere it might do something
    if form.media_type != "application/pdf":  # what reads PDF in a browser does not start in a sandbox
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    return response


@blueprint.get("/datasets/<dataset>/<version>/<resource>.schema.json")
def send_resource_schema(dataset: str, version: str, resource: str) -> AnyResponse:
    """The Table Schema of a resource."""
    found = services().versions.get_table(dataset, version, resource)
    links = link_file(dataset, version, f"{resource}.schema.json")
    return send(describe_bytes(write_canonical(found.schema.descriptor), JSON, IMMUTABLE, links))


@blueprint.get("/datasets/<dataset>/<version>/<resource>.report.json")
@for_readers
def send_report(dataset: str, version: str, resource: str) -> AnyResponse:
    """The verdict and counts of a resource, without any cell."""
    data = write_canonical(services().versions.get_report(dataset, version, resource, reader()))
    return send(describe_bytes(data, JSON, DERIVED))


@blueprint.get("/schemas/<schema>/<version>.json")
def send_schema(schema: str, version: str) -> AnyResponse:
    """A schema of the library."""
    data = write_canonical(services().schemas.get(schema, version).schema.descriptor)
    return send(describe_bytes(data, JSON, IMMUTABLE))


@blueprint.after_request
def count_download(response: AnyResponse) -> AnyResponse:
    """Count that a file was sent from its beginning: which one, not to whom."""
    name = (request.endpoint or "").rpartition(".")[2]
    if name in _COUNTED and is_begun(response):
        parts = request.view_args or {}
        format_name = _COUNTED[name] or parts["suffix"]
        services().downloads.count(parts["dataset"], parts.get("resource", ""), format_name)
    return response


@blueprint.after_request
def open_to_all(response: AnyResponse) -> AnyResponse:
    """Programs in any web page may read, whole or in part, what isn't given to this reader alone."""
    if reader() is not None:
        return response
    open_to_origins(response)
    return response


def _name(form: ServedForm, title: str, version: str) -> str:
    """What the download is called: by the table's title where people open it, by ids where programs do."""
    cleaned = clean_name(title)
    if not cleaned:
        return name_file(form.name)
    return name_file(f"{cleaned}-{version}{Path(form.name).suffix}", form.name)
