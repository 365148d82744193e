"""The files of a dataset that anybody may have: those of its version, and what a harvested one has at its own portal.

Of a version, a table is there as CSV and as Parquet, an attachment as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.domain.catalogue.external import ExternalKind, is_web_address
from opendata.domain.resources import Attachment, Resource, TableResource
from opendata.exchange.core.terms import FILE_TYPES, FileTerm, find_file_type

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_FORMATS: Mapping[ExternalKind, str] = {ExternalKind.API: "api", ExternalKind.PAGE: "html"}
"""The format where only the kind is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicFile:
    """One file. `form` is its suffix, `address` where it is, `page` the page of its resource.

    `sha256` is hexadecimal; `id` stays the same in all versions: the name of the resource with the suffix.
    """

    id: str
    form: str
    kind: FileTerm
    address: str
    page: str
    bytes: int
    sha256: str
    resource: Resource

    @property
    def table(self) -> TableResource | None:
        """The table whose rows it has; None for an attachment."""
        return self.resource if isinstance(self.resource, TableResource) else None


def list_files(entry: CatalogueEntry, addresses: Addresses) -> Iterator[PublicFile]:
    """The files of the version that is described, in the order of its resources: CSV before Parquet.

    Only those whose bytes are kept with their digest: other forms are made on request.
    """
    manifest = entry.manifest
    if manifest is None:
        return
    for item in entry.list_public():
        if isinstance(item, Attachment):
            yield PublicFile(
                id=item.name,
                form=item.format.lower(),
                kind=find_file_type(item.format, item.mediatype),
                address=addresses.file(entry.id, manifest.version, item.path),
                page=addresses.version(entry.id, manifest.version),
                bytes=item.file.bytes,
                sha256=item.file.sha256,
                resource=item,
            )
            continue
        for form, file in (("csv", item.file), ("parquet", item.parquet)):
            yield PublicFile(
                id=f"{item.name}.{form}",
                form=form,
                kind=find_file_type(form),
                address=addresses.file(entry.id, manifest.version, f"{item.name}.{form}"),
                page=addresses.table(entry.id, manifest.version, item.name),
                bytes=file.bytes,
                sha256=file.sha256,
                resource=item,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalFile:
    """What a harvested dataset has at its own portal: a file, or a service or page, as `kind` says.

    `id` stays while its address does. `title` is never empty, `label` is what people call the format, `term` is the
    format where a list knows it. What isn't known is empty. `is_dead` says that the address no longer works.
    """

    id: str
    address: str
    title: str
    description: str
    kind: ExternalKind
    label: str
    term: FileTerm | None
    media_type: str
    bytes: int | None
    is_dead: bool

    @property
    def is_service(self) -> bool:
        """Whether programs ask there, and get no whole file."""
        return self.kind in (ExternalKind.API, ExternalKind.MAP)


def list_external(entry: CatalogueEntry, *, with_dead: bool = False) -> Iterator[ExternalFile]:
    """What a harvested dataset has at its own portal, in the order there.

    Dead addresses are left out: only a vocabulary with a word for them asks for them too. Of what isn't open there are
    none: nothing says which of them anybody may have.
    """
    for item in entry.external if entry.is_open else ():
        is_dead = item.address in entry.dead
        if (is_dead and not with_dead) or not is_web_address(item.address):
            continue
        form = item.format or _FORMATS.get(item.kind, "")
        term = FILE_TYPES.get(form)
        label = term.label if term else form.upper()
        said = item.media_type.partition(";")[0].strip().lower()
        yield ExternalFile(
            id=f"external-{sha256(item.address.encode()).hexdigest()[:16]}",
            address=item.address,
            title=item.title or label or urlsplit(item.address).netloc,
            description=item.description,
            kind=item.kind,
            label=label,
            term=term,
            media_type=said if _MEDIA_TYPE.fullmatch(said) else term.media_type if term else "",
            bytes=item.bytes,
            is_dead=is_dead,
        )
