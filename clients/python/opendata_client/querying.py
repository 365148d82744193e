"""`query`: SQL over the public tables of a portal."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pyarrow as pa
import pyarrow.ipc

from opendata_client.addresses import parse_address
from opendata_client.errors import UnreachableError
from opendata_client.loading import read_language
from opendata_client.transport import TIMEOUT, Transport

CITE_AS = b"cite-as"
"""Where the metadata of an answer's schema have the link that gives the same rows again."""

_ARROW = "application/vnd.apache.arrow.file"
_CITE_AS = re.compile(r'<([^>]+)>; rel="?cite-as"?')
_LONGEST = 2000
"""Characters of an address. What is longer is sent as a body, since not every proxy takes it."""


def query(url: str, sql: str, *, language: str | None = None, timeout: float = TIMEOUT) -> pa.Table:
    """Ask the portal at an address one SELECT and get its rows.

    A table is named `"dataset"."resource"` in its newest version, `"dataset@1.2.0"."resource"` in another one. The link
    to cite, which gives the same rows again, is `.schema.metadata[b"cite-as"]` of the answer.

    Raises `OpendataError`; `RefusedError` says what is wrong with the SQL.
    """
    portal = parse_address(url).portal
    transport = Transport(portal, token=None, language=language or read_language(), timeout=timeout)
    address = f"{portal}/api/v1/sql?q={quote(sql, safe='')}"
    if len(address) <= _LONGEST:
        data, headers = transport.get_bytes(address, _ARROW)
    else:
        data, headers = transport.get_bytes(f"{portal}/api/v1/sql", _ARROW, json.dumps({"q": sql}).encode())
    try:
        with pyarrow.ipc.open_file(data) as file:
            rows = file.read_all()
    except (pa.ArrowException, OSError) as error:
        raise UnreachableError(f"The answer of {portal} is damaged: {error}. Try again") from error
    link = _CITE_AS.search(headers.get("Link", ""))
    return rows.replace_schema_metadata({**(rows.schema.metadata or {}), **({CITE_AS: link[1]} if link else {})})
