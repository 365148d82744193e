"""All that is asked about an instance from outside, built over its parts."""

from __future__ import annotations

from collections.abc import Callable

from opendata import __version__
from opendata.search.columns.index import ColumnIndex
from opendata.search.index import SearchIndex
from opendata.services.core.context import Context
from opendata.services.core.health import Health
from opendata.services.monitoring.figures import Figures
from opendata.services.monitoring.probes import Probes
from opendata.telemetry.exposing import Exposing


class Monitoring:
    """`probes` says whether each part answers, `exposing` writes the figures for Prometheus."""

    def __init__(
        self,
        context: Context,
        health: Health,
        count_queue: Callable[[], int],
        index: SearchIndex,
        columns: ColumnIndex,
    ) -> None:
        def find_search() -> int | None:
            found = index.read_generation()
            return found.position if found else None

        def find_columns() -> int | None:
            found = columns.read_position()
            return found.position if found else None

        self.probes = Probes(context, health, count_queue)
        positions = {"search": find_search, "columns": find_columns}
        self.exposing = Exposing(Figures(context, self.probes, count_queue, positions, __version__).list)
