"""The catalogue as a workbook: a row for each dataset, a column for each element of the guide.

The headings are those that the table of the inventory takes, so that a portal can take the workbook of another one.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from itertools import chain, islice
from typing import Any, BinaryIO

from opendata.exchange.gb.elements import Json
from opendata.tables.forms.book import Book, measure, name_sheet

SHEET = "政务信息资源目录"
_MEASURED = 200

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "信息资源分类": ("信息资源分类", "主题"),
    "信息资源代码": ("信息资源代码",),
    "信息资源名称": ("信息资源名称",),
    "信息资源提供方": ("信息资源提供方",),
    "信息资源提供方代码": ("信息资源提供方代码",),
    "信息资源摘要": ("信息资源摘要",),
    "格式大类": ("信息资源格式", "大类"),
    "具体格式": ("信息资源格式", "具体格式"),
    "信息项信息": ("信息项信息",),
    "共享类型": ("共享属性", "共享类型"),
    "共享条件": ("共享属性", "共享条件"),
    "共享方式": ("共享属性", "共享方式"),
    "是否向社会开放": ("开放属性", "是否向社会开放"),
    "开放类型": ("开放属性", "开放类型"),
    "开放条件": ("开放属性", "开放条件"),
    "理由": ("开放属性", "理由"),
    "法律依据": ("开放属性", "法律依据"),
    "更新周期": ("更新周期",),
    "发布日期": ("发布日期",),
    "关联资源代码": ("关联资源代码",),
    "关键字说明": ("关键字说明",),
    "索引号": ("索引号",),
    "信息资源标识符": ("信息资源标识符",),
    "元数据标识符": ("元数据标识符",),
    "在线资源链接地址": ("在线资源链接地址",),
    "元数据更新日期": ("元数据更新日期",),
    "版本": ("版本",),
}
"""Heading → where its value is in the elements."""


def write_workbook(all_found: Iterable[Json], out: BinaryIO) -> None:
    """Write all datasets. Equal catalogues make equal bytes."""
    headings = list(_COLUMNS)
    rows = ([_show(found, place) for place in _COLUMNS.values()] for found in all_found)
    first = list(islice(rows, _MEASURED))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        book = Book(archive)
        with book.begin_sheet(name_sheet(SHEET), measure([headings, *first])) as sheet:
            sheet.write_texts(headings, "heading")
            for row in chain(first, rows):
                sheet.write_texts(row, "wrapped")
        book.finish()


def _show(found: Json, place: tuple[str, ...]) -> str:
    value: Any = found
    for part in place:
        value = value.get(part, "") if isinstance(value, Mapping) else ""
    if place == ("信息项信息",):
        return "\n".join(map(_show_item, value or ()))
    if isinstance(value, Mapping):
        return f"{value['代码']} {value['名称']}" if "代码" in value else str(value.get("名称", ""))
    return "，".join(map(str, value)) if isinstance(value, list) else str(value)


def _show_item(item: Mapping[str, Any]) -> str:
    kind = item.get("数据类型")
    parts = [
        item["信息项名称"],
        kind["代码"] if isinstance(kind, Mapping) else kind,
        item.get("数据长度"),
        "主键" if item.get("是否主键") else "",
        {"是": "可空", "否": "非空"}.get(str(item.get("是否可空")), ""),
    ]
    return "，".join(filter(None, parts))
