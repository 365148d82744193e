"""What a platform is to have of the catalogue: the record of each entry that is public and selected, and its digest."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from opendata.db.models import Dataset
from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.domain.upward.platforms import PlatformKind
from opendata.exchange.upward.ckan import describe_for_ckan
from opendata.exchange.upward.records import describe_guide_record, describe_record, digest_record, write_record
from opendata.services.catalogue.publishers import follow_publishers
from opendata.services.core.context import Context
from opendata.services.exchange.entries import Entries
from opendata.services.exchange.upward.parcels import Platform


@dataclass(frozen=True, slots=True)
class Wanted:
    """The record that a platform is to have of an entry; `dataset` is the entry's id."""

    dataset: str
    digest: str
    content: Mapping[str, Any]


class Contents:
    """Writes records, through the gate of the public catalogue alone."""

    def __init__(self, context: Context, entries: Entries) -> None:
        self._context = context
        self._entries = entries
        self._addresses = Addresses(context.settings.base_url.rstrip("/"))

    def write(self, platform: Platform, uuids: Collection[str]) -> Mapping[str, Wanted]:
        """UUID → what a platform is to have; entries that it isn't to have are left out."""
        query = select(Dataset.id).where(Dataset.uuid.in_(list(uuids)))
        with self._context.read() as session:
            names: Sequence[str] = list(session.scalars(query))
            publishers = set(follow_publishers(session, platform.selection.publishers))
        entries = self._entries.get_many(names)
        return {
            entry.uuid: self._write(platform, entry) for entry in entries if platform.selection.takes(entry, publishers)
        }

    def _write(self, platform: Platform, entry: CatalogueEntry) -> Wanted:
        settings = self._context.settings
        language = settings.languages[0]
        if platform.kind == PlatformKind.CKAN:
            content = describe_for_ckan(entry, self._addresses, language, platform.account)
        elif platform.kind == PlatformKind.HTTP:
            content = describe_guide_record(entry, self._addresses, ZoneInfo(settings.timezone), language)
        else:
            content = describe_record(entry, self._addresses)
        return Wanted(entry.id, digest_record(write_record(content)), content)
