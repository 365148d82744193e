"""What many workers look after together: it rests as long as with one of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from opendata.services.core.actors import Actor
from opendata.services.core.context import read_clock
from opendata.wiring import Services, build_services
from tests.instances import CSV, publish

MORE = f"{CSV}A003,南湖,1.00,2026-02-02\n"
REST = 100.0

pytestmark = pytest.mark.slow


@pytest.fixture
def later(services: Services) -> Iterator[Services]:
    """The same instance as it is after the rest."""
    built = build_services(replace(services.settings), clock=lambda: read_clock() + timedelta(seconds=REST + 1))
    yield built
    built.database.dispose()


def test_what_has_just_happened_or_been_done_rests(services: Services, later: Services, editor: Actor) -> None:
    publish(services, editor)
    followers = (services.public_events, services.duty_keeping)
    for follower in followers:
        follower.follow()
        assert not follower.follow(rest_seconds=REST)
    for periodic in (services.measuring, services.conformance):
        assert periodic.run_due(lambda: False, rest_seconds=REST) == 1  # what was never done doesn't wait
    publish(services, editor, MORE)
    for follower in followers:
        assert not follower.follow(rest_seconds=REST)
    for follower in (later.public_events, later.duty_keeping):
        assert follower.follow(rest_seconds=REST)
        assert not follower.follow()
    for periodic, afterwards in ((services.measuring, later.measuring), (services.conformance, later.conformance)):
        assert periodic.run_due(lambda: False, rest_seconds=REST) == 0
        assert afterwards.run_due(lambda: False, rest_seconds=REST) == 1


def test_a_clock_that_is_ahead_holds_nothing_up(services: Services, later: Services, editor: Actor) -> None:
    publish(later, editor)
    services.public_events.follow()
    publish(later, editor, MORE)
    assert services.public_events.follow(rest_seconds=REST - 10)
