"""The basic catalogue, pages of the site and published reports restored from their public records.

What the database has stays. A record that is damaged or not signed restores nothing, and is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import BasicVersion, SiteFile, SitePageVersion
from opendata.services.catalogue.public_state import basics, pages, reports
from opendata.services.core.records import count_editions
from opendata.storage.store import Store, basic_version_key, site_file_key, site_order_key, site_page_key

Read = Callable[[str, str], Mapping[str, Any]]
"""A record by its key, signed; the second names the member with its time."""
Naming = Callable[[str], Any]
"""Begins a statement in which what is wrong with a record is noted instead of raised."""


@dataclass(slots=True)
class RestoredState:
    """How many versions of the basic catalogue, pages of the site and reports were restored."""

    basics: int = 0
    pages: int = 0
    reports: int = 0


@dataclass(frozen=True, slots=True)
class StateReader:
    """Reads the records of a store. `note` says what is wrong with one."""

    store: Store
    read: Read
    naming: Naming
    note: Callable[[str, str], object]

    def restore(self, session: Session) -> RestoredState:
        """Restore what doesn't need the datasets."""
        done = RestoredState()
        self._restore_basics(session, done)
        self._restore_pages(session, done)
        self._restore_reports(session, done)
        return done

    def restore_links(self, session: Session) -> None:
        """Restore which datasets fulfil which entries, once the datasets are there."""
        for domain in self._list_names(basics.LINKS_FOLDER):
            key_of = partial(basics.links_key, domain)
            key = key_of(count_editions(self.store, key_of))
            with self.naming(key):
                basics.restore_links(session, self.read(key, ""))

    def _restore_basics(self, session: Session, done: RestoredState) -> None:
        known = set(session.scalars(select(BasicVersion.number)))
        keys = [re.search(r"/(\d+)\.json$", key) for key in self._list(basics.FOLDER)]
        numbers = [int(match[1]) for match in keys if match]
        found, previous = dict[int, Mapping[str, Any]](), dict[int, int]()
        for number in sorted({*numbers} - known):
            key = basic_version_key(number)
            with self.naming(key):
                found[number] = self.read(key, "created")
                previous[number] = int(found[number]["previous"])
        chain = basics.list_chain(previous, known)
        for number in sorted(previous):
            if number > max(chain, default=0):
                self.note(basic_version_key(number), "the versions before this one are missing")
        for number in chain:
            key = basic_version_key(number)
            with self.naming(key):
                for publisher in basics.restore_version(session, found[number], key):
                    self.note(key, f"there is no publisher “{publisher}”")
                done.basics += 1
        basics.go_on_counting(session)

    def _restore_pages(self, session: Session, done: RestoredState) -> None:
        files = {site_file_key(sha256) for sha256 in session.scalars(select(SiteFile.sha256))}
        for key in self._list(pages.FILES_FOLDER):
            if key not in files:
                with self.naming(key):
                    session.add(pages.restore_file(self.read(key, "created"), key))
                    session.flush()
                    session.expire_all()  # or all files would be held in memory
        query = select(SitePageVersion.kind, SitePageVersion.id, SitePageVersion.revision)
        known = {site_page_key(*row) for row in session.execute(query)}
        for key in self._list(pages.FOLDER):
            if key not in known:
                with self.naming(key):
                    session.add(pages.restore_page(self.read(key, "created"), key))
        session.flush()
        for kind in self._list_names(pages.ORDERS_FOLDER):
            key_of = partial(site_order_key, kind)
            key = key_of(count_editions(self.store, key_of))
            with self.naming(key):
                found = self.read(key, "")
                lost = pages.restore_order(session, found, kind)
                for page in lost:
                    self.note(key, f"there is no version of the page “{page}”")
                done.pages += len(found["pages"]) - len(lost)

    def _restore_reports(self, session: Session, done: RestoredState) -> None:
        for folder in reports.FOLDERS:
            for place in sorted({place for key in self._list(folder) if (place := reports.read_place(key))}):
                key_of = reports.key_of(place)
                key = key_of(count_editions(self.store, key_of))
                if reports.find_report(session, place) is None:
                    with self.naming(key):
                        session.add(reports.restore_report(self.read(key, "published"), place))
                        done.reports += 1

    def _list(self, folder: str) -> Iterator[str]:
        return (key for key in self.store.list_records(folder) if key.endswith(".json"))

    def _list_names(self, folder: str) -> list[str]:
        return sorted({key.split("/")[1] for key in self._list(folder)})
