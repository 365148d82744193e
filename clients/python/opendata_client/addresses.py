"""Addresses of a portal's pages and files, as people copy them from a browser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, unquote, urlsplit

from opendata_client.errors import UsageError

LATEST = "latest"

_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+|latest")
_PORTS = {"http": 80, "https": 443}
_RESERVED = frozenset(["citation", "croissant", "datapackage", "diff", "files", "index", "suspension", "withdrawal"])
"""Names of a version's files that no table can have."""


@dataclass(frozen=True, slots=True)
class Address:
    """What an address is about. `portal` is that of the home page, without a slash at its end; "" is "not said"."""

    portal: str
    dataset: str = ""
    version: str = ""
    resource: str = ""


def parse_address(url: str) -> Address:
    """Read the address of a portal, or of a dataset, a version or a table in it."""
    origin = find_origin(url.strip())
    if not origin:
        raise UsageError(
            f"“{url}” isn't the address of a portal. Open the dataset's page in a browser and copy its address, such"
            " as https://data.example.org/datasets/gdp"
        )
    prefix, found, rest = quote(urlsplit(url.strip()).path, safe="/%").partition("/datasets/")
    if not found:
        prefix = prefix.removesuffix("/datasets")
        return Address(origin + prefix.rstrip("/"))
    dataset, *further = [unquote(part) for part in rest.split("/") if part] or [""]
    portal = origin + prefix
    if not further or not _VERSION.fullmatch(further[0]):
        return Address(portal, dataset.removesuffix(".json"))
    resource = further[1].partition(".")[0] if len(further) > 1 else ""
    return Address(portal, dataset, further[0], "" if resource in _RESERVED else resource)


def find_origin(url: str) -> str:
    """Scheme, host and port of an address, in one form; empty where it has none, or a password in it."""
    try:
        return _name_origin(urlsplit(url))
    except ValueError:
        return ""


def _name_origin(parts: SplitResult) -> str:
    """Raises `ValueError` where the host or the port can't be any."""
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None:
        return ""
    host = parts.hostname.encode("idna").decode()
    name = f"[{host}]" if ":" in host else host
    return (
        f"{parts.scheme}://{name}"
        if parts.port in (None, _PORTS[parts.scheme])
        else f"{parts.scheme}://{name}:{parts.port}"
    )
