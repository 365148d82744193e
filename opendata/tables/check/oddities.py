"""What is odd in a table without breaking a rule of its schema: its texts and its rows, found, told and repaired."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from opendata.domain.findings import Problem
from opendata.tables.check.listing import Found, Listing
from opendata.tables.check.odd_texts import OddTexts
from opendata.tables.check.row_drops import RowDrops
from opendata.tables.repair.repairs import REPEATED_HEADER, TOTAL_ROW
from opendata.tables.report.report import Tally, TaskReport

if TYPE_CHECKING:
    import numpy as np

    from opendata.tables.check.columns import ScreenedColumn
    from opendata.tables.text.splitting import Records


class Oddities:
    """Those of one table; `names` are the fields of its columns, `repairs` the kinds accepted for each."""

    def __init__(self, labels: Sequence[str], names: Sequence[str], repairs: Mapping[str, Sequence[str]]) -> None:
        self._names = names
        self._drops = RowDrops(labels, names, repairs)
        self._texts = OddTexts()

    def drop(self, records: Records) -> Records:
        """A batch without the rows that the recipe leaves out."""
        return self._drops.drop(records)

    def find(self, records: Records, numbers: np.ndarray, columns: Sequence[ScreenedColumn]) -> Iterator[Found]:
        """The odd texts of a batch, and the rows that are the header again."""
        import numpy as np

        self._drops.remember_ends(records, numbers)
        for place, (name, column) in enumerate(zip(self._names, columns, strict=True)):
            for problem, rows in column.odd:
                self._texts.take(name, problem.code, records.columns[place], rows)
                yield Found(place + 1, name, rows, np.zeros(len(rows), np.int32), [(problem,)])
        rows = np.flatnonzero(self._drops.find_repeated(records.columns))
        if len(rows):
            problem = Problem(REPEATED_HEADER, REPEATED_HEADER, "warning")
            self._texts.take(self._names[0], REPEATED_HEADER, records.columns[0], rows)
            yield Found(1, self._names[0], rows, np.zeros(len(rows), np.int32), [(problem,)])

    def report(self, task: TaskReport, listing: Listing) -> None:
        """At the end: the totals, what was left out, and what could be repaired."""
        for found, name, cell in self._drops.list_totals():
            task.add(found)
            tally = Tally(found.problem.type, name, found.problem.rule, found.problem.strength)
            rows = [found.place.row or 0]
            listing.store_rows(tally, rows, found.problem, number=found.place.number, cell=cell)
            self._texts.count(name, TOTAL_ROW, cell)
        task.repaired += [
            {"fieldName": name, "kind": kind, "count": count}
            for (name, kind), count in self._drops.counts.items()
            if count
        ]
        task.repairs += self._texts.propose()
