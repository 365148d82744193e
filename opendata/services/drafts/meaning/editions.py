"""The period that an edition is about: what a person said, else what its tables say."""

from __future__ import annotations

from opendata.db.models import Draft
from opendata.domain.manifest import Manifest
from opendata.domain.meaning.periods import Period, join_periods, read_period
from opendata.errors import InvalidMetadataError
from opendata.metadata.dataset import refuse_period
from opendata.services.drafts.meaning.meanings import settle_table
from opendata.services.drafts.meaning.said import read_said


def find_edition(row: Draft, base: Manifest | None) -> str:
    """The period of the version that a draft becomes, empty where nobody knows.

    A draft that sends no table, or only some without a period beside others that have one, is about the period of the
    version before.
    """
    if row.period is not None:
        return row.period
    return propose_edition(row, base)


def propose_edition(row: Draft, base: Manifest | None) -> str:
    """The period that the tables of a draft have together: from the first to the last, where they fit together."""
    if not row.resources:
        return base.period if base is not None else ""
    periods = [read_period(settle_table(item).period) for item in row.resources]
    known = sorted((item for item in periods if item is not None), key=lambda item: (item.start, item.end))
    if not known:
        gone = {*row.dropped, *(item.name for item in row.resources)}
        is_carried = base is not None and any(item.period for item in base.tables if item.name not in gone)
        return base.period if base is not None and is_carried else ""
    whole: Period | None = known[0]
    for item in known[1:]:
        whole = whole and (whole if whole.contains(item) else join_periods(whole, item))
    return whole.text if whole is not None else ""


def say_edition(row: Draft, period: str | None) -> None:
    """Keep what a person says an edition is about; empty: about no period, None: what its tables say.

    Raises `InvalidMetadataError` for what isn't a period.
    """
    if not period or not period.strip():
        row.period = None if period is None else ""
        return
    try:
        said = read_said({"period": period})
    except InvalidMetadataError:
        raise InvalidMetadataError(faults=[refuse_period("/period", period)]) from None
    row.period = (said or {}).get("period")
