"""Records in XML: the elements that repeat, their attributes and the elements in them as columns.

A place is the path of the record's element by local names, as `/root/rows/row`. Leaves deeper inside are named by
their path (`address/city`), attributes as they are called (`@name` beside an element of that name, or below a child).
Sources: XML 1.0 (5th ed.), Namespaces in XML 1.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from opendata.errors import N_, TooLargeError, UnreadableFileError
from opendata.intake.document.documents import find_encoding, settle_encoding
from opendata.intake.document.json_cells import name_columns
from opendata.intake.document.json_text import MAX_VALUE_CHARACTERS, write_compact
from opendata.intake.document.markup import XML_DECLARATION, parse_xml
from opendata.intake.document.name_tally import NameTally
from opendata.intake.grid import Grid, TableInfo
from opendata.intake.understanding import Decision

OWN_TEXT = "#text"
_MAX_KINDS = 20_000


def list_tables(path: Path, *, encoding: str | None = None) -> list[TableInfo]:
    """The tables of an XML file, those with the most records first, then those inside records of others.

    Raises `UnreadableFileError` for what is not well-formed, is not safe to read, or has no records.
    """
    root = _survey(path, encoding)
    found = _find_repeating(root) or _find_single(root)
    if not found:
        raise UnreadableFileError(
            N_("The XML doesn't contain records: no element repeats, and no element contains others")
        )
    return [TableInfo(name=kind.name, place=kind.place, rows=kind.count) for kind in found]


def open_table(path: Path, place: str, *, encoding: str | None = None) -> Grid:
    """The records at a place, the names of the columns first.

    Raises `UnreadableFileError` as `list_tables` does, and if there is no element at `place`.
    """
    tally = NameTally()
    records = 0
    for record in _read_records(path, encoding, place):
        tally.add(record)
        records += 1
    if not records:
        raise UnreadableFileError(N_("The file no longer has a table at “%(place)s”"), place=place)
    names = tally.names or [OWN_TEXT]
    settled = settle_encoding(path, find_encoding(path, encoding, XML_DECLARATION))
    grid = Grid(rows=iter(()), has_header=True, encoding=settled)
    if missing := tally.missing(records):
        grid.decisions.append(
            Decision(
                rule="missing-names",
                text=N_("Some rows don't have %(names)s at all. Those cells are empty"),
                details={"names": name_columns(range(len(missing)), list(missing))},
                sure=0.95,
            )
        )
    grid.rows = _write_rows(_read_records(path, encoding, place), names, grid.decisions)
    return grid


class RecordBuilder:
    """Takes the events inside one element after the other.

    Names: `a` for a child or an attribute, `a/b` for what is deeper, `@a` for an attribute beside a child of its name
    (the reader decides: here attributes always have the `@`), `#text` for text of the record itself.
    """

    def __init__(self) -> None:
        self._values: dict[str, str | list[str]] = {}
        self._path: list[str] = []
        self._texts: list[list[str]] = []
        self._is_leaf: list[bool] = []
        self._prefix = [""]
        self._size = 0

    @property
    def depth(self) -> int:
        """How many elements are open; 0 outside of a record."""
        return len(self._texts)

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins; the first is the record itself."""
        if self._texts:
            self._is_leaf[-1] = False
            self._prefix.append(f"{self._prefix[-1]}{name}/")
        self._texts.append([])
        self._is_leaf.append(True)
        for key, value in attributes.items():
            self._put(f"{self._prefix[-1]}@{key}", value)

    def text(self, data: str) -> None:
        """Text in the innermost element that is open. Raises `TooLargeError` for a record beyond all measure."""
        self._texts[-1].append(data)
        self._size += len(data)
        if self._size > MAX_VALUE_CHARACTERS:
            raise TooLargeError(
                N_("A record in the file is longer than %(limit)s characters"), limit=MAX_VALUE_CHARACTERS
            )

    def end(self) -> dict[str, str | list[str]] | None:
        """The innermost element ends; the values by their names where that was the record itself."""
        text = "".join(self._texts.pop())
        is_leaf = self._is_leaf.pop()
        is_record = not self._texts
        if is_record:
            if text.strip():
                self._put(OWN_TEXT, text if is_leaf else text.strip())
            found, self._values, self._size = self._values, {}, 0
            return found
        name = self._prefix.pop()[:-1]
        if is_leaf:
            self._put(name, text)
        elif text.strip():
            self._put(f"{name}/{OWN_TEXT}", text.strip())
        return None

    def _put(self, name: str, value: str) -> None:
        known = self._values.get(name)
        if known is None:
            self._values[name] = value
        elif isinstance(known, list):
            known.append(value)
        else:
            self._values[name] = [known, value]


