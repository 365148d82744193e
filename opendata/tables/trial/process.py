"""Text copies and counts, made in a process of their own: the text is a foreign file, and counting may take long.

Request and answer are JSON. Run as a module, this is that process.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from opendata.confined import Bounds, answer_one, ask
from opendata.tables.text.dialect import restore_dialect
from opendata.tables.trial.copying import write_copy
from opendata.tables.trial.counting import Count, Wish, count_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The text of a table and its dialect (`Dialect.describe`), of which the copy is still to be made."""

    path: str
    dialect: Mapping[str, Any]


def count_confined(
    copy: Path, text: Text | None, wish: Wish, bounds: Bounds, *, is_wanted: Callable[[], bool] = lambda: True
) -> tuple[int, Sequence[Count]]:
    """Count what would fail in the copy of a table, which is made first where a text is given; within bounds.

    Raises `BrokenOffError`.
    """
    request = {"copy": str(copy), "text": asdict(text) if text is not None else None, "wish": asdict(wish)}
    found = json.loads(ask("opendata.tables.trial.process", json.dumps(request).encode(), bounds, is_wanted=is_wanted))
    return found["rows"], [Count(**item) for item in found["counts"]]


def _answer(request: bytes) -> bytes:
    given = json.loads(request)
    copy, text, wish = Path(given["copy"]), given["text"], given["wish"]
    if text is not None:
        write_copy(Path(text["path"]), restore_dialect(text["dialect"]), copy)
    fields = {int(number): descriptor for number, descriptor in wish.pop("fields").items()}
    rows, counts = count_fields(copy, Wish(fields=fields, **wish))
    return json.dumps({"rows": rows, "counts": [asdict(item) for item in counts]}).encode()


if __name__ == "__main__":
    answer_one(_answer)
