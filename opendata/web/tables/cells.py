"""Cells of a grid: missing values named, codes with their names, digits in groups that aren't copied."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask_babel import gettext
from markupsafe import Markup

from opendata.domain.schema import Field
from opendata.services.query.answers import AnswerColumn, RowsPage
from opendata.tables.types.canonical import write_value

if TYPE_CHECKING:
    import pyarrow as pa

SHORT = 24
_LONG = 100
_SUMMARY = 60
_MOST = 4_000
"""So many characters of a text are on the page; the file has all of it."""

_GROUPED = re.compile(r"([+-]?)([0-9]{4,})(\.[0-9]+)?", re.ASCII)
_FEW_DIGITS = 4
"""Numbers of so many digits are in groups only beside longer ones: alone they may be years."""

_NO_QUANTITY = ("year", "boolean")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its HTML, and the classes that style it."""

    html: Markup
    kind: str = ""


def show_rows(page: RowsPage, labels: Mapping[str, Mapping[str, str]]) -> Sequence[Sequence[Cell]]:
    """The rows of a page as cells. `labels` are the names of codes, by column."""
    columns = [
        _show_column(values.to_pylist(), is_quantity(column), labels.get(column.name, {}))
        for column, values in zip(page.columns, page.rows.columns, strict=True)
    ]
    return list(zip(*columns, strict=True))


def _show_column(values: Sequence[Any], is_number: bool, labels: Mapping[str, str]) -> Sequence[Cell]:
    texts = ["" if value is None else write_value(value) for value in values]
    numbers = group_digits(texts) if is_number else itertools.repeat(None)
    return [_show(*parts, labels) for parts in zip(values, texts, numbers, strict=False)]


def is_quantity(column: AnswerColumn) -> bool:
    """Whether a column has numbers that are read as amounts: at the right, with digits in groups."""
    if column.field is not None:
        return column.field.type in ("integer", "number")
    return _is_number(column.type)


def group_digits(texts: Sequence[str]) -> Sequence[Markup]:
    """Numbers read together, whose groups of digits are apart on the screen alone: the text is the number as it is."""
    found = [_GROUPED.fullmatch(text) for text in texts]
    if all(item is None or len(item[2]) == _FEW_DIGITS for item in found):
        return [Markup.escape(text) for text in texts]
    return [Markup.escape(text) if item is None else _group(item) for text, item in zip(texts, found, strict=True)]


def _group(found: re.Match[str]) -> Markup:
    sign, digits, rest = found.groups()
    first = len(digits) % 3 or 3
    groups = [digits[:first], *(digits[place : place + 3] for place in range(first, len(digits), 3))]
    return Markup("{}{}{}").format(sign, Markup("<i></i>").join(groups), rest or "")


def name_value(value: Any, field: Field | None, labels: Mapping[str, str]) -> str:
    """A value in words: a code with its name."""
    text = write_value(value)
    if field is not None and field.type == "boolean":
        return name_boolean(text)
    label = labels.get(text)
    return f"{text} {label}" if label and label != text else text


def name_boolean(text: str) -> str:
    """A value that is true or false, in a word."""
    return str(gettext("yes") if text in ("true", "1", "yes") else gettext("no"))


def _show(value: Any, text: str, number: Markup | None, labels: Mapping[str, str]) -> Cell:
    """A value as a cell. `number` is how it is written in a column of numbers."""
    is_number = number is not None
    if value is None:
        return Cell(
            Markup('<span class="missing">{}</span>').format(gettext("(missing)")), "number" if is_number else ""
        )
    if isinstance(value, bool):
        return Cell(Markup.escape(name_boolean(text)), "short")
    if number is not None:
        shown = number
    elif len(text) <= _LONG:
        shown = Markup.escape(text)
    else:
        shown = _fold(text)
    label = labels.get(text)
    if label and label != text:
        shown = Markup('{} <span class="muted">{}</span>').format(shown, label)
    return Cell(shown, "number" if is_number else "short" if len(text) <= SHORT and "\n" not in text else "text")


def _fold(text: str) -> Markup:
    whole = text if len(text) <= _MOST else gettext("%(text)s… (the file has all of it)", text=text[:_MOST])
    return Markup("<details><summary>{}…</summary>{}</details>").format(text[:_SUMMARY], whole)


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))
