"""The inventory over the rows of the catalogue: what is seen by whom, numbers that never repeat, days that move."""

from __future__ import annotations

import io
import shutil
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from opendata.db.models import Dataset, IndexNumber, Publisher
from opendata.domain.inventory.plan import Outcome
from opendata.domain.inventory.states import ItemState
from opendata.errors import InvalidMetadataError, NotFoundError, StateError
from opendata.services.catalogue.registering.columns import follow_metadata
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.drafts.submission import Submission
from opendata.services.governance.inventory.import_values import RowKind
from opendata.services.governance.inventory.items import ItemFilter
from opendata.settings import Settings
from opendata.wiring import Services, build_context, build_services
from tests.instances import DATASET, make_actor, make_services, make_tables, publish

CODE = "11370104597024629Y"
GROUNDS = {"attribute": "closed", "reason": "涉及商业秘密", "legalBasis": "《条例》第十五条"}


def give_code(services: Services, code: str = CODE) -> None:
    """The unified social credit code of the one publisher."""
    with services.database.unit(write=True) as session:
        session.get_one(Publisher, "water-bureau").code = code


def register(services: Services, actor: Actor, identifier: str, **more: object) -> None:
    services.inventory.create(actor, {"id": identifier, "title": identifier, "publisher": "water-bureau", **more})


def publish_entry(services: Services, actor: Actor, dataset: str) -> None:
    """Publish the entry of a dataset alone, as a draft without tables does."""
    draft, _ = services.drafts.create(actor, dataset, [])
    services.work.run_to_end(draft.id)
    services.drafts.submit(actor, draft.id, Submission())
    services.work.run_to_end(draft.id)


def list_ids(services: Services, actor: Actor | None, **wanted: str) -> list[str]:
    return [item.id for item in services.inventory.list_page(actor, ItemFilter.from_texts(wanted)).items]


@pytest.mark.both_databases(slow=True)
def test_what_is_registered_is_its_publishers_alone_until_a_draft_makes_its_entry_public(
    services: Services, editor: Actor
) -> None:
    give_code(services)
    register(services, editor, "wells", title="水井")
    register(services, editor, "permits", disclosure=GROUNDS)
    register(services, editor, "levels")
    publish(services, editor)  # the dataset “reservoirs”, open
    publish_entry(services, editor, "permits")
    assert list_ids(services, editor) == ["levels", "permits", "reservoirs", "wells"]
    assert list_ids(services, None) == ["permits", "reservoirs"]
    assert list_ids(services, editor, state="held") == ["levels", "wells"]
    assert list_ids(services, editor, state="closed") == list_ids(services, None, disclosure="closed") == ["permits"]
    assert list_ids(services, editor, q="水") == ["reservoirs", "wells"]
    assert list_ids(services, None, q="水") == ["reservoirs"]
    counts = services.inventory.count(None)
    assert [(item.publisher.id, dict(item.by_attribute)) for item in counts] == [
        ("water-bureau", {"open": 1, "closed": 1})
    ]
    assert services.inventory.count_states(editor)[ItemState.HELD] == 2
    with pytest.raises(NotFoundError):
        services.inventory.get(None, "wells")
    for role in ("auditor", "reviewer"):  # they read what they can't change
        insider = make_actor(services, role, role=role)
        assert services.inventory.get(insider, "wells").title == "水井"
        assert services.plans.get(insider, "wells") is None  # nothing is planned, and nobody refuses to say so
    reservoirs = services.inventory.get(None, "reservoirs")
    assert [item["name"] for item in reservoirs.items] == ["code", "name", "level", "measured"]
    assert reservoirs.state == ItemState.OPEN
    assert reservoirs.opened == build_context(services.settings).today()


@pytest.mark.both_databases(slow=True)
def test_a_serial_number_is_given_once_even_after_its_item_was_deleted(services: Services, editor: Actor) -> None:
    register(services, editor, "early")  # before its publisher had a code
    give_code(services)
    year = build_context(services.settings).today().year
    for name in ("wells", "levels"):
        register(services, editor, name)
    services.deletion.delete(editor, "levels")
    register(services, editor, "levels")
    assert services.inventory.number(editor, "water-bureau") == 2  # the dataset “reservoirs” too
    assert services.inventory.number(editor, "water-bureau") == 0
    numbers = {name: services.inventory.get(editor, name).index_number for name in ("wells", "levels", "early")}
    assert numbers == {
        "wells": f"{CODE}/{year}-00001",
        "levels": f"{CODE}/{year}-00003",
        "early": f"{CODE}/{year}-00004",
    }
    kept = services.inventory.replace(editor, "wells", {"title": "水井", "indexNumber": ""})
    assert (kept.index_number, kept.title) == (numbers["wells"], "水井")
    services.datasets.update(editor, "wells", {"indexNumber": None})
    assert services.inventory.get(editor, "wells").index_number == numbers["wells"]


