"""Files as distributions: each table of a version as CSV and as Parquet, attachments as they are.

So is what a harvested dataset has at its own portal, services with a data service each; a dead address has the status
of what was withdrawn. Only formats of the EU's list can be said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from opendata.domain.catalogue.entries import CatalogueEntry, Edition
from opendata.domain.catalogue.external import ExternalKind
from opendata.exchange.core.files import ExternalFile, PublicFile, list_external, list_files
from opendata.exchange.core.terms import access_iri, media_type_iri
from opendata.exchange.core.texts import list_texts
from opendata.exchange.dcat.rights import name_licence
from opendata.exchange.dcat.scope import Scope
from opendata.exchange.dcat.services import ROWS
from opendata.exchange.dcat.vocabulary import (
    TYPE,
    Iri,
    Triple,
    authority,
    fragment,
    moment,
    plain,
    say,
    term,
    typed,
    web_address,
)

_SERVICES: Mapping[str, str] = {"WMS": "WMS_SRVC", "WFS": "WFS_SRVC", "WMTS": "WMTS_SRVC"}
"""Kind of map service → its code in the EU's list of file types."""


def list_distributions(entry: CatalogueEntry, subject: str, scope: Scope) -> list[tuple[str, PublicFile]]:
    """Each file that anybody may have, with its IRI as a part of the dataset or version: it stays in all versions."""
    return [(fragment(subject, file.id), file) for file in list_files(entry, scope.addresses)]


def describe_distribution(iri: str, file: PublicFile, entry: CatalogueEntry, scope: Scope) -> Iterator[Triple]:
    """One file, with its checksum and its schema."""
    resource, profile = file.resource, scope.profile
    yield iri, TYPE, term("dcat:Distribution")
    yield from say(iri, "dct:title", _title(file, scope))
    yield from say(
        iri, "dct:description", list_texts(resource.description, resource.i18n, "description", scope.language)
    )
    yield iri, "dct:identifier", plain(file.id)
    yield iri, "dcat:accessURL", Iri(file.page)
    yield iri, "dcat:downloadURL", Iri(file.address)
    yield iri, "dct:format", authority(f"file-type/{file.kind.eu}")
    media_type = web_address(media_type_iri(file.kind.media_type))
    if media_type is not None:
        yield iri, "dcat:mediaType", media_type
    yield iri, "dcat:byteSize", typed(file.bytes, profile.byte_size)
    licence = name_licence(entry, scope)
    if licence is not None:
        yield iri, "dct:license", licence
    if entry.metadata.further.get("openingCondition") and entry.is_open:
        yield iri, "dct:rights", Iri(fragment(scope.addresses.dataset(entry.id), "rights"))
    yield iri, "dcatap:availability", authority("planned-availability/STABLE")
    yield iri, "adms:status", Iri(profile.statuses["DEPRECATED" if entry.archived else "COMPLETED"])
    yield from _describe_times(iri, entry.edition)
    if file.table is not None:
        yield iri, "dcat:accessService", Iri(scope.name(ROWS))
        yield iri, "dct:conformsTo", Iri(_name_schema(file, entry, scope))
    if profile.sha256:
        yield iri, "spdx:checksum", Iri(f"{iri}-sha256")
        yield from _describe_checksum(f"{iri}-sha256", file.sha256, scope)
    yield from _describe_schema(file, entry, scope)


def list_elsewhere(entry: CatalogueEntry, subject: str) -> Iterator[Triple]:
    """What ties its distributions to the dataset."""
    for item, _ in _list_elsewhere(entry):
        yield subject, "dcat:distribution", Iri(fragment(subject, item.id))


def describe_elsewhere(entry: CatalogueEntry, subject: str, scope: Scope) -> Iterator[Triple]:
    """Each distribution, and the services."""
    for item, address in _list_elsewhere(entry):
        yield from _describe_one(item, address, entry, subject, scope)
        if item.is_service:
            yield from _describe_service(item, address, entry, subject, scope)


