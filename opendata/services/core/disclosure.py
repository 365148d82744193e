"""Who may have the rows of a dataset: the one place that every exit asks.

Source: the disclosure attribute of the Regulations on Open Government Information (Decree 711): rows of a dataset that
is `conditional` or `closed` are not public in any format, including those of versions published before.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, func

from opendata.db.models import Dataset
from opendata.domain.disclosure import OPEN, Disclosure
from opendata.domain.metadata import MetadataJson
from opendata.errors import N_, NotPublicError


def opens_rows(metadata: MetadataJson) -> bool:
    """Whether metadata declare that anybody may have the rows."""
    return Disclosure.from_json(metadata.get("disclosure")).is_open


def where_open() -> ColumnElement[bool]:
    """The condition on rows of `datasets` under which anyone may have the data."""
    return func.coalesce(Dataset.meta[("disclosure", "attribute")].as_string(), OPEN) == OPEN


def require_open(row: Dataset) -> None:
    """Raises `NotPublicError` where the rows of a dataset are not for everybody."""
    disclosure = Disclosure.from_json(row.meta.get("disclosure"))
    if not disclosure.is_open:
        raise NotPublicError(
            N_("The data of “%(dataset)s” isn't public. Reason: %(reason)s. Legal basis: %(basis)s"),
            dataset=row.id,
            reason=disclosure.reason,
            basis=disclosure.legal_basis,
        )
