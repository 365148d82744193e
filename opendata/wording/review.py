"""The checklist of a review in words: what each check is called and asks, and where a remark belongs."""

from __future__ import annotations

from collections.abc import Mapping

from opendata.domain.review.checklist import Check, Place
from opendata.errors import N_
from opendata.wording.voice import Voice

CHECKS: Mapping[Check, tuple[str, str]] = {
    Check.SECRECY: (
        N_("Secrecy"),
        N_("The data, the metadata and the attachments contain no state secret, work secret or trade secret."),
    ),
    Check.PRIVACY: (
        N_("Personal data"),
        N_("Nobody can be identified from the data, or the law requires it to be published."),
    ),
    Check.WORDING: (
        N_("Wording"),
        N_("The title, descriptions, column names and notes are correct and clear."),
    ),
    Check.TIMING: (
        N_("Timing"),
        N_("The data may be made public at the time planned."),
    ),
    Check.METHOD: (
        N_("Method and scope"),
        N_("The disclosure, the licence, and the rows and columns chosen are right for this data."),
    ),
}
"""Check → its name, and the statement that is signed with it."""

_PLACES: Mapping[str, str] = {
    "table": N_("table “%(name)s”"),
    "column": N_("column “%(name)s”"),
    "row": N_("row %(name)s"),
    "field": N_("field “%(name)s”"),
}


def say_check(voice: Voice, check: Check) -> str:
    """What a check is called."""
    return voice.translate(CHECKS[check][0])


def say_place(voice: Voice, place: Place | None, titles: Mapping[str, str] | None = None) -> str:
    """Where in a draft something is; empty where that isn't known. `titles` says what tables are called."""
    if place and "table" in place:
        place = {**place, "table": (titles or {}).get(place["table"], place["table"])}
    found = [voice.translate(_PLACES[part]) % {"name": place[part]} for part in _PLACES if place and place.get(part)]  # type: ignore[literal-required]
    return voice.separator.join(found)


def say_refusal(voice: Voice, check: Check, place: Place | None, remark: str) -> str:
    """The comment with which a refused check returns a draft."""
    where = say_place(voice, place)
    if where:
        text = voice.translate(N_("The check “%(check)s” was refused (%(place)s): %(remark)s"))
        return text % {"check": say_check(voice, check), "place": where, "remark": remark}
    text = voice.translate(N_("The check “%(check)s” was refused: %(remark)s"))
    return text % {"check": say_check(voice, check), "remark": remark}
