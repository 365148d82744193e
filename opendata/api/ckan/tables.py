"""The actions about rows: `datastore_search`, `datastore_info`, `datastore_search_sql`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from opendata.api.ckan.actions import action
from opendata.api.ckan.transport import RawJson
from opendata.api.core.current import services
from opendata.domain.access.costs import Cost
from opendata.errors import InputError
from opendata.exchange.ckan import records
from opendata.exchange.ckan.faults import ParameterError
from opendata.exchange.ckan.packages import Json
from opendata.exchange.ckan.parameters import (
    Parameters,
    read_list,
    read_number,
    read_switch,
    read_text,
    require_text,
)
from opendata.metering import charge_select
from opendata.services.exchange.ckan.tables import MOST_RECORDS, FoundTable, RecordsAsked, choose_columns

if TYPE_CHECKING:
    import pyarrow as pa

ALL_TABLES = "_table_metadata"
FORMATS = ("objects", "lists", "csv", "tsv")
_MOST_LISTED = 2_000


@action("datastore_search", cost=Cost.ROWS)
def search_records(parameters: Parameters) -> Any:
    """Rows of a table.

    :param resource_id: the id of its resource; `_table_metadata` lists all tables
    :param filters: column → value, or a list of values of which any will do
    :param q: words that a row has, or column → words
    :param fields: the columns
    :param sort: such as `name desc`
    :param limit: the most rows, up to 32,000
    :param offset: leave out so many
    :param distinct: each row once
    :param include_total: count the rows
    :param records_format: objects, lists, csv or tsv
    """
    resource = require_text(parameters, "resource_id", "id")
    if resource == ALL_TABLES:
        return _list_tables(parameters)
    found = services().ckan_tables.find(resource)
    asked = read_records(parameters, limit=100)
    form = read_text(parameters, "records_format") or "objects"
    if form not in FORMATS:
        raise ParameterError("records_format", f"must be one of {', '.join(FORMATS)}")
    names = choose_columns(found, asked)
    batches, total = services().ckan_tables.read(found, asked)
    limit = asked.limit or 0
    head = {
        "include_total": asked.has_total,
        "limit": limit,
        **({"offset": asked.offset} if asked.offset else {}),
        "records_format": form,
        "resource_id": found.resource,
        "total_estimation_threshold": None,
        "fields": _describe_columns(found, names),
        "_links": _link(parameters, limit, asked.offset),
        **({"total": total, "total_was_estimated": False} if asked.has_total else {}),
    }
    return RawJson(_write_result(head, _write_records(batches, form)))


@action("datastore_info")
def describe_table(parameters: Parameters) -> Json:
    """The columns of a table, and how large it is.

    :param id: the id of its resource (or `resource_id`)
    """
    found = services().ckan_tables.find(require_text(parameters, "id", "resource_id"))
    size = found.table.file.bytes
    result: Json = {}
    if read_switch(parameters, "include_meta", default=True):
        result["meta"] = {
            "id": found.resource,
            "count": found.table.rows,
            "size": size,
            "db_size": size,
            "idx_size": 0,
            "table_type": "BASE TABLE",
            "aliases": [],
        }
    fields = [records.describe_schema(name, field) for name, field in found.columns.items()]
    if not read_switch(parameters, "include_fields_schema", default=True):
        fields = [{key: value for key, value in item.items() if key != "schema"} for item in fields]
    return {**result, "fields": fields}


@action("datastore_search_sql", cost=Cost.ROWS)
def select_records(parameters: Parameters) -> Any:
    """The rows of one SELECT; tables are named by the ids of their resources, in double quotes.

    :param sql: such as `SELECT * FROM "a1b2…" LIMIT 10`
    """
    text = services().ckan_tables.translate(require_text(parameters, "sql"))
    try:
        charge_select(text)
        page = services().ckan_tables.select(text)
    except InputError as error:
        raise ParameterError("query", error.text) from None
    fields = [{"id": item.name, "type": _type_of(item.type)} for item in page.columns]
    head = {
        "sql": read_text(parameters, "sql"),
        "fields": fields,
        **({"records_truncated": True} if page.is_cut else {}),
    }
    return RawJson(_write_result(head, _write_records(page.rows.to_batches(), "objects")))


def read_records(parameters: Parameters, *, limit: int | None) -> RecordsAsked:
    """Which rows are asked for; `limit` where nothing is said, None for all. Raises `ParameterError`."""
    most = read_number(parameters, "limit", limit) if limit is not None or parameters.get("limit") else None
    return RecordsAsked(
        filters=_read_filters(parameters),
        words=_read_words(parameters),
        fields=_read_names(parameters),
        sort=_read_sort(parameters),
        limit=most if most is None or limit is None else min(most, MOST_RECORDS),
        offset=read_number(parameters, "offset", 0),
        is_distinct=read_switch(parameters, "distinct"),
        has_total=read_switch(parameters, "include_total", default=True),
    )


def list_texts(batch: pa.RecordBatch) -> Iterator[list[str | None]]:
    """The rows of a batch as texts, None where there is no value."""
    from opendata.tables.types.canonical import write_column

    columns = [write_column(column).to_pylist() for column in batch.columns]
    nulls = [column.is_null().to_pylist() for column in batch.columns]
    for row, missing in zip(zip(*columns, strict=True), zip(*nulls, strict=True), strict=True):
        yield [None if is_missing else text for text, is_missing in zip(row, missing, strict=True)]


def _read_sort(parameters: Parameters) -> str:
    found = parameters.get("sort")
    return ", ".join(read_list(parameters, "sort")) if isinstance(found, list) else read_text(parameters, "sort")


def _read_filters(parameters: Parameters) -> Mapping[str, Any]:
    found = _read_object(parameters.get("filters"), "filters")
    if found in (None, ""):
        return {}
    if not isinstance(found, dict):
        raise ParameterError("filters", "Must be an object: column → value")
    return found


def _read_words(parameters: Parameters) -> str | Mapping[str, Any]:
    found = parameters.get("q") or parameters.get("full_text")
    if isinstance(found, str) and found.lstrip().startswith("{"):
        found = _read_object(found, "q")
    if isinstance(found, dict):
        return found
    return read_text({"q": found}, "q")


def _read_object(found: Any, name: str) -> Any:
    if not isinstance(found, str) or not found.strip():
        return found
    try:
        return json.loads(found)
    except (ValueError, RecursionError):
        raise ParameterError(name, "Invalid JSON") from None


def _read_names(parameters: Parameters) -> tuple[str, ...]:
    return tuple(read_list(parameters, "fields"))


def _describe_columns(found: FoundTable, names: Iterable[str]) -> list[Json]:
    known = {item["id"]: item for item in records.describe_fields(found.columns)}
    return [known[name] for name in names]


def _write_result(head: Mapping[str, Any], rows: str) -> str:
    text = json.dumps(head, ensure_ascii=False)
    return f'{text[:-1]}, "records": {rows}}}'


def _write_records(batches: Iterable[pa.RecordBatch], form: str) -> str:
    from opendata.tables.forms.json_form import join_lists, join_rows, join_texts

    if form in ("objects", "lists"):
        join = join_rows if form == "objects" else join_lists
        parts = [join_texts(join(batch), ",").decode() for batch in batches if batch.num_rows]
        return f"[{','.join(parts)}]"
    separator = "," if form == "csv" else "\t"
    rows = ([text or "" for text in row] for batch in batches for row in list_texts(batch))
    return json.dumps(records.write_lines(rows, separator), ensure_ascii=False)


def _link(parameters: Parameters, limit: int, offset: int) -> dict[str, str]:
    kept = {
        key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for key, value in parameters.items()
        if key != "offset"
    }
    start = f"/api/3/action/datastore_search?{urlencode(kept)}"
    links = {"start": start, "next": f"{start}&offset={offset + limit}"}
    if offset:
        links["prev"] = f"{start}&offset={max(0, offset - limit)}"
    return links


def _list_tables(parameters: Parameters) -> Json:
    """All tables, where they aren't too many."""
    count = services().entries.count()
    if count > _MOST_LISTED:
        told = f"there are {count:,} packages here: find tables with package_search, by datastore_active"
        raise ParameterError("resource_id", told)
    names = services().ckan.list_names()
    found = [
        item["id"]
        for start in range(0, len(names), 200)
        for package in services().ckan.describe(names[start : start + 200], _no_addresses())
        for item in package["resources"]
        if item["datastore_active"]
    ]
    offset, limit = read_number(parameters, "offset", 0), min(read_number(parameters, "limit", 100), MOST_RECORDS)
    rows = [
        {"_id": number, "name": name, "oid": number, "alias_of": None}
        for number, name in enumerate(found[offset : offset + limit], start=offset + 1)
    ]
    fields = [("_id", "int"), ("name", "text"), ("oid", "int"), ("alias_of", "text")]
    return {
        "include_total": True,
        "limit": limit,
        "records_format": "objects",
        "resource_id": ALL_TABLES,
        "fields": [{"id": name, "type": kind} for name, kind in fields],
        "_links": _link(parameters, limit, offset),
        "total": len(found),
        "total_was_estimated": False,
        "records": rows,
    }


def _no_addresses() -> Any:
    from opendata.domain.catalogue.addresses import Addresses

    return Addresses("")


def _type_of(kind: pa.DataType) -> str:
    import pyarrow.types as types

    if types.is_boolean(kind):
        return "bool"
    if types.is_integer(kind):
        return "int"
    if types.is_decimal(kind) or types.is_floating(kind):
        return "numeric"
    if types.is_timestamp(kind):
        return "timestamp"
    return "date" if types.is_date(kind) else "text"
