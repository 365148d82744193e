"""The metadata of a dataset: everything about it that is not data.

Source: Data Package v2 properties of a package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Required, TypedDict, cast

from opendata.domain.disclosure import Disclosure, DisclosureJson
from opendata.domain.texts import Contributor, I18n, License, Source


class MetadataJson(TypedDict, total=False):
    """Metadata under the names REST and Data Package use; what is empty is left out, save the title."""

    title: Required[str]
    description: str
    i18n: I18n
    disclosure: DisclosureJson
    licenses: Sequence[License]
    keywords: Sequence[str]
    sources: Sequence[Source]
    contributors: Sequence[Contributor]
    homepage: str
    updateCycle: str
    sourceVersion: str
    temporal: str


class ProposedMetadata(TypedDict):
    """Metadata that wait for the approval of the draft that carries them, and the names of those who changed them."""

    metadata: MetadataJson
    by: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetMetadata:
    """The descriptive metadata of a dataset. `source_version` is the edition of the source they are about.

    `temporal` is the time that all its data covers, in the normal form of `meaning.periods`.
    """

    title: str
    description: str = ""
    i18n: I18n = field(default_factory=dict)
    disclosure: Disclosure = field(default_factory=Disclosure)
    licenses: Sequence[License] = ()
    keywords: Sequence[str] = ()
    sources: Sequence[Source] = ()
    contributors: Sequence[Contributor] = ()
    homepage: str = ""
    update_cycle: str = ""
    source_version: str = ""
    temporal: str = ""

    def to_json(self) -> MetadataJson:
        """As it is kept and sent."""
        found: dict[str, Any] = {
            "title": self.title,
            "description": self.description,
            "i18n": {key: dict(value) for key, value in self.i18n.items()},
            "disclosure": self.disclosure.to_json(),
            "licenses": [dict(item) for item in self.licenses],
            "keywords": list(self.keywords),
            "sources": [dict(item) for item in self.sources],
            "contributors": [dict(item) for item in self.contributors],
            "homepage": self.homepage,
            "updateCycle": self.update_cycle,
            "sourceVersion": self.source_version,
            "temporal": self.temporal,
        }
        return cast(MetadataJson, {key: value for key, value in found.items() if value or key == "title"})
