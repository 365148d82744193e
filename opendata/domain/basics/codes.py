"""The code lists of the basic catalogue: pilot domains, channels, audiences, methods, levels, the five kinds.

Sources: the 26 pilot domains of standardised disclosure at the grass roots (基层政务公开标准化规范化, 2019) and the
columns of the catalogues that counties publish by them. Which domain belongs to a field that opens first (民生保障,
公共服务, 市场监管) is this platform's reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from opendata.errors import N_


class Field(StrEnum):
    """The fields that open first."""

    LIVELIHOOD = "livelihood"
    SERVICES = "services"
    MARKET = "market"


@dataclass(frozen=True, slots=True)
class Domain:
    """A pilot domain: its code, its Chinese and English names, other Chinese names, the field that opens first."""

    code: str
    chinese: str
    name: str
    field: Field | None = None
    others: tuple[str, ...] = ()

    def title(self, language: str) -> str:
        """The name in a language."""
        return self.chinese if language.startswith("zh") else self.name


DOMAINS: Mapping[str, Domain] = {
    domain.code: domain
    for domain in (
        Domain("major-projects", "重大建设项目", "Major construction projects", None, ("重大项目",)),
        Domain("resource-trading", "公共资源交易", "Public resource trading", Field.MARKET, ("公共资源配置",)),
        Domain("budgets", "财政预决算", "Budgets and final accounts", None, ("预决算", "财政资金")),
        Domain("work-safety", "安全生产", "Work safety", Field.MARKET),
        Domain("taxation", "税收管理", "Tax administration", Field.MARKET, ("税收",)),
        Domain("land-compensation", "征地补偿", "Compensation for land", Field.LIVELIHOOD, ("农村集体土地征收",)),
        Domain(
            "housing-expropriation",
            "国有土地上房屋征收与补偿",
            "Expropriation of housing on state-owned land",
            Field.LIVELIHOOD,
            ("房屋征收与补偿", "国有土地上房屋征收"),
        ),
        Domain("affordable-housing", "保障性住房", "Affordable housing", Field.LIVELIHOOD, ("住房保障",)),
        Domain("rural-housing", "农村危房改造", "Renovation of unsafe rural housing", Field.LIVELIHOOD, ("危房改造",)),
        Domain("environment", "生态环境", "Environment", Field.LIVELIHOOD, ("环境保护",)),
        Domain("compulsory-education", "义务教育", "Compulsory education", Field.SERVICES),
        Domain("household-registration", "户籍管理", "Household registration", Field.SERVICES),
        Domain("social-assistance", "社会救助", "Social assistance", Field.LIVELIHOOD),
        Domain("elderly-care", "养老服务", "Care for the elderly", Field.LIVELIHOOD),
        Domain("legal-services", "公共法律服务", "Public legal services", Field.SERVICES),
        Domain("poverty-relief", "扶贫", "Poverty relief", Field.LIVELIHOOD, ("乡村振兴",)),
        Domain("employment", "就业创业", "Employment and start-ups", Field.LIVELIHOOD, ("就业",)),
        Domain("social-insurance", "社会保险", "Social insurance", Field.LIVELIHOOD),
        Domain("planning", "城乡规划", "Urban and rural planning", None, ("国土空间规划",)),
        Domain("farm-subsidies", "涉农补贴", "Subsidies for farmers", Field.LIVELIHOOD),
        Domain("culture", "公共文化服务", "Public cultural services", Field.SERVICES),
        Domain("health", "医疗卫生", "Health care", Field.SERVICES, ("卫生健康",)),
        Domain("food-and-drugs", "食药监管", "Supervision of food and drugs", Field.MARKET, ("食品药品监管",)),
        Domain("law-enforcement", "城市综合执法", "Urban law enforcement", Field.MARKET, ("城市管理综合执法",)),
        Domain("municipal-services", "市政服务", "Municipal services", Field.SERVICES),
        Domain("disaster-relief", "救灾", "Disaster relief", Field.LIVELIHOOD, ("自然灾害救助",)),
    )
}
"""Code → pilot domain, in the order of the list."""


class Channel(StrEnum):
    """Where something is disclosed."""

    WEBSITE = "website"
    GAZETTE = "gazette"
    SOCIAL_MEDIA = "social-media"
    CONFERENCE = "conference"
    BROADCAST = "broadcast"
    PRINT = "print"
    READING_POINT = "reading-point"
    SERVICE_CENTRE = "service-centre"
    SERVICE_STATION = "service-station"
    ON_SITE = "on-site"
    NOTICE_BOARD = "notice-board"
    DELIVERY = "delivery"
    HOTLINE = "hotline"
    OTHER = "other"


class Audience(StrEnum):
    """Whom it is for."""

    WHOLE = "whole"
    GROUP = "group"


class Method(StrEnum):
    """Whether it is disclosed without being asked for."""

    PROACTIVE = "proactive"
    ON_APPLICATION = "on-application"


class Level(StrEnum):
    """The level of government that discloses it."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"


class Kind(StrEnum):
    """The five kinds of openness (五公开)."""

    DECISION = "decision"
    EXECUTION = "execution"
    MANAGEMENT = "management"
    SERVICE = "service"
    RESULT = "result"


