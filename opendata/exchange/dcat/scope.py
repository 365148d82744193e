"""What a document is written with: the portal, its addresses, the profile, and what it has said already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import Portal
from opendata.exchange.dcat.profiles import LATEST, Profile
from opendata.exchange.dcat.vocabulary import Triple, fragment
from opendata.wording.voice import voice_of


@dataclass(slots=True, kw_only=True)
class Scope:
    """The setting of one document. `told` are the IRIs of shared things (publishers, places, terms) that it has.

    Shared things are few beside the datasets, so a document of any length can remember them.
    """

    portal: Portal
    addresses: Addresses
    profile: Profile = LATEST
    told: set[str] = field(default_factory=set)

    @property
    def language(self) -> str:
        """The language of texts that name none."""
        return self.portal.language

    @property
    def catalogue(self) -> str:
        """The IRI of the catalogue: the page of all datasets."""
        return self.addresses.catalogue

    def name(self, part: str) -> str:
        """The IRI of a thing that has no page, as a part of the catalogue."""
        return fragment(self.catalogue, part)

    def once(self, iri: str, triples: Iterator[Triple]) -> Iterator[Triple]:
        """The description of a shared thing, unless the document has it."""
        if iri not in self.told:
            self.told.add(iri)
            yield from triples

    def translate(self, text: str) -> Mapping[str, str]:
        """A text of ours in the languages of the portal."""
        return {language: voice_of(language).translate(text) for language in self.portal.languages}
