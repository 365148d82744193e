"""The answers of OAI-PMH as XML: the repository, its formats, sets, headers and records, or what is wrong.

Source: OAI-PMH 2.0, section 3.2 and 4; OAI-PMH.xsd.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import Agency, CatalogueEntry, Portal
from opendata.domain.moments import format_time
from opendata.exchange.core.texts import choose_text
from opendata.exchange.oai import dcat, dublin_core
from opendata.exchange.oai.markup import OAI, XSI, clean_text
from opendata.exchange.oai.requests import OaiError

if TYPE_CHECKING:
    from lxml.etree import _Element

_SCHEMA = "http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd"
_IDENTIFIER = "http://www.openarchives.org/OAI/2.0/oai-identifier"


@dataclass(frozen=True, slots=True)
class Format:
    """A format of metadata: its prefix, its schema, its namespace, and how an entry is written in it."""

    prefix: str
    schema: str
    namespace: str
    write: Callable[[CatalogueEntry, Portal, Addresses], _Element]


FORMATS: Mapping[str, Format] = {
    item.prefix: item
    for item in (
        Format("oai_dc", dublin_core.SCHEMA, dublin_core.NAMESPACE, dublin_core.write_dublin_core),
        Format("dcat", dcat.SCHEMA, dcat.NAMESPACE, dcat.write_dcat),
    )
}
"""Prefix → format. Each record exists in all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The header of a record: the UUID of the dataset, when it changed, and its publisher, which is its set."""

    uuid: str
    changed: datetime
    set: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """What ends an incomplete list: the token for the next part, empty in the last one."""

    token: str
    given: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """Who answers: `address` is that of its interface, `host` the name in its identifiers."""

    address: str
    host: str
    portal: Portal
    addresses: Addresses

    def identify(self, uuid: str) -> str:
        """The identifier of a record."""
        return f"oai:{self.host}:{uuid}"

    def find_uuid(self, identifier: str) -> str:
        """The UUID inside an identifier. Raises `OaiError` for one that isn't of this repository."""
        start = self.identify("")
        if not identifier.startswith(start):
            raise OaiError("idDoesNotExist", f"The identifiers of this repository begin with {start}")
        return identifier.removeprefix(start)


def require_format(prefix: str) -> Format:
    """The format of a prefix. Raises `OaiError`."""
    found = FORMATS.get(prefix)
    if found is None:
        raise OaiError("cannotDisseminateFormat", f"metadataPrefix must be one of {', '.join(FORMATS)}")
    return found


class Answer:
    """One answer being written."""

    def __init__(self, repository: Repository, now: datetime, arguments: Mapping[str, str]) -> None:
        from lxml import etree

        self._repository = repository
        self._root = etree.Element(f"{{{OAI}}}OAI-PMH", nsmap={None: OAI, "xsi": XSI})
        self._root.set(f"{{{XSI}}}schemaLocation", f"{OAI} {_SCHEMA}")
        _add(self._root, "responseDate", format_time(now))
        said = {name: clean_text(value) for name, value in arguments.items()}
        _add(self._root, "request", repository.address, **said)

    def write(self) -> bytes:
        """The document in UTF-8."""
        from lxml import etree

        document: bytes = etree.tostring(self._root, xml_declaration=True, encoding="UTF-8")
        return document

    def refuse(self, error: OaiError) -> None:
        """Say what is wrong."""
        _add(self._root, "error", error.text, code=error.code)

    def identify(self, earliest: datetime, email: str) -> None:
        """Say who the repository is; no record changed before `earliest`."""
        portal, repository = self._repository.portal, self._repository
        found = _add(self._root, "Identify")
        _add(found, "repositoryName", choose_text(portal.names, portal.language))
        _add(found, "baseURL", repository.address)
        _add(found, "protocolVersion", "2.0")
        _add(found, "adminEmail", email)
        _add(found, "earliestDatestamp", format_time(earliest))
        _add(found, "deletedRecord", "persistent")
        _add(found, "granularity", "YYYY-MM-DDThh:mm:ssZ")
        self._describe_identifiers(_add(found, "description"))

    def _describe_identifiers(self, parent: _Element) -> None:
        from lxml import etree

        space = f"{{{_IDENTIFIER}}}"
        found = etree.SubElement(parent, f"{space}oai-identifier", nsmap={None: _IDENTIFIER})
        found.set(f"{{{XSI}}}schemaLocation", f"{_IDENTIFIER} {_IDENTIFIER}.xsd")
        sample = self._repository.identify("00000000-0000-4000-8000-000000000000")
        parts = (
            ("scheme", "oai"),
            ("repositoryIdentifier", self._repository.host),
            ("delimiter", ":"),
            ("sampleIdentifier", sample),
        )
        for name, text in parts:
            etree.SubElement(found, f"{space}{name}").text = text

    def list_formats(self) -> None:
        """List the formats."""
        found = _add(self._root, "ListMetadataFormats")
        for item in FORMATS.values():
            part = _add(found, "metadataFormat")
            _add(part, "metadataPrefix", item.prefix)
            _add(part, "schema", item.schema)
            _add(part, "metadataNamespace", item.namespace)

    def list_sets(self, agencies: Sequence[Agency]) -> None:
        """List the publishers as sets."""
        found = _add(self._root, "ListSets")
        for agency in agencies:
            part = _add(found, "set")
            _add(part, "setSpec", agency.id)
            _add(part, "setName", agency.title)

    def list_heads(self, heads: Iterable[Head], resumption: Resumption | None) -> None:
        """List headers."""
        found = _add(self._root, "ListIdentifiers")
        for head in heads:
            self._add_head(found, head)
        _add_resumption(found, resumption)

    def list_records(
        self, records: Iterable[tuple[Head, CatalogueEntry]], kind: Format, resumption: Resumption | None
    ) -> None:
        """List records with their metadata."""
        found = _add(self._root, "ListRecords")
        for head, entry in records:
            self._add_record(found, head, entry, kind)
        _add_resumption(found, resumption)

    def get_record(self, head: Head, entry: CatalogueEntry, kind: Format) -> None:
        """Give one record."""
        self._add_record(_add(self._root, "GetRecord"), head, entry, kind)

    def _add_record(self, parent: _Element, head: Head, entry: CatalogueEntry, kind: Format) -> None:
        found = _add(parent, "record")
        self._add_head(found, head)
        _add(found, "metadata").append(kind.write(entry, self._repository.portal, self._repository.addresses))

    def _add_head(self, parent: _Element, head: Head) -> None:
        found = _add(parent, "header")
        _add(found, "identifier", self._repository.identify(head.uuid))
        _add(found, "datestamp", format_time(head.changed))
        _add(found, "setSpec", head.set)


def _add_resumption(parent: _Element, resumption: Resumption | None) -> None:
    if resumption is not None:
        found = _add(parent, "resumptionToken", resumption.token)
        found.set("completeListSize", str(resumption.total))
        found.set("cursor", str(resumption.given))


def _add(parent: _Element, name: str, text: str | None = None, **attributes: str) -> _Element:
    from lxml import etree

    found = etree.SubElement(parent, f"{{{OAI}}}{name}", attributes)
    found.text = None if text is None else clean_text(text)
    return found
