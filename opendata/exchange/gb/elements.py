"""The core metadata of a dataset by the names of the national guide: one description, for JSON, XML and workbooks.

Source: 政务信息资源目录编制指南（试行） (发改高技术〔2017〕1272号), core metadata; GB/T 21063.3-2007 for what the guide
doesn't have (identifiers, keywords, addresses, who keeps the metadata). Codes of update cycles are the guide's, for
cycles that it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any

from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.exchange.core.texts import choose_text, list_texts
from opendata.metadata.codes import UPDATE_CYCLES
from opendata.metadata.properties.code_lists import find_codes
from opendata.metadata.properties.data_items import derive_items

Json = dict[str, Any]

LANGUAGE = "zh"

CYCLES: Mapping[str, str] = {
    "realtime": "1",
    "daily": "2",
    "weekly": "3",
    "monthly": "4",
    "quarterly": "5",
    "annual": "6",
}
"""Update cycle → its code in the guide."""

OPENINGS: Mapping[str, str] = {"open": "无条件开放", "conditional": "有条件开放", "closed": "不予开放"}

_DIGITS = re.compile(r"([0-9])([0-9]{2})?([0-9]{3})?([0-9]*)")
_CLASSES = {"1": "基础信息资源", "2": "主题信息资源", "3": "部门信息资源"}
_ITEM_PARTS = (("name", "信息项名称"), ("type", "数据类型"), ("length", "数据长度"))


def describe_core(entry: CatalogueEntry, addresses: Addresses, zone: tzinfo, default: str) -> Json:
    """The elements of a dataset in the guide's order; those that nobody stated are left out.

    A value is a text, an object of parts, or a list of either. `default` is the language of texts that don't say
    theirs.
    """
    metadata, further = entry.metadata, entry.metadata.further
    found: Json = {
        "信息资源分类": _describe_classes(further),
        "信息资源名称": choose_text(list_texts(metadata.title, metadata.i18n, "title", default), LANGUAGE),
        "信息资源代码": _text(further.get("resourceCode")),
        "信息资源提供方": choose_text(
            list_texts(entry.publisher.title, entry.publisher.i18n, "title", default), LANGUAGE
        ),
        "信息资源提供方代码": entry.publisher.code,
        "信息资源摘要": choose_text(list_texts(metadata.description, metadata.i18n, "description", default), LANGUAGE),
        "信息资源格式": _describe_format(entry),
        "信息项信息": list(_list_items(entry)),
        "共享属性": _describe_sharing(further),
        "开放属性": _describe_opening(entry),
        "更新周期": _describe_cycle(metadata.update_cycle),
        "发布日期": entry.issued.astimezone(zone).date().isoformat() if entry.issued else "",
        "关联资源代码": [_text(code) for code in _list(further.get("relatedCodes"))],
        "信息资源标识符": addresses.dataset(entry.id),
        "元数据标识符": f"urn:uuid:{entry.uuid}",
        "关键字说明": [str(word) for word in metadata.keywords],
        "在线资源链接地址": addresses.dataset(entry.id),
        "元数据维护方": _describe_contact(entry),
        "元数据更新日期": entry.modified.astimezone(zone).date().isoformat(),
        "索引号": _text(further.get("indexNumber")),
        "登记结果查询码": entry.registration,
        "版本": entry.version or "",
    }
    return {name: value for name, value in found.items() if value not in ("", [], {})}


def name_code(code_list: str, code: object) -> Json:
    """A code with its Chinese name."""
    known = find_codes(code_list).get(str(code or ""))
    return {"代码": known.id, "名称": known.title(LANGUAGE)} if known else {}


def _describe_classes(further: Mapping[str, Any]) -> Json:
    digits = _DIGITS.match(_text(further.get("resourceCode")))
    found: Json = {}
    if digits:
        found = dict(zip(("类", "项", "目", "细目"), (part or "" for part in digits.groups()), strict=True))
        found["类名"] = _CLASSES.get(found["类"], "")
    found["主题"] = [str(name_code("themes", code).get("名称") or code) for code in _list(further.get("themes"))]
    return {name: value for name, value in found.items() if value not in ("", [])}


def _describe_format(entry: CatalogueEntry) -> Json:
    """What the office says that it holds; where it says nothing, what is published."""
    held = entry.metadata.further.get("resourceFormat")
    if not isinstance(held, Mapping) or not held:
        held = {"class": "2", "name": "csv"} if any(True for _ in entry.list_tables()) else {}
    found = {"大类": name_code("formats", held.get("class")), "具体格式": _text(held.get("name"))}
    return {name: value for name, value in found.items() if value not in ("", {})}


def _list_items(entry: CatalogueEntry) -> Iterator[Json]:
    """The information items: the columns of the published tables, or those that somebody listed."""
    tables = entry.manifest.tables if entry.manifest else ()
    items: Any = derive_items(table.schema for table in tables) or _list(entry.metadata.further.get("dataItems"))
    for item in items:
        if not isinstance(item, Mapping):
            continue
        found: Json = {name: str(item[part]) for part, name in _ITEM_PARTS if item.get(part) not in (None, "")}
        if "数据类型" in found:
            found["数据类型"] = name_code("item-types", found["数据类型"]) or found["数据类型"]
        if item.get("key"):
            found["是否主键"] = "是"
        if item.get("nullable") is not None:
            found["是否可空"] = "是" if item["nullable"] else "否"
        yield found


def _describe_sharing(further: Mapping[str, Any]) -> Json:
    said = further.get("sharing")
    if not isinstance(said, Mapping):
        return {}
    found = {
        "共享类型": name_code("sharing-types", said.get("type")),
        "共享条件": _text(said.get("condition")),
        "共享方式": _text(said.get("method")),
    }
    return {name: value for name, value in found.items() if value not in ("", {})}


def _describe_opening(entry: CatalogueEntry) -> Json:
    """Whether the data is open: yes or no in the guide, one of three classes in all local rules."""
    disclosure = entry.metadata.disclosure
    found = {
        "是否向社会开放": {"代码": "0", "名称": "否"} if disclosure.is_closed else {"代码": "1", "名称": "是"},
        "开放类型": OPENINGS.get(str(disclosure.attribute), ""),
        "开放条件": "" if disclosure.is_closed else _text(entry.metadata.further.get("openingCondition")),
        "理由": "" if disclosure.is_open else disclosure.reason,
        "法律依据": "" if disclosure.is_open else disclosure.legal_basis,
    }
    return {name: value for name, value in found.items() if value}


def _describe_cycle(cycle: str) -> Json:
    if cycle not in UPDATE_CYCLES:
        return {}
    name = UPDATE_CYCLES[cycle].title(LANGUAGE)
    return {"代码": CYCLES[cycle], "名称": name} if cycle in CYCLES else {"名称": name}


def _describe_contact(entry: CatalogueEntry) -> Json:
    found: Any = entry.metadata.further.get("contactPoint")
    contact: Mapping[str, Any] = found if isinstance(found, Mapping) and found else entry.publisher.contact
    parts = {"名称": contact.get("name") or entry.publisher.title, "电话": contact.get("telephone")}
    said = {**parts, "电子邮件": contact.get("email"), "网址": contact.get("url")}
    return {name: _text(value) for name, value in said.items() if value}


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
