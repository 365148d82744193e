"""Everything in the program that reads what strangers send: each as a function of bytes, with what it is usually sent.

A reading ends, or raises an error of the program's own that can be said in every language. Anything else is a fault.
"""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from opendata.errors import InputError, OpendataError
from opendata.settings import LANGUAGES
from opendata.wording.voice import voice_of
from tests.fuzz.damages import damage_file, damage_json, damage_text
from tests.fuzz.files import preview, read_attachment, read_file, report_file, screen, written
from tests.fuzz.seeds import (
    BODY,
    CELLS,
    CHOICES,
    DECISIONS,
    FORMATS,
    HEADERS,
    METADATA,
    PACKAGE,
    RECIPE,
    ROWS,
    SCHEMA,
    SMALL,
    TYPED,
    Seeds,
    list_attachments,
    list_files,
)

Damage = Callable[[random.Random, bytes], bytes]


@dataclass(frozen=True, slots=True)
class Reading:
    """A reader: `read` takes bytes and the name of the seed that they were made from. `is_whole` reads files."""

    name: str
    read: Callable[[bytes, str], object]
    seeds: Callable[[], Seeds]
    damage: Damage
    share: int = 1
    """How many of all inputs are for this reader, in proportion."""


def read_one(reading: Reading, data: bytes, name: str) -> str:
    """Read an input to its end: `read`, or the name of the error that refused it. Raises what must not be raised."""
    try:
        reading.read(data, name)
    except OpendataError as error:
        if not isinstance(error, InputError) and type(error).__name__ not in _OTHERS:
            raise
        for language in LANGUAGES:
            voice = voice_of(language)
            voice.say_error(error)
            for item in error.faults:
                voice.say_fault(item)
        json.dumps(error.describe())
        return type(error).__name__
    return "read"


_OTHERS = ("PreconditionError", "ProtocolError")


# ------------------------------------------------------------------------------------------------- documents of JSON


def _read_schema(document: Any) -> object:
    """A schema, and a table checked under it, published and treated."""
    from opendata.privacy.detection.screen import PrivacyScreen
    from opendata.services.packages.validation import check_file
    from opendata.tables.schema.schema import publish_schema, read_schema
    from opendata.tables.table import prepare_table

    schema = read_schema(document)
    published = publish_schema(schema)
    json.dumps(published)
    read_schema(published)
    right = "".join(ROWS.splitlines(keepends=True)[:2])
    with written(right.encode(), "right.csv") as path:
        prepare_table(path, path.parent, name="t", schema=schema, screen=PrivacyScreen)
    with written(ROWS.encode(), "rows.csv") as path:
        return json.dumps(check_file(path, schema=schema))


def _read_decisions(document: Any) -> object:
    from opendata.privacy.treatments.parsing import require_shape
    from opendata.services.privacy.treating import read_decisions

    require_shape(document)
    return read_decisions(document, _schema())


@cache
def _schema() -> Any:
    from opendata.tables.schema.schema import read_schema

    plain = [{"name": item["name"], "type": item["type"]} for item in SCHEMA["fields"]]  # type: ignore[index]
    return read_schema({"fields": plain})


def _read_package(document: Any) -> object:
    from opendata.metadata.package import read_package

    return read_package(document)


def _read_metadata(document: Any) -> object:
    from opendata.metadata.dataset import read_metadata

    return read_metadata(document) if isinstance(document, dict) else None


def _read_choices(document: Any) -> object:
    from opendata.intake.understanding import read_choices
    from opendata.tables.text.dialect import read_dialect

    if not isinstance(document, dict):
        return None
    found = read_choices(document)
    if found.dialect is not None:
        read_dialect(found.dialect, encoding=found.encoding)
    return json.dumps(found.describe())


def _read_recipe(document: Any) -> object:
    from opendata.recipes.recipe import describe_recipe, read_recipe

    return json.dumps(describe_recipe(read_recipe(document)))


def _read_document(data: bytes, name: str) -> object:
    """The bytes of a document, before anything is known of it."""
    from opendata.api.core.documents import parse_document
    from opendata.metadata import package

    with suppress(InputError):
        parse_document(data)
    return package.parse_document(data, name)


