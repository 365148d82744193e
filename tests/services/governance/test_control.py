"""The control room: each number is the length of the list behind it, for whoever asks."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from opendata.db.models import ControlCount, ControlRound, Dataset, Draft, OutboxMail
from opendata.domain.drafts import DraftState
from opendata.domain.mail.letters import LetterKind, LetterState
from opendata.errors import InputError, NotFoundError, NotPermittedError, NotSignedInError
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.governance.control.control import SORTS, GaugeRow
from opendata.services.governance.control.keeping import KeptCounts
from opendata.wiring import Services, build_context
from tests.instances import make_actor, publish
from tests.services.core.test_access import CONDITIONAL, disclose

STATES = {"valid": 2, "submitted": 3, "returned": 4, "invalid": 5, "failed": 1, "approved": 2}
NUMBERS = {"mine": 11, "to-review": 2, "in-review": 3, "returned": 4, "invalid": 5, "failed": 1, "scheduled": 2}


@pytest.fixture
def busy(services: Services, editor: Actor) -> Services:
    """Drafts in all states, a dataset on application whose version fell with that, and a mail that failed."""
    publish(services, editor)
    disclose(services, editor, CONDITIONAL)
    services.publishers.ensure(SYSTEM, {"id": "road-bureau", "title": "道路局"})
    now = datetime(2026, 3, 1, tzinfo=UTC)
    with services.database.unit(write=True) as session:
        for state, number in STATES.items():
            for place in range(number):
                row = Draft(id=f"{state}-{place}", dataset_id="reservoirs", status=DraftState(state), author="editor")
                row.author_id, row.created = editor.id, now
                row.modified = now + timedelta(hours=place // 2)  # two at a time: the id decides their order
                row.dropped, row.privacy, row.key_reports, row.wanted = [], [], {}, ""
                row.contributors = ["editor"] if place == 0 else ["other", "editor2"]
                session.add(row)
        letter = OutboxMail(message_id="<1@example>", kind=LetterKind.TEST, recipient="x", recipient_digest="x")
        letter.language, letter.state, letter.created, letter.due = "zh", LetterState.FAILED, now, now
        session.add(letter)
    return services


@pytest.mark.both_databases(slow=True)
def test_a_number_is_the_length_of_its_list(busy: Services, editor: Actor) -> None:
    boss, stranger = make_actor(busy, "boss", role="maintainer"), make_actor(busy, "lost", publisher="road-bureau")
    for actor in (editor, boss):
        found = {one.code: one for one in busy.control.count_all(actor)}
        expected = NUMBERS if actor is editor else {**NUMBERS, "mine": 0, "to-review": 3}
        assert {code: found[code].count for code in NUMBERS} == expected
        assert found["conditional"].count == found["withdrawn"].count == 1
        assert ("mail-failed" in found) == (actor is boss)
        for code, gauge in found.items():
            for sort in SORTS if gauge.count > 1 else SORTS[:1]:
                rows = _read_all(busy, actor, code, sort)
                assert len({row.id for row in rows}) == len(rows) == gauge.count
                lines = list(csv.reader("".join(busy.control.export(actor, code, sort=sort)).splitlines()))
                assert [line[0] for line in lines[1:]] == [row.id for row in rows]
            assert gauge.oldest == min((row.since for row in rows), default=None)
    assert {one.count for one in busy.control.count_all(stranger)} == {0}
    assert {one.count for one in busy.control.count_all(stranger, "water-bureau")} == {0}
    assert {one.count for one in busy.control.count_all(boss, "road-bureau")} == {0}


@pytest.mark.slow
@pytest.mark.both_databases
def test_what_the_worker_counted_is_what_each_page_counts(busy: Services, editor: Actor) -> None:
    boss, stranger = make_actor(busy, "boss", role="maintainer"), make_actor(busy, "lost", publisher="road-bureau")
    with busy.database.unit(write=True) as session:
        session.get_one(Dataset, "reservoirs").opens = date(2026, 1, 1)
    asked = [(one, name) for one in (editor, boss, stranger) for name in (None, "water-bureau", "road-bureau")]
    counted = [busy.control.count_all(*one) for one in asked]
    goals = [busy.goals.measure_all(*one) for one in asked]
    assert {one.counted for found in counted for one in found} == {None}
    context = build_context(busy.settings)
    keeping = KeptCounts(context, 1)
    assert (busy.kept_counts.run_due(), keeping.run_due(), keeping.run_due()) == (0, 1, 0)
    begun = context.clock()
    for one, before, reached in zip(asked, counted, goals, strict=True):
        now = busy.control.count_all(*one)
        assert [replace(gauge, counted=None) for gauge in now] == before
        kept = {gauge.code: gauge.counted for gauge in now if gauge.counted}
        assert {"closed", "no-contact", "bytes-versions", "unregistered", "duties-late"} <= kept.keys()
        assert not kept.keys() & {"mine", "to-review", "stopped", "requests-open"}
        assert all(moment <= begun for moment in kept.values())
        assert busy.goals.measure_all(*one) == reached
    busy.datasets.create(SYSTEM, {"id": "later", "title": "后来", "publisher": "water-bureau"})
    assert _count(busy, boss, "never-published") == 0
    with busy.database.unit(write=True) as session:
        session.get_one(ControlRound, 1).counted = begun - timedelta(minutes=2)
    assert (keeping.run_due(), _count(busy, boss, "never-published")) == (1, 1)
    with busy.database.unit(write=True) as session:
        session.get_one(ControlRound, 1).counted = begun - timedelta(hours=7)
    assert {one.counted for one in busy.control.count_all(boss)} == {None}  # no worker counts: the page does
    assert busy.kept_counts.run_due() == 0  # the catalogue is small
    with busy.database.unit() as session:
        assert session.get(ControlRound, 1) is None
        assert session.query(ControlCount).count() == 0
    context.database.dispose()


def _count(services: Services, actor: Actor, code: str) -> int:
    return {one.code: one.count for one in services.control.count_all(actor)}[code]


def test_what_isnt_ones_own_or_isnt_there_is_refused(busy: Services, editor: Actor) -> None:
    reader = make_actor(busy, "reader", role="reader", publisher=None)
    for actor, error in ((None, NotSignedInError), (reader, NotPermittedError)):
        with pytest.raises(error):
            busy.control.count_all(actor)
    for code in ("nothing", "mail-failed"):
        with pytest.raises(NotFoundError, match="no list"):
            busy.control.list(editor, code)
    for cursor in ("x", "WzFd"):
        with pytest.raises(InputError, match="cursor"):
            busy.control.list(editor, "mine", cursor=cursor)
    with pytest.raises(InputError, match="sort"):
        busy.control.list(editor, "mine", sort="Ö")


def _read_all(services: Services, actor: Actor, code: str, sort: str) -> list[GaugeRow]:
    rows: list[GaugeRow] = []
    cursor = None
    while True:
        page = services.control.list(actor, code, sort=sort, limit=2, cursor=cursor)
        rows += page.items
        cursor = page.next
        if cursor is None:
            return rows
