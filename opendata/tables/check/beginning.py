"""How a table begins: the names of its columns and its first rows, as somebody said and as steps leave them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from opendata.tables.check.column_notes import list_start
from opendata.tables.schema.header import make_distinct, read_labels
from opendata.tables.text.decoding import read_rows
from opendata.tables.text.dialect import Dialect
from opendata.tables.text.steps import Marks, Steps, StepsAtWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What is known of a table before its rows are checked.

    `labels` are the names of the columns, none where the file has no header, and `told` what the file has above them,
    none where it can't come again as a row. `found` are the names in the file. `is_mapped`: somebody said of a column
    which field it is. `width` is the number of cells of the first record. `start` are the first rows, `marks` what the
    columns say of fields. `work` are the steps on their way, and `restart` begins them again.
    """

    labels: tuple[str, ...]
    told: Sequence[str] = ()
    found: Sequence[str] = ()
    is_mapped: bool = False
    width: int
    header_rows: Sequence[int] = ()
    first_row: int = 2
    start: Sequence[Sequence[str]] = ()
    marks: Marks = field(default_factory=dict)
    work: StepsAtWork | None = None
    restart: Callable[[], StepsAtWork] | None = None


def begin_table(
    path: Path,
    dialect: Dialect,
    *,
    renames: Mapping[str, str],
    steps: Steps | None,
    names: Sequence[str],
    marks: Marks,
) -> Beginning | None:
    """Read the header and the first rows of a file, and set its steps going; None for a file without any row.

    `renames` gives columns other names, by what `make_distinct` makes of their labels. `names` are those that steps
    know columns by where the file has no header. Raises `DecodingFault`.
    """
    first_row = max(dialect.header_rows, default=0) + 1
    with closing(read_rows(path, dialect)) as rows:
        head = list(islice(rows, max(first_row - 1, 1)))
        start = list_start(rows)
    if not head:
        return None
    found = read_labels(head, dialect) if dialect.header_rows else ()
    distinct = make_distinct(found)
    labels = tuple(renames.get(name, label) for name, label in zip(distinct, found, strict=True))
    told: Sequence[str] = found if len(dialect.header_rows) == 1 else ()
    work, restart = None, None
    if steps is not None:
        known = labels or names or [""] * len(head[0])
        data = [row for number, row in enumerate(start, start=first_row) if number not in dialect.comment_rows]

        def restart() -> StepsAtWork:
            return steps.begin(known, data, first_row=first_row, marks=marks)

        work = restart()
        labels, marks = tuple(work.labels), work.marks
        start = [[row[at - 1] if 0 < at <= len(row) else "" for at in work.places] for row in start]
        told = [told[at - 1] for at in work.places] if all(work.places) and max(work.places) <= len(told) else ()
    return Beginning(
        labels=labels,
        told=told,
        found=found,
        is_mapped=not renames.keys().isdisjoint(distinct),
        width=len(head[0]),
        header_rows=dialect.header_rows,
        first_row=first_row,
        start=start,
        marks=marks,
        work=work,
        restart=restart,
    )
