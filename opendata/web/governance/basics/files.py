"""Files of the basic catalogue as answers."""

from __future__ import annotations

from typing import BinaryIO

from flask import Response, send_file

from opendata.web.core.languages import vary_by_reader

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def send_text(text: str, name: str) -> Response:
    """A CSV file."""
    response = Response(text, mimetype="text/csv")
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    response.headers["Cache-Control"] = "no-cache"
    vary_by_reader(response)
    return response


def send_book(found: BinaryIO, name: str, *, is_private: bool = False) -> Response:
    """A workbook in the language of the reader."""
    response = send_file(found, mimetype=_XLSX, as_attachment=True, download_name=name, conditional=False, etag=False)
    response.headers["Cache-Control"] = "private, no-store" if is_private else "no-cache"
    vary_by_reader(response)
    return response
