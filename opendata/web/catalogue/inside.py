"""Looking inside tables: the page that finds columns and values, and what a table can be joined with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, render_template, request, url_for
from flask_babel import format_percent, gettext

from opendata.errors import N_, InputError, NotFoundError, StateError
from opendata.metering import charge, cost_class
from opendata.search.columns.asking import ColumnSearch
from opendata.search.columns.entries import FoundJoin
from opendata.search.columns.kinds import KINDS, WRONG_KIND
from opendata.search.columns.texts import LONGEST
from opendata.services.search.inside import JoinFound, PublicTable, Share, ValueFound
from opendata.web.core.instance import absolute_url, services

blueprint = Blueprint("inside", __name__)

_SHOWN_COLUMNS = 50
_SHOWN_VALUES = 50
_SHOWN_JOINS = 8
_NEARLY_ALL = 0.985


@dataclass(frozen=True, slots=True)
class ShownJoin:
    """A column of another table that this one can be joined on, in words, with code that joins them."""

    found: JoinFound
    here: str
    there: str
    address: str
    pandas: str
    sql: str


@blueprint.get("/search/tables")
@cost_class("light")
def search_tables() -> str:
    """Columns that are called so, or are of a kind, and cells that have just this value."""
    text, kind = request.args.get("q", "").strip(), request.args.get("kind", "")
    if kind and kind not in KINDS:
        raise InputError(WRONG_KIND)
    if len(text) > LONGEST:
        raise InputError(N_("Give the whole value of a cell, of 1 to %(longest)s characters"), longest=LONGEST)
    if text:
        charge("rows")  # files are read
    inside = services().inside
    place = request.args.get("cursor") or None
    goes_on = {name: request.args.get(name) == "1" for name in ("columns", "values")}
    wanted = ColumnSearch(words=text, kind=kind)
    columns = (
        inside.find_columns(wanted, limit=_SHOWN_COLUMNS, cursor=place if goes_on["columns"] else None)
        if (text or kind) and not goes_on["values"]
        else None
    )
    values = (
        inside.find_value(text, limit=_SHOWN_VALUES, cursor=place if goes_on["values"] else None)
        if text and not goes_on["columns"]
        else None
    )
    return render_template(
        "catalogue/inside.html",
        text=text,
        kind=kind,
        kinds=KINDS,
        columns=columns,
        values=values,
        goes_on=place is not None,
        show_rows=link_rows,
        show_table=link_table,
        longest=LONGEST,
    )


def list_joins(dataset: str, version: str, resource: str) -> Sequence[ShownJoin]:
    """What a public table of a newest version can be joined with; nothing of others."""
    try:
        found = services().inside.find_joins(dataset, version, resource, limit=_SHOWN_JOINS)
    except (NotFoundError, StateError):
        return ()
    return [_show(dataset, version, resource, item) for item in found.items]


def link_table(place: PublicTable) -> str:
    """The page of a table."""
    return url_for("tables.show_table", dataset=place.dataset.id, version=place.version, resource=place.table.name)


def link_rows(item: ValueFound) -> str:
    """The page of the rows that have a value."""
    return f"{link_table(item.place)}?{urlencode(item.place.filter_rows(item.column.name, item.value))}"


def _show(dataset: str, version: str, resource: str, item: JoinFound) -> ShownJoin:
    other, join = item.place, item.join
    return ShownJoin(
        found=item,
        here=say_share(item.here),
        there=say_share(item.there),
        address=link_table(other),
        pandas=_write_pandas(dataset, version, resource, other, join),
        sql=_write_sql(dataset, version, resource, other, join),
    )


def say_share(found: Share) -> str:
    """A share in words, which claim no more than is known."""
    if found.share == 0:
        return str(gettext("none") if not found.margin else gettext("nearly none"))
    if not found.margin:
        return str(gettext("all")) if found.share == 1 else _say_percent(found.share)
    if found.share >= _NEARLY_ALL:
        return str(gettext("nearly all"))
    return str(gettext("about %(percent)s", percent=_say_percent(found.share)))


def _say_percent(share: float) -> str:
    """A share in whole percent; one that isn't all is never 100%, and one that isn't nothing never 0%."""
    return str(format_percent(min(0.99, max(0.01, share))))


def _write_pandas(dataset: str, version: str, resource: str, other: PublicTable, join: FoundJoin) -> str:
    addresses = [
        absolute_url(url_for("version_pages.show_version", dataset=name, version=number)) + f"{table}.parquet"
        for name, number, table in ((dataset, version, resource), _name(other))
    ]
    cast = '.astype({{{name}: "string"}})' if join.column.type != join.other.type else ""
    columns = [_write(join.column.name), _write(join.other.name)]
    lines = [
        "import pandas as pd",
        "",
        f'here = pd.read_parquet("{addresses[0]}"){cast.format(name=_write(join.column.name))}',
        f'there = pd.read_parquet("{addresses[1]}"){cast.format(name=_write(join.other.name))}',
        f'df = here.merge(there, how="left", left_on={columns[0]}, right_on={columns[1]})',
    ]
    return "\n".join(lines)


def _write_sql(dataset: str, version: str, resource: str, other: PublicTable, join: FoundJoin) -> str:
    columns = [f"here.{_quote(join.column.name)}", f"there.{_quote(join.other.name)}"]
    if join.column.type != join.other.type:
        columns = [f"CAST({column} AS VARCHAR)" for column in columns]
    name, number, table = _name(other)
    tables = f'"{dataset}@{version}"."{resource}"', f'"{name}@{number}"."{table}"'
    code = "SELECT * FROM {} AS here\nLEFT JOIN {} AS there ON {} = {}"
    return code.format(*tables, *columns)


def _name(place: PublicTable) -> tuple[str, str, str]:
    return place.dataset.id, place.version, place.table.name


def _write(name: str) -> str:
    """A text in Python."""
    return json.dumps(name, ensure_ascii=False)


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
