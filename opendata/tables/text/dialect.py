"""How a delimited text file is written: the part of Table Dialect that concerns CSV.

Source: Table Dialect v2 (datapackage.org); v1's `caseSensitiveHeader` and `csvddfVersion` are read and ignored.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from opendata.errors import N_, InvalidPackageError

_NOT_OF_FILES = ("idna", "punycode", "raw-unicode-escape", "unicode-escape", "utf-7")
DELIMITERS = (",", ";", "\t", "|")
MAX_HEADER_ROW = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What a reader must know to split the file into cells. `header_rows` are record numbers from 1.

    `table_bytes` is how many bytes of the file hold the table, where something else follows it.
    """

    encoding: str = "utf-8"
    delimiter: str = ","
    quote_char: str | None = '"'
    double_quote: bool = True
    escape_char: str | None = None
    skip_initial_space: bool = False
    header_rows: tuple[int, ...] = (1,)
    header_join: str = " "
    comment_char: str | None = None
    comment_rows: tuple[int, ...] = ()
    table_bytes: int | None = None

    def describe(self) -> dict[str, Any]:
        """As JSON, for `restore_dialect`."""
        return {**asdict(self), "header_rows": list(self.header_rows), "comment_rows": list(self.comment_rows)}

    def split(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """The records of these lines, each as its cells."""
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote_char,
            doublequote=self.double_quote,
            escapechar=self.escape_char,
            skipinitialspace=self.skip_initial_space,
            quoting=csv.QUOTE_MINIMAL if self.quote_char else csv.QUOTE_NONE,
        )


def restore_dialect(described: Mapping[str, Any]) -> Dialect:
    """The dialect that `Dialect.describe` made this of."""
    rows = {name: tuple(described[name]) for name in ("header_rows", "comment_rows")}
    return Dialect(**{**described, **rows})


def flatten_dialect(descriptor: Mapping[str, Any] | None) -> dict[str, Any]:
    """The options of a dialect descriptor, those in frictionless' nested `csv` object beside the others."""
    found = dict(descriptor or {})
    nested = found.pop("csv", None)
    return {**found, **nested} if isinstance(nested, Mapping) else found


def read_dialect(descriptor: Mapping[str, Any] | None, *, encoding: str | None = None) -> Dialect:
    """Read a dialect descriptor.

    Raises `InvalidPackageError` where an option has a value no reader could follow.
    """
    found = flatten_dialect(descriptor)
    name = encoding or "utf-8"
    try:
        "a".encode(name)  # refuses anything but text encodings
        codec = codecs.lookup(name).name
    except (LookupError, ValueError):
        codec = ""
    if not codec or codec in _NOT_OF_FILES:
        raise InvalidPackageError(N_("“%(encoding)s” isn't the name of a character encoding"), encoding=name)
    rows = found.get("headerRows", [1]) if found.get("header", True) else []
    dialect = Dialect(
        encoding="utf-8" if codec in ("utf-8-sig", "ascii") else codec,
        delimiter=_character(found, "delimiter", ",") or ",",
        quote_char=_character(found, "quoteChar", '"'),
        double_quote=bool(found.get("doubleQuote", True)),
        escape_char=_character(found, "escapeChar", None),
        skip_initial_space=bool(found.get("skipInitialSpace", False)),
        header_rows=_numbers("headerRows", rows),
        header_join=str(found.get("headerJoin", " ")),
        comment_char=_text(found, "commentChar"),
        comment_rows=_numbers("commentRows", found.get("commentRows", [])),
    )
    if dialect.header_rows and dialect.header_rows[-1] > MAX_HEADER_ROW:
        raise InvalidPackageError(N_("The header must be within the first %(limit)s rows"), limit=MAX_HEADER_ROW)
    special = [char for char in (dialect.delimiter, dialect.quote_char, dialect.escape_char) if char is not None]
    if len(set(special)) < len(special):
        raise InvalidPackageError(N_("The dialect's delimiter, quote and escape characters must differ"))
    return dialect


def _character(found: Mapping[str, Any], name: str, default: str | None) -> str | None:
    value = found.get(name, default)
    if value is not None and (not isinstance(value, str) or len(value) != 1 or value in "\r\n\0"):
        raise InvalidPackageError(
            N_("The dialect's “%(name)s” must be one character, not “%(value)s”"), name=name, value=value
        )
    return value


def _text(found: Mapping[str, Any], name: str) -> str | None:
    value = found.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidPackageError(N_("The dialect's “%(name)s” must be text"), name=name)
    return value or None


def _numbers(name: str, rows: object) -> tuple[int, ...]:
    if not isinstance(rows, list) or not all(type(row) is int and row > 0 for row in rows):
        raise InvalidPackageError(
            N_("The dialect's “%(name)s” must be a list of row numbers, counted from 1"), name=name
        )
    return tuple(sorted(rows))