SPELLINGS: Mapping[type[StrEnum], Mapping[str, tuple[str, ...]]] = {
    Channel: {
        Channel.WEBSITE: ("政府网站", "门户网站", "网站"),
        Channel.GAZETTE: ("政府公报", "公报"),
        Channel.SOCIAL_MEDIA: ("两微一端", "政务新媒体", "新媒体", "微信公众号", "微信", "微博"),
        Channel.CONFERENCE: ("发布会/听证会", "发布会听证会", "新闻发布会", "发布会", "听证会"),
        Channel.BROADCAST: ("广播电视", "广播", "电视"),
        Channel.PRINT: ("纸质媒体", "报纸", "报刊"),
        Channel.READING_POINT: ("公开查阅点", "政务公开查阅点", "查阅点"),
        Channel.SERVICE_CENTRE: ("政务服务中心", "政务服务大厅", "便民服务中心"),
        Channel.SERVICE_STATION: ("便民服务站", "便民服务点"),
        Channel.ON_SITE: ("入户/现场", "入户现场", "入户", "现场"),
        Channel.NOTICE_BOARD: (
            "社区/企事业单位/村公示栏(电子屏)",
            "社区/企事业单位、村公示栏(电子屏)",
            "社区/企事业单位/村公示栏",
            "村(社区)公示栏",
            "公示栏(电子屏)",
            "公示栏",
            "公告栏",
            "电子屏",
        ),
        Channel.DELIVERY: ("精准推送", "推送"),
        Channel.HOTLINE: ("12345热线", "12345", "热线"),
        Channel.OTHER: ("其他", "其它"),
    },
    Audience: {
        Audience.WHOLE: ("全社会", "社会公众", "社会", "公众"),
        Audience.GROUP: ("特定群体", "特定人群", "特定对象"),
    },
    Method: {
        Method.ON_APPLICATION: ("依申请公开", "依申请"),
        Method.PROACTIVE: ("主动公开", "主动"),
    },
    Level: {
        Level.PROVINCE: ("省级", "自治区级", "省"),
        Level.CITY: ("市级", "州级", "地市级", "设区市", "市"),
        Level.COUNTY: ("县级", "县(市、区)级", "区县级", "区级", "县(区)级", "县", "区"),
        Level.TOWNSHIP: ("乡级", "乡镇级", "乡(镇)级", "镇级", "乡镇", "街道", "乡"),
        Level.VILLAGE: ("村级", "村(社区)", "社区", "村"),
    },
    Kind: {
        Kind.DECISION: ("决策公开", "决策"),
        Kind.EXECUTION: ("执行公开", "执行"),
        Kind.MANAGEMENT: ("管理公开", "管理"),
        Kind.SERVICE: ("服务公开", "服务"),
        Kind.RESULT: ("结果公开", "结果"),
    },
}
"""List → code → how people write it in Chinese, the usual name first."""

NAMES: Mapping[str, str] = {
    Channel.WEBSITE: N_("Government website"),
    Channel.GAZETTE: N_("Government gazette"),
    Channel.SOCIAL_MEDIA: N_("Social media and apps"),
    Channel.CONFERENCE: N_("Press conference or hearing"),
    Channel.BROADCAST: N_("Radio and television"),
    Channel.PRINT: N_("Newspapers"),
    Channel.READING_POINT: N_("Public reading point"),
    Channel.SERVICE_CENTRE: N_("Government service centre"),
    Channel.SERVICE_STATION: N_("Service station"),
    Channel.ON_SITE: N_("At home or on site"),
    Channel.NOTICE_BOARD: N_("Notice board or screen"),
    Channel.DELIVERY: N_("Sent to those it concerns"),
    Channel.HOTLINE: N_("12345 hotline"),
    Channel.OTHER: N_("Other channels"),
    Audience.WHOLE: N_("The whole society"),
    Audience.GROUP: N_("A specific group"),
    Method.PROACTIVE: N_("Proactive"),
    Method.ON_APPLICATION: N_("Disclosed on application"),
    Level.PROVINCE: N_("Province"),
    Level.CITY: N_("City"),
    Level.COUNTY: N_("County"),
    Level.TOWNSHIP: N_("Township"),
    Level.VILLAGE: N_("Village"),
    Kind.DECISION: N_("Decisions"),
    Kind.EXECUTION: N_("Execution"),
    Kind.MANAGEMENT: N_("Management"),
    Kind.SERVICE: N_("Services"),
    Kind.RESULT: N_("Results"),
    Field.LIVELIHOOD: N_("People's livelihood"),
    Field.SERVICES: N_("Public services"),
    Field.MARKET: N_("Market supervision"),
}
"""Code → name; the codes of all lists differ."""


@cache
def _know_domains() -> Mapping[str, str]:
    found = {}
    for domain in DOMAINS.values():
        for text in (domain.code, domain.chinese, domain.name.lower(), *domain.others):
            found[text] = domain.code
    return found


def find_domain(text: str, *, within: bool = False) -> str | None:
    """The code of the pilot domain that a text names or, with `within`, has in it; None for any other text."""
    plain = "".join(text.split()) if not text.isascii() else " ".join(text.lower().split())
    known = _know_domains()
    for spelling in (plain, plain.removesuffix("领域")):
        if spelling in known:
            return known[spelling]
    if within:
        names = sorted((name for name in known if not name.isascii()), key=len, reverse=True)
        return next((known[name] for name in names if name in plain), None)
    return None
