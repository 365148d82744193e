"""A package's resource as a file on the local disk: fetched, or written out if inline, and held to its promises."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from opendata.domain.schema import TableSchema
from opendata.errors import N_, InvalidPackageError, UnsupportedFormatError
from opendata.intake.attachments import ACCEPTED, NO_ATTACHMENT, find_form
from opendata.intake.kind.kinds import detect_kind
from opendata.intake.reading import OnShare, T, read_table
from opendata.intake.tables import FoundTable, OpenedTable
from opendata.intake.understanding import Choices
from opendata.metadata.package import ResourceDescription
from opendata.services.packages.package_pieces import hash_pieces, join_pieces
from opendata.services.packages.package_source import PackageSource

PACKAGED = Choices(exact=True)
"""A package says all that is to be known about its files."""

_PACKED = frozenset(
    [
        *("xlsx", "xls", "xlsb", "ods", "spreadsheetml", "dbase", "parquet", "arrow"),
        *("gzip", "bzip2", "xz", "zstd", "zip", "tar"),
    ]
)
"""Kinds of files that hold tables, but are not text: in a package they are named as what they are not."""


def fetch_table(files: PackageSource, resource: ResourceDescription, target: Path) -> Path:
    """The file with a resource's table: where it lies, or made at `target`.

    Raises `InvalidPackageError` where it is missing, leads out of the package, or is not what the package says;
    `UnsupportedFormatError` if it isn't text.
    """
    if resource.pieces:
        return _join(files, resource, target)
    path = target
    if resource.path is not None:
        path = files.fetch(resource.path, target)
    else:
        _write_inline(resource.data or (), target)
    _check_digest(resource, [(str(resource.path), path)])
    _check_kind(str(resource.path), path)
    return path


def _join(files: PackageSource, resource: ResourceDescription, target: Path) -> Path:
    """The files of a resource as one file at `target`."""
    dialect = files.read_part(resource.dialect, "dialect") if resource.dialect is not None else None
    with TemporaryDirectory(dir=target.parent) as folder:
        pieces = [(path, files.fetch(path, Path(folder) / str(number))) for number, path in enumerate(resource.pieces)]
        _check_digest(resource, pieces)
        for path, file in pieces:
            _check_kind(path, file)
        join_pieces(pieces, dialect, target)
    return target


def read_declared(
    path: Path,
    folder: Path,
    check: Callable[..., T],
    *,
    schema: TableSchema | None,
    dialect: Mapping[str, Any] | None,
    encoding: str | None,
    on_share: OnShare | None = None,
) -> tuple[OpenedTable, T]:
    """Read a table as its package declares it, and where it declares nothing, as a draft would; see `read_table`."""
    found = FoundTable(name=path.stem, path=path, form="csv")
    choices = PACKAGED.declare(dialect, encoding)
    return read_table(found, folder, check, schema=schema, choices=choices, on_share=on_share)


def fetch_attachment(files: PackageSource, resource: ResourceDescription, target: Path) -> Path:
    """The file of a resource that accompanies tables: where it lies, or made at `target`.

    Raises as `fetch_table` does; `UnsupportedFormatError` for a kind that cannot be an attachment.
    """
    path = files.fetch(str(resource.path), target)
    _check_digest(resource, [(str(resource.path), path)])
    kind = detect_kind(path)
    if find_form(path, kind, str(resource.path), declared=True) is None:
        raise UnsupportedFormatError(NO_ATTACHMENT, file=resource.path, kind=kind.name, accepted=ACCEPTED)
    return path


def _check_digest(resource: ResourceDescription, pieces: Sequence[tuple[str, Path]]) -> None:
    """Hold the file against the `bytes` and `hash` its package declares (without a prefix `hash` means MD5).

    Of a table in several files they are those of all bytes, one file after the other.
    """
    size = sum(file.stat().st_size for _, file in pieces)
    if resource.bytes is not None and resource.bytes > 0 and resource.bytes != size:
        raise InvalidPackageError(
            N_("“%(path)s” has %(size)s bytes, but the package says %(expected)s"),
            path=resource.path,
            size=size,
            expected=resource.bytes,
        )
    if resource.hash:
        prefix, _, expected = resource.hash.rpartition(":")
        kind = prefix.lower() or "md5"
        if kind not in ("md5", "sha256", "sha1", "sha512"):
            return
        actual = hash_pieces(pieces, kind)
        if actual != expected.lower():
            raise InvalidPackageError(
                N_("“%(path)s” doesn't match the digest in the package (%(kind)s %(expected)s)"),
                path=resource.path,
                kind=kind,
                expected=expected,
            )


def _check_kind(path: str, file: Path) -> None:
    """Refuse a file that isn't text, whatever its name says."""
    kind = detect_kind(file)
    if kind.role == "document" or kind.form in _PACKED:
        raise UnsupportedFormatError(N_("“%(path)s” is %(kind)s, not a CSV table"), path=path, kind=kind.name)


def _write_inline(data: Sequence[Any], path: Path) -> None:
    """Inline `data` (lists with a header first, or objects) as CSV."""
    rows: list[Sequence[Any]]
    if data and all(isinstance(row, Mapping) for row in data):
        names = list(dict.fromkeys(str(key) for row in data for key in row))
        rows = [names, *([row.get(name) for name in names] for row in data)]
    elif all(isinstance(row, list) for row in data):
        rows = list(data)
    else:
        raise InvalidPackageError(N_("Inline “data” must be a list of lists or a list of objects"))
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([_write_cell(cell) for cell in row] for row in rows)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")


def _write_cell(cell: object) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, dict | list):
        return json.dumps(cell, ensure_ascii=False)
    return "" if cell is None else str(cell)
