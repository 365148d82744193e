"""What a draft would become: the resources of the next version, its number and the reasons for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from opendata.db.models import Draft, DraftResource
from opendata.domain.comparison import ReasonText
from opendata.domain.disclosure import OPEN
from opendata.domain.editions.modes import Mode
from opendata.domain.manifest import Manifest
from opendata.domain.meaning.periods import read_period, span_periods
from opendata.domain.metadata import DatasetMetadata
from opendata.domain.resources import Attachment, Resource, StoredFile, TableResource
from opendata.domain.review.checklist import Approval
from opendata.domain.schema import TableSchema
from opendata.metadata.canonical import digest, write_canonical
from opendata.metadata.dataset import read_metadata
from opendata.metadata.reasons import Reason, keep_reasons
from opendata.metadata.versions import Change, compare_manifests, next_version, parse_version, raise_bump
from opendata.privacy.detection.texts import screen_text
from opendata.recipes.publishing import publish_recipe
from opendata.recipes.recipe import read_recipe
from opendata.services.catalogue.entries import next_metadata
from opendata.services.catalogue.files.reading import find_csv, find_parquet
from opendata.services.catalogue.publisher_records import describe_publisher
from opendata.services.catalogue.row_changes import read_changes
from opendata.services.core.access import disclosure_of, may_be_listed_alone
from opendata.services.core.actors import SYSTEM
from opendata.services.core.editions.version_values import NextVersion
from opendata.services.drafts.attachments import make_attachment
from opendata.services.drafts.meaning.editions import find_edition
from opendata.services.drafts.meaning.meanings import settle_table
from opendata.services.privacy.treating import hide_decided
from opendata.tables.schema.origins import drop_marks

Reports = Mapping[str, StoredFile]
"""What was kept of the report of each table."""


def foresee(row: Draft, base: Manifest | None) -> NextVersion:
    """The number that publishing a draft would give, upon the version of the manifest `base`."""
    change, bump = decide(row, base, list_resources(row, base, {}))
    disclosure = metadata_of(row).disclosure
    is_entry_only = publishes_entry_only(row)
    if is_entry_only:
        bump = None
    return NextVersion(
        version=next_version(row.dataset.head, bump) if bump else None,
        bump=bump,
        computed=change.bump,
        reasons=keep_reasons(change.reasons),
        is_entry_only=is_entry_only,
        withdraws=row.dataset.latest is not None and disclosure.is_narrower_than(disclosure_of(row.dataset)),
    )


def decide(row: Draft, base: Manifest | None, resources: Sequence[Resource]) -> tuple[Change, str | None]:
    """How the next version differs from the one before, and which part of the number that raises: None, nothing new.

    What was asked for may raise the number, never lower it; and nothing new stays so.
    """
    period = find_edition(row, base)
    drawn = draw_manifest(row, resources, version="0.0.0", created=row.created, previous=None, period=period)
    change = compare_manifests(base, drawn, read_changes(row, base))
    if change.bump is None or base is None:
        return change, change.bump
    head = parse_version(str(row.dataset.head)) or (0, 0, 0)
    if head[0] > (parse_version(base.version) or head)[0]:
        # Readers of the withdrawn version's line would take the line's next version for a compatible one.
        change = Change((*change.reasons, Reason("line-withdrawn", "major", {"version": row.dataset.head})))
    bump = raise_bump(change.bump, row.bump)
    return (change if bump == change.bump else Change((*change.reasons, Reason("raised", str(bump))))), bump


SEAL_EDITION = 4
"""What seals made now cover: see `Draft.seal_edition`."""

_WITHOUT_COVERAGE, _WITHOUT_STEPS, _MANIFEST_ALONE = 3, 2, 1


def seal(row: Draft, base: Manifest | None) -> str:
    """The SHA-256 of all that is reviewed of a draft upon the version of the manifest `base`, in hexadecimal.

    That is what it would publish (files, schemas, metadata with licence and disclosure, publisher, notes, the notice of
    a breaking change, the base), why its warnings are accepted, the number asked for, and what was decided about
    personal data. It isn't the number and time that publication adds, nor the time of a timed release.
    """
    resources, period = list_resources(row, base, {}), find_edition(row, base)
    drawn = draw_manifest(row, resources, version="0.0.0", created=row.created, previous=row.base, period=period)
    manifest = drawn.to_json()
    if row.seal_edition <= _WITHOUT_COVERAGE:
        tables = [_without(item, "coverage") for item in manifest["resources"]]
        manifest = {**_without(manifest, "coverage"), "resources": tables}
    if row.seal_edition <= _WITHOUT_STEPS:
        manifest = {**manifest, "resources": [_without(item, "recipe") for item in manifest["resources"]]}
    if row.seal_edition <= _MANIFEST_ALONE:
        return digest(write_canonical(manifest)).removeprefix("sha256:")
    sealed = {"manifest": manifest, "reason": row.reason, "bump": row.bump, "privacy": list_privacy_decisions(row)}
    return digest(write_canonical(sealed)).removeprefix("sha256:")


def _without(item: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A manifest or a resource as drafts of earlier releases were sealed with it: without a property of ours."""
    ours = {key: value for key, value in item.get("opendata", {}).items() if key != name}
    return {**item, "opendata": ours} if ours else {**item}


