"""The catalogue as the workbook of the national guide, kept among the derived files until the catalogue changes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from opendata.exchange.gb.elements import Json, describe_core
from opendata.exchange.gb.workbook import write_workbook
from opendata.services.core.context import Context
from opendata.services.exchange.catalogue_rows import FRESH, SETTLED, CatalogueRows
from opendata.services.exchange.entries import Entries
from opendata.storage.derived import DerivedFile, DerivedFolder

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_EDITION = 1


class Guide:
    """Makes the workbook."""

    def __init__(self, context: Context, entries: Entries, rows: CatalogueRows) -> None:
        self._context = context
        self._entries = entries
        self._rows = rows
        settings = context.settings
        self._folder = DerivedFolder(settings.derived_folder, settings.derived_bytes, lane="guide-", slots=1)
        self._newest: dict[str, tuple[datetime, str]] = {}

    def get(self, default: str) -> DerivedFile:
        """The workbook of the catalogue, some minutes old at most; `default` is the language of unmarked texts."""
        now = self._context.clock()
        checked, key = self._newest.get(default, (None, ""))
        found = self._folder.find(key) if checked and timedelta() <= now - checked < FRESH else None
        if found is None:
            changed, numbers = self._rows.find_change()
            unsettled = now if changed and now - changed < SETTLED else None
            parts = (_EDITION, self._rows.addresses.base, default, self._entries.count(), changed, *numbers, unsettled)
            key = f"guide-{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"
            found = self._folder.get(key, partial(self._make, default))
            self._newest[default] = now, key
        return found

    def _make(self, default: str, target: Path) -> None:
        with target.open("wb") as out:
            write_workbook(self._list(default), out)

    def _list(self, default: str) -> Iterator[Json]:
        zone = ZoneInfo(self._context.settings.timezone)
        return (describe_core(entry, self._rows.addresses, zone, default) for entry in self._entries.iterate())
