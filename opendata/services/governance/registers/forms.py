"""Applications as the register asks for them: filled in from the metadata, the manifest, the publisher, the figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, DatasetMeasure, Publisher, RegistrationRow, TableMeasure, Version
from opendata.domain.disclosure import Disclosure
from opendata.domain.manifest import Manifest
from opendata.domain.registers.form import APPLICATION, answer_fields
from opendata.domain.registers.needs import OPERATION, is_under_operation
from opendata.domain.registers.registration import OPEN_STATES, DocumentKind
from opendata.errors import DamagedError, NotFoundError
from opendata.metadata.codes import DISCLOSURES, UPDATE_CYCLES
from opendata.metadata.dataset import read_metadata
from opendata.metadata.properties.code_lists import find_codes, name_region
from opendata.metadata.properties.data_items import derive_items
from opendata.services.catalogue.manifests import Manifests
from opendata.services.core.access import where_edited
from opendata.services.core.actors import Actor, require_insider, require_publisher
from opendata.services.core.context import Context
from opendata.services.governance.registers.rows import find_row, view_rows
from opendata.services.governance.registers.values import Form, RegistrationView
from opendata.wording.governance.registers import DOCUMENTS, KINDS
from opendata.wording.voice import Voice

MOST_FORMS = 2_000
"""So many applications a batch may have."""


class RegistrationForms:
    """Fills applications in."""

    def __init__(self, context: Context, manifests: Manifests) -> None:
        self._context = context
        self._manifests = manifests

    def build(self, actor: Actor | None, registration: int, voice: Voice) -> Form:
        """One application. Raises `NotFoundError`, `NotSignedInError`, `NotPermittedError`."""
        require_publisher(actor)
        with self._context.read() as session:
            row, dataset = find_row(session, registration)
            require_insider(actor, dataset.publisher_id, dataset.id)
            view = view_rows(session, [(row, dataset)], self._context.today())[0]
            return self._fill(session, view, dataset, voice)

    def build_open(self, actor: Actor | None, publisher: str, voice: Voice) -> Sequence[Form]:
        """All applications that somebody sees and that aren't decided yet, of one publisher if that is named."""
        reader = require_publisher(actor)
        query = select(RegistrationRow, Dataset).join(Dataset, Dataset.uuid == RegistrationRow.dataset_uuid)
        query = query.where(where_edited(reader), RegistrationRow.state.in_(sorted(OPEN_STATES)))
        if publisher:
            query = query.where(Dataset.publisher_id == publisher)
        with self._context.read() as session:
            rows = [(row, one) for row, one in session.execute(query.order_by(RegistrationRow.id).limit(MOST_FORMS))]
            views = view_rows(session, rows, self._context.today())
            return [self._fill(session, view, dataset, voice) for view, (_, dataset) in zip(views, rows, strict=True)]

    def _fill(self, session: Session, view: RegistrationView, dataset: Dataset, voice: Voice) -> Form:
        manifest = self._find_manifest(dataset, view.version)
        values = {
            **_describe_office(dataset.publisher, voice),
            **_describe_metadata(dataset, manifest, voice),
            **_describe_version(session, dataset, view, manifest),
            **self._describe_application(view, voice),
        }
        values["url"] = self._name_address(dataset, view.version)
        is_operated = is_under_operation(dict(dataset.meta))
        return Form(registration=view, answers=answer_fields(values, is_operated=is_operated))

    def _find_manifest(self, dataset: Dataset, version: str) -> Manifest | None:
        if not version:
            return None
        try:
            return self._manifests.get(dataset.id, version)
        except (DamagedError, NotFoundError, OSError):
            return None

    def _name_address(self, dataset: Dataset, version: str) -> str:
        path = f"/datasets/{dataset.id}/{version}/" if version else f"/datasets/{dataset.id}"
        return f"{self._context.settings.base_url.rstrip('/')}{path}"

    def _describe_application(self, view: RegistrationView, voice: Voice) -> Mapping[str, str]:
        found = {name: view.said.get(name, "") for name in APPLICATION}
        letters = [item for item in view.documents if item.kind == DocumentKind.COMMITMENT]
        others = [item for item in view.documents if item.kind != DocumentKind.COMMITMENT]
        found["kind"] = voice.translate(KINDS[view.kind])
        found["previousCode"] = view.previous
        found["commitment"] = "\n".join(f"{item.name} sha256:{item.sha256}" for item in letters)
        found["documents"] = "\n".join(
            f"{voice.translate(DOCUMENTS[item.kind])}: {item.name} sha256:{item.sha256}" for item in others
        )
        return found


