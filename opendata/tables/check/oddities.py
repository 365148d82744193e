"""What is odd in a table without breaking a rule of its schema: its texts and its rows, found, told and repaired."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from opendata.domain.findings import Problem
from opendata.tables.check.listing import Found, Listing
from opendata.tables.check.odd_texts import OddTexts
from opendata.tables.check.row_drops import DropState, RowDrops
from opendata.tables.repair.repairs import REPEATED_HEADER, TOTAL_ROW
from opendata.tables.report.report import Tally, TaskReport

if TYPE_CHECKING:
    import numpy as np

    from opendata.tables.check.columns import ScreenedColumn
    from opendata.tables.text.records import Records


OddState = tuple[DropState, OddTexts]


class Oddities:
    """Those of one table; `names` are the fields of its columns, `repairs` the kinds accepted for each."""

    def __init__(self, labels: Sequence[str], names: Sequence[str], repairs: Mapping[str, Sequence[str]]) -> None:
        self._names = names
        self._drops = RowDrops(labels, names, repairs)
        self._texts = OddTexts()

    def drop(self, records: Records) -> Records:
        """A batch without the rows that the recipe leaves out."""
        return self._drops.drop(records)

    def find(self, records: Records, numbers: range | np.ndarray, columns: Sequence[ScreenedColumn]) -> Iterator[Found]:
        """The odd texts of a batch, and the rows that are the header again."""
        self._drops.remember_ends(records, numbers)
        if records.is_filled and not any(column.odd for column in columns):
            return
        import numpy as np

        for place, (name, column) in enumerate(zip(self._names, columns, strict=True)):
            for problem, rows in column.odd:
                self._texts.take(name, problem.code, records.columns[place], rows)
                yield Found(place + 1, name, rows, np.zeros(len(rows), np.int32), [(problem,)])
        rows = np.flatnonzero(self._drops.find_repeated(records.columns))
        if len(rows):
            problem = Problem(REPEATED_HEADER, REPEATED_HEADER, "warning")
            self._texts.take(self._names[0], REPEATED_HEADER, records.columns[0], rows)
            yield Found(1, self._names[0], rows, np.zeros(len(rows), np.int32), [(problem,)])

    def describe(self) -> OddState:
        """What is known so far, for `join`."""
        return self._drops.describe(), self._texts

    def join(self, other: OddState, offset: int) -> None:
        """Take in what is known of a later piece of the table, whose rows are `offset` further down."""
        self._drops.join(other[0], offset)
        self._texts.join(other[1])

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
        places = {name: place for place, name in enumerate(self._names)}
        task.repairs += sorted(self._texts.propose(), key=lambda item: (places[item["fieldName"]], item["kind"]))
