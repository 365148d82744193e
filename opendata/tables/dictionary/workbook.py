"""A schema as an Excel workbook that a clerk can fill in: a row for each field, the table as a whole, explanations.

It is read in any language that it is written in. What no cell shows is in a hidden column as JSON.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, BinaryIO

from opendata.errors import N_, Fault, InvalidSchemaError, fault
from opendata.settings import LANGUAGES
from opendata.tables.dictionary.cells import Cells, read_cells, write_cells
from opendata.tables.dictionary.properties import YES, clean
from opendata.tables.forms.book import Book, measure, name_sheet
from opendata.tables.forms.workbook_parts import name_column
from opendata.tables.limits import MAX_FIELDS
from opendata.wording.schemas import dictionary
from opendata.wording.schemas.dictionary import CELL_HINTS, CELL_TITLES, MATCHES, SHEETS, TABLE_TITLES
from opendata.wording.schemas.field_types import TYPE_EXAMPLES, TYPES
from opendata.wording.voice import Voice, voice_of

_TRANSLATED = ("title", "description")
_YES_KEYS = ("required", "unique")
_REST = "rest"
_KEY = "key"
_MORE_YES = ("y", "true", "1", "√", "✓", "x")


def write_dictionary(schema: Mapping[str, Any], out: BinaryIO, voice: Voice, languages: Sequence[str] = ()) -> None:
    """Write a workbook in the language of `voice`; `languages` are those that the schema is translated into."""
    cells = write_cells(schema, languages)
    keys = list_keys(languages)
    titles = [_say_title(voice, key, CELL_TITLES) for key in keys]
    rows = [[_show(voice, key, row.get(key, "")) for key in keys] for row in cells.rows]
    table = [
        [_say_title(voice, key, TABLE_TITLES), _show(voice, key, cells.table.get(key, ""))]
        for key in _list_table_keys(languages)
    ]
    types = [[voice.translate(TYPES[name]), example] for name, example in TYPE_EXAMPLES.items()]
    yes = voice.translate(dictionary.YES)
    matches = [[voice.translate(text)] for text in MATCHES.values()]
    helps = [
        [_say_title(voice, key, CELL_TITLES), voice.translate(CELL_HINTS[key]).replace("%%", "%")] for key in CELL_HINTS
    ]
    heading = [voice.say(N_("Heading")), voice.say(N_("How to fill it in"))]
    lists = [heading, *helps, [], [voice.say(N_("Type")), voice.say(N_("Example"))], *types, [], *matches, [], [yes]]
    first = len(helps) + 4
    ranges = {
        keys.index("type"): (first, first + len(types) - 1),
        keys.index("required"): (len(lists), len(lists)),
        keys.index("unique"): (len(lists), len(lists)),
    }
    names = {part: name_sheet(voice.translate(text)) for part, text in SHEETS.items()}

    def refer(rows: tuple[int, int]) -> str:
        return f"'{names['help']}'!$A${rows[0]}:$A${rows[1]}"

    matches_at = first + len(types) + 1
    with zipfile.ZipFile(out, "w") as archive:
        book = Book(archive)
        choices = {place: refer(found) for place, found in ranges.items()}
        with book.begin_sheet(
            names["columns"], measure([titles, *rows]), hidden=[keys.index(_REST)], choices=choices
        ) as sheet:
            for place, texts in enumerate([titles, *rows]):
                sheet.write_texts(texts, "wrapped" if place else "heading")
        head = [voice.say(N_("Property")), voice.say(N_("Value"))]
        with book.begin_sheet(
            names["table"], [40, 60], choices={1: refer((matches_at, matches_at + len(matches) - 1))}
        ) as sheet:
            for place, texts in enumerate([head, *table]):
                sheet.write_texts(texts, "wrapped" if place else "heading")
        with book.begin_sheet(names["help"], [40, 60]) as sheet:
            for place, texts in enumerate(lists):
                sheet.write_texts(texts, "wrapped" if place else "heading")
        book.finish()


def read_dictionary(
    sheets: Sequence[tuple[str, Sequence[Sequence[str]]]], languages: Sequence[str] = ()
) -> Mapping[str, Any]:
    """The schema that the worksheets of a workbook describe: their names with their rows.

    Raises `InvalidSchemaError`, each fault with the worksheet and cell it is about, such as `Columns!C4`.
    """
    faults: list[Fault] = []
    rows: list[dict[str, str]] = []
    places: list[str] = []
    table: dict[str, str] = {}
    found = False
    for name, lines in sheets:
        heads = [clean(text) for text in lines[0]] if lines else []
        known = _know_titles(tuple(languages))
        if not found and {"name", "type"} <= {known.get(head, "") for head in heads}:
            found = True
            rows, places = _read_rows(name, heads, lines[1:], known, faults)
        elif heads and heads[0] in _know_table_heads():
            table = _read_table(name, lines[1:], tuple(languages), faults)
    if not found:
        text = N_("The workbook has no worksheet with the headings “Name” and “Type”. Download it again and fill it in")
        raise InvalidSchemaError(N_("The workbook isn't a schema"), faults=[fault("", text)])
    if len(rows) > MAX_FIELDS:
        text = N_("A schema can have at most %(limit)s fields. This one has %(count)s")
        faults.append(fault("", text, limit=MAX_FIELDS, count=len(rows)))
    made = read_cells(Cells(table=table, rows=rows), languages)
    for item in made.faults:
        parts = item.pointer.strip("/").split("/")
        place = places[int(parts[1])] if parts[0] == "fields" else ""
        faults.append(Fault(place, item.message, item.params))
    if faults:
        raise InvalidSchemaError(N_("The workbook isn't a schema"), faults=faults)
    return made.schema


def list_keys(languages: Sequence[str]) -> list[str]:
    """The cells of a field, in the order of the columns."""
    keys = [key for key in CELL_TITLES if key != _REST]
    return [*keys, *(f"{part}_{language}" for language in languages for part in _TRANSLATED), _REST]


def _list_table_keys(languages: Sequence[str]) -> list[str]:
    keys = [key for key in TABLE_TITLES if key != _REST]
    return [*keys, *(f"{part}_{language}" for language in languages for part in _TRANSLATED), _REST]


def _say_title(voice: Voice, key: str, titles: Mapping[str, str]) -> str:
    part, _, language = key.rpartition("_")
    return f"{voice.translate(titles[part])} ({language})" if part else voice.translate(titles[key])


def _show(voice: Voice, key: str, text: str) -> str:
    if key == "type" and text in TYPES:
        return voice.translate(TYPES[text])
    if key in _YES_KEYS and text:
        return voice.translate(dictionary.YES)
    if key == "fieldsMatch" and text in MATCHES:
        return voice.translate(MATCHES[text])
    return text


def _voices() -> Iterator[Voice]:
    return map(voice_of, LANGUAGES)


@cache
def _know_titles(languages: tuple[str, ...]) -> Mapping[str, str]:
    return {_say_title(voice, key, CELL_TITLES): key for voice in _voices() for key in list_keys(languages)}


@cache
def _know_table_titles(languages: tuple[str, ...]) -> Mapping[str, str]:
    return {_say_title(voice, key, TABLE_TITLES): key for voice in _voices() for key in _list_table_keys(languages)}


@cache
def _know_table_heads() -> frozenset[str]:
    return frozenset(voice.say(N_("Property")) for voice in _voices())


@cache
def _know_words(say: str) -> Mapping[str, str]:
    """Words in any language → what they stand for."""
    texts = TYPES if say == "type" else MATCHES
    return {voice.translate(text): name for voice in _voices() for name, text in texts.items()} | {
        name: name for name in texts
    }


@cache
def _know_yes() -> frozenset[str]:
    return frozenset([*(voice.translate(dictionary.YES) for voice in _voices()), *_MORE_YES, "yes", "是"])


@cache
def _know_no() -> frozenset[str]:
    return frozenset(["no", "n", "false", "0", "否", "不", "-"])


def _read_rows(
    sheet: str,
    heads: Sequence[str],
    lines: Sequence[Sequence[str]],
    known: Mapping[str, str],
    faults: list[Fault],
) -> tuple[list[dict[str, str]], list[str]]:
    """The rows that aren't blank, and the cell with the JSON of each."""
    for place, head in enumerate(heads):
        if head and head not in known:
            text = N_("“%(text)s” isn't a heading of this workbook")
            faults.append(fault(f"{sheet}!{name_column(place)}1", text, text=head[:80]))
    keys = [known.get(head, "") for head in heads]
    rows, places = [], []
    for number, line in enumerate(lines, start=2):
        if not any(clean(text) for text in line):
            continue
        row = {}
        for place, (key, text) in enumerate(zip(keys, line, strict=False)):
            if key:
                cell = f"{sheet}!{name_column(place)}{number}"
                row[key] = _read_cell(
                    key, clean(text), lambda message, cell=cell, **params: faults.append(fault(cell, message, **params))
                )
        rows.append(row)
        places.append(f"{sheet}!{name_column(keys.index(_REST)) if _REST in keys else 'A'}{number}")
    return rows, places


