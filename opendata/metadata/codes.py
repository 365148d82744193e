"""Code lists of the platform: disclosure attributes, update cycles, licences.

Source: the Regulations on Open Government Information (Decree 711), articles 13 to 16; EU frequency authority list
for the cycles' meaning; SPDX for licence identifiers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from opendata.errors import N_
from opendata.wording.voice import voice_of


@dataclass(frozen=True, slots=True)
class Code:
    """One entry of a code list: `name` is English, `names` are those its list gives in other languages."""

    id: str
    name: str
    path: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    def title(self, language: str) -> str:
        """The name in a language."""
        return self.names.get(language) or voice_of(language).translate(self.name)


DISCLOSURES: Mapping[str, Code] = {
    code.id: code
    for code in (
        Code("open", N_("Open")),
        Code("conditional", N_("Conditional, on application")),
        Code("closed", N_("Not disclosed")),
    )
}

SCOPES: Mapping[str, Code] = {
    code.id: code
    for code in (
        Code("public", N_("Everybody")),
        Code("area", N_("The people of an area")),
        Code("group", N_("A group of people")),
    )
}

UPDATE_CYCLES: Mapping[str, Code] = {
    code.id: code
    for code in (
        Code("realtime", N_("Real time")),
        Code("daily", N_("Daily")),
        Code("weekly", N_("Weekly")),
        Code("monthly", N_("Monthly")),
        Code("quarterly", N_("Quarterly")),
        Code("semiannual", N_("Twice a year")),
        Code("annual", N_("Annual")),
        Code("irregular", N_("Irregular")),
        Code("never", N_("No longer updated")),
    )
}

LICENSES: Mapping[str, Code] = {
    code.id: code
    for code in (
        Code(
            "CC-BY-4.0",
            N_("Creative Commons Attribution 4.0"),
            "https://creativecommons.org/licenses/by/4.0/",
        ),
        Code(
            "CC0-1.0",
            N_("CC0 1.0 Universal"),
            "https://creativecommons.org/publicdomain/zero/1.0/",
        ),
        Code(
            "ODC-By-1.0",
            N_("Open Data Commons Attribution 1.0"),
            "https://opendatacommons.org/licenses/by/1-0/",
        ),
        Code(
            "ODC-PDDL-1.0",
            N_("Open Data Commons Public Domain 1.0"),
            "https://opendatacommons.org/licenses/pddl/1-0/",
        ),
        Code("DB37-T-3523.5", N_("Agreement on opening public data (DB37/T 3523.5)")),
    )
}
