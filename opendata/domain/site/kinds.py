"""The kinds of pages that maintainers keep, and the fields of each.

Source: 政府网站发展指引 (国办发〔2017〕47号) for what names a site in header and footer; the Regulations on Open
Government Information (Decree 711, articles 8, 12, 19, 49) for the parts of the disclosure column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from opendata.errors import N_

SITE_CODE = r"(?:[0-9A-Za-z]{2}[0-9]{8})"
"""网站标识码: ten characters, of which a ministry's begin with letters."""

_TELEPHONE = r"[0-9+()（）\-—、,，;； 转]{5,60}"
_ICP = r"[一-龥]ICP[备证][0-9]{5,12}号(?:-[0-9]{1,4})?"
_POLICE = r"[一-龥]公网安备 ?[0-9]{14} ?号"
_HOSTS = r"(?:[a-z0-9一-龥](?:[a-z0-9一-龥-]*[a-z0-9一-龥])?\.)*[a-z0-9一-龥-]+"


class PageKind(StrEnum):
    """What a page is: the identity of the site, a part of the disclosure column, or something else that is shown."""

    IDENTITY = "identity"
    GUIDE = "guide"
    RULES = "rules"
    CONTENT = "content"
    REPORT = "report"
    COLUMN = "column"
    CALL = "call"
    INCIDENT = "incident"


PARTS = (PageKind.GUIDE, PageKind.RULES, PageKind.CONTENT, PageKind.REPORT)
"""The four parts of the disclosure column, in their order."""


class FieldType(StrEnum):
    """What a field takes. `hosts`, `words`, `datasets`, `publishers` and `files` are lists."""

    LINE = "line"
    MARKDOWN = "markdown"
    ADDRESS = "address"
    SWITCH = "switch"
    DAY = "day"
    MOMENT = "moment"
    CHOICE = "choice"
    WORDS = "words"
    HOSTS = "hosts"
    DATASETS = "datasets"
    PUBLISHERS = "publishers"
    PICTURE = "picture"
    FILES = "files"


LISTS = frozenset({FieldType.WORDS, FieldType.HOSTS, FieldType.DATASETS, FieldType.PUBLISHERS, FieldType.FILES})


class Grouping(StrEnum):
    """How a column arranges its datasets. `budget`: by level of government, department, year, budget or accounts."""

    NONE = ""
    PUBLISHER = "publisher"
    YEAR = "year"
    THEME = "theme"
    BUDGET = "budget"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageField:
    """A field of a page. `pattern` is what a text must match, `fault` what is said where it doesn't."""

    name: str
    type: FieldType = FieldType.LINE
    is_required: bool = False
    is_translated: bool = False
    longest: int = 300
    pattern: str = ""
    fault: str = ""
    options: tuple[str, ...] = ()


_TITLE = PageField(name="title", is_required=True, is_translated=True, longest=200)
_BODY = PageField(name="body", type=FieldType.MARKDOWN, is_translated=True, longest=100_000)
_FILES = PageField(name="files", type=FieldType.FILES)
_DATASETS = PageField(name="datasets", type=FieldType.DATASETS)

FIELDS: Mapping[PageKind, Sequence[PageField]] = {
    PageKind.IDENTITY: (
        PageField(name="name", is_translated=True, longest=100),
        PageField(name="logo", type=FieldType.PICTURE),
        PageField(name="organiser", is_translated=True),
        PageField(name="operator", is_translated=True),
        PageField(
            name="telephone",
            pattern=_TELEPHONE,
            fault=N_("Write a telephone number with digits, such as 0371-65500000"),
        ),
        PageField(name="address", is_translated=True),
        PageField(
            name="siteCode",
            pattern=SITE_CODE,
            fault=N_("The site identification code has ten characters: ten digits, or two letters and eight digits"),
        ),
        PageField(
            name="icp", pattern=_ICP, fault=N_("Write the ICP filing number in full, such as 豫ICP备05000001号-1")
        ),
        PageField(
            name="police",
            pattern=_POLICE,
            fault=N_(
                "Write the filing number of the public security office in full, such as 豫公网安备41010502000001号"
            ),
        ),
        PageField(name="policeLink", type=FieldType.ADDRESS),
        PageField(name="markLink", type=FieldType.ADDRESS),
        PageField(name="errorLink", type=FieldType.ADDRESS),
        PageField(name="copyright", is_translated=True),
        PageField(name="statement", type=FieldType.MARKDOWN, is_translated=True, longest=50_000),
        PageField(name="ipv6", type=FieldType.SWITCH),
        PageField(
            name="ownSites",
            type=FieldType.HOSTS,
            pattern=_HOSTS,
            fault=N_("Write one domain on each line, such as gov.cn, without “https://” and without a path"),
        ),
    ),
    **dict.fromkeys(PARTS, (_TITLE, _BODY, _FILES)),
    PageKind.COLUMN: (
        _TITLE,
        _BODY,
        PageField(name="themes", type=FieldType.WORDS),
        PageField(name="keywords", type=FieldType.WORDS),
        PageField(name="publishers", type=FieldType.PUBLISHERS),
        PageField(name="grouping", type=FieldType.CHOICE, options=tuple(Grouping)),
    ),
    PageKind.CALL: (
        _TITLE,
        PageField(name="begins", type=FieldType.DAY, is_required=True),
        PageField(name="ends", type=FieldType.DAY, is_required=True),
        PageField(name="decided", type=FieldType.DAY),
        _BODY,
        PageField(name="conditions", type=FieldType.MARKDOWN, is_translated=True, longest=50_000),
        PageField(name="results", type=FieldType.MARKDOWN, is_translated=True, longest=50_000),
        _DATASETS,
        _FILES,
    ),
    PageKind.INCIDENT: (
        _TITLE,
        PageField(name="begun", type=FieldType.MOMENT, is_required=True),
        PageField(name="ended", type=FieldType.MOMENT),
        _BODY,
    ),
}
"""Kind → its fields, in the order of its form."""

MOST_ITEMS = 200
"""So many items a list of a page may have."""
