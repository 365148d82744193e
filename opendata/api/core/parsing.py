"""Parameters and bodies against their shapes: what does not fit is named with its place, typos included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from flask import Request
from marshmallow import RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser

from opendata.api.core.documents import join_pointer, parse_document
from opendata.errors import N_, Fault, InputError, InvalidMetadataError, NotFoundError, UnsupportedFormatError, fault

MAX_DOCUMENT_BYTES = 8 * 1024 * 1024
_MOST_DIGITS = 9


class Parser(FlaskParser):
    """Reads JSON strictly, refuses unknown parameters, and reports by our own exceptions."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE}  # noqa: RUF012

    def load_json(self, req: Request, schema: Schema) -> Any:
        """The body of a request. Raises `InputError`, `UnsupportedFormatError`."""
        data = req.get_data()
        if not data:
            if getattr(schema, "may_be_absent", False):
                return {}
            raise InputError(N_("The request body must be a JSON document"))
        kind = req.mimetype
        if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
            raise UnsupportedFormatError(
                N_("The body must be JSON (“Content-Type: application/json”), not “%(type)s”"), type=kind[:100] or "?"
            )
        return parse_document(data)

    def handle_error(
        self,
        error: ValidationError,
        req: Request,  # noqa: ARG002
        schema: Schema,  # noqa: ARG002
        *,
        error_status_code: int | None,  # noqa: ARG002
        error_headers: Mapping[str, str] | None,  # noqa: ARG002
    ) -> NoReturn:
        """Raises `InvalidMetadataError` with a fault for everything that does not fit."""
        messages: Any = error.messages
        raise InvalidMetadataError(faults=[item for part in messages.values() for item in list_faults(part)])


def list_faults(messages: Any, place: str = "") -> Iterator[Fault]:
    """Marshmallow's tree of messages as faults."""
    if isinstance(messages, Mapping):
        for key, found in messages.items():
            yield from list_faults(found, place if key == "_schema" else join_pointer(place, key))
    elif isinstance(messages, list):
        for found in messages:
            yield from list_faults(found, place)
    else:
        yield fault(place, str(messages))


def read_path_number(text: str) -> int:
    """The number in an address that is a whole one from 1 on. Raises `NotFoundError`: nothing else has a place."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS and int(text)):
        raise NotFoundError(N_("There is nothing at this address"))
    return int(text)
