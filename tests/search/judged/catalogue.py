"""The fixed catalogue that searches are judged by: made datasets, each with what it is about, and the sample datasets.

Datasets are combinations of the real vocabulary in `subjects.txt` with regions, years and offices, from one seed. What
a dataset is about is known from how it was made; grades are given by that, never by its words.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from opendata.search.documents import SearchDocument

FOLDER = Path(__file__).parent
CHECKOUT = FOLDER.parents[2]
SEED = 20261130
PER_SUBJECT = 13


@dataclass(frozen=True, slots=True)
class Subject:
    """What datasets can be about: its names, and the office, columns and labels that go with it."""

    id: str
    names: Sequence[str]
    english: str
    department: str
    theme: str
    keywords: Sequence[str]
    columns: Sequence[str]
    labels: Sequence[str]


@dataclass(frozen=True, slots=True)
class Region:
    """A division, and the one it is part of."""

    name: str
    english: str
    parent: str = ""

    @property
    def short(self) -> str:
        """Its name without 省 or 市."""
        return self.name[:-1] if self.name[-1] in "省市" else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One dataset: what it is about, and the texts that are public of it."""

    id: str
    subject: str
    region: str = ""
    years: Sequence[int] = ()
    department: str = ""
    is_english: bool = False
    texts: Mapping[str, Sequence[str]]
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    updated: datetime

    def as_document(self) -> SearchDocument:
        """What the index is told of it."""
        return SearchDocument(id=self.id, texts=self.texts, values=self.values, updated=self.updated)


REGIONS = {
    item.name: item
    for item in (
        Region("北京市", "Beijing"),
        Region("上海市", "Shanghai"),
        Region("重庆市", "Chongqing"),
        Region("广东省", "Guangdong"),
        Region("广州市", "Guangzhou", "广东省"),
        Region("深圳市", "Shenzhen", "广东省"),
        Region("珠海市", "Zhuhai", "广东省"),
        Region("佛山市", "Foshan", "广东省"),
        Region("南山区", "Nanshan District", "深圳市"),
        Region("天河区", "Tianhe District", "广州市"),
        Region("浙江省", "Zhejiang", ""),
        Region("杭州市", "Hangzhou", "浙江省"),
        Region("宁波市", "Ningbo", "浙江省"),
        Region("温州市", "Wenzhou", "浙江省"),
        Region("余杭区", "Yuhang District", "杭州市"),
        Region("四川省", "Sichuan"),
        Region("成都市", "Chengdu", "四川省"),
        Region("绵阳市", "Mianyang", "四川省"),
        Region("山东省", "Shandong"),
        Region("济南市", "Jinan", "山东省"),
        Region("青岛市", "Qingdao", "山东省"),
        Region("贵州省", "Guizhou"),
        Region("贵阳市", "Guiyang", "贵州省"),
        Region("香港特别行政区", "Hong Kong"),
        Region("澳门特别行政区", "Macao"),
    )
}

DEPARTMENTS = {
    "traffic": ("交通运输", "Transport"),
    "energy": ("能源", "Energy"),
    "police": ("公安", "Public Security"),
    "statistics": ("统计", "Statistics"),
    "commerce": ("商务", "Commerce"),
    "environment": ("生态环境", "Ecology and Environment"),
    "urban": ("城市管理", "Urban Management"),
    "forestry": ("林业和园林", "Forestry"),
    "health": ("卫生健康", "Health"),
    "market": ("市场监督管理", "Market Regulation"),
    "approval": ("政务服务数据管理", "Government Services"),
    "court": ("发展和改革", "Development and Reform"),
    "tax": ("税务", "Taxation"),
    "finance": ("财政", "Finance"),
    "civil": ("民政", "Civil Affairs"),
    "disabledunion": ("残疾人事务", "Disability Affairs"),
    "education": ("教育", "Education"),
    "culture": ("文化和旅游", "Culture and Tourism"),
    "sports": ("体育", "Sports"),
    "labour": ("人力资源和社会保障", "Human Resources and Social Security"),
    "medicare": ("医疗保障", "Healthcare Security"),
    "housing": ("住房和城乡建设", "Housing"),
    "land": ("自然资源", "Natural Resources"),
    "agriculture": ("农业农村", "Agriculture"),
    "waterworks": ("水务", "Water"),
    "weather": ("气象", "Meteorology"),
    "emergency": ("应急管理", "Emergency Management"),
    "science": ("科学技术", "Science and Technology"),
    "development": ("发展和改革", "Development and Reform"),
    "justice": ("司法", "Justice"),
    "veterans": ("退役军人事务", "Veterans"),
}

