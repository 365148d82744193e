"""A column unfolded: what is in it, and the filters that fit its type; each bar and value is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import format_percent, gettext
from markupsafe import Markup

from opendata.domain.profile import ColumnProfile
from opendata.domain.resources import TableResource
from opendata.domain.schema import Field
from opendata.errors import N_
from opendata.query.values import MOMENTS, NUMBERS, Filter, RowsQuery
from opendata.services.query.labels import find_key
from opendata.tables.profile.scales import LONGEST_SHOWN
from opendata.tables.types.canonical import write_value
from opendata.web.core.formats import format_count
from opendata.web.core.instance import services
from opendata.web.core.languages import choose_language
from opendata.web.core.readers import reader
from opendata.web.tables.cells import group_digits, name_value
from opendata.web.tables.views import TableView

MOST_VALUES = 200
SHOWN_VALUES = 12
_FEW = 50
"""A column of so many different texts or fewer is one to choose from."""

_MOST_TEXT = 80
_CHOSEN = ("exact", "in")
_BOUNDS = ("gt", "gte", "lt", "lte", "exact", "in")

FIELDS: Mapping[str, Sequence[tuple[str, str]]] = {
    "text": (("contains", N_("Contains")), ("startswith", N_("Starts with")), ("exact", N_("Is exactly"))),
    "number": (("gte", N_("From")), ("lte", N_("To")), ("exact", N_("Is exactly"))),
    "date": (("gte", N_("From")), ("lte", N_("To")), ("exact", N_("Is exactly"))),
    "datetime": (("gte", N_("From")), ("lte", N_("To"))),
}
"""Kind of column → the operators of its form, with their names."""

_OTHERS: Mapping[str, str] = {
    "gt": N_("More than"),
    "lt": N_("Less than"),
    "exact": N_("Is exactly"),
    "not": N_("Isn't"),
    "in": N_("Is one of"),
    "notin": N_("Isn't one of"),
    "endswith": N_("Ends with"),
    "notcontains": N_("Doesn't contain"),
    "contains": N_("Contains"),
    "startswith": N_("Starts with"),
    "gte": N_("From"),
    "lte": N_("To"),
}
"""The operators that a form has only where they are in use, such as those of a bar."""

_ENDS = ("least", "greatest", "shortest", "longest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A value or a range: how many rows have it, how long its bar is of 100, and the address that filters by it."""

    label: Markup
    count: int
    length: int
    address: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What is shown of a column. `facts` are names with values, `inputs` operator, label and what is typed there."""

    column: str
    field: Field
    kind: str
    inputs: Sequence[tuple[str, str, str]]
    is_null: str
    kept: Sequence[tuple[str, str]]
    is_filtered: bool
    without: str
    facts: Sequence[tuple[str, str | Markup]] = ()
    bars: Sequence[Bar] = ()
    values: Sequence[Bar] = ()
    missing: str = ""
    is_withheld: bool = False


def build_panel(view: TableView, table: TableResource, field: Field) -> Panel:
    """The column that is open. Raises as `Queries.read_page`."""
    column, place = view.column, view.place
    profile = services().profiling.describe(place, view.query, column, field, reader())
    is_told = services().profiling.is_telling(place, field, reader())
    missing = Filter(column, "isnull", "true")
    return replace(
        build_form(view, field),
        facts=list(_list_facts(profile, field)),
        bars=list(_list_bars(view, profile)),
        values=list(_list_values(view, table, field, profile)) if is_told else [],
        missing=view.with_filters(column, missing, operators=("isnull",)) if profile["missing"] else "",
        is_withheld=not is_told,
    )


def build_form(view: TableView, field: Field) -> Panel:
    """The open column with its filters alone: those that were typed, whether they can be used or not."""
    column, kind = view.column, _find_kind(field)
    typed = {item.operator: item.value for item in view.query.filters if item.column == column}
    offered = dict(FIELDS.get(kind, ()))
    offered |= {name: label for name, label in _OTHERS.items() if name in typed and name not in offered}
    inputs = [(name, label, typed.get(name, "")) for name, label in offered.items()]
    replaced = [Filter(column, name, "").parameter for name in (*(name for name, _, _ in inputs), "isnull")]
    return Panel(
        column=column,
        field=field,
        kind=kind,
        inputs=inputs,
        is_null=typed.get("isnull", "").lower(),
        kept=[item for item in view.hidden() if item[0] not in replaced],
        is_filtered=bool(typed),
        without=view.with_filters(column),
    )


def _find_kind(field: Field) -> str:
    if field.type in NUMBERS:
        return "number"
    if field.type in MOMENTS:
        return field.type
    return "" if field.type == "boolean" else "text"


def _is_choice(table: TableResource, field: Field, profile: ColumnProfile) -> bool:
    """Whether a column has so few values that one chooses among them."""
    if field.type == "boolean" or field.constraints.get("enum") or field.categories or find_key(table.schema, field):
        return True
    few = _FEW if _is_text(field) else SHOWN_VALUES
    return profile["distinct"]["exact"] and profile["distinct"]["count"] <= few


def _list_facts(profile: ColumnProfile, field: Field) -> Iterator[tuple[str, str | Markup]]:
    rows = profile["count"] + profile["missing"]
    share = format_percent(profile["missing"] / rows, "0.#%") if rows else ""
    none = gettext("none")
    missing = f"{format_count(profile['missing'])} ({share})" if profile["missing"] else none
    yield gettext("Missing"), missing
    distinct = profile["distinct"]
    number = format_count(distinct["count"])
    yield (
        gettext("Different values"),
        number if distinct["exact"] else gettext("about %(count)s", count=number),
    )
    present = {key: write_value(end) for key in _ENDS if (end := profile.get(key)) is not None}
    ends = dict(zip(present, group_digits(list(present.values())), strict=True))
    for key, label in (
        ("least", gettext("Least")),
        ("greatest", gettext("Greatest")),
        ("mean", gettext("Mean")),
        ("shortest", gettext("Shortest text, in characters")),
        ("longest", gettext("Longest text, in characters")),
    ):
        value: Any = profile.get(key)
        if value is not None and not (field.type == "boolean" or (key in ("least", "greatest") and _is_text(field))):
            yield label, format_count(value) if key == "mean" else ends[key]


def _is_text(field: Field) -> bool:
    return field.type not in (*NUMBERS, *MOMENTS)


def _list_bars(view: TableView, profile: ColumnProfile) -> Iterator[Bar]:
    bins = profile.get("histogram") or ()
    bounds = [(write_value(item["from"]), write_value(item["to"])) for item in bins]
    shown = group_digits([text for pair in bounds for text in pair])
    most = max((item["count"] for item in bins), default=0)
    column = view.column
    for item, (low, high), place in zip(bins, bounds, range(0, len(shown), 2), strict=True):
        filters = Filter(column, "gte", low), Filter(column, "lt", high)
        yield Bar(
            label=Markup("{} – {}").format(*shown[place : place + 2]),
            count=item["count"],
            length=_measure(item["count"], most),
            address=view.with_filters(column, *filters, operators=_BOUNDS),
        )


def _list_values(view: TableView, table: TableResource, field: Field, profile: ColumnProfile) -> Iterator[Bar]:
    """The most frequent values in the rows that the other filters leave, those that are chosen first."""
    column = view.column
    chosen = _list_chosen(view)
    others = [item for item in view.query.filters if item.column != column or item.operator not in _CHOSEN]
    query = replace(view.query, filters=others, cursor="", offset=0)
    is_choice = _is_choice(table, field, profile)
    counted = _find_top(query, profile)
    if not is_choice and not chosen and profile["distinct"]["count"] >= profile["count"]:
        return  # each is there once
    if counted is None:
        most = MOST_VALUES if is_choice else SHOWN_VALUES
        counted = services().profiling.count_values(view.place, query, column, most, reader())
    texts = [write_value(value) for value, _ in counted]
    labels = services().labels.find(view.place, table, field, texts, choose_language(), reader())
    largest = max((count for _, count in counted), default=0)
    found = []
    for (value, count), text in zip(counted, texts, strict=True):
        if not text or len(text) >= LONGEST_SHOWN:
            continue
        name = name_value(value, field, labels)
        bar = Bar(
            label=Markup.escape(name if len(name) <= _MOST_TEXT else name[: _MOST_TEXT - 1] + "…"),
            count=count,
            length=_measure(count, largest),
            address=view.with_filters(column, *_toggle(column, chosen, text), operators=_CHOSEN),
            is_chosen=text in chosen,
        )
        found.append(bar)
    yield from sorted(found, key=lambda bar: not bar.is_chosen)


def _find_top(query: RowsQuery, profile: ColumnProfile) -> Sequence[tuple[Any, int]] | None:
    """The values as counted at publication, where these are all of them and all rows are on show."""
    top = profile.get("top")
    if not query.is_whole or top is None or profile["distinct"]["count"] > len(top):
        return None
    return [(item["value"], item["count"]) for item in top]


def _list_chosen(view: TableView) -> Sequence[str]:
    found = [item for item in view.query.filters if item.column == view.column and item.operator in _CHOSEN]
    return [text for item in found for text in (item.value.split(",") if item.operator == "in" else [item.value])]


def _toggle(column: str, chosen: Sequence[str], text: str) -> Sequence[Filter]:
    """The filters with one more value, or one less. A value with a comma can only be chosen alone."""
    values = [item for item in chosen if item != text] if text in chosen else [*chosen, text]
    if len(values) > 1 and any("," in item for item in values):
        values = [text]
    if not values:
        return ()
    return [Filter(column, "exact", values[0]) if len(values) == 1 else Filter(column, "in", ",".join(values))]


def _measure(count: int, most: int) -> int:
    return max(1, round(100 * count / most)) if count and most else 0
