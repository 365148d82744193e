"""The profile: the file that says which properties the metadata of a dataset have, as typed values.

Forms, checks, REST, pages and the reference are made from it. So an entry in the file is a property everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from opendata.domain.metadata import MetadataJson
from opendata.metadata.codes import DISCLOSURES, Code
from opendata.metadata.properties.code_lists import find_codes
from opendata.settings import SOURCE_LANGUAGE
from opendata.wording.voice import voice_of

FILE = Path(__file__).with_name("profile.json")

REQUIRED, RECOMMENDED, OPTIONAL = "required", "recommended", "optional"

COMPUTED = "computed"
"""The type of what is counted from the tables, and never sent."""

OWN = frozenset(MetadataJson.__annotations__)
"""The properties that `DatasetMetadata` has a field for. All others are in its `further`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One property, or one part of it: `parts` are those of an object.

    `obligation` is `required`, `recommended` or `optional` for each disclosure attribute; `code_list` names the list
    that its codes are from; `maps` are its names elsewhere (`guide`, `dcat`, `dataPackage`); `words` propose a code
    where a title has the word.
    """

    name: str
    type: str
    labels: Mapping[str, str]
    explanations: Mapping[str, str]
    group: str = ""
    example: str = ""
    obligation: Mapping[str, str] = field(default_factory=dict)
    code_list: str = ""
    limit: int = 0
    parts: Sequence[Property] = ()
    maps: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)

    def label(self, language: str) -> str:
        """What people call it."""
        return say(self.labels, language)

    def explain(self, language: str) -> str:
        """What it is for, with an example."""
        return say(self.explanations, language)

    @property
    def codes(self) -> Mapping[str, Code]:
        """The codes it may have; none where it has no list."""
        return find_codes(self.code_list) if self.code_list else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A heading under which pages and forms show properties."""

    name: str
    labels: Mapping[str, str]

    def label(self, language: str) -> str:
        """The heading."""
        return say(self.labels, language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """All properties in the order in which they are shown."""

    groups: Sequence[Group]
    properties: Mapping[str, Property]

    @property
    def further(self) -> Sequence[Property]:
        """Those that are kept in `DatasetMetadata.further`."""
        return [item for item in self.properties.values() if item.name not in OWN and item.type != COMPUTED]

    @property
    def stated(self) -> Sequence[Property]:
        """Those that somebody states; the others are computed."""
        return [item for item in self.properties.values() if item.type != COMPUTED]

    def list_in(self, group: str) -> Sequence[Property]:
        """The properties under a heading."""
        return [item for item in self.properties.values() if item.group == group]


@cache
def load_profile() -> Profile:
    """The profile of this program."""
    return read_profile(json.loads(FILE.read_text(encoding="utf-8")))


def read_profile(document: Mapping[str, Any]) -> Profile:
    """A profile from its document. Raises `KeyError`, `TypeError` for what isn't one."""
    found = list(_read_properties(document["properties"]))
    return Profile(
        groups=tuple(Group(name=item["name"], labels=item["label"]) for item in document["groups"]),
        properties={item.name: item for item in found},
    )


def say(texts: Mapping[str, str], language: str) -> str:
    """A text of the profile; in a language that it doesn't have, as the catalogue of that language says the English."""
    return texts.get(language) or voice_of(language).translate(texts[SOURCE_LANGUAGE])


def _read_properties(found: Sequence[Mapping[str, Any]]) -> Iterator[Property]:
    for item in found:
        yield Property(
            name=item["name"],
            type=item["type"],
            labels=item["label"],
            explanations=item["explanation"],
            group=item.get("group", ""),
            example=item.get("example", ""),
            obligation=_read_obligation(item.get("obligation", OPTIONAL)),
            code_list=item.get("codes", ""),
            limit=item.get("limit", 0),
            parts=tuple(_read_properties(item.get("parts", ()))),
            maps=item.get("maps", {}),
            words=item.get("words", {}),
        )


def _read_obligation(found: str | Mapping[str, str]) -> Mapping[str, str]:
    """The level for each disclosure attribute; a text is the level for all."""
    return dict.fromkeys(DISCLOSURES, found) if isinstance(found, str) else {**found}
