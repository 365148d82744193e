"""The ledger: duties made, fulfilled, paused, extended, excused; and numbers that equal a direct recomputation."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from opendata.db.models import Dataset, DutyReminder, Obligation, OutboxMail, User, Version
from opendata.domain.clocks.obligations import DutyState, Life, Tally, judge, tally
from opendata.errors import InvalidMetadataError, NotFoundError, NotPermittedError, StateError
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.context import Context
from opendata.services.governance.duties.making import Maker
from opendata.services.governance.duties.reading import DutyFilter
from opendata.services.governance.duties.rule_reading import read_rules
from opendata.services.operations.doors import close_doors
from opendata.settings import Settings
from opendata.wiring import Services, build_context, build_services
from tests.instances import CSV, DATASET, make_actor, make_services, publish
from tests.mail_office import Clock, mail_settings

OFF_2027 = "2027-01-01 2027-02-05/2027-02-11 2027-04-05 2027-05-03/2027-05-05 2027-10-01/2027-10-07"
RULE = {"id": "weekly-report", "title": "每周报告", "clause": "本市规定", "trigger": "period", "period": "week"}


@dataclass
class Ledger:
    """An instance with a clock, an editor and a maintainer."""

    services: Services
    context: Context
    clock: Clock
    clerk: Actor
    boss: Actor
    stranger: Actor

    def go(self, day: str) -> None:
        """It is noon of a day; the worker has done what it does."""
        self.clock.now = datetime.fromisoformat(f"{day}T04:00:00+00:00")
        while self.services.duty_keeping.follow():
            pass

    def show(self, **wanted: Any) -> list[tuple[str, str, str]]:
        """Period or task, due day and state of duties."""
        items = self.services.duties.list(self.boss, DutyFilter(**wanted)).items
        return [(item.period or item.task, str(item.due), str(item.state)) for item in items]

    def count(self, month: str) -> tuple[int, int]:
        """How many duties of a month count, and how many of them were done in time."""
        rows = self.services.duty_reports.list_on_time(month, month)
        return sum(row.tally.due for row in rows), sum(row.tally.kept for row in rows)

    def add(self, **said: Any) -> int:
        return self.services.duty_steps.add(self.boss, {"publisher": "water-bureau", **said}).id


def make_ledger(home: Path, database_url: str = "", **settings: Any) -> Ledger:
    first = make_services(home, database_url=database_url, **settings)
    first.publishers.ensure(SYSTEM, {"id": "road-bureau", "title": "道路局"})
    clerk, boss = make_actor(first, "clerk"), make_actor(first, "boss", role="maintainer")
    stranger = make_actor(first, "stranger", publisher="road-bureau")
    first.database.dispose()
    clock = Clock(datetime(2026, 10, 12, 4, 0, tzinfo=UTC))
    found: Settings = first.settings
    services = build_services(found, clock=clock)
    return Ledger(services, build_context(found, clock=clock), clock, clerk, boss, stranger)


@pytest.fixture
def ledger(tmp_path: Path, database_url: str) -> Iterator[Ledger]:
    built = make_ledger(tmp_path / "instance", database_url)
    yield built
    built.services.database.dispose()


def publish_edition(ledger: Ledger, period: str, row: str) -> None:
    """Publish an edition; without a period as most are, whose files don't say theirs."""
    publish(ledger.services, ledger.clerk, CSV + row)
    with ledger.services.database.unit(write=True) as session:
        version = session.scalars(select(Version).order_by(Version.id.desc())).first()
        assert version is not None
        version.period = version.coverage = period or None


