"""Multipart bodies of an upload: files as streams, their options as checked values."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from marshmallow import Schema, ValidationError
from werkzeug.datastructures import FileStorage

from opendata.api.core.documents import parse_document
from opendata.api.core.multipart import open_form
from opendata.api.core.parsing import list_faults
from opendata.api.drafts.draft_inputs import PlainOptionInput, ResourceOptionInput
from opendata.errors import N_, Fault, InvalidMetadataError, Listed, fault
from opendata.services.drafts.intake import ResourceOption
from opendata.services.uploads.upload_values import UploadedFile

_PLAIN = ("schema", "name", "dialect", "mode")
"""The options of a single file that are parts of their own."""

_TEXTS = ("resources", *_PLAIN, "notes")
_MAX_TEXT_BYTES = 1024 * 1024
_MAX_NOTES = 20_000


@dataclass(frozen=True, slots=True)
class Upload:
    """What came with a request: files, their options, and notes; `sent` identifies it all."""

    files: Sequence[UploadedFile]
    options: Sequence[ResourceOption]
    notes: str
    sent: Sequence[str]


def read_upload() -> Upload:
    """Read the body of an upload.

    Raises `UnsupportedFormatError` where it is not multipart, `InputError` where it cannot be read, and
    `InvalidMetadataError` naming each part that is wrong.
    """
    open_form()
    faults = list(_find_part_faults())
    files = [item for item in request.files.getlist("file") if item.filename or item.stream.read(1)]
    texts = {name: _read_text(name) for name in _TEXTS if name in request.form or name in request.files}
    faults += [fault("/file", N_("Every “file” part needs a file name")) for item in files if not item.filename]
    if "resources" in texts and any(name in texts for name in _PLAIN):
        faults.append(fault("/resources", N_("Describe all files in “resources”, or leave “resources” out")))
    if len(files) != 1:
        message = N_("“%(name)s” works with exactly one file. For several files, use “resources”")
        faults += [fault(f"/{name}", message, name=name) for name in _PLAIN if name in texts]
    if len(texts.get("notes", "")) > _MAX_NOTES:
        faults.append(fault("/notes", N_("This text is too long")))
    if faults:
        raise InvalidMetadataError(faults=faults)
    received = [UploadedFile(_base_name(item), item.stream) for item in files]  # type: ignore[arg-type]
    options = _read_options(texts, received)
    return Upload(received, options, texts.get("notes", ""), _identify(texts, received))


def _find_part_faults() -> Sequence[Fault]:
    known = (*_TEXTS, "file")
    faults = [
        fault(f"/{name[:100]}", N_("There is no part with this name. The parts are %(names)s"), names=Listed(known))
        for name in (*request.form, *request.files)
        if name not in known
    ]
    if "file" in request.form:
        faults.append(fault("/file", N_("This part must be a file. With curl: -F file=@table.csv")))
    for name in _TEXTS:
        if len(request.form.getlist(name)) + len(request.files.getlist(name)) > 1:
            faults.append(fault(f"/{name}", N_("This part was sent twice")))
    return faults


def _read_text(name: str) -> str:
    """A part that is a text, also where it was sent as a file. Raises `InvalidMetadataError`."""
    if name in request.form:
        text = request.form[name]
    else:
        data = request.files[name].stream.read(_MAX_TEXT_BYTES + 1)
        if len(data) > _MAX_TEXT_BYTES:
            raise InvalidMetadataError(faults=[fault(f"/{name}", N_("This text is too long"))])
        text = data.decode("utf-8-sig", "replace")
    if "\0" in text or "\ufffd" in text:
        raise InvalidMetadataError(faults=[fault(f"/{name}", N_("This isn't UTF-8 text"))])
    return text


def _read_options(texts: Mapping[str, str], files: Sequence[UploadedFile]) -> Sequence[ResourceOption]:
    if "resources" in texts:
        found = parse_document(texts["resources"], "/resources")
        loaded = load_shape(ResourceOptionInput(many=True), found, "/resources")
        return [_build_option(strip_folders(item.pop("file")), item) for item in loaded]
    given: dict[str, Any] = {name: texts[name] for name in _PLAIN if texts.get(name, "").strip()}
    for name in ("schema", "dialect"):
        if name == "dialect" or str(given.get(name, "")).lstrip().startswith(("{", "[")):
            given |= {name: parse_document(given[name], f"/{name}")} if name in given else {}
    loaded = load_shape(PlainOptionInput(), given, "")
    return [_build_option(file.name, loaded) for file in files if loaded]


def load_shape(shape: Schema, found: Any, place: str) -> Any:
    """What was sent, by its shape. Raises `InvalidMetadataError` with a pointer below `place` for each fault."""
    try:
        return shape.load(found)
    except ValidationError as error:
        raise InvalidMetadataError(faults=tuple(list_faults(error.messages, place))) from None


def _build_option(file: str, given: Mapping[str, Any]) -> ResourceOption:
    schema = given.get("schema")
    return ResourceOption(file=file, **{**given, "schema": schema.strip() if isinstance(schema, str) else schema})


def _base_name(item: FileStorage) -> str:
    return strip_folders(item.filename or "")


def strip_folders(name: str) -> str:
    """The name of a file without the folders some browsers send, and without what no name should hold."""
    return re.sub(r"[\x00-\x1f\x7f]", "", re.split(r"[\\/]", name)[-1])[:255] or "table.csv"


def _identify(texts: Mapping[str, str], files: Sequence[UploadedFile]) -> Sequence[str]:
    """What tells this upload from another one under the same key; read only where there is a key."""
    if "Idempotency-Key" not in request.headers:
        return ()
    found = [f"{name}={text}" for name, text in sorted(texts.items())]
    for file in files:
        file.stream.seek(0)
        found += [file.name, hashlib.file_digest(file.stream, "sha256").hexdigest()]  # type: ignore[arg-type]
        file.stream.seek(0)
    return found
