"""The public catalogue as CKAN's objects: packages, organizations, groups, tags, and searches for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import select

from opendata.db.models import Dataset, Publisher
from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import Agency, CatalogueEntry
from opendata.errors import MovedError, NotFoundError
from opendata.exchange.ckan import ids
from opendata.exchange.ckan.asking import Asked, write_facets
from opendata.exchange.ckan.facts import Facts, read_facts
from opendata.exchange.ckan.faults import AbsentError, SearchError
from opendata.exchange.ckan.packages import (
    Json,
    choose,
    describe_group,
    describe_organization,
    describe_package,
    describe_theme,
    identify_file,
    list_licences,
)
from opendata.exchange.ckan.tree import Everything, Match, Node
from opendata.exchange.core.files import PublicFile, list_files
from opendata.search.finding import PackageHits, PackageSearch, find_names, find_packages, has_words
from opendata.search.index import SearchIndex, UnreadableIndexError
from opendata.services.catalogue.publishers import count_datasets, follow_publishers
from opendata.services.core.access import where_listed
from opendata.services.core.context import Context
from opendata.services.exchange.entries import Entries, describe_agency
from opendata.services.search.following import read_changes

MOST_PACKAGES = 1_000
"""An organization, a group or a tag shows at most so many of its packages."""

_MOST_FRESH = 200
"""So many datasets that changed since the index was written are looked at for a resource that it doesn't know."""

_NOT_READY = "The search index isn't ready yet. Try again in a minute"
_NO_SORT = "metadata_modified"


