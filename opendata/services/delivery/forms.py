"""Every form of a published table: CSV and Parquet as they are kept, all others made from these on first demand.

What is made is kept in the folder of derived files and can be deleted at any time. It is named by what it is made of,
so that nothing is ever out of date; `_EDITION` is raised where the same input shall give other bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import mmap
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from opendata.domain.manifest import Manifest
from opendata.domain.resources import Attachment, TableResource
from opendata.errors import N_, NotFoundError, StateError
from opendata.metadata.explanation import explain_columns, explain_origin, label
from opendata.services.catalogue.versions import Versions
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.services.core.values import ServedFile
from opendata.services.delivery.known_files import KnownFiles
from opendata.services.delivery.package_form import write_package
from opendata.storage.derived import DerivedFile, DerivedFolder
from opendata.tables.forms.workbook_parts import SHEET_COLUMNS

logger = logging.getLogger(__name__)

FORMS: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "arrow": "application/vnd.apache.arrow.file",
}
"""The suffix of each form of a table → its media type."""

CODINGS = ("zstd", "gzip")
"""The content codings there are, the better first."""

_STORED = ("csv", "parquet")
_ENCODED = ("csv", "json", "jsonl")
_EDITION = 1
ENCODED_AT_ONCE = 1 << 20
"""Bytes that are compressed while their reader waits, in some hundredths of a second."""

_ZSTD_LEVEL = 9
_SHA512_BYTES = 1 << 30
_NUMERIC = ("integer", "number", "year")


FindFile = Callable[[str], ServedFile]
"""The stored file of a table by its suffix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedForm(ServedFile):
    """A form ready to be sent. `key` names it among the derived files, those made of it begin so too.

    `derived` forms are made by this program; the others are what was published. `may_be_encoded` are those of text.
    `origins` are the digests of the blobs that it is made of, where its key doesn't name all.
    """

    key: str
    derived: bool
    may_be_encoded: bool = False
    origins: tuple[str, ...] = ()


