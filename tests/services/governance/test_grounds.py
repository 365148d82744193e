"""The negative list: prepared, put in force, asked before anything is closed; what loses its ground; the self-check."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from opendata.db.models import Dataset, OutboxMail, SelfCheckItem, User
from opendata.domain.grounds.self_check import Answer, Asked, Decision, ItemState
from opendata.errors import (
    InvalidMetadataError,
    NotFoundError,
    NotPermittedError,
    PreconditionError,
    StateError,
)
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.governance.grounds.self_checks import SelfChecks
from opendata.wiring import Services, build_context
from tests.instances import DATASET, make_actor, make_services

SECRET = {"id": "N001", "title": "涉密水文数据", "ground": "state-secret", "legalBasis": "保守国家秘密法第十三条"}
PRIVATE = {"id": "N002", "title": "个人信息", "ground": "privacy", "legalBasis": "条例第十五条"}
ROADS = {"id": "N003", "title": "道路内部事务", "ground": "internal-affairs", "legalBasis": "条例第十六条"}
CLOSED = {"attribute": "closed", "reason": "涉密", "legalBasis": "条例第十四条"}


class Office:
    """An instance in which two persons are needed, with a clerk, a maintainer, and an editor of another publisher."""

    def __init__(self, home: Path, **settings: Any) -> None:
        self.services: Services = make_services(home, **settings)
        self.services.publishers.ensure(SYSTEM, {"id": "road-bureau", "title": "道路局"})
        self.clerk = make_actor(self.services, "clerk")
        self.stranger = make_actor(self.services, "stranger", publisher="road-bureau")
        self.boss = make_actor(self.services, "boss", role="maintainer")

    def enforce(self, *entries: dict[str, Any], note: str = "调整", confirmed: bool = False) -> int | None:
        """Put these entries in force."""
        self.services.negative_lists.change(self.boss, entries)
        return self.services.negative_lists.enforce(self.boss, note, confirmed=confirmed).number

    def create(self, name: str, publisher: str = "water-bureau", **disclosure: str) -> None:
        """A dataset that isn't published."""
        found = {**DATASET, "id": name, "title": f"水库 {name}", "publisher": publisher, "disclosure": disclosure}
        self.services.datasets.create(self.boss, found)

    def close(self, name: str, approver: Actor | None = None, **disclosure: str) -> None:
        """Take a dataset that is closed through the review."""
        if disclosure:
            self.services.datasets.update(self.clerk, name, {"disclosure": disclosure})
        draft = self.services.drafts.create(self.clerk, name, [])[0].id
        self.services.work.run_to_end(draft)
        try:
            self.services.drafts.submit(self.clerk, draft)
        except InvalidMetadataError:
            self.services.drafts.discard(self.clerk, draft)
            raise
        if self.services.settings.review != "none":
            self.services.drafts.approve(approver or self.boss, draft)
            self.services.drafts.publish(self.boss, draft)
        self.services.work.run_to_end(draft)
        assert self.services.drafts.get(self.clerk, draft).status == "published"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(
        tmp_path,
        review="two-person",
        mail_url="smtp://127.0.0.1:9",
        mail_from="portal@example.org",
        base_url="https://data.example.org",
    )


def find_pointers(caught: pytest.ExceptionInfo[InvalidMetadataError]) -> list[str]:
    return [item.pointer for item in caught.value.faults]


