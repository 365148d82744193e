"""Both sides of registering entries on higher platforms, in one place: what is sent up, and what others send here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from opendata.services.catalogue.datasets import Datasets
from opendata.services.core.context import Context
from opendata.services.exchange.entries import Entries
from opendata.services.exchange.upward.contents import Contents
from opendata.services.exchange.upward.platforms import HigherPlatforms
from opendata.services.exchange.upward.records import UpwardRecords
from opendata.services.exchange.upward.sending import Sending
from opendata.services.harvest.receiving import Receiving
from opendata.services.harvest.senders import Senders


@dataclass(frozen=True, slots=True, kw_only=True)
class Upward:
    """The platforms above, their records and what sends them; the senders below, and what takes in theirs."""

    platforms: HigherPlatforms
    records: UpwardRecords
    sending: Sending
    senders: Senders
    receiving: Receiving

    @classmethod
    def build(cls, context: Context, entries: Entries, datasets: Datasets) -> Self:
        """Build all of it."""
        return cls(
            platforms=HigherPlatforms(context),
            records=UpwardRecords(context),
            sending=Sending(context, Contents(context, entries)),
            senders=Senders(context),
            receiving=Receiving(context, datasets),
        )