def _read_cell(key: str, text: str, refuse: Callable[..., None]) -> str:
    if key == "type" and text:
        if text not in _know_words("type"):
            refuse(N_("“%(text)s” isn't a type. Choose one from the list"), text=text[:80])
        return _know_words("type").get(text, text)
    if key in _YES_KEYS and text:
        if text.lower() in _know_no():
            return ""
        if text.lower() not in _know_yes():
            refuse(N_("Write “yes”, or leave the cell empty"))
        return YES
    if key == _KEY and text and not text.isdecimal():
        if text.lower() in _know_no():
            return ""
        if text.lower() not in _know_yes():
            refuse(N_("Write 1, 2 and so on, or leave the cell empty"))
        return str(MAX_FIELDS)
    return text


def _read_table(
    sheet: str, lines: Sequence[Sequence[str]], languages: tuple[str, ...], faults: list[Fault]
) -> dict[str, str]:
    known = _know_table_titles(languages)
    table = {}
    for number, line in enumerate(lines, start=2):
        title, text = (*(clean(part) for part in line[:2]), "", "")[:2]
        if not title:
            continue
        if title not in known:
            message = N_("“%(text)s” isn't a heading of this workbook")
            faults.append(fault(f"{sheet}!A{number}", message, text=title[:80]))
            continue
        key = known[title]
        if key == "fieldsMatch" and text:
            if text not in _know_words("match"):
                message = N_("“%(text)s” isn't one of the choices. They are in the worksheet with explanations")
                faults.append(fault(f"{sheet}!B{number}", message, text=text[:80]))
            text = _know_words("match").get(text, text)
        table[key] = text
    return table
