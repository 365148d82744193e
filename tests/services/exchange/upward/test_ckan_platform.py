"""A CKAN ends with exactly the packages that are wanted: none twice, none of others touched, whatever goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from opendata.db.models import HigherPlatform, UpwardRecord
from opendata.domain.upward.records import RecordState
from opendata.services.core.actors import SYSTEM
from opendata.services.exchange.upward.values import PlatformInput, PlatformView, RecordView
from opendata.wiring import Services
from tests.instances import CSV, DATASET, make_actor, make_services, publish
from tests.services.exchange.upward.ckan_server import TOKEN, Ckan, serve

_PAST = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class World:
    """A portal whose dataset `reservoirs` is registered at a CKAN."""

    services: Services
    ckan: Ckan

    def push(self, times: int = 1) -> PlatformView:
        for _ in range(times):
            with self.services.database.unit(write=True) as session:
                session.execute(update(HigherPlatform).values(rests_until=None))
                session.execute(update(UpwardRecord).values(due=_PAST))
            self.services.upward.sending.run_due()
        return self.services.upward.platforms.get(SYSTEM, "province")

    def count_outbox(self, what: str) -> int:
        """A figure for Prometheus about what is to be sent to higher platforms."""
        self.services.monitoring.exposing.forget()
        lines = self.services.monitoring.exposing.write().decode().splitlines()
        name = f'opendata_outbox_{what}{{outbox="higher-platforms"}} '
        (value,) = (line.removeprefix(name) for line in lines if line.startswith(name))
        return round(float(value))

    @property
    def record(self) -> RecordView:
        (found,) = self.services.upward.records.list(SYSTEM, "province", limit=9).items
        return found


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    ckan = Ckan()
    server, thread = serve(ckan)
    services = make_services(tmp_path, source_hosts=("127.0.0.1",), base_url="https://district.example.org")
    editor = make_actor(services, "clerk")
    services.datasets.create(editor, {**DATASET, "keywords": ["水", "水位"], "themes": ["生态环保"]})
    publish(services, editor)
    said = PlatformInput(title="省", url=ckan.url, kind="ckan", account="district", secret=TOKEN)
    services.upward.platforms.put(SYSTEM, "province", said)
    yield World(services, ckan)
    server.shutdown()
    thread.join()
    server.server_close()
    services.database.dispose()


@pytest.mark.slow
def test_a_package_is_made_changed_deleted_and_comes_back(world: World) -> None:
    world.push()
    (package,) = world.ckan.live
    assert world.record.state == RecordState.DELIVERED, world.record
    assert package["name"].startswith("reservoirs-")
    assert [item["format"] for item in package["resources"]] == ["CSV", "Parquet"]
    assert [item["name"] for item in package["tags"]] == ["水位"]
    assert world.record.page == f"{world.ckan.url}/dataset/{package['name']}"
    calls = len(world.ckan.calls)
    world.push()
    assert len(world.ckan.calls) == calls

    world.services.datasets.update(SYSTEM, "reservoirs", {"title": "水库水位"})
    publish(world.services, world.services.accounts.get_actor("clerk"), CSV + "A003,南湖,3,2026-03-01\n")
    world.services.renaming.rename(SYSTEM, "reservoirs", "lakes")
    world.push()
    (changed,) = world.ckan.live
    assert (changed["id"], changed["name"], changed["title"]) == (package["id"], package["name"], "水库水位")

    closed = {"attribute": "closed", "reason": "涉及国家秘密", "legalBasis": "保守国家秘密法"}
    world.services.datasets.update(SYSTEM, "lakes", {"disclosure": closed})
    assert world.push().counts[RecordState.WITHDRAWN] == 1
    assert world.ckan.live == []
    world.services.datasets.update(SYSTEM, "lakes", {"disclosure": {"attribute": "open"}})
    world.push()
    (back,) = world.ckan.live
    assert back["id"] == package["id"]


@pytest.mark.slow
def test_a_platform_that_is_withdrawn_is_left_with_nothing_and_gets_all_again(world: World) -> None:
    world.push()
    said = PlatformInput(title="省", url=world.ckan.url, kind="ckan", account="district", is_withdrawn=True)
    world.services.upward.platforms.put(SYSTEM, "province", said)
    assert world.push().counts[RecordState.WITHDRAWN] == 1
    assert world.ckan.live == []
    world.services.datasets.update(SYSTEM, "reservoirs", {"title": "水库水位"})
    assert world.push().counts[RecordState.WITHDRAWN] == 1
    world.services.upward.platforms.put(SYSTEM, "province", replace(said, is_withdrawn=False))
    world.push()
    assert [item["title"] for item in world.ckan.live] == ["水库水位"]


@pytest.mark.slow
def test_a_lost_answer_makes_no_second_package(world: World) -> None:
    world.services.upward.platforms.ask(SYSTEM, "province")
    world.ckan.days = ["", "deaf"]  # the comparison, then the creation
    assert world.push().counts[RecordState.FAILED] == 1
    assert len(world.ckan.packages) == 1
    world.services.renaming.rename(SYSTEM, "reservoirs", "lakes")
    world.push()
    assert len(world.ckan.packages) == 1
    assert world.record.state == RecordState.DELIVERED
    world.services.datasets.update(SYSTEM, "lakes", {"title": "湖"})
    world.ckan.days = ["deaf"]
    world.push(2)
    assert [item["title"] for item in world.ckan.live] == ["湖"]


@pytest.mark.slow
def test_the_package_of_another_with_the_same_name_stays_as_it_is(world: World) -> None:
    entry = next(iter(world.services.entries.iterate()))
    other = {"id": "x", "name": f"reservoirs-{entry.uuid[:8]}", "state": "active", "extras": [], "title": "别人的"}
    world.ckan.packages["x"] = dict(other)
    assert world.push().counts[RecordState.REFUSED] == 1
    assert world.record.reason is not None
    assert "name" in world.record.reason["params"]
    assert world.ckan.packages == {"x": other}
    del world.ckan.packages["x"]
    world.services.upward.records.repeat(SYSTEM, "province", world.record.uuid)
    assert world.push().counts[RecordState.DELIVERED] == 1


@pytest.mark.slow
def test_a_refusal_of_the_record_waits_and_one_of_the_platform_is_tried_again(world: World) -> None:
    world.ckan.refused_title = DATASET["title"]  # type: ignore[assignment]
    assert world.push(2).counts[RecordState.REFUSED] == 1
    assert world.record.answer == "title: This title is not allowed"
    creations = world.ckan.calls.count("package_create")
    world.push()
    assert world.ckan.calls.count("package_create") == creations == 1
    world.ckan.refused_title, world.ckan.token = "", "another"
    world.services.upward.records.repeat(SYSTEM, "province")
    found = world.push()
    assert (found.failures, world.record.state, world.record.status) == (1, RecordState.FAILED, 403)
    assert "Access denied" in world.record.answer
    world.ckan.token = TOKEN
    world.ckan.days = [502, 503]
    world.push(2)
    assert (world.record.state, world.record.status) == (RecordState.FAILED, 503)
    assert world.count_outbox("failing") == 1
    assert world.push().failures == 0
    assert world.record.state == RecordState.DELIVERED
    assert (world.count_outbox("waiting"), world.count_outbox("failing")) == (0, 0)


@pytest.mark.slow
def test_a_comparison_restores_what_is_missing_and_leaves_what_is_not_ours(world: World) -> None:
    world.push()
    (package,) = world.ckan.live
    manual = {"id": "m", "name": "manual", "state": "active", "extras": [], "title": "手工"}
    strange = {**package, "id": "s", "name": "strange", "extras": [{"key": "record_digest", "value": "0"}]}
    world.ckan.packages = {"m": manual, "s": strange}
    world.services.upward.platforms.ask(SYSTEM, "province")
    step = world.push().step
    assert step is not None
    assert (step.equal, step.missing, step.other) == (0, 1, 0)
    assert {item["name"] for item in world.ckan.live} == {"manual", "strange", package["name"]}
