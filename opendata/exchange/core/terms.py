"""The codes of the catalogue as terms of other lists: licences, update cycles, languages, access, kinds of files.

Sources: SPDX and Creative Commons for licences; the authority lists of the EU's Publications Office (frequency,
language, access-right, file-type, data-theme), by their IRIs; ISO 8601 (repeating intervals) for cycles; IANA for
media types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from opendata.domain.disclosure import CONDITIONAL, Disclosure
from opendata.domain.texts import License
from opendata.metadata.codes import LICENSES

EU = "http://publications.europa.eu/resource/authority/"
IANA = "https://www.iana.org/assignments/media-types/"


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceTerm:
    """A licence in the lists of others.

    `address` is that of its text, empty if unknown; `eu` its code in the EU's list, `ckan` its id at CKAN, `spdx` at
    SPDX. `is_open` says that it conforms to the Open Definition.
    """

    id: str
    title: str
    address: str = ""
    eu: str = ""
    ckan: str = ""
    spdx: str = ""
    is_open: bool = False


LICENCE_TERMS: Mapping[str, LicenceTerm] = {
    name: LicenceTerm(
        id=name, title=LICENSES[name].name, address=LICENSES[name].path, eu=eu, ckan=ckan, spdx=spdx, is_open=True
    )
    for name, eu, ckan, spdx in (
        ("CC-BY-4.0", "CC_BY_4_0", "cc-by-4.0", "CC-BY-4.0"),
        ("CC0-1.0", "CC0", "cc-zero", "CC0-1.0"),
        ("ODC-By-1.0", "ODC_BY", "odc-by", "ODC-By-1.0"),
        ("ODC-PDDL-1.0", "ODC_PDDL", "odc-pddl", "PDDL-1.0"),
    )
}


def find_licence(found: License) -> LicenceTerm:
    """A licence of a dataset as a term; one that no list knows has its own title and address."""
    name = str(found.get("name") or "")
    known = LICENCE_TERMS.get(name)
    if known is not None:
        return known
    code = LICENSES.get(name)
    address = str(found.get("path") or (code.path if code else ""))
    return LicenceTerm(
        id=name or address, title=str(found.get("title") or (code.name if code else "") or name), address=address
    )


@dataclass(frozen=True, slots=True)
class CycleTerm:
    """An update cycle: its code in the EU's list of frequencies, and as a repeating interval or a word of DCAT-US."""

    eu: str
    interval: str

    @property
    def iri(self) -> str:
        """The IRI of the EU's term."""
        return f"{EU}frequency/{self.eu}"


CYCLES: Mapping[str, CycleTerm] = {
    "realtime": CycleTerm("UPDATE_CONT", "R/PT1S"),
    "daily": CycleTerm("DAILY", "R/P1D"),
    "weekly": CycleTerm("WEEKLY", "R/P1W"),
    "monthly": CycleTerm("MONTHLY", "R/P1M"),
    "quarterly": CycleTerm("QUARTERLY", "R/P3M"),
    "semiannual": CycleTerm("ANNUAL_2", "R/P6M"),
    "annual": CycleTerm("ANNUAL", "R/P1Y"),
    "irregular": CycleTerm("IRREG", "irregular"),
    "never": CycleTerm("NEVER", "irregular"),
}

LANGUAGES: Mapping[str, str] = {
    "zh": "ZHO",
    "en": "ENG",
    "bo": "BOD",
    "ug": "UIG",
    "mn": "MON",
    "kk": "KAZ",
    "ko": "KOR",
    "za": "ZHA",
    "ii": "III",
}
"""Language → its code in the EU's list, which is that of ISO 639-3."""


def language_iri(language: str) -> str:
    """The IRI of a language in the EU's list; empty for one that the code list of the profile hasn't."""
    return f"{EU}language/{LANGUAGES[language]}" if language in LANGUAGES else ""


def access_term(disclosure: Disclosure) -> str:
    """`PUBLIC`, `RESTRICTED` or `NON_PUBLIC`, the codes of the EU's list of access rights."""
    if disclosure.is_open:
        return "PUBLIC"
    return "NON_PUBLIC" if disclosure.is_closed else "RESTRICTED"


def access_iri(disclosure: Disclosure) -> str:
    """The IRI of that term."""
    return f"{EU}access-right/{access_term(disclosure)}"


def access_level(disclosure: Disclosure) -> str:
    """`public`, `restricted public` or `non-public`, as DCAT-US says it."""
    return {"PUBLIC": "public", "RESTRICTED": "restricted public"}.get(access_term(disclosure), "non-public")


def is_conditional(disclosure: Disclosure) -> bool:
    """Whether somebody may have the data on application."""
    return disclosure.attribute == CONDITIONAL


@dataclass(frozen=True, slots=True)
class FileTerm:
    """A kind of file: what people call it, its media type, and its code in the EU's list of file types."""

    label: str
    media_type: str
    eu: str


FILE_TYPES: Mapping[str, FileTerm] = {
    "csv": FileTerm("CSV", "text/csv", "CSV"),
    "parquet": FileTerm("Parquet", "application/vnd.apache.parquet", "PARQUET"),
    "xlsx": FileTerm("XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "XLSX"),
    "xls": FileTerm("XLS", "application/vnd.ms-excel", "XLS"),
    "json": FileTerm("JSON", "application/json", "JSON"),
    "jsonl": FileTerm("JSON Lines", "application/x-ndjson", "JSON"),
    "arrow": FileTerm("Arrow", "application/vnd.apache.arrow.file", "BIN"),
    "geojson": FileTerm("GeoJSON", "application/geo+json", "GEOJSON"),
    "xml": FileTerm("XML", "application/xml", "XML"),
    "zip": FileTerm("ZIP", "application/zip", "ZIP"),
    "pdf": FileTerm("PDF", "application/pdf", "PDF"),
    "doc": FileTerm("DOC", "application/msword", "DOC"),
    "docx": FileTerm("DOCX", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "DOCX"),
    "odt": FileTerm("ODT", "application/vnd.oasis.opendocument.text", "ODT"),
    "ods": FileTerm("ODS", "application/vnd.oasis.opendocument.spreadsheet", "ODS"),
    "txt": FileTerm("TXT", "text/plain", "TXT"),
    "md": FileTerm("Markdown", "text/markdown", "TXT"),
    "html": FileTerm("HTML", "text/html", "HTML"),
    "png": FileTerm("PNG", "image/png", "PNG"),
    "jpg": FileTerm("JPEG", "image/jpeg", "JPEG"),
    "jpeg": FileTerm("JPEG", "image/jpeg", "JPEG"),
    "tif": FileTerm("TIFF", "image/tiff", "TIFF"),
    "tiff": FileTerm("TIFF", "image/tiff", "TIFF"),
    "svg": FileTerm("SVG", "image/svg+xml", "SVG"),
    "shp": FileTerm("SHP", "application/vnd.shp", "SHP"),
    "kml": FileTerm("KML", "application/vnd.google-earth.kml+xml", "KML"),
}
"""Format of a resource, in small letters → what others call it."""


def find_file_type(name: str, media_type: str = "") -> FileTerm:
    """A format as a term; one that no list knows is called by its suffix, and counts as binary data."""
    known = FILE_TYPES.get(name.lower())
    return known or FileTerm(name.upper() or "BIN", media_type or "application/octet-stream", "BIN")


def media_type_iri(media_type: str) -> str:
    """The IRI of a media type at IANA."""
    return f"{IANA}{media_type}"
