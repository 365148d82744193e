"""Tables whose parts were written elsewhere become drafts: another engine checked them, and here they are proven."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from opendata.db.models import Draft, DraftResource
from opendata.domain.drafts import DraftState
from opendata.domain.parts import Part, PartedTable
from opendata.errors import N_, Fault, InvalidMetadataError, NotFoundError, fault
from opendata.metadata.identifiers import find_identifier_fault
from opendata.services.catalogue.entries import find_dataset, require_kept
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.services.drafts.drafts import Drafts
from opendata.services.drafts.parts.cutting import Parting, describe_part
from opendata.tables.parts.cutting import RecordCounter
from opendata.tables.parts.tail import count_rows, read_footer, write_tail
from opendata.tables.report.report import store_task

MOST_PARTS = 99_999

_BLOCK_BYTES = 1 << 20
_OTHER = N_("Part %(number)s of the %(form)s file of “%(name)s” isn't there, or isn't what was said of it")
_COLUMNS = N_("The columns in the files of “%(name)s” aren't those of its schema")
_ROWS = N_("The CSV and the Parquet file of “%(name)s” need the same number of rows, and at least one part each")
_TWICE = N_("Two tables are named “%(name)s”")


class PartedDrafts:
    """Takes in tables of any size without reading their rows."""

    def __init__(self, context: Context, drafts: Drafts) -> None:
        self._context = context
        self._drafts = drafts
        self._parting = Parting(context)

    def offer(self, actor: Actor | None, dataset: str, tables: Sequence[PartedTable], *, notes: str = "") -> str:
        """Make a draft of tables whose parts are blobs of the private store; return its id.

        Every part is read once, block by block: its digest, size and rows are proven, the whole CSV and the joined
        Parquet file get their digests, and the latter its tail. The rows themselves aren't checked again: `report`,
        `profile` and `privacy` of a table are believed. The draft is `received`; the worker compares it with the
        version before and checks foreign keys, and it is `valid`, to be submitted, reviewed and published as any other.
        Personal data that nobody decided about stops it there as ever; decisions are made where the parts are written,
        so they come with the next offer.

        Raises `InvalidMetadataError` where parts aren't what is said of them, `NotFoundError`, `NotSignedInError`,
        `NotPermittedError`, and `StateError` for an archived dataset.
        """
        author = self._drafts.require_author(actor, dataset, sends=True)
        faults = [*_find_faults(tables)]
        if faults:
            raise InvalidMetadataError(faults=faults)
        rows = [DraftResource(position=place, **self._prove(place, table)) for place, table in enumerate(tables)]
        now = self._context.clock()
        with self._context.write() as session:
            owner = find_dataset(session, dataset, lock=True)
            require_kept(owner)
            draft = Draft(
                id=secrets.token_hex(12),
                dataset=owner,
                status=DraftState.RECEIVED,
                base=owner.latest,
                dropped=[],
                notes=notes.strip(),
                author_id=author.id,
                author=author.name,
                contributors=sorted({author.name, *(owner.proposed["by"] if owner.proposed else ())}),
                created=now,
                modified=now,
                key_reports={},
                privacy=[dict(item) for table in tables for item in table.privacy],
                checks=[],
                comments=[],
                resources=rows,
                attachments=[],
            )
            session.add(draft)
            self._context.log(session, author, "upload", "draft", draft.id, dataset=dataset)
            identifier = draft.id
        self._context.queue.put(identifier)
        return identifier

    def _prove(self, place: int, table: PartedTable) -> dict[str, Any]:
        """The columns of the row of a table whose parts are what is said of them. Raises `InvalidMetadataError`."""
        csv, size = self._prove_csv(place, table)
        parquet, length, own = self._prove_parquet(place, table)
        is_single = len(table.csv) == len(table.parquet) == 1
        if is_single:
            parquet, length = table.parquet[0].sha256, table.parquet[0].bytes
        source = table.source
        descriptor = dict(table.schema.descriptor)
        return {
            "name": table.name,
            "title": table.title,
            "description": table.description,
            "i18n": {},
            "file": f"{table.name}.csv",
            "upload": source.sha256 if source else csv,
            "upload_bytes": source.bytes if source else size,
            "schema": descriptor,
            "schema_name": table.schema_name,
            "checked": True,
            "valid": True,
            "rows": sum(part.rows for part in table.csv),
            "csv": csv,
            "csv_bytes": size,
            "parquet": parquet,
            "parquet_bytes": length,
            "parts": {
                "csv": {} if is_single else {"parts": [_describe(part) for part in table.csv]},
                "parquet": {} if is_single else own,
                "elsewhere": source.sha256 if source else csv,
            },
            "published_schema": descriptor,
            "report": store_task(table.report),
            "profile": list(table.profile),
        }

    def _prove_csv(self, place: int, table: PartedTable) -> tuple[str, int]:
        """Digest and size of the joined CSV."""
        from opendata.tables.forms.writing import join_header

        head = join_header(table.schema.names)
        whole, size = sha256(), 0
        for number, part in enumerate(table.csv, 1):
            own, counter, first = sha256(), RecordCounter(), b""
            for block in self._read(place, table, "CSV", number, part):
                whole.update(block)
                own.update(block)
                counter.take(block)
                first = first or block[: len(head)]
                size += len(block)
            if number == 1 and first != head:
                raise InvalidMetadataError(faults=[fault(f"/resources/{place}", _COLUMNS, name=table.name)])
            if own.hexdigest() != part.sha256 or not counter.is_closed or counter.records - (number == 1) != part.rows:
                raise _refuse(place, table, "CSV", number)
        return whole.hexdigest(), size

    def _prove_parquet(self, place: int, table: PartedTable) -> tuple[str, int, dict[str, Any]]:
        """Digest and size of the joined Parquet file, and its parts."""
        whole, size = sha256(), 0
        footers = []
        for number, part in enumerate(table.parquet, 1):
            own = sha256()
            for block in self._read(place, table, "Parquet", number, part):
                whole.update(block)
                own.update(block)
            try:
                with self._context.private.open_blob(part.sha256) as file:
                    footers.append((read_footer(file, part.bytes), size))
                is_right = own.hexdigest() == part.sha256 and count_rows(footers[-1][0]) == part.rows
            except ValueError:
                is_right = False
            if not is_right:
                raise _refuse(place, table, "Parquet", number)
            size += part.bytes
        try:
            tail = write_tail(footers)
        except ValueError:
            tail = b""
        if not tail or self._read_names(table.parquet[0]) != list(table.schema.names):
            raise InvalidMetadataError(faults=[fault(f"/resources/{place}", _COLUMNS, name=table.name)])
        return self._parting.close(whole, size, [_describe(part) for part in table.parquet], tail)

    def _read_names(self, part: Part) -> list[str]:
        import pyarrow.parquet as pq

        with self._context.private.open_blob(part.sha256) as file:
            return list(pq.read_schema(file).names)

    def _read(self, place: int, table: PartedTable, form: str, number: int, part: Part) -> Iterator[bytes]:
        """The blocks of a part that has as many bytes as is said."""
        try:
            with self._context.private.open_blob(part.sha256) as file:
                size = 0
                while block := file.read(_BLOCK_BYTES):
                    size += len(block)
                    yield block
        except NotFoundError:
            size = -1
        if size != part.bytes:
            raise _refuse(place, table, form, number)


def _find_faults(tables: Sequence[PartedTable]) -> list[Fault]:
    """What is wrong by the lists of parts alone."""
    found = []
    names: set[str] = set()
    for place, table in enumerate(tables):
        wrong = find_identifier_fault(f"/resources/{place}/name", table.name, resource=True)
        found += [wrong] if wrong is not None else []
        if table.name in names:
            found.append(fault(f"/resources/{place}/name", _TWICE, name=table.name))
        names.add(table.name)
        rows = [sum(part.rows for part in parts) for parts in (table.csv, table.parquet)]
        counts = [len(table.csv), len(table.parquet)]
        if rows[0] != rows[1] or not all(0 < count <= MOST_PARTS for count in counts):
            found.append(fault(f"/resources/{place}", _ROWS, name=table.name))
    return found


def _describe(part: Part) -> dict[str, Any]:
    return describe_part(part.sha256, part.bytes, part.rows)


def _refuse(place: int, table: PartedTable, form: str, number: int) -> InvalidMetadataError:
    found = fault(f"/resources/{place}", _OTHER, name=table.name, form=form, number=number)
    return InvalidMetadataError(faults=[found])