_TITLES = (
    "{region}{name}",
    "{region}{year}年{name}",
    "{name}（{year}年）",
    "{region}{office}{name}信息",
    "{year}年度{region}{name}一览表",
    "{name}",
    "{region}{name}数据（{first}—{year}年）",
)
_DESCRIPTIONS = (
    "本数据由{publisher}提供，反映{region}{name}的基本情况，含{columns}等数据项。",
    "{publisher}依法公开的{name}，按更新周期维护。如有疑问请与提供单位联系。",
    "{region}{year}年{name}，数据来自业务系统，经脱敏后向社会开放。",
    "根据《政务数据开放管理办法》，{publisher}整理发布{name}。",
)
_ASIDES = (
    "可与“{other}”对照使用。",
    "统计口径与{other}一致。",
    "本表不含{other}，请另行查询。",
    "",
    "",
    "",
)
_COMMON_COLUMNS = ("序号", "备注", "更新时间", "行政区划代码", "数据来源单位")


@cache
def list_subjects() -> Mapping[str, Subject]:
    """The subjects of `subjects.txt`."""
    found = {}
    for line in (FOLDER / "subjects.txt").read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        name, others, english, department, theme, *lists = (part.strip() for part in line.split("|"))
        keywords, columns, labels = (item.split(",") for item in lists)
        names = others.split(",")
        found[name] = Subject(name, names, english, department, theme, keywords, columns, labels)
    return found


@cache
def list_entries() -> Sequence[Entry]:
    """The whole catalogue: the same every time."""
    return [*make_entries(SEED, PER_SUBJECT), *_list_samples()]


def make_entries(seed: int, per_subject: int) -> Iterator[Entry]:
    """Datasets of every subject, one subject after the other."""
    chance = random.Random(seed)
    number = 0
    for subject in list_subjects().values():
        taken: set[tuple[str, int]] = set()
        for _ in range(per_subject):
            region = chance.choice(list(REGIONS.values()))
            year = chance.randint(2015, 2025)
            if per_subject <= PER_SUBJECT and (region.name, year) in taken:
                region = chance.choice(list(REGIONS.values()))
            taken.add((region.name, year))
            number += 1
            yield _make_entry(chance, number, subject, region, year)


