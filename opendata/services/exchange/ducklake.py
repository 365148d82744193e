"""The newest versions of all public tables as a frozen DuckLake: one file, made again whenever the catalogue changed.

    /portal.ducklake → the address of the file for the catalogue as it is → the file, made by who asks first

A file stays at its address as long as all that it lists is there for anybody, so that what is attached goes on working
when other datasets are published. It is kept among the derived files, with the list of what is in it.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path

from sqlalchemy import select

from opendata.db.models import Dataset, Version
from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.domain.parts import PARTS_FOLDER, name_part
from opendata.domain.resources import TableResource
from opendata.errors import N_, NotFoundError
from opendata.exchange.ducklake.definitions import TABLES
from opendata.exchange.ducklake.rows import LakeFile, LakeSchema, LakeTable, Row, list_rows
from opendata.exchange.iceberg.names import name_id
from opendata.exchange.iceberg.schemas import read_columns
from opendata.services.core.access import where_not_closed, where_open, where_standing
from opendata.services.core.context import Context
from opendata.services.exchange.entries import Entries
from opendata.services.exchange.iceberg.namespaces import fits
from opendata.storage.derived import DerivedFile, DerivedFolder

_EDITION = 1
_BATCH = 500
_STORAGE = "v1.0.0"
"""The format of DuckDB's files that all its versions from 1.0 on read."""


class DuckLakes:
    """Makes the files and finds them."""

    def __init__(self, context: Context, entries: Entries) -> None:
        self._context = context
        self._entries = entries
        settings = context.settings
        self._folder = DerivedFolder(settings.derived_folder, settings.derived_bytes, lane="ducklake-")
        self._is_whole = lru_cache(maxsize=64)(self._check)

    def find_name(self, base: str) -> str:
        """What the file for the catalogue as it is now is called. `base` is the address of the portal."""
        return hashlib.sha256(repr((_EDITION, base, self._entries.find_state())).encode()).hexdigest()[:32]

    def find(self, name: str, base: str) -> DerivedFile:
        """A file by its name. Raises `NotFoundError` where it never was, or lists what is gone."""
        if name == self.find_name(base):
            listed = self._folder.get(f"ducklake-{name}-list", self._write_list)
            return self._folder.get(f"ducklake-{name}-file", partial(self._write, base, listed))
        if name.isalnum():
            found, noted = self._folder.find(f"ducklake-{name}-file"), self._folder.find(f"ducklake-{name}-list")
            if found and noted and self._is_whole(str(noted.path), self._entries.find_state()):
                return found
        raise NotFoundError(N_("This DuckLake is gone. /portal.ducklake has the newest one"))

    def _write_list(self, target: Path) -> None:
        """Note what is listed: datasets with their versions, and whether all of the dataset was open."""
        found = [(entry.id, entry.version, entry.is_open) for entry in self._entries.iterate() if _list_tables(entry)]
        target.write_text(json.dumps(found), encoding="utf-8")

    def _write(self, base: str, listed: DerivedFile, target: Path) -> None:
        """Write the file with what was noted, as it is now: what changed meanwhile is left out."""
        noted = {name: version for name, version, _ in json.loads(listed.path.read_bytes())}
        schemas = self._list_schemas(base, noted)
        rows = defaultdict[str, list[Row]](list)
        for table, row in list_rows(schemas, base, self._context.now()):
            rows[table].append(row)
        _write_database(target, rows)

    def _list_schemas(self, base: str, noted: dict[str, str]) -> Iterator[LakeSchema]:
        addresses = Addresses(base)
        for entry in self._entries.iterate():
            if noted.get(entry.id) == entry.version:
                yield _describe(entry, addresses, noted)

    def _check(self, path: str, state: str) -> bool:  # noqa: ARG002 - it is asked once for each state
        """Whether anybody may have all that a file lists."""
        try:
            noted = {(name, version): was_open for name, version, was_open in json.loads(Path(path).read_bytes())}
        except (OSError, ValueError):
            return False
        names = sorted({name for name, _ in noted})
        there: dict[tuple[str, str], bool] = {}
        with self._context.read() as session:
            for start in range(0, len(names), _BATCH):
                query = (
                    select(Version.dataset_id, Version.version, where_open())
                    .join(Dataset, Dataset.id == Version.dataset_id)
                    .where(where_standing(), where_not_closed(), Version.dataset_id.in_(names[start : start + _BATCH]))
                )
                there |= {(name, version): bool(is_open) for name, version, is_open in session.execute(query)}
        return all(place in there and (there[place] or not was_open) for place, was_open in noted.items())


def _list_tables(entry: CatalogueEntry) -> Sequence[TableResource]:
    """The tables of an entry that anybody may have, and engines can."""
    return [item for item in entry.list_tables() if fits(item)]


def _describe(entry: CatalogueEntry, addresses: Addresses, datasets: dict[str, str]) -> LakeSchema:
    tables = _list_tables(entry)
    names = {item.name for item in tables}
    return LakeSchema(
        name=name_id(entry.id, datasets.__contains__),
        uuid=entry.uuid,
        title=entry.metadata.title,
        tables=[
            LakeTable(
                name=name_id(item.name, names.__contains__),
                files=list(_list_files(entry, item, addresses)),
                columns=read_columns(item.schema.fields),
                title=item.title,
            )
            for item in tables
        ],
    )


def _list_files(entry: CatalogueEntry, table: TableResource, addresses: Addresses) -> Iterator[LakeFile]:
    version = str(entry.version)
    if not table.parquet.parts:
        address = addresses.file(entry.id, version, f"{table.name}.parquet")
        yield LakeFile(address, table.parquet.bytes, table.rows)
    for number, part in enumerate(table.parquet.parts, 1):
        path = f"{PARTS_FOLDER}/{name_part(table.name, number, 'parquet')}"
        yield LakeFile(addresses.file(entry.id, version, path), part.bytes, part.rows)


def _write_database(target: Path, rows: dict[str, list[Row]]) -> None:
    """Write all tables into a database of DuckDB."""
    import duckdb
    import pyarrow as pa

    with duckdb.connect(config={"threads": 1, "memory_limit": "512MB"}) as engine:
        engine.execute(f"ATTACH '{str(target).replace(chr(39), chr(39) * 2)}' AS lake (STORAGE_VERSION '{_STORAGE}')")
        for name, columns in TABLES.items():
            engine.execute(f"CREATE TABLE lake.ducklake_{name}({columns})")
            if rows[name]:
                values = zip(*rows[name], strict=True)
                engine.register("given", pa.table({f"c{number}": list(column) for number, column in enumerate(values)}))
                engine.execute(f"INSERT INTO lake.ducklake_{name} SELECT * FROM given")  # noqa: S608 - names are ours
                engine.unregister("given")
        engine.execute("DETACH lake")
