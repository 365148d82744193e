"""What the privacy gate asks of a draft: a decision about each column with personal data.

Source: Personal Information Protection Law, articles 28 and 51; the Hainan key points of open government work of 2018
(海南省2018年政务公开工作要点), item 13: what touches privacy is de-identified on release, except for the publicity of
punishments and disclosure required by law.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from opendata.db.models import Draft, DraftResource
from opendata.domain.privacy import OFFICES, PERSONS, Certainty, RiskLevel, Treatment
from opendata.errors import N_, Fault, InvalidMetadataError, fault

_Finding = TypeVar("_Finding", bound=Mapping[str, Any])

QUASI = "quasi"
"""The property of decisions that names the quasi-identifiers somebody confirmed."""

SEEN = "seen"
"""The property of kept decisions that tells which kinds each column had when somebody decided: field → kinds."""

LEFT = "left"
"""The property of a finding that is in a column still after it was treated."""

BY = "by"
"""The property of kept decisions that names who decided: they don't approve what their decisions publish."""

RESTORED = "restored"
"""The property of the decisions about a table that has the published rows of an earlier version."""

NOTES = (SEEN, BY, RESTORED)
"""The properties of decisions that nobody sends: they are notes of ours."""

_FOR_WHAT_WAS_SEEN = (Treatment.PUBLISH, Treatment.NOT_PERSONAL, Treatment.MASK)
"""Treatments that were chosen for what a column had: what else its next file has must be decided about."""


def list_open_findings(resource: DraftResource, findings: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The findings in a table that nobody has decided about and that keep it from being published.

    `findings` are those of the whole draft. Weak signs are only shown.
    """
    own = [item for item in findings if item["resource"] == resource.name]
    decisions = resource.decisions or {}
    decided = {item["field"]: item["treatment"] for item in decisions.get("columns", ())}
    seen = decisions.get(SEEN)
    aggregate = decisions.get("aggregate")
    kept = {*aggregate["by"], *aggregate.get("sum", ())} if aggregate else None
    return [
        item
        for item in list_strong_findings(own)
        if (kept is None or item["field"] in kept)
        and (
            item["field"] not in decided
            or item.get(LEFT)
            or (
                seen is not None
                and decided[item["field"]] in _FOR_WHAT_WAS_SEEN
                and item["kind"] not in seen.get(item["field"], ())
            )
        )
    ]


def is_restored(resource: DraftResource) -> bool:
    """Whether a table has the published rows of a version: what is decided about them isn't for its next file."""
    return bool((resource.decisions or {}).get(RESTORED))


def keep_seen(row: Draft) -> None:
    """Keep with the dataset of a submitted draft which kinds of personal data its decisions are about."""
    kept = dict(row.dataset.decisions or {})
    for resource in row.resources:
        if resource.decisions and resource.name in kept and not is_restored(resource):
            seen: dict[str, list[str]] = {}
            for item in row.privacy:
                if item["resource"] == resource.name:
                    seen.setdefault(item["field"], []).append(item["kind"])
            kept[resource.name] = {**resource.decisions, SEEN: {name: sorted(kinds) for name, kinds in seen.items()}}
    row.dataset.decisions = kept or None


def list_strong_findings(findings: Sequence[_Finding]) -> list[_Finding]:
    """The findings in one table that aren't weak. A landline counts beside persons only: mostly it is of an office."""
    strong = [item for item in findings if item.get("certainty", Certainty.CERTAIN) != Certainty.POSSIBLE]
    has_persons = any(item["kind"] in PERSONS for item in strong)
    return [item for item in strong if has_persons or item["kind"] not in OFFICES]


def list_undecided(row: Draft) -> list[Mapping[str, Any]]:
    """The findings in a draft that nobody has decided about."""
    return [item for resource in row.resources for item in list_open_findings(resource, row.privacy)]


def require_decided(row: Draft, *, is_reviewed: bool) -> None:
    """Raises `InvalidMetadataError` with a fault for each column that lacks a decision, or whose decision isn't enough.

    Where nobody reviews, personal data can't be published on a ground: it needs another person's signature.
    """
    faults: list[Fault] = []
    for resource in row.resources:
        place = f"/resources/{resource.name}/decisions"
        for item in list_open_findings(resource, row.privacy):
            text = N_("The column “%(column)s” of “%(table)s” has personal data. Decide what is done with it")
            faults.append(fault(place, text, column=item["field"], table=resource.called))
        for item in (resource.decisions or {}).get("columns", ()):
            if item["treatment"] == Treatment.PUBLISH and not is_reviewed:
                text = N_(
                    "The personal data in “%(column)s” can be published on a ground of law only where another person"
                    " reviews the draft"
                )
                faults.append(fault(place, text, column=item["field"]))
        if (resource.risk or {}).get("level") == RiskLevel.BLOCK:
            text = N_(
                "In “%(table)s” the columns %(columns)s together single out %(unique)s rows, and the smallest group has"
                " %(k)s rows. Make these columns less precise, or aggregate the table"
            )
            risk = resource.risk or {}
            faults.append(
                fault(
                    place,
                    text,
                    table=resource.called,
                    columns=", ".join(risk["quasi"]),
                    unique=risk["unique"],
                    k=risk["k"],
                )
            )
    if faults:
        raise InvalidMetadataError(faults=faults)
