"""The files of a version that anybody may have: a table as CSV and as Parquet, attachments as they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.domain.resources import Attachment, Resource, TableResource
from opendata.exchange.core.terms import FileTerm, find_file_type


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
