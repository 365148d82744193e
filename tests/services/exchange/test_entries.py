"""The public catalogue as one model: what is in it, in which order, and what the gate keeps out."""

from __future__ import annotations

import pytest

from opendata.errors import MovedError, NotFoundError, WithdrawnError
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.context import Context, read_clock
from opendata.wiring import Services
from tests.instances import CSV, DATASET, make_actor, publish


def test_a_dataset_is_described_with_its_newest_version(services: Services, editor: Actor) -> None:
    with pytest.raises(NotFoundError):
        services.entries.get("reservoirs")
    assert list(services.entries.iterate()) == []
    publish(services, editor)
    publish(services, editor, CSV + "A003,三号,3,2026-02-02\n")
    found = services.entries.get("reservoirs")
    assert found.version == services.versions.find_latest("reservoirs")
    assert found.editions[0].version == found.version
    assert found.previous is not None
    assert found.previous.version == "1.0.0"
    assert found.public == {item.name for item in found.manifest.resources}  # type: ignore[union-attr]
    assert found.publisher.title == "水务局"
    assert found.issued == found.editions[-1].published
    assert services.entries.count() == services.entries.count("water-bureau") == 1
    assert services.entries.find_change() == found.changed
    first = services.entries.get_version("reservoirs", "1.0.0")
    assert (first.version, first.previous) == ("1.0.0", None)


def test_the_gate_holds(services: Services, editor: Actor) -> None:
    boss = make_actor(services, "boss", role="maintainer")
    publish(services, editor)
    services.withdrawals.withdraw(boss, "reservoirs", "1.0.0", reason="有误")
    found = services.entries.get("reservoirs")
    assert (found.version, found.public) == (None, frozenset())
    assert found.editions[0].withdrawal is not None
    with pytest.raises(WithdrawnError):
        services.entries.get_version("reservoirs", "1.0.0")


def test_all_come_in_order_and_once(services: Services, editor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opendata.services.exchange.entries.BATCH", 2)
    names = ["b1", "a-1", "c_1", "a1", "b-9"]
    for name in names:
        services.datasets.create(editor, {**DATASET, "id": name})
        publish(services, editor, dataset=name)
    assert [item.id for item in services.entries.iterate()] == sorted(names)
    assert [item.id for item in services.entries.iterate(limit=3)] == sorted(names)[:3]
    assert [item.id for item in services.entries.iterate(after="a1")] == ["b-9", "b1", "c_1"]
    assert list(services.entries.iterate(publisher="road-bureau")) == []
    seen, cursor = [], None
    while True:
        page = services.entries.list(cursor=cursor, limit=2)
        seen += [item.id for item in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == sorted(names)
    assert [item.id for item in services.entries.get_many(["c_1", "nothing", "a1"])] == ["c_1", "a1"]
    services.renaming.rename(SYSTEM, "a1", "z1")
    with pytest.raises(MovedError):
        services.entries.get("a1")
    assert services.entries.get("z1").former == ["a1"]
    assert services.entries.find_by_uuid(services.entries.get("z1").uuid) == "z1"


def test_the_state_is_another_one_after_each_change_of_a_second(
    services: Services, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss, moment = make_actor(services, "boss", role="maintainer"), read_clock()
    monkeypatch.setattr(Context, "now", lambda _: moment.replace(microsecond=0))
    publish(services, editor)
    states = [services.entries.find_state()]
    services.stops.suspend(boss, "reservoirs", "1.0.0", reason="有误")
    states.append(services.entries.find_state())
    services.stops.release(boss, "reservoirs", "1.0.0", reason="无误")
    services.withdrawals.withdraw(boss, "reservoirs", "1.0.0", reason="有误")
    states.append(services.entries.find_state())
    assert len(set(states)) == 3
