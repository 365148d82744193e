"""One column of a table: every batch is counted into tallies, by the Arrow type of its cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from opendata.domain.privacy import Kind
from opendata.domain.schema import Field
from opendata.privacy.detection.cells import Cells
from opendata.privacy.detection.contacts import count_contacts
from opendata.privacy.detection.dates import Years, count_number_years, count_text_years, count_typed_years
from opendata.privacy.detection.digits.digit_runs import count_digit_runs
from opendata.privacy.detection.digits.loose_mobiles import count_loose_mobiles
from opendata.privacy.detection.digits.spacing import join_spaced_digits
from opendata.privacy.detection.hints import find_hints
from opendata.privacy.detection.tallies import EXAMPLES, Tallies
from opendata.privacy.detection.words.addresses import AddressCounter
from opendata.privacy.detection.words.names import NameSample, count_names
from opendata.tables.arrow.arrays import view_numbers

if TYPE_CHECKING:
    import pyarrow as pa

HINTED: Mapping[Kind, str] = {
    Kind.PASSPORT: "^[A-Z]{1,2}[0-9]{7,8}$",
    Kind.TRAVEL_PERMIT: "^(?:[HMC]?[0-9]{8}(?:[0-9]{2})?|[A-Z]{3}[0-9]{12}|C[A-Z][0-9]{7})$",
    Kind.MILITARY_ID: "字第?[0-9]{6,8}号?$",
    Kind.LANDLINE: "^[0-9]{7,8}(?:-[0-9]{1,5})?$",
    Kind.BANK_CARD: "^[0-9]{4}(?: ?[0-9]{4}){2,3}(?: ?[0-9]{1,3})?$",
    Kind.SOCIAL: "^(?:[0-9]{5,11}|[A-Za-z][A-Za-z0-9_-]{5,19})$",
}
"""What whole cells look like in columns whose names say what they are; elsewhere such cells prove nothing.

Every pattern takes any digit where it takes one, so that cells of one shape match or don't together.
"""

_LEAST = 10_000_000_000
"""Whole numbers below this have no more than ten digits, too few for any identifier that columns aren't named after."""

_GREATEST_EXACT = 2.0**53


class ScreenedColumn:
    """What was found in one column so far."""

    def __init__(self, field: Field) -> None:
        self.name = field.name
        self.hints = find_hints(field)
        self.tallies = Tallies()
        self.names = NameSample()
        self.years = Years()
        self._addresses = AddressCounter()

    def take(self, column: pa.Array) -> None:
        """Count the cells of a column of one batch."""
        import pyarrow as pa

        kind = column.type
        if pa.types.is_string(kind):
            self._take_text(column)
        elif pa.types.is_integer(kind):
            self._take_integers(column)
        elif pa.types.is_date32(kind) or pa.types.is_timestamp(kind):
            self.tallies.values += len(column) - column.null_count
            if pa.types.is_date32(kind) or Kind.BIRTH_DATE in self.hints:  # hardly anybody's hour of birth is known
                count_typed_years(column, self.years)
        elif pa.types.is_floating(kind):
            self._take_doubles(column)
        elif pa.types.is_decimal(kind):
            self._take_decimals(column)

    def join(self, later: ScreenedColumn) -> None:
        """Add what was found in later rows of the column."""
        self.tallies.join(later.tallies)
        self.names.join(later.names)
        self.years.join(later.years)

    def _take_text(self, column: pa.Array) -> None:
        cells = Cells(column)
        self.tallies.values += cells.values
        self.tallies.bytes += len(cells.data)
        if not len(cells.data):
            return
        joined = join_spaced_digits(cells)
        count_digit_runs(joined or cells, self.tallies)
        count_loose_mobiles(joined or cells, self.tallies, is_named=Kind.MOBILE in self.hints)
        count_contacts(cells, self.tallies)
        count_names(cells, self.tallies, self.names)
        self._addresses.count(cells, self.tallies)
        if not cells.is_wide or Kind.BIRTH_DATE in self.hints:
            count_text_years(cells, self.years)
        self._count_hinted(cells)

    def _take_integers(self, column: pa.Array) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        values = column.drop_null() if column.null_count else column
        self.tallies.values += len(values)
        if not len(values):
            return
        bounds = pc.min_max(values).as_py()
        if bounds["max"] >= _LEAST:
            large = values if bounds["min"] >= _LEAST else values.filter(pc.greater_equal(values, _LEAST))
            count_digit_runs(Cells(pc.cast(large, pa.string())), self.tallies)
        elif bounds["min"] >= 19_000_101 and bounds["max"] <= 21_001_231:
            count_number_years(view_numbers(values), self.years)
        if HINTED.keys() & self.hints.keys():
            self._count_hinted(Cells(pc.cast(values, pa.string())))

    def _take_doubles(self, column: pa.Array) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        values = column.drop_null() if column.null_count else column
        self.tallies.values += len(values)
        greatest = pc.max(values).as_py()
        if greatest is None or not greatest >= _LEAST:
            return
        whole = values.filter(
            pc.and_(
                pc.and_(pc.greater_equal(values, float(_LEAST)), pc.less(values, _GREATEST_EXACT)),
                pc.equal(pc.floor(values), values),
            )
        )
        count_digit_runs(Cells(pc.cast(pc.cast(whole, pa.int64()), pa.string())), self.tallies)

    def _take_decimals(self, column: pa.Array) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        if column.type.scale <= 0:
            values = column.drop_null()
            self.tallies.values += len(values)
            count_digit_runs(Cells(pc.cast(values, pa.string())), self.tallies)

    def _count_hinted(self, cells: Cells) -> None:
        """Count cells that only the column's name makes personal data, where its name does."""
        import pyarrow.compute as pc

        for kind, pattern in HINTED.items():
            if kind not in self.hints:
                continue
            mask = pc.match_substring_regex(cells.sample.column, pattern)
            number = pc.sum(mask).as_py() or 0
            if number:
                tally = self.tallies.of(kind)
                tally.hinted += len(cells.lengths) if cells.are_alike else number
                if len(tally.examples) < EXAMPLES:
                    for text in cells.sample.column.filter(mask)[:EXAMPLES].to_pylist():
                        tally.add_example(text)
