"""Finds the published table that a file is the next edition of, before the file is checked by its rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Draft, DraftResource
from opendata.domain.drafts import DraftState
from opendata.domain.editions.modes import AUTO, EditionJson, Figures, Mode
from opendata.domain.manifest import Manifest
from opendata.domain.resources import TableResource
from opendata.errors import N_, InputError
from opendata.intake.opening import open_table
from opendata.intake.tables import FoundTable
from opendata.services.core.context import Context
from opendata.services.drafts.draft_view import list_choices
from opendata.services.drafts.edition.targets import Candidate, Target, find_target
from opendata.services.drafts.fixing.recipes import recall_steps
from opendata.services.drafts.readings import read_resource_choices, recall_choices
from opendata.services.privacy.gate import BY
from opendata.tables.schema.header import read_labels
from opendata.tables.text.decoding import DecodingFault, read_rows

_MOST_EARLIER = 12
"""At most this many earlier drafts are asked for the names of their files."""


class Recognising:
    """Finds the table that a file is for, where its sender leaves that to us."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def recognise(
        self, row: Draft, resource: DraftResource, found: FoundTable, manifest: Manifest | None, folder: Path
    ) -> None:
        """Give a table of a draft the name and the rules of the published table that it is the next edition of.

        One whose sender named its table, or whose table was found before, stays as it is. Raises
        `InputError` where rows are to be added to a table, and none fits; and as `open_table` does.
        """
        if resource.edition is not None:  # what came of an earlier check no longer counts
            resource.edition = forget_whole(resource.edition)
        edition = resource.edition
        if edition is None or "mode" in edition or "figures" in edition:
            return
        tables = [item for item in (manifest.tables if manifest else ()) if item.name not in row.dropped]
        if not tables and edition["wanted"] == AUTO:
            resource.edition = {**edition, "mode": Mode.NEW}
            return
        labels = self._read_labels(resource, found, tables, folder) if tables else []
        with self._context.read() as session:
            names = _list_files(session, row.dataset_id)
            candidates = [
                Candidate(table=item, names=[item.name, item.title, *names.get(item.name, ())]) for item in tables
            ]
            words = [resource.file, resource.name, resource.title, *([found.place] if found.place else ())]
            target = find_target(labels, words, candidates)
            taken = {item.name for item in row.resources if item is not resource}
            if target.table is not None and target.table.name in taken:
                target = Target(table=None, matched=target.matched, taken=target.table.name)
            if target.table is not None:
                adopt(session, row, resource, target.table)
            by_name = find_table(manifest, resource.name) if target.table is None else None
            if by_name is not None:
                adopt(session, row, resource, by_name)
        if by_name is not None:
            resource.edition = {**edition, "mode": Mode.REPLACE}  # as without a mode
            return
        wanted = edition["wanted"]
        if target.table is None and wanted in (Mode.APPEND, Mode.REPLACE):
            text = N_("No published table has the columns of this file. Name the table that the file is for")
            raise InputError(text)
        known = {name: to for name, to in ((resource.choices or {}).get("columns") or {}).items() if name in labels}
        asks = any(target.columns[label] != known.get(label) for label in target.guessed)
        resource.edition = _describe(edition, target, len(labels), asks=asks)
        if target.columns:
            resource.choices = {**(resource.choices or {}), "columns": {**target.columns, **known}}

    def _read_labels(
        self, resource: DraftResource, found: FoundTable, tables: Sequence[TableResource], folder: Path
    ) -> Sequence[str]:
        """The labels of a file; none where its text can't be split."""
        known = {label for item in tables for label in (item.source_schema or item.schema).labels}
        opened = open_table(found, folder, choices=read_resource_choices(resource), known=known, thorough=False)
        head = max(opened.dialect.header_rows, default=0)
        try:
            with closing(read_rows(opened.path, opened.dialect)) as rows:
                return read_labels(list(islice(rows, head)), opened.dialect)
        except DecodingFault:
            return ()


