"""What is unusual about a draft's tables, by how they changed in their last versions; and what changes, row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Draft, DraftResource, Version
from opendata.domain.drafts import FORESEEN, KeptChanges
from opendata.domain.editions.modes import MUCH_LOST, Figures, Mode, Unusual, doubt_mode
from opendata.domain.manifest import Manifest
from opendata.domain.schema import TableSchema
from opendata.errors import NotFoundError
from opendata.services.catalogue.manifests import Manifests
from opendata.services.core.actors import Actor, require_insider
from opendata.services.core.context import Context
from opendata.services.drafts.draft_view import find_draft
from opendata.services.drafts.edition.recognising import find_table
from opendata.tables.diff.difference_forms import take_rows_of_each

MOST_EDITIONS = 12
"""At most this many versions tell how a table usually changes."""

LEAST_EDITIONS = 3
"""Fewer versions than these don't tell it."""

SHOWN_ROWS = 5

_COUNTED = {"rows-added": "added", "rows-removed": "removed", "rows-changed": "changed"}
_ALARMS = {"added": Unusual.ADDED, "removed": Unusual.REMOVED, "changed": Unusual.CHANGED}
_TOLERANCE = 0.25
"""Up to this share (0..1) beyond what was most, or below what was least, a number is still usual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusualEdition:
    """Something unusual about a table, as the sentences of `wording.editions` have it.

    `switch` is the mode that it speaks for, None where it is about numbers alone.
    """

    code: Unusual
    params: Mapping[str, Any]
    switch: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A draft's table beside the published one.

    `kept`, `new` and `gone` are columns. `columns` are those of `rows`, by kind of change; a changed row is two.
    """

    kept: Sequence[str]
    new: Sequence[str]
    gone: Sequence[str]
    columns: Sequence[str] = ()
    rows: Mapping[str, Sequence[Sequence[Any]]] = field(default_factory=dict)


class Watching:
    """Looks at the tables of drafts. All raise `NotFoundError` and `NotPermittedError`."""

    def __init__(self, context: Context, manifests: Manifests) -> None:
        self._context = context
        self._manifests = manifests

    def list_tables(self, actor: Actor | None, draft: str) -> Sequence[str]:
        """The names of the tables of the version that a draft starts from, withdrawn or not."""
        with self._context.read() as session:
            row = find_draft(session, draft)
            require_insider(actor, row.dataset.publisher_id, row.dataset_id)
            manifest = self._manifests.get(row.dataset_id, row.base) if row.base else None
            return [item.name for item in (manifest.tables if manifest else ())]

    def list_unusual(self, actor: Actor | None, draft: str) -> Mapping[str, Sequence[UnusualEdition]]:
        """What is unusual about each table that replaces a published one, or grows; only where something is."""
        with self._context.read() as session:
            row = find_draft(session, draft)
            require_insider(actor, row.dataset.publisher_id, row.dataset_id)
            if row.status not in FORESEEN:
                return {}
            compared = [(item, item.changes) for item in row.resources if item.changes and item.checked]
            usual = _read_history(session, row) if compared else {}
            found = {item.name: _judge(item, changes, usual.get(item.name, [])) for item, changes in compared}
        return {name: listed for name, listed in found.items() if listed}

    def show_beside(self, actor: Actor | None, draft: str) -> Mapping[str, Beside]:
        """The tables of a draft that were compared with the published ones, each beside its own."""
        with self._context.read() as session:
            row = find_draft(session, draft)
            require_insider(actor, row.dataset.publisher_id, row.dataset_id)
            manifest = self._manifests.get(row.dataset_id, row.base) if row.base else None
            compared = [(item, item.changes) for item in row.resources if item.changes and item.checked]
            return {item.name: self._compare(item, changes, manifest) for item, changes in compared}

    def _compare(self, resource: DraftResource, changes: KeptChanges, manifest: Manifest | None) -> Beside:
        earlier = find_table(manifest, resource.name)
        before = earlier.schema.names if earlier is not None else ()
        after = TableSchema(resource.published_schema or {"fields": []}).names
        counts = {"added": changes["added"], "removed": changes["removed"], "before": changes["changed"]}
        wanted = {change: min(count, SHOWN_ROWS) for change, count in counts.items() if count}
        columns: Sequence[str] = ()
        rows: Mapping[str, Sequence[Sequence[Any]]] = {}
        if wanted:
            with suppress(NotFoundError), self._context.kept_copy(changes["rows"]) as path:  # gone after some time
                columns, rows = take_rows_of_each(path, wanted)
        return Beside(
            kept=[name for name in after if name in before],
            new=[name for name in after if name not in before],
            gone=[name for name in before if name not in after],
            columns=columns[1:],
            rows=rows,
        )


