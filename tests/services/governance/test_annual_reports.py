"""Annual reports: filled in by a publisher, complete before they are published, summed up in the report on all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from opendata.db.models import Dataset
from opendata.domain.reports.annual import CODES, Part
from opendata.domain.requests.annual import ALL, NEW
from opendata.errors import (
    InputError,
    InvalidMetadataError,
    NotFoundError,
    NotPermittedError,
    NotSignedInError,
    PreconditionError,
    StateError,
)
from opendata.services.core.actors import SYSTEM, Actor
from opendata.wiring import Services, build_services
from tests.instances import DATASET, make_actor, publish

YEAR = 2025
NEEDED = [code for code in CODES if not code.startswith("added")]
TEXTS = {"zh": {part: f"{part}已写" for part in (Part.GENERAL, Part.PROBLEMS, Part.OTHER)}}


@pytest.fixture
def services(services: Services) -> Iterator[Services]:
    """The instance on a day in January 2026; rule n13 makes duties since 2025."""
    built = build_services(services.settings, clock=lambda: datetime(2026, 1, 5, 2, tzinfo=UTC))
    built.publishers.ensure(SYSTEM, {"id": "road-bureau", "title": "公路局"})
    yield built
    built.database.dispose()


def fill(services: Services, actor: Actor, publisher: str, number: int = 1) -> None:
    said = {"texts": TEXTS, "numbers": dict.fromkeys(NEEDED, number)}
    services.annual_reports.save(actor, YEAR, publisher, said)


@pytest.mark.both_databases(slow=True)
def test_a_report_is_prefilled_completed_published_and_summed_up(services: Services, editor: Actor) -> None:
    publish(services, editor)
    reports, clerk = services.annual_reports, make_actor(services, "clerk", role="clerk")
    assert reports.find_year() == YEAR
    view = reports.get(clerk, YEAR, "water-bureau")
    assert (view.revision, view.texts, view.table.cells[NEW, ALL]) == (0, {}, 0)
    # one of another portal isn't the publisher's own
    services.datasets.create(SYSTEM, {**DATASET, "id": "foreign"})
    with services.database.unit(write=True) as session:
        origin = {"portal": "邻市", "page": "", "identifier": "x", "publisher": "", "resources": []}
        session.get_one(Dataset, "foreign").origin = origin  # type: ignore[assignment]
    view = reports.get(clerk, YEAR, "water-bureau")
    assert "无条件开放的数据集共 1 个" in view.suggested["zh"][Part.GENERAL]
    assert "[to be filled in]" in view.suggested["en"][Part.PROBLEMS]
    services.duty_rules.use(SYSTEM, "n13", is_off=False, publishers=["water-bureau"])
    services.duty_keeping.follow()
    said = {
        "texts": {"zh": {"general": "甲【待填写】"}},
        "numbers": {"added/new/person": "2", "disclosed/fees/charged": ""},
    }
    assert reports.save(clerk, YEAR, "water-bureau", said, revision=0).revision == 1
    assert reports.get(clerk, YEAR, "water-bureau").table.cells[NEW, ALL] == 2
    with pytest.raises(NotPermittedError):
        reports.publish(clerk, YEAR, "water-bureau")
    with pytest.raises(InvalidMetadataError, match="complete") as found:
        reports.publish(editor, YEAR, "water-bureau")
    places = {item.pointer for item in found.value.faults}
    assert {"/texts/zh/problems", "/texts/zh/general", "/table/total/person"} < places
    assert sum(place.startswith("/numbers/disputes") for place in places) == 12
    fill(services, clerk, "water-bureau", 3)
    view = reports.publish(editor, YEAR, "water-bureau")
    assert view.published is not None
    assert not view.is_changed
    shown = reports.get_published(YEAR, "water-bureau")
    assert ("4", "review", "total", "12") in shown.report.list_cells()
    fill(services, editor, "water-bureau", 4)
    assert reports.get(editor, YEAR, "water-bureau").is_changed
    assert reports.get_published(YEAR, "water-bureau").report.numbers["disputes/review/other"] == 3
    boss = make_actor(services, "boss", role="maintainer")
    reports.save(boss, YEAR, "road-bureau", {"numbers": {"disclosed/fees/charged": "0.5"}})
    whole = reports.get(boss, YEAR)
    assert (whole.reported, whole.known["disclosed/fees/charged"]) == (2, Decimal("4.5"))
    reports.save(boss, YEAR, "", {"texts": TEXTS, "numbers": {"disclosed/fees/charged": 9}})
    reports.publish(boss, YEAR)
    shown = reports.get_published(YEAR)
    assert [shown.report.numbers[code] for code in ("disclosed/fees/charged", "disputes/review/other")] == [9, 4]
    assert [row.publisher and row.publisher.id for row in reports.list_published()] == [None, "water-bureau"]


def test_the_duty_is_done_once_the_report_is_published(services: Services, editor: Actor) -> None:
    services.duty_rules.use(SYSTEM, "n13", is_off=False, publishers=["water-bureau"])
    services.duty_keeping.follow()
    reports = services.annual_reports
    later = build_services(services.settings, clock=lambda: datetime(2027, 1, 20, 2, tzinfo=UTC))
    later.duty_keeping.follow()
    duty = later.annual_reports.get(editor, 2026, "water-bureau").duty
    assert duty is not None
    assert (duty.due, duty.done_on) == (date(2027, 1, 31), None)
    later.annual_reports.save(editor, 2026, "water-bureau", {"texts": TEXTS, "numbers": dict.fromkeys(NEEDED, 0)})
    later.annual_reports.publish(editor, 2026, "water-bureau")
    (row,) = [row for row in later.annual_reports.list(editor, 2026) if row.publisher]
    assert row.duty is not None
    assert row.duty.done_on == date(2027, 1, 20)
    assert later.duties.get(editor, duty.id).evidence == {"text": "/disclosure/reports/2026/water-bureau"}
    assert reports.list(editor, YEAR)[0].published is None
    later.database.dispose()


def test_what_nobody_may_do_or_nobody_can_keep_is_refused(services: Services, editor: Actor) -> None:
    reports = services.annual_reports
    stranger, auditor = (
        make_actor(services, "lost", publisher="road-bureau"),
        make_actor(services, "eye", role="auditor"),
    )
    for actor, publisher, error in (
        (None, "water-bureau", NotSignedInError),
        (stranger, "water-bureau", NotPermittedError),
        (editor, "", NotPermittedError),
        (auditor, "water-bureau", NotPermittedError),
        (editor, "nobody", NotFoundError),
    ):
        with pytest.raises(error):
            reports.save(actor, YEAR, publisher, {})
    with pytest.raises(InputError, match="isn't a year"):
        reports.get(editor, 1999, "water-bureau")
    with pytest.raises(StateError, match="isn't over"):
        reports.publish(editor, 2026, "water-bureau")
    for said in (
        {"texts": {"fr": {}}},
        {"texts": {"zh": {"ending": "x"}}},
        {"texts": {"zh": {"general": 3}}},
        {"texts": [], "numbers": 3},
        {"numbers": {"added/total/person": 1}},
        {"numbers": {"disputes/review/other": True}},
        {"numbers": {"disputes/review/other": -1}},
        {"numbers": {"disclosed/fees/charged": "很多"}},
        {"texts": {"zh": {"general": "\0"}}},
    ):
        with pytest.raises(InvalidMetadataError):
            reports.save(editor, YEAR, "water-bureau", said)
    reports.save(editor, YEAR, "water-bureau", {})
    with pytest.raises(PreconditionError, match="while you were writing"):
        reports.save(editor, YEAR, "water-bureau", {}, revision=0)
    for publisher in ("water-bureau", ""):
        with pytest.raises(NotFoundError, match="published"):
            reports.get_published(YEAR, publisher)