@pytest.mark.both_databases(slow=True)
def test_the_duties_of_an_update_cycle_are_made_fulfilled_and_shown(ledger: Ledger) -> None:
    services = ledger.services
    ledger.go("2026-10-12")
    dataset = services.datasets.create(ledger.clerk, {**DATASET, "updateCycle": "monthly"})[0]
    ledger.go("2026-10-12")
    assert ledger.show() == []  # nothing is published yet
    publish_edition(ledger, "2026-08", "")
    ledger.go("2026-10-12")
    assert ledger.show() == [("2026-09", "2026-10-30", "running"), ("2026-10", "2026-11-30", "running")]
    (update,) = services.duties.find_updates([dataset.uuid]).values()
    assert (update.state, update.period, str(update.due), str(update.next)) == (
        "running",
        "2026-09",
        "2026-10-30",
        "2026-10-30",
    )
    ledger.go("2026-11-02")
    assert ledger.show(state="overdue") == [("2026-09", "2026-10-30", "overdue")]
    assert ledger.show(dataset="reservoirs", within=30)[1:] == [("2026-10", "2026-11-30", "running")]
    (update,) = services.duties.find_updates([dataset.uuid]).values()
    assert (update.state, str(update.due), str(update.next)) == ("overdue", "2026-10-30", "2026-11-30")
    assert ledger.count("2026-10") == (1, 0)
    publish_edition(ledger, "2026-09/2026-10", "A003,北湖,3,2026-02-02\n")
    ledger.go("2026-11-02")
    assert ledger.show() == [
        ("2026-09", "2026-10-30", "late"),
        ("2026-10", "2026-11-30", "done"),
        ("2026-11", "2026-12-30", "running"),
    ]
    assert (ledger.count("2026-10"), ledger.count("2026-11")) == ((1, 0), (1, 1))
    late = services.duties.list(ledger.clerk, DutyFilter(state="late")).items[0]
    version = services.versions.list_page("reservoirs", limit=1).items[0]
    assert late.evidence == {
        "dataset": "reservoirs",
        "version": version.version,
        "digest": version.manifest_sha256,
    }
    services.datasets.update(ledger.clerk, "reservoirs", {"updateCycle": "quarterly"})
    ledger.go("2026-11-03")
    assert ledger.show(state="open") == [("2026-Q4", "2027-01-30", "running")]
    assert ledger.show(state="waived") == [("2026-11", "2026-12-30", "waived")]
    services.datasets.update(ledger.clerk, "reservoirs", {"updateCycle": "monthly"})
    ledger.go("2026-11-04")
    assert ledger.show(state="open") == [("2026-11", "2026-12-30", "running")]
    services.archiving.archive(ledger.clerk, "reservoirs", reason="已停止")
    ledger.go("2026-11-05")
    assert ledger.show(state="open") == []
    assert services.duties.find_updates([dataset.uuid]) == {}


@pytest.mark.slow
def test_a_dataset_that_was_late_before_the_ledger_began_is_late_once(ledger: Ledger) -> None:
    ledger.services.datasets.create(ledger.clerk, {**DATASET, "updateCycle": "monthly"})
    publish_edition(ledger, "2019-12", "")
    ledger.go("2026-10-12")
    assert ledger.show() == [("2020-01", "2020-03-01", "overdue"), ("2026-10", "2026-11-30", "running")]
    ledger.go("2026-12-05")
    assert [period for period, _, _ in ledger.show()] == ["2020-01", "2026-10", "2026-11", "2026-12"]


def test_rules_of_periods_make_duties_for_the_publishers_that_they_are_used_for(ledger: Ledger) -> None:
    services = ledger.services
    ledger.go("2026-10-12")
    rule = services.duty_rules.add(ledger.boss, {**RULE, "limit": {"number": 2, "unit": "working-day"}})
    assert (rule.rule.version, ledger.show()) == (1, [])
    services.duty_rules.use(ledger.boss, RULE["id"], is_off=False, publishers=["water-bureau"])
    assert ledger.show() == [("2026-W42", "2026-10-20", "running")]
    ledger.go("2026-10-26")
    services.duty_rules.add(ledger.boss, {**RULE, "limit": {"number": 1, "unit": "day"}})
    ledger.go("2026-11-02")
    assert ledger.show(rule=RULE["id"]) == [
        ("2026-W42", "2026-10-20", "overdue"),
        ("2026-W43", "2026-10-27", "overdue"),
        ("2026-W44", "2026-11-03", "running"),  # made before the new version: it keeps its terms
        ("2026-W45", "2026-11-09", "running"),
    ]
    services.duty_rules.use(ledger.boss, RULE["id"], is_off=True, publishers=["*"])
    assert (ledger.show(state="open"), ledger.count("2026-10")) == ([], (2, 0))
    ledger.go("2026-11-20")
    assert ledger.show(state="open") == []
    for change, place in (({"id": "n1"}, "/id"), ({"id": "a b"}, "/id"), ({"limit": None}, "/limit")):
        with pytest.raises(InvalidMetadataError) as refused:
            services.duty_rules.add(ledger.boss, {**RULE, "limit": {"number": 1, "unit": "day"}, **change})
        assert place in {fault.pointer for fault in refused.value.faults}
    with pytest.raises(InvalidMetadataError):
        services.duty_rules.use(ledger.boss, RULE["id"], is_off=False, publishers=["nobody"])
    with pytest.raises(NotFoundError):
        services.duty_rules.use(ledger.boss, "none", is_off=True, publishers=[])
    with pytest.raises(NotPermittedError):
        services.duty_rules.use(ledger.clerk, RULE["id"], is_off=True, publishers=[])


