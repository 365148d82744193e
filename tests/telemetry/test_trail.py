"""Ids of requests and traces: those of a trusted web server are taken, if they are well-formed."""

from __future__ import annotations

import pytest

from opendata.telemetry.trail import Trail, choose_request_id, read_traceparent

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize("offered", ["a", "A-1.b_c:d", "x" * 64])
def test_a_well_formed_id_is_taken(offered: str) -> None:
    assert choose_request_id(offered) == offered


@pytest.mark.parametrize("offered", [None, "", "x" * 65, "a b", "a\nb", "-a", "名", '"x"'])
def test_any_other_is_replaced(offered: str | None) -> None:
    found = choose_request_id(offered)
    assert found != offered
    assert len(found) == 16
    assert found != choose_request_id(offered)


@pytest.mark.parametrize(
    "offered",
    [
        None,
        "",
        TRACE.upper(),
        TRACE.replace("00-4", "01-4"),
        "00-" + "0" * 32 + "-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-" + "0" * 16 + "-01",
        TRACE + "-more",
    ],
)
def test_a_trace_that_is_not_well_formed_is_none(offered: str | None) -> None:
    assert read_traceparent(offered) == ""


def test_a_trace_is_known_by_its_id() -> None:
    assert Trail("a", read_traceparent(TRACE)).trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert Trail("a").trace_id == ""
