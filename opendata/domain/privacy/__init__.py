"""Personal data: its kinds, what may be decided about it, and what was found of it."""

from opendata.domain.privacy.codes import (
    OFFICES,
    PERSONS,
    Certainty,
    Evidence,
    Generalisation,
    Ground,
    Kind,
    Reason,
    RiskLevel,
    TextPart,
    Treatment,
    Unread,
)
from opendata.domain.privacy.findings import (
    FindingJson,
    PlacedFindingJson,
    PrivacyFinding,
    Sign,
    SignJson,
    TextFinding,
    TextFindingJson,
    make_sign,
)

__all__ = [
    "OFFICES",
    "PERSONS",
    "Certainty",
    "Evidence",
    "FindingJson",
    "Generalisation",
    "Ground",
    "Kind",
    "PlacedFindingJson",
    "PrivacyFinding",
    "Reason",
    "RiskLevel",
    "Sign",
    "SignJson",
    "TextFinding",
    "TextFindingJson",
    "TextPart",
    "Treatment",
    "Unread",
    "make_sign",
]
