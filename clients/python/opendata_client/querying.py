"""`query`: SQL over the public tables of a portal."""

from __future__ import annotations

import json
from urllib.parse import quote

import pyarrow as pa
import pyarrow.ipc

from opendata_client.addresses import parse_address
from opendata_client.errors import UnreachableError
from opendata_client.loading import read_language
from opendata_client.transport import TIMEOUT, Transport

_ARROW = "application/vnd.apache.arrow.stream"
_LONGEST = 2000
"""Characters of an address. What is longer is sent as a body, since not every proxy takes it."""


def query(url: str, sql: str, *, language: str | None = None, timeout: float = TIMEOUT) -> pa.Table:
    """Ask the portal at an address one SELECT and get its rows.

    A table is named `"dataset"."resource"` in its newest version, `"dataset@1.2.0"."resource"` in another one.

    Raises `OpendataError`; `RefusedError` says what is wrong with the SQL.
    """
    portal = parse_address(url).portal
    transport = Transport(portal, token=None, language=language or read_language(), timeout=timeout)
    address = f"{portal}/api/v1/sql?q={quote(sql, safe='')}"
    if len(address) <= _LONGEST:
        data = transport.get_bytes(address, _ARROW)
    else:
        data = transport.get_bytes(f"{portal}/api/v1/sql", _ARROW, json.dumps({"q": sql}).encode())
    try:
        with pyarrow.ipc.open_stream(data) as reader:
            return reader.read_all()
    except (pa.ArrowException, OSError) as error:
        raise UnreachableError(f"The answer of {portal} is damaged: {error}. Try again") from error
