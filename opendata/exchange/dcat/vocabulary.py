"""Triples as plain values: a subject, a predicate as `prefix:name`, and a term; texts and addresses made safe for them.

Source: RDF 1.1; XML 1.0 (the characters it allows, so that a text is the same in every form); RFC 3987.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from typing import NamedTuple, TypeAlias
from urllib.parse import quote

from opendata.domain.moments import format_time
from opendata.exchange.core.terms import EU
from opendata.exchange.core.texts import tag_language

PREFIXES: Mapping[str, str] = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "eli": "http://data.europa.eu/eli/ontology#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "hydra": "http://www.w3.org/ns/hydra/core#",
    "org": "http://www.w3.org/ns/org#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

TYPE = "rdf:type"

_UNWRITABLE = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STRAY = re.compile(r"%(?![0-9A-Fa-f]{2})")
_WEB = re.compile(
    r"([Hh][Tt][Tt][Pp][Ss]?://[0-9A-Za-z._~\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef-]+(?::[0-9]{1,5})?)((?:[/?#].*)?)",
    re.DOTALL,
)
"""A host by its name in any script or by its number, without an account, and the rest (RFC 3987)."""

_SAFE = "/:@!$&'()*+,;=~?%#"


class Iri(NamedTuple):
    """A thing, by its IRI."""

    value: str


class Literal(NamedTuple):
    """A text with its language tag, or a value with its datatype as `prefix:name` or as an IRI."""

    value: str
    language: str = ""
    datatype: str = ""


Term: TypeAlias = Iri | Literal
Triple: TypeAlias = tuple[str, str, Term]


@cache
def expand(name: str) -> str:
    """The IRI of a `prefix:name`; an IRI stays what it is."""
    prefix, colon, rest = name.partition(":")
    return PREFIXES[prefix] + rest if colon and prefix in PREFIXES else name


@cache
def term(name: str) -> Iri:
    """A class or another term of a vocabulary by `prefix:name`."""
    return Iri(expand(name))


@cache
def authority(path: str) -> Iri:
    """A term of the EU's authority lists, such as `frequency/DAILY`."""
    return Iri(EU + path)


def clean_text(text: str) -> str:
    """A text without the characters that XML doesn't have, its lines ended in one way."""
    return _UNWRITABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def plain(text: str) -> Literal:
    """A text of no language, such as a number or an identifier."""
    return Literal(clean_text(text))


def typed(value: str | int, datatype: str) -> Literal:
    """A value of a datatype."""
    return Literal(str(value), datatype=datatype)


def moment(value: datetime) -> Literal:
    """A moment, in UTC."""
    return Literal(format_time(value), datatype="xsd:dateTime")


def day(value: date) -> Literal:
    """A day."""
    return Literal(value.isoformat(), datatype="xsd:date")


def say(subject: str, predicate: str, texts: Mapping[str, str]) -> Iterator[Triple]:
    """A text in each of its languages."""
    for language, text in texts.items():
        cleaned = clean_text(text)
        if cleaned:
            yield subject, predicate, Literal(cleaned, tag_language(language))


@lru_cache(maxsize=1024)
def web_address(text: str) -> Iri | None:
    """An address that somebody entered, with what an IRI can't have written in percent; None if it isn't of the web."""
    match = _WEB.fullmatch(text.strip())
    if match is None:
        return None
    start, rest = match.groups()
    head, mark, part = rest.partition("#")
    return Iri(start + _quote(head) + (mark and "#" + _quote(part).replace("#", "%23")))


def mailbox(text: str) -> Iri:
    """A mailbox."""
    return Iri("mailto:" + quote(text.strip(), safe="@+-_.!"))


def telephone(text: str) -> Iri:
    """A telephone number as people write it."""
    return Iri("tel:" + quote(clean_text(text).strip(), safe="+-()"))


def fragment(base: str, name: str) -> str:
    """The IRI of a part of a thing."""
    return f"{base}#{_quote_part(name)}"


@lru_cache(maxsize=1024)
def _quote_part(name: str) -> str:
    return quote(name, safe=".-_~")


def _quote(text: str) -> str:
    return _STRAY.sub("%25", quote(text.encode("utf-8", "replace"), safe=_SAFE))
