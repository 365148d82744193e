"""Schemas are proposed for tables by the names of their columns: those of the last version and of the library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from opendata.errors import NotFoundError, NotPermittedError
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.values import DraftView
from opendata.services.drafts.matching import SchemaProposal
from opendata.wiring import Services
from tests.instances import DATASET, SCHEMA, locate, make_actor, make_services, publish, upload

TITLES = ("编号", "水库名称", "水位（米）", "测量日期")
TITLED = {
    **SCHEMA,
    "title": "水库",
    "opendata": {"i18n": {"en": {"title": "Reservoirs"}}},
    "fields": [{**item, "title": title} for item, title in zip(SCHEMA["fields"], TITLES, strict=True)],  # type: ignore[call-overload]
}
CHINESE = "水库名称,编号,水位(米),测量日期\n东湖,A001,12.50,2026-01-31\n"
ENGLISH = "code,name,level,measured\nA001,东湖,12.50,2026-01-31\n"


@pytest.fixture
def services(tmp_path) -> Services:  # type: ignore[no-untyped-def]
    found = make_services(tmp_path / "instance")
    found.datasets.create(make_actor(found, "clerk"), DATASET)
    return found


@pytest.fixture
def clerk(services: Services) -> Actor:
    return services.accounts.sign_in("clerk", "a long password")[0]


def send(services: Services, clerk: Actor, text: str, **options: Any) -> DraftView:
    return upload(services, clerk, text, **{"schema": None, **options})


def propose(services: Services, clerk: Actor, view: DraftView, name: str = "levels") -> list[SchemaProposal]:
    return list(services.matching.propose(clerk, view.id, name))


def change(services: Services, clerk: Actor, view: DraftView, changes: Mapping[str, Any]) -> DraftView:
    services.drafts.change_resource(clerk, view.id, "levels", changes)
    services.work.run_to_end(view.id)
    return services.drafts.get(clerk, view.id)


def test_the_newest_schema_of_the_library_is_proposed_and_taken(services: Services, clerk: Actor) -> None:
    for version in ("1.0.0", "1.10.0", "1.9.0"):
        services.schemas.add(SYSTEM, "reservoirs", version, TITLED)
    services.schemas.add(SYSTEM, "others", "1.0.0", {"fields": [{"name": "other", "type": "string"}]})
    view = send(services, clerk, CHINESE)
    (found,) = propose(services, clerk, view)
    assert (found.ref, found.table, found.title, found.fields) == ("reservoirs@1.10.0", "", "水库", 4)
    assert (len(found.match.pairings), list(found.match.missing), list(found.match.extra)) == (4, [], [])
    assert found.match.reordered
    assert 0.9 < found.match.score < 1
    assert {
        name: [item.ref for item in items] for name, items in services.matching.propose_all(clerk, view.id).items()
    } == {"levels": ["reservoirs@1.10.0"]}
    taken = change(services, clerk, view, {"schema": found.schema, "choices": {"columns": found.match.columns}})
    assert (taken.status, taken.resources[0].schema_name) == ("valid", "reservoirs@1.10.0")
    services.drafts.submit(clerk, view.id)
    services.work.run_to_end(view.id)
    assert locate(services.versions.find_file("reservoirs", "1.0.0", "levels", "csv")).read_text("utf-8") == ENGLISH


def test_the_next_file_is_read_by_the_same_columns(services: Services, clerk: Actor) -> None:
    services.schemas.add(SYSTEM, "reservoirs", "1.0.0", TITLED)
    view = send(services, clerk, CHINESE)
    (found,) = propose(services, clerk, view)
    change(services, clerk, view, {"schema": found.schema, "choices": {"columns": found.match.columns}})
    services.drafts.submit(clerk, view.id)
    services.work.run_to_end(view.id)
    assert send(services, clerk, CHINESE + "西湖,A002,1,2026-02-01\n").status == "valid"


def test_the_schema_of_a_table_of_the_last_version_is_proposed(services: Services, clerk: Actor) -> None:
    publish(services, clerk, schema=TITLED, title="水位表")
    view = send(services, clerk, CHINESE, name="january")
    (found,) = propose(services, clerk, view, "january")
    assert (found.ref, found.table, found.title) == ("", "levels", "水位表")
    assert isinstance(found.schema, Mapping)
    assert not found.is_in_force


def test_a_schema_of_the_library_that_the_last_version_has_is_proposed_once(services: Services, clerk: Actor) -> None:
    services.schemas.add(SYSTEM, "reservoirs", "1.0.0", TITLED)
    publish(services, clerk, schema="reservoirs@1.0.0")
    view = send(services, clerk, CHINESE, name="january")
    (found,) = propose(services, clerk, view, "january")
    assert (found.ref, found.table, found.schema) == ("reservoirs@1.0.0", "levels", "reservoirs@1.0.0")


def test_the_schema_in_force_is_listed_however_badly_it_fits(services: Services, clerk: Actor) -> None:
    view = send(services, clerk, "编号,a,b,c,d,e,f\n,,,,,,\n", schema=TITLED)
    (found,) = propose(services, clerk, view)
    assert found.is_in_force
    assert found.match.score < 0.5
    assert found.match.columns == {"编号": "code"}
    assert services.matching.propose_all(clerk, view.id) == {}


def test_nothing_is_proposed_that_does_not_fit_nor_for_a_table_without_header(services: Services, clerk: Actor) -> None:
    services.schemas.add(SYSTEM, "reservoirs", "1.0.0", TITLED)
    assert propose(services, clerk, send(services, clerk, "编号,a,b,c,d\n1,2,3,4,5\n")) == []
    bare = send(services, clerk, CHINESE, choices={"header_rows": []})
    assert propose(services, clerk, bare) == []
    assert services.matching.propose_all(clerk, bare.id) == {}


def test_nothing_is_proposed_before_the_check(services: Services, clerk: Actor) -> None:
    services.schemas.add(SYSTEM, "reservoirs", "1.0.0", TITLED)
    view = send(services, clerk, CHINESE)
    services.drafts.change_resource(clerk, view.id, "levels", {"schema": None})
    assert propose(services, clerk, view) == []


def test_only_those_who_may_see_the_draft_are_told(services: Services, clerk: Actor) -> None:
    view = send(services, clerk, CHINESE)
    services.publishers.ensure(SYSTEM, {"id": "road-bureau", "title": "道路局"})
    stranger = make_actor(services, "stranger", publisher="road-bureau")
    with pytest.raises(NotPermittedError):
        services.matching.propose(stranger, view.id, "levels")
    with pytest.raises(NotPermittedError):
        services.matching.propose_all(stranger, view.id)
    with pytest.raises(NotFoundError):
        services.matching.propose(clerk, view.id, "other")
    with pytest.raises(NotFoundError):
        services.matching.propose(clerk, "none", "levels")
