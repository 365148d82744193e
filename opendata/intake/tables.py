"""A table on its way out of a file: found there, then opened for the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opendata.intake.attachments import AttachmentForm
from opendata.intake.layout.stacked import Part
from opendata.intake.understanding import Decision, Understanding
from opendata.tables.text.dialect import Dialect


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTable:
    """A table that a file offers: `path` is the file that holds it, `form` its format, `place` where in it.

    `part` tells which one it is of the tables below one another on a sheet, `encoding` what a file beside it says.
    `is_joined` tells that it needs the files beside it in its container. `marks` is what its columns keep of the files
    that it was made of, by their labels.
    """

    name: str
    path: Path
    form: str
    place: str | None = None
    members: tuple[str, ...] = ()
    hidden: bool = False
    decisions: tuple[Decision, ...] = ()
    part: Part | None = None
    encoding: str | None = None
    is_joined: bool = False
    marks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAttachment:
    """A document or picture that a container holds beside tables; `members` lead to it, its bytes are at `path`."""

    path: Path
    members: tuple[str, ...]
    form: AttachmentForm


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundContents:
    """What a file offers: its tables, hidden ones last, at least one; and the attachments that come with them."""

    tables: Sequence[FoundTable]
    attachments: Sequence[FoundAttachment]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedTable:
    """A table ready for the engine: its text at `path`, read by `dialect`, its columns renamed by `renames`.

    `is_whole` says that `path` is a file as it came, not one written from it. `marks` is what the fields of columns
    keep of their source (`unit`, `percent`, `crs`), by the numbers of the columns; `labels` are the names in
    its header.
    """

    understanding: Understanding
    path: Path
    dialect: Dialect
    is_whole: bool
    renames: Mapping[str, str] = field(default_factory=dict)
    fields: Sequence[Mapping[str, Any]] | None = None
    marks: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    labels: Sequence[str] = ()
