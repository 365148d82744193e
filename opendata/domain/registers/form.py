"""What an application for registration says: its parts, their fields, and where somebody fills each of them in.

The platform asks for basic data, an agent, storage evidence (存证) and documents with the commitment (承诺书).
Source: 公共数据资源登记管理暂行办法 (发改数据规〔2025〕26号); the pages of sjdj.nda.gov.cn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from opendata.domain.registers.registration import DocumentKind

MOST_DOCUMENTS = 50
LONGEST = 2000

_DIGEST = re.compile(r"[0-9a-f]{64}")


class Section(StrEnum):
    """The parts of an application, in their order."""

    APPLICANT = "applicant"
    BASICS = "basics"
    QUALITY = "quality"
    AGENT = "agent"
    EVIDENCE = "evidence"
    DOCUMENTS = "documents"


class Source(StrEnum):
    """Where a field is filled in; `counted` by the portal itself."""

    PUBLISHER = "publisher"
    METADATA = "metadata"
    COUNTED = "counted"
    APPLICATION = "application"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """A field of the application. `place` is the property that fills it, where it isn't counted."""

    name: str
    section: Section
    source: Source = Source.COUNTED
    place: str = ""
    is_required: bool = False


def _office(name: str, place: str = "", *, required: bool = True) -> FormField:
    return FormField(
        name=name, section=Section.APPLICANT, source=Source.PUBLISHER, place=place or name, is_required=required
    )


def _said(name: str, place: str = "", *, required: bool = False) -> FormField:
    return FormField(
        name=name, section=Section.BASICS, source=Source.METADATA, place=place or name, is_required=required
    )


def _counted(name: str, section: Section = Section.BASICS) -> FormField:
    return FormField(name=name, section=section)


def _applied(name: str, section: Section, *, required: bool = False) -> FormField:
    return FormField(name=name, section=section, source=Source.APPLICATION, place=name, is_required=required)


FIELDS: Sequence[FormField] = (
    _office("publisherTitle", "title"),
    _office("publisherCode", "code"),
    _office("publisherKind", "kind", required=False),
    _office("publisherAddress", "contactPoint.address", required=False),
    _office("publisherTelephone", "contactPoint.telephone"),
    _office("publisherEmail", "contactPoint.email", required=False),
    _applied("office", Section.BASICS),
    _counted("kind"),
    _counted("previousCode"),
    _said("title", required=True),
    _said("description", required=True),
    _counted("version"),
    _counted("published"),
    _said("resourceCode"),
    _said("keywords"),
    _said("themes", required=True),
    _said("industry", required=True),
    _said("spatial"),
    _said("temporal"),
    _said("updateCycle", required=True),
    _said("sources", required=True),
    _said("basis", required=True),
    _said("disclosure"),
    _said("sharing"),
    _said("operationMode", "authorisedOperation"),
    _said("implementingBody", "authorisedOperation"),
    _said("operator", "authorisedOperation"),
    _said("operationPeriod", "authorisedOperation"),
    _counted("formats"),
    _counted("tables"),
    _counted("rows"),
    _counted("bytes"),
    _said("items", "dataItems", required=True),
    _counted("url"),
    _applied("use", Section.BASICS),
    _counted("missingShare", Section.QUALITY),
    _counted("repeatedRows", Section.QUALITY),
    _counted("describedColumns", Section.QUALITY),
    _applied("agentName", Section.AGENT),
    _applied("agentCode", Section.AGENT),
    _applied("agentContact", Section.AGENT),
    _applied("storagePlace", Section.EVIDENCE, required=True),
    _applied("evidenceWay", Section.EVIDENCE, required=True),
    _applied("evidenceNumber", Section.EVIDENCE),
    _counted("manifestDigest", Section.EVIDENCE),
    _applied("commitment", Section.DOCUMENTS, required=True),
    _applied("documents", Section.DOCUMENTS),
)
"""All fields in the order of the form."""

APPLICATION: Sequence[str] = tuple(
    item.name for item in FIELDS if item.source == Source.APPLICATION and item.section != Section.DOCUMENTS
)
"""What the application says beside the metadata."""

OPERATION_FIELDS = ("operationMode", "implementingBody", "operator")
"""Asked for where a dataset is under authorised operation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document of an application: its kind, its name and its SHA-256 (hexadecimal). The file isn't kept."""

    kind: DocumentKind
    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A field with its value; `is_missing` where the register asks for it and nothing fills it."""

    field: FormField
    value: str
    is_missing: bool = False


def is_digest(text: str) -> bool:
    """Whether a text is a SHA-256 in lowercase hexadecimal digits."""
    return bool(_DIGEST.fullmatch(text))


def answer_fields(values: Mapping[str, str], *, is_operated: bool) -> Sequence[Answer]:
    """Every field with its value, and what is missing: an agent needs a code, authorised operation its parties."""
    needed = {item.name for item in FIELDS if item.is_required}
    if values.get("agentName"):
        needed.add("agentCode")
    if is_operated:
        needed.update(OPERATION_FIELDS)
    return [
        Answer(
            field=item,
            value=values.get(item.name, ""),
            is_missing=item.name in needed and not values.get(item.name),
        )
        for item in FIELDS
    ]