def write_value(value: str | list[str] | None) -> str:
    """The text of a cell: what repeats is a JSON array."""
    return write_compact(value) if isinstance(value, list) else value or ""


@dataclass(slots=True)
class _Kind:
    """All elements at one path: how many, how many of them at most in one parent, and what is inside."""

    name: str
    parent: _Kind | None = None
    count: int = 0
    most: int = 0
    here: int = 0  # in the parent that is open,
    parent_count: int = 0  # its number among its kind
    has_parts: bool = False
    kinds: dict[str, _Kind] = field(default_factory=dict)

    @property
    def place(self) -> str:
        return "" if self.parent is None else f"{self.parent.place}/{self.name}"

    def descend(self) -> Iterator[_Kind]:
        yield self
        for kind in self.kinds.values():
            yield from kind.descend()


def _survey(path: Path, encoding: str | None) -> _Kind:
    document = _Kind("")
    open_kinds = [document]
    known = 0

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal known
        parent = open_kinds[-1]
        kind = parent.kinds.get(name)
        if kind is None:
            known += 1
            if known > _MAX_KINDS:
                raise UnreadableFileError(
                    N_("The XML has more than %(limit)s kinds of elements, so it isn't a table"), limit=_MAX_KINDS
                )
            kind = parent.kinds[name] = _Kind(name, parent)
        parent.has_parts = True
        kind.count += 1
        kind.here = kind.here + 1 if kind.parent_count == parent.count else 1
        kind.parent_count = parent.count
        kind.most = max(kind.most, kind.here)
        kind.has_parts = kind.has_parts or bool(attributes)
        open_kinds.append(kind)

    def end() -> None:
        open_kinds.pop()

    for _ in parse_xml(path, encoding, start, end, lambda _text: None):
        pass
    return document


def _find_repeating(document: _Kind) -> list[_Kind]:
    """The kinds of elements that repeat in one parent and have something inside; the outermost first."""
    outer: list[_Kind] = []
    inner: list[_Kind] = []
    waiting = [(document, False)]
    while waiting:
        kind, is_inside = waiting.pop()
        is_record = kind.most > 1 and kind.has_parts
        if is_record:
            (inner if is_inside else outer).append(kind)
        waiting += [(part, is_inside or is_record) for part in kind.kinds.values()]
    return [*sorted(outer, key=lambda kind: -kind.count), *sorted(inner, key=lambda kind: -kind.count)]


def _find_single(document: _Kind) -> list[_Kind]:
    """Where nothing repeats: the outermost elements below the root that have only leaves inside, or the root."""
    found = [
        kind
        for kind in document.descend()
        if kind.has_parts and not any(part.has_parts for part in kind.kinds.values())
    ]
    return [kind for kind in found if kind.place.count("/") > 1] or [kind for kind in found if kind.place]


def _read_records(path: Path, encoding: str | None, place: str) -> Iterator[dict[str, str | list[str]]]:
    """The values of each element at the place; an attribute is named with `@` only where a child has its name."""
    open_names: list[str] = []
    builder = RecordBuilder()
    done: list[dict[str, str | list[str]]] = []
    wanted = place.split("/")[1:]

    def start(name: str, attributes: Mapping[str, str]) -> None:
        open_names.append(name)
        if builder.depth or (len(open_names) == len(wanted) and open_names == wanted):
            builder.start(name, attributes)

    def end() -> None:
        open_names.pop()
        if builder.depth:
            record = builder.end()
            if record is not None:
                done.append(record)

    def text(data: str) -> None:
        if builder.depth:
            builder.text(data)

    for _ in parse_xml(path, encoding, start, end, text):
        yield from done
        done.clear()


def _write_rows(
    records: Iterator[Mapping[str, str | list[str]]], names: Sequence[str], decisions: list[Decision]
) -> Iterator[list[str]]:
    yield [name[1:] if name.startswith("@") and name[1:] not in names else name for name in names]
    repeated: set[int] = set()
    for record in records:
        row = [write_value(record.get(name)) for name in names]
        if any(isinstance(value, list) for value in record.values()):
            repeated.update(column for column, name in enumerate(names) if isinstance(record.get(name), list))
        yield row
    if repeated:
        decisions.append(
            Decision(
                rule="repeated-values",
                text=N_("Some records have more than one value for %(columns)s. All values are kept, as a JSON list"),
                details={"columns": name_columns(sorted(repeated), names)},
                sure=0.9,
            )
        )
