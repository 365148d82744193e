"""The CKAN interface's view of the catalogue while the index is behind it, and when things change their names."""

from __future__ import annotations

from typing import Any

import pytest

from opendata.domain.catalogue.addresses import Addresses
from opendata.exchange.ckan.asking import read_asked
from opendata.exchange.ckan.faults import AbsentError, SearchError
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.exchange.ckan.tables import RecordsAsked
from opendata.wiring import Services
from tests.exchange.ckan.catalogues import NOW
from tests.instances import DATASET, make_actor, publish

PLACE = Addresses("https://data.example.org")


def search(services: Services, **parameters: Any) -> list[str]:
    found = services.ckan.search(read_asked(parameters, NOW), PLACE)
    assert found["count"] >= len(found["results"])
    return [item["name"] for item in found["results"]]


def test_what_the_index_does_not_know_yet_is_shown_and_its_rows_are_read(services: Services, editor: Actor) -> None:
    publish(services, editor)
    with pytest.raises(SearchError):
        search(services)
    package = services.ckan.get_package("reservoirs", PLACE)
    assert services.ckan_tables.find(package["resources"][0]["id"]).columns.keys() == {
        "code",
        "name",
        "level",
        "measured",
    }
    services.indexing.follow()
    assert search(services) == ["reservoirs"]
    services.datasets.create(editor, {**DATASET, "id": "lakes", "title": "湖泊"})
    publish(services, editor, dataset="lakes")
    fresh = services.ckan.get_package("lakes", PLACE)["resources"][0]["id"]
    assert search(services, q="湖泊") == []
    found = services.ckan_tables.find(fresh)
    assert services.ckan_tables.read(found, RecordsAsked(limit=1))[1] == 2
    services.indexing.follow()
    assert search(services, q="湖泊") == ["lakes"]
    assert search(services, sort="metadata_created asc") == ["reservoirs", "lakes"]
    services.queries.close()


def test_ids_lead_to_what_was_renamed_and_to_nothing_that_was_taken_back(services: Services, editor: Actor) -> None:
    publish(services, editor)
    before = services.ckan.get_package("reservoirs", PLACE)
    services.renaming.rename(SYSTEM, "reservoirs", "lakes")
    services.indexing.follow()
    after = services.ckan.get_package("reservoirs", PLACE)
    assert (after["id"], after["name"]) == (before["id"], "lakes")
    assert services.ckan.get_package(before["id"].upper(), PLACE) == after
    resource = after["resources"][0]["id"]
    assert resource == before["resources"][0]["id"]
    assert services.ckan.find_file(resource)[0].id == "lakes"
    services.datasets.update(editor, "lakes", {"title": DATASET["title"]})
    assert services.ckan.get_package("lakes", PLACE)["metadata_modified"] == after["metadata_modified"]
    boss = make_actor(services, "boss", role="maintainer")
    services.withdrawals.withdraw(boss, "lakes", "1.0.0", reason="有误")
    with pytest.raises(AbsentError):
        services.ckan.find_file(resource)
    assert services.ckan.get_package("lakes", PLACE)["resources"] == []
    services.indexing.follow()
    assert search(services, fq="res_format:*") == []
