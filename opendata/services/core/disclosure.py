"""Who may have the rows of a dataset: the one place that every exit asks.

Source: the disclosure attribute of the Regulations on Open Government Information (Decree 711): rows of a dataset that
is `conditional` or `closed` are public in no form, those of versions published before included.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, func

from opendata.db.models import Dataset
from opendata.errors import N_, NotPublicError

OPEN = "open"


def opens_rows(metadata: Mapping[str, Any]) -> bool:
    """Whether metadata declare that anybody may have the rows."""
    return bool((metadata.get("disclosure") or {}).get("attribute", OPEN) == OPEN)


def where_open() -> ColumnElement[bool]:
    """The same as a condition on rows of `datasets`."""
    return func.coalesce(Dataset.meta[("disclosure", "attribute")].as_string(), OPEN) == OPEN


def require_open(row: Dataset) -> None:
    """Raises `NotPublicError` where the rows of a dataset are not for everybody."""
    if not opens_rows(row.meta):
        disclosure = row.meta["disclosure"]
        raise NotPublicError(
            N_("The data of “%(dataset)s” isn't public. Reason: %(reason)s. Legal basis: %(basis)s"),
            dataset=row.id,
            reason=disclosure.get("reason", ""),
            basis=disclosure.get("legalBasis", ""),
        )
