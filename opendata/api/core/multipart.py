"""Multipart bodies: read to their end or refused; files go to temporary files, never into memory as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO, cast

from flask import current_app, request

from opendata.api.core.fields import UNKNOWN
from opendata.errors import N_, InputError, InvalidMetadataError, UnsupportedFormatError, fault


def open_form() -> None:
    """Read the body of the request, so that `request.form` and `request.files` have its parts.

    No body at all is a form without parts. Raises `UnsupportedFormatError` if the body isn't multipart, `InputError` if
    it is truncated.
    """
    request.max_content_length = current_app.config["MAX_CONTENT_LENGTH"]
    if request.mimetype != "multipart/form-data" and (request.mimetype or request.stream.read(1)):
        raise UnsupportedFormatError(
            N_("Send files as “multipart/form-data” with a part named “file”, not as “%(type)s”"),
            type=request.mimetype[:100] or "?",
        )
    strict: Any = partial(request.form_data_parser_class, silent=False)  # a truncated body isn't an empty one
    request.form_data_parser_class = strict
    try:
        request.form  # noqa: B018 - reads the whole body
    except ValueError:
        raise InputError(N_("The multipart body can't be read: it is cut off or its boundary is missing")) from None


@dataclass(frozen=True, slots=True)
class TableForm:
    """A table to be imported: its bytes and name, and whether only its trial or only its right rows are wanted."""

    stream: BinaryIO
    name: str
    is_dry: bool
    only_valid: bool


def read_table_form() -> TableForm:
    """The parts `file`, `dryRun` and `onlyValid` of the body. Raises as `open_form`, and `InvalidMetadataError`."""
    open_form()
    unknown = [*(request.form.keys() - {"dryRun", "onlyValid"}), *(request.files.keys() - {"file"})]
    faults = [fault(f"/{name[:100]}", UNKNOWN) for name in unknown]
    options = {}
    for name in ("dryRun", "onlyValid"):
        text = request.form.get(name, "false")
        if text not in ("true", "false"):
            faults.append(fault(f"/{name}", N_("This must be true or false")))
        options[name] = text == "true"
    file = request.files.get("file")
    if file is None:
        faults.append(fault("/file", N_("Send the table as a part named “file”")))
    if faults or file is None:
        raise InvalidMetadataError(faults=faults)
    return TableForm(cast(BinaryIO, file.stream), file.filename or "", options["dryRun"], options["onlyValid"])
