"""The page of a table: a grid over all its rows, sorted and filtered as the address says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, g, redirect, request
from werkzeug.wrappers import Response

from opendata.domain.resources import TableResource
from opendata.domain.schema import Field
from opendata.errors import N_, InputError
from opendata.metadata.citation import write_sentence
from opendata.metering import cost_class
from opendata.problems import choose_voice
from opendata.query.addresses import read_query, write_name
from opendata.query.near import find_near
from opendata.query.values import EDITION, NUMBERS, SEPARATOR, name_columns
from opendata.services.query.answers import RowsPage
from opendata.services.query.labels import find_key, list_categories
from opendata.tables.types.canonical import write_column
from opendata.web.catalogue.abilities import list_abilities
from opendata.web.catalogue.inside import list_joins
from opendata.web.catalogue.snippets import build_snippets
from opendata.web.core.instance import absolute_url, prefers_json, services
from opendata.web.core.languages import choose_language, say_plain
from opendata.web.core.markdown import add_markdown, prefers_markdown, render_page
from opendata.web.core.readers import for_readers, reader
from opendata.web.delivery.citations import cite
from opendata.web.tables.cells import is_quantity, show_rows
from opendata.web.tables.columns import SHOWN_VALUES, Panel, build_form, build_panel
from opendata.web.tables.views import EDITION_NAME, MOST_FROZEN, ROWS, TableView, is_tidy, list_limits, read_view
from opendata.web.tables.words import list_parts, say_counts, say_stretch

blueprint = Blueprint("tables", __name__)

_MOST_LABELLED = 8
"""So many columns of codes get names: each takes a query of another table."""

_NO_COLUMN = N_("There is no column “%(column)s”. Choose one in the head of the table")
_NEAR_COLUMN = N_("There is no column “%(column)s”. Did you mean “%(near)s”?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The head of a column. `sort` is what a click on it gives, `also` sorts by it after what is sorted by already.

    `name` is empty for a column that is computed. `frozen` is its rank among the columns that stay in sight, from 1.
    """

    name: str
    label: str
    field: Field | None
    is_number: bool
    unit: str = ""
    order: str = ""
    rank: int = 0
    sort: str = ""
    also: str = ""
    more: str = ""
    frozen: int = 0

    @property
    def classes(self) -> str:
        """What styles the head and the cells below it."""
        return " ".join(
            [*(["number"] if self.is_number else []), *([f"frozen frozen-{self.frozen}"] if self.frozen else [])]
        )


@blueprint.get("/datasets/<dataset>/<version>/<resource>")
@cost_class("rows")
@for_readers
def show_table(dataset: str, version: str, resource: str) -> Response | str:
    """A table with its rows, a page at a time; for programs, the rows over REST."""
    versions = services().versions
    table = versions.get_table(dataset, version, resource)
    versions.require_rows(reader(), dataset, version, resource=resource)
    fields = name_columns(table.schema.fields)
    services().queries.warm()
    try:
        view = read_view(dataset, version, resource, list(fields))
    except InputError as error:
        return _render(_read_what_can_be(dataset, version, resource), table, fields, error)
    if prefers_json() and not prefers_markdown():
        response = redirect(view.rest(), 302)
        response.vary.add("Accept")
        return response
    if not (is_tidy() or prefers_markdown()):
        response = redirect(view.link(fragment="column" if view.column else "grid"), 302)
        response.headers["Cache-Control"] = "no-cache"
        return response
    return _render(view, table, fields)


def _render(
    view: TableView, table: TableResource, fields: Mapping[str, Field], error: InputError | None = None
) -> Response:
    page = panel = None
    if error is None:
        try:
            page = services().queries.read_page(*view.place, view.query, reader())
            if view.column and not page.is_grouped:
                panel = build_panel(view, table, _find_field(view.column, fields))
        except InputError as found:
            error = found
            if view.column in fields:
                panel = build_form(view, fields[view.column])
    labels = _find_labels(view, table, page)
    with services().database.reading():  # no query runs any more
        response = _show(view, table, fields, page, panel, labels, error)
    response.status_code = 400 if error else 200
    return response


def _show(
    view: TableView,
    table: TableResource,
    fields: Mapping[str, Field],
    page: RowsPage | None,
    panel: Panel | None,
    labels: Mapping[str, Mapping[str, str]],
    error: InputError | None,
) -> Response:
    entry = services().datasets.get(view.dataset, g.actor)
    manifest = services().versions.get_manifest(view.dataset, view.version)
    public = services().versions.list_readable(None, view.dataset, view.version)
    heads = list(_list_heads(view, page, fields)) if page else []
    shown = [head.name for head in heads if head.name]
    return render_page(
        "tables/table.html",
        view=view,
        table=table,
        fields=fields,
        dataset=entry,
        manifest=manifest,
        snippets=build_snippets(view.dataset, manifest, public & {view.resource}) if page else {},
        version=services().versions.get(view.dataset, view.version),
        page=page,
        heads=heads,
        rows=show_rows(page, labels) if page else (),
        panel=panel,
        shown_values=SHOWN_VALUES,
        parts=list(list_parts(view, fields, labels)),
        counts=say_counts(view, page) if page else "",
        stretch=say_stretch(view, page) if page else "",
        error=choose_voice().say_error(_name_column(error, fields)) if error else "",
        columns=[(name, say_plain(field), write_name(name), name in shown) for name, field in fields.items()],
        hide=_hide(view, shown) if page and len(shown) == len(heads) > 1 and view.column in shown else "",
        freeze=_freeze(view),
        most_frozen=MOST_FROZEN,
        limits=[(limit, view.link(limit=limit), limit == view.query.limit) for limit in list_limits(len(fields))],
        places=_list_places(view, page),
        condition=_write_condition(fields),
        sql=_write_sql(view),
        cited=_cite(view, page) if page else "",
        joins=list_joins(*view.place) if page else (),
        is_of_other_edition=request.args.get(EDITION_NAME, str(EDITION)) != str(EDITION),
        capabilities=list_abilities(*view.place, reader()) if page else (),
    )


