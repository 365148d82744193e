"""What a checker of another system says of an entry's metadata: points won and lost, and what wins them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from opendata.errors import N_


class Scheme(StrEnum):
    """Whose rules they are."""

    MQA = "mqa"
    DCAT_US = "dcat-us"
    GOOGLE = "google"
    CROISSANT = "croissant"
    SIGNPOSTING = "signposting"
    LOCAL = "local"


SCHEMES: Mapping[Scheme, str] = {
    Scheme.MQA: N_("Metadata quality of data.europa.eu (MQA)"),
    Scheme.DCAT_US: N_("Required properties of DCAT-US 1.1"),
    Scheme.GOOGLE: N_("Google Dataset Search"),
    Scheme.CROISSANT: N_("Required properties of Croissant"),
    Scheme.SIGNPOSTING: N_("FAIR signposting"),
    Scheme.LOCAL: N_("Rules of this portal"),
}

BANDS: Sequence[tuple[int, str]] = (
    (351, N_("excellent")),
    (221, N_("good")),
    (121, N_("sufficient")),
    (0, N_("bad")),
)
"""From how many points on MQA calls an entry what."""

MOST = 405
"""All points of MQA."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One indicator. `field` is the property of the profile that wins the points, or `resources`, or `columns`.

    `minutes` is about how long it takes a person to fill that in. `points` of `most` were won. Nothing wins the points
    of what is lost for good, such as a file of a dataset that is closed: then `field` is empty.
    """

    scheme: Scheme
    code: str
    points: int
    most: int
    field: str = ""
    minutes: int = 0

    @property
    def lost(self) -> int:
        """The points that could still be won."""
        return self.most - self.points


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """What filling in one property wins: points of MQA, and how many rules of other schemes."""

    field: str
    minutes: int
    points: int
    rules: int

    @property
    def rate(self) -> float:
        """Points for a minute of work; a rule of another scheme counts as five."""
        return (self.points + 5 * self.rules) / max(self.minutes, 1)


def name_band(points: int) -> str:
    """What MQA calls so many points, to be translated."""
    return next(name for least, name in BANDS if points >= least)


def sum_points(scored: Sequence[Scored], scheme: Scheme = Scheme.MQA) -> tuple[int, int]:
    """The points of a scheme that were won, and all that there are."""
    own = [item for item in scored if item.scheme == scheme]
    return sum(item.points for item in own), sum(item.most for item in own)


def rank_gains(scored: Sequence[Scored]) -> Sequence[Gain]:
    """What to fill in, the most points for a minute first."""
    found: dict[str, list[Scored]] = {}
    for item in scored:
        if item.lost and item.field:
            found.setdefault(item.field, []).append(item)
    gains = [
        Gain(
            field=name,
            minutes=max(item.minutes for item in items),
            points=sum(item.lost for item in items if item.scheme == Scheme.MQA),
            rules=sum(item.scheme != Scheme.MQA for item in items),
        )
        for name, items in found.items()
    ]
    return sorted(gains, key=lambda item: (-item.rate, item.field))