@pytest.mark.slow
@pytest.mark.both_databases
def test_those_who_register_at_once_get_different_numbers(services: Services, editor: Actor) -> None:
    give_code(services)
    failures: list[Exception] = []

    def register_some(who: int) -> None:
        try:
            for number in range(8):
                register(services, editor, f"item-{who}-{number}")
        except Exception as error:  # noqa: BLE001 - shown below
            failures.append(error)

    threads = [threading.Thread(target=register_some, args=(who,)) for who in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with services.database.unit() as session:
        serials = sorted(session.scalars(select(IndexNumber.serial)))
    assert (failures, serials) == ([], list(range(1, 49)))


def test_a_day_of_the_plan_moves_with_a_reason_and_its_history_stays(tmp_path: Path) -> None:
    now = datetime(2026, 3, 1, 4, tzinfo=UTC)
    moving = {"now": now}
    services = build_services(make_services(tmp_path).settings, clock=lambda: moving["now"])
    actor = make_actor(services, "editor")
    june, july = date(2026, 6, 30), date(2026, 7, 31)
    services.datasets.create(actor, DATASET)
    register(services, actor, "wells")
    register(services, actor, "permits", disclosure=GROUNDS)
    for name, opens, pointer in (
        ("reservoirs", date(2026, 2, 28), "/opens"),
        ("permits", june, "/opens"),
    ):
        with pytest.raises(InvalidMetadataError) as caught:
            services.plans.set_day(actor, name, opens)
        assert [item.pointer for item in caught.value.faults] == [pointer]
    for name in ("reservoirs", "wells"):
        assert services.plans.set_day(actor, name, june).outcome == Outcome.PLANNED
    assert services.inventory.get(actor, "wells").state == ItemState.PLANNED
    assert services.plans.list_page().items == []  # nothing of them is public
    moving["now"] += timedelta(days=150)
    for reason in ("", "请找张伟，身份证号 11010519491231002X"):
        with pytest.raises(InvalidMetadataError):
            services.plans.set_day(actor, "reservoirs", date(2026, 8, 31), reason)
    moved = services.plans.set_day(actor, "reservoirs", date(2026, 8, 31), "数据还在核对")
    assert (moved.missed, moved.outcome) == (1, Outcome.PLANNED)
    publish(services, actor)
    publish_entry(services, actor, "wells")
    found = {item.id: item for item in services.plans.list_page().items}
    assert found["wells"].outcome == Outcome.LATE
    assert found["reservoirs"].outcome == Outcome.KEPT_LATE  # in time for the new day; the first had passed
    assert [(day.opens, day.reason) for day in found["reservoirs"].days] == [
        (date(2026, 8, 31), "数据还在核对"),
        (june, ""),
    ]
    for outcome in Outcome:
        names = [name for name, item in found.items() if item.outcome == outcome]
        assert [item.id for item in services.plans.list_page(outcome=outcome.value).items] == names
        assert services.plans.count()[outcome] == len(names)
    first = services.plans.list_page(limit=1)
    rest = services.plans.list_page(limit=1, cursor=first.next)
    assert [item.id for item in (*first.items, *rest.items)] == ["wells", "reservoirs"]
    assert rest.next is None
    with pytest.raises(StateError):
        services.plans.set_day(actor, "reservoirs", july, "又改")


def test_what_a_process_of_the_release_before_wrote_is_listed_right(services: Services, editor: Actor) -> None:
    register(services, editor, "wells", title="水井")
    with services.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE datasets SET title = NULL, attribute = NULL")
    assert list_ids(services, editor, q="水井") == []
    assert follow_metadata(build_context(services.settings)) == 2  # the dataset “reservoirs” too
    assert list_ids(services, editor, q="水井", disclosure="open") == ["wells"]


def test_what_the_store_alone_brings_back_has_its_opening_and_never_its_number_again(
    services: Services, tmp_path: Path
) -> None:
    give_code(services)
    editor = make_actor(services, "editor")
    services.datasets.create(editor, DATASET)
    publish(services, editor)
    before = services.inventory.get(None, "reservoirs")
    other = tmp_path / "other"
    for name in ("keys", "store"):
        shutil.copytree(services.settings.home / name, other / name)
    rebuilt = build_services(Settings(home=other, review="none"))
    make_tables(rebuilt)
    rebuilt.rebuilding.run()
    after = rebuilt.inventory.get(None, "reservoirs")
    assert (after.opened, after.index_number) == (before.opened, before.index_number)
    assert before.index_number.endswith("-00001")
    give_code(rebuilt)
    register(rebuilt, SYSTEM, "wells")
    assert rebuilt.inventory.get(SYSTEM, "wells").index_number.endswith("-00002")
    rebuilt.database.dispose()


@pytest.mark.slow
def test_a_table_that_changes_a_public_item_only_proposes_it_where_drafts_are_reviewed(tmp_path: Path) -> None:
    services = make_services(tmp_path, review="two-person")
    services.datasets.create(SYSTEM, {**DATASET, "disclosure": GROUNDS})
    draft, _ = services.drafts.create(SYSTEM, "reservoirs", [])
    services.work.run_to_end(draft.id)
    with services.database.unit(write=True) as session:
        session.get_one(Dataset, "reservoirs").editions = 1  # as if it had been reviewed and published
    table = "目录编号,标题,更新周期,开放属性,理由,法律依据\nreservoirs,水库台账,每年,否,涉及商业秘密,《条例》第十五条\n"
    for actor in (make_actor(services, "editor"), SYSTEM):
        found = services.inventory_imports.run(actor, io.BytesIO(table.encode()), "a.csv", publisher="water-bureau")
        assert (found.changed, found.plan.counts[RowKind.UNCHANGED]) == ((1, 0) if actor != SYSTEM else (0, 1))
        assert services.inventory.get(None, "reservoirs").title == "水库"
        waiting = services.inventory.get(actor, "reservoirs")
        assert (waiting.title, waiting.is_waiting) == ("水库台账", True)
