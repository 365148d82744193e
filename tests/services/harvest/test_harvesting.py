"""Harvesting real servers: what comes in, what a second run changes, and what makes a run fail instead of succeed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from opendata.confined import Bounds
from opendata.db.models import ExternalLink, HarvestRun, HarvestSource
from opendata.domain.harvest.runs import HarvestOutcome
from opendata.domain.site.links import LinkState
from opendata.errors import InvalidMetadataError, NotPermittedError, StateError
from opendata.services.harvest.values import HarvestInput, HarvestRunView
from opendata.wiring import Services
from tests.instances import make_actor, make_services
from tests.source_servers import Site, serve_site

_SEARCH = "/api/3/action/package_search?rows=100&start={}&sort=id%20asc"


class Office:
    """An instance that harvests one portal of CKAN, which this test answers for."""

    def __init__(self, services: Services, site: Site) -> None:
        self.services = services
        self.site = site
        self.boss = make_actor(services, "boss", role="maintainer")

    def answer(self, *packages: dict[str, Any], total: int | None = None) -> None:
        count = len(packages) if total is None else total
        for start, listed in ((len(packages), ()), (0, packages)):
            result = {"count": count, "results": list(listed)}
            self.site.put(_SEARCH.format(start), json.dumps({"success": True, "result": result}))

    def register(self, **more: Any) -> None:
        said = {"title": "邻市", "url": self.site.url, "kind": "ckan", "publisher": "water-bureau", **more}
        self.services.harvests.put(self.boss, "next-city", HarvestInput.from_values(said))

    def run(self, *, is_trial: bool = False) -> HarvestRunView:
        self.services.harvests.ask(self.boss, "next-city", is_trial=is_trial)
        assert self.services.harvesting.run_due() == 1
        return self.services.harvests.get("next-city").runs[0]

    def titles(self) -> dict[str, str]:
        return {item.id: item.metadata.title for item in self.services.entries.iterate()}


def package(name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"id-{name}",
        "name": name,
        "title": f"数据 {name}",
        "notes": f"关于 {name}",
        "state": "active",
        "private": False,
        "license_id": "cc-by-4.0",
        "metadata_modified": "2026-01-02T03:04:05.000000",
        "organization": {"name": "roads", "title": "道路局"},
        "tags": [{"name": "路", "display_name": "路"}],
        "extras": [{"key": "frequency", "value": "R/P1M"}],
        "resources": [{"url": f"https://next.example.org/{name}.csv", "name": "表", "format": "CSV", "size": 12}],
        **more,
    }


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setattr("opendata.services.harvest.fetching.PAUSE_SECONDS", 0)
    with serve_site() as site:
        services = make_services(tmp_path, source_hosts=("127.0.0.1",))
        yield Office(services, site)
        services.database.dispose()


def test_what_is_said_of_a_portal_is_checked(office: Office, tmp_path: Path) -> None:
    wrong = {"title": "", "url": "ftp://x", "kind": "rss", "publisher": "nobody-there", "mostGone": 200, "cycle": "x"}
    with pytest.raises(InvalidMetadataError) as caught:
        office.services.harvests.put(office.boss, "x", HarvestInput.from_values(wrong))
    assert {item.pointer for item in caught.value.faults} >= {"/title", "/url", "/kind", "/mostGone", "/cycle"}
    with pytest.raises(InvalidMetadataError, match="nobody-there"):
        office.register(publisher="nobody-there")
    clerk = make_actor(office.services, "clerk", role="clerk")
    with pytest.raises(NotPermittedError):
        office.services.harvests.put(clerk, "x", HarvestInput.from_values(wrong))


def test_what_is_harvested_is_told_like_all_else(office: Office) -> None:
    half = {"name": "\ud800", "title": "\ud800"}
    office.register()
    office.answer(package("a", organization=half))
    assert office.run().outcome == HarvestOutcome.DONE
    office.answer(package("a", title="新名"))
    assert office.run().counts.changed == 1
    while office.services.public_events.follow():
        pass
    told = [item.type for item in office.services.public_events.list().items if item.data.get("dataset")]
    assert told == ["dataset.listed", "dataset.updated"]


def test_the_report_names_no_persons_and_no_addresses_inside(office: Office) -> None:
    secret = "张三 身份证 11010519491231002X"
    office.register()
    office.answer(package("a"), package("b", private=True, title=secret), package("c", private=True, title="水"))
    run = office.run()
    assert [item["title"] for item in run.refused] == ["", "水"]
    office.register(url="http://10.0.0.1/")
    failed = office.run()
    assert failed.reason is not None
    assert failed.reason["params"] == {"host": "10.0.0.1"}


@pytest.mark.slow
def test_a_trial_writes_nothing_and_shows_what_a_run_does(office: Office) -> None:
    office.register(mapping={"道路局": "water-bureau"})
    office.answer(package("a"), package("b"), package("c", title=""))
    trial = office.run(is_trial=True)
    assert (trial.outcome, trial.counts.seen, trial.counts.new) == (HarvestOutcome.DONE, 3, 3)
    assert [item["fate"] for item in trial.changes] == ["new"] * 3
    assert office.titles() == {}
    run = office.run()
    assert (run.outcome, run.counts.new, run.counts.adds_up) == (HarvestOutcome.DONE, 3, True)
    assert sorted(office.titles().values()) == ["c", "数据 a", "数据 b"]
    entry = next(item for item in office.services.entries.iterate() if item.metadata.title == "数据 a")
    assert entry.origin is not None
    assert entry.origin["portal"] == "邻市"
    assert entry.origin["page"] == f"{office.site.url}/dataset/a"
    assert entry.origin["publisher"] == "道路局"
    (resource,) = entry.external
    assert (resource.address, resource.format, resource.bytes) == ("https://next.example.org/a.csv", "csv", 12)
    assert entry.metadata.licenses == ({"name": "CC-BY-4.0"},)
    assert entry.metadata.update_cycle == "monthly"
    with pytest.raises(StateError, match="can't be removed"):
        office.services.harvests.delete(office.boss, "next-city")


@pytest.mark.slow
def test_a_second_run_changes_only_what_changed(office: Office) -> None:
    office.register(mostGone=50)
    office.answer(package("a"), package("b"), package("c"))
    office.run()
    before = {item.id: (item.uuid, item.modified) for item in office.services.entries.iterate()}
    run = office.run()
    assert (run.counts.kept, run.counts.new, run.counts.changed, run.counts.gone) == (3, 0, 0, 0)
    assert {item.id: (item.uuid, item.modified) for item in office.services.entries.iterate()} == before
    # New ids at the source, one other text, one that is gone, and one that is refused.
    office.answer(
        package("a", id="other-a"),
        package("b", notes="别的说明", keywords=[]),
        package("d", private=True),
    )
    trial = office.run(is_trial=True)
    assert [(item["fate"], item.get("properties")) for item in trial.changes] == [
        ("changed", ["origin"]),
        ("changed", ["description"]),
        ("gone", None),
    ]
    assert trial.changes[0]["renamed"]
    run = office.run()
    assert (run.counts.changed, run.counts.gone, run.counts.refused) == (2, 1, 1)
    assert "isn't public" in str(run.refused[0]["reason"]["message"])
    after = {item.id: item for item in office.services.entries.iterate()}
    assert {name: item.uuid for name, item in after.items()} == {name: uuid for name, (uuid, _) in before.items()}
    assert [item.metadata.title for item in after.values() if item.archived] == ["数据 c"]
    view = office.services.harvests.get("next-city")
    assert (view.live, view.gone) == (2, 1)
    # It comes back: the same dataset, kept on.
    office.answer(package("a", id="other-a"), package("b", notes="别的说明"), package("c"))
    office.run()
    assert not any(item.archived for item in office.services.entries.iterate())
    assert len(office.titles()) == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("empty", "no datasets"),
        ("shrunken", "are gone"),
        ("cut", "but gave"),
        ("refused", "None of the datasets"),
        ("html", "JSON"),
        ("wrong", "CKAN"),
        ("away", "status 500"),
        ("same", "again and again"),
    ],
)
def test_a_source_that_is_wrong_fails_with_its_reason(office: Office, answer: str, reason: str) -> None:
    office.register()
    office.answer(package("a"), package("b"), package("c"))
    office.run()
    if answer == "empty":
        office.answer()
    elif answer == "shrunken":
        office.answer(package("a"), package("b"))
    elif answer == "cut":
        office.answer(package("a"), package("b"), package("c"), total=9)
    elif answer == "refused":
        office.answer(*(package(name, private=True) for name in "abc"))
    elif answer == "same":
        office.answer(package("a"), total=9)
        office.site.put(_SEARCH.format(1), office.site.answers[_SEARCH.format(0)].body)
    else:
        body, status = {"html": (b"<html>", 200), "wrong": (b"{}", 200), "away": (b"", 500)}[answer]
        office.site.put(_SEARCH.format(0), body, status=status)
    run = office.run()
    assert run.outcome == HarvestOutcome.FAILED
    assert run.reason is not None
    assert reason in run.reason["message"] % run.reason["params"]
    assert len(office.titles()) == 3
    assert not any(item.archived for item in office.services.entries.iterate())
    counts = {item.code: item.count for item in office.services.control.count_all(office.boss)}
    assert counts["harvests-failed"] == 1


@pytest.mark.slow
@pytest.mark.parametrize(("bounds", "reason"), [("memory", "more memory"), ("seconds", "longer than")])
def test_a_reader_that_takes_too_much_fails_its_run_alone(
    office: Office, monkeypatch: pytest.MonkeyPatch, bounds: str, reason: str
) -> None:
    office.register()
    office.answer(*(package(f"p{number}", notes="长" * 5000) for number in range(2000)))
    with monkeypatch.context() as patch:
        changed = {"memory": 4 << 20, "seconds": 600.0} if bounds == "memory" else {"memory": 1 << 30, "seconds": 0.2}
        patch.setattr("opendata.exchange.reading.confined_reader.BOUNDS", Bounds(**changed))  # type: ignore[arg-type]
        run = office.run()
    assert run.outcome == HarvestOutcome.FAILED
    assert run.reason is not None
    assert reason in run.reason["message"]
    assert office.titles() == {}
    office.answer(package("a"))
    assert office.run().counts.new == 1


@pytest.mark.slow
def test_forged_requests_are_refused(tmp_path: Path) -> None:
    with serve_site() as site:
        services = make_services(tmp_path)
        office = Office(services, site)
        office.answer(package("a"))
        office.register()
        run = office.run()
        assert run.reason is not None
        assert "OPENDATA_SOURCE_HOSTS" in run.reason["message"]
        assert site.requests == []
        services.database.dispose()


@pytest.mark.slow
def test_a_document_that_has_not_changed_is_not_read_again(office: Office) -> None:
    package_ = {"name": "one", "title": "一", "resources": [{"name": "t", "path": "t.csv"}]}
    body = json.dumps({"packages": [package_]})
    office.register(kind="datapackage", url=office.site.put("/list.json", body, headers={"ETag": '"1"'}))
    run = office.run()
    assert (run.outcome, run.counts.new) == (HarvestOutcome.DONE, 1)
    (entry,) = office.services.entries.iterate()
    assert entry.external[0].address == f"{office.site.url}/t.csv"
    with office.services.database.unit(write=True) as session:
        session.get_one(HarvestSource, "next-city").due = datetime.now(UTC)
    assert office.services.harvesting.run_due() == 1
    run = office.services.harvests.get("next-city").runs[0]
    assert (run.outcome, run.counts.kept) == (HarvestOutcome.UNCHANGED, 1)


@pytest.mark.slow
def test_tables_come_as_versions_where_they_are_wanted(office: Office) -> None:
    office.register(data=True)
    url = office.site.put("/levels.csv", "station,level\nA,1\nB,2\n")
    resources = [{"url": "https://next.example.org/a.pdf", "format": "PDF"}, {"url": url, "format": "CSV"}]
    office.answer(package("a", resources=resources), package("b", resources=[]))
    run = office.run()
    assert (run.outcome, list(run.unfetched)) == (HarvestOutcome.DONE, [])
    services = office.services
    assert services.fetching.run_due() == 1
    for draft in services.work.find():
        services.work.run_to_end(draft)
    services.fetching.run_due()
    for draft in services.work.find():
        services.work.run_to_end(draft)
    entry = next(item for item in services.entries.iterate() if item.metadata.title == "数据 a")
    assert (entry.version, [table.rows for table in entry.list_tables()]) == ("1.0.0", [2])
    assert entry.origin is not None
    assert not office.run().unfetched
    assert services.fetching.run_due() == 0


@pytest.mark.slow
def test_dead_links_are_marked(office: Office) -> None:
    office.register()
    office.answer(package("a", resources=[{"url": f"{office.site.url}/gone.csv", "format": "csv"}]))
    office.run()
    (entry,) = office.services.entries.iterate()
    states = office.services.external_links.list_states(entry.id)
    assert [str(state) for state in states.values()] == ["failing"]


@pytest.mark.slow
def test_a_link_that_dies_or_comes_back_is_a_change_for_points_and_documents(office: Office) -> None:
    services = office.services
    office.register()
    url = f"{office.site.url}/a.csv"
    office.answer(package("a", resources=[{"url": url, "format": "csv"}]))
    office.run()
    services.conformance.run_due()
    (entry,) = services.entries.iterate()
    points, state = services.conformance.get(entry.id).points, services.entries.find_state()
    assert services.conformance.run_due() == 0

    def ask() -> None:
        with services.database.unit(write=True) as session:
            long_ago = datetime(2026, 1, 1, tzinfo=UTC)
            session.execute(update(ExternalLink).values(due=long_ago, failing_since=long_ago, failures=5))
        assert services.external_links.run_due() == 1

    ask()
    assert services.external_links.list_states(entry.id) == {url: LinkState.DEAD}
    dead = services.entries.find_state()
    assert dead != state
    assert services.conformance.run_due() == 1
    assert services.conformance.list().items[0].points == services.conformance.get(entry.id).points < points
    ask()
    assert services.entries.find_state() == dead
    office.site.put("/a.csv", "a\n1\n")
    ask()
    assert services.entries.find_state() not in (state, dead)
    assert services.conformance.run_due() == 1
    assert services.conformance.get(entry.id).history[0][1] == points


def test_nobody_else_starts_a_run(office: Office) -> None:
    office.register()
    reader = make_actor(office.services, "reader", role="reader")
    with pytest.raises(NotPermittedError):
        office.services.harvests.ask(reader, "next-city", is_trial=True)
    office.services.harvests.stop(office.boss, "next-city")
    office.services.harvests.delete(office.boss, "next-city")
    assert office.services.harvests.list() == []


@pytest.mark.slow
def test_a_portal_that_is_stopped_meanwhile_changes_nothing(office: Office) -> None:
    office.register()
    office.answer(package("a"))
    last = office.site.answers[_SEARCH.format(0)]
    last.first = lambda: office.services.harvests.stop(office.boss, "next-city")
    run = office.run()
    assert run.outcome == HarvestOutcome.FAILED
    assert run.reason is not None
    assert "changed while" in run.reason["message"]
    assert office.titles() == {}
    assert not office.services.harvests.get("next-city").is_waiting


@pytest.mark.slow
def test_a_run_of_a_worker_that_died_is_made_again(office: Office) -> None:
    office.register()
    office.answer(package("a"))
    office.run()
    with office.services.database.unit(write=True) as session:
        row = session.get_one(HarvestSource, "next-city")
        row.owner, row.held_until, row.due = "gone", datetime(2026, 1, 1, tzinfo=UTC), datetime.now(UTC)
        lost = HarvestRun(source_id=row.id, is_trial=False, begun=datetime(2026, 1, 1, tzinfo=UTC), outcome="running")
        session.add(lost)
    assert office.services.harvesting.run_due() == 1
    newest, died, *_ = office.services.harvests.get("next-city").runs
    assert (newest.outcome, newest.counts.kept) == (HarvestOutcome.DONE, 1)
    assert died.outcome == HarvestOutcome.FAILED
    assert died.ended is not None
