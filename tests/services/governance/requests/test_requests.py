"""Requests: asked, followed, handled, shown, counted, forgotten; over random lives all numbers equal direct counts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from opendata.db.models import Event, Failures, Request, RequestEvent, User
from opendata.domain.access.scopes import Scope, Verb
from opendata.domain.requests.annual import count_year
from opendata.domain.requests.kinds import Applicant, RequestKind
from opendata.domain.requests.outcomes import OUTCOMES, OUTCOMES_OF, AnnualRow
from opendata.domain.requests.steps import OPEN_STATES, RequestState, RequestStep
from opendata.errors import (
    InvalidMetadataError,
    NotFoundError,
    NotPermittedError,
    StateError,
    SuspendedError,
    TooManyAttemptsError,
)
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.governance.requests.asking import FormProof
from opendata.services.governance.requests.board import BoardFilter
from opendata.services.governance.requests.following import Follower
from opendata.services.governance.requests.handling import InboxFilter
from opendata.wiring import Services, build_services
from tests.instances import CSV, make_actor, publish
from tests.mail_office import make_office
from tests.mailbox import Mailbox

R = RequestStep
CLOSED = {"attribute": "closed", "reason": "涉及国家秘密", "legalBasis": "保守国家秘密法"}
CONDITIONAL = {"attribute": "conditional", "reason": "涉及第三方权益", "legalBasis": "政府信息公开条例第十五条"}
PERSON = {"name": "某甲某乙", "identity": "护照X0000001", "telephone": "010-00000000", "mail": "asker@example.org"}


@dataclass
class Desk:
    """An instance whose clock the test sets, with an editor and a dataset that has a version."""

    services: Services
    editor: Actor
    now: datetime = datetime(2026, 3, 2, 2, tzinfo=UTC)
    address: int = 0

    def ask(self, kind: str = "open", **said: object):
        """A request from an address of its own."""
        self.address += 1
        values = {"kind": kind, "publisher": "water-bureau", "subject": "水库水位", "text": "请开放这份数据", **said}
        source = f"198.51.{self.address // 200}.{self.address % 200}"
        return self.services.requests.asking.ask(None, values, address=source, language="zh")

    def take(self, number: str, step: str, **said: str):
        """A step of the editor."""
        return self.services.requests.handling.take(self.editor, number, RequestStep(step), said)

    def wait(self, days: int) -> None:
        """Let days pass."""
        self.now += timedelta(days=days)

    def read(self, number: str, *, code: str):
        """A request as its asker sees it."""
        return self.services.requests.following.get(self.services.requests.following.open(number, code, "192.0.2.1"))


@pytest.fixture
def make_desk(services: Services) -> Callable[[], Desk]:
    def make() -> Desk:
        desk = Desk(services, SYSTEM)
        desk.services = build_services(
            replace(
                services.settings, base_url="http://data.example.org", mail_url="smtp://localhost:1", mail_from="a@b.cn"
            ),
            clock=lambda: desk.now,
        )
        desk.editor = make_actor(desk.services, "editor")
        desk.services.datasets.create(
            desk.editor, {"id": "reservoirs", "title": "水库", "licenses": [{"name": "CC-BY-4.0"}]}
        )
        return desk

    return make


@pytest.fixture
def desk(make_desk: Callable[[], Desk]) -> Desk:
    return make_desk()


@pytest.mark.both_databases(slow=True)
def test_a_request_is_followed_to_its_reply_and_then_its_asker_is_forgotten(desk: Desk):
    asked = desk.ask("application", public=True, applicant="research", **PERSON)
    number, code = asked.request.number, asked.code
    assert asked.sends_mail
    assert asked.request.clock.due is not None
    with pytest.raises(NotFoundError):
        desk.services.requests.board.get(number)
    with pytest.raises(InvalidMetadataError):  # personal data in the public text
        desk.take(number, "register", summary="联系 13812345678")
    desk.take(number, "register", summary="申请公开水库水位")
    desk.take(number, "note", text="同事间的说明")
    desk.take(number, "clarify", text="哪一年的？", until="2026-03-20")
    assert desk.read(number, code=code).clock.is_paused
    follower = desk.services.requests.following.open(number, code.lower().replace("-", " "), "192.0.2.1")
    desk.wait(7)
    desk.services.requests.following.take(follower, R.ANSWER, {"text": "二〇二五年的"})
    due = desk.read(number, code=code).clock.due
    assert due is not None
    assert due.isoformat() == "2026-04-07"
    desk.take(number, "extend", text="需要征求意见")
    done = desk.take(number, "reply", outcome="process", text="属于过程性信息，不予公开")
    assert done.basis == "政府信息公开条例（国务院令第711号）第十六条第二款"
    assert done.is_on_time
    assert done.days == 7

    shown = desk.services.requests.board.get(number)
    public = repr(shown)
    assert shown.reply
    assert [item.step for item in shown.history] == [R.RECEIVE, R.REGISTER, R.EXTEND, R.REPLY]
    assert not any(text in public for text in (*PERSON.values(), "同事间", "哪一年", "二〇二五年的", "请开放这份数据"))
    mine = desk.read(number, code=code)
    assert mine.asker is not None
    assert mine.asker.name == PERSON["name"]
    assert "二〇二五年的" in [line.text for line in mine.history]
    assert "同事间的说明" not in repr(mine)

    with desk.services.database.unit() as session:
        kept = [
            json.dumps([event.details, event.actor, event.address, event.subject])
            for event in session.scalars(select(Event))
        ]
        row = session.scalars(select(Request)).one()
        kept += [str({column.name: getattr(row, column.name) for column in Request.__table__.columns})]
        kept += [str((line.text, line.details, line.sealed)) for line in session.scalars(select(RequestEvent))]
    assert not any(text in line for line in kept for text in (*PERSON.values(), "二〇二五年的", code))
    desk.wait(181)
    desk.services.requests.keeping.tidy()
    with desk.services.database.unit() as session:
        row = session.scalars(select(Request)).one()
        assert (row.sealed, row.contact, row.user_id) == (None, "", None)
    forgotten = desk.read(number, code=code)
    assert forgotten.asker is None
    assert forgotten.erased
    assert forgotten.reply
    assert forgotten.summary
    assert desk.services.requests.figures.count_annual(2026).cells["process", "research"] == 1


def test_what_a_request_must_say_is_named_field_by_field(desk: Desk):
    for kind, said, fields in (
        ("open", {"subject": "", "text": ""}, {"/subject", "/text"}),
        ("open", {"publisher": "none"}, {"/publisher"}),
        ("application", {}, {"/name", "/identity", "/telephone"}),
        ("application", {**PERSON, "applicant": "cat", "wanted": "tape"}, {"/applicant", "/wanted"}),
        ("access", {**PERSON}, {"/purpose", "/period", "/dataset"}),
        ("correction", {}, {"/dataset"}),
        ("question", {"subject": "我的手机 13812345678"}, {"/subject"}),
        ("question", {"mail": "nobody"}, {"/mail"}),
        ("wish", {}, {"/kind"}),
    ):
        with pytest.raises(InvalidMetadataError) as caught:
            desk.ask(kind, **said)
        assert {item.pointer for item in caught.value.faults} == fields, kind


def test_only_those_who_work_for_the_publisher_handle_a_request(desk: Desk):
    desk.services.publishers.ensure(SYSTEM, {"id": "road-bureau", "title": "道路局"})
    other = make_actor(desk.services, "other", publisher="road-bureau")
    boss = make_actor(desk.services, "boss", role="maintainer")
    number = desk.ask().request.number
    handling = desk.services.requests.handling
    for step in (R.REGISTER, R.REPLY):
        with pytest.raises(NotPermittedError):
            handling.take(other, number, step, {})
    with pytest.raises(NotPermittedError):
        handling.get(other, number)
    reviewer = make_actor(desk.services, "reviewer", role="reviewer")
    for who in (other, replace(reviewer, is_reading=True)):  # who only reviews reads nothing that people wrote
        assert not handling.list(who, InboxFilter()).items
        assert not handling.count(who)
    with pytest.raises(InvalidMetadataError):
        desk.take(number, "assign", person="reviewer")
    limited = Scope(verbs=frozenset({Verb.READ}), publisher="water-bureau", dataset="reservoirs")
    for who in (desk.editor, boss):  # a token for one dataset is for no requests
        assert handling.list(who, InboxFilter()).items
        assert handling.list(replace(who, scope=replace(limited, dataset=None)), InboxFilter()).items
        assert not handling.list(replace(who, scope=limited), InboxFilter()).items
    for step in (R.ANSWER, R.WITHDRAW, R.RECEIVE):
        with pytest.raises(NotFoundError):
            handling.take(desk.editor, number, step, {"text": "x"})
    with pytest.raises(StateError):
        desk.take(number, "opinion", text="同意")
    moved = desk.take(number, "pass-on", publisher="road-bureau", text="由道路局负责")
    assert moved.state == RequestState.RECEIVED
    assert handling.get(other, number).publisher.id == "road-bureau"
    with pytest.raises(NotPermittedError):
        desk.take(number, "register")
    assert [(item.publisher.id, item.waiting) for item in handling.count(boss)] == [("road-bureau", 1)]


@pytest.mark.slow
def test_silence_of_the_asker_ends_an_application_only_after_the_day_that_was_set(desk: Desk):
    number = desk.ask("application", **PERSON).request.number
    desk.take(number, "register")
    desk.take(number, "clarify", text="哪一年的？", until="2026-03-06")
    said = {"outcome": "no-clarification", "text": "逾期不补正"}
    with pytest.raises(StateError):
        desk.take(number, "reply", **said)
    desk.wait(5)
    assert desk.take(number, "reply", **said).outcome == "no-clarification"
    late = desk.ask("application", **{**PERSON, "mail": ""}).request.number
    desk.take(late, "register")
    desk.wait(14)
    with pytest.raises(StateError):
        desk.take(late, "clarify", text="哪一年的？", until="2026-05-06")
    with pytest.raises(StateError):  # nobody was asked to clarify
        desk.take(late, "reply", **said)


@pytest.mark.slow
def test_nobody_guesses_a_code_and_nobody_floods_a_publisher(desk: Desk):
    asked = desk.ask("question", telephone="010-00000001")
    following = desk.services.requests.following
    for _ in range(5):
        with pytest.raises(NotFoundError):
            following.open(asked.request.number, "AAAA-AAAA-AAAA-AAAA", "192.0.2.9")
    with pytest.raises(TooManyAttemptsError):
        following.open(asked.request.number, asked.code, "203.0.113.5")
    with pytest.raises(NotFoundError):
        following.get(Follower(asked.request.number, "x"))
    for _ in range(4):
        desk.ask("question", telephone="010-00000001")
    with pytest.raises(StateError):
        desk.ask("question", telephone="010-00000001")
    opened = desk.services.requests.asking.open_form()
    for proof, wait in (("forged", 0), (opened, 0), (opened, 2 * 86400)):
        desk.now += timedelta(seconds=wait)
        with pytest.raises(InvalidMetadataError):
            desk.services.requests.asking.ask(
                None,
                {"kind": "question", "publisher": "water-bureau", "subject": "问", "text": "问"},
                address="192.0.2.8",
                language="zh",
                proof=FormProof(opened=proof, trap=""),
            )


@pytest.mark.slow
def test_a_correction_ends_with_the_version_that_mends_it_and_an_objection_stops_one(desk: Desk):
    publish(desk.services, desk.editor, CSV)
    with pytest.raises(InvalidMetadataError) as caught:
        desk.ask("correction", dataset="reservoirs", column="none", version="1.0.0")
    assert [item.pointer for item in caught.value.faults] == ["/column"]
    with pytest.raises(InvalidMetadataError):
        desk.ask("open", dataset="reservoirs")
    wrong = desk.ask("correction", dataset="reservoirs", row="A001", column="level", proposed="13", public=True)
    number = wrong.request.number
    assert wrong.request.place == {"version": "1.0.0", "resource": "levels", "row": "A001", "column": "level"}
    desk.take(number, "register", summary="东湖水位有误")
    with pytest.raises(InvalidMetadataError):
        desk.take(number, "reply", outcome="corrected", text="已更正", version="1.0.0")
    desk.take(number, "reply", outcome="will-correct", text="下一版更正")
    publish(desk.services, desk.editor, CSV.replace("12.50", "13.00"))
    mended = desk.services.datasets.get("reservoirs").latest
    assert mended is not None
    assert desk.take(number, "mend", version=mended).mended == mended
    board, uuid = desk.services.requests.board, desk.services.datasets.get("reservoirs").uuid
    assert (board.list_mending(uuid, "1.0.0"), board.list_mending(uuid, mended)) == ([mended], [])
    shown = board.get(number)
    assert (shown.mended, shown.place) == (mended, {"version": "1.0.0", "resource": "levels", "column": "level"})

    objection = desk.ask("objection", dataset="reservoirs", version=mended, text="侵犯隐私", public=True).request
    assert objection.clock.days == 3
    assert not objection.is_public
    desk.take(objection.number, "register", summary="异议")
    stopped = desk.take(objection.number, "stop", text="先行停止")
    assert stopped.history[-1].details == {"dataset": "reservoirs", "version": mended}
    with pytest.raises(SuspendedError):
        desk.services.versions.get("reservoirs", mended)
    with pytest.raises(NotFoundError):
        desk.services.requests.board.get(objection.number)


def test_a_year_is_that_of_the_portal_and_a_changed_calendar_moves_what_is_due(desk: Desk):
    desk.now = datetime(2025, 12, 31, 16, 30, tzinfo=UTC)  # in Shanghai it is 2026 by now
    numbers = [desk.ask("open").request.number for _ in range(3)]
    boss = make_actor(desk.services, "boss", role="maintainer")
    desk.services.self_checks.begin(boss, 2026)
    assert [item.asked for item in desk.services.self_checks.list_items(boss, 2026).items] == [3]
    assert [line.received for line in desk.services.requests.figures.count(2026).kinds] == [3]

    def read_due() -> list[str]:
        with desk.services.database.unit() as session:
            return [str(day) for day in session.scalars(select(Request.due).where(Request.number.in_(numbers)))]

    assert read_due() == ["2026-01-29"] * 3  # 1, 2, 3 January are off, 4 January isn't
    off = "2026-01-01 2026-01-02 2026-01-29 2026-05-01 2026-10-01"
    desk.services.calendars.save(boss, 2026, off, "2026-01-04")
    desk.services.requests.keeping.tidy()
    assert read_due() == ["2026-01-30"] * 3


@pytest.mark.slow
def test_an_approved_application_for_data_ends_in_a_grant_that_only_the_asker_can_accept(desk: Desk):
    desk.services.datasets.create(
        desk.editor,
        {"id": "guarded", "title": "受限", "licenses": [{"name": "CC-BY-4.0"}], "disclosure": CONDITIONAL},
    )
    publish(desk.services, desk.editor, CSV, dataset="guarded")
    asked = desk.ask("access", dataset="guarded", purpose="研究", period="一年", **PERSON)
    number = asked.request.number
    desk.take(number, "register")
    with pytest.raises(InvalidMetadataError):
        desk.take(number, "reply", outcome="granted", text="同意")
    desk.take(number, "reply", outcome="granted", text="同意", until="2027-02-28")
    links = [line.link for line in desk.read(number, code=asked.code).history if line.link]
    assert len(links) == 1
    assert links[0].startswith("http://data.example.org/invitations/odi_")
    grant = desk.services.grants.accept(links[0].rpartition("/")[2], "newcomer", "a long password")
    assert (grant.holder, grant.purpose) == (PERSON["name"], "研究")


KINDS = st.sampled_from(RequestKind)
CHOICES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), max_size=7)


@pytest.mark.slow
@pytest.mark.both_databases(slow=True)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from([RequestKind.OPEN, RequestKind.APPLICATION, RequestKind.QUESTION]),
            st.sampled_from(Applicant),
            CHOICES,
        ),
        max_size=6,
    )
)
def test_over_random_lives_a_request_has_one_state_its_due_date_never_moves_back_and_numbers_equal_counts(
    one: Desk, lives: list
):
    desk = one
    desk.now = datetime(2025, 11, 3, 2, tzinfo=UTC)
    with desk.services.database.unit(write=True) as session:
        for model in (RequestEvent, Request, Failures):
            session.execute(delete(model))
    for kind, applicant, choices in lives:
        extra = PERSON if kind is RequestKind.APPLICATION else {}
        said = {**extra, "mail": f"a{desk.address}@example.org", "applicant": applicant.value}
        asked = desk.ask(kind.value, public=True, **said)
        number, last = asked.request.number, asked.request.clock.due
        for choice, gap in choices:
            desk.wait(gap)
            view = desk.services.requests.handling.get(desk.editor, number)
            possible = [step for step in view.steps if step not in (R.PASS_ON, R.ASSIGN)]
            if not possible:
                break
            step = possible[choice % len(possible)]
            outcomes = OUTCOMES_OF[kind]
            texts = {
                "text": "说明",
                "summary": "摘要",
                "until": (desk.now + timedelta(days=10)).date().isoformat(),
                "outcome": outcomes[choice % len(outcomes)].value,
            }
            try:
                if step in (R.ANSWER, R.ADD, R.WITHDRAW):
                    follower = desk.services.requests.following.open(number, asked.code, "192.0.2.1")
                    desk.services.requests.following.take(follower, step, texts)
                else:
                    desk.take(number, step.value, **texts)
            except StateError:
                continue
            after = desk.services.requests.handling.get(desk.editor, number)
            assert after.state in RequestState
            assert (after.ended is not None) == (after.state not in OPEN_STATES)
            if after.clock.due is not None and last is not None and after.is_open:
                assert after.clock.due >= last
            last = after.clock.due or last
    _compare(desk)


@pytest.fixture
def one(make_desk: Callable[[], Desk]) -> Desk:
    return make_desk()


def _compare(desk: Desk) -> None:
    requests = desk.services.requests
    views = []
    for ended in (False, True):
        page = requests.handling.list(desk.editor, InboxFilter(ended=ended), limit=3)
        views += page.items
        while page.next:
            page = requests.handling.list(desk.editor, InboxFilter(ended=ended), limit=3, cursor=page.next)
            views += page.items
    assert len({item.number for item in views}) == len(views)
    genuine = [item for item in views if item.state != RequestState.SPAM]
    total = {year: requests.figures.count(year) for year in (2025, 2026)}
    for year, found in total.items():
        own = [item for item in genuine if item.created.year == year]
        replied = [item for item in own if item.outcome]
        assert found.total.received == len(own)
        assert found.total.replied == len(replied)
        assert found.total.waiting == sum(item.is_open for item in own)
        assert found.total.on_time == sum(item.is_on_time is True for item in replied)
        assert found.total.late == sum(item.is_on_time is False or item.is_overdue for item in own)
        assert found.total.median_days == (median(item.days for item in replied) if replied else None)
        assert sum(line.received for line in found.kinds) == len(own)
        assert found.spam == sum(item.state == RequestState.SPAM and item.created.year == year for item in views)
        table = requests.figures.count_annual(year)
        assert not table.list_faults()
        applications = [item for item in genuine if item.kind == RequestKind.APPLICATION]
        for row in AnnualRow:
            direct = sum(
                item.ended is not None
                and item.ended.year == year
                and (OUTCOMES[item.outcome].row if item.outcome else AnnualRow.OTHER) == row
                for item in applications
            )
            assert table.cells[row, "total"] == direct
    board = requests.board.list(BoardFilter(), limit=100).items
    assert {item.number for item in board} == {
        item.number
        for item in genuine
        if item.summary
        and item.state != RequestState.RECEIVED
        and any(line.step == R.REGISTER for line in item.history)
    }
    assert count_year(2026, []).row("new") == [0] * 7


def test_the_asker_gets_mail_once_their_address_is_confirmed_and_editors_hear_of_what_is_due(
    tmp_path: Path, mailbox: Mailbox
):
    office = make_office(tmp_path / "instance", mailbox.url())
    services = office.services
    clerk = make_actor(services, "clerk")
    with services.database.unit(write=True) as session:
        session.execute(update(User).where(User.name == "clerk").values(mail_address="clerk@example.org"))
    said = {
        "kind": "question",
        "publisher": "water-bureau",
        "subject": "单位",
        "text": "单位是什么？",
        "mail": PERSON["mail"],
    }
    asked = services.requests.asking.ask(None, said, address="192.0.2.1", language="zh")
    number = asked.request.number
    services.requests.handling.take(clerk, number, R.REGISTER, {})
    services.sending.send_due()
    assert sorted(mailbox.recipients) == [PERSON["mail"], "clerk@example.org"]
    text = next(text for text in mailbox.texts() if "/requests/confirm/" in text)
    assert number in text
    assert asked.code not in "".join(mailbox.texts())
    link = re.search(r"/requests/confirm/(\S+)", text)
    assert link is not None
    assert services.requests.following.find_confirmation(link[1]) == number
    follower = services.requests.following.confirm(link[1])
    assert services.requests.following.get(follower).is_mail_confirmed
    with pytest.raises(NotFoundError):
        services.requests.following.confirm(link[1])
    mailbox.clear()
    services.requests.handling.take(clerk, number, R.REPLY, {"outcome": "answered", "text": "米。"})
    services.sending.send_due()
    assert mailbox.recipients == [PERSON["mail"]]
    assert "/requests/follow" in mailbox.texts()[0]
    assert "米" not in mailbox.texts()[0]
    services.database.dispose()
