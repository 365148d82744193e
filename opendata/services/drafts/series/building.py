"""The worker's part of a series: the rows of all parts written into one text, and the next file of one continued."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from opendata.db.models import Draft, DraftResource
from opendata.domain.editions.modes import AUTO, Mode
from opendata.domain.editions.series import Cut, PartOfSeriesJson, SeriesJson
from opendata.domain.manifest import Manifest
from opendata.errors import N_, Listed, UnreadableFileError
from opendata.intake.meaning.finding import find_meaning
from opendata.intake.meaning.units import mark_units
from opendata.intake.opening import WORKBOOKS, find_tables, open_table
from opendata.intake.tables import FoundTable
from opendata.intake.understanding import read_choices
from opendata.intake.unpack.budget import Limits
from opendata.services.core.context import Context
from opendata.services.drafts.meaning.names import read_stem
from opendata.services.drafts.series.joining import ask_again, make_part
from opendata.services.drafts.series.meaning import describe_found, place_part
from opendata.services.drafts.series.naming import read_value
from opendata.services.drafts.series.offers import is_single
from opendata.tables.diff.joining import DamagedPartError, JoinedPart, UnlikePartsError, write_joined
from opendata.tables.text.decoding import DecodingFault
from opendata.tables.text.dialect import restore_dialect

_DAMAGED = N_("“%(file)s” is damaged, so its rows can't be joined with those of the others. Send it again")
_UNLIKE = N_(
    "“%(file)s” has other columns than “%(first)s”, so they can't be one table (%(columns)s). Send it again with the"
    " same columns"
)
_UNLIKE_UNIT = N_(
    "In “%(file)s” these columns have other units or formats than in the other files: %(columns)s. Send it again with"
    " the same ones"
)
_CONTRARY = N_(
    "The column “%(column)s” would be %(one)s by the sheet “%(sheet)s”, but %(other)s by the name of “%(file)s”. Rename"
    " the sheet or the file"
)
_SAME = N_(
    "“%(file)s” and “%(other)s” are both of %(value)s, so rows would be there twice. Leave one of them out of the draft"
)
_NAMELESS = N_(
    "The column “%(column)s” of “%(table)s” is filled from the names of the files, but the name “%(file)s” doesn't say"
    " it. Rename the file, for example “%(example)s”, or add the column to it"
)


NO_ROWS = "noRows"

_CHOICES = {"dialect": {"delimiter": ","}, "encoding": "utf-8", "header_rows": [1], "first_row": 2}
"""How the text of all parts is read: nothing has to be found out about it."""

_EXAMPLES: Mapping[Cut, str] = {
    Cut.DAY: "2026-10-31",
    Cut.WEEK: "2026-W40",
    Cut.MONTH: "2026-10",
    Cut.QUARTER: "2026-Q3",
    Cut.HALF: "2026-H1",
    Cut.YEAR: "2026",
    Cut.AREA: "安平县",
}


class AbsorbedError(Exception):
    """A table of a draft became a part of another one, and is no longer there."""


class Building:
    """Makes the texts of joined tables."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def take_up(
        self, row: Draft, resource: DraftResource, found: FoundTable, folder: Path, manifest: Manifest | None
    ) -> FoundTable:
        """The text with the added column, where a file continues a published series; else what was found.

        Raises `InputError` where its name doesn't say which part it is, `AbsorbedError` where another file of the draft
        continues the series already, and this one is now a part of its table.
        """
        if "parts" in (resource.series or {}) or "apart" in (resource.series or {}):
            return found
        self._absorb(row, resource, found, folder)
        kept = (row.dataset.series or {}).get(resource.name)
        table = next((item for item in (manifest.tables if manifest else ()) if item.name == resource.name), None)
        if table is not None and kept is not None and kept["column"] in ("", *table.schema.names):
            self._continue(row, resource, found, folder, kept)
        return found if is_single(resource) else self.build(resource, folder)

    def build(self, resource: DraftResource, folder: Path) -> FoundTable:
        """The text of all parts of a joined table, made once. Raises `InputError` where they don't fit together."""
        series = resource.series or {}
        parts, target = series.get("parts", []), folder / "series.csv"
        is_built = "found" in series
        if series.get("made") == resource.upload:
            with self._context.kept_copy(resource.upload) as path:
                shutil.copyfile(path, target)
            resource.choices = _choose(resource, sum(part.get("rows", 0) for part in parts), is_built=True)
            return FoundTable(name=read_stem(resource.file), path=target, form="csv", marks=_join_marks(parts))
        parts = [self._read_again(part, folder) for part in parts]
        with ExitStack() as opened:
            counts = self._write(parts, [self._lend(part, opened) for part in parts], series, target)
        resource.upload, resource.upload_bytes = self._context.private.put_blob(target)
        counted = [{**part, "rows": count, "made": []} for part, count in zip(parts, counts, strict=True)]
        made = {**series, "parts": counted, "made": resource.upload, "found": describe_found(parts)}
        resource.series = made  # type: ignore[assignment]  # the same with more
        resource.choices = _choose(resource, sum(counts), is_built=is_built)
        return FoundTable(name=read_stem(resource.file), path=target, form="csv", marks=_join_marks(parts))

    def _absorb(self, row: Draft, resource: DraftResource, found: FoundTable, folder: Path) -> None:
        """Make a file a part of a table of this draft that continues the same series. Raises `AbsorbedError` then."""
        taken = ((resource.edition or {}).get("figures") or {}).get("taken")
        head = next((item for item in row.resources if item.name == taken and item is not resource), None)
        kept = (row.dataset.series or {}).get(taken) if taken else None
        if head is None or kept is None or "apart" in (head.series or {}):
            return
        begun = (head.series or {}).get("parts")
        if not begun and (kept["added"] or not head.checked):
            return  # its file has the column itself, and isn't a part
        part = self._read(make_part(resource, ""), found, folder)
        if kept["added"] and kept["column"] in self._list_labels(part):
            return
        part["value"] = self._find_value(row, resource, kept, head) if kept["added"] else ""
        begun = begun or [make_part(head, "")]
        _require_another(begun, part, kept)
        parts = sorted([*begun, part], key=place_part)
        head.series = SeriesJson(
            cut=kept["cut"], column=kept["column"], added=kept["added"], rest=kept["rest"], parts=parts
        )
        head.decisions = head.decisions or resource.decisions
        ask_again(head)
        head.checked = False
        row.privacy = [item for item in row.privacy if item["resource"] != resource.name]
        row.resources.remove(resource)
        raise AbsorbedError

    def _continue(
        self, row: Draft, resource: DraftResource, found: FoundTable, folder: Path, kept: Mapping[str, Any]
    ) -> None:
        """Give the next file of a series the column that its name fills, unless it has that itself."""
        if (resource.edition or {}).get("mode") == Mode.NEW or not kept["added"]:
            return
        part = self._read(make_part(resource, ""), found, folder)
        if kept["column"] in self._list_labels(part):
            return
        part["value"] = self._find_value(row, resource, kept, resource)
        resource.series = SeriesJson(
            cut=kept["cut"], column=kept["column"], added=True, rest=kept["rest"], parts=[part]
        )
        if resource.edition is None:
            resource.edition = {"wanted": AUTO, "figures": {}}

    def _read_again(self, part: PartOfSeriesJson, folder: Path) -> PartOfSeriesJson:
        """A part whose file hasn't been read: the table that it has at the same place as the file before."""
        if "dialect" in part:
            return part
        place = part["table"]["reading"]["sheet"]
        limits = Limits(total_bytes=4 * self._context.settings.max_upload_bytes)
        with self._context.kept_copy(part["upload"]) as path:
            tables = find_tables(path, part["file"], _make_place(folder), limits=limits)
            found = next((table for table in tables if place is not None and table.place == place), tables[0])
            return self._read(part, found, folder)

    def _read(self, part: PartOfSeriesJson, found: FoundTable, folder: Path) -> PartOfSeriesJson:
        """A part with its text, and what its file says about itself."""
        table = part["table"]
        choices = read_choices({key: item for key, item in (table["choices"] or {}).items() if key != NO_ROWS})
        opened = open_table(found, folder, choices=choices.declare(table["dialect"], table["encoding"]))
        part["plain"], _ = self._context.private.put_blob(opened.path)
        part["dialect"] = opened.dialect.describe()
        part["columns"] = dict(opened.renames)
        labels = self._list_labels(part)
        units = ((table["meaning"] or {}).get("said") or {}).get("units") or {}
        marks = mark_units(self._list_labels({**part, "columns": {}}), units, opened.marks)
        part["marks"] = {labels[number - 1]: dict(mark) for number, mark in marks.items() if number <= len(labels)}
        layout = opened.understanding.layout
        part["found"] = find_meaning(
            file=read_stem(part["file"]),
            sheet=found.place if found.form in WORKBOOKS else None,
            above=layout.titles,
            below=layout.footnotes,
            labels=labels,
        ).describe()
        return part

    def _find_value(self, row: Draft, resource: DraftResource, series: Mapping[str, Any], table: DraftResource) -> str:
        """What the name of a sheet or a file says of all its rows."""
        sheet, stem, cut = (resource.reading or {}).get("sheet"), read_stem(resource.file), Cut(series["cut"])
        value, of_file = (read_value(cut, series["rest"], names) for names in ([str(sheet or stem), stem], [stem]))
        if value is not None and of_file not in (None, value) and not _has_sheets(row, resource, cut):
            column = series["column"]
            raise UnreadableFileError(
                _CONTRARY, file=resource.file, sheet=sheet, column=column, one=value, other=of_file
            )
        if value is not None:
            return value
        example = f"{series['rest']}{_EXAMPLES[cut]}"
        raise UnreadableFileError(
            _NAMELESS, column=series["column"], table=table.title or table.name, file=resource.file, example=example
        )

    def _lend(self, part: PartOfSeriesJson, opened: ExitStack) -> JoinedPart:
        source = opened.enter_context(self._context.kept_copy(part.get("plain") or part["upload"]))
        return JoinedPart(
            path=source,
            dialect=restore_dialect(part["dialect"]),
            value=part.get("value", ""),
            columns=part.get("columns", {}),
        )

    def _list_labels(self, part: PartOfSeriesJson) -> Sequence[str]:
        with ExitStack() as opened:
            try:
                return self._lend(part, opened).read_labels()
            except DecodingFault:
                return ()

    def _write(
        self, parts: Sequence[PartOfSeriesJson], lent: Sequence[JoinedPart], series: SeriesJson, target: Path
    ) -> list[int]:
        files = [part["file"] for part in parts]
        try:
            return write_joined(lent, target, column=series["column"] if series["added"] else None)
        except UnlikePartsError as error:
            columns = Listed([*error.missing, *error.extra])
            raise UnreadableFileError(_UNLIKE, file=files[error.place], first=files[0], columns=columns) from None
        except DamagedPartError as error:
            raise UnreadableFileError(_DAMAGED, file=files[error.place]) from None


