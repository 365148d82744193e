"""The Iceberg catalogue over HTTP: what is listed, what isn't, what vanishes, and how it refuses."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import fastavro
import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from opendata.services.core.actors import Actor
from opendata.services.exchange.iceberg import namespaces
from opendata.wiring import Services
from tests.instances import CSV, DATASET, lend_app, make_actor, make_services, publish

V1 = "/iceberg/v1"
CONDITIONAL = {"attribute": "conditional", "reason": "涉及隐私", "legalBasis": "第十五条"}


def load(client: FlaskClient, namespace: str = "reservoirs", table: str = "levels") -> dict[str, Any]:
    """A table that is there."""
    answer = client.get(f"{V1}/namespaces/{namespace}/tables/{table}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def path(place: str) -> str:
    """The address of a place."""
    return place.removeprefix("s3:/")


def refuse(answer: Any, status: int, kind: str) -> str:
    """The message of an error in the model of the specification."""
    assert answer.status_code == status, answer.text
    error = answer.get_json()["error"]
    assert (error["code"], error["type"]) == (status, kind)
    return str(error["message"])


@pytest.fixture
def client(services: Services) -> Iterator[FlaskClient]:
    with lend_app(services) as app:
        yield app.test_client()


@pytest.fixture
def editor(services: Services) -> Actor:
    return make_actor(services, "clerk")


@pytest.fixture
def boss(services: Services) -> Actor:
    return make_actor(services, "boss", role="maintainer")


@pytest.fixture
def reservoirs(services: Services, editor: Actor) -> Services:
    """Two versions of a table; a dataset with hyphens; one that nobody may have."""
    for name in ("reservoirs", "old-wells", "secret"):
        services.datasets.create(editor, {**DATASET, "id": name})
    publish(services, editor)
    publish(services, editor, CSV.replace("12.50", "12.75"))
    publish(services, editor, dataset="old-wells", name="water-levels")
    publish(services, editor, dataset="secret")
    services.datasets.update(editor, "secret", {"disclosure": CONDITIONAL})
    return services


def test_nothing_can_be_changed(client: FlaskClient) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for place in ("namespaces", "namespaces/a", "namespaces/a/tables/b", "tables/rename", "config"):
            answer = client.open(f"{V1}/{place}", method=method, headers={"Accept-Language": "en"})
            assert "Nothing can be changed" in refuse(answer, 403, "ForbiddenException")


def test_the_configuration_lists_reading_alone_and_where_files_are(client: FlaskClient) -> None:
    found = client.get(f"{V1}/config").get_json()
    assert {item.split()[0] for item in found["endpoints"]} == {"GET", "HEAD"}
    assert found["defaults"]["s3.endpoint"] == "http://localhost"


def test_what_is_not_there_or_cannot_be_is_refused_in_the_model_of_the_specification(client: FlaskClient) -> None:
    for place in ("nothing", "a%1Fb/tables", "nothing/tables/levels", "nothing/views"):
        refuse(client.get(f"{V1}/namespaces/{place}"), 404, "NoSuchNamespaceException")
    refuse(client.get(f"{V1}/namespaces?parent=nothing"), 404, "NoSuchNamespaceException")
    refuse(client.get(f"{V1}/somewhere"), 404, "NotFoundException")
    for query in ("pageSize=0", "pageSize=x", "pageToken=%20", "pageSize=-1"):
        refuse(client.get(f"{V1}/namespaces?{query}"), 400, "BadRequestException")


@pytest.mark.slow
def test_public_datasets_are_namespaces_with_their_tables(client: FlaskClient, reservoirs: Services) -> None:
    found = client.get(f"{V1}/namespaces").get_json()
    assert found == {"namespaces": [["old_wells"], ["reservoirs"]], "next-page-token": None}
    first = client.get(f"{V1}/namespaces?pageSize=1&pageToken=").get_json()
    assert first["namespaces"] == [["old_wells"]]
    last = client.get(f"{V1}/namespaces", query_string={"pageSize": 1, "pageToken": first["next-page-token"]})
    assert last.get_json() == {"namespaces": [["reservoirs"]], "next-page-token": None}
    for name in ("old_wells", "old-wells"):
        tables = client.get(f"{V1}/namespaces/{name}/tables").get_json()
        assert tables["identifiers"] == [{"namespace": ["old_wells"], "name": "water_levels"}]
        for table in ("water_levels", "water-levels"):
            place = f"{V1}/namespaces/{name}/tables/{table}"
            assert client.head(place).status_code == 204
            assert load(client, name, table)["metadata"]["properties"]["opendata.table"] == "water-levels"
        assert client.head(f"{V1}/namespaces/{name}").status_code == 204
    assert client.get(f"{V1}/namespaces/reservoirs").get_json()["properties"]["comment"] == "水库"
    assert client.get(f"{V1}/namespaces?parent=reservoirs").get_json()["namespaces"] == []
    refuse(client.get(f"{V1}/namespaces/secret"), 404, "NoSuchNamespaceException")
    refuse(client.get(f"{V1}/namespaces/reservoirs/tables/none"), 404, "NoSuchTableException")
    assert client.head(f"{V1}/namespaces/reservoirs/tables/none").status_code == 404


@pytest.mark.slow
def test_a_table_leads_to_files_that_lead_to_the_published_parquet(client: FlaskClient, reservoirs: Services) -> None:
    answer = client.get(f"{V1}/namespaces/reservoirs/tables/levels")
    found = answer.get_json()
    known = client.get(answer.request.path, headers={"If-None-Match": answer.headers["ETag"]})
    assert known.status_code == 304
    metadata = client.get(path(found["metadata-location"]))
    assert metadata.get_json() == found["metadata"]
    assert metadata.headers["Cache-Control"] == "no-cache"
    for snapshot in found["metadata"]["snapshots"]:
        place = path(snapshot["manifest-list"])
        listed = client.get(place)
        assert listed.status_code == 200
        assert "immutable" in listed.headers["Cache-Control"]
        version = snapshot["summary"]["opendata.version"]
        assert place.startswith(f"/datasets/reservoirs/{version}/levels.iceberg/snap-")
        assert client.get(place.replace("snap-", "manifest-")).status_code == 200
        assert client.get(place.replace("snap-", "snap-0")).status_code == 404
        assert f"s3://datasets/reservoirs/{version}/levels.parquet".encode() in _read_manifest(client, place)


def _read_manifest(client: FlaskClient, place: str) -> bytes:
    (entry,) = fastavro.reader(io.BytesIO(client.get(place.replace("snap-", "manifest-")).data))
    return str(entry).encode()


@pytest.mark.slow
def test_a_stopped_version_vanishes_with_all_that_lists_it(
    client: FlaskClient, reservoirs: Services, boss: Actor
) -> None:
    before = load(client)
    places = [before["metadata-location"], before["metadata"]["snapshots"][1]["manifest-list"]]
    assert {client.get(path(place)).status_code for place in places} == {200}
    reservoirs.stops.suspend(boss, "reservoirs", "1.0.1", reason="有误")
    after = load(client)["metadata"]
    assert [item["summary"]["opendata.version"] for item in after["snapshots"]] == ["1.0.0"]
    assert {*after["refs"]} == {"main", "v1.0.0"}
    assert {client.get(path(place)).status_code for place in places} == {404}
    reservoirs.stops.release(boss, "reservoirs", "1.0.1", reason="无误")
    assert load(client) == before
    reservoirs.withdrawals.withdraw(boss, "reservoirs", "1.0.1", reason="有误", legal_basis="第十五条", erase=True)
    assert load(client)["metadata"] == after
    assert {client.get(path(place)).status_code for place in places} == {404}
    reservoirs.withdrawals.withdraw(boss, "reservoirs", "1.0.0", reason="有误")
    refuse(client.get(f"{V1}/namespaces/reservoirs/tables/levels"), 404, "NoSuchNamespaceException")


@pytest.mark.slow
def test_an_older_metadata_file_stays_while_all_that_it_lists_does(
    client: FlaskClient, reservoirs: Services, editor: Actor, boss: Actor
) -> None:
    before = load(client)["metadata-location"]
    publish(reservoirs, editor, CSV.replace("12.50", "13.75"))
    assert load(client)["metadata-location"] != before
    assert client.get(path(before)).status_code == 200
    reservoirs.stops.suspend(boss, "reservoirs", "1.0.0", reason="有误")
    assert client.get(path(before)).status_code == 404


@pytest.mark.slow
def test_a_dataset_that_is_no_longer_open_is_gone_and_one_that_was_renamed_is_found(
    client: FlaskClient, reservoirs: Services, editor: Actor, boss: Actor
) -> None:
    reservoirs.renaming.rename(boss, "old-wells", "wells")
    assert client.get(f"{V1}/namespaces").get_json()["namespaces"] == [["reservoirs"], ["wells"]]
    assert load(client, "old-wells", "water_levels")["metadata"]["location"] == "s3://datasets/wells"
    before = load(client)
    reservoirs.datasets.update(editor, "reservoirs", {"disclosure": CONDITIONAL})
    publish(reservoirs, editor, CSV.replace("12.50", "13.75"))
    refuse(client.get(f"{V1}/namespaces/reservoirs"), 404, "NoSuchNamespaceException")
    assert client.get(path(before["metadata-location"])).status_code == 404
    assert client.get(path(before["metadata"]["snapshots"][0]["manifest-list"])).status_code == 404


@pytest.mark.slow
def test_the_newest_versions_are_listed_alone_and_the_table_says_so(
    client: FlaskClient, reservoirs: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(namespaces, "MOST_SNAPSHOTS", 1)
    found = load(client)["metadata"]
    assert [item["summary"]["opendata.version"] for item in found["snapshots"]] == ["1.0.1"]
    assert "Versions before 1.0.1" in found["properties"]["opendata.left-out"]


@pytest.mark.slow
def test_a_table_costs_the_same_however_many_datasets_there_are(tmp_path: Path) -> None:
    services = make_services(tmp_path / "instance")
    editor = make_actor(services, "editor")
    services.datasets.create(editor, DATASET)
    publish(services, editor)
    counted = []
    for round_number in range(2):
        with lend_app(services) as app:
            client = app.test_client()
            load(client)
            statements: list[object] = []
            event.listen(services.database.engine, "before_cursor_execute", partial(_note, statements))
            load(client)
        counted.append(len(statements))
        for number in range(5):
            name = f"other-{round_number}-{number}"
            services.datasets.create(editor, {**DATASET, "id": name})
            publish(services, editor, dataset=name)
    assert counted[0] == counted[1] <= 12
    services.database.dispose()


def test_the_tables_of_each_dataset_are_asked_for_cheaply_and_counted_apart(
    client: FlaskClient, reservoirs: Services
) -> None:
    place = "/iceberg/v1/namespaces/reservoirs"
    client.get(f"{place}/tables")
    statements: list[object] = []
    event.listen(reservoirs.database.engine, "before_cursor_execute", partial(_note, statements))
    answer = client.get(f"{place}/tables")
    assert len(statements) <= 8
    limit = 20 * reservoirs.settings.requests_per_minute
    assert (
        answer.headers["RateLimit-Policy"]
        == client.get(place).headers["RateLimit-Policy"]
        == f'"tables";q={limit};w=60'
    )
    assert client.get("/iceberg/v1/namespaces").headers["RateLimit-Policy"].startswith('"light"')


def _note(statements: list[object], *found: object) -> None:
    statements.append(found[2])