@pytest.mark.slow
def test_publications_start_clocks(ledger: Ledger) -> None:
    services = ledger.services
    said = {**RULE, "trigger": "publication", "period": None, "limit": {"number": 3, "unit": "working-day"}}
    services.duty_rules.add(ledger.boss, said)
    services.datasets.create(ledger.clerk, DATASET)
    publish_edition(ledger, "", "")
    ledger.go("2026-10-13")
    services.duty_rules.use(ledger.boss, RULE["id"], is_off=False, publishers=["*"])
    publish_edition(ledger, "", "A003,北湖,3,2026-02-02\n")
    ledger.go("2026-10-13")
    ledger.go("2026-10-14")
    assert ledger.show() == [("1.1.0", "2026-10-16", "running")]


def test_the_calendar_of_a_year_is_entered_and_what_waited_for_it_is_computed(ledger: Ledger) -> None:
    services = ledger.services
    ledger.go("2026-12-14")
    duty = ledger.add(rule="n28", trigger="2026-12-10")
    item = services.duties.get(ledger.clerk, duty)
    assert (item.due, item.unknown_year, item.state) == (None, 2027, "running")
    assert services.calendars.find_missing() == 2027
    with pytest.raises(NotFoundError, match="2027"):
        services.calendars.get(2027)
    with pytest.raises(NotPermittedError):
        services.calendars.save(ledger.clerk, 2027, OFF_2027, "")
    with pytest.raises(InvalidMetadataError):
        services.calendars.save(ledger.boss, 2027, "2027-01-02", "")
    services.calendars.save(ledger.boss, 2027, OFF_2027, "", "国办发明电")
    assert ledger.show() == [("", "2027-01-08", "running")]
    # 11 December, 14 to 31 December (14), 4 to 8 January (5): 20 working days
    ledger.go("2027-01-04")
    services.calendars.save_csv(
        ledger.boss, 2027, "date,kind\n" + "\n".join(f"{day},off" for day in [*OFF_2027.split(), "2027-01-05"])
    )
    assert ledger.show() == [("", "2027-01-11", "running")]
    assert [(year.year, year.is_entered) for year in services.calendars.list()[:2]] == [(2027, True), (2026, False)]
    ledger.go("2027-02-01")
    services.calendars.save(ledger.boss, 2027, OFF_2027, "")
    assert ledger.show() == [("", "2027-01-11", "overdue")]  # a month that is over stays as it was


