"""Requests from a shell."""

from __future__ import annotations

from opendata.services.core.actors import SYSTEM
from opendata.settings import read_settings
from opendata.wiring import build_services


def test_requests_are_listed_and_shown_without_who_asks(run, run_json, instance) -> None:
    services = build_services(read_settings({"OPENDATA_HOME": str(instance)}))
    services.publishers.ensure(SYSTEM, {"id": "water-bureau", "title": "水务局"})
    said = {"kind": "question", "publisher": "water-bureau", "subject": "单位", "text": "单位是什么？", "name": "某甲"}
    number = services.requests.asking.ask(None, said, address="192.0.2.1", language="zh").request.number
    services.database.dispose()
    assert [item["number"] for item in run_json("requests", "list")] == [number]
    assert number in run("requests", "list", "--publisher", "water-bureau", "--state", "received").stdout
    assert run_json("requests", "list", "--late", "--publisher", "none") == []
    shown = run("requests", "show", number)
    assert '"receive"' in shown.stdout
    assert "某甲" not in shown.stdout
    assert run("requests", "list", "--state", "lost").exit_code == 2
    assert run("requests", "show", "none").exit_code == 2
