"""Disclosures of authorised operation: prefilled, filled in by a workbook, refused with gaps, published, their duty."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from opendata.db.models import Obligation
from opendata.domain.registers.operation import (
    COLUMNS,
    PARTS,
    OperationTables,
    Part,
    Role,
    list_cells,
    list_gaps,
    read_kept,
    read_tables,
)
from opendata.errors import (
    InputError,
    InvalidMetadataError,
    NotFoundError,
    NotPermittedError,
    PreconditionError,
    StateError,
)
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.governance.registers.operation_sheets import write_book, write_cells
from opendata.wiring import Services, build_services
from opendata.wording.governance.operation import CHOICES
from opendata.wording.governance.operation import COLUMNS as NAMES
from opendata.wording.governance.operation import PARTS as PART_NAMES
from opendata.wording.voice import voice_of
from tests.instances import DATASET, make_actor, publish

OPERATION = {"mode": "scenario", "implementingBody": "市数据局", "operator": "某某数据公司"}
OPERATOR = {
    "operator": [{"name": "甲公司", "creditCode": "X", "telephone": "0371-00000000"}],
    "resources": [{"title": "水井", "provider": "水务局", "dataset": "wells"}],
    "products": [{"product": "水井查询", "kind": "service", "description": "查询"}],
}


@pytest.fixture
def services(services: Services, editor: Actor) -> Iterator[Services]:
    """The instance in March 2027, with a dataset under authorised operation."""
    built = build_services(services.settings, clock=lambda: datetime(2027, 3, 2, 2, tzinfo=UTC))
    built.datasets.create(editor, {**DATASET, "id": "wells", "title": "水井", "authorisedOperation": OPERATION})
    publish(built, editor, dataset="wells")
    yield built
    built.database.dispose()


@pytest.mark.slow
def test_a_disclosure_is_prefilled_refused_with_gaps_and_published(services: Services, editor: Actor) -> None:
    reports, clerk = services.operation_reports, make_actor(services, "clerk", role="clerk")
    services.duty_rules.use(SYSTEM, "operation-disclosure", is_off=False, publishers=["water-bureau"])
    assert reports.find_year() == 2026
    view = reports.get(clerk, 2026, "water-bureau")
    assert (view.revision, view.known.roles, view.known.list(Part.RESOURCES)[0]["title"]) == (
        0,
        [Role.IMPLEMENTING],
        "水井",
    )
    assert view.known.list(Part.AUTHORISATIONS)[0]["operator"] == "某某数据公司"
    view = reports.save(clerk, 2026, "water-bureau", {"roles": ["operator"], "rows": {}}, revision=0)
    assert (view.author, view.revision) == ("clerk", 1)
    with pytest.raises(PreconditionError):
        reports.save(clerk, 2026, "water-bureau", {}, revision=0)
    with pytest.raises(NotPermittedError):
        reports.publish(clerk, 2026, "water-bureau")
    with pytest.raises(InvalidMetadataError, match="complete") as refused:
        reports.publish(editor, 2026, "water-bureau")
    assert {item.pointer for item in refused.value.faults} == {f"/rows/{part}" for part in PARTS[Role.OPERATOR]}
    said = {"roles": ["operator"], "rows": OPERATOR, "notes": {"fees": "本年度不收费"}}
    assert reports.save(clerk, 2026, "water-bureau", said).gaps == []
    duty = reports.get(editor, 2026, "water-bureau").duty
    view = reports.publish(editor, 2026, "water-bureau")
    assert view.published is not None
    assert duty is None or view.duty is not None
    assert reports.get_published(2026, "water-bureau").tables.list(Part.PRODUCTS)[0]["kind"] == "service"
    assert "本年度不收费" in "".join(write_cells(reports.list_published()))
    reports.save(editor, 2026, "water-bureau", {**said, "notes": {"fees": "免费"}})
    assert reports.get(editor, 2026, "water-bureau").is_changed
    assert reports.list(editor, 2026)[0].is_changed
    with pytest.raises(NotFoundError):
        reports.get_published(2025, "water-bureau")
    with pytest.raises(InputError):
        reports.read_year(1999)
    with pytest.raises(StateError, match="over"):
        reports.publish(editor, 2027, "water-bureau")


@pytest.mark.slow
def test_publishing_does_the_duty_of_31_march(services: Services, editor: Actor) -> None:
    december = build_services(services.settings, clock=lambda: datetime(2026, 12, 1, 2, tzinfo=UTC))
    december.duty_rules.use(SYSTEM, "operation-disclosure", is_off=False, publishers=["water-bureau"])
    december.database.dispose()
    services.duty_keeping.follow()
    query = select(Obligation).where(Obligation.rule_id == "operation-disclosure").order_by(Obligation.due)
    with services.database.unit() as session:
        row = session.scalars(query).first()
        assert row is not None
        assert (row.period, str(row.due), row.done_on) == ("2026", "2027-03-31", None)
    said = {"roles": ["operator"], "rows": OPERATOR, "notes": {"fees": "不收费"}}
    services.operation_reports.save(editor, 2026, "water-bureau", said)
    services.operation_reports.publish(editor, 2026, "water-bureau")
    with services.database.unit() as session:
        row = session.scalars(query).first()
        assert row is not None
        assert (str(row.done_on), row.evidence is not None) == ("2027-03-02", True)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_workbook_goes_out_and_comes_back_as_it_was(services: Services, editor: Actor, language: str) -> None:
    tables, faults = read_tables({"roles": ["operator"], "rows": OPERATOR})
    assert not faults
    book = write_book(tables, list(Part), voice_of(language))
    trial = services.operation_sheets.run(editor, "water-bureau", book, "a.xlsx")
    assert trial.rows == OPERATOR
    assert not trial.wrong
    lines = "product,kind,description\n甲,东西,查询\n乙,data service,\n"
    wrong = services.operation_sheets.run(editor, "water-bureau", io.BytesIO(lines.encode()), "a.csv")
    assert [item.place for item in wrong.wrong] == ["B2", "C3"]
    with pytest.raises(InvalidMetadataError, match="worksheet"):
        services.operation_sheets.run(editor, "water-bureau", io.BytesIO(b"a,b\n1,2\n"), "a.csv")
    assert zipfile.ZipFile(write_book(tables, tables.parts, voice_of(language))).testzip() is None


TEXTS = st.text(max_size=8)
ROWS = st.dictionaries(st.sampled_from(list(NAMES)), TEXTS, max_size=4)


@given(
    roles=st.lists(st.sampled_from(tuple(Role)), unique=True),
    rows=st.dictionaries(st.sampled_from(tuple(Part)), st.lists(ROWS, max_size=3)),
    notes=st.dictionaries(st.sampled_from(tuple(Part)), TEXTS),
)
def test_what_is_read_is_kept_and_read_again_the_same(
    roles: list[Role], rows: dict[Part, list[dict[str, str]]], notes: dict[Part, str]
) -> None:
    said = {"roles": roles, "rows": {str(part): lines for part, lines in rows.items()}, "notes": dict(notes)}
    tables, faults = read_tables(said)
    again = read_kept(tables.to_json())
    assert again.to_json() == tables.to_json()
    assert all(item.pointer.startswith(("/rows", "/notes")) for item in faults)
    assert bool(list_gaps(tables, ())) or tables.roles
    assert {cell[0] for cell in list_cells(tables)} <= {str(part) for part in tables.parts}


def test_what_is_not_a_report_is_refused_with_its_place() -> None:
    said = {
        "roles": "x",
        "rows": {"fees": 1, "nothing": [], "body": [{"x": "y"}, 5, {"name": 7}]},
        "notes": {"fees": 1},
    }
    _, faults = read_tables(said)
    assert [item.pointer for item in faults] == [
        "/roles",
        "/rows/fees",
        "/rows",
        "/rows/body/0",
        "/rows/body/1",
        "/rows/body/2/name",
        "/notes",
    ]
    days = {"authorisations": [{"begins": "2026-02-01", "ends": "2026-01-01", "mode": "other"}]}
    tables, faults = read_tables({"roles": ["implementing"], "rows": days})
    assert [item.pointer for item in faults] == ["/rows/authorisations/0/mode"]
    assert "/rows/authorisations/0/ends" in {item.pointer for item in list_gaps(tables, ())}
    assert list_gaps(OperationTables(), ())[0].pointer == "/roles"
    unlisted = list_gaps(read_kept({"roles": ["operator"]}), [{"title": "水井", "dataset": "wells"}])
    assert any("水井" in item.text for item in unlisted)


def test_every_word_of_a_report_has_a_name() -> None:
    assert set(PART_NAMES) == set(Part)
    assert {column.name for columns in COLUMNS.values() for column in columns} <= set(NAMES)
    assert {choice for columns in COLUMNS.values() for column in columns for choice in column.choices} == set(CHOICES)