def test_the_steps_of_a_duty(ledger: Ledger) -> None:
    steps, duties = ledger.services.duty_steps, ledger.services.duties
    ledger.go("2026-10-12")
    duty = ledger.add(rule="n28", trigger="2026-10-09", owner="clerk", office="办公室", task="申请2026-1")
    assert ledger.show() == [("申请2026-1", "2026-11-05", "running")]  # Saturday 10 October is worked
    assert ledger.show(whose="mine") == []
    assert [item.id for item in duties.list(ledger.clerk, DutyFilter(whose="mine")).items] == [duty]
    assert duties.list(ledger.stranger).items == []
    with pytest.raises(NotFoundError):
        duties.get(ledger.stranger, duty)
    ledger.go("2026-10-16")
    item = steps.pause(ledger.clerk, duty, {"reason": "征求第三方意见"})
    assert (item.due, item.is_paused) == (None, True)
    for step, error in ((steps.pause, "paused already"), (steps.extend, "isn't known")):
        with pytest.raises(StateError, match=error):
            step(ledger.clerk, duty, {"reason": "再次", "number": 3})
    ledger.go("2026-10-26")
    assert str(steps.resume(ledger.clerk, duty, {"day": "2026-10-22"}).due) == "2026-11-12"
    with pytest.raises(InvalidMetadataError):
        steps.extend(ledger.clerk, duty, {"reason": "复杂", "number": 21})
    assert str(steps.extend(ledger.clerk, duty, {"reason": "复杂", "number": 5}).due) == "2026-11-19"
    with pytest.raises(StateError, match="any more"):
        steps.extend(ledger.clerk, duty, {"reason": "复杂", "number": 5})
    ledger.go("2026-11-30")
    assert ledger.show(state="overdue") == [("申请2026-1", "2026-11-19", "overdue")]
    for step in (steps.pause, steps.extend):
        with pytest.raises(StateError, match="overdue"):
            step(ledger.clerk, duty, {"reason": "太晚", "number": 5})
    for step in (steps.waive, steps.rectify):
        with pytest.raises(NotPermittedError):
            step(ledger.clerk, duty, {"reason": "否", "day": "2026-12-05"})
    assert steps.rectify(ledger.boss, duty, {"reason": "尽快答复", "day": "2026-12-05"}).rectify_state == "running"
    ledger.go("2026-12-06")
    assert duties.get(ledger.boss, duty).rectify_state == "overdue"
    for said, place in (
        ({}, "/text"),
        ({"url": "ftp://x"}, "/url"),
        ({"text": "已答复", "day": "2026-11-18"}, "/day"),  # November is over
        ({"text": "已答复", "day": "2026-12-07"}, "/day"),
        ({"version": "1.0.0"}, "/dataset"),
    ):
        with pytest.raises(InvalidMetadataError) as refused:
            steps.finish(ledger.clerk, duty, said)
        assert [fault.pointer for fault in refused.value.faults] == [place]
    done = steps.finish(
        ledger.clerk, duty, {"text": "已邮寄答复", "url": "https://example.gov.cn/1", "day": "2026-12-05"}
    )
    assert (done.state, done.rectify_state, ledger.count("2026-11")) == ("late", "done", (1, 0))
    with pytest.raises(StateError):
        steps.finish(ledger.clerk, duty, {"text": "再次"})
    history = [(step.action, step.actor) for step in duties.list_steps(ledger.clerk, duty)]
    assert history == [
        ("add-duty", "boss"),
        ("pause-duty", "clerk"),
        ("resume-duty", "clerk"),
        ("extend-duty", "clerk"),
        ("rectify-duty", "boss"),
        ("finish-duty", "clerk"),
    ]
    lines = "".join(duties.export_csv(ledger.boss, DutyFilter())).splitlines()
    assert len(lines) == 2
    assert "已邮寄答复" in lines[1]


def test_a_clock_can_be_said_to_have_started_earlier_but_not_later_once_a_month_is_over(ledger: Ledger) -> None:
    steps = ledger.services.duty_steps
    ledger.go("2026-10-12")
    duty = ledger.add(rule="n1")
    assert ledger.show() == [("", "None", "running")]
    with pytest.raises(StateError, match="started"):
        steps.finish(ledger.clerk, duty, {"text": "已公开"})
    assert str(steps.start(ledger.clerk, duty, {"day": "2026-10-08"}).due) == "2026-10-28"
    assert str(steps.start(ledger.clerk, duty, {"day": "2026-10-10"}).due) == "2026-10-30"
    ledger.go("2026-11-02")
    with pytest.raises(InvalidMetadataError, match="allowed"):
        steps.start(ledger.clerk, duty, {"day": "2026-10-12"})
    assert (str(steps.start(ledger.clerk, duty, {"day": "2026-09-08"}).due), ledger.count("2026-10")) == (
        "2026-09-28",
        (0, 0),
    )
    for said, place in (
        ({"task": ""}, "/task"),
        ({"task": "x\0", "due": "2026-12-01"}, "/task"),
        ({"task": "x"}, "/due"),
        ({"task": "x", "due": "2026-10-31"}, "/due"),
        ({"rule": "n1", "due": "2026-12-01"}, "/due"),
        ({"rule": "n7"}, "/rule"),
        ({"rule": "n27"}, "/due"),
        ({"task": "x", "due": "2026-12-01", "owner": "stranger"}, "/owner"),
        ({"task": "x", "due": "2026-12-01", "dataset": "none"}, "/dataset"),
        ({"rule": "n1", "trigger": "2026-11-03"}, "/trigger"),
    ):
        with pytest.raises(InvalidMetadataError) as refused:
            ledger.add(**said)
        assert [fault.pointer for fault in refused.value.faults] == [place]
    with pytest.raises(NotPermittedError):
        steps.add(ledger.stranger, {"publisher": "water-bureau", "task": "x", "due": "2026-12-01"})


