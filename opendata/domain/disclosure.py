"""The disclosure attribute of a dataset: whether anybody may have its data, and if not, why.

Source: the Regulations on Open Government Information (Decree 711).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Required, Self, TypedDict, cast

OPEN = "open"


class DisclosureJson(TypedDict, total=False):
    """A property `disclosure`, without what is empty."""

    attribute: Required[str]
    reason: str
    legalBasis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """`attribute` is `open`, `conditional` or `closed`; `reason` and `legal_basis` are needed unless it is `open`."""

    attribute: str = OPEN
    reason: str = ""
    legal_basis: str = ""

    @classmethod
    def from_json(cls, found: Mapping[str, object] | None) -> Self:
        """Read a property `disclosure`; data without one is open."""
        given = found or {}
        return cls(
            attribute=str(given.get("attribute") or OPEN),
            reason=str(given.get("reason") or ""),
            legal_basis=str(given.get("legalBasis") or ""),
        )

    def to_json(self) -> DisclosureJson:
        """Make a property `disclosure`."""
        pairs = {"attribute": self.attribute, "reason": self.reason, "legalBasis": self.legal_basis}
        return cast(DisclosureJson, {key: value for key, value in pairs.items() if value})

    @property
    def is_open(self) -> bool:
        """Whether anybody may have the data."""
        return self.attribute == OPEN