def forget_whole(edition: EditionJson) -> EditionJson:
    """An edition without what came of adding its rows to a table."""
    found: EditionJson = {**edition}
    found.pop("part", None)
    found.pop("whole", None)
    return found


def find_table(manifest: Manifest | None, name: str) -> TableResource | None:
    """The published table of this name."""
    return next((item for item in (manifest.tables if manifest else ()) if item.name == name), None)


def adopt(session: Session, row: Draft, resource: DraftResource, table: TableResource) -> None:
    """Make a table of a draft the next edition of a published one: what isn't said of it is as it was.

    A person who decided about the personal data of the table contributes to the draft.
    """
    resource.name = table.name
    resource.title = resource.title or table.title
    resource.description = resource.description or table.description
    resource.i18n = resource.i18n or dict(table.i18n)
    resource.disclosure = resource.disclosure or table.disclosure
    if resource.schema is None:
        wanted = (row.dataset.schemas or {}).get(table.name)
        resource.schema = wanted["schema"] if wanted else dict((table.source_schema or table.schema).descriptor)
        resource.schema_name = wanted["name"] if wanted else table.schema_name
    resource.recipe = resource.recipe or recall_steps(row.dataset, table.name)
    recalled = recall_choices(session, row.dataset, table.name)
    if recalled is not None and list_choices(resource) is None:
        resource.choices = {**recalled, **(resource.choices or {})}
    if resource.decisions is not None:
        row.dataset.decisions = {**(row.dataset.decisions or {}), table.name: resource.decisions}
    else:
        resource.decisions = (row.dataset.decisions or {}).get(table.name)
        by = (resource.decisions or {}).get(BY)
        if by:
            row.contributors = sorted({*(row.contributors or (row.author,)), by})


def find_last_mode(session: Session, dataset: Dataset, table: str) -> str | None:
    """How the last edition of a table came; None for one that came once, or that nobody remembers."""
    query = (
        select(DraftResource.edition)
        .join(Draft)
        .where(
            Draft.dataset_id == dataset.id,
            Draft.status == DraftState.PUBLISHED,
            Draft.base.is_not(None),
            DraftResource.name == table,
        )
        .order_by(Draft.modified.desc())
        .limit(1)
    )
    found = session.execute(query).one_or_none()
    return None if found is None else (found[0] or {}).get("mode") or Mode.REPLACE


def _list_files(session: Session, dataset: str) -> Mapping[str, Sequence[str]]:
    """The names of the last files of each table of a dataset, and of their sheets."""
    drafts = (
        select(Draft.id)
        .where(Draft.dataset_id == dataset, Draft.status == DraftState.PUBLISHED)
        .order_by(Draft.modified.desc())
        .limit(_MOST_EARLIER)
    )
    found: dict[str, list[str]] = {}
    columns = (DraftResource.name, DraftResource.file, DraftResource.reading)
    for name, file, reading in session.execute(select(*columns).where(DraftResource.draft_id.in_(drafts))):
        sheet = (reading or {}).get("sheet")
        found.setdefault(name, []).extend([file, *([str(sheet)] if sheet else ())])
    return found


def _describe(edition: EditionJson, target: Target, columns: int, *, asks: bool) -> EditionJson:
    figures: Figures = {"matched": target.matched, "columns": columns, "named": target.named}
    if target.rivals:
        figures["rivals"] = list(target.rivals)
    if target.taken:
        figures["taken"] = target.taken
    found: EditionJson = {**edition, "figures": figures, "renamed": dict(target.renamed)}
    if target.table is None:
        return {**found, "mode": Mode.NEW, "asks": bool(target.rivals or target.taken) or edition["wanted"] == AUTO}
    if edition["wanted"] != AUTO:
        return {**found, "mode": edition["wanted"], "asks": asks, "guessed": asks}
    return {**found, "asks": asks, "guessed": asks}
