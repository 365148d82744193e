"""Files of items: what comes out goes in and changes nothing; what is wrong is named by its cell."""

from __future__ import annotations

import io

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import select

from opendata.db.models import Event
from opendata.errors import NotFoundError, StateError, UnreadableFileError
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.governance.inventory.exports import write_csv, write_workbook
from opendata.services.governance.inventory.import_values import ImportPlan, RowKind
from opendata.wiring import Services
from opendata.wording.voice import voice_of
from tests.instances import make_actor, publish
from tests.services.governance.inventory.test_inventory import GROUNDS, give_code, register

HEAD = "目录编号,信息资源名称,摘要,开放属性,理由,法律依据,信息项,更新周期,计划开放日期,调整原因,办公室备注"
WELLS = ",水井台账,全市水井,无条件开放,,,水井编号 C 20,每年,2099-09-30,,"


def plan(services: Services, actor: Actor, data: bytes, name: str = "清单.csv") -> ImportPlan:
    return services.inventory_imports.plan(actor, services.inventory_imports.keep(actor, io.BytesIO(data), name))


def take(services: Services, actor: Actor, data: bytes, name: str = "清单.csv", **options: bool) -> tuple[int, int]:
    found = services.inventory_imports.run(actor, io.BytesIO(data), name, **options)
    assert not found.failed
    return found.new, found.changed


def count(found: ImportPlan) -> dict[str, int]:
    return {kind.value: number for kind, number in found.counts.items() if number}


def test_a_file_of_an_office_is_read_as_it_comes_and_its_wrong_cells_are_named(
    services: Services, editor: Actor
) -> None:
    give_code(services)
    book = Workbook()
    sheet = book.active
    sheet.title = "科室报送"
    sheet.append(["政务数据资源清单（2026 年）"])
    sheet.append(HEAD.split(","))
    sheet.append(
        ["", "水井台账", "全市水井", "无条件开放", "", "", "井号，C，20，主键；水深，N", "每年", "2099-09-30", "", "x"]
    )
    sheet.append(["", "取水许可", "企业取水", "不予公开", "", "《条例》第十五条", "", "每月", "", "", ""])
    sheet.append(["", "", "没有名称", "是", "", "", "", "隔三差五", "", "", ""])
    sheet.append(["没有的编号", "雨量", "", "1", "", "", "雨量，X", "每日", "2020-01-01", "", ""])
    sheet.append(["", "水井台账", "", "是", "", "", "", "", "", "", ""])
    sheet.append(["", "没写开放属性", "", "", "", "", "", "", "", "", ""])
    out = io.BytesIO()
    book.save(out)
    found = plan(services, editor, out.getvalue(), "清单.xlsx")
    assert count(found) == {"new": 1, "wrong": 5}
    assert found.ignored == ["办公室备注"]
    assert [(item.sheet, f"{item.letters}{item.row}", item.fault.pointer) for item in found.faults] == [
        ("科室报送", "E4", "/disclosure/reason"),
        ("科室报送", "B5", "/title"),
        ("科室报送", "H5", "/updateCycle"),
        ("科室报送", "A6", "/id"),
        ("科室报送", "G6", "/dataItems/0/type"),
        ("科室报送", "B7", "/title"),
        ("科室报送", "D8", "/disclosure/attribute"),
    ]
    assert take(services, editor, out.getvalue(), "清单.xlsx", only_valid=True) == (1, 0)
    item = services.inventory.list_page(editor, is_own=True).items[-1]
    assert (item.title, item.index_number[-5:], item.is_public) == ("水井台账", "00001", False)
    assert [each["name"] for each in item.items] == ["井号", "水深"]
    assert item.opens is not None
    with services.database.unit() as session:
        events = session.scalars(select(Event).order_by(Event.id.desc()).limit(3)).all()
    assert [(event.verb, event.subject) for event in events] == [
        ("plan", item.id),
        ("create", item.id),
        ("import", found.digest),
    ]
    assert {event.details.get("file", found.digest) for event in events} == {found.digest}


@pytest.mark.slow
def test_what_is_written_changes_nothing_when_it_is_read_and_a_change_is_shown_first(
    services: Services, editor: Actor
) -> None:
    give_code(services)
    publish(services, editor)
    register(services, editor, "permits", disclosure=GROUNDS, themes=["公共服务", "生态环保"], title="=1+1 取水")
    formula = services.inventory.get(editor, "permits")
    assert formula.title == "=1+1 取水"
    register(
        services,
        editor,
        "wells",
        dataItems=[{"name": "井号", "type": "C", "key": True}],
        sharing={"type": "2", "condition": "仅供防汛", "method": "file"},
        resourceFormat={"class": "2", "name": "xlsx"},
        relatedCodes=["306001/000013"],
        updateCycle="annual",
    )
    for language in ("zh", "en"):
        out = io.BytesIO()
        write_workbook(services.inventory.iterate(editor, is_own=True), out, voice_of(language))
        text = "".join(write_csv(services.inventory.iterate(editor, is_own=True), voice_of(language)))
        assert count(plan(services, editor, out.getvalue(), "a.xlsx")) == {"unchanged": 3}
        assert count(plan(services, editor, text.encode(), "a.csv")) == {"unchanged": 3}
    in_gbk = text.removeprefix("\ufeff").replace("Annual", "每月").encode("gb18030")
    changed = plan(services, editor, in_gbk)
    assert count(changed) == {"unchanged": 2, "changed": 1}
    assert [[column.key for column in row.changed] for row in changed.rows if row.kind == RowKind.CHANGED] == [
        ["updateCycle"]
    ]
    assert take(services, editor, in_gbk, dry=True) == (0, 0)
    assert take(services, editor, in_gbk) == (0, 1)
    assert take(services, editor, in_gbk) == (0, 0)
    blank = load_workbook(io.BytesIO(out.getvalue()))
    assert blank.sheetnames == ["Inventory", "How to fill it in"]
    offered = {str(item.sqref): item.formula1 for item in blank["Inventory"].data_validations.dataValidation}
    assert len(offered) == 7
    other = make_actor(services, "stranger", publisher=None, role="maintainer")
    with pytest.raises(NotFoundError):
        services.inventory_imports.plan(other, services.inventory_imports.keep(editor, io.BytesIO(in_gbk), "a.csv"))


@pytest.mark.slow
def test_nobody_changes_the_items_of_others_and_a_file_closes_nothing_that_is_published(
    services: Services, editor: Actor
) -> None:
    services.publishers.create(SYSTEM, {"id": "land-bureau", "title": "自然资源局"})
    other = make_actor(services, "other", publisher="land-bureau")
    publish(services, editor)
    head = "目录编号,提供方,标题,开放属性,理由,法律依据\n"
    found = plan(services, other, f"{head}reservoirs,,水库,是,,\n,水务局,水井,是,,\n".encode())
    assert [item.fault.pointer for item in found.faults] == ["/id", "/publisher"]
    mixed = f"{head},,水井,是,,\n,,没写,,,\n".encode()
    with pytest.raises(StateError):
        take(services, editor, mixed)
    assert take(services, editor, mixed, only_valid=True) == (1, 0)
    assert count(plan(services, editor, mixed)) == {"unchanged": 1, "wrong": 1}
    closing = plan(services, editor, f"{head}reservoirs,,水库,否,涉密,《条例》\n".encode())
    assert count(closing) == {"wrong": 1}
    with pytest.raises(UnreadableFileError):
        plan(services, editor, "名字,属性\n水井,是\n".encode())
    with pytest.raises(UnreadableFileError):
        plan(services, editor, b"PK\x03\x04 no archive", "a.xlsx")