class Forms:
    """Finds the forms of tables, and of whole versions, and makes those that are not there."""

    def __init__(self, context: Context, versions: Versions) -> None:
        self._context = context
        self._versions = versions
        self._folder = DerivedFolder(context.settings.derived_folder, context.settings.derived_bytes)
        self._stored = KnownFiles(context, self._find_stored)

    def find(
        self,
        dataset: str,
        version: str,
        resource: str,
        suffix: str,
        *,
        excel: bool = False,
        reader: Actor | None = None,
    ) -> ServedForm:
        """A table in the form of this suffix; with `excel`, CSV for a spreadsheet.

        Raises `NotFoundError`, `NotPublicError` where it isn't for the reader, `WithdrawnError`, and `StateError`
        for a table that is too wide for the form.
        """
        if suffix not in FORMS or (excel and suffix != "csv"):
            raise NotFoundError(N_("This resource isn't available as “%(suffix)s”"), suffix=suffix[:20])
        if suffix in _STORED and not excel:
            if reader is not None:
                return self._find_stored(dataset, version, resource, suffix, reader)
            return self._stored.get(dataset, version, resource, suffix)
        lend = partial(self._versions.find_file, dataset, version, resource, reader=reader)
        stored = lend("parquet")
        table = self._versions.get_table(dataset, version, resource)
        require_fit(table, suffix)
        name = f"{dataset}-{version}-{resource}.{suffix}"
        if excel:
            make = partial(_write_excel_csv, lend, table)
        elif suffix == "xlsx":
            make = partial(self._write_workbook, lend, dataset, version, table)
        else:
            make = partial(_write_form, suffix, lend)
        may_be_encoded = suffix in _ENCODED
        key = self._name(dataset, version, table, suffix, excel=excel)
        form = self._get(key, make, name, FORMS[suffix], may_be_encoded=may_be_encoded)
        return replace(form, is_public=stored.is_public)

    def is_there(self, dataset: str, version: str, table: TableResource, suffix: str, *, excel: bool = False) -> bool:
        """Whether a table is in this form already, so that nobody waits for it."""
        if suffix in _STORED and not excel:
            return True
        key = self._name(dataset, version, table, suffix, excel=excel)
        return self._folder.find(f"{key}.{_EDITION}") is not None

    def find_attachment(self, dataset: str, version: str, name: str, reader: Actor | None = None) -> ServedForm:
        """An attachment by the name of its file, as it was published.

        Raises `NotFoundError`, `NotPublicError`, `WithdrawnError`.
        """
        return _serve(self._versions.find_attachment(dataset, version, name, reader))

    def find_part(
        self, dataset: str, version: str, resource: str, number: int, suffix: str, reader: Actor | None = None
    ) -> ServedForm:
        """The n-th part of a table that is in parts, as CSV or Parquet. Raises as `find_attachment`."""
        found = self._versions.find_part(dataset, version, resource, number, suffix, reader)
        return _serve(found, may_be_encoded=suffix in _ENCODED)

    def find_package(self, dataset: str, version: str, reader: Actor | None = None) -> ServedForm:
        """A whole version as a ZIP archive: a Data Package folder with its signature and `SHA256SUMS`.

        Raises `NotFoundError`, `NotPublicError`, `WithdrawnError`.
        """
        self._versions.require_rows(reader, dataset, version)
        key = f"{self._versions.get(dataset, version).manifest_sha256}-zip"
        records = {
            "datapackage.json": self._versions.read_manifest(dataset, version),
            "datapackage.json.sig": self._versions.read_signature(dataset, version),
        }
        manifest = self._versions.get_manifest(dataset, version)
        files = list(self._list_files(dataset, version, manifest, reader))
        make = partial(write_package, manifest.created, records, files)
        form = self._get(key, make, f"{dataset}-{version}.zip", "application/zip")
        return replace(form, is_public=all(file.is_public for _, file in files))

    def encode(self, form: ServedForm, coding: str) -> ServedForm | None:
        """A format in a content coding; None if it isn't to be encoded, doesn't get shorter, or hasn't been made yet.

        What takes long is made in the background.
        """
        if not form.may_be_encoded or not 0 < form.size <= self._context.settings.encoded_bytes:
            return None
        make = partial(_write_zstd if coding == "zstd" else _write_gzip, form)
        key = f"{form.key}-{coding}.{_EDITION}"
        at_once = form.size <= ENCODED_AT_ONCE
        try:
            found = (self._folder.get if at_once else self._folder.begin)(key, make, form.origins)
        except OSError as error:
            logger.warning("%s is sent as it is: %s", form.name, error)
            return None
        if not found or found.size >= form.size:
            return None
        coded = serve_derived(key, found, form.name, form.media_type)
        return replace(coded, is_public=form.is_public, origins=form.origins)

    def find_sha512(self, form: ServedForm) -> bytes | None:
        """The SHA-512 of a form's bytes, taken once and kept; None where that would take long."""
        if form.size > _SHA512_BYTES:
            return None
        try:
            made = self._folder.get(f"{form.key}-sha512", partial(_write_sha512, form), form.origins)
            return made.path.read_bytes()
        except OSError as error:
            logger.warning("%s is sent without its SHA-512: %s", form.name, error)
            return None

    def forget(self, digests: Collection[str]) -> None:
        """Delete all that was made of these blobs and manifests."""
        self._folder.forget(digests)

    def _list_files(
        self, dataset: str, version: str, manifest: Manifest, reader: Actor | None
    ) -> Iterator[tuple[str, ServedFile]]:
        for item in manifest.resources:
            if isinstance(item, Attachment):
                yield item.path, self._versions.find_attachment(dataset, version, item.filename, reader)
                continue
            for suffix in _STORED:
                yield f"{item.name}.{suffix}", self._versions.find_file(dataset, version, item.name, suffix, reader)

    def _find_stored(
        self, dataset: str, version: str, resource: str, suffix: str, reader: Actor | None = None
    ) -> ServedForm:
        file = self._versions.find_file(dataset, version, resource, suffix, reader)
        return _serve(file, may_be_encoded=suffix in _ENCODED)

    def _name(self, dataset: str, version: str, table: TableResource, suffix: str, *, excel: bool) -> str:
        """By what a form is found among the derived files."""
        if excel:
            return f"{table.file.sha256}-excel"
        if suffix != "xlsx":
            return f"{table.parquet.sha256}-{suffix}"
        manifest = self._versions.get(dataset, version).manifest_sha256
        return "-".join((table.parquet.sha256, "xlsx", manifest[:16], *self._context.settings.languages))

    def _get(
        self,
        key: str,
        make: Callable[[Path], None],
        name: str,
        media_type: str,
        *,
        may_be_encoded: bool = False,
    ) -> ServedForm:
        key = f"{key}.{_EDITION}"
        return serve_derived(key, self._folder.get(key, make), name, media_type, may_be_encoded=may_be_encoded)

    def _write_workbook(
        self, find: FindFile, dataset: str, version: str, resource: TableResource, target: Path
    ) -> None:
        from opendata.tables.forms.workbook_form import Page, write_workbook_form

        manifest, languages = self._versions.get_manifest(dataset, version), self._context.settings.languages
        pages = (
            Page(label("dictionary", languages).replace(" / ", " "), explain_columns(resource, languages)),
            Page(label("origin", languages).replace(" / ", " "), explain_origin(manifest, resource, languages)),
        )
        with find("parquet").local_copy() as parquet:
            write_workbook_form(parquet, target, name=resource.name, pages=pages, cut_note=label("cut", languages))


