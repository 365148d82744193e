"""The names of a table's columns for a chart, in the reader's language."""

from __future__ import annotations

from opendata.charts.words import Words
from opendata.services.charts.charts import ChartTable
from opendata.web.core.formats import name_unit
from opendata.web.core.instance import services
from opendata.web.core.languages import choose_language, choose_separator, say_plain


def find_words(found: ChartTable, dataset: str, version: str) -> Words:
    """What charts of a table call its columns; quantities without a unit of their own have that of the table."""
    table, manifest = found.table, services().versions.get_manifest(dataset, version)
    return Words(
        language=choose_language(),
        table=say_plain(table),
        source=choose_separator().join((say_plain(manifest.publisher), f"{say_plain(manifest)} {version}")),
        titles={name: say_plain(column.field) or name for name, column in found.columns.items()},
        types={name: column.field.type for name, column in found.columns.items()},
        units={
            name: name_unit(unit)
            for name, column in found.columns.items()
            if not column.field.own.get("percent")
            and (unit := _read_text(column.field.own.get("unit")) or (table.unit if column.is_measure else ""))
        },
        labels={name: column.labels for name, column in found.columns.items() if column.labels},
        percents=frozenset(name for name, item in found.columns.items() if item.field.own.get("percent") is True),
    )


def _read_text(value: object) -> str:
    return value if isinstance(value, str) else ""