def remember(ledger: Ledger, name: str, address: str) -> None:
    with ledger.services.database.unit(write=True) as session:
        user = session.scalars(select(User).where(User.name == name)).one()
        user.mail_address, user.mail_language = address, "en"


@pytest.mark.both_databases(slow=True)
def test_people_are_reminded_once_of_each_stage_in_one_mail_a_day(tmp_path: Path, database_url: str) -> None:
    ledger = make_ledger(tmp_path / "instance", database_url, **mail_settings("smtp://127.0.0.1:1"))
    other = build_services(ledger.services.settings, clock=ledger.clock)

    def read() -> list[tuple[str, list[str]]]:
        """The mails since the last look: to whom, and what of."""
        with ledger.services.database.unit(write=True) as session:
            rows = list(session.scalars(select(OutboxMail).order_by(OutboxMail.id)))
            found = [(row.recipient, (row.params or {})["list"].splitlines()) for row in rows]
            for row in rows:
                session.delete(row)
        return found

    ledger.go("2026-10-12")
    remember(ledger, "clerk", "clerk@example.org")
    remember(ledger, "boss", "boss@example.org")
    for task, due, owner in (("甲", "2026-10-19", ""), ("乙", "2026-10-20", "boss"), ("丙", "2026-10-20", "clerk")):
        ledger.add(task=task, due=due, owner=owner)
    ledger.add(publisher="road-bureau", task="丁", due="2026-10-19")  # nobody there has an address
    ledger.clock.pass_by(hours=2)
    for worker in (ledger.services, other, ledger.services):
        while worker.duty_keeping.follow():
            pass
    assert read() == [("clerk@example.org", ["· 甲: due on 2026-10-19"])]
    ledger.go("2026-10-13")
    assert read() == [
        ("clerk@example.org", ["· 丙: due on 2026-10-20"]),
        ("boss@example.org", ["· 乙: due on 2026-10-20"]),
    ]
    ledger.go("2026-10-19")
    assert read() == []
    ledger.go("2026-10-21")
    other.duty_keeping.follow()
    assert read() == [
        (
            "clerk@example.org",
            ["· 甲: was due on 2026-10-19, and is overdue", "· 丙: was due on 2026-10-20, and is overdue"],
        ),
        ("boss@example.org", ["· 乙: was due on 2026-10-20, and is overdue"]),
    ]
    ledger.go("2026-10-22")
    assert read() == []
    with ledger.services.database.unit() as session:
        assert len(session.scalars(select(DutyReminder)).all()) == 6
    for services in (ledger.services, other):
        services.database.dispose()


@pytest.mark.slow
@pytest.mark.both_databases(slow=True)
def test_many_workers_remind_of_a_duty_once(tmp_path: Path, database_url: str) -> None:
    ledger = make_ledger(tmp_path / "instance", database_url, **mail_settings("smtp://127.0.0.1:1"))
    ledger.go("2026-10-12")
    remember(ledger, "clerk", "clerk@example.org")
    for number in range(20):
        ledger.add(task=f"任务{number}", due="2026-10-15")
    ledger.clock.pass_by(hours=2)
    workers = [build_services(ledger.services.settings, clock=ledger.clock) for _ in range(6)]
    with ThreadPoolExecutor(len(workers)) as pool:
        list(pool.map(lambda worker: worker.duty_keeping.follow(), workers))
    with ledger.services.database.unit() as session:
        assert len(session.scalars(select(OutboxMail)).all()) == 1
        assert len(session.scalars(select(DutyReminder)).all()) == 20
    for services in (ledger.services, *workers):
        services.database.dispose()


