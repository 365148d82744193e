"""What a sender says of the rows of a file when it comes: that they replace a table, are added to it, or are new."""

from __future__ import annotations

from collections.abc import Collection

from opendata.domain.editions.modes import AUTO, EditionJson, Mode
from opendata.errors import N_, Fault, fault


def begin_edition(mode: str | None, name: str | None, *, repeats: bool, is_published: bool) -> EditionJson | None:
    """The edition of a file by its `mode` and the `name` of its table, where they were given.

    None where nothing was said: then its rows replace the table of its name.
    """
    if mode is None:
        return None
    wanted: EditionJson = {"wanted": mode, **({"repeats": True} if repeats else {})}
    if is_published and (mode != AUTO or name):
        known = Mode.REPLACE if mode == AUTO else Mode(mode)
        return {**wanted, "wanted": known, "mode": known}
    is_new = mode == Mode.NEW or (mode == AUTO and name)
    return {"wanted": Mode.NEW, "mode": Mode.NEW} if is_new else wanted


def begin_again(edition: EditionJson | None) -> EditionJson | None:
    """The edition of a corrected file: what somebody wanted holds, what was found in the file before doesn't."""
    if edition is None or edition["wanted"] == AUTO:
        return None if edition is None else {"wanted": AUTO}
    found: EditionJson = {"wanted": edition["wanted"]}
    if "mode" in edition:
        found["mode"] = edition["mode"]
    if "renamed" in edition:
        found["renamed"] = edition["renamed"]
    return found


def is_unknown(edition: EditionJson | None) -> bool:
    """Whether it is yet to be found out which table a file belongs to."""
    return edition is not None and edition["wanted"] == AUTO and "mode" not in edition


def find_mode_fault(place: str, mode: str | None, name: str | None, published: Collection[str]) -> Fault | None:
    """What is wrong where rows are to be added to a table by a name that isn't one, or a new one has a known name."""
    if mode == Mode.APPEND and name and name not in published:
        text = N_("The last version has no table “%(name)s” that rows could be added to")
        return fault(place, text, name=name)
    if mode == Mode.NEW and name in published:
        return fault(place, N_("“%(name)s” is the name of a published table. Choose another"), name=name)
    return None
