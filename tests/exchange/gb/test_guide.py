"""The core metadata of the national guide: an empty portal, the least, everything, and what isn't open."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
from lxml import etree

from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.exchange.gb.documents import stream_json, stream_xml, write_json, write_xml
from opendata.exchange.gb.elements import describe_core
from opendata.exchange.gb.workbook import write_workbook
from opendata.services.governance.inventory.columns import clean_heading, find_headings
from tests.exchange.samples import ADDRESSES, ALL, ARCHIVED, BASE, CLOSED, CONDITIONAL, FULL, LEAST


def describe(entry: CatalogueEntry) -> dict[str, Any]:
    return describe_core(entry, ADDRESSES, ZoneInfo("Asia/Shanghai"), "zh")


def test_the_least_dataset_has_what_the_guide_cannot_do_without() -> None:
    assert describe(LEAST) == {
        "信息资源名称": "道路",
        "信息资源提供方": "道路局",
        "开放属性": {"是否向社会开放": {"代码": "1", "名称": "是"}, "开放类型": "无条件开放"},
        "信息资源标识符": f"{BASE}/datasets/roads",
        "元数据标识符": "urn:uuid:00000000-0000-4000-8000-000000000001",
        "在线资源链接地址": f"{BASE}/datasets/roads",
        "元数据维护方": {"名称": "道路局"},
        "元数据更新日期": "2025-01-02",
    }


def test_everything_that_is_stated_has_its_element() -> None:
    found = describe(FULL)
    assert found["信息资源分类"] == {"类": "3", "项": "06", "目": "001", "类名": "部门信息资源", "主题": ["生态环保"]}
    assert (found["信息资源代码"], found["信息资源提供方代码"]) == ("306001/000012", "11410000000000001X")
    assert found["信息资源格式"] == {"大类": {"代码": "2", "名称": "电子表格"}, "具体格式": "xlsx"}
    assert found["信息项信息"][0] == {
        "信息项名称": "站码",
        "数据类型": {"代码": "C", "名称": "字符型"},
        "是否主键": "是",
        "是否可空": "否",
    }
    assert found["共享属性"]["共享类型"] == {"代码": "2", "名称": "有条件共享"}
    assert found["更新周期"] == {"代码": "4", "名称": "每月"}
    assert (found["发布日期"], found["关联资源代码"]) == ("2025-01-02", ["306001/000013"])
    assert found["开放属性"]["开放条件"] == "注明来源即可使用"
    assert found["登记结果查询码"] == "410100-2026-000001"
    assert list(found)[:5] == ["信息资源分类", "信息资源名称", "信息资源代码", "信息资源提供方", "信息资源提供方代码"]


def test_what_is_not_open_says_why_and_by_which_law() -> None:
    opening = describe(CONDITIONAL)["开放属性"]
    assert (opening["是否向社会开放"]["代码"], opening["开放类型"]) == ("1", "有条件开放")
    assert opening["法律依据"] == "政府信息公开条例第十五条"
    found = describe(CLOSED)
    assert found["开放属性"]["是否向社会开放"] == {"代码": "0", "名称": "否"}
    assert "开放条件" not in found["开放属性"]
    assert "信息项信息" not in found


def test_json_and_xml_say_the_same() -> None:
    for entry in ALL:
        found = describe(entry)
        told = json.loads(write_json(found))
        assert told.pop("标准").startswith("发改高技术")
        assert told == found
        root = etree.fromstring(write_xml(found))
        assert root.tag == "政务信息资源"
        assert [item.tag for item in root] == [
            name for name, value in found.items() for _ in (value if isinstance(value, list) else [value])
        ]
        assert root.findtext("开放属性/开放类型") == found["开放属性"]["开放类型"]


def test_a_hostile_text_stays_text() -> None:
    text = etree.fromstring(write_xml(describe(FULL))).findtext("信息资源摘要")
    assert text is not None
    assert '<script>"\ufffd' in text


def test_the_catalogue_streams_as_json_and_xml_even_when_it_is_empty() -> None:
    for entries in ((), (LEAST,), (LEAST, FULL, ARCHIVED)):
        found = [describe(entry) for entry in entries]
        told = json.loads(b"".join(stream_json(found)))
        assert told["政务信息资源目录"] == found
        root = etree.fromstring(b"".join(stream_xml(found)))
        assert [item.findtext("信息资源名称") for item in root] == [item["信息资源名称"] for item in found]


def test_the_workbook_has_a_row_for_each_dataset_under_headings_that_the_inventory_takes() -> None:
    out = BytesIO()
    write_workbook([describe(entry) for entry in (LEAST, FULL, CLOSED)], out)
    sheet = openpyxl.load_workbook(out).active
    assert sheet is not None
    rows = [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    headings = rows[0]
    full = dict(zip(headings, rows[2], strict=True))
    assert len(rows) == 4
    assert (full["信息资源名称"], full["更新周期"], full["格式大类"]) == ("水库水位", "4 每月", "2 电子表格")
    assert full["信息项信息"].splitlines()[0] == "站码，C，主键，非空"
    assert rows[3][headings.index("是否向社会开放")] == "0 否"
    known = find_headings()
    taken = {heading: known[clean_heading(heading)].key for heading in headings if clean_heading(heading) in known}
    assert {
        taken.get(name) for name in ("信息资源名称", "信息资源提供方", "信息资源摘要", "更新周期", "信息项信息")
    } == {*("title", "publisher", "description", "updateCycle", "dataItems")}
    again = BytesIO()
    write_workbook([describe(entry) for entry in (LEAST, FULL, CLOSED)], again)
    assert out.getvalue() == again.getvalue()
