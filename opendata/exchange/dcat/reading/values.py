"""What is read of a DCAT document: datasets with the metadata that this program has, publishers, files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from opendata.domain.metadata import DatasetMetadata
from opendata.domain.texts import I18n


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAgent:
    """A publisher as another catalogue names it; what isn't known is empty. `parent` is the IRI of the one above it."""

    iri: str = ""
    id: str = ""
    title: str = ""
    i18n: I18n = field(default_factory=dict)
    description: str = ""
    code: str = ""
    parent: str = ""
    contact: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """A distribution. `address` is where the bytes are, `page` where people get to them; one of them is there.

    `format` is a suffix in small letters, `sha256` hexadecimal, `bytes` None where unknown. `schema` is the address
    that it says it conforms to. `service` says that the address is that of an interface.
    """

    iri: str = ""
    id: str = ""
    title: str = ""
    description: str = ""
    i18n: I18n = field(default_factory=dict)
    address: str = ""
    page: str = ""
    format: str = ""
    media_type: str = ""
    bytes: int | None = None
    sha256: str = ""
    schema: str = ""
    service: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDataset:
    """A dataset. `identifier` is its `dct:identifier`, or its IRI; `uuid` is there if it says one.

    `page` is where people find it, `version` the number of the version that its files are of. Times are texts as the
    document has them.
    """

    iri: str
    identifier: str
    uuid: str = ""
    metadata: DatasetMetadata
    publisher: ReadAgent = field(default_factory=ReadAgent)
    page: str = ""
    version: str = ""
    notes: str = ""
    issued: str = ""
    modified: str = ""
    is_withdrawn: bool = False
    files: Sequence[ReadFile] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCatalogue:
    """A document. `next` is the address of the next page, `total` how many datasets all pages have, None if unsaid.

    `skipped` are the IRIs of datasets that couldn't be read: without a title, or named by no IRI.
    """

    datasets: Sequence[ReadDataset]
    next: str = ""
    total: int | None = None
    skipped: Sequence[str] = ()
