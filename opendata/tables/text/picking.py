"""Some records of a text by their numbers. The text is a foreign file, so it is read in a process of its own.

Request and answer are JSON. Run as a module, this is that process.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path

from opendata.confined import Bounds, answer_one, ask
from opendata.tables.text.decoding import DecodingFault, read_rows
from opendata.tables.text.dialect import Dialect, restore_dialect


def pick_rows(
    text: Path,
    dialect: Dialect,
    numbers: Collection[int],
    bounds: Bounds,
    *,
    is_wanted: Callable[[], bool] = lambda: True,
) -> Mapping[int, Sequence[str]]:
    """The records with these numbers, from 1, that there are before the end or before damage; within bounds.

    Raises `BrokenOffError`.
    """
    request = {"text": str(text), "dialect": dialect.describe(), "numbers": sorted(numbers)}
    return dict(
        json.loads(ask("opendata.tables.text.picking", json.dumps(request).encode(), bounds, is_wanted=is_wanted))
    )


def _answer(request: bytes) -> bytes:
    given = json.loads(request)
    wanted = set(given["numbers"])
    found = []
    with closing(read_rows(Path(given["text"]), restore_dialect(given["dialect"]))) as rows, suppress(DecodingFault):
        for number, cells in enumerate(islice(rows, max(wanted, default=0)), start=1):
            if number in wanted:
                found.append((number, cells))
    return json.dumps(found).encode()


if __name__ == "__main__":
    answer_one(_answer)
