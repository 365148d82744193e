"""What the check of a sent table found, for those who may see the draft: page by page, as lists, as a marked copy."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from opendata.errors import N_, NotFoundError
from opendata.services.core.actors import Actor, require_signed_in
from opendata.services.core.context import Context
from opendata.services.core.paging import DEFAULT_LIMIT, read_cursor, refuse_cursor, write_cursor
from opendata.services.core.values import Page
from opendata.services.drafts.draft_view import find_sent_table
from opendata.tables.forms.sheets import write_findings_csv, write_findings_xlsx, write_marked_xlsx
from opendata.tables.report.findings import iterate_findings, read_findings
from opendata.tables.text.decoding import read_rows
from opendata.tables.text.dialect import Dialect, restore_dialect
from opendata.wording.voice import Voice


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Files of a checked table: what was found, and the text that was checked."""

    findings: Path
    text: Path
    dialect: Dialect


class Findings:
    """Reads the findings of drafts. All raise `NotFoundError` where there are none, and `NotPermittedError`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(
        self,
        actor: Actor | None,
        draft: str,
        resource: str,
        *,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
        **wanted: str | None,
    ) -> Page[Mapping[str, Any]]:
        """The findings of a table in the order of its rows. `wanted`: of this `type`, `field`, `rule`, `strength`."""
        with self._open_source(actor, draft, resource) as source:
            after = read_cursor(cursor) or "0"
            if not (after.isascii() and after.isdigit() and len(after) <= 15):
                raise refuse_cursor()
            rows, following = read_findings(source.findings, after=int(after), limit=limit, **wanted)
        return Page(rows, None if following is None else write_cursor(str(following)))

    def write_csv(self, actor: Actor | None, draft: str, resource: str, voice: Voice) -> BinaryIO:
        """The list as CSV: a file without a name, which goes when it is closed."""
        with self._open_source(actor, draft, resource) as source:
            out = self._open()
            write_findings_csv(source.findings, out, voice)
        return _rewind(out)

    def write_xlsx(self, actor: Actor | None, draft: str, resource: str, voice: Voice) -> BinaryIO:
        """The list as an Excel workbook; a file as above."""
        with self._open_source(actor, draft, resource) as source:
            out = self._open()
            write_findings_xlsx(source.findings, out, voice)
        return _rewind(out)

    def write_marked(self, actor: Actor | None, draft: str, resource: str, voice: Voice) -> BinaryIO:
        """The sent table as an Excel workbook in which wrong cells are marked; a file as above."""
        with (
            self._open_source(actor, draft, resource) as source,
            closing(read_rows(source.text, source.dialect)) as rows,
            closing(iterate_findings(source.findings)) as found,
        ):
            out = self._open()
            header_row = max(source.dialect.header_rows, default=1)
            write_marked_xlsx(rows, found, out, voice, header_row=header_row)
        self._context.note(require_signed_in(actor), "download", "original", f"{draft}/{resource}")
        return _rewind(out)

    @contextmanager
    def _open_source(self, actor: Actor | None, draft: str, resource: str) -> Iterator[_Source]:
        """Local copies of the files."""
        with self._context.read() as session:
            _, found = find_sent_table(session, actor, draft, resource)
        if not found.checked or found.findings is None:
            raise NotFoundError(N_("The draft has no findings for a table “%(name)s”"), name=resource[:100])
        dialect = restore_dialect(found.engine_dialect or Dialect().describe())
        store = self._context.private
        with store.local_copy(found.findings) as findings, store.local_copy(found.plain or found.upload) as text:
            yield _Source(findings=findings, text=text, dialect=dialect)

    def _open(self) -> BinaryIO:
        folder = self._context.settings.private_folder / "tmp"
        folder.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryFile(dir=folder)


def _rewind(out: BinaryIO) -> BinaryIO:
    out.seek(0)
    return out
