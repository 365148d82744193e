"""The descriptive metadata of a dataset, read: our properties from those of DCAT-AP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from opendata.domain.disclosure import CLOSED, CONDITIONAL, OPEN, Disclosure
from opendata.domain.metadata import DatasetMetadata
from opendata.domain.texts import Contributor, License, Source
from opendata.exchange.core.terms import CYCLES, EU, LANGUAGES
from opendata.exchange.dcat.concepts import SCHEMES
from opendata.exchange.dcat.identifiers import INDEX_NUMBER, RESOURCE_CODE
from opendata.exchange.dcat.reading.graph import Graph
from opendata.exchange.dcat.reading.parts import (
    choose,
    read_contact,
    read_licence,
    read_place,
    read_texts,
    read_time,
    read_word_lists,
)
from opendata.exchange.dcat.vocabulary import Literal
from opendata.metadata.properties.code_lists import find_codes

_ATTRIBUTES = {"PUBLIC": OPEN, "RESTRICTED": CONDITIONAL, "NON_PUBLIC": CLOSED}
_EU_FREQUENCY = {term.eu: name for name, term in CYCLES.items()}
_EU_LANGUAGES = {code: name for name, code in LANGUAGES.items()}
_EU_THEMES = {
    "ENER": "能源安全",
    "ENVI": "生态环保",
    "GOVE": "公共服务",
    "HEAL": "健康保障",
    "REGI": "城乡建设",
    "SOCI": "社会保障",
}


def read_metadata(graph: Graph, subject: str, language: str) -> DatasetMetadata:
    """What a dataset says of itself. A description that only repeats the title isn't one."""
    titles = read_texts(graph, subject, language, "dct:title")
    descriptions = read_texts(graph, subject, language, "dct:description")
    title, description = choose(titles, language), choose(descriptions, language)
    words = dict(read_word_lists(graph, subject, language, "dcat:keyword"))
    keywords = words.pop(language, None) or (words.pop(next(iter(words))) if words else [])
    disclosure = _read_disclosure(graph, subject, language)
    return DatasetMetadata(
        title=title,
        description="" if descriptions == titles else description,
        i18n=_read_i18n(titles, {} if descriptions == titles else descriptions, words, language),
        disclosure=disclosure,
        licenses=_read_licences(graph, subject, language),
        keywords=tuple(dict.fromkeys(keywords)),
        sources=_read_sources(graph, subject, language),
        contributors=_read_contributors(graph, subject, language),
        homepage=graph.find_iri(subject, "foaf:page"),
        update_cycle=_read_code(graph, subject, "dct:accrualPeriodicity", "frequency", _EU_FREQUENCY),
        temporal=next(filter(None, (read_time(graph, node) for node in graph.list_iris(subject, "dct:temporal"))), ""),
        further=dict(_read_further(graph, subject, language, disclosure)),
    )


