"""Multipart bodies: read to their end or refused; files go to temporary files, never into memory as a whole."""

from __future__ import annotations

from typing import Any

from flask import current_app, request
from werkzeug.formparser import FormDataParser

from opendata.errors import N_, InputError, UnsupportedFormatError


class _StrictFormParser(FormDataParser):
    """Refuses a truncated body instead of reading it as an empty one."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "silent": False})


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
    request.form_data_parser_class = _StrictFormParser
    try:
        request.form  # noqa: B018 - reads the whole body
    except ValueError:
        raise InputError(N_("The multipart body can't be read: it is cut off or its boundary is missing")) from None
