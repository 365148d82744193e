"""The entries of the catalogue as every vocabulary describes them: the one model that documents are written from.

It has only what anybody may know: what the gate withholds isn't in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from opendata.domain.catalogue.external import ExternalResource
from opendata.domain.manifest import Manifest
from opendata.domain.metadata import DatasetMetadata
from opendata.domain.records import Archive, Origin, Suspension, Tombstone
from opendata.domain.resources import Attachment, Resource, TableResource
from opendata.domain.texts import I18n


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """A publisher. `kind` is a code of `publisher-kinds`, `code` its unified social credit code.

    `contact` has the parts of its `contactPoint`, `parent` is the id of the publisher above it.
    """

    id: str
    title: str
    description: str = ""
    i18n: I18n = field(default_factory=dict)
    short_title: str = ""
    kind: str = "department"
    code: str = ""
    division: str = ""
    parent: str | None = None
    contact: Mapping[str, str] = field(default_factory=dict)
    created: datetime
    modified: datetime
    ended: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One version of a dataset, whether it can be read or not; `changed` is when something was last said of it.

    `period` is in the normal form of `meaning.periods`. `manifest_sha256` is hexadecimal. `registration` is its code in
    the register of public data resources.
    """

    version: str
    published: datetime
    changed: datetime
    notes: str = ""
    period: str = ""
    manifest_sha256: str = ""
    rows: int = 0
    bytes: int = 0
    withdrawal: Tombstone | None = None
    suspension: Suspension | None = None
    registration: str = ""

    @property
    def is_standing(self) -> bool:
        """Whether it is there to be read."""
        return self.withdrawal is None and self.suspension is None


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """One public dataset, with the version that is described: the newest, unless another one was asked for.

    `editions` are all its versions, the newest first. `manifest` is that of the version, None where none can be read:
    then there is only the entry. `public` names the resources that anybody may have; of all others only the names, the
    dictionary and the counts are public. `archived` says since when the dataset is no longer kept. `former` are the
    ids that it had. `origin` is the portal that it was harvested from, and `dead` are the addresses there that no
    longer work. `registration` is the code of what is described in the register of public data resources: of the
    version, or of the dataset as a whole the newest.
    """

    id: str
    uuid: str
    created: datetime
    modified: datetime
    metadata: DatasetMetadata
    publisher: Agency
    editions: Sequence[Edition] = ()
    manifest: Manifest | None = None
    public: frozenset[str] = frozenset()
    archived: Archive | None = None
    former: Sequence[str] = ()
    origin: Origin | None = None
    dead: frozenset[str] = frozenset()
    registration: str = ""

    @property
    def external(self) -> Sequence[ExternalResource]:
        """Its resources at the portal that it was harvested from."""
        return [ExternalResource.from_json(item) for item in self.origin["resources"]] if self.origin else []

    @property
    def version(self) -> str | None:
        """The number of the version that is described."""
        return self.manifest.version if self.manifest else None

    @property
    def edition(self) -> Edition | None:
        """The version that is described."""
        return next((item for item in self.editions if item.version == self.version), None)

    @property
    def previous(self) -> Edition | None:
        """The version before the one that is described, whether it can be read or not."""
        older = False
        for item in self.editions:
            if older:
                return item
            older = item.version == self.version
        return None

    @property
    def issued(self) -> datetime | None:
        """When its first version was published."""
        return self.editions[-1].published if self.editions else None

    @property
    def changed(self) -> datetime:
        """When anything of it changed last: its metadata, or what is said of its versions."""
        return max([self.modified, *(item.changed for item in self.editions)])

    @property
    def is_open(self) -> bool:
        """Whether anybody may have its data."""
        return self.metadata.disclosure.is_open

    def list_public(self) -> Iterator[Resource]:
        """The resources of the version that anybody may have, in their order."""
        for item in self.manifest.resources if self.manifest else ():
            if item.name in self.public:
                yield item

    def list_tables(self) -> Iterator[TableResource]:
        """The tables among them."""
        return (item for item in self.list_public() if isinstance(item, TableResource))

    def list_attachments(self) -> Iterator[Attachment]:
        """The attachments among them."""
        return (item for item in self.list_public() if isinstance(item, Attachment))


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal:
    """The portal that has the catalogue. `languages` are its languages, the default first.

    `names` and `organiser` (who runs it) have a text for each language that has one. `email` is where to write to.
    """

    names: Mapping[str, str]
    organiser: Mapping[str, str]
    languages: Sequence[str]
    description: Mapping[str, str] = field(default_factory=dict)
    email: str = ""
    telephone: str = ""

    @property
    def language(self) -> str:
        """Its default language."""
        return self.languages[0]