def test_the_feed_of_an_account_has_what_is_due_at_an_address_that_can_be_renewed(ledger: Ledger) -> None:
    feeds = ledger.services.duty_feeds
    ledger.go("2026-10-12")
    ledger.add(task="甲", due="2026-11-19")
    ledger.add(task="远", due="2027-11-19")
    assert feeds.find(ledger.clerk) is None
    text = feeds.renew(ledger.clerk)
    assert (feeds.find(ledger.clerk), [item.task for item in feeds.read(text).items]) == (text, ["甲"])
    assert feeds.read(feeds.renew(ledger.stranger)).items == []
    newer = feeds.renew(ledger.clerk)
    for wrong in (text, newer + "x", newer[:-1], "odf_99_x", "odf_²_x", "odf_"):
        with pytest.raises(NotFoundError):
            feeds.read(wrong)
    ledger.services.persons.close(SYSTEM, "clerk", confirmed=True)
    with pytest.raises(NotFoundError):
        feeds.read(newer)
    with ledger.context.write() as session:
        close_doors(session)  # as after a restore: the address may have been renewed since the backup
    assert feeds.find(ledger.stranger) is None


def direct(rows: list[Obligation], today: date) -> dict[tuple[str, str], Tally]:
    """On time by publisher and month, straight from the definition."""
    found: dict[tuple[str, str], list[Life]] = {}
    for row in rows:
        life = Life(due=row.due, done_on=row.done_on, waived_on=row.waived_on)
        if tally([life], today).due and row.due is not None:
            found.setdefault((row.publisher_id, f"{row.due:%Y-%m}"), []).append(life)
    return {key: tally(lives, today) for key, lives in found.items()}


@pytest.mark.parametrize(
    ("seed", "days"), [(1, 6), *(pytest.param(seed, 40, marks=pytest.mark.slow) for seed in (2, 3))]
)
@pytest.mark.both_databases(slow=True)
def test_numbers_equal_a_direct_recomputation_over_random_lives(ledger: Ledger, seed: int, days: int) -> None:
    """Random people do random things for half a year; months that are over never change."""
    random, steps, duties = Random(seed), ledger.services.duty_steps, ledger.services.duties
    day, closed = date(2026, 3, 1), {}
    reports: dict[str, Any] = {}
    for _ in range(days):
        day += timedelta(days=random.randint(1, 9 if days > 6 else 40))
        ledger.clock.now = datetime(day.year, day.month, day.day, 4, 0, tzinfo=UTC)
        for publisher in ("water-bureau", "road-bureau"):
            due = day + timedelta(days=random.randint(0, 40))
            steps.add(ledger.boss, {"publisher": publisher, "task": f"任务{day}", "due": due.isoformat()})
            steps.add(ledger.boss, {"publisher": publisher, "rule": "n28", "trigger": day.isoformat()})
        for item in duties.list(ledger.boss, DutyFilter(state="open"), limit=100).items:
            action = random.choice(["finish", "waive", "pause", "resume", "extend", "none", "none", "none", "rectify"])
            said = {"reason": "原因", "text": "证据", "number": 3}
            if action == "rectify":
                said["day"] = (day + timedelta(days=9)).isoformat()
            if action != "none":
                try:
                    getattr(steps, action)(ledger.boss, item.id, said)
                except (StateError, InvalidMetadataError):
                    pass
        with ledger.services.database.unit() as session:
            rows = list(session.scalars(select(Obligation)))
        told = {
            (row.publisher.id, row.month): row.tally
            for row in ledger.services.duty_reports.list_on_time("2026-01", "2027-12")
        }
        assert told == direct(rows, day)
        for state in DutyState:
            expected = sum(judge(Life(due=r.due, done_on=r.done_on, waived_on=r.waived_on), day) == state for r in rows)
            assert duties.count(ledger.boss, DutyFilter(state=state)) == expected, state
        for key, found in told.items():
            if key[1] < f"{day:%Y-%m}":
                assert closed.setdefault(key, found) == found
        for quarter in ("2026-Q1", "2026-Q2"):
            period, report = ledger.services.duty_reports.supervise(ledger.boss, quarter)
            if period.end < day:
                assert reports.setdefault(quarter, report) == report
    assert closed
    assert reports


@pytest.mark.slow
def test_automatic_duties_are_made_once_whoever_makes_them(ledger: Ledger) -> None:
    ledger.services.datasets.create(ledger.clerk, {**DATASET, "updateCycle": "quarterly"})
    publish_edition(ledger, "2026-Q2", "")
    ledger.go("2026-10-12")
    with ledger.context.write() as session:
        maker = Maker(ledger.context, session, read_rules(session).values())
        maker.follow_dataset(session.get_one(Dataset, "reservoirs"))
    assert [period for period, _, _ in ledger.show()] == ["2026-Q3", "2026-Q4"]