def _of_json(read: Callable[[Any], object]) -> Callable[[bytes, str], object]:
    def parse(data: bytes, name: str) -> object:
        try:
            document = json.loads(data)
        except (ValueError, RecursionError):  # not a document: `document` reads those
            return None
        return read(document)

    return parse


def _damage_document(chance: random.Random, data: bytes) -> bytes:
    return json.dumps(damage_json(chance, json.loads(data))).encode()


# ---------------------------------------------------------------------------------------------------------- texts


@cache
def _rules() -> Sequence[Any]:
    from opendata.tables.check.cells import CellRule
    from opendata.tables.schema.schema import read_schema

    found = []
    for item in TYPED:
        schema = read_schema({"fields": [{"name": "a", **item}]})
        found.append(CellRule(schema, schema.fields[0]))
    return found


def _read_cell(text: str) -> object:
    """A cell under every type: read, kept as text again, and repaired."""
    from opendata.tables.repair.repairs import REPAIRS, Repairer
    from opendata.tables.types.registry import write_text

    for rule in _rules():
        found = rule.read(text)
        if found.value is not None:
            write_text(rule.kind, found.value, text)
        Repairer(rule.field, rule.nulls, tuple(REPAIRS), rule.is_right).repair(text)
    return None


def _read_notation(text: str) -> object:
    from opendata.domain.schema import Field
    from opendata.privacy.detection.spans import find_spans
    from opendata.privacy.detection.words.addresses import find_homes
    from opendata.privacy.masks import find_county, find_township, mask_name
    from opendata.tables.notation import amounts, moments, numbers, spellings, totals

    for mark in (".", ","):
        numbers.find_bare(text, mark)
    field = Field.from_json({"name": "a", "type": "number", "bareNumber": False, "groupChar": ","})
    numbers.unwrap_number(text, field)
    numbers.is_changed(text, field)
    numbers.find_unit(text, field)
    for is_day in (False, True):
        moments.read_moment(text, is_day=is_day)
        moments.read_serial(text, is_day=is_day)
    for mend in (amounts.rewrite_sign, amounts.rewrite_magnitude, spellings.narrow, spellings.unwrap_formula):
        mend(text)
    totals.is_total(text)
    for of_phones in (False, True):
        find_spans(text, of_phones=of_phones)
    return find_homes(text), find_county(text), find_township(text), mask_name(text)


def _read_number_format(text: str) -> object:
    from opendata.intake.workbook.number_formats import read_format

    found = read_format(text)
    return [(found.pad(number), found.label(number)) for number in ("0", "-1", "12345678", "1e300", "0.5")]


def _read_small(text: str) -> object:
    """Short texts in addresses, headers and settings."""
    from opendata.domain.access.addresses import find_client, name_source, shorten_address
    from opendata.domain.moments import read_day
    from opendata.intake.columnar.dbase import read_code_page
    from opendata.metadata.identifiers import find_identifier_fault
    from opendata.metadata.package import find_path_fault
    from opendata.metadata.versions import parse_version
    from opendata.sending.ranges import parse_ranges
    from opendata.services.core.paging import read_cursor
    from opendata.web.core.formats import render_markdown
    from opendata.web.core.numbers import read_number

    parse_ranges(text, 1000)
    find_client("127.0.0.1", text, ("127.0.0.0/8", "::1"))
    shorten_address(text, "network")
    name_source(text)
    read_day(text)
    read_code_page(text.encode("utf-8", "surrogatepass"))
    find_identifier_fault("/id", text)
    find_path_fault("/path", text)
    parse_version(text)
    read_number(text)
    with suppress(UnicodeEncodeError):  # half a surrogate pair: metadata can't have it
        render_markdown(text)
    for read in (read_cursor, _read_audit_time):
        with suppress(InputError):
            read(text)
    return None


def _read_audit_time(text: str) -> object:
    from opendata.services.audit.events import read_time

    return read_time(text)


