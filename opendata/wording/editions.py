"""Why a file counts as the next edition of a table, and what is unusual about it, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opendata.domain.editions.modes import Figures, Mode, Unusual
from opendata.errors import N_
from opendata.wording.voice import Voice

UNUSUAL: Mapping[Unusual, str] = {
    Unusual.ADDED: N_("Usually %(usual)s rows are added to “%(table)s”; this time %(count)s"),
    Unusual.REMOVED: N_("Usually %(usual)s rows of “%(table)s” are removed; this time %(count)s of %(total)s"),
    Unusual.CHANGED: N_("Usually %(usual)s rows of “%(table)s” are corrected; this time %(count)s"),
    Unusual.LOST: N_(
        "You are deleting %(share)s of the rows of “%(table)s”: %(count)s of %(total)s. Is the file complete?"
    ),
    Unusual.GROWS: N_(
        "Hardly any of the rows of “%(table)s” are in this file: %(known)s of %(total)s. It looks as if its rows should"
        " be added to the table, not replace it"
    ),
    Unusual.WHOLE: N_(
        "%(known)s of the %(total)s published rows of “%(table)s” are in this file. It looks like the whole table,"
        " which should replace the published one"
    ),
}
"""What is unusual about an edition → the sentence for it."""


def say_figures(voice: Voice, mode: str | None, figures: Figures, titles: Mapping[str, str] | None = None) -> str:
    """The figures that decided what a file is to the published table. `titles` says what tables are called."""
    return voice.separator.join(_list_figures(voice, mode, figures, titles or {}))


def _list_figures(voice: Voice, mode: str | None, figures: Figures, titles: Mapping[str, str]) -> list[str]:
    found: list[str] = []

    def say(text: str, **params: Any) -> None:
        found.append(voice.fill(text, params))

    if figures.get("rivals"):
        say(
            N_("several tables fit equally well: %(tables)s"),
            tables=", ".join(titles.get(name, name) for name in figures["rivals"]),
        )
    elif figures.get("taken"):
        say(
            N_("another file of this draft is for “%(table)s”; send this one with the next draft"),
            table=titles.get(figures["taken"], figures["taken"]),
        )
    elif mode == Mode.NEW and "matched" in figures and not figures["matched"]:
        say(N_("no published table has these columns"))
    elif figures.get("columns"):
        say(N_("%(matched)s of %(columns)s columns match"), matched=figures["matched"], columns=figures["columns"])
    if figures.get("named"):
        say(N_("the file is named like the table"))
    if figures.get("unlike"):
        say(N_("only one of the two has these columns: %(names)s"), names=", ".join(figures["unlike"]))
    if figures.get("rows") and figures.get("total"):
        rows, total, known = figures["rows"], figures["total"], figures["known"]
        if figures.get("inferred"):
            say(N_("rows are distinguished by %(columns)s"), columns=", ".join(figures["key"]))
        if figures.get("key"):
            say(N_("%(fresh)s of %(rows)s keys are new"), fresh=rows - known, rows=rows)
        else:
            say(N_("%(fresh)s of %(rows)s rows are new"), fresh=rows - known, rows=rows)
        say(N_("%(known)s of the %(total)s published rows are in the file"), known=known, total=total)
    if figures.get("period"):
        say(N_("every value of “%(column)s” is new"), column=figures["period"])
    return found


def say_unusual(voice: Voice, code: Unusual, params: Mapping[str, Any]) -> str:
    """What is unusual about an edition. `usual` are the least and the most, `share` goes from 0 to 1."""
    shown = dict(params)
    if "usual" in shown:
        least, most = shown["usual"]
        shown["usual"] = str(least) if least == most else f"{least}–{most}"
    if "share" in shown:
        shown["share"] = f"{shown['share']:.0%}"
    return voice.fill(UNUSUAL[code], shown)
