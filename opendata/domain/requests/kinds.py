"""What readers ask for, who they are for the annual report, and how long a reply may take."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class RequestKind(StrEnum):
    """What a reader asks for."""

    OPEN = "open"
    APPLICATION = "application"
    ACCESS = "access"
    CORRECTION = "correction"
    OBJECTION = "objection"
    QUESTION = "question"


class Applicant(StrEnum):
    """Who asks: the columns of the annual report's table of applications, in its order."""

    PERSON = "person"
    COMPANY = "company"
    RESEARCH = "research"
    WELFARE = "welfare"
    LEGAL = "legal"
    OTHER = "other"


class WantedForm(StrEnum):
    """How an applicant wants to have the information (Regulations, article 29)."""

    ELECTRONIC = "electronic"
    PAPER = "paper"
    INSPECTION = "inspection"


REPLY_DAYS: Mapping[RequestKind, int] = {
    RequestKind.OPEN: 20,
    RequestKind.APPLICATION: 20,
    RequestKind.ACCESS: 15,
    RequestKind.CORRECTION: 10,
    RequestKind.OBJECTION: 3,
    RequestKind.QUESTION: 10,
}
"""Working days within which a kind is replied to; settings change those of `access` and `objection`."""

EXTENDABLE = frozenset([RequestKind.OPEN, RequestKind.APPLICATION, RequestKind.ACCESS])
"""Kinds whose limit can be extended, once."""

IDENTIFIED = frozenset([RequestKind.APPLICATION, RequestKind.ACCESS])
"""Kinds that need a name, a proof of identity and a contact (Regulations, article 29)."""

PLACED = frozenset([RequestKind.CORRECTION, RequestKind.OBJECTION])
"""Kinds that are about a published version."""

PRIVATE = frozenset([RequestKind.OBJECTION])
"""Kinds that are never on the public board."""
