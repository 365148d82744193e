"""The grounds of law for not disclosing something: their article in the Regulations, and whether they bind.

Source: Regulations on Open Government Information (Decree 711), articles 14 to 16; the negative list of the Opinions of
2016 on open government work, part 5 (全面推进政务公开工作).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from opendata.errors import N_


class Force(StrEnum):
    """Whether a ground forbids disclosure, or leaves it to the office."""

    MUST = "must"
    MAY = "may"


FORCES: Mapping[str, str] = {
    Force.MUST: N_("must not be disclosed"),
    Force.MAY: N_("may be withheld"),
}
"""Force → what it is called on pages."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A ground: its article in the Regulations, and its force; `name` is English."""

    code: str
    name: str
    article: str
    force: Force


GROUNDS: Mapping[str, Ground] = {
    item.code: item
    for item in (
        Ground("state-secret", N_("State secret"), "14", Force.MUST),
        Ground("national-security", N_("National security"), "14", Force.MUST),
        Ground("economic-security", N_("Economic security"), "14", Force.MUST),
        Ground("public-security", N_("Public security"), "14", Force.MUST),
        Ground("social-stability", N_("Social stability"), "14", Force.MUST),
        Ground("forbidden-by-law", N_("Forbidden by law or administrative regulation"), "14", Force.MUST),
        Ground("business-secret", N_("Business secret"), "15", Force.MUST),
        Ground("privacy", N_("Personal privacy"), "15", Force.MUST),
        Ground("third-party-rights", N_("Lawful rights of a third party"), "15", Force.MUST),
        Ground("internal-affairs", N_("Internal affairs"), "16(1)", Force.MAY),
        Ground("process-information", N_("Information on a process under way"), "16(2)", Force.MAY),
        Ground("enforcement-files", N_("Case files of administrative enforcement"), "16(2)", Force.MAY),
    )
}
"""The code list, in the order of the articles. What article 15 covers can be open where the third party agrees."""
