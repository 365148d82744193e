"""Entries of the catalogue to write documents of: an empty portal, the least a dataset can say, and everything."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import Agency, CatalogueEntry, Edition, Portal
from opendata.domain.disclosure import Disclosure
from opendata.domain.manifest import Manifest
from opendata.domain.metadata import DatasetMetadata
from opendata.domain.resources import Attachment, StoredFile, TableResource
from opendata.domain.schema import TableSchema

BASE = "https://data.example.org"
ADDRESSES = Addresses(BASE)
HOSTILE = '<script>"\u0001\ud7ff & \\'

PORTAL = Portal(
    names={"zh": "示例开放数据平台", "en": "Example open data"},
    organiser={"zh": "示例市政务公开办公室", "en": "Example office"},
    languages=("zh", "en"),
    description={"zh": "示例市各部门的数据", "en": "Data of the departments of Example"},
    email="open@example.org",
    telephone="0371-00000000",
)

_START = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
_LATER = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)

WATER = Agency(
    id="water-bureau",
    title="水务局",
    description="管理水库",
    i18n={"en": {"title": "Water bureau", "description": "Looks after reservoirs"}},
    short_title="水务",
    code="11410000000000001X",
    division="410100",
    parent="province",
    contact={"telephone": "0371-00000000", "email": "data@example.org", "url": "https://water.example.org/"},
    created=_START,
    modified=_LATER,
)
ROAD = Agency(id="road-bureau", title="道路局", created=_START, modified=_START)


def _store(name: str, size: int) -> StoredFile:
    return StoredFile((name.encode().hex() + "0" * 64)[:64], size)


LEAST = CatalogueEntry(
    id="roads",
    uuid="00000000-0000-4000-8000-000000000001",
    created=_START,
    modified=_START,
    metadata=DatasetMetadata(title="道路"),
    publisher=ROAD,
)
"""A dataset of which there is nothing but a title: its entry alone is public."""

STATIONS = TableResource(
    name="stations",
    title="水文站",
    description="每个水文站一行",
    i18n={"en": {"title": "Stations", "description": "One row a station"}},
    file=_store("stations.csv", 1234),
    parquet=_store("stations.parquet", 987),
    source=_store("stations.xlsx", 5000),
    rows=3,
    schema=TableSchema(
        {
            "fields": [
                {
                    "name": "站码",
                    "type": "string",
                    "title": "站码",
                    "description": "八位代码",
                    "constraints": {"required": True, "unique": True, "pattern": "[0-9]{8}"},
                    "opendata": {"i18n": {"en": {"title": "Code"}}},
                },
                {"name": "name", "type": "string", "title": "站名"},
                {"name": "lat lon", "type": "geopoint"},
                {"name": "opened", "type": "date"},
                {"name": "automatic", "type": "boolean"},
            ],
            "primaryKey": ["站码"],
            "missingValues": [""],
        }
    ),
    schema_name="station@1.0.0",
)
LEVELS = TableResource(
    name="levels",
    title="水位",
    unit="米",
    period="2026-01",
    coverage="2025-01/2026-01",
    file=_store("levels.csv", 123456),
    parquet=_store("levels.parquet", 45678),
    source=_store("levels.csv-source", 234567),
    report=_store("levels.report", 400),
    rows=5000,
    schema=TableSchema(
        {
            "fields": [
                {"name": "station", "type": "string", "constraints": {"required": True}},
                {"name": "time", "type": "datetime"},
                {
                    "name": "level",
                    "type": "number",
                    "title": "水位",
                    "constraints": {"minimum": 0, "maximum": 9000},
                    "opendata": {"unit": "m", "scale": 2},
                },
                {"name": "count", "type": "integer"},
                {"name": "year", "type": "year"},
                {
                    "name": "state",
                    "type": "string",
                    "categories": [{"value": "1", "label": "正常"}, {"value": "2", "label": "超警"}],
                    "constraints": {"enum": ["1", "2"]},
                },
                {"name": "share", "type": "number", "opendata": {"percent": True}},
                {"name": "note", "type": "any"},
            ],
            "primaryKey": ["station", "time"],
            "foreignKeys": [{"fields": ["station"], "reference": {"resource": "stations", "fields": ["站码"]}}],
            "missingValues": ["", "-"],
        }
    ),
)
MAP = Attachment(
    name="map",
    filename="水库 map.pdf",
    format="pdf",
    mediatype="application/pdf",
    file=_store("map.pdf", 777),
    title="水库分布图",
    i18n={"en": {"title": "Map of the reservoirs"}},
)

_METADATA = DatasetMetadata(
    title="水库水位",
    description="每日 8 时的库水位，由水文站自动测报。包括全市所有大中型水库，" + HOSTILE,
    i18n={
        "en": {
            "title": "Reservoir levels",
            "description": "The level of each reservoir at eight o'clock.",
            "keywords": ["water", "reservoir"],  # type: ignore[dict-item]
        }
    },
    licenses=({"name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/"},),
    keywords=("水库", "水位"),
    sources=({"title": "省水文中心", "path": "https://example.org/stations"},),
    contributors=({"title": "水文中心", "roles": ["creator"], "organization": "水务局"}, {"title": "信息中心"}),
    homepage="https://example.org/reservoirs",
    update_cycle="monthly",
    source_version="2026 年第 1 期",
    temporal="2025/2026",
    further={
        "themes": ["生态环保"],
        "industry": "N",
        "keyDomain": "service",
        "languages": ["zh"],
        "spatial": {"code": "410100", "name": "郑州市"},
        "contactPoint": {"name": "信息中心", "telephone": "0371-00000000", "email": "data@example.org"},
        "indexNumber": "000014349/2017-00110",
        "basis": "《中华人民共和国政府信息公开条例》第二十条",
        "resourceCode": "306001/000012",
        "resourceFormat": {"class": "2", "name": "xlsx"},
        "sharing": {"type": "2", "condition": "仅供防汛调度使用", "method": "共享平台（文件下载）"},
        "openingCondition": "注明来源即可使用",
        "relatedCodes": ["306001/000013"],
    },
)

_EDITIONS = (
    Edition(
        version="2.0.0",
        published=_LATER,
        changed=_LATER,
        notes="改了站码",
        period="2026-01",
        manifest_sha256="a" * 64,
        rows=5003,
        bytes=124690,
    ),
    Edition(version="1.1.0", published=_START, changed=_LATER, period="2025-02", manifest_sha256="b" * 64),
    Edition(
        version="1.0.0",
        published=_START,
        changed=_LATER,
        manifest_sha256="c" * 64,
        withdrawal={
            "dataset": "reservoirs",
            "version": "1.0.0",
            "manifest": "sha256:" + "c" * 64,
            "previous": None,
            "withdrawn": "2026-02-03T04:05:06Z",
            "changed": "2026-02-03T04:05:06Z",
            "reason": "站码有误",
            "legalBasis": "",
            "successor": "1.1.0",
            "erased": [],
        },
    ),
)

FULL = CatalogueEntry(
    id="reservoirs",
    uuid="00000000-0000-4000-8000-000000000002",
    created=_START,
    modified=_LATER,
    metadata=_METADATA,
    publisher=WATER,
    editions=_EDITIONS,
    manifest=Manifest(
        name="reservoirs",
        version="2.0.0",
        created=_LATER,
        uuid="00000000-0000-4000-8000-000000000002",
        publisher={"id": "water-bureau", "title": "水务局"},
        metadata=_METADATA,
        previous="sha256:" + "b" * 64,
        resources=(STATIONS, LEVELS, MAP),
        notes="改了站码",
        period="2026-01",
    ),
    public=frozenset(["stations", "levels", "map"]),
    former=("lakes",),
    registration="410100-2026-000001",
)
"""A dataset that says all there is to say: two tables with keys, an attachment, two languages, three versions."""


def _disclose(disclosure: Disclosure, public: frozenset[str] = frozenset()) -> CatalogueEntry:
    metadata = replace(_METADATA, disclosure=disclosure)
    return replace(FULL, metadata=metadata, public=public)


CONDITIONAL = _disclose(
    Disclosure(
        attribute="conditional", reason="涉及商业秘密", legal_basis="政府信息公开条例第十五条", ground="trade-secrets"
    ),
    frozenset(["stations"]),
)
"""The same on application only, but for one of its tables."""

CLOSED = replace(
    _disclose(Disclosure(attribute="closed", reason="涉及国家秘密", legal_basis="政府信息公开条例第十四条")),
    manifest=None,
    editions=tuple(replace(item, withdrawal=_EDITIONS[2].withdrawal) for item in _EDITIONS),
)
"""The same, closed: all its versions were withdrawn."""

ARCHIVED = replace(
    FULL, archived={"since": "2026-03-01T00:00:00Z", "reason": "由新目录代替", "successor": "water-levels"}
)
"""The same, no longer kept."""

ELSEWHERE = "https://next.example.org"
EXTERNAL = replace(
    LEAST,
    id="next-door",
    uuid="00000000-0000-4000-8000-000000000003",
    origin={
        "portal": "邻市数据平台",
        "page": f"{ELSEWHERE}/a",
        "identifier": "a",
        "publisher": "邻市道路局",
        "resources": [
            {"url": f"{ELSEWHERE}/表.csv", "title": "表" + HOSTILE, "format": "csv", "kind": "file", "bytes": 12},
            {"url": f"{ELSEWHERE}/gone.csv", "title": "旧表", "format": "csv", "kind": "file"},
            {"url": f"{ELSEWHERE}/wms?x=1&y=2", "title": "地图", "format": "wms", "kind": "map"},
            {"url": f"{ELSEWHERE}/api", "description": "接口", "kind": "api"},
            {"url": f"{ELSEWHERE}/about", "title": "说明", "kind": "page"},
            {"url": f"{ELSEWHERE}/raw", "kind": "file", "mediaType": "not a type"},
            {"url": "javascript:alert(1)", "title": "x", "kind": "file"},
        ],
    },
    dead=frozenset([f"{ELSEWHERE}/gone.csv"]),
)
"""A dataset of another portal: files, services and a page there, one address that is dead and one that never was."""

ALL = (LEAST, FULL, CONDITIONAL, CLOSED, ARCHIVED)
