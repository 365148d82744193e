"""A portal with tables of all types and keys between them, published for good, and served on this machine."""

from __future__ import annotations

import csv
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

from opendata.services.core.actors import SYSTEM
from opendata.wiring import Services
from tests.instances import lend_app, make_services

ROWS = 250
SAMPLES = ("mee/surface-water-quality", "mca/province-codes", "nbs/gdp-by-province")

_STATIONS: dict[str, Any] = {
    "fields": [
        {"name": "站码", "type": "string", "constraints": {"required": True, "unique": True, "pattern": "[0-9]{8}"}},
        {"name": "name", "type": "string", "title": "站名", "opendata": {"i18n": {"en": {"title": "Name"}}}},
        {"name": "lat, lon", "type": "geopoint"},
        {"name": "opened", "type": "date"},
        {"name": "automatic", "type": "boolean"},
    ],
    "primaryKey": ["站码"],
}
_LEVELS: dict[str, Any] = {
    "fields": [
        {"name": "station", "type": "string", "constraints": {"required": True}},
        {"name": "time", "type": "datetime", "constraints": {"required": True}},
        {"name": "level", "type": "number", "constraints": {"minimum": 0}, "opendata": {"unit": "m", "scale": 2}},
        {"name": "ratio", "type": "number"},
        {"name": "count", "type": "integer"},
        {"name": "year", "type": "year"},
        {"name": "month", "type": "yearmonth"},
        {"name": "clock", "type": "time"},
        {"name": "took", "type": "duration"},
        {"name": "state", "type": "string", "constraints": {"enum": ["正常", "超警"]}},
        {"name": "shape", "type": "geojson"},
        {"name": "facts", "type": "object"},
        {"name": "note", "type": "any"},
    ],
    "primaryKey": ["station", "time"],
    "foreignKeys": [{"fields": ["station"], "reference": {"resource": "stations", "fields": ["站码"]}}],
    "missingValues": ["", "-"],
}


@contextmanager
def serve_samples(home: Path) -> Iterator[tuple[str, Services]]:
    """The address of the portal, and what it is made of."""
    services = make_services(home / "instance")
    package = home / "package"
    package.mkdir()
    write_package(package)
    checkout = Path(__file__).parent.parent.parent
    services.schemas.load_folder(SYSTEM, checkout / "schemas")
    for source in (package, *(checkout / "datasets" / name for name in SAMPLES)):
        found = services.imports.import_package(SYSTEM, str(source), publisher="water-bureau", reason="a test")
        assert found.version, found
    with lend_app(services) as app:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", services
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
    services.database.dispose()


def write_package(folder: Path) -> None:
    """A package with a value of each type, missing ones, and a foreign key."""
    codes = [f"{number:08}" for number in range(10)]
    stations = [[code, f"站 {code}", "113.5,34.7", date(2000, 1, 1) + timedelta(int(code)), "true"] for code in codes]
    stations[3][1:] = ["", "", "", ""]
    levels: list[list[object]] = []
    for number in range(ROWS):
        day = date(2025, 1, 1) + timedelta(number // 10)
        facts, shape = '{"a": 1}', '{"type": "Point", "coordinates": [113.5, 34.7]}'
        levels.append(
            [
                *(codes[number % 10], f"{day}T08:00:00", f"{number}.25", f"{number}.5e-3", number, 2025, "2025-01"),
                *("08:00:00", "PT1H", "正常", shape, facts, f"“{number}”, 行"),
            ]
        )
    levels[7][2:] = ["-", "", "", "", "", "", "", "", "", "", ""]
    for name, schema, rows in (("stations", _STATIONS, stations), ("levels", _LEVELS, levels)):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([[field["name"] for field in schema["fields"]], *rows])
    descriptor = {
        "name": "all-types",
        "title": "各种类型",
        "description": "每种类型一列",
        "licenses": [{"name": "CC-BY-4.0"}],
        "resources": [
            {"name": "stations", "path": "stations.csv", "schema": _STATIONS},
            {"name": "levels", "path": "levels.csv", "schema": _LEVELS},
        ],
        "opendata": {"i18n": {"en": {"title": "All types"}}, "updateCycle": "monthly"},
    }
    (folder / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