def list_privacy_decisions(row: Draft) -> Sequence[Mapping[str, Any]]:
    """What was found and decided about the personal data of a draft, as its digest covers it.

    The attachments that couldn't be read are part of it: signing declares that somebody looked at them.
    """
    decided = [
        {"resource": item.name, "decisions": item.decisions, "risk": item.risk}
        for item in row.resources
        if item.decisions or item.risk
    ]
    unread = [{"attachment": item.name, "read": False} for item in row.attachments if item.is_read is False]
    return (*row.privacy, *decided, *unread)


def metadata_of(row: Draft) -> DatasetMetadata:
    """The metadata that a draft carries: what waits for its approval, unless the owner of the instance publishes it."""
    return read_metadata(row.dataset.meta if is_direct(row) else next_metadata(row.dataset))


def is_direct(row: Draft) -> bool:
    """Whether the owner of the instance publishes a draft, with the metadata that the dataset has already."""
    return row.approver is None and row.submitter == SYSTEM.name


def carries_data(row: Draft) -> bool:
    """Whether a draft changes tables or attachments, and not the metadata alone."""
    return bool(row.resources or row.attachments or row.dropped)


def publishes_entry_only(row: Draft) -> bool:
    """Whether a draft publishes the entry in the catalogue alone: its data is closed, or it has none."""
    disclosure = metadata_of(row).disclosure
    has_none = row.base is None and not carries_data(row) and may_be_listed_alone(row.dataset, disclosure)
    return has_none or disclosure.is_closed


def draw_manifest(
    row: Draft,
    resources: Sequence[Resource],
    *,
    version: str,
    created: datetime,
    previous: str | None,
    period: str = "",
    reasons: Sequence[ReasonText] = (),
    approval: Approval | None = None,
) -> Manifest:
    """The manifest of the version that a draft becomes."""
    dataset = row.dataset
    return Manifest(
        name=dataset.id,
        uuid=dataset.uuid,
        publisher=describe_publisher(dataset.publisher),
        metadata=metadata_of(row),
        version=version,
        created=created,
        previous=previous,
        resources=resources,
        notes=row.notes,
        period=period,
        reasons=reasons,
        breaking=row.breaking,
        approval=approval,
    )


