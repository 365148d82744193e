"""Versions as datasets of their own: the whole of one, and in short those of a dataset."""

from __future__ import annotations

from collections.abc import Iterator

from opendata.domain.catalogue.entries import CatalogueEntry, Edition
from opendata.exchange.core.texts import list_texts
from opendata.exchange.dcat.dataset import describe_parts, describe_resource
from opendata.exchange.dcat.scope import Scope
from opendata.exchange.dcat.services import describe_serving
from opendata.exchange.dcat.vocabulary import TYPE, Iri, Triple, authority, fragment, moment, plain, say, term


def describe_version(entry: CatalogueEntry, scope: Scope) -> Iterator[Triple]:
    """The version that an entry describes, with its files, and in short the dataset and the version before it."""
    subject = scope.addresses.version(entry.id, str(entry.version))
    parent = scope.addresses.dataset(entry.id)
    yield from describe_resource(entry, subject, f"{entry.id}@{entry.version}", scope)
    yield subject, scope.profile.is_version_of, Iri(parent)
    yield from _describe_place_in_line(entry, entry.edition, subject, scope)
    yield from describe_parts(entry, subject, scope)
    yield from describe_serving(entry, subject, scope)
    yield from _describe_texts(entry, parent, scope)
    yield parent, "dct:identifier", plain(entry.id)
    yield parent, scope.profile.has_version, Iri(subject)


def describe_versions(entry: CatalogueEntry, scope: Scope) -> Iterator[Triple]:
    """All versions of a dataset in short: number, notes, times, and what became of them."""
    for item in entry.editions:
        subject = scope.addresses.version(entry.id, item.version)
        yield from _describe_texts(entry, subject, scope)
        yield subject, "dct:identifier", plain(f"{entry.id}@{item.version}")
        yield subject, scope.profile.version, plain(item.version)
        yield subject, scope.profile.is_version_of, Iri(scope.addresses.dataset(entry.id))
        yield from say(subject, "adms:versionNotes", {scope.language: item.notes})
        yield from _describe_place_in_line(entry, item, subject, scope)
        yield from _describe_end(item, subject, scope)


def _describe_texts(entry: CatalogueEntry, subject: str, scope: Scope) -> Iterator[Triple]:
    metadata = entry.metadata
    titles = list_texts(metadata.title, metadata.i18n, "title", scope.language)
    yield subject, TYPE, term("dcat:Dataset")
    yield from say(subject, "dct:title", titles)
    descriptions = list_texts(metadata.description, metadata.i18n, "description", scope.language)
    yield from say(subject, "dct:description", descriptions or titles)


def _describe_place_in_line(
    entry: CatalogueEntry, edition: Edition | None, subject: str, scope: Scope
) -> Iterator[Triple]:
    """When it was published and changed, and which one was before it."""
    if edition is None:
        return
    yield subject, "dct:issued", moment(edition.published)
    yield subject, "dct:modified", moment(edition.changed)
    older = entry.editions[list(entry.editions).index(edition) + 1 :]
    if older:
        yield subject, scope.profile.previous, Iri(scope.addresses.version(entry.id, older[0].version))


def _describe_end(edition: Edition, subject: str, scope: Scope) -> Iterator[Triple]:
    """That a version was withdrawn, why, and which one to use instead; or that it is stopped for now."""
    record = edition.withdrawal or edition.suspension
    if record is None:
        return
    note = fragment(subject, "withdrawn" if edition.withdrawal else "suspended")
    if edition.withdrawal is not None:
        yield subject, "adms:status", authority("dataset-status/WITHDRAWN")
        successor = edition.withdrawal["successor"]
        if successor:
            dataset = str(edition.withdrawal["dataset"])
            yield subject, "dct:isReplacedBy", Iri(scope.addresses.version(dataset, successor))
    yield subject, "dct:provenance", Iri(note)
    yield note, TYPE, term("dct:ProvenanceStatement")
    yield from say(note, "rdfs:label", {scope.language: record["reason"]})
