"""Tables that a whole JSON object is, other than by a list of rows: by columns, by keys, as a tree, as one row.

Sources: the orientations `columns`, `list` and `index` of pandas' `to_json`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opendata.errors import N_
from opendata.intake.document.documents import check_width
from opendata.intake.understanding import Decision


@dataclass(frozen=True, slots=True)
class Shape:
    """The names of the columns, the rows as JSON values, and what was taken for what."""

    names: Sequence[str]
    rows: Sequence[Sequence[Any]]
    decision: Decision


def find_shape(root: Mapping[str, Any]) -> Shape | None:
    """The table that this object is, or None."""
    for find in (_by_columns, _by_keys, _as_tree, _as_row):
        shape = find(root)
        if shape is not None:
            check_width(len(shape.names))
            return shape
    return None


def _by_columns(root: Mapping[str, Any]) -> Shape | None:
    """`{"a": [1, 2], "b": [3, 4]}`, or the same with the rows numbered: `{"a": {"0": 1, "1": 2}}`."""
    columns = [list(item.values()) if _is_numbered(item) else item for item in root.values()]
    if not columns or not all(isinstance(column, list) and column for column in columns):
        return None
    if len({len(column) for column in columns}) > 1 or not all(_is_scalar(item) for col in columns for item in col):
        return None
    text = N_("The file is organised by column: each member of the object is a column")
    return Shape(list(root), list(zip(*columns, strict=True)), Decision(rule="json-columns", text=text, sure=0.95))


def _by_keys(root: Mapping[str, Any]) -> Shape | None:
    """`{"110000": {"name": …}, "120000": {"name": …}}`: each member is a row, its name the first cell."""
    rows = list(root.values())
    if len(rows) < 2 or not all(isinstance(row, dict) and row for row in rows):
        return None
    names = list(dict.fromkeys(name for row in rows for name in row))
    shared = set(rows[0]).intersection(*rows[1:])
    if not shared or not all(_is_scalar(item) for row in rows for item in row.values()):
        return None
    label = _free_name("key", names)
    text = N_("Each member of the object is a row; its name is in the column “%(column)s”")
    return Shape(
        [label, *names],
        [[key, *map(row.get, names)] for key, row in root.items()],
        Decision(rule="json-keys", text=text, details={"column": label}, sure=0.8),
    )


def _as_tree(root: Mapping[str, Any]) -> Shape | None:
    """Names within names, all as deep: a row for each leaf, with the names above it."""
    leaves = list(_find_leaves(root, ()))
    depths = {len(leaf) for leaf in leaves}
    if len(leaves) < 2 or len(depths) != 1 or (depth := depths.pop()) < 3:
        return None
    names = [f"level_{number}" for number in range(1, depth)] + ["value"]
    text = N_("The file is a tree with %(levels)s levels. Each leaf becomes a row, preceded by the names above it")
    return Shape(names, leaves, Decision(rule="json-tree", text=text, details={"levels": depth}, sure=0.7))


def _as_row(root: Mapping[str, Any]) -> Shape | None:
    """A single object with something in it is a table of one row."""
    if not root or any(item == [] for item in root.values()):
        return None
    text = N_("The file is a single object: the table has one row")
    return Shape(list(root), [list(root.values())], Decision(rule="json-one-row", text=text, sure=0.8))


def _find_leaves(value: Any, above: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _find_leaves(item, (*above, name))
    elif isinstance(value, list) and all(_is_scalar(item) for item in value):
        for item in value:
            yield (*above, item)
    else:
        yield (*above, value)


def _is_numbered(value: Any) -> bool:
    return isinstance(value, dict) and list(value) == [str(number) for number in range(len(value))]


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, (dict, list))


def _free_name(wanted: str, taken: Sequence[str]) -> str:
    while wanted in taken:
        wanted = f"{wanted}_"
    return wanted
