"""The lists of terms that datasets are sorted by: the national themes, industries, key domains, each a SKOS scheme.

Terms with a clear counterpart in the EU's list of data themes name it, and the dataset has both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from opendata.domain.metadata import DatasetMetadata
from opendata.errors import N_
from opendata.exchange.dcat.scope import Scope
from opendata.exchange.dcat.vocabulary import TYPE, Iri, Triple, authority, plain, say, term
from opendata.metadata.properties.code_lists import find_codes

SCHEMES: Mapping[str, tuple[str, str, str]] = {
    "themes": ("themes", "theme", N_("Themes of government data")),
    "industry": ("industries", "industry", N_("Industries (GB/T 4754)")),
    "keyDomain": ("key-domains", "key-domain", N_("Key domains of open government")),
}
"""Property of a dataset → its code list, the prefix of its terms, the title of the scheme."""

EU_THEMES: Mapping[str, Mapping[str, str]] = {
    "themes": {
        "人口": "SOCI",
        "法人单位": "ECON",
        "自然资源和空间地理": "ENVI",
        "电子证照": "GOVE",
        "公共服务": "GOVE",
        "健康保障": "HEAL",
        "社会保障": "SOCI",
        "食品药品安全": "HEAL",
        "安全生产": "JUST",
        "价格监管": "ECON",
        "能源安全": "ENER",
        "城乡建设": "REGI",
        "社区治理": "GOVE",
        "生态环保": "ENVI",
        "应急维稳": "JUST",
    },
    "industry": {
        "A": "AGRI",
        "D": "ENER",
        "F": "ECON",
        "G": "TRAN",
        "I": "TECH",
        "J": "ECON",
        "M": "TECH",
        "N": "ENVI",
        "P": "EDUC",
        "Q": "HEAL",
        "R": "EDUC",
        "S": "GOVE",
        "T": "INTR",
    },
    "keyDomain": {"finance": "GOVE", "enterprise": "ECON", "supervision": "GOVE", "service": "GOVE", "policy": "GOVE"},
}
"""Property → code → the term of the EU's list that has the same subject; codes without one are left out."""


def describe_schemes(scope: Scope) -> Iterator[Triple]:
    """The schemes themselves."""
    for name, _, title in SCHEMES.values():
        subject = scope.name(name)
        yield subject, TYPE, term("skos:ConceptScheme")
        yield from say(subject, "dct:title", scope.translate(title))


def list_schemes(scope: Scope) -> Iterator[Iri]:
    """The IRIs of the schemes, the EU's first."""
    yield authority("data-theme")
    for name, _, _ in SCHEMES.values():
        yield Iri(scope.name(name))


def list_terms(metadata: DatasetMetadata, scope: Scope) -> tuple[Sequence[Iri], Sequence[tuple[str, str]]]:
    """The themes of a dataset: IRIs, those of the EU last, and the terms of ours among them as property and code."""
    own = [(name, code) for name in SCHEMES for code in _list_codes(metadata, name)]
    found = [Iri(_name_term(scope, name, code)) for name, code in own]
    foreign = [EU_THEMES[name][code] for name, code in own if code in EU_THEMES[name]]
    return [*found, *(authority(f"data-theme/{code}") for code in dict.fromkeys(foreign))], own


def describe_term(name: str, code: str, scope: Scope) -> Iterator[Triple]:
    """One term of ours by its property and code."""
    scheme, _, _ = SCHEMES[name]
    subject = _name_term(scope, name, code)
    known = find_codes(scheme).get(code)
    yield subject, TYPE, term("skos:Concept")
    yield subject, "skos:notation", plain(code)
    yield subject, "skos:inScheme", Iri(scope.name(scheme))
    titles = {language: known.title(language) if known else code for language in scope.portal.languages}
    yield from say(subject, "skos:prefLabel", titles)
    if code in EU_THEMES[name]:
        yield subject, "skos:broadMatch", authority(f"data-theme/{EU_THEMES[name][code]}")


def describe_terms(terms: Sequence[tuple[str, str]], scope: Scope) -> Iterator[Triple]:
    """Terms of ours that the document hasn't yet."""
    for name, code in terms:
        yield from scope.once(_name_term(scope, name, code), describe_term(name, code, scope))


def _name_term(scope: Scope, name: str, code: str) -> str:
    return scope.name(f"{SCHEMES[name][1]}-{code}")


def _list_codes(metadata: DatasetMetadata, name: str) -> Sequence[str]:
    found = metadata.further.get(name) or ()
    return [found] if isinstance(found, str) else [str(item) for item in found]
