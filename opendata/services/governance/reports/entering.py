"""What somebody enters in an annual report: checked when it is saved, complete when it is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from opendata.domain.reports.annual import (
    CODES,
    LONGEST_TEXT,
    REQUIRED,
    REQUIRED_NUMBERS,
    AnnualReport,
    Part,
    read_amount,
)
from opendata.errors import N_, Fault, InvalidMetadataError, escape_pointer, fault
from opendata.metadata.text import find_value_faults
from opendata.services.governance.reports.values import Texts
from opendata.wording.governance.annual import TO_FILL_IN
from opendata.wording.voice import voice_of

_NUMBER = N_("Write a whole number, 0 or more")
_MONEY = N_("Write a number, 0 or more, with at most six decimals")


def read_said(said: Mapping[str, Any], languages: Sequence[str]) -> tuple[dict[str, Any], dict[str, Decimal]]:
    """What somebody sends. Raises `InvalidMetadataError`."""
    faults: list[Fault] = list(find_value_faults(dict(said)))
    texts: dict[str, dict[str, str]] = {}
    for language, parts in _mapping(said.get("texts"), "/texts", faults).items():
        if language not in languages:
            faults.append(fault(f"/texts/{escape_pointer(language)}", N_("This portal doesn't have this language")))
            continue
        for part, text in _mapping(parts, f"/texts/{language}", faults).items():
            place = f"/texts/{language}/{escape_pointer(part)}"
            if part not in tuple(Part):
                faults.append(fault(place, N_("A report has no such part")))
            elif not isinstance(text, str) or len(text) > LONGEST_TEXT:
                faults.append(fault(place, N_("This must be text of at most %(most)s characters"), most=LONGEST_TEXT))
            elif text.strip():
                texts.setdefault(language, {})[part] = text.replace("\r\n", "\n").strip()
    numbers: dict[str, Decimal] = {}
    for code, value in _mapping(said.get("numbers"), "/numbers", faults).items():
        place = f"/numbers/{escape_pointer(code)}"
        if code not in CODES:
            faults.append(fault(place, N_("A report has no such number")))
        elif str(value if value is not None else "").strip():
            number = None if isinstance(value, bool) else read_amount(code, str(value))
            if number is None:
                faults.append(fault(place, _NUMBER if not code.endswith("charged") else _MONEY))
            else:
                numbers[code] = number
    if faults:
        raise InvalidMetadataError(faults=faults)
    return texts, numbers


def list_missing(texts: Texts, report: AnnualReport, languages: Sequence[str]) -> Sequence[Fault]:
    """What a report lacks before it can be published."""
    language = languages[0]
    voice = voice_of(language)
    faults = [
        fault(f"/texts/{language}/{part}", N_("Write this part"))
        for part in REQUIRED
        if not texts.get(language, {}).get(part)
    ]
    for name, parts in texts.items():
        marks = {voice_of(name).translate(TO_FILL_IN), voice.translate(TO_FILL_IN)}
        faults += [
            fault(f"/texts/{name}/{part}", N_("Fill in what is marked, or take the mark out"))
            for part, text in parts.items()
            if any(mark in text for mark in marks)
        ]
    faults += [
        fault(f"/numbers/{escape_pointer(code)}", N_("Enter a number: 0 where there was none"))
        for code in CODES
        if code.startswith(REQUIRED_NUMBERS) and code not in report.numbers
    ]
    faults += [
        fault(f"/table/{line}/{column}", N_("The numbers of applications don't add up in this column"))
        for line, column in report.table.list_faults()
    ]
    return faults


def _mapping(value: Any, place: str, faults: list[Fault]) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        faults.append(fault(place, N_("This must be a JSON object")))
        return {}
    return value
