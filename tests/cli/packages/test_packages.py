"""Data Packages in by `opendata import`, out by `opendata export`; the real ones with the row counts they have."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

PUBLISHED = {
    "gdp": {"top-economies": 230, "gdp": 13979},
    "population": {"population": 17195},
    "country-codes": {"country-codes": 249},
    "currency-codes": {"codes-all": 449},
    "language-codes": {
        "language-codes": 183,
        "language-codes-3b2": 183,
        "language-codes-full": 487,
        "ietf-language-tags": 1122,
    },
    "world-cities": {"world-cities": 34032},
    "doacoes-covid-19-mg": {"doacoes-entrada": 205, "doacoes-saida": 2032},
}
TABLE = {"name": "levels", "path": "levels.csv", "schema": {"fields": [{"name": "level", "type": "integer"}]}}


def count_versions(home: Path) -> int:
    return len(list((home / "store" / "datasets").rglob("*.json")))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in ("country-codes", "language-codes") else [pytest.mark.slow])
        for name in PUBLISHED
    ],
)
def test_a_real_package_is_published_with_all_its_rows(run_json, run, instance, realdata, tmp_path, name) -> None:
    found = run_json("import", realdata / "datapackages" / name)
    assert (found["version"], found["created"]) == ("1.0.0", True)
    rows = {item["name"]: item["rows"] for item in found["resources"]}
    assert rows == PUBLISHED[name]
    assert all(item["valid"] and item["errors"] == 0 for item in found["resources"])

    folder = tmp_path / "exported"
    assert run("export", found["dataset"], folder).exit_code == 0
    assert {path: pq.read_metadata(folder / f"{path}.parquet").num_rows for path in rows} == rows
    assert run("validate", folder).exit_code == 0

    again = run("import", realdata / "datapackages" / name)
    assert again.exit_code == 0
    assert "no changes" in again.stdout
    assert count_versions(instance) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "resource", "told", "message"),
    [
        (
            "co2-ppm",
            "co2-mm-mlo",
            "row 2: The row has more cells than the header has columns",
            'Row at position "2" has an extra value in field at position "7"',
        ),
        ("co2-ppm", "co2-gr-mlo", "row 2: The row has no content", 'Row at position "2" is completely blank'),
        (
            "cpi",
            "cpi",
            "The column is called “Country”, but the schema expects “Country Name”",
            'Label "Country" in field Country Name at position "1"',
        ),
    ],
)
def test_a_broken_real_package_is_refused_and_told_what_is_wrong_where(
    run, instance, realdata, name, resource, told, message
) -> None:
    ended = run("import", realdata / "datapackages" / name, "--json")
    assert ended.exit_code == 1
    found = json.loads(ended.stdout)
    assert (found["dataset"], found["version"], found["created"]) == (name, None, False)
    (wrong,) = [item for item in found["resources"] if item["name"] == resource]
    assert wrong["valid"] is False
    assert wrong["errors"] > 0
    assert wrong["messages"][0].startswith(message)
    assert told in run("import", realdata / "datapackages" / name).stdout
    assert not (instance / "store" / "datasets").exists()


def test_partial_publishes_the_valid_tables_and_names_the_others(run, run_json, instance, realdata, tmp_path) -> None:
    found = run_json("import", realdata / "datapackages" / "co2-ppm", "--partial")
    assert (found["version"], found["created"]) == ("1.0.0", True)
    valid = {item["name"]: item["rows"] for item in found["resources"] if item["valid"]}
    assert valid == {"co2-annmean-mlo": 67, "co2-annmean-gl": 47, "co2-gr-gl": 67}
    wrong = {item["name"]: item["errors"] for item in found["resources"] if not item["valid"]}
    assert wrong == {"co2-mm-mlo": 820, "co2-gr-mlo": 1, "co2-mm-gl": 1136}
    assert run("export", "co2-ppm", tmp_path / "out").exit_code == 0
    assert sorted(path.stem for path in (tmp_path / "out").glob("*.csv")) == sorted(valid)
    again = run("import", realdata / "datapackages" / "co2-ppm", "--partial")
    assert (again.exit_code, count_versions(instance)) == (0, 1)


@pytest.mark.slow
def test_changed_rows_make_the_next_version_and_both_can_be_exported(
    run, run_json, instance, write_package, tmp_path
) -> None:
    descriptor = {"name": "reservoirs", "title": "水库", "resources": [TABLE]}
    run_json("import", write_package(descriptor, {"levels.csv": "level\n1\n"}))
    found = run_json("import", write_package(descriptor, {"levels.csv": "level\n1\n2\n"}))
    assert (found["version"], found["created"]) == ("1.1.0", True)
    for ref, text in {"reservoirs": "level\n1\n2\n", "reservoirs@1.0.0": "level\n1\n"}.items():
        folder = tmp_path / ref
        assert run("export", ref, folder).exit_code == 0
        assert (folder / "levels.csv").read_text() == text
    assert run("export", "reservoirs@7.0.0", tmp_path / "none").exit_code == 2
    assert run("export", "reservoirs", tmp_path / "reservoirs").exit_code == 2


def test_the_publisher_is_the_one_named_on_the_command_line(run, run_json, instance, write_package) -> None:
    run("publisher", "create", "water-bureau", "水务局")
    folder = write_package({"name": "reservoirs", "resources": [TABLE]}, {"levels.csv": "level\n1\n"})
    assert run("import", folder, "--publisher", "nobody").exit_code == 2
    assert run("import", folder, "--publisher", "water-bureau").exit_code == 0
    (found,) = run_json("publisher", "list")
    assert (found["id"], found["datasets"]) == ("water-bureau", 1)


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        ({**TABLE, "path": "../secret.csv"}, "points outside the package"),
        ({**TABLE, "path": "/etc/passwd"}, "points outside the package"),
        ({**TABLE, "path": "linked.csv"}, "points outside the package"),
        ({**TABLE, "path": "missing.csv"}, "missing from the package"),
        ({**TABLE, "path": "https://example.com/levels.csv"}, "remote address"),
        ({**TABLE, "schema": "../schema.json"}, "points outside the package"),
        ({**TABLE, "schema": {"fields": [{"name": "level", "type": "quantity"}]}}, "quantity"),
        ({**TABLE, "hash": "sha256:" + "0" * 64}, "digest"),
        ({**TABLE, "path": "picture.csv"}, "JPEG"),
    ],
)
def test_a_resource_that_cannot_be_read_is_named_with_its_fault(
    run, instance, write_package, tmp_path, resource, reason
) -> None:
    (tmp_path / "secret.csv").write_text("level\n1\n")
    folder = write_package(
        {"name": "reservoirs", "resources": [resource]},
        {"levels.csv": "level\n1\n", "picture.csv": b"\xff\xd8\xff\xe0"},
    )
    (folder / "linked.csv").symlink_to(tmp_path / "secret.csv")
    ended = run("import", folder)
    assert ended.exit_code in (1, 2)
    assert reason in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    assert count_versions(instance) == 0


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("datapackage.json", "{", "isn't valid JSON: line 1, column 2"),
        ("datapackage.json", "[]", "object"),
        ("datapackage.json", '{"resources": []}', "resources"),
        ("datapackage.yaml", "a: &a [x, x]\nb: &b [*a, *a]\nresources: [*b, *b]\n", "aliases"),
        ("datapackage.yaml", "resources: !!python/object/apply:os.system ['true']\n", "can't be read"),
    ],
)
def test_an_unusable_descriptor_is_status_2_with_the_reason(run, instance, write_package, name, text, reason) -> None:
    ended = run("import", write_package(text, name=name))
    assert ended.exit_code == 2
    assert ended.stdout == ""
    assert reason in ended.stderr


def test_a_package_that_is_not_there_is_status_2(run, instance, tmp_path) -> None:
    for source in (tmp_path / "nowhere", tmp_path / "nowhere.json", tmp_path):
        ended = run("import", source)
        assert (ended.exit_code, ended.stdout) == (2, "")
        assert str(source) in ended.stderr


def test_a_table_without_rows_is_imported_only_if_somebody_says_that_it_has_none(
    run, run_json, instance, write_package, tmp_path
) -> None:
    package = {"name": "lakes", "title": "湖泊", "resources": [{"name": "levels", "path": "levels.csv"}]}
    source = write_package(package, {"levels.csv": "level\n"})
    refused = run("import", source)
    assert refused.exit_code == 1
    assert "The table “levels” has no rows. Import it with --no-rows" in refused.stdout
    assert count_versions(instance) == 0
    found = run_json("import", source, "--no-rows")
    assert (found["version"], found["resources"][0]["rows"]) == ("1.0.0", 0)
    folder = tmp_path / "exported"
    assert run("export", "lakes", folder).exit_code == 0
    assert run("validate", folder).exit_code == 0
    assert run("import", folder).exit_code == 0  # its descriptor says how many rows there are


def test_a_partial_import_leaves_out_what_has_no_rows(run_json, instance, write_package) -> None:
    resources = [{"name": name, "path": f"{name}.csv"} for name in ("full", "empty")]
    source = write_package(
        {"name": "lakes", "title": "湖泊", "resources": resources}, {"full.csv": "a\n1\n", "empty.csv": "a\n"}
    )
    found = run_json("import", source, "--partial")
    assert found["version"] == "1.0.0"
    assert {item["name"]: item["valid"] for item in found["resources"]} == {"full": True, "empty": False}


def test_texts_with_personal_data_are_published_only_with_a_reason(run, instance, tmp_path) -> None:
    (tmp_path / "levels.csv").write_text("level\n1\n")
    package = {"name": "lakes", "title": "湖泊", "description": "联系 13812345678", "resources": [TABLE]}
    (tmp_path / "datapackage.json").write_text(json.dumps(package))
    refused = run("import", tmp_path)
    assert (refused.exit_code, "Mobile telephone numbers" in refused.stderr) == (2, True)
    assert count_versions(instance) == 0
    assert run("import", tmp_path, "--reason", "值班电话").exit_code == 0
    assert count_versions(instance) == 1
