"""Which columns tell the rows of a table that declares no key, as a person would read it.

In, a base with month, town, people, and a part with another month
Out, month and town: together they are different in every row of the base and of the part, and neither is a measure

Columns that say when come first, since rows of two periods may agree in all others; then texts, from the left, until
the rows differ. A column that says when somebody reported a row doesn't count beside one that says what it is about: a
correction is reported later.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from opendata.tables.arrow.parquet import open_parquet
from opendata.tables.diff.column_pairs import Column, match_columns
from opendata.tables.diff.periods import tells_periods
from opendata.tables.diff.row_places import has_repeats, place_rows

if TYPE_CHECKING:
    import pyarrow as pa

MOST_COLUMNS = 4
"""At most this many texts are added to the columns that say when."""

_REPORTED = re.compile(
    r"(?:上报|填报|报送|填表|录入|登记|更新|发布|审核|修改)(?:日期|时间|日)"
    r"|(?:report|enter|updat|publish|modif|submit|check)\w*[ _](?:date|day|time|at|on)"
    r"|date[ _](?:reported|entered|updated)",
    re.IGNORECASE,
)


def find_identity(base: Path, part: Path, folder: Path, kinds: Mapping[str, str]) -> tuple[Sequence[str], int]:
    """The columns that tell the rows of both files, none if there are no such; and how many rows are in both.

    Files are made in `folder`. `kinds` are those of `spellings`.
    """

    with open_parquet(base) as old, open_parquet(part) as new:
        columns = [item for item in match_columns(old.schema_arrow, new.schema_arrow, kinds) if item.is_common]
        for chosen in _list_candidates(columns, old.schema_arrow):
            if not (has_repeats(old, chosen, folder, is_new=False) or has_repeats(new, chosen, folder, is_new=True)):
                rows = old.metadata.num_rows + new.metadata.num_rows
                return [item.name for item in chosen], rows - place_rows(old, new, chosen, folder).length
    return (), 0


def _list_candidates(columns: Sequence[Column], schema: pa.Schema) -> Sequence[Sequence[Column]]:
    import pyarrow as pa

    periods = [item for item in columns if item.old is not None and tells_periods(schema.field(item.old))]
    about = [item for item in periods if not _REPORTED.search(item.name)]
    texts = [item for item in columns if item not in periods and pa.types.is_string(item.type)][:MOST_COLUMNS]
    sets = [about, periods] if about and len(about) < len(periods) else [periods]
    found = [[*when, *texts[:count]] for when in sets for count in range(len(texts) + 1)]
    return [item for item in found if item]
