"""Scoring follows what changes, and keeps how the points went."""

from __future__ import annotations

import pytest

from opendata.errors import InputError, NotFoundError
from opendata.services.core.actors import SYSTEM, Actor
from opendata.wiring import Services
from tests.instances import DATASET, publish


def test_points_follow_the_metadata(services: Services, editor: Actor) -> None:
    with pytest.raises(NotFoundError):
        services.conformance.get("reservoirs")
    assert services.conformance.run_due() == 0
    publish(services, editor)
    services.datasets.create(editor, {**DATASET, "id": "lakes", "keywords": ["湖"]})
    publish(services, editor, dataset="lakes")
    assert services.conformance.run_due() == 2
    assert services.conformance.run_due() == 0
    first = services.conformance.get("reservoirs")
    assert [points for _, points in first.history] == [first.points]
    services.datasets.update(editor, "reservoirs", {"keywords": ["水"], "temporal": "2026"})
    assert services.conformance.run_due() == 1
    second = services.conformance.get("reservoirs")
    assert [points for _, points in second.history] == [first.points + 50, first.points]
    services.datasets.update(editor, "reservoirs", {"sourceVersion": "2"})
    assert services.conformance.run_due() == 1
    assert services.conformance.get("reservoirs").history == second.history
    page = services.conformance.list(limit=1)
    rest = services.conformance.list(limit=1, cursor=page.next)
    assert [item.dataset for item in (*page.items, *rest.items)] == ["lakes", "reservoirs"]
    assert rest.next is None
    overview = services.conformance.sum_up()
    assert (overview.datasets, overview.mean) == (2, (first.points + 50 + page.items[0].points) / 2)
    assert overview.gains[0][1] == 2
    assert services.conformance.sum_up("road-bureau").datasets == 0
    with pytest.raises(InputError):
        services.conformance.list(cursor="bm8")


def test_a_publisher_s_contact_counts_for_its_datasets(services: Services, editor: Actor) -> None:
    publish(services, editor)
    services.conformance.run_due()
    before = services.conformance.get("reservoirs").points
    services.publishers.update(SYSTEM, "water-bureau", {"contactPoint": {"telephone": "0371-00000000"}})
    assert services.conformance.get("reservoirs").points == before + 20
    services.renaming.rename(SYSTEM, "reservoirs", "waters")
    services.conformance.run_due()
    assert services.conformance.get("waters").history[0][1] == before + 20