def test_a_list_is_prepared_by_a_maintainer_and_put_in_force_in_one_step(office: Office) -> None:
    lists = office.services.negative_lists
    assert (lists.get(), lists.list_versions()) == (None, [])
    with pytest.raises(NotPermittedError):
        lists.change(office.clerk, [SECRET])
    with pytest.raises(InvalidMetadataError) as caught:
        lists.change(office.boss, [{**SECRET, "ground": "x", "publishers": ["none"], "from": "soon"}])
    assert find_pointers(caught) == ["/entries/0/from", "/entries/0/ground", "/entries/0/publishers"]
    with pytest.raises(InvalidMetadataError):
        lists.put_entry(office.boss, {**SECRET, "title": 5, "legalBasis": "\0"})
    draft = lists.put_entry(office.boss, {**SECRET, "id": ""})
    assert [item.id for item in draft.entries] == ["N001"]
    with pytest.raises(PreconditionError):
        lists.put_entry(office.boss, PRIVATE, revision=draft.revision - 1)
    with pytest.raises(NotFoundError):
        lists.put_entry(office.boss, PRIVATE, place="N009")
    for note in (" ", "a\0"):
        with pytest.raises(InvalidMetadataError) as caught:
            lists.enforce(office.boss, note)
        assert find_pointers(caught) == ["/note"]
    assert lists.get() is None
    assert lists.enforce(office.boss, "首次发布").number == 1
    assert lists.get_draft(office.boss) is None
    lists.begin(office.boss)
    with pytest.raises(StateError, match="prepared already"):
        lists.begin(office.boss)
    with pytest.raises(StateError, match="Nothing has changed"):
        lists.enforce(office.boss, "无变化")
    lists.put_entry(office.boss, {**SECRET, "title": "涉密的水文数据"}, place="N001")
    lists.put_entry(office.boss, {**PRIVATE, "id": ""})
    assert lists.enforce(office.boss, "调整").number == 2
    found = lists.compare(1, 2)
    assert [item.id for item in found.added] == ["N002"]
    assert [names for *_, names in found.changed] == [("title",)]
    first = lists.get(1)
    assert first is not None
    assert (first.note, first.entries[0].title) == ("首次发布", "涉密水文数据")
    with pytest.raises(NotFoundError):
        lists.get(3)
    lists.begin(office.boss)
    lists.discard(office.boss)
    with pytest.raises(NotFoundError):
        lists.foresee(office.boss)
    events = office.services.events.list(office.boss).items
    assert [item["action"] for item in events if item["subject"]["kind"] == "negative-list"][:3] == [
        "discard",
        "create",
        "enforce",
    ]


def test_nothing_is_closed_without_a_ground_once_a_list_is_in_force(office: Office) -> None:
    office.create("before", **CLOSED)
    office.close("before")  # no list, no gate
    office.enforce(SECRET, PRIVATE, {**ROADS, "publishers": ["road-bureau"]})
    office.create("secrets", **CLOSED)
    for ground, said in (("", "must point to"), ("N003", "isn't in force"), ("N009", "isn't in force")):
        with pytest.raises(InvalidMetadataError) as caught:
            office.close("secrets", **{**CLOSED, "ground": ground})
        assert find_pointers(caught) == ["/disclosure/ground"]
        assert said in caught.value.faults[0].text
        assert "N001 涉密水文数据, N002 个人信息" in caught.value.faults[0].text
    office.close("secrets", **{**CLOSED, "ground": "N001"})
    assert office.services.datasets.get("secrets").disclosure.ground == "N001"
    assert [item.id for item in office.services.ungrounded.list(office.boss).items] == ["before"]
    assert office.services.datasets.get("before").disclosure.is_closed
    assert office.services.ungrounded.list(office.stranger).items == []
    # what the owner of the instance changes at once has the same gate
    for disclosure in (CLOSED, {**CLOSED, "attribute": "conditional", "ground": "N009"}):
        with pytest.raises(InvalidMetadataError):
            office.services.datasets.update(SYSTEM, "before", {"title": "水库", "disclosure": disclosure})
    for disclosure in ({**CLOSED, "attribute": "conditional"}, {**CLOSED, "ground": "N002"}):
        office.services.datasets.update(SYSTEM, "before", {"disclosure": disclosure})
    assert office.services.ungrounded.list(office.boss).items == []
    office.services.datasets.update(SYSTEM, "before", {"disclosure": {"attribute": "open", "ground": "N002"}})
    assert office.services.datasets.get("before").disclosure.ground == ""


def test_a_draft_is_not_approved_when_its_ground_went_in_between(office: Office) -> None:
    office.enforce(SECRET, PRIVATE)
    office.create("secrets", **{**CLOSED, "ground": "N001"})
    draft = office.services.drafts.create(office.clerk, "secrets", [])[0].id
    office.services.work.run_to_end(draft)
    office.services.drafts.submit(office.clerk, draft)
    office.enforce(PRIVATE, confirmed=True)
    with pytest.raises(InvalidMetadataError, match="ground"):
        office.services.drafts.approve(office.boss, draft)
    office.services.drafts.return_(office.boss, draft, "请换依据")


