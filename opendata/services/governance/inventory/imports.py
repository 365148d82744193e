"""Imports files of items: kept, shown with what they would do, then imported in blocks.

What is imported goes through the same steps as one item: a new one is registered, a change to a public one waits for a
draft. The log has one event for the file, with its digest, and one for each item that names this digest.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from opendata.db.models import Alias, Dataset, InventoryFile
from opendata.errors import N_, NotFoundError, OpendataError, StateError
from opendata.intake.filled_tables import MOST_BYTES, read_filled
from opendata.metadata.identifiers import suggest_identifier
from opendata.services.catalogue.datasets import Datasets
from opendata.services.catalogue.entries import find_dataset
from opendata.services.catalogue.manifests import Manifests
from opendata.services.catalogue.publishers import lock_publishers
from opendata.services.catalogue.registering.plan_records import finish_plans
from opendata.services.core.actors import Actor, require_editor, require_publisher
from opendata.services.core.context import Context
from opendata.services.governance.inventory.columns import list_columns
from opendata.services.governance.inventory.import_values import ImportPlan, ImportResult, ImportRow, RowKind
from opendata.services.governance.inventory.planning import Planner
from opendata.services.governance.inventory.plans import Plans

_KEPT = timedelta(hours=20)
"""A file waits so long to be imported: the store collects what nobody has kept for a day."""

_AT_ONCE = 500


class InventoryImports:
    """Plans and takes files of items."""

    def __init__(self, context: Context, datasets: Datasets, manifests: Manifests, plans: Plans) -> None:
        self._context = context
        self._datasets = datasets
        self._manifests = manifests
        self._plans = plans

    def keep(self, actor: Actor | None, stream: BinaryIO, filename: str) -> str:
        """Keep a file until it is imported; its id. Raises `TooLargeError`."""
        by = require_publisher(actor)
        blob = self._context.private.put_stream(stream, limit=MOST_BYTES)[0]
        identifier = secrets.token_hex(16)
        with self._context.write() as session:
            session.execute(delete(InventoryFile).where(InventoryFile.created < self._context.clock() - _KEPT))
            row = InventoryFile(id=identifier, blob=blob, filename=filename[:200], author=by.name)
            row.created = self._context.clock()
            session.add(row)
        return identifier

    def plan(self, actor: Actor | None, file: str, *, publisher: str = "") -> ImportPlan:
        """What a file that one has sent would do; rows that name no publisher are about the one given, or one's own.

        Raises `NotFoundError` if it is no longer kept, `UnreadableFileError`, `TooLargeError`.
        """
        by = require_publisher(actor)
        with self._open(by, file) as (path, row), self._context.read() as session:
            return self._plan(session, by, path, row, publisher or by.edited_publisher or "")

    def take(self, actor: Actor | None, file: str, *, only_valid: bool = False, publisher: str = "") -> ImportResult:
        """Take a file: all its rows, or with `only_valid` those that are right.

        Raises as `plan`, and `StateError` where a row is wrong and all are wanted.
        """
        by = require_publisher(actor)
        plan = self.plan(by, file, publisher=publisher)
        if not plan.is_right and not only_valid:
            text = N_(
                "%(count)s rows are wrong, so nothing was imported. Mend them, or import only the rows that are right"
            )
            raise StateError(text, count=plan.counts[RowKind.WRONG])
        rows = self._name_new([row for row in plan.rows if row.kind in (RowKind.NEW, RowKind.CHANGED)])
        failed: list[tuple[ImportRow, OpendataError]] = []
        done: list[ImportRow] = []
        if rows:
            counts = {kind.value: number for kind, number in plan.counts.items()}
            self._context.note(by, "import", "inventory", plan.digest, filename=plan.filename, rows=counts)
        for start in range(0, len(rows), _AT_ONCE):
            part = rows[start : start + _AT_ONCE]
            taken = self._take_part(by, part, plan.digest, failed)
            for row in taken:
                if row.kind == RowKind.CHANGED:
                    self._datasets.finish(row.id)
            done += taken
        if any(row.plans for row in done):
            finish_plans(self._context)
        kinds = [row.kind for row in done]
        return ImportResult(
            plan=plan, new=kinds.count(RowKind.NEW), changed=kinds.count(RowKind.CHANGED), failed=failed
        )

    def run(
        self,
        actor: Actor | None,
        stream: BinaryIO,
        filename: str,
        *,
        dry: bool = False,
        only_valid: bool = False,
        publisher: str = "",
    ) -> ImportResult:
        """Keep a file and take it at once; with `dry` only plan it."""
        file = self.keep(actor, stream, filename)
        if dry:
            return ImportResult(plan=self.plan(actor, file, publisher=publisher), new=0, changed=0)
        return self.take(actor, file, only_valid=only_valid, publisher=publisher)

    def _name_new(self, rows: Sequence[ImportRow]) -> list[ImportRow]:
        """The rows with ids for new items, those of a publisher together."""
        with self._context.read() as session:
            taken = {*session.scalars(select(Dataset.id)), *session.scalars(select(Alias.old))}
        named = []
        for row in sorted(rows, key=lambda item: item.publisher):
            name = row.id or suggest_identifier(row.title, taken=taken)
            taken.add(name)
            named.append(replace(row, id=name))
        return named

    def _plan(self, session: Session, by: Actor, path: Path, row: InventoryFile, publisher: str) -> ImportPlan:
        headings = [column.label(language) for column in list_columns() for language in ("zh", "en")]
        tables = read_filled(path, row.filename, path.parent, headings)
        planner = Planner(session, self._manifests, self._plans, by, publisher)
        rows, ignored = planner.plan(tables)
        return ImportPlan(filename=row.filename, digest=f"sha256:{row.blob}", ignored=ignored, rows=rows)

    @contextmanager
    def _open(self, by: Actor, file: str) -> Iterator[tuple[Path, InventoryFile]]:
        """A local copy of a kept file in a folder of its own, and its row."""
        with self._context.read() as session:
            row = session.scalar(
                select(InventoryFile).where(
                    InventoryFile.id == file,
                    InventoryFile.author == by.name,
                    InventoryFile.created > self._context.clock() - _KEPT,
                )
            )
        if row is None:
            raise NotFoundError(N_("This file is no longer kept. Send it again"))
        with self._context.work_folder() as folder, self._context.private.local_copy(row.blob) as copy:
            path = folder / "items"
            path.symlink_to(copy.resolve())
            yield path, row

    def _take_part(
        self, by: Actor, rows: Sequence[ImportRow], digest: str, failed: list[tuple[ImportRow, OpendataError]]
    ) -> list[ImportRow]:
        """Take some rows in one unit of work; those that it took."""
        try:
            with self._context.write() as session:
                new = self._register(session, by, [row for row in rows if row.kind == RowKind.NEW], digest, failed)
                changed = [row for row in rows if row.kind == RowKind.CHANGED]
                return [*new, *(row for row in changed if self._change(session, by, row, digest, failed))]
        except IntegrityError:
            text = N_("Somebody else changed the inventory at the same moment. Import the file again")
            raise StateError(text) from None

    def _register(
        self,
        session: Session,
        by: Actor,
        rows: Sequence[ImportRow],
        digest: str,
        failed: list[tuple[ImportRow, OpendataError]],
    ) -> list[ImportRow]:
        """Register new items. One whose title or id has come up since the file was planned is left out."""
        ids, titles = [row.id for row in rows], [row.title for row in rows]
        taken = set(session.scalars(select(Dataset.id).where(Dataset.id.in_(ids))))
        named = {
            (publisher, title)
            for publisher, title in session.execute(
                select(Dataset.publisher_id, Dataset.title).where(Dataset.title.in_(titles))
            )
        }
        by_publisher: dict[str, list[ImportRow]] = {}
        for row in rows:
            if row.id in taken or (row.publisher, row.title) in named:
                failed.append((row, StateError(N_("The dataset “%(id)s” already exists"), id=row.id)))
            else:
                by_publisher.setdefault(row.publisher, []).append(row)
        done: list[ImportRow] = []
        for name, part in by_publisher.items():
            publisher = lock_publishers(session, [name])[name]
            if publisher.ended is not None:  # since the file was planned
                failed += [(row, StateError(N_("The publisher “%(id)s” has ended"), id=name)) for row in part]
                continue
            actor = require_editor(by, publisher.id)
            found = {row.id: row.metadata for row in part if row.metadata is not None}
            for row, item in zip(
                part, self._datasets.register(session, actor, publisher, found, file=digest), strict=True
            ):
                if row.opens is not None:
                    self._plans.set_within(session, item, actor, row.opens, row.reason, is_new=True, file=digest)
            done += part
        return done

    def _change(
        self,
        session: Session,
        by: Actor,
        row: ImportRow,
        digest: str,
        failed: list[tuple[ImportRow, OpendataError]],
    ) -> bool:
        """Change an item; whether that was possible."""
        try:
            item = find_dataset(session, row.id, lock=True)
            actor = require_editor(by, item.publisher_id, item.id)
            if row.plans:
                self._plans.set_within(session, item, actor, row.opens, row.reason, file=digest)
            if row.patch is not None:
                self._datasets.change(session, item, actor, row.patch, deep=True, withdraws=False, file=digest)
        except OpendataError as error:
            failed.append((row, error))
            return False
        return True