def _read_i18n(
    titles: Mapping[str, str], descriptions: Mapping[str, str], words: Mapping[str, Sequence[str]], language: str
) -> Mapping[str, Mapping[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    groups: tuple[tuple[str, Mapping[str, Any]], ...] = (
        ("title", titles),
        ("description", descriptions),
        ("keywords", words),
    )
    for name, texts in groups:
        for key, value in texts.items():
            if key != language and language in titles:
                found.setdefault(key, {})[name] = value
    return found


def _read_disclosure(graph: Graph, subject: str, language: str) -> Disclosure:
    """Who may have the data; what says nothing is open, as most catalogues mean it."""
    prefix = f"{EU}access-right/"
    codes = [item.removeprefix(prefix) for item in graph.list_iris(subject, "dct:accessRights")]
    attribute = next((_ATTRIBUTES[code] for code in codes if code in _ATTRIBUTES), OPEN)
    if attribute == OPEN:
        return Disclosure()
    reason, basis = _read_rights(graph, subject, language)
    return Disclosure(attribute=attribute, reason=reason, legal_basis=basis)


def _read_rights(graph: Graph, subject: str, language: str) -> tuple[str, str]:
    for item in graph.list(subject, "dct:rights"):
        if isinstance(item, Literal):
            return item.value, ""
        reason = choose(read_texts(graph, item.value, language, "rdfs:label", "dct:description"), language)
        if reason:
            return reason, choose(read_texts(graph, item.value, language, "rdfs:comment"), language)
    return "", ""


def _read_licences(graph: Graph, subject: str, language: str) -> Sequence[License]:
    """The licences of its files, and of the dataset itself, each once."""
    found: list[License] = []
    for node in (subject, *graph.list_iris(subject, "dcat:distribution")):
        for item in graph.list(node, "dct:license"):
            is_text = isinstance(item, Literal)
            licence = read_licence(graph, "" if is_text else item.value, item.value if is_text else "", language)
            if licence and licence not in found:
                found.append(licence)
    return tuple(found)


def _read_sources(graph: Graph, subject: str, language: str) -> Sequence[Source]:
    found: list[Source] = []
    for node in graph.list_iris(subject, "dct:provenance", "dct:source"):
        if node.endswith(("#archived", "#withdrawn", "#suspended")):
            continue
        title = choose(read_texts(graph, node, language, "rdfs:label", "dct:title"), language)
        path = graph.find_iri(node, "rdfs:seeAlso") or ("" if title or node.startswith("_:") else node)
        source: Source = {"title": title, "path": path} if title and path else {"title": title or path}
        if title or path:
            found.append(source if title else {"path": path})
    return tuple(found)


def _read_contributors(graph: Graph, subject: str, language: str) -> Sequence[Contributor]:
    found: list[Contributor] = []
    for predicate, roles in (("dct:creator", ["creator"]), ("dct:contributor", [])):
        for node in graph.list_iris(subject, predicate):
            title = choose(read_texts(graph, node, language, "foaf:name", "rdfs:label"), language)
            path = graph.find_iri(node, "foaf:homepage")
            if title:
                item: Contributor = {"title": title}
                if path:
                    item["path"] = path
                if roles:
                    item["roles"] = roles
                found.append(item)
    return tuple(found)


def _read_further(graph: Graph, subject: str, language: str, disclosure: Disclosure) -> Iterator[tuple[str, Any]]:
    """The properties of the profile beyond the common ones, without what is empty."""
    themes = list(graph.list_iris(subject, "dcat:theme"))
    yield from _read_terms(themes)
    prefix = f"{EU}language/"
    codes = [item.removeprefix(prefix) for item in graph.list_iris(subject, "dct:language")]
    languages = [_EU_LANGUAGES[code] for code in codes if code in _EU_LANGUAGES]
    if languages:
        yield "languages", languages
    places = (read_place(graph, node, language) for node in graph.list_iris(subject, "dct:spatial"))
    place = next(filter(None, places), None)
    if place:
        yield "spatial", place
    publisher = next(graph.list_iris(subject, "dct:publisher"), "")
    nodes = [node for node in graph.list_iris(subject, "dcat:contactPoint") if node != f"{publisher}#contact"]
    contact = next(filter(None, (read_contact(graph, node, language) for node in nodes)), None)
    if contact:
        yield "contactPoint", contact
    yield from _read_identifiers(graph, subject)
    laws = (
        choose(read_texts(graph, node, language, "dct:title", "rdfs:label"), language)
        for node in graph.list_iris(subject, "dcatap:applicableLegislation")
    )
    law = next(filter(None, laws), "")
    if law:
        yield "basis", law
    if disclosure.attribute == OPEN:
        condition, _ = _read_rights(graph, subject, language)
        if condition:
            yield "openingCondition", condition


def _read_terms(themes: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Themes, industry and key domain by our own schemes; without any the themes by the EU's list."""
    found: dict[str, list[str]] = {name: [] for name in SCHEMES}
    for name, (scheme, prefix, _) in SCHEMES.items():
        for iri in themes:
            _, mark, rest = iri.rpartition(f"#{prefix}-")
            code = unquote(rest)
            if mark and code in find_codes(scheme):
                found[name].append(code)
    if not any(found.values()):
        codes = [iri.removeprefix(f"{EU}data-theme/") for iri in themes]
        found["themes"] = list(dict.fromkeys(_EU_THEMES[code] for code in codes if code in _EU_THEMES))
    for name, terms in found.items():
        if terms:
            yield name, terms if name == "themes" else terms[0]


def _read_identifiers(graph: Graph, subject: str) -> Iterator[tuple[str, str]]:
    for node in graph.list_iris(subject, "adms:identifier"):
        for item in graph.list(node, "skos:notation"):
            if isinstance(item, Literal):
                for name, key in ((INDEX_NUMBER, "indexNumber"), (RESOURCE_CODE, "resourceCode")):
                    if item.datatype.endswith(f"#{name}"):
                        yield key, item.value


def _read_code(graph: Graph, subject: str, predicate: str, authority: str, codes: Mapping[str, str]) -> str:
    prefix = f"{EU}{authority}/"
    found = (item.removeprefix(prefix) for item in graph.list_iris(subject, predicate))
    return next((codes[code] for code in found if code in codes), "")