def test_retiring_an_entry_shows_what_loses_its_ground_and_tells_its_people(office: Office) -> None:
    office.enforce(SECRET, PRIVATE)
    for name in ("one", "two"):
        office.create(name, **{**CLOSED, "ground": "N001"})
    office.create("roads", publisher="road-bureau", **{**CLOSED, "ground": "N002"})
    with office.services.database.unit(write=True) as session:
        session.scalars(select(User).where(User.name == "clerk")).one().mail_address = "clerk@example.org"
    lists = office.services.negative_lists
    lists.change(office.boss, [{**SECRET, "until": "2999-12-31"}, PRIVATE])
    assert [(item.dataset, item.day) for item in lists.foresee(office.boss)] == [
        ("one", date(3000, 1, 1)),
        ("two", date(3000, 1, 1)),
    ]
    lists.change(office.boss, [PRIVATE])
    assert {item.dataset for item in lists.foresee(office.boss)} == {"one", "two"}
    with pytest.raises(InvalidMetadataError) as caught:
        lists.enforce(office.boss, "不再涉密")
    assert find_pointers(caught) == ["/confirmed"]
    assert office.services.ungrounded.list(office.clerk).items == []
    lists.enforce(office.boss, "不再涉密", confirmed=True)
    page = office.services.ungrounded.list(office.clerk, limit=1)
    assert [(item.id, item.entry.title if item.entry else "") for item in page.items] == [("one", SECRET["title"])]
    rest = office.services.ungrounded.list(office.clerk, limit=1, cursor=page.next)
    assert ([item.id for item in rest.items], rest.next) == (["two"], None)
    assert office.services.ungrounded.count(office.boss) == 2
    assert {item.disclosure.attribute for item in (*page.items, *rest.items)} == {"closed"}  # nothing was opened
    with office.services.database.unit() as session:
        mails = session.scalars(select(OutboxMail)).all()
    assert [(item.kind, item.recipient, (item.params or {})["count"]) for item in mails] == [
        ("ground-lost", "clerk@example.org", "2")
    ]
    assert lists.find_entry("N001") == (lists.list_versions()[1].entries[0], False)


def test_what_is_kept_on_an_entry_for_a_publisher_keeps_it_when_that_is_merged(tmp_path: Path) -> None:
    office = Office(tmp_path)
    for name in ("water", "rivers"):
        office.services.publishers.ensure(SYSTEM, {"id": name, "title": name})
    office.enforce({**SECRET, "publishers": ["water-bureau"]}, PRIVATE)
    office.create("one", **{**CLOSED, "ground": "N001"})
    year = datetime.now(UTC).year
    office.services.self_checks.begin(office.boss, year)
    (item,) = office.services.self_checks.list_items(office.boss, year).items
    keep = Answer(decision=Decision.KEEP, ground="N001", reason="仍涉密")
    office.services.self_checks.decide(office.boss, year, [item.id], keep, confirms=True)
    office.services.succession.merge(office.boss, ["water-bureau"], "water", reason="机构改革")
    office.services.succession.merge(office.boss, ["water"], "rivers", reason="机构改革")
    assert office.services.ungrounded.list(office.boss).items == []
    (item,) = office.services.self_checks.list_items(office.boss, year).items
    assert (item.publisher, item.state) == ("rivers", ItemState.DECIDED)
    assert [entry.id for entry in office.services.negative_lists.list_fitting("road-bureau")] == ["N002"]
    office.enforce({**SECRET, "publishers": ["water-bureau"], "title": "涉密"}, PRIVATE)  # nothing loses its ground