def require_fit(table: TableResource, suffix: str) -> None:
    """Pass where a table can be in a form. Raises `StateError`."""
    if suffix == "xlsx" and len(table.schema.fields) > SHEET_COLUMNS:
        raise StateError(N_("This table has more columns than an Excel worksheet allows. Choose another format"))


def _serve(file: ServedFile, *, may_be_encoded: bool = False) -> ServedForm:
    """A file as it was published."""
    return ServedForm(
        open=file.open,
        local_copy=file.local_copy,
        name=file.name,
        media_type=file.media_type,
        sha256=file.sha256,
        size=file.size,
        is_public=file.is_public,
        signing=file.signing,
        local_parts=file.local_parts,
        key=file.sha256,
        derived=False,
        may_be_encoded=may_be_encoded,
    )


def serve_derived(
    key: str, file: DerivedFile, name: str, media_type: str, *, may_be_encoded: bool = False
) -> ServedForm:
    """A file that was made here."""
    return ServedForm(
        open=file.open,
        local_copy=file.local_copy,
        name=name,
        media_type=media_type,
        sha256=file.sha256,
        size=file.size,
        key=key,
        derived=True,
        may_be_encoded=may_be_encoded,
    )


def _write_form(suffix: str, find: FindFile, target: Path) -> None:
    from opendata.tables.forms.forms import write_form

    with find("csv").local_copy() as csv, find("parquet").local_copy() as parquet:
        write_form(csv, parquet, target, suffix=f".{suffix}")


def _write_excel_csv(find: FindFile, resource: TableResource, target: Path) -> None:
    from opendata.tables.forms.excel_form import write_excel_csv

    numeric = {field.name for field in resource.schema.fields if field.type in _NUMERIC}
    with find("csv").local_copy() as csv:
        write_excel_csv(csv, target, names=resource.schema.names, numeric=numeric)


def _write_gzip(form: ServedForm, target: Path) -> None:
    with form.open() as data, target.open("wb") as out, gzip.GzipFile("", "wb", 6, out, mtime=0) as coded:
        shutil.copyfileobj(data, coded, 1 << 20)


def _write_zstd(form: ServedForm, target: Path) -> None:
    """One frame with its size; the window is at most 8 MiB, as RFC 9659 asks."""
    import pyarrow as pa

    with (
        form.local_copy() as path,
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        target.write_bytes(pa.Codec("zstd", _ZSTD_LEVEL).compress(pa.py_buffer(data), asbytes=True))


def _write_sha512(form: ServedForm, target: Path) -> None:
    with form.open() as file:
        target.write_bytes(hashlib.file_digest(file, "sha512").digest())  # type: ignore[arg-type]
