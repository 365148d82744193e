"""Large tables on a Spark cluster: checked, screened, profiled and written there, as one machine would have done it.

Its machines write the table in parts. A caller that can keep parts gets these; for others they are joined, byte by
byte. A table that can't be checked in pieces, and one for which no cluster answers, is checked by this machine; the log
says so. The result is the same either way.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from opendata.domain.findings import Finding
from opendata.domain.schema import ForeignKey
from opendata.errors import BackendError
from opendata.outside.spark import open_cluster
from opendata.setting_groups import SparkSettings
from opendata.tables.check.keys import CheckKey, TableFiles, check_foreign_key
from opendata.tables.parts.joining import open_csv, open_parquet_files
from opendata.tables.pieces.cutting import PIECE_BYTES, NotApartError
from opendata.tables.pieces.joining import JoinedTable, check_in_pieces
from opendata.tables.pieces.referring import check_key_in_groups, measure_keys
from opendata.tables.report.report import TaskReport
from opendata.tables.schema.origins import list_unsettled
from opendata.tables.screen import MakeScreen
from opendata.tables.table import FindDoubts, PreparedTable, prepare_table
from opendata.tables.text.dialect import Dialect
from opendata.tables.written import WrittenParts

if TYPE_CHECKING:
    from opendata.domain.schema import TableSchema

logger = logging.getLogger(__name__)

_COPIED_BYTES = 1 << 20


def choose_prepare(
    settings: SparkSettings, prepare: Callable[..., PreparedTable] = prepare_table, opened: ExitStack | None = None
) -> Callable[..., PreparedTable]:
    """`prepare`, or what has large tables checked by the cluster of an instance.

    These come in parts, which are there until `opened` is closed or another table is prepared; without it, joined.
    """
    if not settings.spark_url:
        return prepare
    folder = Path(settings.spark_folder) if settings.spark_folder else None
    return ClusterTables(settings.spark_url, folder, least=settings.spark_bytes, opened=opened).prepare


class ClusterTables:
    """Tables from a certain size on, checked by a cluster; all its machines see `folder` under the same path."""

    def __init__(
        self,
        url: str,
        folder: Path | None = None,
        *,
        least: int = 0,
        piece_bytes: int = PIECE_BYTES,
        options: Mapping[str, str] | None = None,
        is_strict: bool = False,
        opened: ExitStack | None = None,
    ) -> None:
        """`is_strict` lets `BackendError` out, where no cluster answers. `options` are those of a Spark session.

        With `opened` a table is left in its parts, until that is closed or another table is prepared.
        """
        self._url = url
        self._folder = folder
        self._least = least
        self._piece_bytes = piece_bytes
        self._options = options
        self._is_strict = is_strict
        self._kept = opened.enter_context(ExitStack()) if opened is not None else None

    def prepare(
        self,
        source: Path,
        folder: Path,
        *,
        on_bytes: Callable[[int], None] | None = None,
        steps: Any = None,
        screen: MakeScreen | None = None,
        doubts: FindDoubts | None = None,
        **options: Any,
    ) -> PreparedTable:
        """What `prepare_table` does, by the cluster where the table is large enough and can be checked in pieces."""
        size = source.stat().st_size
        reason = "steps" if steps is not None else ""
        if size >= self._least and not reason:
            try:
                on_share = None if on_bytes is None else lambda share: on_bytes(round(share * size))
                found = self._prepare(source, folder, screen, doubts, {**options, "on_share": on_share})
            except NotApartError as refusal:
                reason = refusal.reason
            except BackendError as error:
                if self._is_strict:
                    raise
                reason = f"no cluster ({error})"
            else:
                if on_bytes is not None:
                    on_bytes(size)
                return found
        if reason:
            logger.warning("%s is checked by this machine, not by the cluster: %s", source.name, reason)
        return prepare_table(source, folder, on_bytes=on_bytes, steps=steps, screen=screen, doubts=doubts, **options)

    def _prepare(
        self,
        source: Path,
        folder: Path,
        make_screen: MakeScreen | None,
        doubts: FindDoubts | None,
        options: Mapping[str, Any],
    ) -> PreparedTable:
        name = options["name"]
        csv, parquet, findings = (folder / f"{name}.{ending}" for ending in ("csv", "parquet", "findings.parquet"))
        dialect: Dialect = options.get("dialect") or Dialect()
        schema: TableSchema | None = options.get("schema")
        names = None if schema is None else list_unsettled(schema.descriptor)
        if self._kept is not None:
            self._kept.close()
        for path in (csv, parquet):  # of the same table, prepared before by another schema
            path.unlink(missing_ok=True)
        with ExitStack() as opened:
            place = tempfile.TemporaryDirectory(prefix="opendata-spark-", dir=self._folder)
            shared = Path(opened.enter_context(place))
            given = shared / source.name
            _share(source, given)

            def finish(table: JoinedTable) -> Sequence[Finding]:
                if not table.task.valid or (names is not None and not names):
                    return ()
                _write(open_parquet_files(table.parquet)[0], parquet)
                return doubts(parquet, dialect, table.first_row, names) if doubts is not None else ()

            with open_cluster(self._url, self._options) as runner:
                table = check_in_pieces(
                    given,
                    shared,
                    runner,
                    writes=True,
                    findings=findings,
                    finish=finish,
                    screen=make_screen,
                    piece_bytes=self._piece_bytes,
                    **options,
                )
            given.unlink()
            prepared = _describe(table, dialect, csv, parquet, findings)
            if self._kept is None:
                return join_parts(prepared)
            self._kept.push(opened.pop_all())
        return prepared


def choose_key_check(settings: SparkSettings) -> CheckKey | None:
    """What has the cluster of an instance check the foreign keys of large tables; None without one."""
    if not settings.spark_url:
        return None
    folder = Path(settings.spark_folder) if settings.spark_folder else None
    return partial(_check_key, settings.spark_url, folder, settings.spark_bytes)


def _check_key(
    url: str,
    folder: Path | None,
    least: int,
    key: ForeignKey,
    *,
    table: TableFiles,
    reference: TableFiles | None,
    task: TaskReport,
    first_row: int | None,
) -> None:
    options: dict[str, Any] = {"table": table, "reference": reference, "task": task, "first_row": first_row}
    if reference is not None and measure_keys(key, table, reference) >= least:
        place = tempfile.TemporaryDirectory(prefix="opendata-spark-", dir=folder)
        try:
            with place as shared, open_cluster(url) as runner:
                check_key_in_groups(key, runner=runner, folder=Path(shared), **options)
        except BackendError as error:
            logger.warning("a key of %s is checked by this machine, not by the cluster: %s", task.name, error)
        else:
            return
    check_foreign_key(key, **options)


def _describe(table: JoinedTable, dialect: Dialect, csv: Path, parquet: Path, findings: Path) -> PreparedTable:
    """A table that was checked in pieces, which its files may be made of."""
    return PreparedTable(
        task=table.task,
        schema=table.schema,
        dialect=dialect,
        rows=table.rows,
        first_row=table.first_row,
        csv=csv,
        csv_is_source=False,
        parquet=parquet,
        findings=findings,
        profile=table.profile,
        privacy=table.privacy,
        applied=(),
        parts=WrittenParts(csv=table.csv, parquet=table.parquet) if table.csv else None,
    )


def join_parts(prepared: PreparedTable) -> PreparedTable:
    """A table with its two files instead of parts; one that has no parts is as it is."""
    if prepared.parts is None:
        return prepared
    digest = hashlib.sha256()
    _write(open_csv(prepared.parts.csv, digest.update), prepared.csv)
    if not prepared.parquet.exists():
        _write(open_parquet_files(prepared.parts.parquet)[0], prepared.parquet)
    return replace(prepared, parts=None, csv_is_source=digest.hexdigest() == prepared.task.sha256)


def _share(source: Path, target: Path) -> None:
    """Make a file visible to the machines of the cluster."""
    try:
        os.link(source, target)
    except OSError:  # it is on another disk
        shutil.copyfile(source, target)


def _write(source: BinaryIO, target: Path) -> None:
    """Write what is read to its end into a file."""
    with source, target.open("wb") as file:
        shutil.copyfileobj(source, file, _COPIED_BYTES)
