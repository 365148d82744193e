"""From frictionless' findings to ours: where the strict rules depart, by the field's declaration and the cell's text.

`expect` says what the strict engine has to find in a table, by rules of this module's own. It never asks that engine.
`ask_live` gets frictionless' answer for it, `ask_stored` takes the stored verdict where `tests.differential.answers`
lets it.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from tests.differential.answers import recall
from tests.differential.oracle import Answer, Finding, Reader, ask

Broken = list[tuple[str, str]]
"""What is wrong with one cell: type of error and constraint, in order."""

CELL_TYPES = frozenset(["type-error", "constraint-error"])
KEY_TYPES = frozenset(["unique-error", "primary-key", "unique-key"])
HEADER_TYPES = frozenset(
    ["extra-label", "missing-label", "blank-label", "duplicate-label", "incorrect-label", "unmatched-header"]
)
_STRING_ORDER = ("required", "minLength", "maxLength", "pattern", "enum")
_DIGITS = frozenset("0123456789")
_URI = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?#[]@!$&'()*+,;=%")
_SENTINEL = "\x01end\x01"


class Expectation(NamedTuple):
    """What ours has to be: the header's findings in any order, those of rows in order.

    `repeated`: the labels stand twice where columns are matched by name, and frictionless gives up: ours goes on as
    it likes, but tells them. `tolerated` may be there or not: errors of a blank header, and of keys in a file that is
    damaged further down.
    """

    header: Counter[tuple[str, int]]
    rows: list[Finding]
    repeated: bool = False
    tolerated: frozenset[str] = frozenset()


class Verdict(NamedTuple):
    """What frictionless' answer asks of ours.

    `raised` names the exception that frictionless broke off with, `refused` says that it does not take the schema:
    nothing is expected then.
    """

    expected: Expectation
    raised: str = ""
    refused: bool = False


def ask_live(
    path: Path,
    text: str,
    schema: Mapping[str, Any],
    dialect: Mapping[str, Any],
    encoding: str = "utf-8",
    **csv_options: Any,
) -> tuple[Verdict, Answer]:
    """The verdict on a file of this text, and the answer of frictionless that it follows from."""
    from frictionless import FrictionlessException

    nothing = Expectation(Counter(), [])
    try:
        answer = ask(path, schema, dialect, encoding)
    except FrictionlessException:
        return Verdict(nothing, refused=True), Answer([], [])
    if answer.raised:
        return Verdict(nothing, raised=answer.raised.partition(":")[0]), answer
    rows = dialect.get("headerRows", [1]) if dialect.get("header", True) else []
    return Verdict(expect(text, schema, rows, answer, **csv_options)), answer


def ask_stored(path: Path, text: str, *asked: Any, **csv_options: Any) -> Verdict:
    """The same verdict, stored or live, and none of the answer."""
    question = ["strict", *asked, csv_options]
    live = lambda: _pack(ask_live(path, text, *asked, **csv_options)[0])  # noqa: E731
    return _unpack(recall(question, path.read_bytes(), live))


def _pack(verdict: Verdict) -> list[Any]:
    """As JSON: each kind of finding once, and of each finding how far below the one before it stands, and its kind."""
    expected, raised, refused = verdict
    kinds: dict[tuple[Any, ...], int] = {}
    places: list[int] = []
    last = 0
    for found in expected.rows:
        assert found.row is not None
        places += [found.row - last, kinds.setdefault(tuple(found[1:]), len(kinds))]
        last = found.row
    header = [[*key, count] for key, count in sorted(expected.header.items())]
    rest = [expected.repeated, sorted(expected.tolerated), raised, refused]
    return [header, list(map(list, kinds)), places, rest]


def _unpack(packed: list[Any]) -> Verdict:
    header, kinds, places, (repeated, tolerated, raised, refused) = packed
    rows, last = [], 0
    for step, kind in zip(places[::2], places[1::2], strict=True):
        last += step
        rows.append(Finding(last, *kinds[kind]))
    counted = Counter({(kind, number): count for kind, number, count in header})
    return Verdict(Expectation(counted, rows, repeated, frozenset(tolerated)), raised, refused)


class Column(NamedTuple):
    """One column of the file: its field, and whether the schema has it."""

    field: Mapping[str, Any]
    is_extra: bool


def expect(
    text: str, schema: Mapping[str, Any], header_rows: Sequence[int], answer: Answer, **csv_options: Any
) -> Expectation:
    """What the strict engine has to find in a file of this text, given what frictionless found."""
    text = text.removeprefix("\ufeff")
    records, broken_row, broken_type = split(text, **csv_options)
    first = max(header_rows, default=0) + 1
    if broken_row is not None and broken_row < first:
        return Expectation(Counter(), [Finding(broken_row, broken_type)])
    head = [
        Finding(None, found.type, found.number)
        for found in answer.findings
        if found.row is None and found.type != "missing-cell"
    ]
    labels = [label.strip() for label in records[first - 2]] if first > 1 and len(records) >= first - 1 else []
    by_name = schema.get("fieldsMatch", "exact") != "exact"
    if by_name and len(set(labels)) < len(labels):
        return Expectation(Counter(), [], repeated=True)
    header = Counter((_header_type(found, labels, by_name), found.number) for found in head)
    tolerated = frozenset(["source-error"]) if first > 1 and not labels else frozenset()
    columns = _find_columns(schema, labels, by_name)
    found = _Rows(schema, columns, answer).judge(records, first, broken_row)
    if broken_row is not None:
        tolerated |= KEY_TYPES
        found.append(Finding(broken_row, broken_type))
    return Expectation(header, found, tolerated=tolerated)


def split(text: str, **options: Any) -> tuple[list[list[str]], int | None, str]:
    """The records; the number and kind of the one that is damaged, if one is: the records then end before it."""
    head, nul, _ = text.partition("\0")
    lines = list(io.StringIO(head, newline=""))
    if nul:
        whole = list(csv.reader(lines, **options))
        inside = not lines or lines[-1].endswith(("\n", "\r"))
        opened = list(csv.reader([*lines, _SENTINEL], **options))[-1] != [_SENTINEL] if inside else True
        number = len(whole) + (0 if opened and whole else 1)
        return whole[: number - 1], number, "nul-byte"
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += "\n"
    records = list(csv.reader([*lines, _SENTINEL], **options))
    if records[-1] == [_SENTINEL]:
        return records[:-1], None, ""
    return records[:-1], len(records), "unclosed-quote"


def _header_type(found: Finding, labels: Sequence[str], by_name: bool) -> str:
    """A label that stands before is a repeated one, not one too many."""
    place = found.number - 1
    if found.type == "extra-label" and not by_name and labels[place] and labels[place] in labels[:place]:
        return "duplicate-label"
    return found.type


def _find_columns(schema: Mapping[str, Any], labels: Sequence[str], by_name: bool) -> list[Column]:
    fields = schema["fields"]
    if not labels:
        return [Column(item, False) for item in fields]
    if not by_name:
        known = [Column(item, False) for item in fields[: len(labels)]]
        return known + [Column({"name": f"\0{n}", "type": "any"}, True) for n in range(len(labels) - len(known))]
    names = {item["name"]: item for item in fields}
    return [
        Column(names[label], False) if label in names else Column({"name": f"\0{label}", "type": "any"}, True)
        for label in labels
    ]


class _Rows:
    """The findings of the rows of one table."""

    def __init__(self, schema: Mapping[str, Any], columns: Sequence[Column], answer: Answer) -> None:
        self._schema = schema
        self._columns = columns
        self._reader = Reader(schema)
        self._found: dict[int, list[Finding]] = {}
        for found in answer.findings:
            if found.row is not None:
                self._found.setdefault(found.row, []).append(found)
        default = _texts(schema.get("missingValues", [""]))
        self._nulls = [
            [""]
            if column.is_extra
            else _texts(column.field["missingValues"])
            if "missingValues" in column.field
            else default
            for column in columns
        ]
        present = {column.field["name"]: place for place, column in enumerate(columns)}
        primary = schema.get("primaryKey", [])
        primary = [primary] if isinstance(primary, str) else primary
        self._unique = [
            (place, dict[Any, int](), dict[Any, int]())
            for place, column in enumerate(columns)
            if (column.field.get("constraints") or {}).get("unique")
        ]
        self._primary = [present[name] for name in primary] if all(name in present for name in primary) else []
        self._seen: set[Any] = set()
        self._seen_leniently: set[Any] = set()
        self._keys = [
            ([present[name] for name in key], set[Any]())
            for key in schema.get("uniqueKeys", [])
            if all(name in present for name in key)
        ]

    def judge(self, records: Sequence[Sequence[str]], first: int, end: int | None) -> list[Finding]:
        """The findings of all rows before `end`, row by row."""
        judged: list[Finding] = []
        for number, record in enumerate(records[first - 1 :], start=first):
            if end is not None and number >= end:
                break
            judged += self._judge_row(number, record, self._found.get(number, ()))
        return judged

    def _judge_row(self, number: int, record: Sequence[str], found: Sequence[Finding]) -> list[Finding]:
        of_cells: dict[int, Broken] = {}
        others: dict[str, list[Finding]] = {}
        for item in found:
            if item.type in CELL_TYPES:
                of_cells.setdefault(item.number, []).append((item.type, item.rule))
            else:
                others.setdefault(item.type, []).append(item)
        is_blank = "blank-row" in others
        needs = {place for place, _, _ in self._unique} | set(self._primary) | {p for key, _ in self._keys for p in key}
        values: list[Any] = [None] * len(self._columns)
        lenient: list[Any] = [None] * len(self._columns)
        cells: list[Finding] = []
        for place, column in enumerate(self._columns):
            text = record[place] if place < len(record) else None
            broken = of_cells.get(place + 1, [])
            judged = broken
            if text is not None and text not in self._nulls[place] and not column.is_extra:
                is_read = all(kind != "type-error" for kind, _ in broken)
                judged = judge_cell(column.field, self._nulls[place], text, broken, self._reader)
                if place in needs and is_read:
                    lenient[place] = self._reader.read(column.field["name"], text)
                    if all(kind == "constraint-error" or kind == "category-error" for kind, _ in judged):
                        values[place] = lenient[place]
            if not is_blank:
                cells += [Finding(number, kind, place + 1, rule) for kind, rule in judged]
        if is_blank:
            cells = others["blank-row"]
        shape = sorted(others.get("extra-cell", [])) + sorted(others.get("missing-cell", []))
        return cells + shape + self._judge_keys(number, values, lenient, others)

    def _judge_keys(
        self, number: int, values: Sequence[Any], lenient: Sequence[Any], others: Mapping[str, Sequence[Finding]]
    ) -> list[Finding]:
        """Keys over the values that the strict rules take; over the lenient ones it has to come out as theirs."""
        judged: list[Finding] = []
        check: list[Finding] = []
        for place, seen, seen_leniently in self._unique:
            judged += _repeat(seen, values[place], Finding(number, "unique-error", place + 1))
            check += _repeat(seen_leniently, lenient[place], Finding(number, "unique-error", place + 1))
        assert check == list(others.get("unique-error", [])), "the judge reads unique cells otherwise than frictionless"
        if self._primary:
            judged += _judge_primary(self._seen, [values[place] for place in self._primary], number)
            check = _judge_primary(self._seen_leniently, [lenient[place] for place in self._primary], number)
            assert check == list(others.get("primary-key", [])), "the judge reads keys otherwise than frictionless"
        for places, seen_keys in self._keys:
            key = tuple(values[place] for place in places)
            if all(value is not None for value in key):
                judged += [Finding(number, "unique-key")] if key in seen_keys else []
                seen_keys.add(key)
        return judged


def _repeat(seen: dict[Any, int], value: Any, finding: Finding) -> list[Finding]:
    found = [finding] if value is not None and value in seen else []
    if value is not None:
        seen[value] = 1
    return found


def _judge_primary(seen: set[Any], key: Sequence[Any], number: int) -> list[Finding]:
    if all(value is None for value in key):
        return [Finding(number, "primary-key")]
    found = [Finding(number, "primary-key")] if tuple(key) in seen else []
    seen.add(tuple(key))
    return found


def _texts(values: Sequence[Any]) -> list[str]:
    return [item["value"] if isinstance(item, Mapping) else item for item in values]


# -------------------------------------------------------------------------------------------------------- cells


def judge_cell(field: Mapping[str, Any], nulls: Sequence[str], text: str, found: Broken, reader: Reader) -> Broken:
    """What the strict rules say of one cell that is not missing, given what frictionless finds in it."""
    rules = field.get("constraints") or {}
    trims = (field.get("opendata") or {}).get("trim", True) is not False
    if rules.get("required") and trims and text and text.strip() == "":
        return [("blank-cell", "")]
    if any(kind == "type-error" for kind, _ in found) and not _is_decimal(field, text):
        return [("type-error", "")]
    if field["type"] == "time" and "format" not in field and text.startswith("24"):  # the end of a day
        return [("type-error", "")]
    if is_lax(field, text):
        kind = "uri" if field["type"] == "string" else field["type"]
        return [(f"lax-{kind}", "")]
    judged = list(found)
    if field["type"] == "string" and "pattern" in rules:
        judged = [item for item in judged if item[1] != "pattern"]
        if re.fullmatch(f"(?:{rules['pattern']})", text) is None:
            judged.append(("constraint-error", "pattern"))
        judged.sort(key=lambda item: _STRING_ORDER.index(item[1]))
    categories = field.get("categories")
    if categories and field["type"] in ("string", "integer"):
        allowed = _texts(categories)
        if (text if field["type"] == "string" else int(text)) not in allowed:
            judged.append(("category-error", ""))
    if "jsonSchema" in rules and not _is_valid_json(text, rules["jsonSchema"]):
        judged.append(("constraint-error", "jsonSchema"))
    if not judged and not _fits(field, nulls, text, reader.read(field["name"], text)):
        return [("type-error", "")]
    return judged


def _is_decimal(field: Mapping[str, Any], text: str) -> bool:
    """Whether a cell that frictionless refuses for a float is a decimal, which is what ours reads: `1__0` is one."""
    if field["type"] != "number" or not field.get("floatNumber") or "_" not in text:
        return False
    try:
        Decimal(text)
    except ArithmeticError:
        return False
    return True


def is_lax(field: Mapping[str, Any], text: str) -> bool:
    """Whether a cell that frictionless reads is not written as the strict rules ask."""
    match field["type"], field.get("format", "default"):
        case "integer", _:
            return not _is_integer(text)
        case "number", _:
            return not _is_number(text.replace(field.get("decimalChar", "."), "."))
        case "date", "default":
            return [len(part) for part in text.split("-")] != [4, 2, 2] or not set(text.replace("-", "")) <= _DIGITS
        case "yearmonth", _:
            return [len(part) for part in text.split("-")] != [4, 2] or not set(text.replace("-", "")) <= _DIGITS
        case "year", "default":
            return not set(text) <= _DIGITS
        case "duration", _:
            return text[-1] in "PT"
        case "string", "uri":
            escapes = text.split("%")[1:]
            return not set(text) <= _URI or any(not re.match("[0-9A-Fa-f]{2}", item) for item in escapes)
    return False


def _is_integer(text: str) -> bool:
    digits = text[1:] if text[:1] in ("+", "-") else text
    return bool(digits) and set(digits) <= _DIGITS


def _is_number(text: str) -> bool:
    if text.lower() in ("nan", "inf", "-inf"):
        return True
    mantissa, mark, exponent = text.replace("E", "e").partition("e")
    if mark and not _is_integer(exponent):
        return False
    mantissa = mantissa[1:] if mantissa[:1] in ("+", "-") else mantissa
    whole, _, decimals = mantissa.partition(".")
    return bool(whole or decimals) and set(whole + decimals) <= _DIGITS


def _is_valid_json(text: str, rules: Mapping[str, Any]) -> bool:
    from jsonschema import Draft202012Validator

    return bool(Draft202012Validator(rules).is_valid(json.loads(text)))


def _fits(field: Mapping[str, Any], nulls: Sequence[str], text: str, value: Any) -> bool:
    """Whether what is published can hold the value, and its canonical text is not one of a missing value."""
    match field["type"]:
        case "integer":
            return -(2**63) <= value < 2**63 and str(value) not in nulls
        case "number":
            exact = Decimal(repr(value)) if isinstance(value, float) else value
            scale = (field.get("opendata") or {}).get("scale")
            if scale is not None:
                is_exact = exact.is_finite() and exact.adjusted() + scale < 38 and exact == round(exact, scale)
                return is_exact and format(exact, "f") not in nulls
            if not exact.is_finite():
                return bool(exact.is_nan()) or "inf" in text.lower()  # a float may be infinite for its size alone
            return not math.isinf(float(exact)) and (exact.adjusted() > 400 or format(exact, "f") not in nulls)
        case "datetime":
            zone = (field.get("opendata") or {}).get("zone")
            if value.tzinfo is None:
                return zone != "UTC"
            if zone == "local":
                return False
            try:
                value.astimezone(UTC)
            except OverflowError:
                return False
    return True
