"""What a person says about a table as a whole, checked: each fault with its place, periods in their normal form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opendata.domain.meaning.periods import read_period
from opendata.domain.meaning.table_meaning import NAMES, TEXTS
from opendata.errors import N_, Fault, InvalidMetadataError, fault
from opendata.intake.meaning.periods import find_period
from opendata.metadata.dataset import MAX_TITLE, refuse_period

MOST_NOTES = 50
_LONGEST: Mapping[str, int] = {"title": MAX_TITLE, "unit": 60, "period": 60, "source": 300, "compiledBy": 300}
_LONGEST_NOTE = 5000


def read_said(given: object) -> dict[str, Any] | None:
    """What a person says about a table, checked; None: all of it is forgotten.

    Each property that is null is said not to be there. Periods are put into their normal form. Raises
    `InvalidMetadataError`.
    """
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise InvalidMetadataError(faults=[fault("/meaning", N_("This must be a JSON object"))])
    faults = list(_find_faults(given))
    if faults:
        raise InvalidMetadataError(faults=faults)
    said: dict[str, Any] = {name: _tidy(given[name]) for name in TEXTS if name in given}
    if said.get("period"):
        said["period"] = _read_period(str(said["period"]))
    if "units" in given:
        said["units"] = {label: _tidy(unit) for label, unit in (given["units"] or {}).items()}
    if "i18n" in given:
        said["i18n"] = {key: dict(texts or {}) for key, texts in (given["i18n"] or {}).items()}
    if "footnotes" in given:
        notes = [{"text": note} if isinstance(note, str) else dict(note) for note in given["footnotes"] or ()]
        said["footnotes"] = [note for note in notes if note["text"].strip()]
    return said


def _find_faults(given: Mapping[str, Any]) -> Iterator[Fault]:
    for name in given:
        if name not in (*NAMES, "i18n"):
            yield fault(f"/meaning/{str(name)[:50]}", N_("This property doesn't exist. Check the spelling"))
    for name, longest in _LONGEST.items():
        value = given.get(name)
        if value is not None and not isinstance(value, str):
            yield fault(f"/meaning/{name}", N_("This must be text"))
        elif value and len(value) > longest:
            yield fault(f"/meaning/{name}", N_("At most %(limit)s characters are allowed"), limit=longest)
        elif name == "period" and value and value.strip() and not _read_period(value.strip()):
            yield refuse_period("/meaning/period", value)
    units = given.get("units")
    if units is not None and not (
        isinstance(units, Mapping)
        and all(unit is None or (isinstance(unit, str) and len(unit) <= _LONGEST["unit"]) for unit in units.values())
    ):
        yield fault("/meaning/units", N_("This must be an object with a unit, or null, for each column"))
    notes = given.get("footnotes")
    if notes is not None and not (
        isinstance(notes, Sequence)
        and not isinstance(notes, str)
        and len(notes) <= MOST_NOTES
        and all(map(_is_note, notes))
    ):
        text = N_("This must be a list of at most %(limit)s notes, each a text or an object with “text”")
        yield fault("/meaning/footnotes", text, limit=MOST_NOTES)
    i18n = given.get("i18n")
    if i18n is not None and not (isinstance(i18n, Mapping) and all(map(_is_translated, i18n.values()))):
        yield fault("/meaning/i18n", N_("“i18n” must be an object with a language code for each translation"))


def _is_note(note: object) -> bool:
    text = note.get("text") if isinstance(note, Mapping) else note
    if not isinstance(text, str) or len(text) > _LONGEST_NOTE:
        return False
    if not isinstance(note, Mapping):
        return True
    columns = note.get("columns", [])
    is_list = isinstance(columns, list) and all(isinstance(column, str) for column in columns)
    return set(note) <= {"text", "mark", "columns"} and isinstance(note.get("mark", ""), str) and is_list


def _is_translated(texts: object) -> bool:
    if texts is None:
        return True
    return (
        isinstance(texts, Mapping)
        and set(texts) <= {"title"}
        and all(text is None or (isinstance(text, str) and len(text) <= MAX_TITLE) for text in texts.values())
    )


def _read_period(text: str) -> str:
    """The normal form of a period, however it is written; empty for what is none."""
    if read_period(text) is not None:
        return text
    seen = find_period(text)
    is_all = seen is not None and not text[: seen.start].strip() and text[seen.end :].strip() in ("", "份", "度")
    return seen.period.text if seen is not None and is_all else ""


def _tidy(text: str | None) -> str | None:
    return " ".join(text.split()) or None if text else None
