"""The bytes of published and proposed files, whether they are in one blob or in parts."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from opendata.db.models import DraftResource
from opendata.domain.parts import StoredFile
from opendata.services.catalogue.files.placement import find_store
from opendata.services.core.context import Context
from opendata.storage.joined import FindStore, lend_each, lend_joined, open_pieces


def open_file(context: Context, file: StoredFile, find: FindStore | None = None) -> BinaryIO:
    """The bytes of a file, seekable; `find` says which store has a blob. Raises `NotFoundError`."""
    return open_pieces(find or partial(find_store, context), [(item.sha256, item.bytes) for item in file.pieces])


def lend_file(context: Context, file: StoredFile, find: FindStore | None = None) -> AbstractContextManager[Path]:
    """A local file with the bytes of a file, there inside the context. One in parts is joined on the disk."""
    pieces = [(item.sha256, item.bytes) for item in file.pieces]
    return lend_joined(find or partial(find_store, context), pieces, context.work_folder)


def lend_tables(
    context: Context, file: StoredFile, find: FindStore | None = None
) -> AbstractContextManager[Sequence[Path]]:
    """The local files that have the rows of a Parquet file, in their order: itself, or its parts, not joined."""
    return lend_each(find or partial(find_store, context), [item.sha256 for item in file.tables])


def find_csv(item: DraftResource) -> StoredFile:
    """The CSV of a draft's valid table, in the private store."""
    return StoredFile.from_json({"hash": str(item.csv), "bytes": item.csv_bytes}, (item.parts or {}).get("csv"))


def find_parquet(item: DraftResource) -> StoredFile:
    """The Parquet file of a draft's valid table, in the private store."""
    found = {"hash": str(item.parquet), "bytes": item.parquet_bytes}
    return StoredFile.from_json(found, (item.parts or {}).get("parquet"))


def lend_own(context: Context, file: StoredFile) -> AbstractContextManager[Path]:
    """A local file with the bytes of a draft's file, which is in the private store, there inside the context."""
    return lend_file(context, file, lambda _: context.private)
