"""Items of the inventory as pages, REST and files show them, and the conditions by which lists choose them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, literal, or_, select

from opendata.db.models import Dataset, IndexNumber
from opendata.domain.inventory.plan import Outcome, PlannedDay
from opendata.domain.inventory.states import ItemState
from opendata.errors import N_, InputError
from opendata.metadata.codes import DISCLOSURES
from opendata.services.core.values import PublisherView


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFilter:
    """Which items: what isn't given doesn't matter. `q` is searched for in titles, ids and index numbers."""

    publisher: str | None = None
    disclosure: str | None = None
    state: str | None = None
    q: str | None = None

    @classmethod
    def from_texts(cls, said: Mapping[str, Any]) -> ItemFilter:
        """The filter that somebody wrote down. Raises `InputError` for a state or a disclosure that doesn't exist."""
        found = cls(**{name: said.get(name) or None for name in ("publisher", "disclosure", "state", "q")})
        for value, choices in (
            (found.disclosure, list(DISCLOSURES)),
            (found.state, [item.value for item in ItemState]),
        ):
            if value is not None and value not in choices:
                text = N_("“%(value)s” isn't one of %(choices)s")
                raise InputError(text, value=value[:100], choices=", ".join(choices))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    """An item of the inventory.

    `metadata` is what its next version will show, for those who may edit it, and what is public for all others;
    `is_waiting` says that the two differ. `items` are its information items: those of its published tables where it
    has some. `opens` is the day the plan has for it, `opened` that on which it was first open, `published` that of its
    first version. `is_public` says whether its entry is in the public catalogue.
    """

    id: str
    uuid: str
    publisher: PublisherView
    code: str | None
    metadata: Mapping[str, Any]
    state: ItemState
    latest: str | None
    opens: date | None
    opened: date | None
    published: date | None
    is_public: bool
    is_waiting: bool
    modified: datetime
    revision: int
    items: Sequence[Mapping[str, Any]] = ()

    @property
    def title(self) -> str:
        """What people call it."""
        return str(self.metadata["title"])

    @property
    def i18n(self) -> Mapping[str, Any]:
        """Its title and description in other languages."""
        return self.metadata.get("i18n") or {}

    @property
    def attribute(self) -> str:
        """Its disclosure attribute."""
        return str((self.metadata.get("disclosure") or {}).get("attribute") or "open")

    @property
    def index_number(self) -> str:
        """Its index number, empty where it has none."""
        return str(self.metadata.get("indexNumber", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """What the plan has for an item, what became of it, and all days that it ever had, the newest first.

    `missed` counts the days that had passed before they were moved.
    """

    id: str
    title: str
    i18n: Mapping[str, Any]
    publisher: PublisherView
    opens: date | None
    opened: date | None
    outcome: Outcome
    missed: int
    days: Sequence[PlannedDay]


STATE: ColumnElement[str] = case(
    (Dataset.attribute == "closed", literal(ItemState.CLOSED.value)),
    (and_(Dataset.head.is_not(None), Dataset.latest.is_(None)), literal(ItemState.WITHDRAWN.value)),
    (Dataset.attribute == "conditional", literal(ItemState.CONDITIONAL.value)),
    (Dataset.latest.is_not(None), literal(ItemState.OPEN.value)),
    (Dataset.opens.is_not(None), literal(ItemState.PLANNED.value)),
    else_=literal(ItemState.HELD.value),
)
"""The state of a row of `datasets`."""


def list_conditions(wanted: ItemFilter, publishers: Sequence[str] = ()) -> list[ColumnElement[bool]]:
    """The conditions on rows of `datasets` that a filter stands for; `publishers` are what its publisher became.

    What was harvested is held elsewhere.
    """
    found: list[ColumnElement[bool]] = [~Dataset.is_foreign]
    if wanted.publisher is not None:
        found.append(Dataset.publisher_id.in_(publishers))
    if wanted.disclosure is not None:
        found.append(Dataset.attribute == wanted.disclosure)
    if wanted.state is not None:
        found.append(STATE == wanted.state)  # noqa: SIM300 - a column, not a constant
    if wanted.q is not None:
        text = wanted.q.strip()
        numbered = select(IndexNumber.dataset_uuid).where(IndexNumber.number == text)
        named = Dataset.title.icontains(text, autoescape=True), Dataset.id.contains(text, autoescape=True)
        found.append(or_(*named, Dataset.uuid.in_(numbered)) if "/" in text or "-" in text else or_(*named))
    return found