add_markdown(blueprint, {"/datasets/<dataset>/<version>/<resource>.md": show_table})


def _read_what_can_be(dataset: str, version: str, resource: str) -> TableView:
    """The view without the parts of the address that can't be understood, so that the others stay."""
    pairs = []
    for pair in request.args.items(multi=True):
        try:
            read_query([pair], limit=1)
        except InputError:
            continue
        if pair[0] != "limit" and "\0" not in "".join(pair):
            pairs.append(pair)
    query = read_query(pairs, limit=ROWS)
    return TableView(dataset=dataset, version=version, resource=resource, query=query)


def _name_column(error: InputError, fields: Mapping[str, Field]) -> InputError:
    """The same error, which names a column by its title and not as an address does."""
    column = str(error.params.get("parameter", "")).rpartition(SEPARATOR)[0]
    if column not in fields:
        return error
    params: dict[str, Any] = {**error.params, "parameter": say_plain(fields[column])}
    return InputError(error.message, **params)


def _find_field(column: str, fields: Mapping[str, Field]) -> Field:
    if column in fields:
        return fields[column]
    near = find_near(column, fields)
    if near:
        raise InputError(_NEAR_COLUMN, column=column[:100], near=near[0])
    raise InputError(_NO_COLUMN, column=column[:100])


def _list_heads(view: TableView, page: RowsPage, fields: Mapping[str, Field]) -> Iterator[Head]:
    orders = {name: (rank, is_descending) for rank, (name, is_descending) in enumerate(view.orders, 1)}
    for column in page.columns:
        name, field = column.name, column.field
        if field is None or page.is_grouped or fields.get(name) is not field:
            label = say_plain(field) if field is not None else name
            yield Head(name="", label=label, field=field, is_number=is_quantity(column))
            continue
        rank, is_descending = orders.get(write_name(name), (0, False))
        following = is_descending is False if rank else False
        yield Head(
            name=name,
            label=say_plain(field) if field.title else name,
            field=field,
            is_number=is_quantity(column),
            unit=str(field.own.get("unit") or ""),
            order="descending" if rank and is_descending else "ascending" if rank else "",
            rank=rank if len(orders) > 1 else 0,
            sort=view.sort(name, is_descending=None if rank and is_descending else following, keeps=bool(rank)),
            also=view.sort(name, is_descending=None if rank and is_descending else following),
            more=view.open(name),
            frozen=view.frozen.index(name) + 1 if name in view.frozen else 0,
        )


def _find_labels(view: TableView, table: TableResource, page: RowsPage | None) -> Mapping[str, Mapping[str, str]]:
    """The names of the codes on show and in filters, by column."""
    found: dict[str, Mapping[str, str]] = {}
    places = {column.name: place for place, column in enumerate(page.columns if page else ())}
    for name, field in name_columns(table.schema.fields).items():
        if not (list_categories(field) or find_key(table.schema, field)):
            continue
        texts = {text for item in view.query.filters if item.column == name for text in item.value.split(",")}
        if page and name in places:
            texts |= _list_texts(page, places[name])
        if texts and len(found) < _MOST_LABELLED:
            found[name] = services().labels.find(view.place, table, field, sorted(texts), choose_language(), reader())
    return found


def _list_texts(page: RowsPage, place: int) -> set[str]:
    values = page.rows.column(place).combine_chunks()
    return {text for text in write_column(values).unique().to_pylist() if text is not None}


def _hide(view: TableView, shown: Sequence[str]) -> str:
    names = [write_name(name) for name in shown if name != view.column]
    return view.link(select=", ".join(names), column="")


def _freeze(view: TableView) -> str:
    """The address in which the open column stays in sight, or no more; empty where no more can."""
    if view.column in view.frozen:
        return view.link(frozen=[name for name in view.frozen if name != view.column])
    return view.link(frozen=[*view.frozen, view.column]) if len(view.frozen) < MOST_FROZEN else ""


def _list_places(view: TableView, page: RowsPage | None) -> Mapping[str, str]:
    """The addresses of the first page, the one before and the next, of those that there are."""
    if page is None:
        return {}
    query = view.query
    found = {}
    if query.cursor or query.offset:
        found["first"] = view.link(cursor="", offset=0)
    if page.previous:
        found["previous"] = view.link(cursor=page.previous, offset=0)
    if page.next:
        found["next"] = view.link(cursor=page.next, offset=0)
    return found


def _write_condition(fields: Mapping[str, Field]) -> str:
    """An example of a condition over two columns of this table."""
    found = []
    for name, field in list(fields.items())[:40]:
        if field.type in NUMBERS:
            found.append(f"{write_name(name)} >= 10")
        elif field.type == "string":
            found.append(f"{write_name(name)} like '%A%'")
    return " and ".join([*found[:1], *found[-1:]]) if len(found) > 1 else "".join(found) or "…"


def _write_sql(view: TableView) -> str:
    return f'SELECT *\nFROM "{view.dataset}@{view.version}"."{view.resource}"\nLIMIT 100'


def _cite(view: TableView, page: RowsPage) -> str:
    """How to cite what is seen: the version, the rows by their address, and digests that prove them."""
    lines = [
        write_sentence(cite(view.dataset, view.version)),
        absolute_url(view.cite()),
    ]
    return "\n".join([*lines, f"{page.sources[0].hash} (Parquet)", f"{page.hash} (JSON Lines)"])
