"""The things that a dataset points to, read: texts by language, agents, contacts, places, periods, licences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import unquote

from opendata.domain.meaning.periods import KINDS, join_periods, period_of, read_period
from opendata.domain.texts import License
from opendata.exchange.core.terms import EU, find_licence
from opendata.exchange.dcat.reading.graph import Graph
from opendata.exchange.dcat.reading.values import ReadAgent
from opendata.exchange.dcat.rights import LICENCE
from opendata.exchange.dcat.vocabulary import Literal
from opendata.metadata.codes import LICENSES
from opendata.metadata.properties.code_lists import is_region

_OWN_LICENCE = f"#{LICENCE}"


def read_texts(graph: Graph, subject: str, language: str, *predicates: str) -> Mapping[str, str]:
    """Language → the first text in it; a text without a language is of the default one."""
    found: dict[str, str] = {}
    for item in graph.list(subject, *predicates):
        if isinstance(item, Literal) and item.value.strip():
            found.setdefault(_language_of(item, language), item.value)
    return found


def read_word_lists(graph: Graph, subject: str, language: str, predicate: str) -> Mapping[str, list[str]]:
    """Language → all texts in it."""
    found: dict[str, list[str]] = {}
    for item in graph.list(subject, predicate):
        if isinstance(item, Literal) and item.value.strip():
            found.setdefault(_language_of(item, language), []).append(item.value)
    return found


def choose(texts: Mapping[str, str], language: str) -> str:
    """The text in the default language, else any; empty without one."""
    return texts.get(language) or next(iter(texts.values()), "")


def read_agent(graph: Graph, subject: str, language: str) -> ReadAgent:
    """A publisher."""
    names = read_texts(graph, subject, language, "foaf:name", "skos:prefLabel", "dct:title", "rdfs:label")
    others = {key: {"title": text} for key, text in names.items() if key != language}
    contact = read_contact(graph, f"{subject}#contact", language)
    home = graph.find_iri(subject, "foaf:homepage")
    contact.pop("name", None)
    return ReadAgent(
        iri="" if subject.startswith("_:") else subject,
        id=graph.find_text(subject, "dct:identifier"),
        title=choose(names, language),
        i18n=others if language in names else {},
        description=choose(read_texts(graph, subject, language, "dct:description"), language),
        code=graph.find_text(subject, "org:identifier"),
        parent=graph.find_iri(subject, "org:subOrganizationOf"),
        contact={**contact, "url": home} if home else contact,
    )


def read_contact(graph: Graph, subject: str, language: str) -> dict[str, str]:
    """A contact: those of name, e-mail and telephone that it has."""
    name = choose(read_texts(graph, subject, language, "vcard:fn", "vcard:organization-name"), language)
    email = _read_value(graph, subject, "vcard:hasEmail", "vcard:email").removeprefix("mailto:")
    telephone = _read_value(graph, subject, "vcard:hasTelephone", "vcard:tel").removeprefix("tel:")
    found = {"name": name, "email": unquote(email), "telephone": unquote(telephone)}
    return {key: value for key, value in found.items() if value}


def read_place(graph: Graph, subject: str, language: str) -> dict[str, str]:
    """A place: the code of a division, or a name."""
    code = graph.find_text(subject, "dct:identifier")
    names = read_texts(graph, subject, language, "skos:prefLabel", "rdfs:label")
    if code and is_region(code):
        is_shared = subject.endswith(f"#division-{code}")
        found = {"code": code, "name": "" if is_shared else choose(names, language)}
    else:
        found = {"name": choose(names, language)}
    return {key: value for key, value in found.items() if value}


def read_time(graph: Graph, subject: str) -> str:
    """A period in its normal form: what its label says, if that is one of its days, else found from them."""
    days = [_read_day(graph.find_text(subject, *names)) for names in (_STARTS, _ENDS)]
    start, end = days
    if start is None or end is None:
        return ""
    labelled = read_period(graph.find_text(subject, "rdfs:label"))
    if labelled is not None and (labelled.start, labelled.end) == (start, end):
        return labelled.text
    if not (start.year >= 1000 and end.year < 3000) or end < start:
        return ""
    for kind in reversed(KINDS):
        first, last = period_of(start, kind), period_of(end, kind)
        if (first.start, last.end) == (start, end):
            joined = join_periods(first, last)
            return joined.text if joined else ""
    return ""


_STARTS = ("dcat:startDate", "http://schema.org/startDate")
_ENDS = ("dcat:endDate", "http://schema.org/endDate")


def read_licence(graph: Graph, iri: str, text: str, language: str) -> License | None:
    """A licence by its IRI, or by a text alone."""
    known = next((name for name, iris in _list_licences() if iri.rstrip("/") in iris), None)
    if known is not None:
        path = LICENSES[known].path
        return {"name": known, "path": path} if path else {"name": known}
    _, mark, own = iri.rpartition(_OWN_LICENCE)
    title = choose(read_texts(graph, iri, language, "dct:title", "rdfs:label", "skos:prefLabel"), language) or text
    if mark and unquote(own) in LICENSES:
        return {"name": unquote(own)}
    found: dict[str, Any] = {"path": iri if iri.startswith("http") else "", "title": title}
    kept = {key: value for key, value in found.items() if value}
    return kept or None  # type: ignore[return-value]


def _list_licences() -> Iterator[tuple[str, frozenset[str]]]:
    """Each known licence with the IRIs that others give it, without a final slash."""
    for name in LICENSES:
        term = find_licence({"name": name})
        address = term.address.rstrip("/")
        bare = address.partition("://")[2]
        found = {f"{EU}licence/{term.eu}" if term.eu else "", f"http://{bare}", f"https://{bare}"}
        if term.spdx:
            found |= {f"http://spdx.org/licenses/{term.spdx}", f"https://spdx.org/licenses/{term.spdx}"}
        yield name, frozenset(found if address else ())


def _read_value(graph: Graph, subject: str, *predicates: str) -> str:
    """A value that may be an IRI, a text, or a node that has one of them."""
    for item in graph.list(subject, *predicates):
        if isinstance(item, Literal):
            return item.value
        inner = next(iter(graph.list(item.value, "vcard:hasValue")), None)
        if inner is not None:
            return inner.value
        if not item.value.startswith("_:"):
            return item.value
    return ""


def _read_day(text: str) -> date | None:
    """A day, also that of a moment; a year or a month is its first day."""
    head = text[:10]
    if len(head) == 4 and head.isdigit():
        head += "-01-01"
    try:
        return date.fromisoformat(head)
    except ValueError:
        return None


def _language_of(item: Literal, default: str) -> str:
    return item.language.lower().partition("-")[0] if item.language else default
