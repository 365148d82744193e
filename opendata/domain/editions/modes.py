"""What the rows of a file are to the published table: all of it again, more of it, or a table of their own.

Figures decide: how many columns match, and how many of the file's rows the published table has already. Where they
leave a doubt, somebody is asked.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypedDict


class Mode(StrEnum):
    """What a file's rows are to the published table: `replace` is all of it again, `append` are further rows."""

    NEW = "new"
    REPLACE = "replace"
    APPEND = "append"


AUTO = "auto"
"""Said by a sender instead of a mode: find the table, and whether it grows or is replaced."""


class Unusual(StrEnum):
    """What is unusual about an edition. `LOST` is for tables with too few editions to know what is usual."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    LOST = "lost"
    GROWS = "grows"
    WHOLE = "whole"


class Figures(TypedDict, total=False):
    """Why a file counts as the next edition of a table. Each is left out where it isn't known.

    `matched` of the file's `columns` are those of the table, `named` says that their names are alike too. `rows` are
    in the file, `total` in the published table, `known` in both (by key where there is a `key`, else whole rows).
    `inferred` says that no schema declares that key: its columns tell the rows, and aren't measures.
    `period` names a column whose values are all new. `unlike` are columns that only one of the two has.
    `rivals` are tables that fit as well, `taken` is one that fits and that another file of the draft is for.
    """

    matched: int
    columns: int
    named: bool
    key: list[str]
    inferred: bool
    rows: int
    total: int
    known: int
    period: str
    unlike: list[str]
    rivals: list[str]
    taken: str


class PartJson(TypedDict, total=False):
    """The rows that are added to a table. `base` stands for the table they were added to.

    `rows` are in the file: `added` ones, `corrected` ones whose key the table had with other values, and `repeated`
    ones that it had already. `unread` has cells of columns that tell rows, by column, which aren't written like those
    of the table and can't be compared with them. `treated` is the record of what was done to their personal data.
    """

    base: str
    rows: int
    added: int
    corrected: int
    repeated: int
    unread: dict[str, list[str]]
    treated: dict[str, Any]


class EditionJson(TypedDict, total=False):
    """What is kept of it with a draft's table.

    `wanted` is what its sender asked for: a mode, or `AUTO`. `mode` is in force once it is known; `asks` says that
    somebody must confirm it. `by` names who chose it, if somebody did. `repeats` says that rows without a key are
    added although the table has them already. `renamed` are the columns read under other names: label → name, and
    `guessed` says that one of them is no more than likely. `whole` is the report on the table with the rows added.
    """

    wanted: str
    mode: str
    asks: bool
    by: str
    repeats: bool
    renamed: dict[str, str]
    guessed: bool
    figures: Figures
    part: PartJson
    whole: dict[str, Any]


MUCH_LOST = 0.1
"""From this share (0..1) of lost rows on somebody should look whether the file is complete."""

KEPT = 0.9
"""From this share (0..1) of the published rows on, a file is the whole table again."""

HALF = 0.5
FEW = 0.2
"""Up to this share (0..1) of the published rows, a file with new rows is a further part of the table."""


def choose_mode(figures: Figures, last: str | None) -> tuple[Mode, bool]:
    """What the figures say a file is, and whether somebody must confirm it. `last` is how the table came last time."""
    rows, total, known = figures["rows"], figures["total"], figures["known"]
    if not rows or not total:
        return Mode.REPLACE, False
    kept, fresh = known / total, 1 - known / rows
    if figures.get("unlike"):
        return Mode.REPLACE, kept < HALF
    grows = last == Mode.APPEND
    if kept >= KEPT or (kept >= HALF and not grows):
        return Mode.REPLACE, kept < KEPT and fresh >= HALF
    if figures.get("key"):
        return Mode.APPEND, not ((fresh >= HALF and kept <= FEW) or (grows and kept < HALF))
    if grows or figures.get("period"):
        return Mode.APPEND, kept >= HALF
    is_whole = rows >= HALF * total
    return (Mode.REPLACE, last != Mode.REPLACE) if is_whole else (Mode.APPEND, True)


def doubt_mode(mode: str, figures: Figures) -> bool:
    """Whether the figures speak against a mode that somebody chose, clearly enough to say so."""
    rows, total, known = figures["rows"], figures["total"], figures["known"]
    if not rows or not total or figures.get("unlike"):
        return False
    kept, fresh = known / total, 1 - known / rows
    if mode == Mode.REPLACE:
        return kept <= FEW and bool(figures.get("key") or figures.get("period")) and fresh >= HALF
    return mode == Mode.APPEND and kept >= KEPT
