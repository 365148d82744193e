"""The public tables that one may ask in SQL, and questions that make sense over their columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask_babel import gettext

from opendata.domain.resources import TableResource
from opendata.domain.schema import Field
from opendata.query.addresses import write_name
from opendata.query.values import name_columns
from opendata.services.core.values import DatasetView
from opendata.web.core.instance import services
from opendata.web.core.languages import say_plain

MOST_DATASETS = 50
_PER_KIND = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedTable:
    """A table that anybody may ask."""

    dataset: DatasetView
    table: TableResource

    @property
    def name(self) -> str:
        """How SQL names it, in its newest version."""
        return f'"{self.dataset.id}"."{self.table.name}"'

    @property
    def columns(self) -> Sequence[tuple[str, Field]]:
        """Its columns as SQL names them."""
        return [(write_name(name), field) for name, field in name_columns(self.table.schema.fields).items()]

    @property
    def first_rows(self) -> str:
        """The SELECT of its first rows."""
        return f"SELECT *\nFROM {self.name}\nLIMIT 20"


@dataclass(frozen=True, slots=True)
class Example:
    """A question in words and in SQL."""

    title: str
    text: str


def list_tables() -> tuple[Sequence[AskedTable], bool]:
    """Public tables of the first datasets, and whether there are more datasets."""
    page = services().datasets.list(None, limit=MOST_DATASETS)
    found = []
    for dataset in page.items:
        if dataset.latest is None:
            continue
        manifest = services().versions.get_manifest(dataset.id, dataset.latest)
        readable = services().versions.list_readable(None, dataset.id, dataset.latest)
        found += [AskedTable(dataset=dataset, table=item) for item in manifest.tables if item.name in readable]
    return found, page.next is not None


def list_examples(tables: Sequence[AskedTable]) -> Iterator[Example]:
    """A few questions of each kind, over tables that have what they need."""
    for build in (_rank, _sum_by_time, _count_by_code, _join):
        found = (example for table in tables if (example := build(table, tables)) is not None)
        for _, example in zip(range(_PER_KIND), found, strict=False):
            yield example


def _rank(table: AskedTable, tables: Sequence[AskedTable]) -> Example | None:
    """The greatest three of each year: a window."""
    del tables
    time, number, text = (_find(table, kinds) for kinds in (("year",), ("number",), ("string",)))
    if not (time and number and text):
        return None
    named = _find_named(table) or text
    title = gettext(
        "The three rows with the greatest “%(number)s” of each “%(time)s”", **_say(number=number, time=time)
    )
    select = f"SELECT {time[0]}, {named[0]}, {number[0]}"
    window = f"row_number() OVER (PARTITION BY {time[0]} ORDER BY {number[0]} DESC)"
    return Example(
        title, f"{select}\nFROM {table.name}\nQUALIFY {window} <= 3\nORDER BY {time[0]} DESC, {number[0]} DESC"
    )


def _sum_by_time(table: AskedTable, tables: Sequence[AskedTable]) -> Example | None:
    del tables
    time, number = _find(table, ("year",)), _find(table, ("number",))
    if not (time and number):
        return None
    title = gettext("The sum of “%(number)s” for each “%(time)s”", **_say(number=number, time=time))
    select = f"SELECT {time[0]}, count(*) AS n, sum({number[0]}) AS total"
    return Example(title, f"{select}\nFROM {table.name}\nGROUP BY {time[0]}\nORDER BY {time[0]}")


def _count_by_code(table: AskedTable, tables: Sequence[AskedTable]) -> Example | None:
    del tables
    found = next((item for item in table.columns if item[1].constraints.get("enum")), None)
    if found is None:
        return None
    title = gettext(
        "How many rows of “%(table)s” there are for each “%(column)s”",
        table=say_plain(table.table),
        column=say_plain(found[1]),
    )
    text = f"SELECT {found[0]}, count(*) AS n\nFROM {table.name}\nGROUP BY {found[0]}\nORDER BY n DESC"
    return Example(title, text)


def _join(table: AskedTable, tables: Sequence[AskedTable]) -> Example | None:
    for key in table.table.schema.foreign_keys:
        other = next((item for item in tables if _is_target(item, table, key.package, key.resource)), None)
        if other is None or other is table or len(key.fields) != 1:
            continue
        own, foreign = _name(table, key.fields[0]), _name(other, key.reference_fields[0])
        named = _find_named(other)
        if own is None or foreign is None or named is None:
            continue
        title = gettext(
            "“%(table)s” with the names from “%(other)s”", table=say_plain(table.table), other=say_plain(other.table)
        )
        select = f"SELECT b.{named[0]}, count(*) AS n"
        join = f"FROM {table.name} AS a\nJOIN {other.name} AS b ON a.{own} = b.{foreign}"
        return Example(title, f"{select}\n{join}\nGROUP BY b.{named[0]}\nORDER BY n DESC, b.{named[0]}")
    return None


def _is_target(item: AskedTable, table: AskedTable, package: str, resource: str) -> bool:
    dataset = package.partition("@")[0] or table.dataset.id
    return item.dataset.id == dataset and item.table.name == resource


def _find(table: AskedTable, kinds: Sequence[str]) -> tuple[str, Field] | None:
    return next((item for item in table.columns if item[1].type in kinds), None)


def _find_named(table: AskedTable) -> tuple[str, Field] | None:
    """The column that names its rows: the first text that isn't its key."""
    keys = table.table.schema.primary_key
    return next((item for item in table.columns if item[1].type == "string" and item[1].name not in keys), None)


def _name(table: AskedTable, field: str) -> str | None:
    return next((name for name, item in table.columns if item.name == field), None)


def _say(**columns: tuple[str, Field]) -> dict[str, str]:
    return {name: say_plain(found[1]) for name, found in columns.items()}
