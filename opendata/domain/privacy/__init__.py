"""Personal data: its kinds, what may be decided about it, and what was found of it."""

from opendata.domain.privacy.codes import (
    EVIDENCE,
    Certainty,
    Evidence,
    Generalisation,
    Ground,
    Kind,
    Reason,
    RiskLevel,
    Treatment,
)
from opendata.domain.privacy.findings import FindingJson, PrivacyFinding, Sign, SignJson, TextFinding, make_sign

__all__ = [
    "EVIDENCE",
    "Certainty",
    "Evidence",
    "FindingJson",
    "Generalisation",
    "Ground",
    "Kind",
    "PrivacyFinding",
    "Reason",
    "RiskLevel",
    "Sign",
    "SignJson",
    "TextFinding",
    "Treatment",
    "make_sign",
]
