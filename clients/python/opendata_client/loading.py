"""`load`: from an address to a table, by the version's manifest."""

from __future__ import annotations

import locale
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from opendata_client.addresses import LATEST, parse_address
from opendata_client.cache import Cache, find_folder
from opendata_client.errors import IntegrityError, NotAPortalError, NotFoundError, UsageError
from opendata_client.table import Table
from opendata_client.transport import TIMEOUT, Transport

_MANIFEST = "datapackage.json"
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


def load(
    url: str,
    *,
    version: str | None = None,
    resource: str | None = None,
    sha256: str | None = None,
    token: str | None = None,
    language: str | None = None,
    cache: str | Path | None = None,
    timeout: float = TIMEOUT,
) -> Table:
    """Load a table of the dataset at an address, such as `http://127.0.0.1:8000/datasets/gdp-by-province`.

    `version` is a number such as `1.0.0`, whose rows never change. Without one you get the newest version. Name the
    table (`resource`) if the dataset has several. `sha256` is the digest that the Parquet file must have, `token` is
    for data that you were granted. `language` (`zh`, `en`) is that of citations and of what the portal says, normally
    the one of your system. Files are kept in the folder `cache`. `timeout` is how many seconds an answer may take, and
    a large file takes longer: it may come at 10 kB a second.

    Raises `OpendataError`.
    """
    address = parse_address(url)
    if not address.dataset:
        raise UsageError(
            f"“{url}” isn't the address of a dataset. Add the dataset, such as {address.portal}/datasets/gdp"
        )
    wanted = _agree("version", address.version, version) or LATEST
    transport = Transport(address.portal, token=token, language=language or read_language(), timeout=timeout)
    place = f"{address.portal}/datasets/{quote(address.dataset, safe='')}/{quote(wanted, safe='')}/{_MANIFEST}"
    manifest, final = transport.get_json(place)
    try:
        tables = {item["name"]: item for item in manifest["resources"] if "schema" in item}
        name = _choose(tables, _agree("resource", address.resource, resource), address.dataset)
        table = _describe(manifest, tables[name], final.removesuffix(_MANIFEST), transport, cache)
    except (KeyError, TypeError, AttributeError) as error:
        raise NotAPortalError(
            f"{final} isn't the manifest of an opendata portal. Copy the address of the dataset's page from a browser"
        ) from error
    if sha256 is not None:
        _require_digest(table, sha256)
    _ = table.path  # so that whatever is wrong with the file is told here
    return table


def read_language() -> str:
    """The language of this system, of those that portals speak."""
    return "zh" if (locale.getlocale()[0] or "").lower().startswith(("zh", "chinese")) else "en"


def _agree(what: str, in_address: str, given: str | None) -> str:
    if given and in_address and given != in_address:
        raise UsageError(f"The address says {what} “{in_address}”, but you gave {what}={given!r}. Leave one out")
    return given or in_address


def _choose(tables: Mapping[str, object], name: str, dataset: str) -> str:
    names = ", ".join(sorted(tables))
    if name and name not in tables:
        raise NotFoundError(f"“{dataset}” has no table “{name}”. It has: {names or 'no table'}")
    if not name and not tables:
        raise NotFoundError(f"“{dataset}” has no table")
    if not name and len(tables) > 1:
        raise UsageError(f"“{dataset}” has several tables. Name one of them with resource=: {names}")
    return name or next(iter(tables))


def _describe(
    manifest: Mapping[str, Any], found: Mapping[str, Any], url: str, transport: Transport, cache: str | Path | None
) -> Table:
    parquet = found["opendata"]["parquet"]
    if not isinstance(parquet["bytes"], int):
        raise TypeError
    return Table(
        dataset=parse_address(url).dataset,  # the manifest has the id of its time
        version=str(manifest["version"]),
        resource=str(found["name"]),
        url=url,
        sha256=_read_digest(parquet["hash"]),
        size=parquet["bytes"],
        schema={**found["schema"]},
        transport=transport,
        cache=Cache(Path(cache) if cache is not None else find_folder()),
    )


def _read_digest(text: str) -> str:
    """Hexadecimal digits, with or without the name of the algorithm. Raises `KeyError` for anything else."""
    match = _DIGEST.fullmatch(text)
    if match is None:
        raise KeyError(text)
    return match[1]


def _require_digest(table: Table, sha256: str) -> None:
    match = _DIGEST.fullmatch(sha256)
    if match is None:
        raise UsageError(f"“{sha256}” isn't a SHA-256 digest. It has 64 digits from 0 to 9 and a to f")
    if match[1] != table.sha256:
        raise IntegrityError(
            f"Version {table.version} of “{table.dataset}” was published with the digest sha256:{table.sha256}, not the"
            f" one you gave: sha256:{match[1]}. Check that version and table are the ones you mean"
        )
