"""Schemas as workbooks: written for a clerk to fill in, and read from what the clerk sends."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, BinaryIO

from opendata.errors import N_, TooLargeError
from opendata.intake.schema_workbook import MOST_BYTES, list_worksheets
from opendata.services.catalogue.schemas import Schemas
from opendata.services.catalogue.versions import Versions
from opendata.services.core.actors import Actor, require_signed_in
from opendata.services.core.context import Context
from opendata.services.workbench.workbench import Workbench
from opendata.tables.dictionary.workbook import read_dictionary, write_dictionary
from opendata.wording.voice import Voice


class Dictionaries:
    """Writes and reads the workbooks of schemas. The files they come in are read in a process of their own."""

    def __init__(self, context: Context, workbench: Workbench, schemas: Schemas, versions: Versions) -> None:
        self._context = context
        self._workbench = workbench
        self._schemas = schemas
        self._versions = versions

    def write_draft(self, actor: Actor | None, draft: str, resource: str, voice: Voice) -> BinaryIO:
        """The schema on the workbench of a draft's table; raises as `Workbench.show`."""
        return self._write(self._workbench.show(actor, draft, resource).state.schema, voice)

    def write_library(self, name: str, version: str | None, voice: Voice) -> BinaryIO:
        """A schema of the library. Raises `NotFoundError`."""
        return self._write(self._schemas.get(name, version).schema.descriptor, voice)

    def write_published(self, dataset: str, version: str, resource: str, voice: Voice) -> BinaryIO:
        """The schema of a published table. Raises `NotFoundError`."""
        return self._write(self._versions.get_table(dataset, version, resource).schema.descriptor, voice)

    def read(self, actor: Actor | None, stream: IO[bytes]) -> Mapping[str, Any]:
        """The schema that a workbook describes, right or wrong.

        Raises `InvalidSchemaError` with the cells that can't be read, `UnsupportedFormatError`, `UnreadableFileError`,
        `TooLargeError`, `NotSignedInError`.
        """
        require_signed_in(actor)
        with self._context.work_folder() as folder:
            path = folder / "schema.xlsx"
            _copy(stream, path)
            sheets = list_worksheets(path)
        return read_dictionary(sheets, self._languages)

    @property
    def _languages(self) -> list[str]:
        return list(self._context.settings.languages[1:])

    def _write(self, schema: Mapping[str, Any], voice: Voice) -> BinaryIO:
        out = io.BytesIO()
        write_dictionary(schema, out, voice, self._languages)
        out.seek(0)
        return out


def _copy(stream: IO[bytes], path: Path) -> None:
    with path.open("wb") as file:
        while chunk := stream.read(1 << 20):
            file.write(chunk)
            if file.tell() > MOST_BYTES:
                raise TooLargeError(N_("The workbook has more than %(size)s MB"), size=MOST_BYTES >> 20)
