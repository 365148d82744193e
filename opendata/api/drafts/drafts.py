"""Drafts: files go in, are checked, and are taken through review step by step."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any

from flask import Response, send_file

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
from opendata.api.core.inputs import PageQuery
from opendata.api.drafts.draft_inputs import DraftChanges, DraftQuery, ResourceChanges, ReturnInput, SubmitInput
from opendata.api.drafts.draft_shapes import DraftPage, DraftShape, ErasedShape
from opendata.api.drafts.tus_drafts import is_referring, read_references
from opendata.api.drafts.upload_body import read_upload
from opendata.api.drafts.upload_document import UPLOAD_BODY
from opendata.domain.access.scopes import Verb
from opendata.errors import N_
from opendata.services.core.values import DraftView, Page
from opendata.services.drafts.intake import Sent
from opendata.services.drafts.submission import Submission
from opendata.services.operations.originals import Erased

blueprint = ApiBlueprint("drafts", N_("Proposed next versions of datasets: upload, check, review, publication."))

_OF_DATASET = "/datasets/<identifier:dataset>/drafts"
ONE = "/drafts/<identifier:draft>"
"""The address of a draft."""

_TABLE = f"{ONE}/resources/<identifier:resource>"

STEP: dict[str, Any] = {"shape": DraftShape, "takes": ("If-Match",), "gives": ("ETag", "Retry-After")}
REFUSED = (403, 404, 409, 412)
REFUSED_BODY = (400, *REFUSED, 413, 415, 422)


@blueprint.operation(
    "POST",
    _OF_DATASET,
    status=202,
    shape=DraftShape,
    takes=("Idempotency-Key",),
    gives=("Location", "ETag", "Retry-After", "Idempotency-Replayed"),
    problems=(400, 403, 404, 409, 410, 413, 415, 422),
    requestBody=UPLOAD_BODY,
    needs=Verb.UPLOAD,
)
def create_draft(dataset: str) -> Answer:
    """Send files for the next version of a dataset, or name uploads that are finished.

    Each file is a table, or a document or picture that accompanies one: it becomes an attachment, and nothing looks
    inside it. What has the name of a resource of the latest version replaces it unless its `mode` says otherwise,
    the others are carried over; without any file the next version changes metadata only. The check runs in the
    background: read the draft at `Location` until its `status` is `valid` or `invalid`.
    """
    with ExitStack() as opened:
        found, created = services().drafts.receive(caller(), dataset, partial(_read_sent, opened))
    headers = build_created_headers(f"{PREFIX}/drafts/{found.id}", created=created)
    return found, {**headers, **describe_state(found)}


@blueprint.operation(
    "POST",
    f"{ONE}/files",
    status=202,
    problems=(400, 403, 404, 409, 410, 412, 413, 415, 422),
    requestBody=UPLOAD_BODY,
    **STEP,
    needs=Verb.UPLOAD,
)
def send_files(draft: str) -> Answer:
    """Send corrected files for the tables of a draft, or more files.

    A file takes the place of the table or attachment of its name; where the draft has one table, the name may be left
    out. What was said of a table holds on: schema, mapping, repairs, choices, decisions. The draft is checked again.
    """
    with ExitStack() as opened:
        read = partial(_read_sent, opened)
        return answer(services().drafts.receive_again(caller(), draft, read, revision=read_revision()))


@blueprint.operation("GET", _OF_DATASET, shape=DraftPage, query=PageQuery, problems=(400, 403, 404, 422), public=False)
def list_drafts_of_dataset(query: Mapping[str, Any], dataset: str) -> Page[DraftView]:
    """List the drafts of a dataset, newest first, without their reports."""
    services().drafts.require_author(caller(), dataset)
    return services().drafts.list(caller(), dataset=dataset, **query)


@blueprint.operation("GET", "/drafts", shape=DraftPage, query=DraftQuery, problems=(400, 422), public=False)
def list_drafts(query: Mapping[str, Any]) -> Page[DraftView]:
    """List the drafts of the caller's publisher (a maintainer: all), newest first.

    They come without their reports, signed checks and comments.
    """
    return services().drafts.list(caller(), **query)


@blueprint.operation(
    "GET",
    ONE,
    shape=DraftShape,
    takes=("If-None-Match",),
    gives=("ETag", "Retry-After"),
    problems=(403, 404),
    public=False,
)
def get_draft(draft: str) -> Answer | Response:
    """Get a draft: where it stands, its tables and the report on them."""
    found = services().drafts.get(caller(), draft)
    # Progress does not change the revision: the state of running work is always sent in full.
    return answer_unless_known(found, found.revision) if found.is_settled else answer(found)


@blueprint.operation("PATCH", ONE, body=DraftChanges, problems=REFUSED_BODY, **STEP, needs=Verb.UPLOAD)
def change_draft(body: Mapping[str, Any], draft: str) -> Answer:
    """Say which period the edition is about."""
    return answer(services().drafts.change_period(caller(), draft, body["period"], revision=read_revision()))


@blueprint.operation(
    "POST", f"{ONE}/submit", status=202, body=SubmitInput, problems=REFUSED_BODY, **STEP, needs=Verb.PUBLISH
)
def submit_draft(body: Mapping[str, Any], draft: str) -> Answer:
    """Ask for publication. Where this portal works without review, the draft goes on to be published."""
    return answer(services().drafts.submit(caller(), draft, Submission(**body), revision=read_revision()))


@blueprint.operation("POST", f"{ONE}/return", body=ReturnInput, problems=REFUSED_BODY, **STEP, needs=Verb.PUBLISH)
def return_draft(body: Mapping[str, Any], draft: str) -> Answer:
    """Send a draft back to its author, saying why."""
    return answer(services().drafts.return_(caller(), draft, body["comment"], revision=read_revision()))


@blueprint.operation("POST", f"{ONE}/publish", status=202, problems=REFUSED, **STEP, needs=Verb.PUBLISH)
def publish_draft(draft: str) -> Answer:
    """Publish an approved draft."""
    return answer(services().drafts.publish(caller(), draft, revision=read_revision()))


@blueprint.operation("POST", f"{ONE}/discard", problems=REFUSED, **STEP, needs=Verb.UPLOAD)
def discard_draft(draft: str) -> Answer:
    """Give a draft up."""
    return answer(services().drafts.discard(caller(), draft, revision=read_revision()))


@blueprint.operation("DELETE", f"{ONE}/originals", shape=ErasedShape, problems=(403, 404, 409))
def erase_originals(draft: str) -> Erased:
    """Erase the files that were sent for a published or discarded draft. The files of the version stay."""
    return services().originals.erase(caller(), draft)


@blueprint.operation("POST", f"{ONE}/retry", status=202, problems=REFUSED, **STEP, needs=Verb.UPLOAD)
def retry_draft(draft: str) -> Answer:
    """Try a failed draft again."""
    return answer(services().drafts.retry(caller(), draft, revision=read_revision()))


@blueprint.operation(
    "PATCH", _TABLE, status=202, body=ResourceChanges, problems=REFUSED_BODY, **STEP, needs=Verb.UPLOAD
)
def change_resource(body: Mapping[str, Any], draft: str, resource: str) -> Answer:
    """Give a sent table another schema or dialect and have it checked again."""
    return answer(services().drafts.change_resource(caller(), draft, resource, body, revision=read_revision()))


@blueprint.operation("DELETE", _TABLE, status=202, problems=REFUSED, **STEP, needs=Verb.UPLOAD)
def drop_resource(draft: str, resource: str) -> Answer:
    """Leave a table or an attachment out of the next version, a sent one as well as one carried over."""
    return answer(services().drafts.drop_resource(caller(), draft, resource, revision=read_revision()))


@blueprint.operation(
    "GET", f"{_TABLE}/file", file_type="application/octet-stream", problems=(403, 404, 409), public=False
)
def download_attachment(draft: str, resource: str) -> Response:
    """Get the file of an attachment that was sent with a draft, to look at it before it is public."""
    found = services().drafts.find_attachment(caller(), draft, resource)
    with found.local_copy() as path:  # which is open by the end of this
        response = send_file(
            path,
            mimetype="application/octet-stream",
            as_attachment=True,
            download_name=found.name,
            conditional=False,
            etag=False,
        )
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _read_sent(opened: ExitStack) -> Sent:
    """What the body holds, or the uploads it names; files stay open as long as `opened`."""
    referring = is_referring()
    upload = read_references(opened) if referring else read_upload()
    once = read_once(None if referring else upload.sent)
    return Sent(files=upload.files, options=upload.options, notes=upload.notes, once=once)


def answer(found: DraftView) -> Answer:
    """A draft after a step, with the headers that say where it stands."""
    return found, describe_state(found)


def describe_state(found: DraftView) -> dict[str, str]:
    """The headers that say where a draft stands."""
    headers = {"ETag": write_etag(found.revision)}
    return headers if found.is_settled else {**headers, "Retry-After": "1"}
