"""Every file of a draft passes the virus scanner before anything reads it, or the draft waits.

The verdicts are kept with the draft. A file is scanned again only with other signatures, and a virus stays one.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opendata.db.models import Draft, DraftAttachment, DraftResource
from opendata.domain.findings import Finding, Problem
from opendata.domain.stages import Stage
from opendata.errors import N_, BackendError, InputError, NotFoundError, OpendataError, TooLargeError
from opendata.outside.scanner import find_scanner
from opendata.services.catalogue.files.needed_blobs import (
    list_own_of_table,
    list_planned,
    list_published,
    list_unneeded,
)
from opendata.services.core.actors import SYSTEM
from opendata.services.core.context import Context
from opendata.services.core.scans import find_virus, list_verdicts
from opendata.services.drafts.lease import Lease
from opendata.services.drafts.parts.cutting import is_elsewhere
from opendata.services.uploads.uploads import Uploads
from opendata.services.work.refusing import refuse_attachment, refuse_table

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Part:
    """A file whose rows a joined table has."""

    name: str
    file: str
    upload: str


_File = DraftResource | DraftAttachment | _Part

_SHARE = 0.01
"""How much of the progress of a draft its scan is: it is short, and comes before all else."""


class HeldError(Exception):
    """The scanner gave no verdict on a file of a draft. Nothing reads it before it has."""

    def __init__(self, stage: Stage, reason: OpendataError) -> None:
        super().__init__(reason.text)
        self.stage = stage
        self.reason = reason


class Scanning:
    """Has files scanned. Without a scanner in the settings nothing happens."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._scanner = find_scanner(context.settings.scanner)
        self._uploads = Uploads(context)

    def run(self, lease: Lease, row: Draft) -> bool:
        """Scan what these signatures haven't seen of a draft's files; whether all are free of viruses.

        A file with a virus is deleted, and what the draft says of its table or attachment is that. Raises `HeldError`,
        `LostLeaseError`.
        """
        if self._scanner is None:
            return True
        files: dict[str, _File] = {item.upload: item for item in row.resources if not is_elsewhere(item)}
        files |= {item.upload: item for item in row.attachments}
        files |= {item.upload: item for table in row.resources for item in _list_parts(table)}
        is_known = files.keys() <= (row.scans or {}).keys()
        try:
            version = self._scanner.ask_version()
        except BackendError as error:
            if not is_known:
                raise HeldError(Stage("hold"), error) from None
            version = ""  # each file has passed once: that has to do until the scanner is back
        new = []
        for upload, item in files.items():
            verdict = (row.scans or {}).get(upload)
            if verdict is None or (version and not verdict["found"] and verdict["by"] != version):
                try:
                    found = self._scan(lease, item)
                except HeldError:
                    if verdict is None:
                        raise
                    continue
                row.scans = {**(row.scans or {}), upload: {"found": found, "by": version}}
                if found:
                    new.append(item)
        infected = {upload for upload in files if find_virus(row, upload)}
        if infected:
            self._give_up(lease, row, infected, new)
        return not infected

    def require_clean(self, path: Path) -> None:
        """Raises `InputError` where a file that isn't kept has a virus, `BackendError` or `TooLargeError` as it is."""
        found = self._scanner.scan(path) if self._scanner else ""
        if found:
            raise InputError(N_("The virus scanner found “%(signature)s” in this file"), signature=found)

    def _scan(self, lease: Lease, item: _File) -> str:
        """The virus in a file; empty if the file is clean."""
        assert self._scanner is not None  # noqa: S101 - `run` has asked
        stage = Stage("scan", item.name)
        try:
            with self._context.kept_copy(item.upload) as path:
                return self._scanner.scan(
                    path,
                    lambda share: lease.report(stage, _SHARE * share),
                    seconds=self._context.settings.work_seconds / 2,
                )
        except BackendError as error:
            raise HeldError(Stage("hold"), error) from None
        except TooLargeError as error:
            raise HeldError(Stage("hold-large", item.name), error) from None
        except NotFoundError:
            with self._context.read() as session:
                found = next(list_verdicts(session, item.upload), "")
            if not found:  # it wasn't deleted because of a virus in another draft
                raise
            return found

    def _give_up(self, lease: Lease, row: Draft, infected: set[str], new: Collection[_File]) -> None:
        """Delete files with viruses, and what was made of them, once that is kept. The `new` ones are in the log."""
        tables = [table for table in row.resources if not infected.isdisjoint(_list_uploads(table))]
        made = set[str]().union(*map(list_own_of_table, tables)) - {*infected}
        for table in tables:
            own: Sequence[_File] = (table, *_list_parts(table))
            refuse_table(table, next(_describe(item, found) for item in own if (found := find_virus(row, item.upload))))
        names = {table.name for table in tables}
        row.privacy = [item for item in row.privacy if item["resource"] not in names]
        if new:
            with self._context.write() as session:
                lease.extend(session)
                session.add(row)
                for item in new:
                    told = {"file": item.file, "sha256": item.upload, "signature": find_virus(row, item.upload)}
                    self._context.log(session, SYSTEM, "remove", "draft", row.id, dataset=row.dataset_id, **told)
                    logger.warning(
                        "draft %s: %s had the virus %s, and was deleted", row.id, item.file, told["signature"]
                    )
        with self._context.read() as session:
            unneeded = list_unneeded(self._context, session, made) if made else set()
        self._delete(infected, unneeded)

    def _delete(self, infected: Collection[str], made: Collection[str]) -> None:
        """Delete files with viruses even if other drafts have them: those learn of it when they are worked on.

        A file of a version stays. It is for a person to withdraw that.
        """
        here = {name for name in infected if self._context.private.has_blob(name)}
        if here:
            with self._context.read() as session:
                here -= list_published(self._context) | list_planned(self._context, session)
        for name in here.union(made):
            self._context.private.delete_blob(name)
        for name in infected:
            self._uploads.forget_content(name)


def report_viruses(row: Draft) -> dict[str, Any]:
    """The reports of the attachments of a draft in which viruses were found, by name."""
    found = ((item, find_virus(row, item.upload)) for item in row.attachments)
    return {item.name: refuse_attachment(item, _describe(item, virus)) for item, virus in found if virus}


def _list_parts(table: DraftResource) -> Sequence[_Part]:
    return [_Part(table.name, part["file"], part["upload"]) for part in (table.series or {}).get("parts", ())]


def _list_uploads(table: DraftResource) -> Sequence[str]:
    return [table.upload, *(part.upload for part in _list_parts(table))]


def _describe(item: _File, signature: str) -> Finding:
    return Finding(Problem("infected-file", params={"file": item.file, "signature": signature}))