class CkanCatalogue:
    """Reads the catalogue for the CKAN interface. Everything it gives is public."""

    def __init__(self, context: Context, entries: Entries, index: SearchIndex, language: Callable[[], str]) -> None:
        self._context = context
        self._entries = entries
        self._index = index
        self._language = language

    def read_facts(self, datasets: Sequence[str]) -> Mapping[str, Facts]:
        """What is searched of datasets, by their ids; those that aren't public are left out."""
        addresses = Addresses(self._context.settings.base_url.rstrip("/"))
        language = self._language()
        return {
            item.id: read_facts(describe_package(item, addresses, language))
            for item in self._entries.get_many(datasets)
        }

    def list_names(self) -> Sequence[str]:
        """The names of all packages, in their order."""
        with self._context.read() as session:
            return sorted(session.scalars(select(Dataset.id).where(where_listed())))

    def get_entry(self, name: str) -> CatalogueEntry:
        """The entry of a package by its name, a former one, or its UUID. Raises `AbsentError`."""
        found = self._entries.find_by_uuid(name.lower()) if ids.is_uuid(name) else name
        try:
            return self._entries.get(found or name)
        except MovedError as error:
            return self._entries.get(error.new)
        except NotFoundError:
            raise AbsentError from None

    def get_package(self, name: str, addresses: Addresses) -> Json:
        """A package by its name or UUID. Raises `AbsentError`."""
        return describe_package(self.get_entry(name), addresses, self._language())

    def describe(self, datasets: Sequence[str], addresses: Addresses) -> list[Json]:
        """Packages by the ids of datasets, in this order."""
        language = self._language()
        return [describe_package(item, addresses, language) for item in self._entries.get_many(datasets)]

    def search(self, asked: Asked, addresses: Addresses) -> Json:
        """The answer of `package_search`. Raises `QueryError`, `SearchError`."""
        sort, descending = choose_order(asked)
        hits = self.find(
            PackageSearch(
                wanted=asked.wanted,
                filters=asked.filters,
                sort=sort,
                descending=descending,
                limit=asked.rows,
                offset=asked.start,
                facets=asked.facets,
            )
        )
        facets, shown = write_facets(hits.facets, asked.facets, asked.facet_limit, self._name_values(hits.facets))
        found = self.describe(hits.names, addresses)
        if asked.fields:
            found = [{name: item[name] for name in asked.fields if name in item} for item in found]
        return {"count": hits.total, "sort": asked.sort, "facets": facets, "results": found, "search_facets": shown}

    def find(self, asked: PackageSearch) -> PackageHits:
        """The ids of the datasets that a search finds. Raises `QueryError`, `SearchError`."""
        searcher = self._index.open_searcher()
        if searcher is None:
            raise SearchError(_NOT_READY)
        try:
            with self._index.guard():
                return find_packages(searcher, asked)
        except UnreadableIndexError:
            raise SearchError(_NOT_READY) from None

    def find_by(self, node: Node, *, limit: int = MOST_PACKAGES, sort: str = "metadata_modified") -> PackageHits:
        """The first of those that a tree finds, what changed last before the others, or by name."""
        is_late = sort == "metadata_modified"
        asked = PackageSearch(
            wanted=Everything(), filters=node, sort=sort, descending=is_late, limit=limit, offset=0, facets=()
        )
        return self.find(asked)

    def count_by(self, field: str) -> Mapping[str, int]:
        """Each value of a facet, and how many packages have it. Raises `SearchError`."""
        everything = Everything()
        asked = PackageSearch(
            wanted=everything, filters=everything, sort="id", descending=False, limit=0, offset=0, facets=(field,)
        )
        return self.find(asked).facets.get(field, {})

    def find_file(self, resource: str) -> tuple[CatalogueEntry, PublicFile]:
        """A file that anybody may have, by the UUID of its resource, with its dataset. Raises `AbsentError`."""
        if not ids.is_uuid(resource):
            raise AbsentError
        known = resource.lower()
        for names in (self._find_indexed(known), self._list_fresh()):
            for entry in self._entries.get_many(names):
                for file in list_files(entry, Addresses("")):
                    if identify_file(entry, file) == known:
                        return entry, file
        raise AbsentError

    def get_resource(self, resource: str, addresses: Addresses) -> Json:
        """A resource by its UUID, whether its bytes are here or elsewhere. Raises `AbsentError`."""
        if not ids.is_uuid(resource):
            raise AbsentError
        known = resource.lower()
        for names in (self._find_indexed(known), self._list_fresh()):
            for package in self.describe(names, addresses):
                for item in package["resources"]:
                    if item["id"] == known:
                        found: Json = item
                        return found
        raise AbsentError

    def list_organizations(self) -> Sequence[tuple[Agency, int]]:
        """The publishers that exist, or have datasets, each with how many; by id."""
        with self._context.read() as session:
            counts = count_datasets(session)
            rows = session.scalars(select(Publisher).order_by(Publisher.id))
            return [
                (describe_agency(row), counts.get(row.id, 0)) for row in rows if row.ended is None or row.id in counts
            ]

    def get_organization(self, name: str) -> tuple[Agency, int]:
        """A publisher by its id or UUID, with how many datasets it has. Raises `AbsentError`."""
        with self._context.read() as session:
            found = session.get(Publisher, name) if name else None
            if found is None and ids.is_uuid(name):
                every = session.scalars(select(Publisher.id))
                place = next((item for item in every if ids.identify_organization(item) == name.lower()), None)
                found = session.get(Publisher, place) if place else None
            if found is not None and found.ended is not None:
                names = follow_publishers(session, [found.id])
                heirs = [item for item in names if item != found.id]
                found = (session.get(Publisher, heirs[0]) if len(heirs) == 1 else None) or found
            if found is None:
                raise AbsentError
            return describe_agency(found), count_datasets(session).get(found.id, 0)

    def describe_organization(
        self, agency: Agency, addresses: Addresses, count: int | None, *, has_packages: bool = False
    ) -> Json:
        """A publisher as an organization, with its packages if wanted."""
        packages = self._list_packages("organization", agency.id, addresses) if has_packages else None
        return describe_organization(agency, self._language(), count, packages)

    def describe_theme(
        self, theme: str, addresses: Addresses, count: int | None, *, has_packages: bool = False
    ) -> Json:
        """A theme as a group, with its packages if wanted."""
        packages = self._list_packages("groups", ids.name_group(theme), addresses) if has_packages else None
        return describe_theme(theme, self._language(), count, packages)

    def list_tagged(self, tag: str, addresses: Addresses) -> list[Json]:
        """The packages that have a tag."""
        return self._list_packages("tags", tag, addresses)

    def _list_packages(self, field: str, value: str, addresses: Addresses) -> list[Json]:
        return self.describe(self.find_by(Match(field, value)).names, addresses)

    def _name_values(self, counts: Mapping[str, Mapping[str, int]]) -> Mapping[str, Mapping[str, str]]:
        """What the values that were counted are called."""
        language = self._language()
        named: dict[str, Mapping[str, str]] = {}
        if counts.get("organization"):
            columns = select(Publisher.id, Publisher.title, Publisher.i18n)
            with self._context.read() as session:
                rows = session.execute(columns.where(Publisher.id.in_(counts["organization"]))).all()
            named["organization"] = {name: choose(title, i18n or {}, "title", language) for name, title, i18n in rows}
        if counts.get("groups"):
            groups = (describe_group(item, language) for item in ids.list_themes())
            named["groups"] = {str(item["name"]): str(item["title"]) for item in groups}
        if counts.get("license_id"):
            named["license_id"] = {str(item["id"]): str(item["title"]) for item in list_licences()}
        return named

    def _find_indexed(self, resource: str) -> Sequence[str]:
        searcher = self._index.open_searcher()
        if searcher is None:
            return ()
        try:
            with self._index.guard():
                return find_names(searcher, "res_id", resource)
        except UnreadableIndexError:
            return ()

    def _list_fresh(self) -> Sequence[str]:
        """Datasets that changed since the index was written, the newest of them where there are many."""
        generation = self._index.read_generation()
        with self._context.read() as session:
            changes = read_changes(session, generation.position, generation.digest) if generation else None
            if generation is not None and (changes is None or not changes.is_whole):
                return sorted(changes.touched)[:_MOST_FRESH] if changes else ()
            newest = select(Dataset.id).where(where_listed()).order_by(Dataset.modified.desc()).limit(_MOST_FRESH)
            return list(session.scalars(newest))


def choose_order(asked: Asked) -> tuple[str, bool]:
    """The key that a search is sorted by: the first that differs between datasets. Nothing here counts views."""
    for name, descending in asked.orders:
        if name == "views_recent" or (name == "score" and not has_words(asked.wanted)):
            continue
        return name, descending
    return _NO_SORT, True