def _list_elsewhere(entry: CatalogueEntry) -> Iterator[tuple[ExternalFile, Iri]]:
    for item in list_external(entry, with_dead=True):
        address = web_address(item.address)
        if address is not None:
            yield item, address


def _describe_one(
    item: ExternalFile, address: Iri, entry: CatalogueEntry, subject: str, scope: Scope
) -> Iterator[Triple]:
    iri = fragment(subject, item.id)
    yield iri, TYPE, term("dcat:Distribution")
    yield from say(iri, "dct:title", {scope.language: item.title})
    yield from say(iri, "dct:description", {scope.language: item.description})
    yield iri, "dct:identifier", plain(item.id)
    yield iri, "dcat:accessURL", address
    if item.kind == ExternalKind.FILE:
        yield iri, "dcat:downloadURL", address
    if item.is_service:
        yield iri, "dcat:accessService", Iri(f"{iri}-service")
    code = item.term.eu if item.term else _SERVICES.get(item.label, "")
    if code:
        yield iri, "dct:format", authority(f"file-type/{code}")
    if item.media_type:
        yield iri, "dcat:mediaType", Iri(media_type_iri(item.media_type))
    if item.bytes is not None:
        yield iri, "dcat:byteSize", typed(item.bytes, scope.profile.byte_size)
    licence = name_licence(entry, scope)
    if licence is not None:
        yield iri, "dct:license", licence
    state = "WITHDRAWN" if item.is_dead else "DEPRECATED" if entry.archived else "COMPLETED"
    yield iri, "adms:status", Iri(scope.profile.statuses[state])


def _describe_service(
    item: ExternalFile, address: Iri, entry: CatalogueEntry, subject: str, scope: Scope
) -> Iterator[Triple]:
    iri = f"{fragment(subject, item.id)}-service"
    yield iri, TYPE, term("dcat:DataService")
    yield from say(iri, "dct:title", {scope.language: item.title})
    yield from say(iri, "dct:description", {scope.language: item.description})
    yield iri, "dcat:endpointURL", address
    yield iri, "dcat:servesDataset", Iri(subject)
    yield iri, "dct:accessRights", Iri(access_iri(entry.metadata.disclosure))
    yield iri, "dct:publisher", Iri(scope.addresses.publisher(entry.publisher.id))


def _describe_times(iri: str, edition: Edition | None) -> Iterator[Triple]:
    if edition is not None:
        yield iri, "dct:issued", moment(edition.published)
        yield iri, "dct:modified", moment(edition.published)


def _describe_checksum(iri: str, sha256: str, scope: Scope) -> Iterator[Triple]:
    algorithm = scope.profile.sha256
    yield iri, TYPE, term("spdx:Checksum")
    yield iri, "spdx:algorithm", Iri(algorithm)
    yield iri, "spdx:checksumValue", typed(sha256, "xsd:hexBinary")
    yield from scope.once(algorithm, iter([(algorithm, TYPE, term("spdx:ChecksumAlgorithm"))]))


def _describe_schema(file: PublicFile, entry: CatalogueEntry, scope: Scope) -> Iterator[Triple]:
    """The schema of a table: of the library once in a document, its own one with the first of its two files."""
    if file.table is None:
        return
    schema = _name_schema(file, entry, scope)
    described = iter([(schema, TYPE, term("dct:Standard"))])
    if file.table.schema_name:
        yield from scope.once(schema, described)
    elif file.form == "csv":
        yield from described


def _name_schema(file: PublicFile, entry: CatalogueEntry, scope: Scope) -> str:
    """The schema of a table: that of the library, else the one beside it."""
    name = file.table.schema_name if file.table else ""
    if name:
        return scope.addresses.schema(name)
    return scope.addresses.file(entry.id, str(entry.version), f"{file.resource.name}.schema.json")


def _title(file: PublicFile, scope: Scope) -> Mapping[str, str]:
    resource = file.resource
    return list_texts(resource.title, resource.i18n, "title", scope.language) or {scope.language: resource.name}
