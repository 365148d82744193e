"""A dataset: what it is, who has it, who may have its data, its files, its versions, the record of the catalogue.

Source: DCAT-AP 3.0.1 (Dataset, CatalogRecord); DCAT 3 section 11 (versions).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.exchange.core.terms import CYCLES, access_iri, language_iri
from opendata.exchange.core.texts import list_texts, list_words, tag_language
from opendata.exchange.dcat.agents import describe_agency, describe_contact, has_contact
from opendata.exchange.dcat.concepts import describe_terms, list_terms
from opendata.exchange.dcat.coverage import describe_period, describe_place, find_period, name_place
from opendata.exchange.dcat.distributions import (
    describe_distribution,
    describe_elsewhere,
    list_distributions,
    list_elsewhere,
)
from opendata.exchange.dcat.identifiers import describe_identifiers, list_identifiers
from opendata.exchange.dcat.origins import describe_origins, list_origins
from opendata.exchange.dcat.rights import (
    describe_archive,
    describe_law,
    describe_licence,
    describe_rights,
    find_rights,
)
from opendata.exchange.dcat.scope import Scope
from opendata.exchange.dcat.services import describe_serving
from opendata.exchange.dcat.vocabulary import (
    TYPE,
    Iri,
    Literal,
    Triple,
    authority,
    clean_text,
    fragment,
    moment,
    plain,
    say,
    term,
    web_address,
)


def describe_dataset(entry: CatalogueEntry, scope: Scope, *, lists_versions: bool = False) -> Iterator[Triple]:
    """A dataset with its newest version; with a short description of each version, if wanted."""
    subject = scope.addresses.dataset(entry.id)
    yield from describe_resource(entry, subject, entry.id, scope)
    yield from list_elsewhere(entry, subject)
    yield subject, "dct:modified", moment(entry.changed)
    if entry.issued is not None:
        yield subject, "dct:issued", moment(entry.issued)
    for old in entry.former:
        yield subject, "owl:sameAs", Iri(scope.addresses.dataset(old))
    yield from _describe_state(entry, subject, scope)
    if entry.version is not None:
        yield subject, scope.profile.current, Iri(scope.addresses.version(entry.id, entry.version))
    if lists_versions:
        for item in entry.editions:
            yield subject, scope.profile.has_version, Iri(scope.addresses.version(entry.id, item.version))
    yield from describe_parts(entry, subject, scope)
    yield from describe_elsewhere(entry, subject, scope)
    yield from describe_archive(entry, subject, scope)
    yield from describe_serving(entry, subject, scope)


def describe_resource(entry: CatalogueEntry, subject: str, identifier: str, scope: Scope) -> Iterator[Triple]:
    """What a dataset and a version of it have in common, without the things that it points to."""
    metadata, further = entry.metadata, entry.metadata.further
    yield subject, TYPE, term("dcat:Dataset")
    titles = list_texts(metadata.title, metadata.i18n, "title", scope.language)
    yield from say(subject, "dct:title", titles)
    descriptions = list_texts(metadata.description, metadata.i18n, "description", scope.language)
    yield from say(subject, "dct:description", descriptions or titles)  # the profile wants one
    yield subject, "dct:identifier", plain(identifier)
    for language, words in list_words(metadata.keywords, metadata.i18n, "keywords", scope.language).items():
        for word in words:
            yield subject, "dcat:keyword", Literal(clean_text(word), tag_language(language))
    themes, _ = list_terms(metadata, scope)
    for theme in themes:
        yield subject, "dcat:theme", theme
    yield subject, "dct:publisher", Iri(scope.addresses.publisher(entry.publisher.id))
    contact = _name_contact(entry, subject, scope)
    if contact:
        yield subject, "dcat:contactPoint", Iri(contact)
    yield subject, "dct:accessRights", Iri(access_iri(metadata.disclosure))
    if any(find_rights(entry)):
        yield subject, "dct:rights", Iri(fragment(scope.addresses.dataset(entry.id), "rights"))
    if metadata.update_cycle in CYCLES:
        yield subject, "dct:accrualPeriodicity", Iri(CYCLES[metadata.update_cycle].iri)
    for language in further.get("languages") or ():
        if language_iri(language):
            yield subject, "dct:language", Iri(language_iri(language))
    place = name_place(entry, subject, scope)
    if place:
        yield subject, "dct:spatial", Iri(place)
    if find_period(entry):
        yield subject, "dct:temporal", Iri(fragment(subject, "period"))
    if further.get("basis") and scope.profile.has_law:
        yield subject, "dcatap:applicableLegislation", Iri(fragment(subject, "basis"))
    home = web_address(metadata.homepage)
    if home is not None:
        yield subject, "foaf:page", home
    yield subject, "dcat:landingPage", Iri(subject)
    yield subject, TYPE, term("foaf:Document")
    for name in list_identifiers(entry):
        yield subject, "adms:identifier", Iri(fragment(subject, name))
    yield from list_origins(entry, subject)
    for iri, _ in list_distributions(entry, subject, scope):
        yield subject, "dcat:distribution", Iri(iri)
    if entry.edition is not None:
        yield subject, scope.profile.version, plain(entry.edition.version)
        yield from say(subject, "adms:versionNotes", {scope.language: entry.edition.notes})


def describe_parts(entry: CatalogueEntry, subject: str, scope: Scope) -> Iterator[Triple]:
    """The things that a dataset or a version points to: files, publisher, contact, terms, place, period, rights."""
    for iri, file in list_distributions(entry, subject, scope):
        yield from describe_distribution(iri, file, entry, scope)
    publisher = scope.addresses.publisher(entry.publisher.id)
    yield from scope.once(publisher, describe_agency(entry.publisher, scope))
    contact = entry.metadata.further.get("contactPoint") or {}
    if has_contact(contact):
        titles = list_texts(entry.publisher.title, entry.publisher.i18n, "title", scope.language)
        yield from describe_contact(fragment(subject, "contact"), contact, titles)
    yield from describe_terms(list_terms(entry.metadata, scope)[1], scope)
    home = web_address(entry.metadata.homepage)
    if home is not None:
        yield home.value, TYPE, term("foaf:Document")
    yield from chain(
        describe_identifiers(entry, subject, scope),
        describe_origins(entry, subject, scope),
        describe_place(entry, subject, scope),
        describe_period(entry, subject),
        describe_licence(entry, scope),
        describe_rights(entry, scope.addresses.dataset(entry.id), scope),
        describe_law(entry, subject, scope),
    )


def describe_record(entry: CatalogueEntry, scope: Scope) -> Iterator[Triple]:
    """The record of the catalogue that describes a dataset."""
    subject = scope.addresses.dataset(entry.id)
    record = fragment(subject, "record")
    yield record, TYPE, term("dcat:CatalogRecord")
    yield record, "foaf:primaryTopic", Iri(subject)
    yield record, "dct:issued", moment(entry.created)
    yield record, "dct:modified", moment(entry.changed)
    yield record, "dct:conformsTo", Iri(scope.profile.iri)
    yield from scope.once(scope.profile.iri, iter([(scope.profile.iri, TYPE, term("dct:Standard"))]))


def _describe_state(entry: CatalogueEntry, subject: str, scope: Scope) -> Iterator[Triple]:
    """That the dataset is no longer kept, or that none of its versions is left."""
    if entry.archived is not None:
        yield subject, "adms:status", authority("dataset-status/DISCONT")
        yield subject, "dct:provenance", Iri(fragment(subject, "archived"))
        if entry.archived["successor"]:
            yield subject, "dct:isReplacedBy", Iri(scope.addresses.dataset(entry.archived["successor"]))
    elif entry.editions and all(item.withdrawal is not None for item in entry.editions):
        yield subject, "adms:status", authority("dataset-status/WITHDRAWN")


def _name_contact(entry: CatalogueEntry, subject: str, scope: Scope) -> str:
    """The IRI of the contact: that of the dataset, else of its publisher; empty without one."""
    if has_contact(entry.metadata.further.get("contactPoint") or {}):
        return fragment(subject, "contact")
    if has_contact(entry.publisher.contact):
        return fragment(scope.addresses.publisher(entry.publisher.id), "contact")
    return ""
