"""What is on show, in words: filters and orders, each with the address without it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flask_babel import gettext, ngettext

from opendata.domain.schema import Field
from opendata.errors import N_
from opendata.query.addresses import write_name, write_orders
from opendata.query.values import Filter
from opendata.services.query.answers import RowsPage
from opendata.web.core.formats import format_count
from opendata.web.core.languages import choose_separator, say_plain
from opendata.web.tables.cells import name_boolean
from opendata.web.tables.views import TableView

SENTENCES: Mapping[str, str] = {
    "exact": N_("%(column)s is %(value)s"),
    "not": N_("%(column)s isn't %(value)s"),
    "gt": N_("%(column)s is more than %(value)s"),
    "gte": N_("%(column)s is %(value)s or more"),
    "lt": N_("%(column)s is less than %(value)s"),
    "lte": N_("%(column)s is %(value)s or less"),
    "in": N_("%(column)s is one of: %(value)s"),
    "notin": N_("%(column)s isn't one of: %(value)s"),
    "contains": N_("%(column)s contains “%(value)s”"),
    "notcontains": N_("%(column)s doesn't contain “%(value)s”"),
    "startswith": N_("%(column)s starts with “%(value)s”"),
    "endswith": N_("%(column)s ends with “%(value)s”"),
}
MOMENT_SENTENCES: Mapping[str, str] = {
    "gt": N_("%(column)s is after %(value)s"),
    "gte": N_("%(column)s is from %(value)s"),
    "lt": N_("%(column)s is before %(value)s"),
    "lte": N_("%(column)s is up to %(value)s"),
}
"""Operator → the sentence, where a column has days or moments."""

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Part:
    """A thing that was chosen, and the address without it."""

    text: str
    address: str


def list_parts(view: TableView, fields: Mapping[str, Field], labels: Mapping[str, Mapping[str, str]]) -> Iterator[Part]:
    """All that was chosen of a table, each removable."""
    query = view.query
    if query.search:
        yield Part(gettext("Any column contains “%(text)s”", text=_cut(query.search)), view.link(search=""))
    for item in query.filters:
        yield Part(say_filter(item, fields.get(item.column), labels.get(item.column, {})), view.without(item))
    if query.where:
        yield Part(gettext("Condition: %(text)s", text=_cut(query.where)), view.link(where=""))
    if query.group_by:
        address = view.link(group_by="", having="", select="", order_by="")
        yield Part(gettext("Summed up by %(text)s", text=_cut(query.group_by)), address)
    if query.having:
        yield Part(gettext("Condition on groups: %(text)s", text=_cut(query.having)), view.link(having=""))
    orders = view.orders
    by_name = {write_name(name): field for name, field in fields.items()}
    for rank, (name, is_descending) in enumerate(orders):
        title = say_plain(by_name[name]) if name in by_name else _cut(name)
        text = (
            gettext("Sorted by %(column)s, greatest first", column=title)
            if is_descending
            else gettext("Sorted by %(column)s, least first", column=title)
        )
        yield Part(text, view.link(order_by=write_orders(item for place, item in enumerate(orders) if place != rank)))
    if query.order_by and not orders:
        yield Part(gettext("Sorted by %(column)s", column=_cut(query.order_by)), view.link(order_by=""))


def say_filter(found: Filter, field: Field | None, labels: Mapping[str, str]) -> str:
    """A filter as a sentence."""
    column = say_plain(field) if field is not None else found.column
    if found.operator == "isnull":
        is_missing = found.value.lower() in ("1", "true", "yes")
        template = gettext("%(column)s is missing") if is_missing else gettext("%(column)s isn't missing")
        return str(template) % {"column": column}
    is_moment = field is not None and field.type in ("date", "datetime")
    sentence = (MOMENT_SENTENCES if is_moment else {}).get(found.operator) or SENTENCES[found.operator]
    values = found.value.split(",") if found.operator in ("in", "notin") else [found.value]
    is_boolean = field is not None and field.type == "boolean"
    words = [name_boolean(value.lower()) if is_boolean else _name(value, labels) for value in values]
    return str(gettext(sentence)) % {"column": column, "value": _cut(choose_separator().join(words))}


def say_counts(view: TableView, page: RowsPage) -> str:
    """How many rows are on show, of how many."""
    total, rows = page.total or 0, page.sources[0].rows
    if page.is_grouped:
        words = ngettext("%(found)s summed-up row", "%(found)s summed-up rows", total, found=format_count(total))
    elif view.filter_count:
        words = ngettext(
            "%(num)s filter, %(found)s of %(rows)s rows",
            "%(num)s filters, %(found)s of %(rows)s rows",
            view.filter_count,
            found=format_count(total),
            rows=format_count(rows),
        )
    else:
        words = ngettext("All %(found)s row", "All %(found)s rows", rows, found=format_count(rows))
    return str(words)


def say_stretch(view: TableView, page: RowsPage) -> str:
    """Which of the rows are on this page, where that is known: one that a cursor begins may be anywhere."""
    if not page.rows.num_rows:
        return ""
    query = view.query
    if not query.cursor:
        first = query.offset + 1
    elif query.is_whole and not query.order_by:
        first = page.numbers[0] + 1
    else:
        return ""
    last = first + page.rows.num_rows - 1
    words = gettext("Rows %(first)s to %(last)s", first=format_count(first), last=format_count(last))
    return str(words)


def _name(value: str, labels: Mapping[str, str]) -> str:
    label = labels.get(value)
    return f"{value} {label}" if label and label != value else value


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
