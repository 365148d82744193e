"""What ended gets nothing new: publishers that were merged or closed, entries that were retired, datasets."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from opendata.db.models import Version
from opendata.domain.grounds.self_check import Answer, Decision
from opendata.errors import InvalidMetadataError, StateError
from opendata.services.core.actors import SYSTEM
from opendata.services.governance.duties.reading import DutyFilter
from opendata.services.governance.inventory.import_values import RowKind
from opendata.services.governance.inventory.items import ItemFilter
from opendata.wiring import Services
from tests.instances import DATASET, make_actor, make_services, publish

AT, LAKE = "water-bureau", "lake-bureau"
CONDITIONAL = {"attribute": "conditional", "reason": "第三方", "legalBasis": "条例第十五条"}
ENTRY = {"id": "N001", "title": "未结案件", "ground": "enforcement-files", "legalBasis": "条例第十六条"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A publisher that was merged into another, and one that was closed."""
    home = tmp_path_factory.mktemp("built") / "instance"
    services = make_services(home)
    for name, title in ((LAKE, "湖泊局"), ("pond-bureau", "池塘局"), ("closed-bureau", "已撤局")):
        services.publishers.create(SYSTEM, {"id": name, "title": title})
    services.succession.merge(SYSTEM, ["pond-bureau"], LAKE, reason="改革")
    services.succession.close(SYSTEM, "closed-bureau", reason="撤销")
    services.database.dispose()
    return home


@pytest.fixture
def services(built: Path, tmp_path: Path) -> Iterator[Services]:
    shutil.copytree(built, tmp_path / "instance")
    found = make_services(tmp_path / "instance")
    yield found
    found.database.dispose()


def test_a_file_of_items_names_publishers_and_items_as_they_were_called_before(services: Services) -> None:
    services.datasets.create(SYSTEM, {**DATASET, "publisher": LAKE})
    publish(services, SYSTEM)
    services.renaming.rename(SYSTEM, "reservoirs", "lakes")
    lines = (
        "id,title,publisher,disclosure.attribute",
        "reservoirs,湖泊,池塘局,open",
        ",池塘,池塘局,open",
        ",旧表,已撤局,open",
    )
    kept = services.inventory_imports.keep(SYSTEM, io.BytesIO("\n".join(lines).encode()), "items.csv")
    plan = services.inventory_imports.plan(SYSTEM, kept)
    assert [(row.kind, row.id, row.publisher) for row in plan.rows] == [
        (RowKind.CHANGED, "lakes", LAKE),
        (RowKind.NEW, "", LAKE),
        (RowKind.WRONG, "", ""),
    ]
    assert "“closed-bureau” has ended" in plan.rows[2].faults[0].fault.text
    taken = services.inventory_imports.take(SYSTEM, kept, only_valid=True)
    assert (taken.new, taken.changed, taken.failed) == (1, 1, [])


def test_a_publisher_that_ended_gets_no_grant_and_no_entry_of_the_basic_catalogue(services: Services) -> None:
    services.datasets.create(SYSTEM, {**DATASET, "disclosure": CONDITIONAL})
    until = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    grant = {"holder": "规划院", "purpose": "规划", "until": until, "publisher": "closed-bureau"}
    with pytest.raises(StateError, match="has ended"):
        services.grants.give(SYSTEM, "reservoirs", grant)
    with pytest.raises(InvalidMetadataError, match="has ended"):
        services.basic_drafts.create(
            SYSTEM, {"domain": "health", "matter": "医院", "title": "医院名录", "publisher": "closed-bureau"}
        )


