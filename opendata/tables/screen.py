"""What looks for personal data in the rows of a table: `privacy` makes it, and the check of a table is handed it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from opendata.domain.privacy import PrivacyFinding
from opendata.domain.schema import Field

if TYPE_CHECKING:
    import pyarrow as pa


class Screen(Protocol):
    """What looks through the rows of a table for personal data, in the pass that writes it.

    The screens of some rows and of the rows behind them may be joined. Closed ones can be pickled.
    """

    @property
    def may_join(self) -> bool:
        """Whether a screen of all rows would look at those that come next apart from these."""

    def take(self, batch: pa.RecordBatch) -> None:
        """Look at some rows, by their Arrow types."""

    def close(self) -> None:
        """Look at the rows that wait: no more come."""

    def join(self, later: Any) -> None:
        """Add what a closed screen of the same kind found in the rows behind these."""

    def list(self) -> Sequence[PrivacyFinding]:
        """What was found."""


MakeScreen = Callable[[str, Sequence[Field]], Screen]
"""Makes the screen of a table from its name and the fields of its columns, in order."""
