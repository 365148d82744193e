"""What the headers of a version's files say of them: what they belong to, and what a download is called.

Source: RFC 8288 (`Link`), RFC 5829 (versions), RFC 8574 (`cite-as`), RFC 6266 and 8187 (`Content-Disposition` with
names in any script).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import quote

from flask import request

from opendata.domain.manifest import Manifest
from opendata.metadata.codes import LICENSES
from opendata.sending.forms import name_file
from opendata.services.catalogue.versions import Versions
from opendata.web.core.instance import services

_JSON = "application/json"
_URL_SAFE = "/:@!$&'()*+,;=~?#[]%"
_NO_NAME = str.maketrans(dict.fromkeys('/\\:*?"<>|', "_"))


def link_file(dataset: str, version: str, file: str, resource: str = "") -> str:
    """The `Link` header of a file of a version; `file` is its name, `resource` the table it is a form of."""
    return _link(services().versions, request.script_root, dataset, version, file, resource)


@lru_cache(maxsize=4096)
def _link(versions: Versions, root: str, dataset: str, version: str, file: str, resource: str) -> str:
    """The links of a version never change, so they are computed once."""
    manifest = versions.get_manifest(dataset, version)
    before = versions.find_predecessor(dataset, version)
    numbers = (version, before.version if before else None)
    return ", ".join(_list_links(manifest, f"{root}/datasets/{dataset}", numbers, file, resource))


def _list_links(
    manifest: Manifest, place: str, versions: tuple[str, str | None], file: str, resource: str
) -> Iterator[str]:
    version, before = versions
    path = quote(file)
    if file != "datapackage.json":
        yield f'<{place}/{version}/datapackage.json>; rel="describedby"; type="{_JSON}"'
    if resource:
        yield f'<{place}/{version}/{resource}.schema.json>; rel="describedby"; type="application/schema+json"'
    for licence in manifest.metadata.licenses:
        code = LICENSES.get(licence.get("name", ""))
        address = licence.get("path") or (code.path if code else "")
        if address.startswith(("http://", "https://")):
            yield f'<{quote(address, safe=_URL_SAFE)}>; rel="license"'
    yield f'<{place}/latest/{path}>; rel="latest-version"'
    if before is not None:
        yield f'<{place}/{before}/{path}>; rel="predecessor-version"'
    yield f'<{place}/versions>; rel="version-history"'
    yield f'<{place}/{version}/>; rel="cite-as"'
    yield f'<{place}/{version}/>; rel="collection"; type="text/html"'


def link_csv(dataset: str, version: str, resource: str) -> str:
    """The link from a CSV file, as it was published, to what CSV on the Web says about it."""
    place = f"{request.script_root}/datasets/{dataset}/{version}/{resource}.csv-metadata.json"
    return f'<{place}>; rel="describedby"; type="application/csvm+json"'


def name_table(dataset: str, version: str, resource: str, file: str, *, excel: bool = False) -> str:
    """The header that gives the download of a table its name; `file` is the one by ids.

    By title and period, as people look for it, where the table has a period; what people open has its title anyway. The
    CSV for Excel has another name than the CSV, which may be in the same folder.
    """
    return _name_table(services().versions, dataset, version, resource, file, excel=excel)


@lru_cache(maxsize=4096)
def _name_table(versions: Versions, dataset: str, version: str, resource: str, file: str, *, excel: bool) -> str:
    table = versions.get_table(dataset, version, resource)
    stem, dot, suffix = file.rpartition(".")
    marked = "-excel" if excel else ""
    title = clean_name(table.title) if table.period or excel or suffix == "xlsx" else ""
    if not title:
        return name_file(f"{stem}{marked}{dot}{suffix}")
    edition = clean_name(table.period.replace("/", "_")) or version
    return name_file(f"{title}-{edition}{marked}.{suffix}", f"{stem}{marked}{dot}{suffix}")


def clean_name(text: str) -> str:
    """A text as part of a file's name: without what some file system does not take."""
    kept = "".join(letter for letter in text if letter.isprintable()).translate(_NO_NAME)
    return kept.strip(" .")[:80]