def _read_headers(text: str) -> object:
    """The headers of a request that asks for a file, of one that sends a piece and of one that changes something."""
    from flask import Flask
    from werkzeug.exceptions import HTTPException

    from opendata.api.core import conditions
    from opendata.api.uploads import tus_headers
    from opendata.sending.content import choose_coding, describe_bytes, send

    headers = []
    for line in text.split("\n"):
        name, _, value = line.partition(":")
        if name and value and not any(mark in line for mark in "\r\0"):
            headers.append(
                (
                    name.strip().encode("ascii", "ignore").decode() or "X",
                    value.strip().encode("latin-1", "replace").decode("latin-1"),
                )
            )
    app = _bare_app()
    assert isinstance(app, Flask)
    with app.test_request_context("/?a=%FF&b", headers=headers, method="GET"):
        for ask in (
            lambda: send(describe_bytes(b"0123456789" * 30, "text/plain", "no-store")),
            lambda: choose_coding(("zstd", "gzip")),
            conditions.read_revision,
            conditions.read_once,
            lambda: conditions.answer_unless_known("x", 3),
            tus_headers.read_metadata,
            tus_headers.read_checksum,
            lambda: tus_headers.read_number("Upload-Length"),
            tus_headers.require_version,
            tus_headers.require_piece,
        ):
            with suppress(OpendataError, HTTPException):
                ask()
    return None


@cache
def _bare_app() -> object:
    from flask import Flask

    return Flask("headers")


def _read_body(data: bytes, name: str) -> object:
    """The body of a form with files."""
    from opendata.api.core.multipart import open_form

    app = _bare_app()
    app.config["MAX_CONTENT_LENGTH"] = 1 << 20  # type: ignore[attr-defined]
    head, _, body = data.partition(b"\n\n")
    kind = head.decode("latin-1").replace("\r", "").replace("\n", "")
    with app.test_request_context(  # type: ignore[attr-defined]
        "/",
        method="POST",
        input_stream=io.BytesIO(body),
        headers={"Content-Type": kind, "Content-Length": str(len(body))},
    ):
        open_form()
        from flask import request

        return [*request.files.values()], [*request.form.items()]


def _of_text(read: Callable[[str], object]) -> Callable[[bytes, str], object]:
    def parse(data: bytes, name: str) -> object:
        try:
            text = data.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
        return read(text)

    return parse


def _damage_words(chance: random.Random, data: bytes) -> bytes:
    return damage_text(chance, data.decode()).encode("utf-8", "surrogatepass")


def _texts(items: Sequence[str]) -> Callable[[], Seeds]:
    return lambda: {f"text-{number}": text.encode() for number, text in enumerate(items)}


def _documents(*items: object) -> Callable[[], Seeds]:
    return lambda: {f"document-{number}": json.dumps(item).encode() for number, item in enumerate(items)}


READINGS: Sequence[Reading] = (
    Reading("file", read_file, list_files, damage_file, 10),
    Reading("check", report_file, list_files, damage_file, 4),
    Reading("screen", screen, list_files, damage_file, 4),
    Reading("preview", preview, list_files, damage_file, 6),
    Reading("attachment", read_attachment, list_attachments, damage_file, 2),
    Reading("schema", _of_json(_read_schema), _documents(SCHEMA), _damage_document, 6),
    Reading("decisions", _of_json(_read_decisions), _documents(DECISIONS), _damage_document, 3),
    Reading("package", _of_json(_read_package), _documents(PACKAGE), _damage_document, 4),
    Reading("metadata", _of_json(_read_metadata), _documents(METADATA), _damage_document, 3),
    Reading("choices", _of_json(_read_choices), _documents(*CHOICES), _damage_document, 3),
    Reading("recipe", _of_json(_read_recipe), _documents(RECIPE), _damage_document, 1),
    Reading("document", _read_document, _documents(PACKAGE, METADATA), damage_file, 2),
    Reading("cell", _of_text(_read_cell), _texts(CELLS), _damage_words, 6),
    Reading("notation", _of_text(_read_notation), _texts(CELLS), _damage_words, 4),
    Reading("number-format", _of_text(_read_number_format), _texts(FORMATS), _damage_words, 3),
    Reading("small", _of_text(_read_small), _texts(SMALL), _damage_words, 4),
    Reading("headers", _of_text(_read_headers), _texts(HEADERS), _damage_words, 4),
    Reading("body", _read_body, lambda: {"form": BODY}, damage_file, 2),
)
