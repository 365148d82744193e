"""Registrations: begun, filled in, followed, their codes everywhere; what a dataset owes becomes a duty."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from opendata.db.models import Obligation
from opendata.domain.registers.registration import RegistrationState
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
from opendata.services.governance.registers.books import describe_form, write_batch, write_book
from opendata.services.governance.registers.registrations import RegistrationFilter
from opendata.services.governance.registers.values import RegistrationView
from opendata.wiring import Services, build_services
from opendata.wording.voice import voice_of
from tests.instances import CSV, DATASET, make_actor, publish

DIGEST = "ab" * 32
LETTER = {"kind": "commitment", "name": "登记承诺书.pdf", "sha256": DIGEST}
OPERATION = {"mode": "scenario", "implementingBody": "市数据局", "operator": "某某数据公司"}
NOW = datetime(2026, 12, 1, 2, tzinfo=UTC)


@pytest.fixture
def services(services: Services) -> Iterator[Services]:
    """The instance on 1 December 2026."""
    built = build_services(replace(services.settings), clock=lambda: NOW)
    yield built
    built.database.dispose()


def at(services: Services, day: datetime) -> Services:
    """The same instance on another day."""
    return build_services(services.settings, clock=lambda: day)


def walk(services: Services, actor: Actor, found: RegistrationView, *steps: tuple[str, str]) -> RegistrationView:
    for step, day in steps:
        code = "410100-2026-001" if step in ("register", "record") else ""
        found = services.registrations.take(actor, found.id, step, {"day": day, "code": code, "note": "缺承诺书"})
    return found


def duties(services: Services) -> list[tuple[str, str, bool, bool]]:
    services.duty_keeping.follow()
    query = select(Obligation).where(Obligation.rule_id.like("register-%")).order_by(Obligation.id)
    with services.database.unit() as session:
        rows = session.scalars(query)
        return [(row.rule_id, str(row.due), row.done_on is not None, row.waived_on is not None) for row in rows]


@pytest.fixture
def operated(services: Services, editor: Actor) -> Services:
    """With a dataset “wells” under authorised operation, of which a version is published."""
    wells = {**DATASET, "id": "wells", "title": "水井", "authorisedOperation": OPERATION}
    services.datasets.create(editor, wells)
    publish(services, editor, dataset="wells")
    return services


@pytest.mark.slow
@pytest.mark.both_databases(slow=True)
def test_a_registration_goes_from_its_application_to_its_code_and_a_change(operated: Services, editor: Actor) -> None:
    services, registrations = operated, operated.registrations
    assert duties(services) == [("register-apply", "2026-12-29", False, False)]
    found = registrations.begin(editor, "wells", {})
    assert (found.kind, found.version, found.state) == ("initial", "1.0.0", "preparing")
    with pytest.raises(StateError, match="open already"):
        registrations.begin(editor, "wells", {})
    said = {"said": {"office": "省登记中心", "evidenceWay": "SHA-256"}, "documents": [LETTER]}
    found = registrations.change(editor, found.id, said, revision=1)
    assert found.documents[0].name == "登记承诺书.pdf"
    with pytest.raises(PreconditionError):
        registrations.change(editor, found.id, said, revision=1)
    found = walk(services, editor, found, ("submit", "2026-11-02"), ("return", "2026-11-03"))
    assert (found.state, found.returned) == ("returned", "缺承诺书")
    found = walk(services, editor, found, ("submit", "2026-11-04"), ("accept", "2026-11-05"))
    assert str(found.check_due) == "2026-12-03"
    with pytest.raises(StateError, match="with the register office"):
        registrations.change(editor, found.id, said)
    found = walk(services, editor, found, ("notice", "2026-11-09"))
    assert str(found.notice_last) == "2026-11-20"
    assert [row.id for row in services.control.list(editor, "registration-noticed").items] == [str(found.id)]
    before = services.entries.find_state()
    found = walk(services, editor, found, ("register", "2026-11-23"))
    assert services.entries.find_state() != before
    assert str(found.valid_until) == "2029-11-22"
    assert [step.step for step in registrations.list_steps(editor, found.id)][-1] == "register"
    entry = services.entries.get_version("wells", "1.0.0")
    assert (entry.registration, entry.editions[0].registration) == ("410100-2026-001", "410100-2026-001")
    assert [item.version for item in registrations.list_public("wells")] == ["1.0.0"]
    assert duties(services)[0][2:] == (False, True)  # it was applied for before the duty began
    publish(services, editor, CSV + "A009,北湖,9,2026-03-02\n", dataset="wells")
    assert services.control.list(editor, "registration-outdated").items[0].id == str(found.id)
    assert services.control.list(editor, "unregistered").items == []
    assert duties(services)[1] == ("register-change", "2026-12-29", False, False)
    change = registrations.begin(editor, "wells", {"kind": "change"})
    assert (change.version, change.previous, change.said["office"]) == ("1.1.0", "410100-2026-001", "省登记中心")
    change = walk(services, editor, change, ("submit", "2026-12-01"))
    assert duties(services)[1][2:] == (True, False)
    walk(services, editor, change, ("accept", "2026-12-01"), ("register", "2026-12-01"))
    assert registrations.get(editor, found.id).state == RegistrationState.REPLACED
    assert services.entries.get("wells").registration == "410100-2026-001"
    ended = registrations.begin(editor, "wells", {"kind": "cancellation"})
    walk(services, editor, ended, ("submit", "2026-12-01"), ("accept", "2026-12-01"), ("register", "2026-12-01"))
    assert registrations.list_public("wells") == []
    assert [row.id for row in services.control.list(editor, "unregistered").items] == ["wells"]


def test_what_is_not_allowed_is_refused_with_its_reason(services: Services, editor: Actor) -> None:
    registrations, reader = services.registrations, make_actor(services, "somebody", role="reader")
    for who, error in ((None, NotSignedInError), (reader, NotPermittedError)):
        with pytest.raises(error):
            registrations.begin(who, "reservoirs", {})
        with pytest.raises(error):
            registrations.list(who)
    with pytest.raises(InvalidMetadataError, match="kind"):
        registrations.begin(editor, "reservoirs", {"kind": "other"})
    with pytest.raises(InvalidMetadataError, match="no version"):
        registrations.begin(editor, "reservoirs", {"version": "9.9.9"})
    with pytest.raises(StateError, match="isn't registered"):
        registrations.begin(editor, "reservoirs", {"kind": "change"})
    with pytest.raises(NotFoundError):
        registrations.get(editor, 99)
    found = registrations.begin(editor, "reservoirs", {})
    assert found.version == ""
    said: dict[str, Any] = {
        "said": {"agentCode": "1", "unknown": "x", "use": 1},
        "documents": [{"kind": "?", "name": "", "sha256": "x"}],
    }
    with pytest.raises(InvalidMetadataError) as refused:
        registrations.change(editor, found.id, said)
    assert {item.pointer for item in refused.value.faults} == {
        "/said",
        "/said/use",
        "/said/agentCode",
        *(f"/documents/0/{name}" for name in ("kind", "name", "sha256")),
    }
    with pytest.raises(InvalidMetadataError):
        registrations.change(editor, found.id, {"said": 1, "documents": 1})
    for step, values, place in (
        ("fly", {}, "/step"),
        ("submit", {"day": "gestern", "until": "x", "code": "a\nb"}, "/day"),
        ("return", {}, "/note"),
        ("record", {}, "/code"),
    ):
        with pytest.raises(InvalidMetadataError) as refused:
            registrations.take(editor, found.id, step, values)
        assert place in {item.pointer for item in refused.value.faults}
    with pytest.raises(StateError, match="possible"):
        registrations.take(editor, found.id, "notice", {})
    assert registrations.list(editor, RegistrationFilter(dataset="reservoirs")).items[0].id == found.id
    assert registrations.list(editor, RegistrationFilter(state="expired")).items == []
    assert registrations.list(editor, RegistrationFilter(state="registered")).items == []
    assert registrations.list(editor, RegistrationFilter(publisher="x", state="returned")).items == []
    with pytest.raises(InputError):
        registrations.list(editor, cursor="x")


@pytest.mark.slow
def test_an_application_is_filled_in_and_says_what_is_missing(operated: Services, editor: Actor) -> None:
    services, voice = operated, voice_of("en")
    found = services.registrations.begin(editor, "wells", {})
    form = services.registration_forms.build(editor, found.id, voice)
    values = {item.field.name: item.value for item in form.answers}
    assert (values["title"], values["operationMode"], values["rows"]) == ("水井", "By scenario", "2")
    assert values["manifestDigest"].startswith("sha256:")
    assert values["url"].endswith("/datasets/wells/1.0.0/")
    assert "东湖" not in json.dumps(values, ensure_ascii=False)
    assert {"commitment", "publisherCode", "description"} <= {item.field.name for item in form.gaps}
    document = describe_form(form, voice)
    assert not document["complete"]
    first = zipfile.ZipFile(write_book(form, voice)).read("xl/worksheets/sheet1.xml").decode()
    assert "isn&apos;t complete" in first or "isn't complete" in first
    forms = services.registration_forms.build_open(editor, "water-bureau", voice)
    batch = zipfile.ZipFile(write_batch(forms, voice)).read("xl/worksheets/sheet2.xml").decode()
    assert "水井" in batch
    assert services.registration_forms.build_open(editor, "road-bureau", voice) == []


@pytest.mark.slow
def test_a_sheet_of_results_is_tried_and_taken(operated: Services, editor: Actor) -> None:
    services, results = operated, operated.registration_results
    found = walk(services, editor, services.registrations.begin(editor, "wells", {}), ("submit", "2026-11-02"))
    sheet = zipfile.ZipFile(results.write_template(editor, voice_of("zh")))
    assert "wells" in sheet.read("xl/worksheets/sheet1.xml").decode()
    text = (
        "dataset,version,code,day,until\nwells,1.0.0,DJ-7,2026/11/20,\n水库,,DJ-8,2026年11月20日,2028-01-01\n"
        "nothing,,DJ-9,2026-11-20,\nwells,,DJ-10,2026-11-20,\n,,,,\nreservoirs,2.0.0,DJ-11,heute,\n"
    )
    plan = results.run(editor, io.BytesIO(text.encode()), "a.csv", dry=True)
    assert [(row.row, len(row.faults)) for row in plan.rows] == [(2, 0), (3, 0), (4, 1), (5, 1), (7, 1)]
    with pytest.raises(StateError, match="3 rows"):
        results.run(editor, io.BytesIO(text.encode()), "a.csv", dry=False)
    taken = results.run(editor, io.BytesIO(text.encode()), "a.csv", dry=False, only_valid=True)
    assert taken.taken == 2
    assert services.registrations.get(editor, found.id).code == "DJ-7"
    assert services.registrations.list_public("reservoirs") == ()  # the dataset has never been public
    again = results.run(editor, io.BytesIO(text.encode()), "a.csv", dry=True)
    assert [row.is_known for row in again.rows][:2] == [True, True]
    wrong = "dataset,version,code,day\nwells,9.0.0,DJ-7,2026-11-20\n"
    assert results.run(editor, io.BytesIO(wrong.encode()), "a.csv", dry=True).rows[0].faults
    with pytest.raises(InvalidMetadataError, match="heading"):
        results.run(editor, io.BytesIO("甲,乙\n1,2\n".encode()), "a.csv", dry=True)


@pytest.mark.slow
def test_a_registration_is_renewed_in_time_and_expires(operated: Services, editor: Actor) -> None:
    services = operated
    found = services.registrations.begin(editor, "wells", {})
    services.registrations.take(
        editor, found.id, "record", {"day": "2026-11-20", "code": "DJ-1", "until": "2026-12-20"}
    )
    assert ("register-renew", "2026-12-20", False, False) in duties(services)
    assert [row.id for row in services.control.list(editor, "registration-ending").items] == [str(found.id)]
    later = at(services, datetime(2027, 1, 4, 2, tzinfo=UTC))
    assert later.registrations.get(SYSTEM, found.id).state == "expired"
    assert later.registrations.list_public("wells")[0].state == "expired"
    assert ("register-apply", "None", False, False) in duties(later) or duties(later)[-1][0] == "register-apply"
    later.database.dispose()
    renewed = services.registrations.take(editor, found.id, "renew", {"day": "2026-12-01", "until": "2029-12-20"})
    assert str(renewed.valid_until) == "2029-12-20"
