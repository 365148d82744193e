"""Fills a database with any number of published datasets: what one publication wrote, multiplied by SQL."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import Table, func, select, text
from sqlalchemy.orm import Session

from opendata.db.counts import recount
from opendata.db.models import Base, Dataset, Event, EventChain, PublicEvent, Publisher, Version
from opendata.search.documents import SearchDocument
from opendata.services.core.actors import SYSTEM
from opendata.services.drafts.intake import ResourceOption
from opendata.services.uploads.upload_values import UploadedFile
from opendata.storage.signing import Signer
from opendata.storage.store import entry_key, manifest_key, signature_key
from opendata.wiring import Services

TEMPLATE = "d0000000"
PUBLISHERS = 500
BATCH = 50_000
SUBJECTS = (
    ("水库水位", "Reservoir levels"),
    ("公交站点", "Bus stops"),
    ("空气质量", "Air quality"),
    ("财政预算", "Budget of the city"),
    ("学校名录", "List of schools"),
    ("医疗机构", "Medical institutions"),
    ("停车场", "Car parks"),
    ("耕地面积", "Arable land"),
)
THEMES = ("生态环保", "交通运输", "教育", "卫生健康", "财税金融")
SCHEMA = {
    "fields": [{"name": "code", "type": "string"}, {"name": "level", "type": "number"}],
    "primaryKey": ["code"],
}
METADATA: Mapping[str, Any] = {
    "title": "水库水位",
    "description": "每日 8 时的库水位，由水文站自动测报，包括全市所有大中型水库。",
    "i18n": {"en": {"title": "Reservoir levels", "description": "The level of each reservoir at eight o'clock."}},
    "licenses": [{"name": "CC-BY-4.0"}],
    "keywords": ["水库", "水位"],
    "themes": ["生态环保"],
    "languages": ["zh"],
    "updateCycle": "daily",
    "temporal": "2025",
}
SPREAD = 2654435761
"""An odd number near 2 ** 32 / the golden ratio: multiples of it are spread evenly, as UUIDs are."""
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def publish(services: Services, dataset: str, number: int) -> None:
    """Publish one more version of a dataset, from the upload to its being public."""
    rows = "".join(f"A{row:03},{row}.5\n" for row in range(20 + number))
    file = UploadedFile("levels.csv", io.BytesIO(f"code,level\n{rows}".encode()))
    option = ResourceOption(file="levels.csv", name="levels", schema=SCHEMA)
    draft, _ = services.drafts.create(SYSTEM, dataset, [file], [option], enqueue=False)
    services.work.run_to_end(draft.id)
    services.drafts.publish_directly(SYSTEM, draft.id)
    services.work.run_to_end(draft.id)


def begin(services: Services, versions: int) -> None:
    """The publishers, and the one dataset that all others are copies of."""
    for number in range(PUBLISHERS):
        services.publishers.ensure(SYSTEM, {"id": f"p{number:03}", "title": f"第{number}局"})
    services.datasets.create(SYSTEM, {**METADATA, "id": TEMPLATE, "publisher": "p000"})
    for number in range(versions):
        publish(services, TEMPLATE, number)
    while services.public_events.follow():
        pass


def name_dataset(number: int) -> str:
    """The id of a dataset."""
    return f"d{number:07}"


def say_title(number: int) -> tuple[str, str]:
    """The titles of a dataset, Chinese and English."""
    chinese, english = SUBJECTS[number % len(SUBJECTS)]
    return f"{chinese}{number}", f"{english} {number}"


def multiply(services: Services, start: int, end: int) -> None:
    """Copies of the template with the numbers from `start` to before `end`."""
    for first in range(start, end, BATCH):
        with services.database.unit(write=True) as session:
            _Copies(session, first, min(end, first + BATCH) - 1).write()
    with services.database.unit(write=True) as session:
        position = session.scalar(select(func.max(Event.position)))
        last = session.scalars(select(Event).where(Event.position == position)).one()
        chain = session.scalars(select(EventChain)).one()
        chain.position, chain.digest = int(position or 0), last.digest
        session.execute(text("UPDATE public_event_progress SET position = :at"), {"at": position})
    with services.database.unit(write=True) as session:
        recount(session)
    if services.database.engine.dialect.name == "postgresql":
        address = services.database.url.replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:  # ours waits three seconds outside transactions
            connection.execute("VACUUM ANALYZE")
    else:
        with services.database.unit(write=True) as session:
            session.execute(text("ANALYZE"))


class _Copies:
    """The rows of datasets with numbers from `first` to `last`, written by the database itself."""

    def __init__(self, session: Session, first: int, last: int) -> None:
        self._session = session
        self._is_sqlite = session.get_bind().dialect.name == "sqlite"
        self._numbers = {"first": first, "last": last}
        self._id = "printf('d%07d', n.i)" if self._is_sqlite else "'d' || lpad(n.i::text, 7, '0')"
        number = f"(CAST(n.i AS BIGINT) * {SPREAD} % {1 << 32})"
        self._uuid = (
            f"printf('%08x-0000-4000-8000-000000000000', {number})"
            if self._is_sqlite
            else f"lpad(to_hex({number}), 8, '0') || '-0000-4000-8000-000000000000'"
        )

    def write(self) -> None:
        """Datasets, versions, lines of the audit log and public events."""
        owner = f"n.i % {PUBLISHERS}"
        owner = f"printf('p%03d', {owner})" if self._is_sqlite else f"'p' || lpad(({owner})::text, 3, '0')"
        title = f"{self._pick([chinese for chinese, _ in SUBJECTS])} || {self._text('n.i')}"
        english = f"{self._pick([english for _, english in SUBJECTS])} || ' ' || {self._text('n.i')}"
        moment = (
            "strftime('%Y-%m-%d %H:%M:%S.000000', '2026-01-01', '-' || n.i || ' seconds')"
            if self._is_sqlite
            else "timestamptz '2026-01-01 00:00:00+00' - n.i * interval '1 second'"
        )
        meta = (
            f"json_set(t.meta, '$.title', {title}, '$.i18n.en.title', {english})"
            if self._is_sqlite
            else f"jsonb_set(jsonb_set(t.meta::jsonb, '{{title}}', to_jsonb({title})),"
            f" '{{i18n,en,title}}', to_jsonb({english}))::json"
        )
        self._copy(
            Dataset.__table__,
            {"id": self._id, "uuid": self._uuid, "publisher_id": owner, "title": title, "meta": meta}
            | {"created": moment, "modified": moment, "changed": moment, "shelf": f"substr({self._uuid}, 1, 2)"},
            "t.id = :template",
        )
        self._copy(
            Version.__table__,
            {"dataset_id": self._id, "draft_id": "NULL", "changed": moment, "published": moment},
            "t.dataset_id = :template",
        )
        place = self._session.scalar(select(func.max(Event.position))) or 0
        order = f"{place} + row_number() OVER (ORDER BY n.i, t.id)"
        subject = f"replace(t.subject, :template, {self._id})"
        chosen = "t.subject_kind IN ('dataset', 'version') AND (t.subject = :template OR t.subject LIKE :some)"
        self._copy(Event.__table__, {"subject": subject, "position": order, "at": moment}, chosen)
        told = self._session.scalar(select(func.max(PublicEvent.position))) or 0
        order = f"{told} + row_number() OVER (ORDER BY n.i, t.id)"
        self._copy(
            PublicEvent.__table__,
            {"dataset_id": self._id, "dataset_uuid": self._uuid, "publisher_id": owner, "position": order}
            | {"at": moment},
            "t.dataset_id = :template",
        )

    def _pick(self, words: Sequence[str]) -> str:
        cases = " ".join(f"WHEN {place} THEN '{word}'" for place, word in enumerate(words))
        return f"CASE n.i % {len(words)} {cases} END"

    def _text(self, number: str) -> str:
        return f"CAST({number} AS TEXT)"

    def _copy(self, table: Table | Any, values: Mapping[str, str], where: str) -> None:
        names = [column.name for column in table.columns if column.name != "id" or "id" in values]
        found = ", ".join(values.get(name, f't."{name}"') for name in names)
        numbers = (
            "(WITH RECURSIVE s(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM s WHERE i < :last) SELECT i FROM s) n"
            if self._is_sqlite
            else "generate_series(CAST(:first AS integer), CAST(:last AS integer)) AS n(i)"
        )
        into = ", ".join(f'"{name}"' for name in names)
        rows = f"{table.name} t CROSS JOIN {numbers}"  # so SQLite looks for the template's rows once
        said = f"INSERT INTO {table.name} ({into}) SELECT {found} FROM {rows} WHERE {where}"
        own = {"template": TEMPLATE, "some": f"{TEMPLATE}@%"}
        used = {name: value for name, value in own.items() if f":{name}" in said}
        self._session.execute(text(said), {**self._numbers, **used})


def write_manifests(services: Services, numbers: Sequence[int]) -> None:
    """The manifests of those datasets whose pages are asked for: those of the template under other names."""
    with services.database.unit() as session:
        versions = list(session.scalars(select(Version.version).where(Version.dataset_id == TEMPLATE)))
    for version in versions:
        found = json.loads(services.versions.read_manifest(TEMPLATE, version))
        for number in numbers:
            name = name_dataset(number)
            place = services.settings.home / "store" / manifest_key(name, version)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(json.dumps({**found, "name": name}, ensure_ascii=False), encoding="utf-8")


def list_documents(count: int) -> Iterator[SearchDocument]:
    """What the search index has of each dataset."""
    for number in range(count):
        chinese, english = say_title(number)
        yield SearchDocument(
            id=name_dataset(number),
            texts={
                "title": [chinese, english],
                "publisher": [f"第{number % PUBLISHERS}局"],
                "keywords": ["水库", "水位"],
                "columns": ["code", "level"],
                "description": [METADATA["description"], METADATA["i18n"]["en"]["description"]],
            },
            values={
                "publisher": [f"p{number % PUBLISHERS:03}"],
                "theme": [THEMES[number % len(THEMES)]],
                "format": ["csv", "parquet", "xlsx", "json"],
                "updateCycle": ["daily"],
                "disclosure": ["open"],
                "license": ["CC-BY-4.0"],
                "period": [str(2016 + number % 10)],
            },
            updated=EPOCH - timedelta(seconds=number),
            title_key=chinese,
        )


def count_rows(services: Services) -> Mapping[str, int]:
    """How many rows the tables have that grow with the catalogue."""
    models: Sequence[type[Base]] = (Publisher, Dataset, Version, Event, PublicEvent)
    with services.database.unit() as session:
        return {model.__tablename__: session.scalar(select(func.count()).select_from(model)) or 0 for model in models}


def write_store(services: Services, start: int, end: int) -> None:
    """The signed entries and manifests of these datasets in the store: those of the template under other names."""
    with services.database.unit() as session:
        versions = list(session.scalars(select(Version.version).where(Version.dataset_id == TEMPLATE)))
    manifests = {version: json.loads(services.versions.read_manifest(TEMPLATE, version)) for version in versions}
    folder, signer = services.settings.home / "store", Signer(services.settings.key_folder)
    entry = json.loads((folder / entry_key(TEMPLATE, 1)).read_bytes())
    for number in range(start, end):
        name = name_dataset(number)
        own = {"id": name, "uuid": f"{number * SPREAD % (1 << 32):08x}-0000-4000-8000-000000000000"}
        records = {entry_key(name, 1): {**entry, **own}}
        records |= {manifest_key(name, version): {**found, "name": name} for version, found in manifests.items()}
        for key, record in records.items():
            data = json.dumps(record, ensure_ascii=False).encode()
            (folder / key).parent.mkdir(parents=True, exist_ok=True)
            (folder / key).write_bytes(data)
            (folder / signature_key(key)).write_bytes(signer.sign(data))