@pytest.mark.both_databases(slow=True)
def test_a_self_check_asks_for_a_decision_about_each_and_its_report_counts_them(
    tmp_path: Path, database_url: str
) -> None:
    office = Office(tmp_path, database_url=database_url)
    asked = [Asked("公交线路", "road-bureau", 7), Asked("x", "water-bureau", 9, dataset="later")]
    checks = SelfChecks(build_context(office.services.settings), lambda session, year: asked)
    year = datetime.now(UTC).year
    office.enforce(SECRET, PRIVATE)
    office.create("one", **{**CLOSED, "ground": "N001"})
    office.create("two", attribute="conditional", reason="第三方", legalBasis="条例第十五条")
    office.create("open")
    for wrong in (2016, year + 1):
        with pytest.raises(InvalidMetadataError):
            checks.begin(office.boss, wrong)
    with pytest.raises(NotPermittedError):
        checks.begin(office.clerk, year)
    checks.begin(office.boss, year)
    with pytest.raises(StateError, match="begun already"):
        checks.begin(office.boss, year)
    office.create("later", **CLOSED)
    items = {item.title: item for item in checks.list_items(office.boss, year).items}
    assert set(items) == {"水库 one", "水库 two", "公交线路", "水库 later"}
    assert (items["公交线路"].asked, items["水库 later"].asked) == (7, 9)
    one, two, later, topic = (items[name].id for name in ("水库 one", "水库 two", "水库 later", "公交线路"))
    keep = Answer(decision=Decision.KEEP, ground="N001", reason="仍涉密")

    def see(*numbers: int) -> dict[int, str]:
        return {item.id: item.digest for item in checks.list_items(office.boss, year).items if item.id in numbers}

    with pytest.raises(NotPermittedError):
        checks.decide(office.stranger, year, [one], keep)
    with pytest.raises(InvalidMetadataError):
        checks.decide(office.clerk, year, [one], Answer(decision=Decision.KEEP, ground="N009", reason="仍涉密"))
    with pytest.raises(InvalidMetadataError):
        checks.decide(office.clerk, year, [one], Answer(decision=Decision.KEEP, ground="N001", reason="a\0"))
    assert checks.list_items(office.boss, year, publisher="a\0").items == []
    assert office.services.ungrounded.list(office.boss, publisher="a\0").items == []
    with pytest.raises(StateError, match="Nothing is proposed"):
        checks.confirm(office.boss, year, see(one))
    assert checks.decide(office.clerk, year, [one, later], keep) == 2
    assert {item.state for item in checks.list_items(office.clerk, year, state="proposed").items} == {
        ItemState.PROPOSED
    }
    assert [item.id for item in checks.list_items(office.clerk, year, ground="N001").items] == [one]
    seen = see(one, later)
    checks.decide(office.clerk, year, [later], replace(keep, reason="仍涉密，另查"))
    with pytest.raises(StateError, match="“水库 later” has changed since you read it"):
        checks.confirm(office.boss, year, seen)
    with pytest.raises(StateError, match="has changed"):
        checks.decide(office.boss, year, [later], keep, confirms=True, seen=seen)
    assert len(checks.list_items(office.clerk, year, state="proposed").items) == 2
    checks.confirm(office.boss, year, see(one, later))
    with pytest.raises(NotPermittedError):  # who proposes doesn't undo what was decided
        checks.decide(make_actor(office.services, "proposer", role="clerk"), year, [one], keep)
    checks.decide(office.boss, year, [two], Answer(decision=Decision.OPEN, open_by=date(2999, 1, 1)), confirms=True)
    plan = office.services.plans.get(office.boss, "two")
    assert plan is not None
    assert [(str(day.opens), day.reason) for day in plan.days] == [("2999-01-01", f"{year}年自查决定。")]
    with pytest.raises(StateError, match="1 items"):
        checks.close(office.boss, year)
    checks.decide(office.boss, year, [topic], Answer(decision=Decision.OPEN, open_by=date(2999, 1, 1)), confirms=True)
    office.enforce(PRIVATE, confirmed=True)  # what two items are kept on
    with pytest.raises(StateError, match="2 items"):
        checks.close(office.boss, year)
    assert [item.undecided for item in checks.get(office.clerk, year).progress] == [2]
    wrong = Answer(decision=Decision.OPEN, open_by=date(2999, 1, 2), reason="电话 13800138000")
    with pytest.raises(InvalidMetadataError) as caught:
        checks.decide(office.boss, year, [later], wrong, confirms=True)
    assert find_pointers(caught) == ["/reason"]  # the plan says it in public
    checks.decide(office.boss, year, [later], replace(wrong, reason="可以开放"), confirms=True)
    kept = Answer(decision=Decision.KEEP, ground="N002", reason="含个人信息")
    checks.decide(office.boss, year, [one, later], kept, confirms=True)
    plan = office.services.plans.get(office.boss, "later")
    assert plan is not None
    assert [(str(day.opens), day.reason) for day in plan.days] == [
        ("None", f"{year}年自查决定。"),
        ("2999-01-02", f"{year}年自查决定。 可以开放"),
    ]
    with pytest.raises(NotFoundError):
        checks.get_report(year)
    office.services.datasets.update(SYSTEM, "two", {"disclosure": None})
    with office.services.database.unit(write=True) as session:
        session.get_one(Dataset, "two").editions = 1
    closed = checks.close(office.boss, year)
    assert (closed.due, closed.undecided) == (date(year + 1, 1, 31), 0)
    whole, report = closed.report, checks.get_report(year)
    assert whole is not None
    assert whole.total.to_json() == {"items": 4, "kept": 2, "opened": 2, "fulfilled": 1}
    assert whole.grounds == {"privacy": 2}
    # Two items are about datasets whose entry isn't public: in public they aren't counted.
    assert report.report.total.to_json() == {"items": 2, "kept": 0, "opened": 2, "fulfilled": 1}
    assert (report.report.grounds, report.titles["road-bureau"]) == ({}, "道路局")
    assert [(item.dataset, item.fulfilled) for item in report.opened] == [("two", "")]
    with office.services.database.unit() as session:
        counted = select(SelfCheckItem.publisher_id, func.count()).group_by(SelfCheckItem.publisher_id)
        assert {name: counts.items for name, counts in whole.publishers.items()} == {
            row[0]: row[1] for row in session.execute(counted)
        }
    with pytest.raises(StateError, match="closed"):
        checks.decide(office.boss, year, [one], kept)
