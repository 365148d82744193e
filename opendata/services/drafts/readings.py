"""Readings: the files of a draft taken apart into tables, and what was chosen for each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Draft, DraftAttachment, DraftResource
from opendata.domain.editions.beginning import begin_again
from opendata.domain.editions.modes import AUTO
from opendata.errors import N_, TooLargeError
from opendata.intake.landmarks import keep_choices
from opendata.intake.opening import WORKBOOKS, find_contents
from opendata.intake.tables import FoundAttachment, FoundContents, FoundTable
from opendata.intake.understanding import Choices, read_choices
from opendata.intake.unpack.budget import Limits
from opendata.metadata.identifiers import suggest_identifier
from opendata.recipes.recipe import recall_recipe
from opendata.services.core.context import Context
from opendata.services.drafts.attachments import MOST_ATTACHMENTS, Places
from opendata.services.drafts.draft_view import list_choices
from opendata.services.drafts.intake import Received
from opendata.services.drafts.series.joining import take_part_again

AWAITED = "awaited"
"""The property of a reading that has the id of the table with whose corrected file this one is to come again."""

AGAIN = "again"
"""The property of the reading of a table whose corrected file hasn't been taken apart yet."""

_MADE_FOR = "draft"
"""The property of kept choices that names the draft whose file they were made for."""


class Readings:
    """Finds the tables of uploads."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def find_contents(self, resource: DraftResource, upload: Path, folder: Path) -> FoundContents:
        """The visible tables of an upload, at least one, and the files beside them in a container.

        `upload` is a local copy of its bytes, which the tables may refer to. Containers are unpacked into a folder.
        Raises `UnreadableFileError`, `UnsupportedFormatError`, `TooLargeError`.
        """
        limits = Limits(total_bytes=4 * self._context.settings.max_upload_bytes)
        found = find_contents(upload, resource.file, folder, limits=limits)
        return replace(found, tables=[table for table in found.tables if not table.hidden])

    def choose(self, resource: DraftResource, tables: Sequence[FoundTable]) -> FoundTable:
        """The table of an upload that a resource is of: the one it was read from before, else the first."""
        place = (resource.reading or {}).get("sheet")
        return next((table for table in tables if place is not None and table.place == place), tables[0])

    def split_off(
        self, resource: DraftResource, tables: Sequence[FoundTable], taken: set[str]
    ) -> Sequence[dict[str, Any]]:
        """The rows of the resources that further tables of an upload become; `taken` are names in use.

        The files in a container become uploads of their own, so that it is unpacked once; but not the table of a
        Shapefile, which needs the files beside it.
        """
        rows = []
        for table in tables:
            name = _find_name(resource.name, table, taken)
            taken.add(name)
            upload, size = resource.upload, resource.upload_bytes
            if table.members and not table.is_joined:
                upload, size = self._context.private.put_blob(table.path)
            rows.append(
                {
                    "name": name,
                    "title": table.place if table.form in WORKBOOKS and table.place else "",
                    "i18n": {},
                    "file": "/".join((resource.file, *table.members)),
                    "upload": upload,
                    "upload_bytes": size,
                    "schema_name": "",
                    "reading": {"sheet": table.place},
                    "edition": {"wanted": AUTO} if (resource.edition or {}).get("wanted") == AUTO else None,
                }
            )
        return rows

    def keep_attachments(
        self, resource: DraftResource, found: Sequence[FoundAttachment], places: Places
    ) -> Sequence[dict[str, Any]]:
        """The rows of the attachments that lay beside the tables of an upload, their bytes kept.

        Raises `TooLargeError` where one is larger than a file may be, or where they are too many.
        """
        limit = self._context.settings.max_upload_bytes
        rows = []
        for item in found:
            size = item.path.stat().st_size
            if size > limit:
                text = N_("The file has %(size)s bytes. At most %(limit)s bytes are allowed")
                raise TooLargeError(text, size=size, limit=limit)
            row = places.take(item.members[-1], item.form)
            upload, size = self._context.private.put_blob(item.path)
            file = "/".join((resource.file, *item.members))
            rows.append({**row, "file": file, "upload": upload, "upload_bytes": size})
        if len(places.attachments) > MOST_ATTACHMENTS:
            text = N_("A dataset can have at most %(limit)s files besides its tables")
            raise TooLargeError(text, limit=MOST_ATTACHMENTS)
        return rows


def take_again(row: Draft, received: Received) -> None:
    """Put corrected and further files into a draft. A table keeps what was said of it, and is checked again.

    The other tables of the same file wait for the check of the corrected one, which finds its tables.
    """
    for values in received.tables:
        name = values["name"]
        row.dropped = [item for item in row.dropped if item != name]
        resource = next((item for item in row.resources if item.name == name), None)
        if resource is None:
            row.resources.append(DraftResource(position=_next_position(row), **values))
            continue
        if take_part_again(resource, values):
            continue
        resource.series = None
        row.attachments = [item for item in row.attachments if not item.file.startswith(f"{resource.file}/")]
        for other in row.resources:
            if other is not resource and _is_split_off(other, resource):
                other.reading = {**(other.reading or {}), AWAITED: resource.id}
                other.checked = other.valid = False
        said = values["choices"]
        values["choices"] = said if said is not None else keep_choices(list_choices(resource) or {}, resource.reading)
        for key in ("decisions", "meaning"):
            values[key] = values[key] or getattr(resource, key)
        values["edition"] = values["edition"] or begin_again(resource.edition)
        values["recipe"] = recall_recipe(resource.recipe)
        for key, value in values.items():
            setattr(resource, key, value)
        resource.checked = resource.valid = False
        resource.texts = resource.texts_of = None
        resource.reading = {"sheet": (resource.reading or {}).get("sheet"), AGAIN: True}
    for values in received.attachments:
        same = {values["name"], values["file"]}
        row.attachments = [item for item in row.attachments if not same & {item.name, item.file}]
        row.dropped = [item for item in row.dropped if item != values["name"]]
        row.attachments.append(DraftAttachment(position=_next_position(row), **values))


def is_same_place(resource: DraftResource, values: Mapping[str, Any]) -> bool:
    """Whether what `split_off` made is the table that was at this place in the file before."""
    sheet, member = (resource.reading or {}).get("sheet"), resource.file.partition("/")[2]
    return (sheet, member) == (values["reading"]["sheet"], values["file"].partition("/")[2])


def is_whole(resource: DraftResource) -> bool:
    """Whether the file of a table hasn't been taken apart yet."""
    return resource.reading is None or AGAIN in resource.reading


