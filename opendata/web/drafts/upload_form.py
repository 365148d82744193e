"""An upload as a form: rows of a file, the table it becomes, its schema and how it is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import gettext
from werkzeug.datastructures import FileStorage, MultiDict

from opendata.domain.editions.modes import AUTO, Mode
from opendata.errors import OpendataError
from opendata.problems import choose_voice
from opendata.services.core.values import DraftView, SchemaView
from opendata.services.drafts.intake import ResourceOption
from opendata.services.uploads.upload_values import UploadedFile, make_name_distinct
from opendata.web.core.numbers import read_number
from opendata.web.drafts.choices import APPEND, ATTACHMENT, ENCODING_NAMES, NEW
from opendata.wording.parser_faults import explain_json

ROWS = 5
MORE_ROWS = tuple(f"_{number}" for number in range(1, ROWS))
BOX = -1
"""The row of a file that came from the box for several files, of which nothing else is said."""

FOUND_OUT = ""
"""Said of a file that becomes whatever its columns, its name and its keys tell."""

_UNNAMED = (FOUND_OUT, NEW, ATTACHMENT)
DELIMITERS = {"": "auto", ",": ",", ";": ";", "tab": "\t", "|": "|"}
ENCODINGS = tuple(ENCODING_NAMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """What a form sent. `rows` are the numbers of those rows in it that carry a file, in the order of `files`."""

    files: Sequence[UploadedFile]
    options: Sequence[ResourceOption]
    rows: Sequence[int]
    errors: Mapping[str, list[str]]


def read_upload(
    form: MultiDict[str, str], sent: MultiDict[str, FileStorage], open_upload: Callable[[str], UploadedFile]
) -> Upload:
    """The files and the options of each; one that arrived in pieces is named by the form, and opened."""
    files: list[UploadedFile] = []
    options: list[ResourceOption] = []
    rows: list[int] = []
    errors: dict[str, list[str]] = {}
    for number, given in _list_given(form, sent):
        try:
            arrived = open_upload(given) if isinstance(given, str) else UploadedFile(str(given.filename), given.stream)  # type: ignore[arg-type]  # an IO[bytes] is one
        except OpendataError as error:
            errors[_name_file(number)] = [choose_voice().say_error(error)]
            continue
        name = make_name_distinct(_base_name(arrived.name), [found.name for found in files])
        schema, faults = _read_schema(form, number)
        errors |= {**faults, **_find_name_fault(form, number)}
        files.append(replace(arrived, name=name))
        options.append(_read_option(form, number, name, schema))
        rows.append(number)
    if not files and not errors:
        errors[_name_file(BOX if form.get("box") else 0)] = [gettext("Choose a file")]
    return Upload(files=files, options=options, rows=rows, errors=errors)


def _list_given(
    form: MultiDict[str, str], sent: MultiDict[str, FileStorage]
) -> Iterator[tuple[int, str | FileStorage]]:
    """What was sent, each with its row: a file, or the name of an upload that arrived in pieces."""
    for number in range(ROWS):
        file = sent.get(f"file_{number}")
        if form.get(f"upload_{number}"):
            yield number, form[f"upload_{number}"]
        elif file is not None and file.filename:
            yield number, file
    yield from ((BOX, upload) for upload in form.getlist("upload") if upload)
    yield from ((BOX, file) for file in sent.getlist("files") if file.filename)


def _name_file(row: int) -> str:
    """The field of a file."""
    return "files" if row == BOX else f"file_{row}"


def show_draft(draft: DraftView, library: Sequence[SchemaView]) -> dict[str, str]:
    """The fields of a draft that is to be sent again with corrected files."""
    refs = {schema.ref for schema in library}
    values = {"notes": draft.notes, "draft": draft.id}
    for number, table in enumerate([table for table in draft.tables if not table.carried][:ROWS]):
        mode = table.edition.mode if table.edition is not None else None
        grows, is_new = mode == Mode.APPEND, mode == Mode.NEW
        values[f"table_{number}"] = NEW if is_new else f"{APPEND}{table.name}" if grows else table.name
        values[f"name_{number}"] = table.name
        values[f"title_{number}"] = table.title
        delimiter = (table.dialect or {}).get("delimiter", "")
        values[f"delimiter_{number}"] = next((key for key, char in DELIMITERS.items() if char == delimiter), "")
        if table.schema_name in refs:
            values |= {f"schema_{number}": "library", f"library_{number}": table.schema_name}
        elif table.schema:
            text = json.dumps(table.schema, ensure_ascii=False, indent=2)
            values |= {f"schema_{number}": "own", f"own_{number}": text}
    return values


def place_fault(pointer: str, rows: Sequence[int]) -> str:
    """The field on the form that a pointer of the services means, or nothing."""
    parts = pointer.strip("/").split("/")
    number = read_number(parts[1]) if parts[0] == "resources" and len(parts) >= 3 else None
    if number is not None and number < len(rows):
        if rows[number] == BOX:
            return _name_file(BOX)
        field = {"name": "name", "schema": "library", "file": "file"}.get(parts[2], "file")
        return f"{field}_{rows[number]}"
    if parts[0] == "file":
        return _name_file(BOX if BOX in rows else 0)
    return ""


def _read_option(
    form: Mapping[str, str], number: int, name: str, schema: str | Mapping[str, Any] | None
) -> ResourceOption:
    delimiter = DELIMITERS.get(form.get(f"delimiter_{number}", ""), "auto")
    encoding = form.get(f"encoding_{number}", "")
    becomes, mode = _read_becomes(form.get(f"table_{number}", FOUND_OUT))
    chosen = form.get(f"name_{number}", "").strip() if becomes in _UNNAMED else becomes.removeprefix(APPEND)
    return ResourceOption(
        file=name,
        type="attachment" if becomes == ATTACHMENT else None if becomes in _UNNAMED else "table",
        name=chosen or None,
        mode=mode,
        schema=schema,
        title=form.get(f"title_{number}", "").strip(),
        dialect=None if delimiter == "auto" else {"delimiter": delimiter},
        encoding=encoding if encoding in ENCODINGS else None,
    )


def _read_becomes(becomes: str) -> tuple[str, str | None]:
    """What a file is said to become, and what its rows are to the published table."""
    if becomes == FOUND_OUT:
        return becomes, AUTO
    if becomes == NEW:
        return becomes, Mode.NEW
    return becomes, Mode.APPEND if becomes.startswith(APPEND) else None


def _find_name_fault(form: Mapping[str, str], number: int) -> Mapping[str, list[str]]:
    """What is wrong where a file is said to replace a table and to be a new one."""
    becomes, name = form.get(f"table_{number}", FOUND_OUT), form.get(f"name_{number}", "").strip()
    if becomes in _UNNAMED or name in ("", becomes.removeprefix(APPEND)):
        return {}
    text = gettext("You chose the table that the file replaces and entered a name for a new one. Keep one of them")
    return {f"name_{number}": [text]}


def _read_schema(
    form: Mapping[str, str], number: int
) -> tuple[str | Mapping[str, Any] | None, Mapping[str, list[str]]]:
    """The schema chosen in a row (None: as last time, or none), and what is wrong, by field.

    A schema that is given counts, whichever button beside it is set. Two are one too many.
    """
    chosen, text = form.get(f"library_{number}", ""), form.get(f"own_{number}", "").strip()
    if chosen and text:
        wrong = gettext("You chose a schema in the list and entered one of your own. Keep one of them")
        return None, {f"library_{number}": [wrong]}
    if chosen:
        return chosen, {}
    if text:
        return _read_own(text, number)
    match form.get(f"schema_{number}", "last"):
        case "library":
            return None, {f"library_{number}": [gettext("Choose a schema")]}
        case "own":
            return None, {f"own_{number}": [gettext("Enter your Table Schema")]}
        case _:
            return None, {}


def _read_own(text: str, number: int) -> tuple[Mapping[str, Any] | None, Mapping[str, list[str]]]:
    """A Table Schema that somebody entered."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = gettext(explain_json(error))
        if isinstance(error, json.JSONDecodeError):
            said = gettext("This isn't valid JSON at line %(line)s, column %(column)s: %(reason)s")
            text = said % {"line": error.lineno, "column": error.colno, "reason": reason}
        else:
            text = gettext("This isn't valid JSON: %(reason)s", reason=reason)
        return None, {f"own_{number}": [text]}
    if not isinstance(found, dict):
        return None, {f"own_{number}": [gettext("A schema must be a JSON object with a list “fields”")]}
    return found, {}


def _base_name(name: str) -> str:
    return name.replace("\\", "/").rsplit("/", 1)[-1].replace("\0", "")[:200] or "table.csv"
