"""Drafts of files that were sent before: the document that refers to finished uploads."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from flask import request
from marshmallow import fields

from opendata.api.core.authentication import caller
from opendata.api.core.current import services
from opendata.api.core.documents import parse_document
from opendata.api.core.fields import IDENTIFIER, Inner, Many, Shape, Text
from opendata.api.drafts.draft_inputs import ResourceOptionInput
from opendata.api.drafts.upload_body import Upload, load_shape, strip_folders
from opendata.metadata.dataset import MAX_TEXT
from opendata.services.drafts.intake import MAX_FILES, ResourceOption
from opendata.services.uploads.upload_values import UploadedFile, make_name_distinct


class UploadReference(ResourceOptionInput):
    """A finished upload and the options of its file; anything you leave out is as in the previous version."""

    upload = Text(required=True, longest=100, metadata={"pattern": IDENTIFIER, "description": "The id of the upload."})
    file = Text(longest=500, metadata={"description": "The name of the file, where it is not the upload's."})


class ReferringInput(Shape):
    """The finished uploads of which the draft is made, and what changed."""

    uploads: fields.Field[Any] = Many(Inner(UploadReference), load_default=list)
    notes = Text(longest=MAX_TEXT, load_default="")


def is_referring() -> bool:
    """Whether the request names uploads instead of carrying files."""
    return request.mimetype == "application/json"


def read_references(opened: ExitStack) -> Upload:
    """The files a document refers to, open until `opened` is closed.

    Raises `InputError`, `InvalidMetadataError`; `NotFoundError`, `ExpiredError` and `StateError` for an upload that is
    not there, or not all there.
    """
    found = load_shape(ReferringInput(), parse_document(request.get_data()), "")
    files: list[UploadedFile] = []
    options: list[ResourceOption] = []
    for item in found["uploads"][: MAX_FILES + 1]:  # one too many is refused with its reason later
        upload, name = item.pop("upload"), item.pop("file", None)
        file = services().uploads.open(caller(), upload, name=strip_folders(name) if name else None)
        opened.callback(file.stream.close)
        file = UploadedFile(make_name_distinct(file.name, {item.name for item in files}), file.stream, file.upload)
        schema = item.pop("schema", None)
        files.append(file)
        options.append(
            ResourceOption(file=file.name, schema=schema.strip() if isinstance(schema, str) else schema, **item)
        )
    return Upload(files, options, found["notes"], ())
