"""Text copies and counts, made in a process of their own: the text is a foreign file, and counting may take long.

Request and answer are JSON. Run as a module, this is that process.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from opendata.confined import Bounds, answer_one, ask, warm
from opendata.domain.recipes import Recipe, Step
from opendata.recipes.plan import make_plan
from opendata.recipes.recipe import describe_recipe, read_recipe
from opendata.tables.text.dialect import restore_dialect
from opendata.tables.text.steps import Marks
from opendata.tables.trial.copying import write_copy
from opendata.tables.trial.counting import Count, Counts, Wish, count_fields

MODULE = "opendata.recipes.trial"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The text of a table, of which the copy is still to be made: its dialect (`Dialect.describe`), and its steps.

    `renames`, `names` and `marks` are those of `begin_table`.
    """

    path: str
    dialect: Mapping[str, Any]
    recipe: Recipe = field(default_factory=Recipe)
    renames: Mapping[str, str] = field(default_factory=dict)
    names: Sequence[str] = ()
    marks: Marks = field(default_factory=dict)


def count_confined(
    copy: Path,
    text: Text | None,
    wish: Wish,
    bounds: Bounds,
    *,
    added: Sequence[Step] = (),
    is_wanted: Callable[[], bool] = lambda: True,
) -> Counts:
    """Count what would fail in the copy of a table, which is made first where a text is given; within bounds.

    `added` are steps that come after those of the copy, of names and the order of columns alone. Raises
    `BrokenOffError`.
    """
    request = {
        "copy": str(copy),
        "text": None if text is None else {**asdict(text), "recipe": describe_recipe(text.recipe)},
        "wish": {**asdict(wish), "recipe": describe_recipe(wish.recipe)},
        "added": describe_recipe(Recipe(tuple(added))),
    }
    found = json.loads(ask(MODULE, json.dumps(request).encode(), bounds, is_wanted=is_wanted))
    return Counts(
        rows=found["rows"],
        fields={name: Count(**item) for name, item in found["fields"].items()},
        keys=[Count(**item) for item in found["keys"]],
        table=Count(**found["table"]) if found["table"] else None,
    )


def warm_up() -> None:
    """Have a process ready for the next count."""
    warm(MODULE)


def _answer(request: bytes) -> bytes:
    given = json.loads(request)
    copy, text, wish = Path(given["copy"]), given["text"], given["wish"]
    if text is not None:
        write_copy(
            Path(text["path"]),
            restore_dialect(text["dialect"]),
            copy,
            renames=text["renames"],
            steps=make_plan(read_recipe(text["recipe"])),
            names=text["names"],
            marks={int(number): mark for number, mark in text["marks"].items()},
        )
    wish["recipe"] = read_recipe(wish["recipe"])
    return json.dumps(asdict(count_fields(copy, Wish(**wish), make_plan(read_recipe(given["added"]))))).encode()


def _prepare() -> None:
    """Load what a count needs of the libraries that are loaded late."""
    import numpy as np  # noqa: F401
    import pyarrow.compute as pc  # noqa: F401
    import pyarrow.parquet as pq  # noqa: F401


if __name__ == "__main__":
    answer_one(_answer, prepare=_prepare)
