"""What the lists are that the portal publishes about itself: their columns, and where their rows come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from opendata.exchange.tables.definitions import TABLES, CatalogueTable
from opendata.services.exchange.catalogue_rows import LISTS, CatalogueRows
from opendata.services.governance.basics.table import list_rows, make_schema
from opendata.services.governance.basics.values import Wanted
from opendata.services.governance.governance import Governance
from opendata.services.packages.own_lists import OwnList

_FIRST_YEAR = 2026
"""The first year in which requests could come."""

_AT_ONCE = 500

Row = Sequence[object]
Column = tuple[str, str, str, str]
"""The name, the type, the Chinese and the English title of a column."""


class Rows:
    """Reads the rows of the lists."""

    def __init__(self, governance: Governance) -> None:
        self._found = governance

    def list_items(self) -> Iterator[Row]:
        """The public items of the inventory. What isn't public isn't counted either."""
        for item in self._found.inventory.iterate(None):
            disclosure: Mapping[str, Any] = item.metadata.get("disclosure") or {}
            yield (
                item.id,
                item.metadata.get("indexNumber"),
                item.title,
                item.publisher.id,
                item.publisher.title,
                item.attribute,
                disclosure.get("reason"),
                disclosure.get("legalBasis"),
                disclosure.get("ground"),
                item.metadata.get("updateCycle"),
                item.opens,
                item.opened,
                item.latest,
            )

    def list_plan(self) -> Iterator[Row]:
        """What opens when, and what became of it."""
        cursor = None
        while True:
            page = self._found.plans.list_page(cursor=cursor, limit=_AT_ONCE)
            for item in page.items:
                owner = item.publisher
                yield item.id, item.title, owner.id, owner.title, item.opens, item.opened, item.outcome, item.missed
            cursor = page.next
            if cursor is None:
                return

    def list_grounds(self) -> Iterator[Row]:
        """The entries of the negative list in force."""
        found = self._found.negative_lists.get()
        for entry in found.entries if found else ():
            publishers = ";".join(entry.publishers)
            yield (
                *(entry.id, entry.title, entry.description, entry.ground, entry.legal_basis, publishers),
                *(entry.begins, entry.ends),
            )

    def list_matters(self) -> Iterator[Row]:
        """The basic catalogue in force."""
        for row in list_rows(self._found.basics.list_all(Wanted())):
            yield [text or None for text in row]

    def list_days(self) -> Iterator[Row]:
        """The days of each year that differ from the week."""
        for year in sorted(self._found.calendars.list(), key=lambda found: found.year):
            kinds = {**dict.fromkeys(year.off, "off"), **dict.fromkeys(year.on, "on")}
            yield from sorted(kinds.items())

    def list_on_time(self) -> Iterator[Row]:
        """How much of what was due was done in time, by publisher and month."""
        for row in self._found.duty_reports.list_on_time():
            yield row.publisher.id, row.publisher.title, row.month, row.tally.due, row.tally.kept

    def list_requests(self) -> Iterator[Row]:
        """The numbers of requests, by year and kind."""
        for year in range(_FIRST_YEAR, self._found.calendars.today().year + 1):
            for line in self._found.requests.figures.count(year).kinds:
                yield (
                    *(year, line.key, line.received, line.waiting, line.replied, line.withdrawn),
                    *(line.on_time, line.late, line.median_days),
                )


def define_lists(governance: Governance, catalogue: CatalogueRows) -> Sequence[OwnList]:
    """All lists; the tables of the catalogue are those of `/datapackage.json`."""
    rows = Rows(governance)
    return (
        _define(
            "catalogue-inventory",
            ("资源清单", "本门户公开的政务数据资源清单，一行一个事项。"),
            ("Resource inventory", "What publishers hold and is public, one row for each item."),
            (
                ("id", "string", "目录编号", "ID"),
                ("indexNumber", "string", "索引号", "Index number"),
                ("title", "string", "名称", "Title"),
                ("publisher", "string", "提供方编号", "ID of the publisher"),
                ("publisherTitle", "string", "提供方", "Publisher"),
                ("disclosure", "string", "公开属性", "Disclosure"),
                ("reason", "string", "不开放理由", "Reason"),
                ("legalBasis", "string", "法律依据", "Legal basis"),
                ("ground", "string", "负面清单条目", "Entry of the negative list"),
                ("updateCycle", "string", "更新周期", "Update cycle"),
                ("opens", "date", "计划开放日期", "Planned day of opening"),
                ("opened", "date", "开放日期", "Day of opening"),
                ("latest", "string", "最新版本", "Newest version"),
            ),
            ("id",),
            rows.list_items,
        ),
        _define(
            "opening-plan",
            ("开放计划", "计划开放的数据及其完成情况。"),
            ("Opening plan", "What opens when, and whether that was kept."),
            (
                ("id", "string", "目录编号", "ID"),
                ("title", "string", "名称", "Title"),
                ("publisher", "string", "提供方编号", "ID of the publisher"),
                ("publisherTitle", "string", "提供方", "Publisher"),
                ("opens", "date", "计划开放日期", "Planned day"),
                ("opened", "date", "开放日期", "Day of opening"),
                ("outcome", "string", "完成情况", "Outcome"),
                ("missed", "integer", "错过的计划日期数", "Days that passed before they were moved"),
            ),
            ("id",),
            rows.list_plan,
        ),
        _define(
            "negative-list",
            ("负面清单", "现行负面清单：不予开放的事项及其依据。"),
            ("Negative list", "The list in force: what isn't disclosed, and on which ground of law."),
            (
                ("id", "string", "条目编号", "ID"),
                ("title", "string", "事项", "Matter"),
                ("description", "string", "说明", "Description"),
                ("ground", "string", "理由代码", "Code of the ground"),
                ("legalBasis", "string", "法律依据", "Legal basis"),
                ("publishers", "string", "适用的数据提供方", "Publishers it is for; empty: all"),
                ("from", "date", "生效日期", "First day"),
                ("until", "date", "失效日期", "Last day"),
            ),
            ("id",),
            rows.list_grounds,
        ),
        OwnList(
            id="basic-catalogue",
            title="主动公开基本目录",
            description="现行主动公开基本目录，一行一个公开事项。",
            i18n={
                "en": {
                    "title": "Basic catalogue of proactive disclosure",
                    "description": "The catalogue in force, one row for each matter.",
                }
            },
            schema=make_schema(),
            read=rows.list_matters,
        ),
        _define(
            "working-calendar",
            ("工作日历", "与每周作息不同的日子：工作日放假，周末上班。"),
            ("Working calendar", "The days that differ from the week: weekdays off, weekend days with work."),
            (("date", "date", "日期", "Date"), ("kind", "string", "类别（off 放假，on 上班）", "Kind: off or on")),
            ("date",),
            rows.list_days,
        ),
        _define(
            "duties-on-time",
            ("公开任务按期完成情况", "各数据提供方每月到期的公开任务及按期完成的数量。"),
            ("Duties done on time", "What was due of each publisher in each month, and how much was done in time."),
            (
                ("publisher", "string", "数据提供方编号", "ID of the publisher"),
                ("publisherTitle", "string", "数据提供方", "Publisher"),
                ("month", "yearmonth", "月份", "Month"),
                ("due", "integer", "到期数", "Due"),
                ("inTime", "integer", "按期完成数", "Done in time"),
            ),
            ("publisher", "month"),
            rows.list_on_time,
        ),
        _define(
            "request-statistics",
            ("申请与答复统计", "每年收到的各类申请及其办理情况。"),
            ("Requests and replies", "The requests of each year by kind, and what became of them."),
            (
                ("year", "year", "年份", "Year"),
                ("kind", "string", "类别", "Kind"),
                ("received", "integer", "收到", "Received"),
                ("waiting", "integer", "办理中", "Waiting"),
                ("replied", "integer", "已答复", "Replied"),
                ("withdrawn", "integer", "已撤回", "Withdrawn"),
                ("inTime", "integer", "按期", "In time"),
                ("late", "integer", "逾期", "Late"),
                ("medianDays", "number", "办理天数中位数", "Median of days"),
            ),
            ("year", "kind"),
            rows.list_requests,
        ),
        *(_define_table(table, catalogue) for table in TABLES.values()),
    )


def _define_table(table: CatalogueTable, catalogue: CatalogueRows) -> OwnList:
    """A table of the catalogue as a list. Each list is a dataset of its own, so keys don't go from one to another."""
    return OwnList(
        id=LISTS[table.name],
        title=f"公开目录：{table.title}",
        description=table.description,
        i18n={"en": {**table.i18n["en"], "title": f"Public catalogue: {table.i18n['en']['title'].lower()}"}},
        schema={key: value for key, value in table.schema.items() if key != "foreignKeys"},
        read=partial(catalogue.read_list, table.name),
    )


def _define(
    name: str,
    chinese: tuple[str, str],
    english: tuple[str, str],
    columns: Sequence[Column],
    key: Sequence[str],
    read: Any,
) -> OwnList:
    fields = [
        {
            "name": column,
            "type": kind,
            "title": title,
            "opendata": {"i18n": {"en": {"title": other}}},
            **({"constraints": {"required": True}} if column in key else {}),
        }
        for column, kind, title, other in columns
    ]
    return OwnList(
        id=name,
        title=chinese[0],
        description=chinese[1],
        i18n={"en": {"title": english[0], "description": english[1]}},
        schema={"fields": fields, "primaryKey": list(key)},
        read=read,
    )
