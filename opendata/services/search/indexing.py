"""Keeping the search index up to date: it follows the audit log."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select

from opendata.db.models import Dataset
from opendata.domain.manifest import Manifest
from opendata.domain.resources import TableResource
from opendata.errors import (
    N_,
    BackendError,
    NotFoundError,
    NotPublicError,
    OpendataError,
    StateError,
    SuspendedError,
    WithdrawnError,
)
from opendata.exchange.ckan.facts import Facts
from opendata.search.documents import SearchDocument
from opendata.search.index import BusyIndexError, SearchIndex
from opendata.services.catalogue.editions import Editions
from opendata.services.catalogue.entries import view_dataset
from opendata.services.catalogue.versions import Versions
from opendata.services.core.access import is_for_all, is_listed, where_listed
from opendata.services.core.context import Context
from opendata.services.core.values import DatasetView
from opendata.services.search.documents import make_search_document
from opendata.services.search.following import find_end, read_changes

logger = logging.getLogger(__name__)

_BATCH = 500
_FEW_VALUES = 50
"""A column with at most so many different values has values that people look for."""


ReadFacts = Callable[[Sequence[str]], Mapping[str, Facts]]
"""What searches of the CKAN interface know of datasets."""


class Indexing:
    """Writes the search index of this machine."""

    def __init__(
        self, context: Context, versions: Versions, editions: Editions, index: SearchIndex, read_facts: ReadFacts
    ) -> None:
        self._context = context
        self._versions = versions
        self._editions = editions
        self._index = index
        self._read_facts = read_facts

    def follow(self) -> int:
        """Take in what has happened since the last time: how many events of the audit log, 0 where there was none.

        Where another process does so already, nothing is done.
        """
        generation = self._index.read_generation()
        try:
            if generation is None:
                self._make_again()
                return 1
            made: dict[str, SearchDocument | None] = {}
            with self._context.database.reading():
                with self._context.read() as session:
                    changes = read_changes(session, generation.position, generation.digest)
                if changes is None:
                    return 0
                if changes.touched:
                    facts = self._read_facts(sorted(changes.touched))
                    made = {name: self._describe(name, facts.get(name)) for name in changes.touched}
            if changes.touched or not changes.is_whole:
                place = generation if changes.is_whole else changes
                gone = [name for name, document in made.items() if document is None]
                self._index.update(
                    [item for item in made.values() if item is not None], gone, place.position, place.digest
                )
            if changes.is_whole:
                self._make_again()
        except BusyIndexError:
            return 0
        except LookupError:  # somebody has deleted it
            self._make_again()
            return 1
        return changes.count

    def rebuild(self) -> int:
        """Make the index again, while the old one is asked; how many datasets.

        Raises `StateError` where another process writes it now.
        """
        try:
            return self._make_again()
        except BusyIndexError:
            text = N_("The search index is being written by another process. Try again in a minute")
            raise StateError(text) from None

    def _make_again(self) -> int:
        with self._context.read() as session:
            position, digest = find_end(session)
        return self._index.rebuild(self._describe_all(), position, digest)

    def _describe_all(self) -> Iterator[SearchDocument]:
        after = ""
        while True:
            query = select(Dataset.id).where(Dataset.id > after, where_listed()).order_by(Dataset.id).limit(_BATCH)
            with self._context.read() as session:
                names = session.scalars(query).all()
            facts = self._read_facts(names)
            for name in names:
                document = self._describe(name, facts.get(name))
                if document is not None:
                    yield document
            if len(names) < _BATCH:
                return
            after = names[-1]

    def _describe(self, name: str, facts: Facts | None) -> SearchDocument | None:
        """What is public about a dataset; None where nothing is."""
        with self._context.read() as session:
            row = session.get(Dataset, name)
            if row is None or not is_listed(row):
                return None
            view = view_dataset(row)
        try:
            manifest = self._find_manifest(name, view.latest)
            values = [] if manifest is None else list(self._list_values(manifest, view))
        except BackendError:
            raise
        except (OpendataError, OSError, ValueError, KeyError, TypeError):  # of all others nothing new would be found
            logger.exception("what “%s” has in the store is damaged: it is found by its entry alone", name)
            manifest, values = None, []
        document = make_search_document(view, manifest, values, self._editions.find_next(view))
        return replace(document, facts=facts)

    def _find_manifest(self, name: str, latest: str | None) -> Manifest | None:
        if latest is None:
            return None
        try:
            return self._versions.get_manifest(name, latest)
        except (NotFoundError, SuspendedError, WithdrawnError):
            return None

    def _list_values(self, manifest: Manifest, view: DatasetView) -> Iterator[str]:
        """The values of columns with few different ones, where anybody may have the rows."""
        for table in manifest.resources:
            if isinstance(table, TableResource) and is_for_all(view.disclosure, table):
                try:
                    profile = self._versions.get_profile(manifest.name, manifest.version, table.name)
                except (NotFoundError, NotPublicError):
                    continue
                for column in profile:
                    if column["type"] == "string" and column["distinct"]["count"] <= _FEW_VALUES:
                        yield from (str(item["value"]) for item in column.get("top", ()))
