"""Which tables there are of the catalogue, and their columns. All that gives them to somebody is made from these.

A column is its name, its type with a sign (`!` it is always there), and what it means in Chinese and in English: its
title, and behind a colon its description. Over 150 lines for the words of all columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Column = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueTable:
    """A table. `title` and `description` are Chinese, `i18n` has them in English; `schema` is a Table Schema."""

    name: str
    title: str
    description: str
    i18n: Mapping[str, Mapping[str, str]]
    schema: Mapping[str, Any]

    @property
    def columns(self) -> Sequence[str]:
        """The names of its columns."""
        return [field["name"] for field in self.schema["fields"]]


def _define(
    name: str,
    chinese: tuple[str, str],
    english: tuple[str, str],
    key: Sequence[str],
    references: Sequence[tuple[Sequence[str], str, Sequence[str]]],
    columns: Sequence[Column],
) -> CatalogueTable:
    keys = [
        {"fields": list(own), "reference": {"resource": "" if table == name else table, "fields": list(others)}}
        for own, table, others in references
    ]
    return CatalogueTable(
        name=name,
        title=chinese[0],
        description=chinese[1],
        i18n={"en": {"title": english[0], "description": english[1]}},
        schema={
            "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
            "fields": [_describe_field(column) for column in columns],
            "primaryKey": list(key),
            **({"foreignKeys": keys} if keys else {}),
        },
    )


def _describe_field(column: Column) -> dict[str, Any]:
    name, kind, chinese, english = column
    (title, _, description), (other_title, _, other) = chinese.partition("："), english.partition(": ")
    own: dict[str, Any] = {"i18n": {"en": {"title": other_title, **({"description": other} if other else {})}}}
    plain = kind.rstrip("!")
    if plain == "datetime":
        own["zone"] = "UTC"
    return {
        "name": name,
        "type": plain,
        "title": title,
        **({"description": description} if description else {}),
        **({"constraints": {"required": True}} if "!" in kind else {}),
        "opendata": own,
    }


_DATASET: Column = ("dataset", "string!", "数据集：数据集的编号", "Dataset: the ID of the dataset")
_RESOURCE: Column = ("resource", "string!", "资源：资源的名称", "Resource: the name of the resource")

DATASETS = _define(
    "datasets",
    ("数据集", "公开目录中的数据集，一行一个。"),
    ("Datasets", "The datasets of the public catalogue, one row each."),
    ("id",),
    ((("publisher",), "publishers", ("id",)),),
    (
        ("id", "string!", "编号", "ID"),
        ("uuid", "string!", "UUID：改名后不变", "UUID: stays when the ID changes"),
        ("title", "string!", "标题", "Title"),
        ("titleEn", "string", "英文标题", "Title in English"),
        ("description", "string", "说明", "Description"),
        ("descriptionEn", "string", "英文说明", "Description in English"),
        ("publisher", "string!", "提供方：单位的编号", "Publisher: the ID of the publisher"),
        ("disclosure", "string!", "开放属性：open、conditional 或 closed", "Disclosure: open, conditional or closed"),
        ("reason", "string", "不开放理由", "Reason: why it isn't open"),
        ("legalBasis", "string", "法律依据", "Legal basis"),
        ("licence", "string", "许可", "Licence"),
        ("keywords", "string", "关键词：以分号隔开", "Keywords: separated by semicolons"),
        ("themes", "string", "主题：以分号隔开", "Themes: separated by semicolons"),
        ("updateCycle", "string", "更新周期", "Update cycle"),
        ("temporal", "string", "时间范围", "Period covered"),
        ("region", "string", "空间范围：行政区划代码", "Region covered: the code of the division"),
        ("latest", "string", "最新版本", "Newest version"),
        ("versions", "integer!", "版本数", "Number of versions"),
        ("rows", "integer!", "行数：最新版本各表之和", "Rows: of all tables of the newest version"),
        ("bytes", "integer!", "字节数：最新版本各文件之和", "Bytes: of all files of the newest version"),
        ("issued", "datetime", "首次发布时间", "First published"),
        ("created", "datetime!", "创建时间", "Created"),
        ("modified", "datetime!", "修改时间", "Modified"),
        ("archived", "boolean!", "已归档：不再维护", "Archived: no longer kept"),
        ("url", "string!", "网址", "Address"),
        ("registration", "string", "登记结果查询码", "Code in the register of public data resources"),
    ),
)
RESOURCES = _define(
    "resources",
    ("资源", "各数据集最新版本中的表和附件，一行一个。"),
    ("Resources", "The tables and attachments of the newest version of each dataset, one row each."),
    ("dataset", "resource"),
    ((("dataset",), "datasets", ("id",)),),
    (
        _DATASET,
        _RESOURCE,
        ("version", "string!", "版本", "Version"),
        ("kind", "string!", "类别：table 或 attachment", "Kind: table or attachment"),
        ("title", "string", "标题", "Title"),
        ("titleEn", "string", "英文标题", "Title in English"),
        ("format", "string!", "格式", "Format"),
        ("mediaType", "string!", "媒体类型", "Media type"),
        ("public", "boolean!", "人人可得：数据是否对所有人开放", "For everybody: whether anybody may have the data"),
        ("rows", "integer", "行数", "Rows"),
        ("columns", "integer", "列数", "Columns"),
        ("schema", "string", "表结构：库中的名称和版本", "Schema: its name and version in the library"),
        ("period", "string", "时期", "Period"),
        ("unit", "string", "单位", "Unit"),
        ("bytes", "integer", "字节数：人人可得的才有", "Bytes: only where anybody may have the file"),
        ("sha256", "string", "摘要（SHA-256）", "Digest (SHA-256)"),
        ("parquetBytes", "integer", "Parquet 文件的字节数", "Bytes of the Parquet file"),
        ("parquetSha256", "string", "Parquet 文件的摘要", "Digest of the Parquet file"),
        ("url", "string", "网址：文件的地址", "Address: where the file is"),
    ),
)
COLUMNS = _define(
    "columns",
    ("字段", "各表的字段，一行一个。"),
    ("Columns", "The columns of each table, one row each."),
    ("dataset", "resource", "position"),
    ((("dataset", "resource"), "resources", ("dataset", "resource")),),
    (
        _DATASET,
        _RESOURCE,
        ("position", "integer!", "位置：从 1 开始", "Position: from 1"),
        ("name", "string!", "名称", "Name"),
        ("title", "string", "标题", "Title"),
        ("titleEn", "string", "英文标题", "Title in English"),
        ("description", "string", "说明", "Description"),
        ("type", "string!", "类型：Table Schema 的类型", "Type: that of Table Schema"),
        ("format", "string!", "格式", "Format"),
        ("unit", "string", "单位", "Unit"),
        ("required", "boolean!", "必填", "Required"),
        ("unique", "boolean!", "不重复", "No duplicates"),
        ("key", "boolean!", "主键", "Part of the primary key"),
        ("references", "string", "引用：所引用的表和字段", "References: the table and column it refers to"),
    ),
)
PUBLISHERS = _define(
    "publishers",
    ("单位", "提供数据的单位，已合并或撤销的也在内，一行一个。"),
    ("Publishers", "The publishers, those that were merged or closed too, one row each."),
    ("id",),
    ((("parent",), "publishers", ("id",)),),
    (
        ("id", "string!", "编号", "ID"),
        ("title", "string!", "名称", "Name"),
        ("titleEn", "string", "英文名称", "Name in English"),
        ("shortTitle", "string", "简称", "Short name"),
        ("description", "string", "说明", "Description"),
        ("kind", "string!", "类别", "Kind"),
        ("code", "string", "统一社会信用代码", "Unified social credit code"),
        ("division", "string", "行政区划代码", "Division code"),
        ("parent", "string", "上级单位", "Publisher above it"),
        ("created", "datetime!", "创建时间", "Created"),
        ("modified", "datetime!", "修改时间", "Modified"),
        ("ended", "datetime", "撤销时间", "Ended"),
        ("url", "string!", "网址", "Address"),
    ),
)
SCHEMAS = _define(
    "schemas",
    ("表结构", "表结构库中各表结构的最新版本，一行一个。"),
    ("Schemas", "The newest version of each schema of the library, one row each."),
    ("name",),
    (),
    (
        ("name", "string!", "名称", "Name"),
        ("version", "string!", "版本", "Version"),
        ("title", "string", "标题", "Title"),
        ("titleEn", "string", "英文标题", "Title in English"),
        ("description", "string", "说明", "Description"),
        ("columns", "integer!", "列数", "Columns"),
        ("created", "datetime!", "创建时间", "Created"),
        ("url", "string!", "网址", "Address"),
    ),
)
QUALITY = _define(
    "quality",
    ("质量", "人人可得的表的质量数字，一行一张表；还没有测量的表不在内。"),
    ("Quality", "Figures of the tables that anybody may have, one row each; without those not measured yet."),
    ("dataset", "resource"),
    ((("dataset", "resource"), "resources", ("dataset", "resource")),),
    (
        _DATASET,
        _RESOURCE,
        ("rows", "integer!", "行数", "Rows"),
        ("columns", "integer!", "列数", "Columns"),
        ("described", "integer!", "有标题或说明的列数", "Columns with a title or a description"),
        ("missing", "integer!", "空值数", "Cells without a value"),
        ("worst", "number!", "空值最多一列的空值比例：0 到 1", "Greatest share of missing values in a column: 0 to 1"),
        ("worstColumn", "string", "空值最多的一列", "Column with most missing values"),
        ("repeated", "integer", "重复行数", "Repeated rows"),
        ("broken", "integer!", "单元格内有换行的行数", "Rows with a line break in a cell"),
        ("paged", "integer!", "单元格内有换页的行数", "Rows with a page break in a cell"),
        ("flaws", "string", "缺陷：以分号隔开", "Flaws: separated by semicolons"),
    ),
)
USAGE = _define(
    "usage",
    ("下载", "无条件开放的数据集每天的下载次数。"),
    ("Downloads", "How often files of open datasets were downloaded, by day."),
    ("dataset", "day", "resource", "format"),
    ((("dataset",), "datasets", ("id",)),),
    (
        _DATASET,
        ("day", "date!", "日期", "Day"),
        ("resource", "string!", "资源：“*” 为整个版本或附件", "Resource: “*” is the whole version or an attachment"),
        ("format", "string!", "格式", "Format"),
        ("downloads", "integer!", "次数", "Downloads"),
    ),
)
TABLES: Mapping[str, CatalogueTable] = {
    table.name: table for table in (DATASETS, RESOURCES, COLUMNS, PUBLISHERS, SCHEMAS, QUALITY, USAGE)
}
"""All tables by name, in the order in which they are listed."""
