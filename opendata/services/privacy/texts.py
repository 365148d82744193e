"""Personal data in the texts of a draft: metadata, notes, names of tables and columns, and what attachments say.

Nothing is kept but what attachments say: the other texts are screened whenever a draft is shown or submitted. A finding
that is sure enough needs a reason from the submitter. What can't be read needs a signature: see `settle_unread`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from opendata.db.models import Draft, DraftAttachment, DraftResource
from opendata.domain.drafts import DraftState
from opendata.domain.meaning.table_meaning import settle
from opendata.domain.metadata import DatasetMetadata
from opendata.domain.privacy import Certainty, Kind, PlacedFindingJson, TextFindingJson, TextPart, Unread
from opendata.domain.schema import TableSchema
from opendata.errors import Fault, InvalidMetadataError, fault
from opendata.metadata.properties.reading import Property, load_profile
from opendata.privacy.detection.texts import summarise_text
from opendata.services.core.values import DraftResourceView, DraftView
from opendata.services.privacy.treating import hide_decided
from opendata.wording.privacy import KINDS, TEXT_FAULTS, TEXT_PROPERTIES

_ALONE = frozenset(["name", "title", "description", "example", "i18n", "type", "format", "rdfType", "$schema"])
"""Properties of schemas whose texts are screened as they are, or are keywords."""

_OFFICIAL = frozenset(["contributors", "sources", "author", "authors", "maintainers", "contact", "homepage"])
"""Properties of schemas that name official contacts."""

_SCREENED = frozenset(["text", "longText", "texts", "dataItems", "telephone", "email"])
"""Types of properties in which somebody writes freely."""

_OFFICIAL_DOMAINS = (".gov.cn", ".gov.hk", ".gov.mo")
"""Where only offices have mailboxes."""

_MOST_FAULTS = 20
"""At most this many places are named when a submission is refused."""


def list_text_findings(row: Draft, metadata: DatasetMetadata) -> Sequence[PlacedFindingJson]:
    """The personal data in the texts of a draft that would be published with this metadata.

    Contributors and sources aren't screened: they are official contacts.
    """
    found = _screen_metadata(metadata)
    breaking = {"breaking": row.breaking["reason"]} if row.breaking else {}
    found += _screen_all({"part": TextPart.DRAFT.value}, {"notes": row.notes, **breaking}, {})
    for resource in row.resources:
        found += [*_screen_table(resource), *_screen_decisions(resource)]
    for attachment in row.attachments:
        found += _screen_attachment(attachment)
    return found


def needs_reason(metadata: DatasetMetadata) -> bool:
    """Whether somebody must say why the texts of some metadata can be public."""
    return any(item["needsReason"] for item in _screen_metadata(metadata))


def has_personal_data(text: str) -> bool:
    """Whether a text that becomes public at once surely has personal data in it."""
    return any(item["certainty"] != Certainty.POSSIBLE for item in _screen(text))


def _screen_metadata(metadata: DatasetMetadata) -> list[PlacedFindingJson]:
    texts = {"title": metadata.title, "description": metadata.description, "keywords": "\n".join(metadata.keywords)}
    texts |= {"reason": metadata.disclosure.reason, "legalBasis": metadata.disclosure.legal_basis}
    found = _screen_all({"part": TextPart.DATASET.value}, texts, metadata.i18n)
    for item in load_profile().further:
        found += _screen_property(item, metadata.further.get(item.name))
    return found


def _screen_property(item: Property, value: Any) -> list[PlacedFindingJson]:
    """The findings in a property that the profile adds. The telephone and the mailbox of an office aren't personal."""
    if isinstance(value, list):
        value = "\n".join(str(each["name"]) if isinstance(each, Mapping) else str(each) for each in value)
    pairs = [(part, value.get(part.name)) for part in item.parts] if isinstance(value, Mapping) else [(item, value)]
    name = item.name if item.name in TEXT_PROPERTIES else "metadata"
    return [
        found
        for part, text in pairs
        if part.type in _SCREENED and not (part.type == "email" and str(text).lower().endswith(_OFFICIAL_DOMAINS))
        for found in _screen_all({"part": TextPart.DATASET.value}, {name: text}, {})
        if not (part.type == "telephone" and found["kind"] == Kind.LANDLINE)
    ]


def count_text_warnings(findings: Sequence[PlacedFindingJson]) -> int:
    """How many findings need a reason."""
    return sum(item["needsReason"] for item in findings)


def require_explained(row: Draft, reason: str, findings: Sequence[PlacedFindingJson]) -> None:
    """Raises `InvalidMetadataError` if texts of a draft have personal data and nobody gave a reason."""
    if reason:
        return
    titles = {item.name: item.called for item in row.resources}
    faults = [_describe_fault(item, titles) for item in findings if item["needsReason"]]
    if faults:
        raise InvalidMetadataError(faults=faults[:_MOST_FAULTS])


def list_unread(draft: DraftView) -> Sequence[DraftResourceView]:
    """The attachments that a person must have looked at, once the draft was checked."""
    if draft.status in (DraftState.RECEIVED, DraftState.VALIDATING):
        return ()
    return [item for item in draft.attachments if not item.carried and not item.is_read and item.valid]


