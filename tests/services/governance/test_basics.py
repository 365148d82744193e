"""The life of the basic catalogue: imported with two wrong rows, mended, put in force, fulfilled; its numbers."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from opendata.db.models import BasicEdition, BasicLink, Dataset
from opendata.domain.basics.codes import DOMAINS
from opendata.domain.basics.entries import Entry
from opendata.domain.basics.sheets import read_sheet
from opendata.domain.clocks.calendar import load_calendar
from opendata.errors import InputError, InvalidMetadataError, NotFoundError, NotPermittedError, StateError
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.governance.basics.rows import find_due_day
from opendata.services.governance.basics.table import HEADER, list_rows, make_schema, write_csv
from opendata.services.governance.basics.values import NOBODY, OVERDUE, State, Wanted
from opendata.services.governance.basics.workbooks import write_template, write_workbook
from opendata.tables.schema.schema import read_schema
from opendata.wiring import Services, build_services
from opendata.wording.voice import voice_of
from tests.instances import CSV, DATASET, make_actor, make_services, publish

LIST = """义务教育领域基层政务公开标准目录
序号,公开事项,,公开内容（要素）,公开依据,公开时限,公开主体,公开渠道和载体,公开对象,,公开方式,
,一级事项,二级事项,,,,,,全社会,特定群体,主动,依申请
1,政策文件,法律法规,标题、文号,条例,信息形成或者变更之日起20个工作日内,水务局,■政府网站 □公示栏,√,,√,
2,,招生规划,范围、时间,条例,,水务局,政府网站,√,,√,
3,学校,学校概况,校名、地址,条例,及时,道路局,政府网站,√,,□,
"""
WHOLE = {
    "domain": "health",
    "matter": "医院",
    "content": "名称",
    "timeLimit": "3个工作日内",
    "methods": ["proactive"],
}


@pytest.fixture
def services(tmp_path: Path, database_url: str) -> Iterator[Services]:
    made = make_services(tmp_path / "home", database_url=database_url)
    made.publishers.ensure(SYSTEM, {"id": "road-bureau", "title": "道路局"})
    yield made
    made.database.dispose()


def read_list(services: Services, actor: Actor, text: str = LIST, **options: str) -> str:
    return services.basic_imports.read(actor, io.BytesIO(text.encode()), "list.csv", **options)


def list_states(services: Services, actor: Actor, **wanted: str) -> list[tuple[str, str]]:
    return [(item.id, item.change) for item in services.basic_drafts.list_all(actor, Wanted(**wanted))]


@pytest.mark.slow
@pytest.mark.both_databases(slow=True)
def test_a_list_with_two_wrong_rows_is_mended_and_put_in_force(services: Services) -> None:
    boss, clerk, other = (
        make_actor(services, "boss", role="maintainer"),
        make_actor(services, "clerk"),
        make_actor(services, "other", publisher="road-bureau"),
    )
    with pytest.raises(InputError):
        read_list(services, boss, "a,b\n1,2\n")
    for hostile in ("nobody", "\0"):
        with pytest.raises(NotFoundError):
            read_list(services, boss, publisher=hostile)
        with pytest.raises(NotFoundError):
            services.basic_imports.show(boss, hostile)
        with pytest.raises(NotFoundError):
            services.basic_imports.adopt_guide(boss, hostile)
    preview = services.basic_imports.show(boss, read_list(services, boss))
    assert (preview.count("added"), preview.same, preview.left_out) == (3, 0, 0)
    faults = {note.cell for sheet in preview.sheets for note in sheet.notes if note.is_fault}
    assert faults == {"F5", "K6"}
    with pytest.raises(NotFoundError):
        services.basic_imports.show(clerk, preview.id)
    assert services.basic_imports.take(boss, preview.id).added == 3
    with pytest.raises(NotFoundError):
        services.basic_imports.take(boss, preview.id)
    assert list_states(services, boss, state="incomplete") == [("b00002", "added"), ("b00003", "added")]
    assert [item for item, _ in list_states(services, clerk)] == ["b00001", "b00002"]
    with pytest.raises(StateError, match="b00002, b00003"):
        services.basic_drafts.put_in_force(boss, "首版")
    services.basic_drafts.change(clerk, "b00002", {"timeLimit": "及时"})
    with pytest.raises(NotPermittedError):
        services.basic_drafts.change(clerk, "b00003", {"methods": ["proactive"]})
    with pytest.raises(StateError, match="changed this entry"):
        services.basic_drafts.change(other, "b00003", {"methods": ["proactive"]}, revision=7)
    with pytest.raises(NotPermittedError):
        services.basic_drafts.put_in_force(clerk, "首版")
    with pytest.raises(InvalidMetadataError):
        services.basic_drafts.put_in_force(boss, " ")
    assert services.basic_drafts.put_in_force(boss, "首版", leaves_incomplete=True).entries == 2
    services.basic_drafts.change(other, "b00003", {"methods": ["proactive"]}, revision=1)
    second = services.basic_drafts.put_in_force(boss, "补一条")
    assert (second.number, second.added, second.entries) == (2, 1, 3)
    with pytest.raises(StateError, match="nothing to put in force"):
        services.basic_drafts.put_in_force(boss, "再来")

    # The same list again, one row changed, one gone, one new: ids stay.
    text = LIST.replace("校名、地址", "校名").replace("2,,招生规划", "2,政策文件,招生办法").replace("5,,", "")
    preview = services.basic_imports.show(boss, read_list(services, boss, text))
    kinds = sorted((change.kind, change.id) for change in preview.changes)
    assert kinds == [("added", "#1"), ("changed", "b00003"), ("removed", "b00002")]
    taken = services.basic_imports.take(boss, preview.id, removes_gone=True)
    assert (taken.added, taken.changed, taken.removed) == (1, 1, 1)
    assert list_states(services, boss) == [
        ("b00001", ""),
        ("b00002", "removed"),
        ("b00003", "changed"),
        ("b00004", "added"),
    ]
    services.basic_drafts.change(boss, "b00004", {"timeLimit": "及时"})
    services.basic_drafts.change(boss, "b00003", {"methods": ["proactive"]})
    services.basic_drafts.put_in_force(boss, "第三版")
    changes = services.basics.compare(2, 3).changes
    assert [(change.id, change.kind, change.fields) for change in changes] == [
        ("b00002", "removed", ()),
        ("b00003", "changed", ("content",)),
        ("b00004", "added", ()),
    ]
    assert [view.id for view in services.basics.list_all(Wanted(version=2))] == ["b00001", "b00002", "b00003"]
    assert [view.id for view in services.basics.list_all(Wanted(text="办法"))] == ["b00004"]
    assert services.basics.get("b00001").since == 1
    with pytest.raises(NotFoundError):
        services.basics.get("b00002")
    with pytest.raises(NotFoundError):
        services.basics.compare(1, 9)
    actions = [item["action"] for item in services.events.list(SYSTEM).items]
    assert actions.count("put-in-force") == 3


@pytest.mark.slow
def test_a_lead_takes_only_the_entries_of_their_publisher(services: Services) -> None:
    clerk = make_actor(services, "clerk")
    with pytest.raises(NotPermittedError):
        read_list(services, clerk)
    with pytest.raises(NotPermittedError):
        read_list(services, clerk, publisher="road-bureau")
    preview = services.basic_imports.show(clerk, read_list(services, clerk, publisher="water-bureau"))
    assert (preview.count("added"), preview.left_out) == (2, 1)
    with pytest.raises(NotPermittedError):
        services.basic_imports.keep_guide(clerk, preview.id)


@pytest.mark.slow
def test_a_guide_names_what_the_draft_lacks(services: Services) -> None:
    boss = make_actor(services, "boss", role="maintainer")
    services.basic_imports.take(boss, read_list(services, boss, LIST.rsplit("3,", 1)[0]))
    guide = services.basic_imports.read(boss, io.BytesIO(LIST.encode()), "guide.csv", is_guide=True)
    assert services.basic_imports.keep_guide(boss, guide) == ["compulsory-education"]
    found = services.basic_imports.list_guides(boss)[0]
    assert (found.entries, [entry.item for entry in found.absent]) == (3, ["学校概况"])
    assert services.basic_imports.adopt_guide(boss, "compulsory-education") == 1
    assert services.basic_imports.get_guide(boss, "compulsory-education").absent == []
    assert list_states(services, boss)[-1] == ("b00003", "added")


@pytest.mark.slow
def test_links_state_and_what_is_due(tmp_path: Path) -> None:
    now = [datetime(2026, 2, 10, 1, tzinfo=UTC)]
    first = make_services(tmp_path / "home")
    services = build_services(first.settings, clock=lambda: now[0])
    boss, clerk = make_actor(services, "boss", role="maintainer"), make_actor(services, "clerk")
    entry = services.basic_drafts.create(clerk, WHOLE)
    assert (entry.entry.publisher, entry.missing) == ("water-bureau", [])
    services.basic_drafts.create(boss, {**WHOLE, "timeLimit": "及时", "body": "教育局"})
    with pytest.raises(InvalidMetadataError):
        services.basic_drafts.create(boss, {**WHOLE, "publisher": "nobody"})
    services.basic_drafts.put_in_force(boss, "首版")
    services.datasets.create(clerk, DATASET)
    assert [name.id for name in services.basic_links.propose_entries(clerk, "reservoirs")] == []
    assert services.basic_links.link(clerk, entry.id, "reservoirs")
    assert not services.basic_links.link(clerk, entry.id, "reservoirs")
    assert services.basics.get(entry.id).state == State.PLANNED
    now[0] = datetime(2026, 2, 12, 17, tzinfo=UTC)  # 13 February in Shanghai: the last day in time
    due = services.basics.list_due()
    assert [(item.id, str(item.due), item.is_overdue) for item in due] == [
        (entry.id, "2026-02-13", False),
        ("b00002", "None", False),
    ]
    now[0] = datetime(2026, 2, 13, 17, tzinfo=UTC)
    assert [view.id for view in services.basics.list_all(Wanted(state=OVERDUE))] == [entry.id]
    publish(services, clerk, CSV)
    found = services.basics.get(entry.id)
    assert (found.state, found.is_overdue, found.datasets[0].id) == (State.PUBLISHED, False, "reservoirs")
    services.datasets.update(
        clerk, "reservoirs", {"disclosure": {"attribute": "conditional", "reason": "a", "legalBasis": "b"}}
    )
    assert services.basics.get(entry.id).state in (State.PLANNED, State.PUBLISHED)
    row = list_rows([found])[0]
    assert dict(zip(HEADER, row, strict=True))["limit_unit"] == "working-day"
    assert write_csv([found]).splitlines()[0].startswith("id,domain,")
    services.basic_links.unlink(clerk, entry.id, "reservoirs")
    assert services.basics.get(entry.id).state == State.GAP
    services.database.dispose()
    first.database.dispose()


@pytest.mark.parametrize(
    ("limit", "begun", "due"),
    [
        ("信息形成或者变更之日起20个工作日内", date(2026, 1, 5), date(2026, 2, 2)),
        ("3个工作日内", date(2026, 2, 13), date(2026, 2, 25)),  # Spring Festival, and a Saturday on which people work
        ("1个月内", date(2026, 1, 31), date(2026, 2, 28)),
        ("每年1月31日前", date(2026, 5, 1), date(2027, 1, 31)),
        ("3个工作日内", date(2031, 1, 6), None),  # a year that isn't announced
        ("及时", date(2026, 1, 5), None),
    ],
)
def test_the_last_day_in_time_is_counted_from_the_day_in_force(limit: str, begun: date, due: date | None) -> None:
    assert find_due_day(Entry(time_limit=limit), begun, load_calendar()) == due


def test_the_table_of_the_catalogue_has_a_schema_in_two_languages() -> None:
    schema = read_schema(make_schema())
    assert [field.name for field in schema.fields] == [*HEADER]
    assert all(field["title"] and field["opendata"]["i18n"]["en"]["title"] for field in make_schema()["fields"])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_a_workbook_says_is_read_again(language: str) -> None:
    entry = Entry(
        domain="health",
        matter="医院",
        item="概况",
        content="名称\n地址",
        basis="条例",
        time_limit="及时",
        body="卫健委",
        channels=("website", "reading-point", "notice-board", "other"),
        other_channels="院内公告栏",
        audiences=("whole", "group"),
        group="患者",
        methods=("proactive", "on-application"),
        levels=("county", "village"),
        kinds=("service", "result"),
        supervision="12345",
    )
    own = replace(entry, domain="茶叶", other_channels="", channels=(), group="", audiences=("whole",))
    book = load_workbook(write_workbook([entry, own], voice_of(language), "目录"))
    rows = [["" if cell is None else str(cell) for cell in row] for row in book.worksheets[0].values]
    found = read_sheet("x", rows)
    assert [item for _, item in found.entries] == [entry, own]
    assert not found.notes
    blank = load_workbook(write_template("health", voice_of(language)))
    assert len(blank.worksheets[0].data_validations.dataValidation) == 6
    assert blank.worksheets[0].max_row == 2


@pytest.mark.slow
@pytest.mark.both_databases(slow=True)
@pytest.mark.parametrize("seed", range(3))
def test_the_numbers_of_coverage_equal_direct_queries_and_lists(services: Services, seed: int) -> None:
    """Random lives: entries of any domain and body, some changed or left out, some linked, some of those public."""
    chance = random.Random(seed)
    boss = make_actor(services, "boss", role="maintainer")
    for name in ("a1", "a2", "a3"):
        services.datasets.create(boss, {**DATASET, "id": name})
    publish(services, boss, CSV, dataset="a1")
    for _ in range(60):
        kind = chance.random()
        drafts = services.basic_drafts.list_all(boss, Wanted())
        if kind < 0.6 or not drafts:
            more = {"publisher": chance.choice(["water-bureau", "road-bureau", ""]), "body": "某局"}
            domain = chance.choice([*DOMAINS, "茶叶"])
            services.basic_drafts.create(boss, {**WHOLE, **more, "domain": domain})
        elif kind < 0.7:
            services.basic_drafts.remove(boss, chance.choice(drafts).id)
        elif kind < 0.8:
            services.basic_drafts.change(boss, chance.choice(drafts).id, {"domain": chance.choice([*DOMAINS])})
        elif kind < 0.9:
            services.basic_links.link(boss, chance.choice(drafts).id, chance.choice(["a1", "a2", "a3"]))
        else:
            with_changes = any(item.change for item in drafts)
            if with_changes:
                services.basic_drafts.put_in_force(boss, "x")
    services.basic_drafts.create(boss, {**WHOLE, "body": "某局"})
    services.basic_drafts.put_in_force(boss, "x")
    with services.database.unit(write=True) as session:
        session.execute(update(Dataset).where(Dataset.id == "a2").values(latest=None))
    coverage = services.basics.cover()
    assert {row.domain for row in coverage.rows} >= {*DOMAINS}
    with services.database.unit() as session:
        editions = list(session.scalars(select(BasicEdition).where(BasicEdition.until.is_(None))))
        uuids = {row.uuid: row.id for row in session.scalars(select(Dataset))}
        links = [(link.entry_id, uuids[link.dataset_uuid]) for link in session.scalars(select(BasicLink))]
    for row in coverage.rows:
        for body, cell in (("", row.total), *row.bodies.items()):
            own = [
                item.entry_id
                for item in editions
                if item.domain == row.domain and (not body or (item.publisher_id or NOBODY) == body)
            ]
            public = {entry for entry, dataset in links if dataset == "a1" and entry in own}
            linked = {entry for entry, _ in links if entry in own}
            assert (cell.entries, cell.published, cell.planned, cell.gap) == (
                len(own),
                len(public),
                len(linked - public),
                len(set(own) - linked),
            )
            for state in (*State, OVERDUE):
                listed = services.basics.list_all(Wanted(domain=row.domain, publisher=body, state=state))
                assert len(listed) == getattr(cell, state)
    assert coverage.total.entries == len(editions)