def _make_entry(chance: random.Random, number: int, subject: Subject, region: Region, year: int) -> Entry:
    name = chance.choice(subject.names)
    form = chance.choice(_TITLES)
    first = year - chance.randint(2, 6)
    office, office_english = DEPARTMENTS[subject.department]
    suffix = "厅" if region.name.endswith("省") else "局"
    publisher = f"{region.name}{office}{suffix}"
    columns = sorted(chance.sample(subject.columns, max(3, len(subject.columns) - 1)), key=subject.columns.index)
    columns += chance.sample(_COMMON_COLUMNS, chance.randint(0, 2))
    other = chance.choice(chance.choice(list(list_subjects().values())).names)
    values = {
        "region": region.short if chance.random() < 0.3 else region.name,
        "name": name,
        "office": f"{office}{suffix}",
        "publisher": publisher,
        "year": year,
        "first": first,
        "columns": "、".join(columns[:3]),
        "other": other,
    }
    title = form.format(**values)
    description = chance.choice(_DESCRIPTIONS).format(**values) + chance.choice(_ASIDES).format(**values)
    keywords = [*subject.keywords, *([name] if chance.random() < 0.3 else [])]
    labels = list(subject.labels) if chance.random() < 0.7 else []
    place = " ".join(filter(None, (region.parent, region.name)))
    is_traditional = region.name.endswith("特别行政区")
    if is_traditional:
        title, description, publisher, place = map(write_traditional, (title, description, publisher, place))
        keywords, columns, labels = (
            [write_traditional(text) for text in texts] for texts in (keywords, columns, labels)
        )
    texts = {
        "title": [title],
        "keywords": keywords,
        "publisher": [publisher],
        "theme": [subject.theme, place],
        "columns": [*columns, name],
        "labels": labels,
        "description": [description],
    }
    is_english = is_traditional or chance.random() < 0.35
    if is_english:
        texts["title"].append(f"{subject.english} of {region.english}" + (f", {year}" if "{year}" in form else ""))
        texts["publisher"].append(f"{region.english} {office_english} Bureau")
        texts["theme"].append(region.english)
        texts["description"].append(
            f"{subject.english} as recorded by the {office_english} Bureau of {region.english}, open for reuse."
        )
    years = [*range(first, year + 1)] if "{first}" in form else [year] if "{year}" in form else []
    return Entry(
        id=f"ds-{number:06}",
        subject=subject.id,
        region=region.name,
        years=years,
        department=subject.department,
        is_english=is_english,
        texts=texts,
        values={
            "publisher": [f"{region.english}-{subject.department}".lower().replace(" ", "-")],
            "theme": [subject.theme],
            "format": ["csv", "parquet", "xlsx", "json"],
            "updateCycle": [chance.choice(("daily", "monthly", "quarterly", "yearly"))],
            "disclosure": [chance.choice(("open", "open", "open", "conditional"))],
            "license": [chance.choice(("CC0-1.0", "CC-BY-4.0"))],
            "period": [str(item) for item in years],
            "region": [region.name],
        },
        updated=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(400_000)),
    )


def _list_samples() -> Iterator[Entry]:
    """The sample datasets of the repository; each is a subject of its own, named like its folder."""
    for path in sorted((CHECKOUT / "datasets").glob("*/*/datapackage.json")):
        package = json.loads(path.read_text("utf-8"))
        english = package["opendata"]["i18n"]["en"]
        publisher = path.parts[-3]
        fields = [item for table in package["resources"] for item in _list_fields(table)]
        tables = package["resources"]
        yield Entry(
            id=path.parts[-2],
            subject=path.parts[-2],
            is_english=True,
            texts={
                "title": [package["title"], english["title"], path.parts[-2]],
                "keywords": [*package["keywords"], *english.get("keywords", ())],
                "publisher": [item["title"] for item in package.get("contributors", ())],
                "theme": [],
                "columns": [text for item in (*fields, *tables) for text in _list_names(item)],
                "labels": [],
                "description": [package["description"], english["description"]],
            },
            values={"publisher": [publisher], "license": [item["name"] for item in package["licenses"]]},
            updated=datetime(2026, 6, 1, tzinfo=UTC),
        )


def _list_fields(table: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    name, version = table["opendata"]["schema"].split("@")
    schema = json.loads((CHECKOUT / "schemas" / name / version / "schema.json").read_text("utf-8"))
    fields: Sequence[Mapping[str, Any]] = schema["fields"]
    return fields


def _list_names(item: Mapping[str, Any]) -> Iterator[str]:
    english = item.get("opendata", {}).get("i18n", {}).get("en", {})
    yield from filter(None, (item["name"], item.get("title"), english.get("title")))


def write_traditional(text: str) -> str:
    """A text in traditional characters; only those of this catalogue are known."""
    return text.translate(_traditional())


@cache
def _traditional() -> Mapping[int, str]:
    simplified, traditional = (FOLDER / "traditional.txt").read_text("utf-8").split()
    return str.maketrans(simplified, traditional)
