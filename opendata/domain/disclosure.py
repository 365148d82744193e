"""The disclosure attribute of a dataset and its scope: who may have its data, and if not everybody, why.

Source: the Regulations on Open Government Information (Decree 711); disclosure to a specific area or group after
the Hainan key points of open government work of 2018 (海南省2018年政务公开工作要点), items 2 and 13.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Required, Self, TypedDict, cast

OPEN = "open"
CONDITIONAL = "conditional"
CLOSED = "closed"

PUBLIC = "public"


class DisclosureJson(TypedDict, total=False):
    """A property `disclosure`, without what is empty."""

    attribute: Required[str]
    scope: str
    audience: str
    reason: str
    legalBasis: str
    ground: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """`attribute` is `open`, `conditional` or `closed`; `reason` and `legal_basis` are needed unless it is `open`.

    `ground` is the id of the entry of the negative list that it points to; what is open has none.
    `scope` is `public`, or `area` or `group` where the data is disclosed to some people only; `audience` names them.
    """

    attribute: str = OPEN
    scope: str = PUBLIC
    audience: str = ""
    reason: str = ""
    legal_basis: str = ""
    ground: str = ""

    @classmethod
    def from_json(cls, found: Mapping[str, object] | None) -> Self:
        """Read a property `disclosure`; data without one is open."""
        given = found or {}
        return cls(
            attribute=str(given.get("attribute") or OPEN),
            scope=str(given.get("scope") or PUBLIC),
            audience=str(given.get("audience") or ""),
            reason=str(given.get("reason") or ""),
            legal_basis=str(given.get("legalBasis") or ""),
            ground=str(given.get("ground") or ""),
        )

    def to_json(self) -> DisclosureJson:
        """Make a property `disclosure`."""
        pairs = {
            "attribute": self.attribute,
            "scope": "" if self.scope == PUBLIC else self.scope,
            "audience": self.audience,
            "reason": self.reason,
            "legalBasis": self.legal_basis,
            "ground": self.ground,
        }
        return cast(DisclosureJson, {key: value for key, value in pairs.items() if value})

    @property
    def is_open(self) -> bool:
        """Whether anybody may have the data."""
        return self.attribute == OPEN and self.scope == PUBLIC

    @property
    def is_closed(self) -> bool:
        """Whether nobody may have the data, so that only the entry in the catalogue is published."""
        return self.attribute == CLOSED

    def is_narrower_than(self, other: Disclosure) -> bool:
        """Whether fewer people may have the data than by another disclosure."""
        return self._reach < other._reach

    @property
    def _reach(self) -> int:
        return 0 if self.is_closed else 2 if self.is_open else 1
