"""A second header row below the first: its texts join the names of the columns, as in intake for other formats.

In: `地区`, `人口`, ``   and the row  ``, `总数`, `男`      Out: `地区`, `人口 总数`, `人口 男`

The row is known by its texts. If the first row of a file says something else, it is data and the step is a question.
"""

from __future__ import annotations

from collections.abc import Sequence

from opendata.domain.recipes import Applied, Doubt, Step
from opendata.errors import N_


class JoinHeaders:
    """The step on its way through one file."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.doubts: list[Doubt] = []
        self.count = 0

    def join(self, labels: Sequence[str], row: Sequence[str]) -> Sequence[str]:
        """The names of the columns, joined with the row if it is the one that the step knows."""
        wanted = _trim(self.step.params["labels"])
        if not wanted or _trim(row) != wanted:
            shown = " / ".join(text for text in wanted if text)
            text = N_(
                "The row below the header isn't “%(row)s” any more, so it is read as data and this step isn't"
                " applied: %(step)s"
            )
            self.doubts.append(Doubt(text, {"row": shown[:200]}))
            return labels
        self.count = 1
        return join_labels(labels, wanted)

    def describe(self) -> Applied:
        """What became of the step."""
        return Applied(self.step, self.count, tuple(self.doubts))


def join_labels(labels: Sequence[str], row: Sequence[str]) -> list[str]:
    """Names joined down each column. A name stretches over the gaps after it that have a text below them."""
    width = max(len(labels), len(row))
    upper = [*labels, *[""] * (width - len(labels))]
    lower = [*row, *[""] * (width - len(row))]
    source = ""
    joined = []
    for above, below in zip(upper, lower, strict=True):
        if above:
            source = above if below else ""
        name = above or (source if below else "")
        joined.append(" ".join(dict.fromkeys(text for text in (name, below) if text)))
    return joined


def _trim(row: Sequence[str]) -> list[str]:
    cells = [" ".join(cell.split()) for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells
