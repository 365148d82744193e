"""Writes the public records of a sweep: whatever the store doesn't have as it is now.

What is written once is asked for by its key. Of what changes, this process remembers what the store has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from opendata.metadata.canonical import write_canonical
from opendata.services.catalogue.grounds.year_records import YearRecords
from opendata.services.catalogue.public_state import basics, pages, reports
from opendata.services.core.context import Context
from opendata.services.core.records import count_editions, keep_edition, keep_record
from opendata.storage.store import basic_version_key, signature_key, site_file_key, site_order_key, site_page_key

Build = Callable[[Session], Mapping[str, Any] | None]
"""What a record says, None where there is nothing to say any more."""


class PublicState:
    """Writes the records of years, of the basic catalogue, of pages of the site, and of published reports."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._years = YearRecords(context)
        self._kept: set[str] = set()
        """Keys of records that this process knows to be in the store."""
        self._newest: dict[str, Mapping[str, Any]] = {}
        """By the key of its first edition, what the newest edition of a record says."""

    def finish(self) -> None:
        """Write what the store doesn't have."""
        self._years.finish()
        with self._context.read() as session:
            fixed = [(key, build) for key, build in _list_fixed(session) if key not in self._kept]
            changing = list(_list_changing(session))
        for key, build in fixed:
            self._keep(key, build)
        for key_of, found in changing:
            if self._newest.get(key_of(1)) != found:
                keep_edition(self._context, key_of, found, count_editions(self._context.public, key_of))
                self._newest[key_of(1)] = found

    def _keep(self, key: str, build: Build) -> None:
        if not self._context.public.has_record(signature_key(key)):
            with self._context.read() as session:
                found = build(session)
            if found is None:
                return
            keep_record(self._context, key, write_canonical(found))
        self._kept.add(key)


def _list_fixed(session: Session) -> Iterator[tuple[str, Build]]:
    """The keys of all records that are written once, and what writes each."""
    for number in basics.list_numbers(session):
        yield basic_version_key(number), partial(basics.write_version, number=number)
    for page, files in pages.list_versions(session):
        for sha256 in files:
            yield site_file_key(sha256), partial(pages.write_file, sha256=sha256)
        yield site_page_key(*page), partial(pages.write_page, page=page)


def _list_changing(session: Session) -> Iterator[tuple[Callable[[int], str], Mapping[str, Any]]]:
    """The keys of the editions of a record, and what the newest says."""
    for domain, found in basics.list_links(session):
        yield partial(basics.links_key, domain), found
    for kind, found in pages.list_orders(session):
        yield partial(site_order_key, kind), found
    for place, found in reports.list_reports(session):
        yield reports.key_of(place), found