def find_unchecked(row: Draft) -> DraftResource | None:
    """The table to check next: one that is expected in a corrected file comes after that file was taken apart.

    A joined one comes after all others, which may be further parts of it.
    """
    waiting = [item for item in row.resources if not item.checked]
    return min(
        waiting, key=lambda item: (AWAITED in (item.reading or {}), "parts" in (item.series or {})), default=None
    )


def list_awaited(row: Draft, resource: DraftResource) -> Sequence[DraftResource]:
    """The tables that are expected in the corrected file of another one."""
    return [item for item in row.resources if (item.reading or {}).get(AWAITED) == resource.id]


def come_again(resource: DraftResource, values: Mapping[str, Any]) -> None:
    """Give a table that was expected in a corrected file what `split_off` made of it there."""
    for key in ("file", "upload", "upload_bytes"):
        setattr(resource, key, values[key])
    resource.choices = keep_choices(list_choices(resource) or {}, resource.reading)
    resource.recipe = recall_recipe(resource.recipe)
    resource.edition = begin_again(resource.edition)
    resource.reading = values["reading"]
    resource.checked = resource.valid = False
    resource.texts = resource.texts_of = None


def _next_position(row: Draft) -> int:
    return (
        max((*(item.position for item in row.resources), *(item.position for item in row.attachments)), default=-1) + 1
    )


def _is_split_off(other: DraftResource, resource: DraftResource) -> bool:
    """Whether a table came out of the file of another one."""
    return other.upload == resource.upload or other.file.startswith(f"{resource.file}/")


def read_resource_choices(resource: DraftResource) -> Choices:
    """What was chosen for a table, and what its sender declared."""
    return read_choices(list_choices(resource)).declare(resource.dialect, resource.encoding)


def recall_choices(session: Session, dataset: Dataset, table: str) -> dict[str, Any] | None:
    """What was chosen for a table's earlier file, as it applies to its next one; None where nothing was."""
    chosen = (dataset.choices or {}).get(table)
    if chosen is None:
        return None
    found = {name: value for name, value in chosen.items() if name != _MADE_FOR}
    query = select(DraftResource.reading).where(
        DraftResource.draft_id == chosen.get(_MADE_FOR), DraftResource.name == table, DraftResource.checked
    )
    return keep_choices(found, session.scalar(query))


def remember_choices(dataset: Dataset, table: str, draft: str, choices: Mapping[str, Any]) -> None:
    """Keep with a dataset what was chosen for the file that a draft has of a table."""
    dataset.choices = {**(dataset.choices or {}), table: {**choices, _MADE_FOR: draft}}


def _find_name(base: str, table: FoundTable, taken: set[str]) -> str:
    word = table.place if table.place and table.form in WORKBOOKS else table.name
    wanted = suggest_identifier(f"{base} {word}", resource=True)
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted[:95]}-{number}"
    return name
