"""Tables in JSON: lists of objects or of rows anywhere in a document, JSON Lines, GeoJSON, objects that are tables.

A place is the JSON pointer of the list (RFC 6901); empty for the document itself, or for the lines of JSON Lines.
A document is read twice: once for the names in all of its rows, once for the rows.
A list of one object and the list of its rows, `[{"page": 1, …}, [{…}, …]]`, is what the World Bank's API answers.
Sources: RFC 8259, RFC 7946 (GeoJSON), jsonlines.org, the orientations of pandas' `to_json`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opendata.errors import N_, UnreadableFileError
from opendata.intake.document.documents import MAX_DEPTH, check_width, settle_encoding
from opendata.intake.document.json_answers import Surroundings, describe_places, find_position
from opendata.intake.document.json_cells import CellWriter
from opendata.intake.document.json_shapes import find_shape
from opendata.intake.document.json_text import JsonText
from opendata.intake.document.name_tally import NameTally
from opendata.intake.grid import Grid, TableInfo
from opendata.intake.understanding import Decision

_WHOLE_BYTES = 64 * 1024 * 1024
_MAX_TABLES = 1000
_LINKS = "links"
_DESCRIBED = N_("The list at “%(place)s” describes the columns, so it isn't read as a table")
_HEADER_NAMES = ("columns", "fields", "header", "headers")


def list_tables(path: Path, *, encoding: str | None = None) -> list[TableInfo]:
    """The tables of a JSON or JSON Lines file, in its order.

    Raises `UnreadableFileError` for anything but JSON, or for JSON without a table.
    """
    return [
        TableInfo(
            name=place.rpartition("/")[2].replace("~1", "/").replace("~0", "~") or path.stem,
            place=place,
            rows=found.rows,
            columns=len(found.names) if found.names else found.width,
        )
        for place, found in _survey(path, encoding).items()
    ]


def open_table(path: Path, place: str, *, encoding: str | None = None) -> Grid:
    """The rows of one table; the first holds the names of the columns if `has_header` is true.

    Raises `UnreadableFileError` for anything but JSON, and if there is no table at `place`.
    """
    tables = _survey(path, encoding)
    found = tables.get(place)
    if found is None:
        raise UnreadableFileError(N_("The file no longer has a table at “%(place)s”"), place=place)
    settled = settle_encoding(path, encoding)
    grid = Grid(rows=iter(()), has_header=found.has_header, decisions=list(found.decide()), encoding=settled)
    if found.crs:
        grid.marks[len(found.names)] = {"crs": found.crs}
    text = JsonText(path, encoding)
    grid.rows = _write_rows(text, found, found.open(text, place), grid.decisions)
    return grid


@dataclass(slots=True)
class _Found:
    """What the first pass finds out about a list: the names in its rows and how to read it."""

    kind: str  # records, features, arrays, shape; or what isn't a table: empty, values, mixed
    rows: int = 0
    width: int = 0
    names: list[str] = field(default_factory=list)
    has_header: bool | None = True
    has_id: bool = False
    is_lines: bool = False
    is_paged: bool = False
    missing: Mapping[str, int] = field(default_factory=dict)
    decision: Decision | None = None
    answer: Sequence[Decision] = ()
    position: tuple[float, float] | None = None
    crs: str = ""

    def open(self, text: JsonText, place: str) -> Iterator[Sequence[Any]]:
        """The rows as JSON values, without the header."""
        if self.kind == "shape":
            shape = find_shape(text.read_value())
            return iter(shape.rows if shape else ())
        items = text.read_sequence() if self.is_lines else _go_to(text, place)
        if self.kind == "arrays":
            return items
        if self.kind == "features":
            return self._read_features(items)
        names = self.names
        return (list(map(item.get, names)) for item in items)

    def _read_features(self, items: Iterable[Any]) -> Iterator[Sequence[Any]]:
        names = self.names[self.has_id : -1]
        for item in items:
            properties = item.get("properties") or {}
            yield [
                *([item.get("id")] if self.has_id else ()),
                *map(properties.get, names),
                item.get("geometry"),
            ]

    def decide(self) -> Iterator[Decision]:
        if self.decision is not None:
            yield self.decision
        yield from self.answer
        if self.kind == "features":
            yield from describe_places(self.crs, self.names[-1], self.position)
        if self.missing:
            yield Decision(
                rule="missing-names",
                text=N_("Some rows don't have %(names)s at all. Those cells are empty"),
                details={"names": _enumerate(self.missing), "rows": dict(list(self.missing.items())[:20])},
                sure=0.95,
            )


def _survey(path: Path, encoding: str | None) -> dict[str, _Found]:
    """The tables of the file by their places."""
    text = JsonText(path, encoding)
    mark = text.peek()
    if not mark:
        raise UnreadableFileError(N_("The file is empty"))
    lists: dict[str, _Found] = {}
    headers: dict[str, list[str]] = {}
    around = Surroundings()
    _walk(text, "", 0, lists, headers, around)
    if text.peek():
        text = JsonText(path, encoding)
        found = _look(text.read_sequence())
        found.is_lines = True
        lists = {"": found}
    for place, names in headers.items():
        table = lists.get(place)
        if table is not None and table.kind == "arrays" and table.width == len(names):
            table.names, table.has_header = names, True
    tables = {place: found for place, found in lists.items() if found.kind in ("records", "features")}
    tables |= {place: found for place, found in lists.items() if found.kind == "arrays" and (found.names or not tables)}
    if not tables and mark == "{" and path.stat().st_size <= _WHOLE_BYTES:
        tables = _find_whole(JsonText(path, encoding))
    if not tables:
        raise _explain(lists)
    for place in [*tables]:
        if not _describes_columns(place, tables):
            continue
        del tables[place]
        beside = next(table for other, table in tables.items() if _is_beside(other, place))
        beside.answer = [Decision(rule="described-columns", text=_DESCRIBED, details={"place": place})]
    for place, table in tables.items():
        if table.kind != "shape" and not table.is_paged and not table.is_lines:
            rows = table.rows - (table.kind == "arrays" and not table.names)
            table.answer = [*table.answer, *around.decide(place, rows, tables)]
        table.crs = around.find_crs() if table.kind == "features" else ""
    return tables


def _describes_columns(place: str, tables: Mapping[str, _Found]) -> bool:
    """Whether a list describes the columns of another beside it, as services add it: `[{"id": …, "type": …}, …]`."""
    names = {*tables[place].names}
    is_described = (
        place.rpartition("/")[2] in _HEADER_NAMES and "type" in names and not names.isdisjoint(("id", "name"))
    )
    return is_described and any(_is_beside(other, place) for other in tables)


def _is_beside(one: str, other: str) -> bool:
    return one != other and one.rpartition("/")[0] == other.rpartition("/")[0]


def _walk(
    text: JsonText,
    place: str,
    depth: int,
    lists: dict[str, _Found],
    headers: dict[str, list[str]],
    around: Surroundings,
) -> None:
    """Pass one value, noting the lists in it that are nested in objects only, and what is around them."""
    mark = text.peek()
    if mark == "[":
        parent, _, name = place.rpartition("/")
        first: list[Any] = []
        items = text.read_elements()
        if len(lists) >= _MAX_TABLES:
            for _ in items:
                pass
            return
        found = _look(_keep(items, first) if name in _HEADER_NAMES or name == _LINKS else items)
        if name == _LINKS and around.note_links(place, first):
            return
        lists[f"{place}/1" if found.is_paged else place] = found
        if first and all(isinstance(item, str) for item in first) and len(first) == found.rows:
            for sibling in ("data", "rows", "values", "records"):
                headers[f"{parent}/{sibling}"] = first
    elif mark == "{" and depth < MAX_DEPTH:
        for name in text.read_names():
            below = f"{place}/{name.replace('~', '~0').replace('/', '~1')}"
            if below in lists:
                raise UnreadableFileError(N_("The name “%(name)s” appears twice in one object"), name=name)
            _walk(text, below, depth + 1, lists, headers, around)
    elif mark == "{":
        raise UnreadableFileError(
            N_("The JSON is nested more than %(limit)s levels deep. A table has one or two levels"), limit=MAX_DEPTH
        )
    else:
        around.note(place, text.read_value())


def _go_to(text: JsonText, place: str) -> Iterator[Any]:
    """The elements of the list at a place that the first pass has found."""
    for step in place.split("/")[1:]:
        wanted = step.replace("~1", "/").replace("~0", "~")
        for name in text.read_names() if text.peek() == "{" else text.read_places():
            if name == wanted:
                break
            _pass(text)
    return text.read_elements()


def _pass(text: JsonText) -> None:
    """Pass a value that is not asked for, holding no more of it than its parts."""
    mark = text.peek()
    if mark == "[":
        for _ in text.read_elements():
            pass
    elif mark == "{":
        for _ in text.read_names():
            _pass(text)
    else:
        text.read_value()


def _look(items: Iterable[Any]) -> _Found:
    """What a list is, from all of its elements."""
    names, properties = NameTally(), NameTally()
    rows = objects = arrays = features = width = typed = 0
    has_id = False
    first: list[Any] | None = None
    position: tuple[float, float] | None = None
    page: dict[str, Any] = {}
    for item in items:
        rows += 1
        kind = type(item)
        if kind is dict:
            objects += 1
            names.add(item)
            page = item if rows == 1 else page
            if features == objects - 1 and item.get("type") == "Feature" and "geometry" in item:
                inner = item.get("properties")
                if inner is None or type(inner) is dict:
                    features += 1
                    properties.add(inner or {})
                    has_id = has_id or "id" in item
                    position = position or find_position(item["geometry"])
        elif kind is list:
            arrays += 1
            width = max(width, len(item))
            check_width(width)
            if first is None:
                first = item
            elif not typed and any(type(cell) is not str and cell is not None for cell in item):
                typed = rows
    if not rows:
        return _Found("empty")
    if features == rows:
        inside = properties.names
        header = [*(["id" if "id" not in inside else "feature_id"] if has_id else []), *inside]
        header.append("geometry" if "geometry" not in inside else "feature_geometry")
        decision = Decision(
            rule="geojson",
            text=N_(
                "GeoJSON: the properties of each feature become columns, and “%(column)s” contains its geometry as text"
            ),
            details={"column": header[-1]},
        )
        check_width(len(header))
        found = _Found("features", rows, names=header, has_id=has_id, missing=properties.missing(rows))
        found.decision, found.position = decision, position
        return found
    if objects == rows:
        return _Found("records", rows, names=names.names, missing=names.missing(rows))
    if arrays == rows and first is not None:
        return _Found("arrays", rows, width, has_header=_is_header(first, rows, typed > 0))
    if rows == 2 and page and not any(map(_is_nested, page.values())):
        if first is not None:
            return _open_page(page, first)
        if item is None and "total" in page:  # what it answers where nothing is found
            return _Found("empty", is_paged=True)
    return _Found("mixed" if objects or arrays else "values", rows)


def _open_page(page: Mapping[str, Any], items: list[Any]) -> _Found:
    """The list that follows what an API says of the page it answers."""
    found = _look(items)
    if found.kind not in ("records", "empty"):
        return _Found("mixed", 2)
    found.is_paged = True
    number, pages = (_read_count(page.get(name)) for name in ("page", "pages"))
    if pages > 1:
        text = N_("The file is page %(page)s of %(pages)s from an API. The rows of the other pages are missing")
        found.decision = Decision(
            rule="one-page", text=text, details={"page": number, "pages": pages}, sure=0.3, asks=True
        )
    else:
        text = N_("The rows are in the second item of the list. The first item describes the response: %(names)s")
        found.decision = Decision(rule="json-page", text=text, details={"names": _enumerate(page)}, sure=0.95)
    return found


def _read_count(value: Any) -> int:
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 10 else 0


def _is_nested(value: Any) -> bool:
    return isinstance(value, (dict, list))


def _is_header(first: Sequence[Any], rows: int, is_typed: bool) -> bool | None:
    """Whether the first of the rows names the columns: it is all text, and unlike those below it."""
    if any(type(cell) is not str and cell is not None for cell in first):
        return False
    is_named = bool(first) and all(type(cell) is str and cell for cell in first) and len(set(first)) == len(first)
    return True if is_named and is_typed and rows > 1 else None


def _find_whole(text: JsonText) -> dict[str, _Found]:
    """The table that the whole document is, if it is one."""
    shape = find_shape(text.read_value())
    if shape is None:
        return {}
    return {"": _Found("shape", len(shape.rows), names=list(shape.names), decision=shape.decision)}


def _write_rows(
    text: JsonText, found: _Found, rows: Iterator[Sequence[Any]], decisions: list[Decision]
) -> Iterator[list[str]]:
    writer = CellWriter()
    if found.names:
        yield writer.mend(list(found.names)) if text.has_surrogates else list(found.names)
    write: Callable[[Sequence[Any]], list[str]] = writer.write
    for row in rows:
        cells = write(row)
        yield writer.mend(cells) if text.has_surrogates else cells
    decisions.extend(writer.decide(found.names))
    if text.has_constants:
        decisions.append(
            Decision(
                rule="not-a-number", text=N_("Some numbers in the file are NaN or Infinity. They are kept as text")
            )
        )
    if text.doubled is not None:
        decisions.append(
            Decision(
                rule="doubled-names",
                text=N_("The name “%(name)s” appears twice in some objects. The last value is used"),
                details={"name": text.doubled},
                sure=0.5,
            )
        )


def _explain(lists: Mapping[str, _Found]) -> UnreadableFileError:
    """Why no table was found."""
    kinds = {found.kind: place or "/" for place, found in lists.items()}
    if "mixed" in kinds:
        message = N_("The list at “%(place)s” mixes objects with other values. Every row must be an object")
        return UnreadableFileError(message, place=kinds["mixed"])
    if "empty" in kinds:
        return UnreadableFileError(N_("The list at “%(place)s” is empty. There are no rows yet"), place=kinds["empty"])
    return UnreadableFileError(
        N_("The JSON doesn't contain a table. A table is a list of objects, a list of rows, or one object per line")
    )


def _keep(items: Iterable[Any], kept: list[Any]) -> Iterator[Any]:
    for item in items:
        if len(kept) < 20_000:
            kept.append(item)
        yield item


def _enumerate(names: Iterable[str]) -> str:
    listed = [f"“{name}”" for name in names]
    return ", ".join(listed[:5]) + (" …" if len(listed) > 5 else "")