def _describe_office(row: Publisher, voice: Voice) -> Mapping[str, str]:
    details: Mapping[str, Any] = row.details or {}
    contact = details.get("contactPoint")
    contact = contact if isinstance(contact, Mapping) else {}
    kind = find_codes("publisher-kinds").get(row.kind)
    return {
        "publisherTitle": row.title,
        "publisherCode": row.code or "",
        "publisherKind": kind.title(voice.language) if kind else row.kind,
        "publisherAddress": str(contact.get("address") or ""),
        "publisherTelephone": str(contact.get("telephone") or ""),
        "publisherEmail": str(contact.get("email") or ""),
    }


def _describe_metadata(dataset: Dataset, manifest: Manifest | None, voice: Voice) -> Mapping[str, str]:
    metadata = manifest.metadata if manifest is not None else read_metadata(dataset.meta)
    further: Mapping[str, Any] = {**dataset.meta, **metadata.further}
    language = voice.language
    operation, sharing, spatial = (_parts(further.get(name)) for name in (OPERATION, "sharing", "spatial"))
    operation = _parts(dict(dataset.meta).get(OPERATION)) or operation
    disclosure = DISCLOSURES.get(str(Disclosure.from_json(dataset.meta.get("disclosure")).attribute))
    cycle = UPDATE_CYCLES.get(metadata.update_cycle)
    region = str(spatial.get("code") or "")
    sources = [str(item.get("title") or item.get("path") or "") for item in metadata.sources]
    return {
        "title": metadata.title,
        "description": metadata.description,
        "resourceCode": str(further.get("resourceCode") or ""),
        "keywords": _join(metadata.keywords),
        "themes": _join([_name("themes", code, language) for code in further.get("themes") or ()]),
        "industry": _name("industries", further.get("industry"), language),
        "spatial": " ".join(filter(None, (region, name_region(region, language), str(spatial.get("name") or "")))),
        "temporal": metadata.temporal,
        "updateCycle": cycle.title(language) if cycle else "",
        "sources": _join(filter(None, sources)),
        "basis": str(further.get("basis") or ""),
        "disclosure": disclosure.title(language) if disclosure else "",
        "sharing": _join(
            filter(None, (_name("sharing-types", sharing.get("type"), language), str(sharing.get("condition") or "")))
        ),
        "operationMode": _name("operation-modes", operation.get("mode"), language),
        "implementingBody": str(operation.get("implementingBody") or ""),
        "operator": " ".join(
            filter(None, (str(operation.get("operator") or ""), str(operation.get("operatorCode") or "")))
        ),
        "operationPeriod": str(operation.get("period") or ""),
        "items": _list_items(manifest, further, language),
    }


def _list_items(manifest: Manifest | None, further: Mapping[str, Any], language: str) -> str:
    items: Any = derive_items(table.schema for table in manifest.tables) if manifest is not None else ()
    found = items or further.get("dataItems") or ()
    kinds = find_codes("item-types")
    lines = []
    for item in found:
        kind = kinds.get(str(item.get("type") or ""))
        lines.append(" ".join(filter(None, (str(item.get("name") or ""), kind.title(language) if kind else ""))))
    return "\n".join(lines)


def _describe_version(
    session: Session, dataset: Dataset, view: RegistrationView, manifest: Manifest | None
) -> Mapping[str, str]:
    row = session.scalar(select(Version).where(Version.dataset_id == dataset.id, Version.version == view.version))
    if row is None:
        return {}
    formats = [item.format for item in manifest.resources] if manifest is not None else []
    found = {
        "version": row.version,
        "published": row.published.date().isoformat(),
        "formats": _join(dict.fromkeys(filter(None, formats))),
        "tables": str(len(manifest.tables)) if manifest is not None else "",
        "rows": str(row.rows),
        "bytes": str(row.bytes),
        "manifestDigest": f"sha256:{row.manifest}",
    }
    return {**found, **_describe_quality(session, dataset, row.version)}


def _describe_quality(session: Session, dataset: Dataset, version: str) -> Mapping[str, str]:
    """The figures of the tables, where they are of this version."""
    measured = session.get(DatasetMeasure, dataset.id)
    rows = session.scalars(select(TableMeasure).where(TableMeasure.dataset_id == dataset.id)).all()
    if measured is None or measured.version != version or not rows:
        return {}
    cells = sum(row.rows * row.columns for row in rows)
    missing = sum(row.missing for row in rows)
    known = all(row.repeated is not None for row in rows)
    return {
        "missingShare": f"{100 * missing / cells:.2f}%" if cells else "",
        "repeatedRows": str(sum(row.repeated or 0 for row in rows)) if known else "",
        "describedColumns": f"{sum(row.described for row in rows)}/{sum(row.columns for row in rows)}",
    }


def _parts(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _name(code_list: str, code: object, language: str) -> str:
    """The name of a code; the code itself where its list doesn't have it."""
    text = str(code or "")
    known = find_codes(code_list).get(text)
    return known.title(language) if known else text


def _join(texts: Any) -> str:
    return ", ".join(str(text) for text in texts)
