"""An entry → the points that checkers of other systems give it.

Sources: the published methodology of data.europa.eu's MQA (405 points in five dimensions); the required properties of
DCAT-US 1.1, of Google Dataset Search and of Croissant 1.1; level 1 of FAIR signposting. What our documents always have
(identifier, dates, access rights) is counted as won: tests compare the documents with it. Points for distributions are
those of the best one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opendata.domain.catalogue.conformance import Scheme, Scored
from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.domain.catalogue.external import ExternalKind
from opendata.domain.resources import Attachment
from opendata.exchange.core.files import ExternalFile, list_external
from opendata.exchange.core.terms import find_licence

EDITION = 2
"""Raised whenever the same entry gets other points: all are scored again then."""

_OPEN_FORMATS = frozenset(
    ["csv", "parquet", "json", "geojson", "xml", "txt", "html", "ods", "odt", "pdf", "png", "svg"]
)
_MACHINE_READABLE = frozenset(["csv", "parquet", "json", "geojson", "xml", "xlsx", "xls", "ods", "shp", "kml"])
_RESOURCES = "resources"
_COLUMNS = "columns"

_MINUTES: Mapping[str, int] = {
    "title": 1,
    "description": 5,
    "keywords": 2,
    "themes": 1,
    "spatial": 1,
    "temporal": 1,
    "licenses": 1,
    "contactPoint": 2,
    "openingCondition": 2,
    "updateCycle": 1,
    "i18n": 5,
    _RESOURCES: 30,
    _COLUMNS: 15,
}
"""About how long a person takes for each."""


def score(entry: CatalogueEntry) -> Sequence[Scored]:
    """All indicators of all schemes."""
    return [*_score_mqa(entry), *_score_dcat_us(entry), *_score_google(entry), *_score_rest(entry)]


def _score_mqa(entry: CatalogueEntry) -> Iterator[Scored]:
    has = _list_filled(entry)
    formats, sized = _list_formats(entry), _has_sizes(entry)
    files = _name_files(entry)
    licence = find_licence(entry.metadata.licenses[0]) if entry.metadata.licenses else None
    rights = bool(has["openingCondition"] or not entry.is_open)
    for code, is_won, most, name in (
        ("keyword", has["keywords"], 30, "keywords"),
        ("theme", has["themes"], 30, "themes"),
        ("spatial", has["spatial"], 20, "spatial"),
        ("temporal", has["temporal"], 20, "temporal"),
        ("access-url", formats, 50, files),
        ("download-url", formats, 20, files),
        ("download-url-answers", formats, 30, files),
        ("format", formats, 20, files),
        ("media-type", formats, 10, files),
        ("vocabulary", formats, 10, files),
        ("non-proprietary", formats & _OPEN_FORMATS, 20, files),
        ("machine-readable", formats & _MACHINE_READABLE, 20, files),
        ("dcat-ap", has["title"] and has["description"], 30, "description"),
        ("licence", licence, 20, "licenses"),
        ("licence-vocabulary", licence and licence.eu, 10, "licenses"),
        ("access-rights", True, 10, ""),
        ("access-rights-vocabulary", True, 5, ""),
        ("contact-point", _has_contact(entry), 20, "contactPoint"),
        ("publisher", True, 10, ""),
        ("rights", rights, 5, "openingCondition"),
        ("byte-size", sized, 5, files),
        ("issued", True, 5, ""),
        ("modified", True, 5, ""),
    ):
        yield _make(Scheme.MQA, code, bool(is_won), most, name)


def _score_dcat_us(entry: CatalogueEntry) -> Iterator[Scored]:
    has = _list_filled(entry)
    for code, is_won, name in (
        ("title", has["title"], "title"),
        ("description", has["description"], "description"),
        ("keyword", has["keywords"], "keywords"),
        ("modified", True, ""),
        ("publisher", True, ""),
        ("contactPoint", _find_contact(entry).get("email"), "contactPoint"),
        ("identifier", True, ""),
        ("accessLevel", True, ""),
    ):
        yield _make(Scheme.DCAT_US, code, bool(is_won), 1, name)


def _score_google(entry: CatalogueEntry) -> Iterator[Scored]:
    has = _list_filled(entry)
    files = _name_files(entry)
    for code, is_won, name in (
        ("name", has["title"], "title"),
        ("description", len(entry.metadata.description) >= 50 or _lists_columns(entry), "description"),
        ("license", has["licenses"], "licenses"),
        ("keywords", has["keywords"], "keywords"),
        ("temporalCoverage", has["temporal"], "temporal"),
        ("spatialCoverage", has["spatial"], "spatial"),
        ("distribution", bool(_list_formats(entry)), files),
    ):
        yield _make(Scheme.GOOGLE, code, bool(is_won), 1, name)


def _score_rest(entry: CatalogueEntry) -> Iterator[Scored]:
    has = _list_filled(entry)
    files = _name_files(entry)
    for code, is_won, name in (
        ("description", has["description"], "description"),
        ("license", has["licenses"], "licenses"),
        ("version", bool(entry.version), files),
    ):
        yield _make(Scheme.CROISSANT, code, bool(is_won), 1, name)
    for code, is_won, name in (
        ("cite-as", True, ""),
        ("describedby", True, ""),
        ("type", True, ""),
        ("license", has["licenses"], "licenses"),
        ("item", bool(_list_formats(entry)), files),
    ):
        yield _make(Scheme.SIGNPOSTING, code, bool(is_won), 1, name)
    translations = entry.metadata.i18n.values()
    for code, is_won, name in (
        ("updateCycle", bool(entry.metadata.update_cycle), "updateCycle"),
        ("translation", any(item.get("title") for item in translations), "i18n"),
        ("columns", _describes_columns(entry), _COLUMNS if entry.manifest else ""),
    ):
        yield _make(Scheme.LOCAL, code, bool(is_won), 1, name)


def _make(scheme: Scheme, code: str, is_won: bool, most: int, name: str) -> Scored:
    points = most if is_won else 0
    return Scored(scheme=scheme, code=code, points=points, most=most, field=name, minutes=_MINUTES.get(name, 0))


def _list_filled(entry: CatalogueEntry) -> Mapping[str, bool]:
    """Which properties say something."""
    found = entry.metadata
    coverage = entry.manifest.coverage if entry.manifest else ""
    given: dict[str, Any] = {
        "title": found.title,
        "description": found.description.strip(),
        "keywords": found.keywords,
        "themes": found.further.get("themes") or found.further.get("industry") or found.further.get("keyDomain"),
        "spatial": found.further.get("spatial") or entry.publisher.division,
        "temporal": found.temporal or coverage,
        "licenses": found.licenses,
        "openingCondition": found.further.get("openingCondition"),
    }
    return {name: bool(value) for name, value in given.items()}


def _find_contact(entry: CatalogueEntry) -> Mapping[str, Any]:
    """Where to ask: the contact of the dataset, with what only its publisher has."""
    own = entry.metadata.further.get("contactPoint") or {}
    return {**entry.publisher.contact, **own}


def _has_contact(entry: CatalogueEntry) -> bool:
    found = _find_contact(entry)
    return any(found.get(name) for name in ("email", "telephone", "url"))


def _name_files(entry: CatalogueEntry) -> str:
    """What wins the points for files; nothing where the data isn't open, or is at another portal."""
    return _RESOURCES if entry.is_open and entry.origin is None else ""


def _list_files_elsewhere(entry: CatalogueEntry) -> list[ExternalFile]:
    return [item for item in list_external(entry) if item.kind == ExternalKind.FILE]


def _list_formats(entry: CatalogueEntry) -> frozenset[str]:
    """The formats of its files that anybody may have, here or at the portal that it is from."""
    elsewhere = (item.label.lower() for item in _list_files_elsewhere(entry))
    return frozenset([*map(_find_format, entry.list_public()), *elsewhere])


def _has_sizes(entry: CatalogueEntry) -> bool:
    return bool(entry.public) or any(item.bytes for item in _list_files_elsewhere(entry))


def _find_format(item: object) -> str:
    return item.format.lower() if isinstance(item, Attachment) else "csv"


def _lists_columns(entry: CatalogueEntry) -> bool:
    """Whether a description can be lengthened by what the dictionary says."""
    return bool(entry.metadata.description and entry.manifest and entry.manifest.tables)


def _describes_columns(entry: CatalogueEntry) -> bool:
    tables = entry.manifest.tables if entry.manifest else ()
    fields = [field for table in tables for field in table.schema.fields]
    return bool(fields) and all(field.title or field.description for field in fields)