def settle_unread(row: Draft) -> None:
    """Count attachments that came before there was a screen as unread, so that their names are signed."""
    for item in row.attachments:
        if item.is_read is None:
            item.is_read, item.unread = False, Unread.NOT_SCREENED.value


def _describe_fault(item: PlacedFindingJson, titles: Mapping[str, str]) -> Fault:
    name = item.get("resource", "")
    params = {
        "property": TEXT_PROPERTIES[item["property"]],
        "resource": titles.get(name, name),
        "field": item.get("field", ""),
        "kind": KINDS[Kind(item["kind"])],
        "count": item["count"],
    }
    return fault("/reason", TEXT_FAULTS[TextPart(item["part"])], **params)


def _screen_table(resource: DraftResource) -> Iterator[PlacedFindingJson]:
    place = {"part": TextPart.TABLE.value, "resource": resource.name}
    meaning = settle(resource.meaning, title=resource.title, i18n=resource.i18n)
    texts: dict[str, Any] = {
        "title": meaning.title or resource.title,
        "description": resource.description,
        "unit": meaning.unit,
    }
    texts |= {
        "compiledBy": meaning.compiled_by,
        "source": "\n".join(str(item.get("title")) for item in meaning.sources),
    }
    texts["footnotes"] = "\n".join(note["text"] for note in meaning.footnotes)
    yield from _screen_all(place, texts, meaning.i18n)
    source = resource.schema if resource.schema is not None else resource.untreated
    if source is not None and resource.treated is not None:
        source = hide_decided(source, resource.decisions)
    known: list[Mapping[str, Any]] = []
    for descriptor in (resource.published_schema, source):
        found = descriptor or {}
        texts = {key: found.get(key) for key in ("title", "description")}
        texts["rules"] = "\n".join(_list_texts({key: value for key, value in found.items() if key != "fields"}))
        if texts not in known:
            known.append(texts)
            yield from _screen_all(place, texts, {})
        for item in TableSchema(found).fields:
            texts = {key: item.descriptor.get(key) for key in ("name", "title", "description", "example")}
            texts["rules"] = "\n".join(_list_texts(item.descriptor))
            column = {"part": TextPart.COLUMN.value, "resource": resource.name, "field": item.name}
            if (said := {**column, **texts}) not in known:
                known.append(said)
                yield from _screen_all(column, texts, item.i18n)


def _list_texts(found: Any) -> Iterator[str]:
    """All texts of a descriptor but titles, descriptions and the keywords of Table Schema."""
    if isinstance(found, str):
        yield found
    elif isinstance(found, Mapping):
        for key, value in found.items():
            if key not in _ALONE and key not in _OFFICIAL:
                yield from _list_texts(value)
    elif isinstance(found, list):
        for value in found:
            yield from _list_texts(value)


def _screen_decisions(resource: DraftResource) -> Iterator[PlacedFindingJson]:
    """The articles and notes of decisions: the manifest tells them."""
    for item in (resource.decisions or {}).get("columns", ()):
        place = {"part": TextPart.COLUMN.value, "resource": resource.name, "field": item["field"]}
        yield from _screen_all(place, {"article": item.get("article"), "note": item.get("note")}, {})


def _screen_attachment(attachment: DraftAttachment) -> Iterator[PlacedFindingJson]:
    place = {"part": TextPart.ATTACHMENT.value, "resource": attachment.name}
    texts = {"title": attachment.title, "description": attachment.description, "filename": attachment.filename}
    yield from _screen_all(place, texts, attachment.i18n)
    for item in attachment.texts or ():
        yield _place(item, {**place, "part": TextPart.CONTENTS.value, "property": "contents"})


def _screen_all(place: Mapping[str, str], texts: Mapping[str, Any], i18n: Mapping[str, Any]) -> list[PlacedFindingJson]:
    """The findings in some properties and in their translations."""
    found = [_place(item, {**place, "property": name}) for name, text in texts.items() for item in _screen(text)]
    for language, translated in i18n.items():
        for name, text in translated.items() if isinstance(translated, Mapping) else ():
            said = "\n".join(filter(_is_text, text)) if isinstance(text, list) else text
            named = name if name in TEXT_PROPERTIES else "translation"
            found += [_place(item, {**place, "property": named, "language": language}) for item in _screen(said)]
    return found


def _place(item: TextFindingJson, place: Mapping[str, str]) -> PlacedFindingJson:
    return {**place, **item, "needsReason": item["certainty"] != Certainty.POSSIBLE}  # type: ignore[typeddict-item]


def _screen(text: Any) -> Sequence[TextFindingJson]:
    return _screen_text(text) if _is_text(text) else ()


def _is_text(text: Any) -> bool:
    return isinstance(text, str) and bool(text.strip())


@lru_cache(1024)
def _screen_text(text: str) -> Sequence[TextFindingJson]:
    """The findings in a text. The same texts are shown again and again."""
    return tuple(summarise_text(text))
