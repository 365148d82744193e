"""The profiles of DCAT-AP that a document can be written in, and in what they differ.

Source: DCAT-AP 2.1.1 and 3.0.1 with their SHACL shapes (SEMICeu).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_SPDX = "//spdx.org/rdf/terms#checksumAlgorithm_sha256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One edition of DCAT-AP. `iri` is that of its specification, `byte_size` the datatype of sizes.

    `version`, `is_version_of`, `has_version` and `previous` are the properties that tie versions together, `statuses`
    the list of states of files by the names of the EU's list. `sha256` is the IRI of the algorithm: empty where the
    shapes accept no other than SHA-1. `has_law` says that a dataset can name its legal basis.
    """

    id: str
    iri: str
    byte_size: str
    version: str
    is_version_of: str
    has_version: str
    previous: str
    current: str
    statuses: Mapping[str, str]
    sha256: str
    has_law: bool


_EU_STATUS = "http://publications.europa.eu/resource/authority/distribution-status/"
_ADMS_STATUS = "http://purl.org/adms/status/"

LATEST = Profile(
    id="dcat_ap_3.0.1",
    iri="https://semiceu.github.io/DCAT-AP/releases/3.0.1/",
    byte_size="xsd:nonNegativeInteger",
    version="dcat:version",
    is_version_of="dcat:isVersionOf",
    has_version="dcat:hasVersion",
    previous="dcat:previousVersion",
    current="dcat:hasCurrentVersion",
    statuses={name: _EU_STATUS + name for name in ("COMPLETED", "DEPRECATED", "WITHDRAWN")},
    # Its shapes want the algorithm by https, unlike SPDX itself.
    sha256="https:" + _SPDX,
    has_law=True,
)

OLDER = Profile(
    id="dcat_ap_2.1.1",
    iri="https://semiceu.github.io/DCAT-AP/releases/2.1.1/",
    byte_size="xsd:decimal",
    version="owl:versionInfo",
    is_version_of="dct:isVersionOf",
    has_version="dct:hasVersion",
    previous="adms:prev",
    current="adms:last",
    statuses={
        "COMPLETED": _ADMS_STATUS + "Completed",
        "DEPRECATED": _ADMS_STATUS + "Deprecated",
        "WITHDRAWN": _ADMS_STATUS + "Withdrawn",
    },
    sha256="",
    has_law=False,
)

PROFILES: Mapping[str, Profile] = {
    **dict.fromkeys((LATEST.id, "dcat_ap_3", "euro_dcat_ap_3", "euro_dcat_ap"), LATEST),
    **dict.fromkeys((OLDER.id, "dcat_ap_2", "euro_dcat_ap_2"), OLDER),
}
"""What a profile can be called by those who ask: our names, and those of ckanext-dcat."""

SHA256_IRIS = frozenset(["http:" + _SPDX, "https:" + _SPDX])