def _choose(resource: DraftResource, rows: int, *, is_built: bool) -> dict[str, Any]:
    """How the text of all parts is read. What somebody said of its columns holds on, once it `is_built`."""
    own = (NO_ROWS, "columns") if is_built else (NO_ROWS,)
    kept = {name: value for name, value in (resource.choices or {}).items() if name in own}
    return {**kept, **_CHOICES, **({"last_row": rows + 1} if rows else {})}


def _require_another(parts: Sequence[PartOfSeriesJson], part: PartOfSeriesJson, series: Mapping[str, Any]) -> None:
    """Raises `UnreadableFileError` where another file is of the same period or area: rows would be there twice.

    Sheets of one file that have the column themselves may be of the same.
    """
    value, sheet = _tell(part, series), part["table"]["reading"]["sheet"]
    for other in parts:
        is_beside = other["upload"] == part["upload"] and other["table"]["reading"]["sheet"] != sheet
        is_beside = is_beside and not series["added"]
        if value and not is_beside and _tell(other, series) == value:
            raise UnreadableFileError(_SAME, file=_call(part), other=_call(other), value=value)


def _has_sheets(row: Draft, resource: DraftResource, cut: Cut) -> bool:
    """Whether the file of a table has other sheets that are parts of a series: then its own name is of them all."""
    sheets = [
        (item.reading or {}).get("sheet")
        for item in row.resources
        if item is not resource and item.upload == resource.upload
    ]
    parts = (part for item in row.resources for part in (item.series or {}).get("parts", ()))
    sheets += [part["table"]["reading"]["sheet"] for part in parts if part["upload"] == resource.upload]
    return any(sheet and read_value(cut, "", [sheet]) is not None for sheet in sheets)


def _call(part: PartOfSeriesJson) -> str:
    """The name of a file, with that of its sheet."""
    sheet = part["table"]["reading"]["sheet"]
    return f"{part['file']} {sheet}" if sheet else part["file"]


def _tell(part: PartOfSeriesJson, series: Mapping[str, Any]) -> str | None:
    """What tells a part from others: its value, else what the name of its file says."""
    return part.get("value") or read_value(Cut(series["cut"]), series["rest"], [read_stem(part["file"])])


def _join_marks(parts: Sequence[PartOfSeriesJson]) -> Mapping[str, Mapping[str, Any]]:
    """What the columns of all parts keep of their files. Raises `UnreadableFileError` where they differ."""
    first = parts[0].get("marks") or {}
    for part in parts[1:]:
        marks = part.get("marks") or {}
        unlike = [name for name in {**first, **marks} if first.get(name) != marks.get(name)]
        if unlike:
            raise UnreadableFileError(_UNLIKE_UNIT, file=part["file"], columns=Listed(unlike))
    return first


def _make_place(folder: Path) -> Path:
    """A folder of its own for what comes out of one container."""
    place = folder / f"part-{len(list(folder.iterdir()))}"
    place.mkdir()
    return place
