"""What real files of statistics offices say about themselves: title, unit, period, source, notes."""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest

from opendata.domain.meaning.table_meaning import CERTAIN, FoundMeaning
from opendata.intake.meaning.finding import find_meaning
from opendata.intake.opening import find_tables, open_table
from opendata.tables.schema.header import read_labels
from opendata.tables.text.decoding import read_rows

BUDGET = "chinese/budget/7-6-分地区一般公共预算支出"
NBS = "chinese/nbs-gbk"
TRAPS = "chinese/xlsx-traps"

EXPECTED = {
    (f"{BUDGET}-2021.xlsx", "Sheet1"): {
        "title": "分地区一般公共预算支出",
        "unit": "亿元",
        "period": "2021",
    },
    (f"{BUDGET}-2020.xls", "raw-2020-base"): {
        "title": "中国分地区一般公共预算支出统计",
        "unit": "亿元",
        "period": "2020",
        "source": "《中国统计年鉴2021》",
    },
    (f"{BUDGET}-2019.encrypted.xls", "1-2"): {
        "title": "分地区一般公共预算支出",
        "titleEn": "General Public Expenditure by Region",
        "unit": "亿元",
        "period": "2019",
    },
    (f"{BUDGET}-2019.encrypted.xls", "3"): {"unit": "亿元", "period?": "2019"},
    (f"{NBS}/cpi/分省月度数据.csv", None): {
        "title": "居民消费价格指数(上年同月=100)",
        "period": "2020",
        "source": "国家统计局",
        "notes": 1,
    },
    (f"{NBS}/gdp-1993-2017/分省年度数据.csv", None): {
        "title": "地区生产总值",
        "unit": "亿元",
        "period": "1993/2017",
        "source": "国家统计局",
        "notes": 1,
    },
    (f"{NBS}/分省年度数据 (1).csv", None): {
        "title": "人口数(人口抽样调查)",
        "unit": "人",
        "source": "国家统计局",
        "notes": 2,
    },
    (f"{NBS}/分省年度数据 (5).csv", None): {
        "title": "固定资产投资(不含农户)实际到位资金_比上年增长",
        "unit": "%",
        "source": "国家统计局",
    },
    (f"{NBS}/分省年度数据.csv", None): {"title": "地区生产总值", "unit": "亿元", "source": "国家统计局", "notes": 1},
    (f"{NBS}/cpi/全国月度数据.csv", None): {"units": {"出口总值（亿美元）": "亿美元", "进口总值（亿美元）": "亿美元"}},
    ("chinese/schools/全国普通高等学校名单-2025.xls", "全国普通高等学校名单"): {
        "title": "全国普通高等学校名单",
        "period": "2025-06-20",
    },
    ("chinese/schools/全国成人高等学校名单-2025.xls", "全国成人高等学校名单"): {
        "title": "全国成人高等学校名单",
        "period": "2025-06-20",
    },
    (f"{TRAPS}/openxlsx-wrong-dimension-RD人员全时当量-2018.xlsx", "1"): {
        "title": "各地区研究与试验发展(R&D)人员全时当量",
        "titleEn": "Full-time Equivalent of R&D Personnel by Region",
        "unit": "人年",
        "period": "2018",
    },
    ("reported/90-zero-padded-format.xlsx", "S"): {"units": {"同比(%)": "%"}},
    ("chinese/covid/2020-02-10.csv", None): {"period?": "2020-02-10"},
    ("chinese/hospitals/苏州医院信息.xlsx", "Sheet1"): {},
    ("chinese/admin-divisions/summary.xlsx", "总统计"): {},
    ("chinese/code-lists/GB-4754-2017.csv", None): {},
    ("reported/b1-units.csv", None): {},
    ("reported/a8-opening-hours.csv", None): {},
}
"""File and sheet → what it says; `period?` is asked, everything else certain. What isn't named isn't found."""


@pytest.mark.parametrize(
    ("file", "sheet"), EXPECTED, ids=[f"{file.rsplit('/')[-1]}-{sheet}" for file, sheet in EXPECTED]
)
def test_a_real_file_says_what_it_says_and_nothing_else(realdata: Path, tmp_path: Path, file: str, sheet: str | None):
    path = realdata / file
    if not path.exists():
        pytest.skip(f"{path} is missing")
    found = list_certain(read_meaning(path, tmp_path, sheet))
    assert found == EXPECTED[file, sheet]


def read_meaning(path: Path, folder: Path, sheet: str | None) -> FoundMeaning:
    table = next(item for item in find_tables(path, path.name, folder) if sheet is None or item.place == sheet)
    opened = open_table(table, folder)
    with closing(read_rows(opened.path, opened.dialect)) as rows:
        labels = read_labels(list(islice(rows, max(opened.dialect.header_rows, default=0))), opened.dialect)
    layout = opened.understanding.layout
    return find_meaning(file=path.stem, sheet=sheet, above=layout.titles, below=layout.footnotes, labels=labels)


def list_certain(meaning: FoundMeaning) -> dict[str, object]:
    described = meaning.describe()
    found: dict[str, object] = {}
    for name, item in described.items():
        if name == "units":
            found[name] = dict(item)
        elif name == "footnotes":
            found["notes"] = len(item)
        else:
            found[name if item["sure"] >= CERTAIN else f"{name}?"] = item["value"]
    return found
