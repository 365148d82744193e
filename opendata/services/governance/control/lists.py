"""All gauges of the control room, in the order of the page within each group, and what shares are counted of."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, and_, true

from opendata.db.models import Dataset
from opendata.services.core.access import where_listed, where_open
from opendata.services.governance.control.answers import ANSWER_GAUGES
from opendata.services.governance.control.datasets import DATASET_GAUGES
from opendata.services.governance.control.drafts import DRAFT_GAUGES
from opendata.services.governance.control.gauges import Choice, Query, select_datasets
from opendata.services.governance.control.registers import REGISTER_GAUGES
from opendata.services.governance.control.storage import NEWEST_ROWS, STANDING, STORAGE_GAUGES
from opendata.services.governance.control.tables import TABLE_GAUGES, select_tables

GAUGES = (*ANSWER_GAUGES, *DRAFT_GAUGES, *DATASET_GAUGES, *REGISTER_GAUGES, *TABLE_GAUGES, *STORAGE_GAUGES)

ALL_LISTED = Choice(select_datasets, lambda _: where_listed())
ALL_OPEN = Choice(select_datasets, lambda _: where_open())
ALL_TABLES = Choice(select_tables, lambda _: true())
PLANNED = Choice(select_datasets, lambda _: and_(where_listed(), Dataset.opens.is_not(None)))
COMMON = ("企业", "许可", "处罚", "公交", "气象", "空气", "水质", "学校", "医疗", "预算")
"""What readers look for everywhere: each is there where a public dataset with a version has it in its title."""


def _has_word(word: str) -> Choice:
    return Choice(select_datasets, lambda _: and_(Dataset.latest.is_not(None), where_listed(), _has_in_title(word)))


def _has_in_title(word: str) -> ColumnElement[bool]:
    return Dataset.title.contains(word, autoescape=True)


COMMON_CHOICES: Mapping[str, Query] = {f"title:{word}": _has_word(word) for word in COMMON}
BASES: Mapping[str, Query] = {
    "all-listed": ALL_LISTED,
    "all-open": ALL_OPEN,
    "all-tables": ALL_TABLES,
    "planned": PLANNED,
    "standing": STANDING,
    "newest-rows": NEWEST_ROWS,
    **COMMON_CHOICES,
}
"""What the goals are measured by, and the figures of publishers, beside the gauges."""
