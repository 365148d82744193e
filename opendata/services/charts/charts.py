"""Finds what is drawn of a published table, under the gate of its rows, and keeps the last pictures."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

from opendata.charts.chart import Chart
from opendata.charts.choosing import complete_chart
from opendata.charts.collecting.collecting import collect_points
from opendata.charts.columns import ChartColumn, read_columns
from opendata.charts.points import Points
from opendata.charts.proposing import propose_charts
from opendata.charts.words import Words
from opendata.charts.writing import write_csv
from opendata.domain.resources import TableResource
from opendata.errors import N_, InputError, NotFoundError
from opendata.query.values import name_columns
from opendata.services.catalogue.versions import Versions
from opendata.services.charts.asking import make_ask, read_filters
from opendata.services.core.actors import Actor
from opendata.services.query.queries import Queries

FORMS: Mapping[str, str] = {"svg": "image/svg+xml", "png": "image/png", "csv": "text/csv; charset=utf-8"}
"""Suffix of a file of a chart → its media type."""

_KEPT = 64
_KEPT_BYTES = 16 << 20
"""At most so many bytes of pictures are kept in each process of the web server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartTable:
    """A table of which a reader may have charts: its columns as charts see them, and the charts that fit it.

    `is_public` says whether everybody may have its rows.
    """

    table: TableResource
    columns: Mapping[str, ChartColumn]
    proposals: Sequence[Chart]
    is_public: bool


@dataclass(frozen=True, slots=True)
class ChartFile:
    """A chart as a file. `is_public` says whether everybody may have it."""

    data: bytes
    media_type: str
    is_public: bool


def refuse_chart() -> InputError:
    """The error where no chart fits a table, and none is named."""
    return InputError(N_("No chart suggests itself for this table. Name one, such as “?kind=bar&x=” and a column"))


class Charts:
    """Charts of published tables."""

    def __init__(self, versions: Versions, queries: Queries) -> None:
        self._versions = versions
        self._queries = queries
        self._kept = _Kept()

    def find_table(self, dataset: str, version: str, resource: str, reader: Actor | None = None) -> ChartTable:
        """A table for charts. Raises `NotFoundError`, `NotPublicError`, `WithdrawnError`, `SuspendedError`."""
        file = self._versions.find_file(dataset, version, resource, "parquet", reader)
        table = self._versions.get_table(dataset, version, resource)
        profiles = self._versions.get_profile(dataset, version, resource, reader)
        columns = read_columns(table.schema, profiles)
        proposals = propose_charts(table.schema, columns)
        return ChartTable(table=table, columns=columns, proposals=proposals, is_public=file.is_public)

    def collect(
        self,
        place: tuple[str, str, str],
        chart: Chart,
        titles: Mapping[str, str],
        reader: Actor | None = None,
    ) -> Points:
        """What a chart of the table at a place (dataset, version, resource) draws.

        `titles` are the names of its columns for readers. Raises as `find_table`, `InputError` with what to write
        instead, `OverloadedError`.
        """
        found = self.find_table(*place, reader)
        chart = complete_chart(chart, found.columns)
        names = {field.name: (name, field) for name, field in name_columns(found.table.schema.fields).items()}
        ask = make_ask(self._queries, place, names, read_filters(chart.where), reader)
        return collect_points(chart, found.columns, ask, titles)

    def render(
        self, place: tuple[str, str, str], chart: Chart, words: Words, suffix: str, reader: Actor | None = None
    ) -> ChartFile:
        """A chart as SVG, PNG or CSV: the same bytes for the same version, chart and words.

        Raises as `collect`, and `StateError` where this machine has no font for a letter of a PNG.
        """
        if suffix not in FORMS:
            raise NotFoundError(N_("This resource isn't available as “%(suffix)s”"), suffix=suffix[:20])
        file = self._versions.find_file(*place, "parquet", reader)

        def make() -> bytes:
            points = self.collect(place, chart, words.titles, reader)
            if suffix == "csv":
                return write_csv(points, words)
            from opendata.charts.drawing.drawing import draw_png, draw_svg

            return draw_svg(points, words) if suffix == "svg" else draw_png(points, words)

        data = self._kept.get((file.sha256, place, chart, words.key, suffix), make)
        return ChartFile(data, FORMS[suffix], file.is_public)


class _Kept:
    """The last files that were made, as many as fit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: OrderedDict[Hashable, bytes] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        with self._lock:
            if key in self._files:
                self._files.move_to_end(key)
                return self._files[key]
        data = make()
        with self._lock:
            self._files[key] = data
            while len(self._files) > _KEPT or sum(map(len, self._files.values())) > _KEPT_BYTES:
                self._files.popitem(last=False)
        return data
