"""Data Packages into the catalogue: real ones, broken ones, hostile ones, over the disk and over HTTP."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from opendata.errors import InvalidMetadataError, InvalidPackageError, NotFoundError, StateError
from opendata.services.core.actors import SYSTEM
from opendata.services.packages.imported import Imported
from opendata.wiring import Services
from tests.instances import locate, make_services

LEVELS = {
    "name": "levels",
    "path": "data/levels.csv",
    "schema": {
        "fields": [{"name": "code", "type": "string"}, {"name": "level", "type": "number"}],
        "primaryKey": ["code"],
    },
}
ALARMS = {
    "name": "alarms",
    "path": "data/alarms.csv",
    "schema": {
        "fields": [{"name": "code", "type": "string"}],
        "foreignKeys": [{"fields": ["code"], "reference": {"resource": "levels", "fields": ["code"]}}],
    },
}
FILES = {"data/levels.csv": "code,level\nA1,1.5\nA2,2\n", "data/alarms.csv": "code\nA1\n"}

REAL = {
    "country-codes": {"country-codes": 249},
    "currency-codes": {"codes-all": 449},
    "doacoes-covid-19-mg": {"doacoes-entrada": 205, "doacoes-saida": 2032},
    "gdp": {"gdp": 13979, "top-economies": 230},
    "language-codes": {
        "ietf-language-tags": 1122,
        "language-codes": 183,
        "language-codes-3b2": 183,
        "language-codes-full": 487,
    },
    "population": {"population": 17195},
    "world-cities": {"world-cities": 34032},
}
REFUSED = {
    "acordo-reparacao-vale-mg": {"iniciativas-acordo-judicial-reparacao-vale": ["row at position", "enum"]},
    "co2-ppm": {
        "co2-mm-mlo": ['Row at position "2" has an extra value', 'position "7"'],
        "co2-gr-mlo": ['Row at position "2" is completely blank'],
        "co2-mm-gl": ['Row at position "2" has an extra value', 'position "5"'],
    },
    "cpi": {"cpi": ['Label "Country" in field Country Name at position "1"']},
}


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Services]:
    """An instance on SQLite, for what does not depend on the database."""
    built = make_services(tmp_path / "instance")
    yield built
    built.database.dispose()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_package(tmp_path / "package")


def write_package(
    folder: Path, resources: list[Any] | None = None, files: Mapping[str, str | bytes] = FILES, **descriptor: Any
) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    found = {"name": "reservoirs", "title": "水库", **descriptor, "resources": resources or [LEVELS, ALARMS]}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "datapackage.json").write_text(json.dumps(found), encoding="utf-8")
    return folder


def load(services: Services, folder: Path | str, **options: Any) -> Imported:
    return services.imports.import_package(SYSTEM, str(folder), **options)


def verdicts(found: Imported) -> dict[str, bool]:
    return {item.name: item.valid for item in found.resources}


def published(services: Services, version: str, dataset: str = "reservoirs") -> dict[str, int]:
    manifest = services.versions.get_manifest(dataset, version).to_json()
    return {item["name"]: item["opendata"]["rows"] for item in manifest["resources"]}


def messages(found: Imported, name: str) -> str:
    (item,) = [item for item in found.resources if item.name == name]
    return "\n".join(item.messages)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name == "population" else name for name in REAL]
)
def test_a_real_package_is_published_with_all_its_rows(instance: Services, realdata: Path, name: str) -> None:
    found = load(instance, realdata / "datapackages" / name)
    assert (found.version, found.created, found.refused) == ("1.0.0", True, False)
    assert {item.name: item.rows for item in found.resources if item.valid} == REAL[name]
    assert published(instance, "1.0.0", found.dataset) == REAL[name]
    for resource in REAL[name]:
        csv = instance.versions.find_file(found.dataset, "1.0.0", resource, "csv")
        parquet = instance.versions.find_file(found.dataset, "1.0.0", resource, "parquet")
        import pyarrow.parquet

        assert pyarrow.parquet.read_metadata(locate(parquet)).num_rows == REAL[name][resource]
        assert hashlib.sha256(locate(csv).read_bytes()).hexdigest() == csv.sha256
    again = load(instance, realdata / "datapackages" / name)
    assert (again.version, again.created, again.refused) == ("1.0.0", False, False)


@pytest.mark.parametrize("name", REFUSED)
def test_a_broken_real_package_is_refused_with_what_is_wrong_where(
    instance: Services, realdata: Path, name: str
) -> None:
    found = load(instance, realdata / "datapackages" / name)
    assert (found.version, found.created, found.refused) == (None, False, True)
    assert {item.name for item in found.resources if not item.valid} == set(REFUSED[name])
    for resource, parts in REFUSED[name].items():
        for part in parts:
            assert part in messages(found, resource)
    with pytest.raises(NotFoundError):
        instance.datasets.get(found.dataset)


def test_the_valid_tables_of_a_broken_real_package_can_be_published(instance: Services, realdata: Path) -> None:
    found = load(instance, realdata / "datapackages" / "co2-ppm", partial=True)
    assert (found.version, found.created, found.refused) == ("1.0.0", True, False)
    assert published(instance, "1.0.0", "co2-ppm") == {"co2-annmean-mlo": 67, "co2-annmean-gl": 47, "co2-gr-gl": 67}
    assert {item.name: item.errors for item in found.resources if not item.valid} == {
        "co2-mm-mlo": 820,
        "co2-gr-mlo": 1,
        "co2-mm-gl": 1136,
    }


def test_a_package_whose_files_are_missing_is_refused_and_the_rest_is_checked(
    instance: Services, tmp_path: Path
) -> None:
    missing = {"name": "missing", "path": "data/missing.csv"}
    broken = {"name": "broken", "path": "data/levels.csv", "schema": {"fields": [{"name": "code", "type": "colour"}]}}
    folder = write_package(tmp_path / "package", [missing, broken, LEVELS])
    found = load(instance, folder)
    assert (found.refused, verdicts(found)) == (True, {"missing": False, "broken": False, "levels": True})
    assert "data/missing.csv" in messages(found, "missing")
    assert "/fields/0/type" in messages(found, "broken")
    assert [item.rows for item in found.resources] == [0, 0, 2]
    partly = load(instance, folder, partial=True)
    assert (partly.version, verdicts(partly)) == ("1.0.0", verdicts(found))
    assert published(instance, "1.0.0") == {"levels": 2}


def test_a_package_without_any_usable_table_is_refused_even_in_part(instance: Services, tmp_path: Path) -> None:
    folder = write_package(tmp_path / "package", [{"name": "missing", "path": "missing.csv"}])
    assert load(instance, folder, partial=True).refused
    folder = write_package(tmp_path / "invalid", [LEVELS], {"data/levels.csv": "code,level\nA1,high\n"})
    found = load(instance, folder, partial=True)
    assert (found.refused, found.version, verdicts(found)) == (True, None, {"levels": False})


def test_the_same_package_again_publishes_nothing_and_a_changed_one_the_next_version(
    services: Services, folder: Path
) -> None:
    assert load(services, folder).version == "1.0.0"
    again = load(services, folder)
    assert (again.version, again.created, again.refused) == ("1.0.0", False, False)
    (folder / "data/levels.csv").write_text("code,level\nA1,1.5\nA2,2.5\n")
    changed = load(services, folder)
    assert (changed.version, changed.created) == ("1.0.1", True)
    write_package(folder, title="各水库", files={})
    assert load(services, folder).version == "1.0.2"
    assert services.datasets.get("reservoirs").title == "各水库"
    write_package(folder, [LEVELS], title="各水库", files={})
    assert load(services, folder).version == "2.0.0"
    assert published(services, "2.0.0") == {"levels": 2}


def test_numbers_of_a_schema_make_no_version_only_by_being_written_otherwise(
    instance: Services, tmp_path: Path
) -> None:
    field = {"name": "level", "type": "number", "constraints": {"minimum": 0.0, "maximum": 1e20}}
    table = {"name": "levels", "path": "a.csv", "schema": {"fields": [field]}}
    folder = write_package(tmp_path / "package", [table], {"a.csv": "level\n1\n"})
    assert load(instance, folder).version == "1.0.0"
    assert load(instance, folder).created is False


def test_a_refused_package_leaves_the_published_version_alone(instance: Services, folder: Path) -> None:
    load(instance, folder)
    (folder / "data/levels.csv").write_text("code,level\nA1,high\n")
    found = load(instance, folder)
    assert (found.refused, found.created, found.version) == (True, False, "1.0.0")
    (folder / "data/levels.csv").unlink()
    found = load(instance, folder)
    assert (found.refused, found.created, found.version) == (True, False, "1.0.0")
    assert published(instance, "1.0.0") == {"levels": 2, "alarms": 1}


@pytest.mark.parametrize("content", ["code,level\nA1,high\n", None])
def test_a_table_that_part_of_a_package_cannot_replace_stays_as_it_was(
    instance: Services, folder: Path, content: str | None
) -> None:
    load(instance, folder)
    (folder / "data/alarms.csv").write_text("code\nA1\nA2\n")
    if content is None:
        (folder / "data/levels.csv").unlink()
    else:
        (folder / "data/levels.csv").write_text(content)
    found = load(instance, folder, partial=True)
    assert (found.version, found.refused) == ("1.1.0", False)
    assert verdicts(found) == {"levels": False, "alarms": True}
    assert published(instance, "1.1.0") == {"levels": 2, "alarms": 2}


def test_a_part_with_nothing_valid_in_it_publishes_nothing_over_an_older_version(
    instance: Services, folder: Path
) -> None:
    load(instance, folder)
    for name in FILES:
        (folder / name).write_text("wrong\n1\n")
    found = load(instance, folder, partial=True)
    assert (found.refused, found.version, found.created) == (True, "1.0.0", False)
    assert verdicts(found) == {"levels": False, "alarms": False}


def test_a_key_into_another_table_is_checked(services: Services, tmp_path: Path) -> None:
    files = {**FILES, "data/alarms.csv": "code\nA1\nA9\n"}
    folder = write_package(tmp_path / "package", files=files)
    found = load(services, folder)
    assert (found.refused, verdicts(found)) == (True, {"levels": True, "alarms": False})
    assert "A9" in messages(found, "alarms")
    assert '"3"' in messages(found, "alarms")
    partly = load(services, folder, partial=True)
    assert (partly.version, verdicts(partly)) == ("1.0.0", {"levels": True, "alarms": False})
    assert published(services, "1.0.0") == {"levels": 2}


def test_what_refers_to_a_table_left_out_is_left_out_too(instance: Services, tmp_path: Path) -> None:
    free = {"name": "free", "path": "data/free.csv"}
    files = {**FILES, "data/levels.csv": "code,level\nA1,high\n", "data/free.csv": "a\n1\n"}
    found = load(instance, write_package(tmp_path / "package", [LEVELS, ALARMS, free], files), partial=True)
    assert verdicts(found) == {"levels": False, "alarms": False, "free": True}
    assert published(instance, "1.0.0") == {"free": 1}


def test_another_publisher_cannot_take_a_dataset_over(services: Services, folder: Path) -> None:
    services.publishers.ensure(SYSTEM, {"id": "roads", "title": "交通局"})
    assert load(services, folder, publisher="water-bureau").version == "1.0.0"
    (folder / "data/levels.csv").write_text("code,level\nA1,9\n")
    with pytest.raises(StateError, match="water-bureau"):
        load(services, folder, publisher="roads")
    with pytest.raises(NotFoundError):
        load(services, folder, publisher="nobody")
    with pytest.raises(NotFoundError):
        load(services, folder, publisher="no\0body")
    assert services.datasets.get("reservoirs").latest == "1.0.0"
    assert load(services, folder).version == "1.1.0"


def test_a_package_brings_its_publisher_and_metadata(instance: Services, tmp_path: Path) -> None:
    ours = {"publisher": {"id": "rivers", "title": "河务局"}, "updateCycle": "daily"}
    load(instance, write_package(tmp_path / "package", opendata=ours, licenses=[{"name": "CC0-1.0"}]))
    found = instance.datasets.get("reservoirs")
    assert (found.publisher.id, found.publisher.title, found.update_cycle) == ("rivers", "河务局", "daily")
    assert found.licenses == ({"name": "CC0-1.0"},)
    load(instance, write_package(tmp_path / "other", name="other"))
    assert instance.datasets.get("other").publisher.id == "imported"


@pytest.mark.parametrize(
    ("descriptor", "error"),
    [
        ({"opendata": {"publisher": {"id": "Not An Id", "title": "x"}}}, InvalidMetadataError),
        ({"opendata": {"publisher": {"id": "ok", "title": ["x"]}}}, InvalidMetadataError),
        ({"opendata": {"publisher": {"id": "ok", "title": "x", "i18n": "abc"}}}, InvalidMetadataError),
        ({"opendata": {"publisher": {"id": {"a": 1}, "title": "x"}}}, InvalidMetadataError),
        ({"opendata": {"disclosure": {"attribute": "closed"}}}, InvalidMetadataError),
        ({"opendata": {"i18n": {"en": 5}}}, InvalidMetadataError),
        ({"title": "x" * 301}, InvalidMetadataError),
        ({"title": "a\0b"}, InvalidPackageError),
        ({"description": {"a": [[[]]] * 3}, "keywords": 5, "version": {}, "homepage": "x", "sources": "x"}, None),
    ],
)
def test_hostile_metadata_is_refused_or_left_out(
    services: Services, tmp_path: Path, descriptor: dict[str, Any], error: type[Exception] | None
) -> None:
    folder = write_package(tmp_path / "package", **descriptor)
    if error is None:
        assert load(services, folder).version == "1.0.0"
        return
    with pytest.raises(error):
        load(services, folder)
    with pytest.raises(NotFoundError):
        services.datasets.get("reservoirs", SYSTEM)


def test_inline_rows_are_tables_too(instance: Services, tmp_path: Path) -> None:
    lists = {"name": "lists", "data": [["a", "b"], [1, None], [True, 2.5]]}
    objects = {"name": "objects", "data": [{"a": 'x, "y"', "b": {"c": [1]}}, {"c": "中文"}]}
    found = load(instance, write_package(tmp_path / "package", [lists, objects]))
    assert {item.name: item.rows for item in found.resources} == {"lists": 2, "objects": 2}
    rows = [dict(row) for row in instance.versions.read_rows("reservoirs", "1.0.0", "lists", 9)]
    assert rows == [{"a": "1", "b": None}, {"a": "true", "b": "2.5"}]
    rows = [dict(row) for row in instance.versions.read_rows("reservoirs", "1.0.0", "objects", 9)]
    assert rows == [{"a": 'x, "y"', "b": '{"c": [1]}', "c": None}, {"a": None, "b": None, "c": "中文"}]


def test_inline_data_that_is_no_table_is_refused(instance: Services, tmp_path: Path) -> None:
    mixed = {"name": "mixed", "data": [["a"], {"a": 1}]}
    empty = {"name": "empty", "data": []}
    found = load(instance, write_package(tmp_path / "package", [mixed, empty, LEVELS]))
    assert verdicts(found) == {"mixed": False, "empty": False, "levels": True}
    assert "list of lists" in messages(found, "mixed")


@pytest.mark.parametrize(
    ("declared", "passes"),
    [
        ({"bytes": 23}, True),
        ({"bytes": 24}, False),
        ({"bytes": -1}, True),
        ({"hash": "right md5"}, True),
        ({"hash": "sha256:right"}, True),
        ({"hash": "SHA256:right"}, True),
        ({"hash": "sha256:" + "0" * 64}, False),
        ({"hash": "0" * 32}, False),
        ({"hash": "md5:" + "0" * 32}, False),
        ({"hash": "crc32:00000000"}, True),
    ],
)
def test_a_file_has_to_be_what_its_package_says(
    instance: Services, tmp_path: Path, declared: dict[str, Any], passes: bool
) -> None:
    data = FILES["data/levels.csv"].encode()
    if "right" in str(declared.get("hash")):
        kind = "md5" if "md5" in declared["hash"] else "sha256"
        declared = {
            "hash": declared["hash"].replace("right md5", "right").replace("right", hashlib.new(kind, data).hexdigest())
        }
    found = load(instance, write_package(tmp_path / "package", [{**LEVELS, **declared}]))
    assert found.refused is not passes
    if not passes:
        assert "data/levels.csv" in messages(found, "levels")


def test_links_out_of_the_package_are_not_followed(instance: Services, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    folder = write_package(
        tmp_path / "package",
        [
            {"name": "link", "path": "link.csv"},
            {"name": "folder", "path": "folder/secret.csv"},
            {"name": "nowhere", "path": "nowhere.csv"},
            {"name": "circle", "path": "circle.csv"},
            {"name": "inside", "path": "inside.csv"},
            {**LEVELS, "name": "schema", "schema": "link.csv"},
            {"name": "long", "path": "a" * 5000 + ".csv"},
            {"name": "part", "path": "data"},
        ],
    )
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "folder").symlink_to(tmp_path)
    (folder / "nowhere.csv").symlink_to("/nowhere/at/all.csv")
    (folder / "circle.csv").symlink_to(folder / "circle.csv")
    (folder / "inside.csv").symlink_to(folder / "data/levels.csv")
    found = load(instance, folder)
    assert [item.name for item in found.resources if item.valid] == ["inside"]
    for name in ("link", "folder", "nowhere", "schema"):
        assert "points outside the package" in messages(found, name)
    for name in ("circle", "long", "part"):
        assert "missing" in messages(found, name)


def test_a_binary_file_is_refused_by_name_and_the_others_published(instance: Services, tmp_path: Path) -> None:
    picture = {"name": "picture", "path": "picture.csv"}
    files = {**FILES, "picture.csv": b"\xff\xd8\xff\xe0 a picture"}
    folder = write_package(tmp_path / "package", [picture, LEVELS], files)
    found = load(instance, folder)
    assert (found.refused, verdicts(found)) == (True, {"picture": False, "levels": True})
    assert "picture.csv" in messages(found, "picture")
    assert load(instance, folder, partial=True).version == "1.0.0"


def test_one_file_may_be_two_tables(instance: Services, tmp_path: Path) -> None:
    wide = {"name": "wide", "path": "a.csv"}
    single = {"name": "single", "path": "a.csv", "dialect": {"delimiter": ";"}}
    found = load(instance, write_package(tmp_path / "package", [wide, single], {"a.csv": "a,b\n1,2\n"}))
    assert (found.version, verdicts(found)) == ("1.0.0", {"wide": True, "single": True})
    assert list(instance.versions.read_rows("reservoirs", "1.0.0", "wide", 1)[0]) == ["a", "b"]
    assert list(instance.versions.read_rows("reservoirs", "1.0.0", "single", 1)[0]) == ["a,b"]


def test_descriptor_schema_and_dialect_may_be_files_of_their_own(instance: Services, tmp_path: Path) -> None:
    folder = tmp_path / "package"
    (folder / "schemas").mkdir(parents=True)
    (folder / "datapackage.yaml").write_text(
        "name: reservoirs\nresources:\n  - name: levels\n    path: levels.csv\n    encoding: utf-8\n"
        "    schema: schemas/levels.yaml\n    dialect: schemas/dialect.json\n",
        encoding="utf-8",
    )
    (folder / "schemas/levels.yaml").write_text(
        "fields:\n  - name: day\n    type: date\n    constraints:\n      minimum: 2026-01-01\n"
        "  - name: level\n    type: number\n    decimalChar: ','\n"
    )
    (folder / "schemas/dialect.json").write_text('{"delimiter": ";"}')
    (folder / "levels.csv").write_text("day;level\n2026-01-31;1,5\n")
    found = load(instance, folder)
    assert (found.version, verdicts(found)) == ("1.0.0", {"levels": True})
    (row,) = instance.versions.read_rows("reservoirs", "1.0.0", "levels", 9)
    assert row["level"] == 1.5
    assert load(instance, folder).created is False
    (folder / "levels.csv").write_text("day;level\n2025-12-31;1,5\n")
    assert "minimum" in messages(load(instance, folder), "levels")


@pytest.mark.parametrize(
    ("schema", "text", "reason"),
    [
        ("missing.json", "", "missing"),
        ("schema.json", "[]", "doesn't contain a schema"),
        ("schema.json", "{", "isn't valid JSON"),
        ("schema.json", "{}", "fields"),
        ("../schema.json", "", "points outside"),
        ("http://127.0.0.1:9/schema.json", "", "remote"),
    ],
)
def test_a_schema_file_that_cannot_be_used_is_named(
    instance: Services, tmp_path: Path, schema: str, text: str, reason: str
) -> None:
    folder = write_package(tmp_path / "package", [{**LEVELS, "schema": schema}])
    if text:
        (folder / schema).write_text(text)
    found = load(instance, folder)
    assert found.refused
    assert reason in messages(found, "levels")


def test_a_schema_of_the_library_is_taken_by_its_name(instance: Services, tmp_path: Path) -> None:
    instance.schemas.add(SYSTEM, "levels", "1.0.0", LEVELS["schema"])
    table = {"name": "levels", "path": "data/levels.csv", "opendata": {"schema": "levels@1.0.0"}}
    load(instance, write_package(tmp_path / "package", [table]))
    resource = instance.versions.get_table("reservoirs", "1.0.0", "levels")
    assert resource.schema_name == "levels@1.0.0"
    assert [field.type for field in resource.schema.fields] == ["string", "number"]
    unknown = {**table, "opendata": {"schema": "nothing@1.0.0"}}
    found = load(instance, write_package(tmp_path / "other", [unknown], name="other"))
    assert "nothing@1.0.0" in messages(found, "levels")


@pytest.mark.parametrize("source", ["nowhere", "empty", "empty/datapackage.json"])
def test_a_source_that_is_not_there_is_named(instance: Services, tmp_path: Path, source: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidPackageError, match=source):
        load(instance, tmp_path / source)


def test_a_descriptor_may_be_named_itself(instance: Services, folder: Path) -> None:
    (folder / "datapackage.json").rename(folder / "other.json")
    assert load(instance, folder / "other.json").version == "1.0.0"


# ------------------------------------------------------------------------------------------------------ over HTTP


Answer = tuple[int, Mapping[str, str], bytes]


class Site:
    """A web server of its own thread; `answers` holds what it says at each path, else it serves a folder."""

    def __init__(self, folder: Path) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                path = folder / self.path.lstrip("/")
                found = path.read_bytes() if path.is_file() else None
                default: Answer = (404, {}, b"") if found is None else (200, {"Content-Length": str(len(found))}, found)
                status, headers, body = site.answers.get(self.path, default)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@contextmanager
def run_site(folder: Path) -> Iterator[Site]:
    site = Site(folder)
    thread = threading.Thread(target=site.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        site.server.shutdown()
        thread.join()
        site.server.server_close()


@pytest.fixture
def site(folder: Path) -> Iterator[Site]:
    with run_site(folder) as found:
        yield found


def test_a_package_is_fetched_over_http(instance: Services, site: Site) -> None:
    found = load(instance, f"{site.url}/datapackage.json")
    assert (found.version, verdicts(found)) == ("1.0.0", {"levels": True, "alarms": True})
    assert site.asked == ["/datapackage.json", "/data/levels.csv", "/data/alarms.csv"]


def test_a_redirect_on_the_same_host_is_followed_and_paths_lie_beside_its_target(
    instance: Services, site: Site
) -> None:
    site.answers["/a/latest.json"] = (302, {"Location": "/datapackage.json"}, b"")
    assert load(instance, f"{site.url}/a/latest.json").version == "1.0.0"
    assert site.asked[-1] == "/data/alarms.csv"


@pytest.mark.parametrize(
    "target", ["http://localhost:{port}/datapackage.json", "ftp://127.0.0.1:{port}/x", "file:///etc/passwd"]
)
def test_a_redirect_to_another_host_or_protocol_is_refused(instance: Services, site: Site, target: str) -> None:
    location = target.format(port=site.server.server_port)
    site.answers["/moved.json"] = (302, {"Location": location}, b"")
    with pytest.raises(InvalidPackageError):
        load(instance, f"{site.url}/moved.json")
    site.answers["/data/levels.csv"] = (302, {"Location": location}, b"")
    site.asked.clear()
    assert "levels.csv" in messages(load(instance, f"{site.url}/datapackage.json"), "levels")
    assert "/datapackage.json" in site.asked
    assert site.asked.count("/datapackage.json") == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((404, {}, b""), "Not Found"),
        ((500, {}, b""), "Internal Server Error"),
        ((200, {"Content-Length": "100"}, b"code,level\nA1,1.5\n"), "ended 82 bytes early"),
        ((200, {"Transfer-Encoding": "chunked"}, b"5\r\ncode,"), "IncompleteRead"),
        ((302, {"Location": "/data/levels.csv"}, b""), "loop"),
    ],
)
def test_a_file_that_does_not_come_whole_is_refused(
    instance: Services, site: Site, answer: Answer, reason: str
) -> None:
    site.answers["/data/levels.csv"] = answer
    found = load(instance, f"{site.url}/datapackage.json")
    assert found.refused
    assert reason in messages(found, "levels")


def test_a_descriptor_that_does_not_come_whole_is_refused(instance: Services, site: Site) -> None:
    for answer in ((404, {}, b""), (200, {"Content-Length": "100"}, b"{}"), (200, {}, b" " * (17 << 20))):
        site.answers["/datapackage.json"] = answer
        with pytest.raises(InvalidPackageError):
            load(instance, f"{site.url}/datapackage.json")


def test_a_file_that_goes_on_for_ever_is_left_at_the_limit(
    instance: Services, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opendata.services.packages.package_source.MAX_REMOTE_BYTES", 10)
    found = load(instance, f"{site.url}/datapackage.json")
    assert verdicts(found) == {"levels": False, "alarms": True}
    assert "larger than 10 bytes" in messages(found, "levels")


def test_an_address_nobody_answers_at_is_refused(instance: Services) -> None:
    for address in (
        "http://127.0.0.1:1/datapackage.json",
        "http://127.0.0.1:x/",
        "http://[::1",
        "http://127.0.0.1/a b",
    ):
        with pytest.raises(InvalidPackageError):
            load(instance, address)


@pytest.mark.parametrize("path", ["..%2fsecret.csv", "%2e%2e/secret.csv", "http:secret.csv", "?x", "//localhost/a.csv"])
def test_a_path_never_leads_elsewhere_on_the_web(
    instance: Services, site: Site, folder: Path, tmp_path: Path, path: str
) -> None:
    write_package(folder, [{"name": "one", "path": path}])
    shutil.copyfile(folder / "datapackage.json", folder / "data" / "datapackage.json")
    (folder / "secret.csv").write_text("a\n1\n")
    assert load(instance, f"{site.url}/data/datapackage.json").refused
    assert all(asked.startswith("/data/") for asked in site.asked)


def test_what_a_site_says_without_a_length_is_taken_to_its_end(instance: Services, site: Site, folder: Path) -> None:
    site.answers["/data/levels.csv"] = (200, {}, (folder / "data/levels.csv").read_bytes())
    assert load(instance, f"{site.url}/datapackage.json").version == "1.0.0"
