"""How a file would be read under some choices: shown to the sender before anything is decided."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import dropwhile, islice
from pathlib import Path
from typing import Any

from opendata.db.models import DraftResource
from opendata.domain.schema import TableSchema
from opendata.errors import N_, InputError, NotFoundError
from opendata.intake.opening import open_table
from opendata.intake.text.encodings import decode_sample, find_encoding
from opendata.intake.understanding import Choices
from opendata.services.core.actors import Actor, require_editor
from opendata.services.core.context import Context
from opendata.services.drafts.draft_view import find_draft
from opendata.services.drafts.readings import Readings, read_resource_choices
from opendata.tables.text.decoding import DecodingFault, read_rows
from opendata.tables.text.dialect import Dialect
from opendata.tables.text.lines import split_lines

SHOWN_ROWS = 40
SHOWN_COLUMNS = 60
_SAMPLE_BYTES = 4096
_SAMPLE_LINES = 4
_TRIED_BYTES = 64 * 1024 * 1024
"""A larger file, in bytes, is shown as it was read last: to read it again takes a worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingPreview:
    """A table as it is read, and under which `choices`.

    `reading` is what is understood (see `Understanding.describe`), `rows` its first rows with their numbers and what
    they are (`title`, `header`, `row`), `samples` what the text looks like in the two most likely encodings,
    `fault` why the choices cannot be followed.
    """

    name: str
    file: str
    reading: Mapping[str, Any]
    choices: Choices
    rows: Sequence[tuple[int, str, Sequence[str]]]
    samples: Sequence[tuple[str, str]]
    sheets: Sequence[str]
    fault: InputError | None = None


class Previews:
    """Reads the tables of drafts tentatively."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._readings = Readings(context)

    def show(self, actor: Actor | None, draft: str, resource: str, choices: Choices | None = None) -> ReadingPreview:
        """How a table is read, by these choices where some are given. Raises `NotFoundError`, `NotPermittedError`."""
        with self._context.read() as session:
            row = find_draft(session, draft)
            require_editor(actor, row.dataset.publisher_id, row.dataset_id)
            found = next((item for item in row.resources if item.name == resource), None)
            if found is None:
                raise NotFoundError(N_("The draft has no uploaded table “%(name)s”"), name=resource[:100])
            session.expunge_all()
        in_force = read_resource_choices(found)
        chosen = choices if choices is not None else in_force
        if found.upload_bytes > _TRIED_BYTES or (choices is None and found.engine_dialect is not None):
            return self._show_last(found, in_force)
        folder = Path(tempfile.mkdtemp(dir=self._make_root()))
        try:
            with self._context.kept_copy(found.upload) as upload:
                return self._try(found, chosen, upload, folder)
        except InputError as error:
            return replace(self._show_last(found, chosen), fault=error)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _try(self, found: DraftResource, choices: Choices, upload: Path, folder: Path) -> ReadingPreview:
        tables = self._readings.find_contents(found, upload, folder).tables
        table = self._readings.choose(found, tables)
        known = TableSchema(found.schema).labels if found.schema else ()
        opened = open_table(table, folder, choices=choices, known=known)
        reading = opened.understanding.describe()
        return ReadingPreview(
            name=found.name,
            file=found.file,
            reading=reading,
            choices=choices,
            rows=list_rows(opened.path, opened.dialect, reading),
            samples=_list_samples(table.path) if table.form == "csv" else (),
            sheets=[item.place or item.name for item in tables],
        )

    def _show_last(self, found: DraftResource, choices: Choices) -> ReadingPreview:
        """As it was read when it was checked."""
        from opendata.tables.text.dialect import restore_dialect

        rows: Sequence[tuple[int, str, Sequence[str]]] = ()
        samples: Sequence[tuple[str, str]] = ()
        if found.engine_dialect is not None:
            with self._context.kept_copy(found.plain or found.upload) as text:
                rows = list_rows(text, restore_dialect(found.engine_dialect), found.reading or {})
        if (found.reading or {}).get("form") == "csv" and found.upload_bytes <= _TRIED_BYTES:
            with self._context.kept_copy(found.upload) as upload:
                samples = _list_samples(upload)
        return ReadingPreview(
            name=found.name,
            file=found.file,
            reading=found.reading or {},
            choices=choices,
            rows=rows,
            samples=samples,
            sheets=(),
        )

    def _make_root(self) -> Path:
        root = self._context.settings.private_folder / "tmp"
        root.mkdir(parents=True, exist_ok=True)
        return root


def list_rows(path: Path, dialect: Dialect, reading: Mapping[str, Any]) -> Sequence[tuple[int, str, Sequence[str]]]:
    """The first rows that are not blank, with their numbers and what they are, up to where the text can be split."""
    dialect = replace(dialect, table_bytes=None)
    header_rows, last = reading.get("header_rows", dialect.header_rows), reading.get("last_row")
    header = max(header_rows, default=0)
    found: list[tuple[int, str, Sequence[str]]] = []
    try:
        with closing(read_rows(path, dialect)) as rows:
            numbered = dropwhile(lambda item: not any(item[1]), enumerate(rows, start=1))
            for number, row in islice(numbered, SHOWN_ROWS):
                role = "header" if number in header_rows else "title" if number < header else "row"
                if number in dialect.comment_rows or (last is not None and number > last):
                    role = "title"
                found.append((number, role, row[:SHOWN_COLUMNS]))
    except DecodingFault:
        return found
    return found


def _list_samples(path: Path) -> Sequence[tuple[str, str]]:
    """The encodings that fit the whole file, at most two, each with the first lines read so."""
    candidates = [item for item in find_encoding(path).candidates if item.fault is None][:2]
    samples = []
    for item in candidates:
        text = decode_sample(path, item.encoding, _SAMPLE_BYTES)
        lines = [line.rstrip("\r\n") for line in split_lines(text) if line.strip()]
        telling = [line for line in lines if not line.isascii()] or lines
        samples.append((item.encoding, "\n".join(telling[:_SAMPLE_LINES])))
    return samples
