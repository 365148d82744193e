"""What requests cost: the classes in which the requests of a client are counted, and held back where they take long."""

from __future__ import annotations

from enum import StrEnum


class Cost(StrEnum):
    """A class of requests that have a limit of their own. Files of whole tables and packages have none."""

    CHANGES = "changes"
    """Changes, and what only people who are signed in may ask for."""

    LIGHT = "light"
    """Searches and lists of the catalogue: a few milliseconds."""

    TABLES = "tables"
    """The names of the tables of one dataset: programs that attach the whole catalogue ask for those of each."""

    ROWS = "rows"
    """A page of rows, a filter, a sum over one table, a chart."""

    HEAVY = "heavy"
    """Whole results, and joins of tables: seconds."""

    @property
    def is_held(self) -> bool:
        """Whether only a few of these requests run at once."""
        return self in (Cost.ROWS, Cost.HEAVY)