def list_resources(row: Draft, base: Manifest | None, reports: Reports) -> list[Resource]:
    """The resources of the next version: those before in their order, replaced or carried, then new ones.

    Attachments follow the tables.
    """
    published = {item.name: item for item in (base.tables if base else ())}
    own: dict[str, Resource] = {
        item.name: _make_table(row, item, reports.get(item.name), _find_grown(item, published))
        for item in row.resources
    }
    own |= {item.name: make_attachment(item) for item in row.attachments}
    before = [item for item in (base.resources if base else ()) if item.name not in row.dropped]
    kept = [own.get(item.name, item) for item in before]
    names = {item.name for item in before}
    found = [*kept, *(item for name, item in own.items() if name not in names)]
    return sorted(found, key=lambda item: isinstance(item, Attachment))


def _find_grown(item: DraftResource, published: Mapping[str, TableResource]) -> TableResource | None:
    """The published table that the rows of a file are added to."""
    return published.get(item.name) if (item.edition or {}).get("mode") == Mode.APPEND else None


def _make_table(
    row: Draft, item: DraftResource, report: StoredFile | None, grown: TableResource | None
) -> TableResource:
    """A table of the next version. What the file doesn't say of a table that it is added to is as it was."""
    published = item.published_schema or {}
    source = drop_marks(item.schema) if item.schema is not None else item.untreated
    if source is not None and item.treated is not None:
        source = hide_decided(source, item.decisions)
    meaning = settle_table(item)
    # A line below a table can name somebody. Where not everybody may have the rows as sent, a person must have said it.
    is_said = "footnotes" in ((item.meaning or {}).get("said") or {})
    footnotes = meaning.footnotes if is_said or _is_open(row, item) else ()
    return TableResource(
        name=item.name,
        title=meaning.title,
        description=item.description,
        i18n=meaning.i18n,
        unit=meaning.unit or (grown.unit if grown else ""),
        period=meaning.period,
        coverage=_find_coverage(meaning.period, grown),
        sources=meaning.sources or (grown.sources if grown else ()),
        compiled_by=meaning.compiled_by or (grown.compiled_by if grown else ""),
        footnotes=footnotes or (grown.footnotes if grown else ()),
        file=find_csv(item),
        parquet=find_parquet(item),
        source=StoredFile(item.upload, item.upload_bytes),
        rows=item.rows,
        schema=TableSchema(published),
        schema_name=item.schema_name,
        report=report,
        disclosure=item.disclosure,
        privacy=item.treated,
        recipe=_publish_recipe(row, item),
        series=_publish_series(item),
        source_schema=TableSchema(source) if source is not None and source != published else None,
    )


def _find_coverage(period: str, grown: TableResource | None) -> str:
    """What all rows of a table are about that a file is added to; empty where that is the period of the file."""
    if grown is None:
        return ""
    periods = [read_period(text) for text in (grown.coverage or grown.period, period) if text]
    whole = span_periods([item for item in periods if item is not None])
    return whole.text if whole is not None and whole.text != period else ""


def _is_open(row: Draft, item: DraftResource) -> bool:
    """Whether everybody may have all that the file of a table says."""
    is_for_all = metadata_of(row).disclosure.is_open or item.disclosure == OPEN
    return is_for_all and not item.decisions and item.treated is None


def _publish_series(item: DraftResource) -> dict[str, Any] | None:
    """The files that a table was joined from, by their digests: their names and what these say are the sender's."""
    parts = (item.series or {}).get("parts")
    if not item.series or not parts:
        return None
    files = [
        {**StoredFile(part["upload"], part["upload_bytes"]).to_json(), "rows": part.get("rows", 0)} for part in parts
    ]
    return {"column": item.series["column"], "files": files}


def _publish_recipe(row: Draft, item: DraftResource) -> dict[str, Any] | None:
    """The steps of a table for the manifest; texts of cells only where everybody may have all that the file says."""
    if not item.recipe:
        return None
    return publish_recipe(
        read_recipe(item.recipe),
        hides_all=not _is_open(row, item),
        hidden={finding["field"] for finding in row.privacy if finding["resource"] == item.name},
        is_personal=lambda text: bool(screen_text(text)),
    )
