"""How a file would be read under some choices: shown to the sender before anything is decided."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opendata.confined import Bounds, BrokenOffError, Cause
from opendata.db.models import DraftResource
from opendata.domain.schema import TableSchema
from opendata.errors import (
    N_,
    OpendataError,
    OverloadedError,
    SupersededError,
    TooLargeError,
    UnreadableFileError,
)
from opendata.intake.preview import Attempt, LastReading, Preview, Row, preview
from opendata.intake.understanding import Choices
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.services.drafts.draft_view import find_scanned_table
from opendata.services.drafts.readings import read_resource_choices
from opendata.storage.turns import Turns, superseded

logger = logging.getLogger(__name__)

TRIED_BYTES = 64 * 1024 * 1024
"""A larger file, in bytes, is shown as it was read last: to read it again takes a worker."""

_TOO_LARGE_TO_TRY = N_(
    "This file has more than %(size)s MB, so your choices can't be previewed. The rows below are read as before"
)
_BUSY = N_("Other files are being looked at just now. Try again in a few seconds")
_SLOW = N_("Reading this file takes longer than %(seconds)s seconds, so it can't be previewed")
_LARGE = N_("Reading this file takes more than %(size)s MB of memory, so it can't be previewed")
_BROKEN = N_("The file can't be previewed: the process that read it ended unexpectedly")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingPreview:
    """A table as it is read, and under which `choices`.

    `reading` is what is understood (see `Understanding.describe`), `rows` its first rows with their numbers and what
    they are (`title`, `header`, `row`), `samples` what the text looks like in the two most likely encodings,
    `fault` why the choices cannot be followed, or why there is nothing to see.
    """

    name: str
    file: str
    reading: Mapping[str, Any]
    choices: Choices
    rows: Sequence[Row]
    samples: Sequence[tuple[str, str]]
    sheets: Sequence[str]
    fault: OpendataError | None = None


class Previews:
    """Reads the tables of drafts tentatively: in a process of its own, a few at a time, one of each publisher."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._turns = Turns(context.settings.home / "turns")

    def show(self, actor: Actor | None, draft: str, resource: str, choices: Choices | None = None) -> ReadingPreview:
        """How a table is read, by these choices where some are given.

        Raises `NotFoundError`, `NotPermittedError`, and `StateError` while the file waits for the virus scanner.
        """
        with self._context.read() as session:
            row, found = find_scanned_table(self._context, session, actor, draft, resource)
            publisher = row.dataset.publisher_id
            session.expunge_all()
        in_force = read_resource_choices(found)
        is_large = found.upload_bytes > TRIED_BYTES
        is_last = is_large or (choices is None and found.engine_dialect is not None)
        chosen = in_force if choices is None or is_last else choices
        fault: OpendataError | None
        try:
            with self._turns.take(publisher, f"{draft}/{resource}", _BUSY) as is_wanted:
                seen = self._read(found, None if is_last else chosen, is_wanted)
        except (OverloadedError, SupersededError, TooLargeError, UnreadableFileError) as error:
            seen, fault = Preview(reading=found.reading or {}), error
        else:
            fault = seen.fault
        if is_large and choices is not None and fault is None:
            fault = TooLargeError(_TOO_LARGE_TO_TRY, size=TRIED_BYTES >> 20)
        return ReadingPreview(
            name=found.name,
            file=found.file,
            reading=seen.reading,
            choices=chosen,
            rows=seen.rows,
            samples=seen.samples,
            sheets=seen.sheets,
            fault=fault,
        )

    def _read(self, found: DraftResource, choices: Choices | None, is_wanted: Callable[[], bool]) -> Preview:
        """Read a table again by choices, or without any as it was read last."""
        settings = self._context.settings
        bounds = Bounds(seconds=settings.preview_seconds, memory=settings.preview_memory_bytes)
        try:
            with ExitStack() as opened:
                folder = opened.enter_context(self._context.work_folder())
                attempt = self._plan(found, choices, folder, opened) if choices is not None else None
                return preview(attempt, self._find_last(found, opened), bounds, is_wanted=is_wanted)
        except BrokenOffError as error:
            if error.cause is Cause.UNWANTED:
                raise superseded() from None
            logger.warning("the preview of %s (%s bytes): %s", found.upload, found.upload_bytes, error)
            if error.cause is Cause.TIME:
                raise TooLargeError(_SLOW, seconds=settings.preview_seconds) from None
            if error.cause is Cause.MEMORY:
                raise TooLargeError(_LARGE, size=settings.preview_memory_bytes >> 20) from None
            raise UnreadableFileError(_BROKEN) from None

    def _plan(self, found: DraftResource, choices: Choices, folder: Path, opened: ExitStack) -> Attempt:
        return Attempt(
            path=str(opened.enter_context(self._context.kept_copy(found.upload))),
            file=found.file,
            folder=str(folder),
            place=(found.reading or {}).get("sheet"),
            choices=choices.describe(),
            known=TableSchema(found.schema).labels if found.schema else (),
        )

    def _find_last(self, found: DraftResource, opened: ExitStack) -> LastReading:
        text = sample = None
        if found.engine_dialect is not None:
            text = str(opened.enter_context(self._context.kept_copy(found.plain or found.upload)))
        if (found.reading or {}).get("form") == "csv" and found.upload_bytes <= TRIED_BYTES:
            sample = str(opened.enter_context(self._context.kept_copy(found.upload)))
        return LastReading(text=text, dialect=found.engine_dialect, reading=found.reading or {}, sample=sample)