def _read_history(session: Session, row: Draft) -> Mapping[str, Sequence[Mapping[str, int]]]:
    """How many rows were added, removed and changed in each of the last editions of each table."""
    query = (
        select(Version.reasons)
        .where(Version.dataset_id == row.dataset_id, Version.withdrawal.is_(None))
        .order_by(Version.id.desc())
        .limit(MOST_EDITIONS)
    )
    found: dict[str, list[Mapping[str, int]]] = {}
    for reasons in session.scalars(query):
        edition: dict[str, dict[str, int]] = {}
        for reason in reasons:
            kind = None if isinstance(reason, str) else _COUNTED.get(reason["type"])
            if kind is not None:
                table = edition.setdefault(reason["resource"], dict.fromkeys(_COUNTED.values(), 0))
                table[kind] = int(reason["count"])
        for name, counts in edition.items():
            found.setdefault(name, []).append(counts)
    return found


def _judge(
    resource: DraftResource, changes: KeptChanges, history: Sequence[Mapping[str, int]]
) -> Sequence[UnusualEdition]:
    total = changes["removed"] + changes["changed"] + changes["unchanged"]
    doubt = _doubt(resource, changes, total)
    if doubt is not None:
        return [doubt]
    counts = {"added": changes["added"], "removed": changes["removed"], "changed": changes["changed"]}
    if len(history) < LEAST_EDITIONS:
        gone = _count_gone(resource, changes)
        lost = gone / total if total else 0
        alarm = {"table": resource.called, "share": lost, "count": gone, "total": total}
        return [UnusualEdition(code=Unusual.LOST, params=alarm)] if lost >= MUCH_LOST else []
    found = []
    for kind, count in counts.items():
        least, most = (choose(item[kind] for item in history) for choose in (min, max))
        tolerance = max(most - least, _TOLERANCE * most, 1)
        if not least - tolerance <= count <= most + tolerance:
            params: dict[str, Any] = {
                "table": resource.called,
                "usual": (least, most),
                "count": count,
                "total": total,
            }
            found.append(UnusualEdition(code=_ALARMS[kind], params=params))
    return found


def _count_gone(resource: DraftResource, changes: KeptChanges) -> int:
    """How many published rows aren't in the file; where no key tells that, by the columns that tell its rows apart.

    Rows that are added take none away: what seems to be removed without a key was corrected.
    """
    edition = resource.edition or {}
    figures: Figures = edition.get("figures", {})
    if edition.get("mode") == Mode.APPEND:
        return 0
    if edition.get("mode") == Mode.REPLACE and figures.get("inferred") and "known" in figures:
        return max(0, figures["total"] - figures["known"])
    return changes["removed"]


def _doubt(resource: DraftResource, changes: KeptChanges, total: int) -> UnusualEdition | None:
    """Whether a file that replaces a table looks like a part of it, or the other way round."""
    edition = resource.edition or {}
    mode = edition.get("mode", Mode.REPLACE)
    figures: Figures = edition.get("figures", {})
    if "rows" not in figures and mode == Mode.REPLACE:
        known = changes["changed"] + changes["unchanged"]
        figures = {"rows": known + changes["added"], "total": total, "known": known, "key": list(changes["key"] or ())}
    if "rows" not in figures or not doubt_mode(mode, figures):
        return None
    code, switch = (Unusual.GROWS, Mode.APPEND) if mode == Mode.REPLACE else (Unusual.WHOLE, Mode.REPLACE)
    params = {"table": resource.called, "known": figures["known"], "total": figures["total"]}
    return UnusualEdition(code=code, params=params, switch=switch)
