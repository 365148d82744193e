"""What the control room counts: each gauge is one query, whose rows are its list and whose number is their count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select, true

from opendata.db.models import Dataset
from opendata.services.core.access import where_acting_for
from opendata.services.core.actors import Actor


class Group(StrEnum):
    """What a gauge is about, in the order of the page."""

    WAITING = "waiting"
    DUE = "due"
    RETURNED = "returned"
    FAILED = "failed"
    JOBS = "jobs"
    FETCHED = "fetched"
    GROUNDS = "grounds"
    WITHDRAWN = "withdrawn"
    QUALITY = "quality"
    STORAGE = "storage"


class Unit(StrEnum):
    """What the `amount` of a row is; a gauge shows the sum of bytes beside its number of rows."""

    BYTES = "bytes"
    FAILURES = "failures"


class Kind(StrEnum):
    """What the rows of a gauge are, so that each can be linked to."""

    DATASET = "dataset"
    UNPUBLISHED = "unpublished"
    DRAFT = "draft"
    TABLE = "table"
    VERSION = "version"
    SOURCE = "source"
    MAIL = "mail"
    DUTY = "duty"
    REQUEST = "request"
    REUSE = "reuse"
    UPLOAD = "upload"
    HARVEST = "harvest"
    REGISTRATION = "registration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asks, when (`today` where the portal is), and about which publisher: None, all that are theirs to see.

    With `sees_figures` they may know how much there is of all publishers.
    """

    actor: Actor
    now: datetime
    today: date
    publisher: str | None = None
    sees_figures: bool = False

    def sees(self, column: Any) -> ColumnElement[bool]:
        """The condition on a column of publishers' ids under which its row is among what they ask about."""
        own = true() if self.sees_figures else where_acting_for(self.actor, column)
        return own if self.publisher is None else and_(own, column == self.publisher)


Query = Callable[[Asking], Select[Any]]
"""A query with the columns `id`, `title`, `publisher` and `since` of each row."""


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """A query of those among `rows` for which `where` holds, so that several are counted in one pass (`counting`).

    `since` and `amount` are other columns for these than `rows` takes.
    """

    rows: Callable[..., Select[Any]]
    where: Callable[[Asking], ColumnElement[bool]]
    since: Any = None
    amount: Any = None

    def __call__(self, asking: Asking) -> Select[Any]:
        """The query."""
        others = {"since": self.since, "amount": self.amount}
        return self.rows(asking, self.where(asking), **{name: one for name, one in others.items() if one is not None})


@dataclass(frozen=True, slots=True)
class Gauge:
    """A number, which is how many rows `select` gives, and their list.

    `is_for_all` marks what is about the instance and not about publishers: it is for those who look after all. With a
    `unit` there is a column `amount` too. `is_kept` marks what grows with the catalogue, so that in a large one it is
    counted now and then (`keeping`).
    """

    code: str
    group: Group
    kind: Kind
    select: Query
    is_for_all: bool = False
    unit: Unit | None = None
    is_kept: bool = False


def select_datasets(asking: Asking, *conditions: ColumnElement[bool], since: Any = Dataset.modified) -> Select[Any]:
    """The rows of a gauge about datasets."""
    return select(
        Dataset.id.label("id"),
        Dataset.title.label("title"),
        Dataset.publisher_id.label("publisher"),
        since.label("since"),
    ).where(asking.sees(Dataset.publisher_id), *conditions)
