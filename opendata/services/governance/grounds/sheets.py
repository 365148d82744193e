"""The negative list as a form: written as a workbook or CSV, and read from what a maintainer filled in and sends."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import IO, Any

from opendata.domain.grounds.codes import GROUNDS
from opendata.domain.grounds.entries import MOST_ENTRIES, Entry
from opendata.errors import N_, Fault, InvalidMetadataError, TooLargeError, fault
from opendata.intake.filled_sheets import MOST_BYTES, FilledSheet, list_filled_sheets
from opendata.services.core.context import Context
from opendata.settings import LANGUAGES
from opendata.tables.forms.book import Book, name_sheet
from opendata.tables.forms.csv_lines import write_csv_line
from opendata.tables.forms.workbook_parts import name_column
from opendata.wording.voice import Voice, voice_of

COLUMNS: Mapping[str, str] = {
    "id": N_("Number of the entry"),
    "title": N_("What isn't disclosed"),
    "description": N_("Explanation"),
    "ground": N_("Ground"),
    "legalBasis": N_("Legal basis"),
    "publishers": N_("Publishers (empty: all)"),
    "from": N_("First day"),
    "until": N_("Last day"),
}
"""Property of an entry → the heading of its column."""

_NEEDED = ("title", "ground", "legalBasis")
_SHEET = N_("Negative list")
_HELP = N_("Grounds")
_WIDTHS = (12, 40, 40, 24, 40, 24, 14, 14)
_SEPARATORS = re.compile(r"[,，、;；\n]")
_DAY = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?:[ T]00:00(?::00)?)?")


def write_workbook(entries: Sequence[Entry], voice: Voice) -> bytes:
    """The entries as a workbook to fill in, in the language of `voice`; a second worksheet names the grounds."""
    out = io.BytesIO()
    names = [[voice.translate(item.name)] for item in GROUNDS.values()]
    help_sheet = name_sheet(voice.translate(_HELP))
    choices = {list(COLUMNS).index("ground"): f"'{help_sheet}'!$A$1:$A${len(names)}"}
    with zipfile.ZipFile(out, "w") as archive:
        book = Book(archive)
        with book.begin_sheet(name_sheet(voice.translate(_SHEET)), _WIDTHS, choices=choices) as sheet:
            for number, row in enumerate(_write_rows(entries, voice)):
                sheet.write_texts(row, "wrapped" if number else "heading")
        with book.begin_sheet(help_sheet, [50]) as sheet:
            for row in names:
                sheet.write_texts(row, "wrapped")
        book.finish()
    return out.getvalue()


def write_csv(entries: Sequence[Entry], voice: Voice) -> str:
    """The entries as CSV that a spreadsheet opens."""
    return write_table(_write_rows(entries, voice))


def write_table(rows: Iterable[Sequence[str]]) -> str:
    """Rows as CSV that a spreadsheet opens: with a byte order mark, and nothing in it is a formula."""
    return "\ufeff" + "".join(write_csv_line(row, "\r\n") for row in rows)


def read_form(context: Context, stream: IO[bytes]) -> Sequence[Mapping[str, Any]]:
    """The entries that a workbook or CSV file has, as `NegativeLists.change` takes them, each with its `place`.

    Raises `InvalidMetadataError` with the cells that can't be read, `UnsupportedFormatError`, `UnreadableFileError`,
    `TooLargeError`.
    """
    with context.work_folder() as folder:
        path = folder / "form"
        with path.open("wb") as file:
            while chunk := stream.read(1 << 20):
                file.write(chunk)
                if file.tell() > MOST_BYTES:
                    raise TooLargeError(N_("The file has more than %(size)s MB"), size=MOST_BYTES >> 20)
        sheet = list_filled_sheets(path, path.name)[0]
        # A text has no sheet: it is called as its file, whose name here nobody knows.
        return read_rows(sheet._replace(name="") if sheet.name == path.name else sheet)


def read_rows(sheet: FilledSheet) -> Sequence[Mapping[str, Any]]:
    """The entries in the rows of a form; blank rows say nothing. Raises `InvalidMetadataError` as `read_form`."""
    heads = [_know_heads().get(_clean(text), "") for text in sheet.rows[0]] if sheet.rows else []
    missing = [name for name in _NEEDED if name not in heads]
    if missing:
        text = N_("The first row has no heading “%(name)s”. Download the form again and fill it in")
        raise InvalidMetadataError(faults=[fault("", text, name=COLUMNS[name]) for name in missing])
    if len(sheet.rows) > MOST_ENTRIES + 1:
        text = N_("The negative list can have at most %(limit)s entries")
        raise InvalidMetadataError(faults=[fault("", text, limit=MOST_ENTRIES)])
    faults: list[Fault] = []
    found: list[Mapping[str, Any]] = []
    for number, row in enumerate(sheet.rows[1:], start=2):
        cells = {name: text.strip() for name, text in zip(heads, row, strict=False) if name}
        if not any(cells.values()):
            continue
        places = {name: _name_cell(sheet, heads.index(name), number) for name in COLUMNS if name in heads}
        entry: dict[str, Any] = {name: cells.get(name, "") for name in COLUMNS}
        entry["publishers"] = [text.strip() for text in _SEPARATORS.split(entry["publishers"]) if text.strip()]
        entry["ground"] = _know_grounds().get(_clean(entry["ground"]), entry["ground"])
        if entry["ground"] not in GROUNDS:
            text = N_("“%(value)s” isn't a ground. The second worksheet names them")
            faults.append(fault(places["ground"], text, value=entry["ground"][:60]))
        for name in ("from", "until"):
            day = _DAY.fullmatch(entry[name])
            entry[name] = f"{day[1]}-{int(day[2]):02}-{int(day[3]):02}" if day else entry[name]
        found.append({**entry, "place": places})
    if faults:
        raise InvalidMetadataError(faults=faults)
    return found


def place_faults(faults: Sequence[Fault], entries: Sequence[Mapping[str, Any]]) -> list[Fault]:
    """Each fault of an entry at the cell that it is about."""
    placed = []
    for item in faults:
        parts = item.pointer.strip("/").split("/")
        is_cell = len(parts) == 3 and parts[0] == "entries" and parts[1].isdigit()
        places = entries[int(parts[1])]["place"] if is_cell else {}
        placed.append(Fault(places.get(parts[-1], ""), item.message, item.params))
    return placed


def _write_rows(entries: Sequence[Entry], voice: Voice) -> Iterator[list[str]]:
    yield [voice.translate(text) for text in COLUMNS.values()]
    for item in entries:
        found = item.to_json()
        found["ground"] = voice.translate(item.kind.name)
        found["publishers"] = ", ".join(item.publishers)
        yield [str(found[name] or "") for name in COLUMNS]


def _name_cell(sheet: FilledSheet, column: int, row: int) -> str:
    cell = f"{name_column(column)}{row}"
    return f"{sheet.name}!{cell}" if sheet.name else cell


def _clean(text: str) -> str:
    return "".join(text.split()).casefold()


@cache
def _know_heads() -> Mapping[str, str]:
    return _know(COLUMNS)


@cache
def _know_grounds() -> Mapping[str, str]:
    return _know({item.code: item.name for item in GROUNDS.values()})


def _know(texts: Mapping[str, str]) -> Mapping[str, str]:
    """What somebody may have written → its key: the key itself, or its name in any language."""
    says: list[Callable[[str], str]] = [voice_of(language).translate for language in LANGUAGES]
    names = {_clean(say(text)): key for key, text in texts.items() for say in says}
    return {**names, **{_clean(key): key for key in texts}}
