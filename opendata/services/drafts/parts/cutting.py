"""The files of a draft's large tables become parts, so that no version has a file of any size."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from opendata.db.models import DraftResource
from opendata.services.core.context import Context
from opendata.tables.parts.cutting import Section, cut_csv, cut_parquet
from opendata.tables.parts.joining import OnBytes, group_files, open_csv, open_parquet_files
from opendata.tables.parts.tail import read_footer, write_tail
from opendata.tables.written import WrittenFile, WrittenParts

_BLOCK_BYTES = 1 << 20


def is_elsewhere(item: DraftResource) -> bool:
    """Whether a table was written and checked elsewhere, so that what it was made of isn't here."""
    return (item.parts or {}).get("elsewhere") == item.upload


class Parting:
    """Cuts the files of tables in the private store."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def take(self, resource: DraftResource, values: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
        """What the check found of a table, its files in parts where it is large; the blobs that nobody needs then."""
        cut = self.cut(values) if values["valid"] else {}
        kept = {resource.upload, values["part_csv"], values["part_parquet"]}
        return {**values, **cut}, {values["csv"], values["parquet"]} - kept if cut else set()

    def cut(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The columns of a checked table's row that change: none where it has no more rows than fit into one part."""
        rows = self._context.settings.part_rows
        if not rows or values["rows"] <= rows or not values.get("csv") or not values.get("parquet"):
            return {}
        if values.get("parts"):  # it was written in parts
            return {}
        digest, size, parquet = self._cut_parquet(str(values["parquet"]), rows)
        csv = {"parts": list(self._cut_csv(str(values["csv"]), rows))}
        return {"parquet": digest, "parquet_bytes": size, "parts": {"csv": csv, "parquet": parquet}}

    def keep(self, written: WrittenParts, on_share: Callable[[float], None]) -> dict[str, Any]:
        """Put a table that was written in parts into the private store: the columns of its row that name its files.

        Its parts have as many rows as those of other tables at most, but they end where one that was written does.
        `on_share` hears which share of its bytes is there, from 0 to 1.
        """
        rows, done = self._context.settings.part_rows, 0
        total = sum(file.bytes for file in (*written.csv, *written.parquet)) or 1

        def follow(block: bytes) -> None:
            nonlocal done
            done += len(block)
            on_share(min(1, done / total))

        csv, csv_bytes, csv_parts = self._keep_csv([*group_files(written.csv, rows)], follow)
        parquet, parquet_bytes, own = self._keep_parquet([*group_files(written.parquet, rows)], follow)
        return {
            "csv": csv,
            "csv_bytes": csv_bytes,
            "parquet": parquet,
            "parquet_bytes": parquet_bytes,
            "parts": {"csv": csv_parts, "parquet": own} if csv_parts or own else None,
        }

    def _keep_csv(self, groups: Sequence[Sequence[WrittenFile]], on_bytes: OnBytes) -> tuple[str, int, dict[str, Any]]:
        hashed, total = sha256(), 0
        parts = []
        for group in groups:
            with open_csv(group, _both(hashed.update, on_bytes)) as stream:
                blob, size = self._context.private.put_stream(stream)
            parts.append(describe_part(blob, size, sum(file.rows for file in group)))
            total += size
        return hashed.hexdigest(), total, {"parts": parts} if len(parts) > 1 else {}

    def _keep_parquet(
        self, groups: Sequence[Sequence[WrittenFile]], on_bytes: OnBytes
    ) -> tuple[str, int, dict[str, Any]]:
        hashed, total = sha256(), 0
        parts, footers = [], []
        for group in groups:
            stream, footer, size = open_parquet_files(group, _both(hashed.update, on_bytes))
            with stream:
                blob, _ = self._context.private.put_stream(stream)
            footers.append((footer, total))
            parts.append(describe_part(blob, size, sum(file.rows for file in group)))
            total += size
        if len(parts) == 1:
            return hashed.hexdigest(), total, {}
        return self.close(hashed, total, parts, write_tail(footers))

    def _cut_csv(self, name: str, rows: int) -> Iterator[dict[str, Any]]:
        private = self._context.private
        with private.open_blob(name) as marks, private.open_blob(name) as file:
            for cut in cut_csv(marks, rows):
                blob, size = private.put_stream(io.BufferedReader(Section(file, cut.start, cut.end), _BLOCK_BYTES))
                yield describe_part(blob, size, cut.rows)

    def _cut_parquet(self, name: str, rows: int) -> tuple[str, int, dict[str, Any]]:
        """The digest and size of the joined file, and its parts."""
        private = self._context.private
        hashed, place = sha256(), 0
        parts, footers = [], []
        with self._context.work_folder() as folder, private.local_copy(name) as source:
            for path, count in cut_parquet(source, folder, rows):
                size = path.stat().st_size
                footers.append((_add(path, size, hashed), place))
                blob, _ = private.put_blob(path)
                parts.append(describe_part(blob, size, count))
                path.unlink(missing_ok=True)
                place += size
        return self.close(hashed, place, parts, write_tail(footers))

    def close(
        self, hashed: Any, size: int, parts: list[dict[str, Any]], tail: bytes
    ) -> tuple[str, int, dict[str, Any]]:
        """Keep the tail of a Parquet file whose parts were hashed; digest and size of the joined file, its parts."""
        hashed.update(tail)
        blob, length = self._context.private.put_stream(io.BytesIO(tail))
        found = {"parts": parts, "tail": {"hash": f"sha256:{blob}", "bytes": length}}
        return hashed.hexdigest(), size + length, found


def _both(one: OnBytes, other: OnBytes) -> OnBytes:
    """Who hears blocks, and who else does."""

    def take(block: bytes) -> None:
        one(block)
        other(block)

    return take


def _add(path: Path, size: int, hashed: Any) -> bytes:
    """Hash a file; its footer."""
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            hashed.update(block)
        return read_footer(file, size)


def describe_part(blob: str, size: int, rows: int) -> dict[str, Any]:
    """A part as rows of drafts have it."""
    return {"hash": f"sha256:{blob}", "bytes": size, "rows": rows}