def test_what_was_never_public_doesnt_become_so_on_an_entry_that_was_retired(services: Services) -> None:
    services.negative_lists.put_entry(SYSTEM, ENTRY)
    services.negative_lists.enforce(SYSTEM, "首次发布")
    editor = make_actor(services, "editor")
    for name in ("known", "late"):
        services.datasets.create(editor, {**DATASET, "id": name, "disclosure": {**CONDITIONAL, "ground": "N001"}})
    publish(services, editor, dataset="known")
    services.negative_lists.change(SYSTEM, [{**ENTRY, "id": "N002"}])
    services.negative_lists.enforce(SYSTEM, "替换", confirmed=True)
    services.datasets.update(editor, "known", {"description": "依申请"})  # it keeps the ground that it had in public
    with pytest.raises(InvalidMetadataError, match="N001"):
        publish(services, editor, dataset="late")
    services.datasets.update(editor, "late", {"disclosure": {**CONDITIONAL, "ground": "N002"}})
    assert publish(services, editor, dataset="late").version == "1.0.0"


def test_the_duties_of_a_dataset_that_is_deleted_or_all_withdrawn_arent_needed(services: Services) -> None:
    services.datasets.create(SYSTEM, {**DATASET, "id": "never"})
    services.duty_steps.add(SYSTEM, {"publisher": AT, "task": "整理", "dataset": "never", "due": "2099-01-01"})
    services.datasets.create(SYSTEM, {**DATASET, "updateCycle": "monthly"})
    publish(services, SYSTEM)
    with services.database.unit(write=True) as session:
        session.execute(update(Version).values(period="2026-01", coverage="2026-01"))
    while services.duty_keeping.follow():
        pass
    assert {item.task or item.period for item in services.duties.list(SYSTEM, DutyFilter()).items} >= {
        "整理",
        "2026-02",
    }
    services.deletion.delete(SYSTEM, "never")
    services.withdrawals.withdraw(SYSTEM, "reservoirs", "1.0.0", reason="含个人信息", legal_basis="x", erase=True)
    while services.duty_keeping.follow():
        pass
    items = services.duties.list(SYSTEM, DutyFilter()).items
    assert {item.waived_reason for item in items if item.waived_on is not None} == {
        "The dataset was deleted",
        "The dataset isn't updated any more",
    }
    assert not [item for item in items if item.waived_on is None and item.done_on is None]


def test_an_item_of_the_self_check_goes_where_its_dataset_goes_until_that_is_closed(services: Services) -> None:
    year = datetime.now(UTC).year
    services.datasets.create(SYSTEM, {**DATASET, "disclosure": CONDITIONAL})
    services.self_checks.begin(SYSTEM, year)
    services.succession.move(SYSTEM, {"reservoirs": LAKE}, reason="移交")
    (item,) = services.self_checks.list_items(SYSTEM, year).items
    assert item.publisher == LAKE
    lead = make_actor(services, "lead", role="lead", publisher=LAKE)
    answer = Answer(decision=Decision.OPEN, open_by=date(2999, 1, 1))
    assert services.self_checks.decide(lead, year, [item.id], answer, confirms=True, seen={item.id: item.digest}) == 1
    services.self_checks.close(SYSTEM, year)
    services.succession.move(SYSTEM, {"reservoirs": AT}, reason="移交")
    report = services.self_checks.get(SYSTEM, year).report
    assert report is not None
    assert list(report.publishers) == [LAKE]
    assert services.self_checks.list_items(SYSTEM, year).items[0].publisher == LAKE


def test_the_inventory_and_the_plan_of_a_merged_publisher_are_those_of_what_it_became(services: Services) -> None:
    services.datasets.create(SYSTEM, {**DATASET, "publisher": LAKE, "disclosure": CONDITIONAL})
    services.plans.set_day(SYSTEM, "reservoirs", date(2099, 1, 1))
    publish(services, SYSTEM)
    wanted = ItemFilter(publisher="pond-bureau")
    assert [item.id for item in services.inventory.list_page(None, wanted).items] == ["reservoirs"]
    assert [counts.publisher.id for counts in services.inventory.count(None, wanted)] == [LAKE]
    assert [item.id for item in services.plans.list_page(publisher="pond-bureau").items] == ["reservoirs"]
    assert not services.inventory.list_page(None, ItemFilter(publisher="closed-bureau")).items
