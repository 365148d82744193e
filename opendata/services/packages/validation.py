"""Checking a file or a Data Package where it lies, without an instance: the report alone, nothing is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from opendata.domain.findings import Finding, Problem
from opendata.domain.schema import TableSchema
from opendata.errors import InputError, InvalidPackageError, OpendataError
from opendata.intake.opening import find_tables
from opendata.intake.reading import OnShare, read_table
from opendata.intake.tables import FoundTable, OpenedTable
from opendata.intake.understanding import CAREFUL
from opendata.metadata.package import ResourceDescription, parse_document, read_package
from opendata.services.packages.package_source import PackageSource, open_source
from opendata.services.packages.package_table import fetch_attachment, fetch_table, read_declared
from opendata.tables.check.keys import FindTable, KeyedTable, check_foreign_keys
from opendata.tables.check.validation import TableReader
from opendata.tables.report.report import TaskReport, describe_report, refuse_file
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import PreparedTable, check_table, prepare_table
from opendata.tables.text.dialect import read_dialect
from opendata.tables.text.splitting import hash_file

OnProgress = Callable[[float, str], None]
"""Hears which share (0..1) of which table has been read."""

FindSchema = Callable[[str], Mapping[str, Any]]
"""Gives the schema of a library's `name` or `name@version`, or raises `NotFoundError`."""


def check_file(
    path: Path,
    *,
    schema: TableSchema | None = None,
    find_table: FindTable | None = None,
    limit: int = 1000,
    on_progress: OnProgress | None = None,
    prepare: Callable[..., PreparedTable] | None = None,
) -> dict[str, Any]:
    """The report on the tables of one file of any format; without a schema every column is text.

    With a schema only the first table is checked. Keys into published datasets are checked if `find_table` is given.
    Without it, the report says that they weren't. `prepare` takes the place of `prepare_table`, for large tables.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        try:
            tables = [table for table in find_tables(path, path.name, folder) if not table.hidden]
        except InputError as error:
            return describe_report([_refuse_file(path, path.stem, error, limit).describe()])
        left = tables[1:] if schema is not None else []
        tasks = []
        for table in tables[:1] if left else tables:
            task = _check_table(table, path, folder, schema, find_table, limit, on_progress, prepare)
            if left:
                names = ", ".join(item.name for item in left)
                task.warnings.append(Problem("unchecked-tables", params={"names": names}))
            tasks.append(task.describe())
        return describe_report(tasks)


def _check_table(
    found: FoundTable,
    path: Path,
    folder: Path,
    schema: TableSchema | None,
    find_table: FindTable | None,
    limit: int,
    on_progress: OnProgress | None,
    prepare: Callable[..., PreparedTable] | None,
) -> TaskReport:
    check: Callable[..., PreparedTable | TableReader] = partial(check_table, name=found.name, limit=limit)
    if prepare is not None or (schema is not None and schema.foreign_keys):
        check = partial(prepare or prepare_table, folder=folder, name=found.name, limit=limit)
    try:
        opened, table = read_table(found, folder, check, schema=schema, on_share=_follow(path.name, on_progress))
    except InputError as error:
        return _refuse_file(path, found.name, error, limit)
    task = table.task
    if isinstance(table, PreparedTable):
        check_foreign_keys({task.name: _with_keys(table)}, find_table)
    _name_source(task, path.name, path, opened)
    task.warnings += [
        Problem("open-question", params={"message": decision.text, "params": dict(decision.details)})
        for decision in opened.understanding.decisions
        if decision.sure < CAREFUL
    ]
    return task


def check_package(
    source: str,
    find_schema: FindSchema,
    *,
    find_table: FindTable | None = None,
    limit: int = 1000,
    on_progress: OnProgress | None = None,
) -> dict[str, Any]:
    """The report on every table of a package and on the foreign keys between them; attachments must be present.

    Raises `InvalidPackageError` if the descriptor cannot be used at all; what is wrong with one resource is an error of
    its own task.
    """
    with open_source(source) as files, TemporaryDirectory() as name:
        folder = Path(name)
        package = read_package(parse_document(files.read_descriptor(), files.descriptor_name))
        tables: dict[str, KeyedTable] = {}
        for resource in package.resources:
            try:
                if resource.is_attachment:
                    fetch_attachment(files, resource, folder / "attachment")
                    continue
                schema, dialect = _read_declarations(files, resource, find_schema)
                path = fetch_table(files, resource, folder / f"{resource.name}.source")
                opened, table = read_declared(
                    path,
                    folder,
                    partial(prepare_table, folder=folder, name=resource.name, limit=limit),
                    schema=schema,
                    dialect=dialect,
                    encoding=resource.encoding,
                    on_share=_follow(resource.name, on_progress),
                )
            except OpendataError as error:
                tables[resource.name] = KeyedTable(None, (), _refuse(resource, error, limit))
                continue
            _name_source(table.task, resource.path or resource.name, path, opened)
            tables[resource.name] = _with_keys(table)
        check_foreign_keys(tables, find_table)
        return describe_report([table.task.describe() for table in tables.values()])


def _read_declarations(
    files: PackageSource, resource: ResourceDescription, find_schema: FindSchema
) -> tuple[TableSchema | None, Mapping[str, Any] | None]:
    """The schema and the dialect that a package gives a resource."""
    if resource.fault is not None:
        raise InvalidPackageError.from_fault(resource.fault)
    given: Mapping[str, Any] | None = None
    if resource.schema is not None:
        given = files.read_part(resource.schema, "schema")
    elif resource.schema_name:
        given = find_schema(resource.schema_name)
    schema = read_schema(given) if given is not None else None
    dialect = files.read_part(resource.dialect, "dialect") if resource.dialect is not None else None
    read_dialect(dialect, encoding=resource.encoding)
    return schema, dialect


def _follow(name: str, on_progress: OnProgress | None) -> OnShare | None:
    return (lambda share: on_progress(share, name)) if on_progress is not None else None


def _name_source(task: TaskReport, place: str, path: Path, opened: OpenedTable) -> None:
    """Say of the file as it came what the report says of the text that was read."""
    task.place = place
    if not opened.is_whole:
        task.bytes, task.sha256 = path.stat().st_size, hash_file(path)


def _with_keys(table: PreparedTable) -> KeyedTable:
    path = table.parquet if table.parquet.exists() else None
    return KeyedTable(path, table.schema.foreign_keys if table.schema else (), table.task, table.first_row)


def _refuse_file(path: Path, name: str, error: OpendataError, limit: int) -> TaskReport:
    """The verdict on a file out of which no table comes."""
    task = TaskReport(name=name, place=path.name, limit=limit, bytes=path.stat().st_size)
    task.add(refuse_file(error))
    return task


def _refuse(resource: ResourceDescription, error: OpendataError, limit: int) -> TaskReport:
    task = TaskReport(name=resource.name, place=resource.path or resource.name, limit=limit)
    for pointer, reason in [(one.pointer, OpendataError.from_fault(one)) for one in error.faults] or [("", error)]:
        task.add(Finding(Problem("refused-resource", params={"pointer": pointer, **reason.describe()})))
    return task
