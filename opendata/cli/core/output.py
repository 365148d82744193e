"""What commands write: results on stdout, everything about the way there on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from opendata.errors import N_, UsageError


def write_json(document: Any) -> None:
    """Write the one JSON document of a command."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str))


def write_note(text: str) -> None:
    """Tell the person at the terminal something that isn't a result."""
    click.echo(text, err=True)


def write_table(rows: Sequence[Sequence[str]]) -> None:
    """Write rows in columns, the first row being their headings."""
    widths = [max(_width(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        cells = [cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)]
        click.echo("  ".join(cells).rstrip())


def _width(text: str) -> int:
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def is_interactive() -> bool:
    """Whether a person can answer a question."""
    return sys.stdin.isatty()


def require_confirmation(what: str, question: str) -> None:
    """Ask the person at the terminal before something is lost. Raises `UsageError` if nobody can answer or agrees."""
    write_note(what)
    if not is_interactive():
        raise UsageError(N_("Nobody can confirm this here, so nothing was done. To go on, use --yes"))
    if not click.confirm(question, err=True):
        raise UsageError(N_("Nothing was done"))


class Progress:
    """How far some work is, shown on a terminal and nowhere else."""

    def __init__(self, bar: Any = None) -> None:
        self._bar = bar

    def report(self, share: float, label: str = "") -> None:
        """Show that `share` (0..1) is done and what is at hand."""
        if self._bar is not None:
            self._bar.label = label.ljust(30)[:30]
            self._bar.update(round(share * 1000) - self._bar.pos)


@contextmanager
def show_progress() -> Iterator[Progress]:
    """A progress bar on stderr while the block runs, where stderr is a terminal."""
    if not sys.stderr.isatty():
        yield Progress()
        return
    with click.progressbar(
        length=1000, file=sys.stderr, show_eta=False, bar_template="%(label)s %(bar)s %(info)s"
    ) as bar:
        yield Progress(bar)
