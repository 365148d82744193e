"""What of a draft is published and sealed, by rows alone: notes that nobody has read, steps, and copies of texts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from opendata.db.models import Dataset, Draft, DraftResource, Publisher
from opendata.domain.resources import TableResource
from opendata.services.drafts.intake import Received
from opendata.services.drafts.next_version import list_resources, seal
from opendata.services.drafts.readings import come_again, take_again
from tests.instances import DATASET

NOTES = {"footnotes": [{"text": "制表人电话见附件"}]}
CLOSED = {"attribute": "closed", "reason": "内部资料", "legalBasis": "条例第十五条"}
STEPS = {"steps": [{"verb": "drop", "field": "b"}]}
DAY = datetime(2026, 1, 1, tzinfo=UTC)


def make_draft(of_dataset: dict[str, Any] | None = None, **table: Any) -> Draft:
    publisher = Publisher(id="p", title="水务局", description="", i18n={}, created=DAY, modified=DAY, editions=0)
    meta = {key: value for key, value in DATASET.items() if key not in ("id", "publisher")}
    dataset = Dataset(
        id="d",
        uuid="u",
        publisher=publisher,
        publisher_id="p",
        meta={**meta, "disclosure": of_dataset or {"attribute": "open"}},
        created=DAY,
        modified=DAY,
    )
    values: dict[str, Any] = {"name": "t", "title": "t", "description": "", "i18n": {}, "file": "t.csv"}
    values |= {"upload": "a" * 64, "upload_bytes": 1, "rows": 1, "csv": "b" * 64, "csv_bytes": 1, "position": 0}
    values |= {"parquet": "c" * 64, "parquet_bytes": 1, "schema_name": "", "disclosure": "", "checked": True}
    values |= {
        "published_schema": {"fields": [{"name": "a", "type": "string"}]},
        "meaning": {"found": NOTES, "said": {}},
    }
    resource = DraftResource(**{**values, **table})
    return Draft(
        id="x", dataset=dataset, dataset_id="d", dropped=[], notes="", reason="", privacy=[], resources=[resource],
        attachments=[], author="editor", created=DAY, key_reports={}, status="valid",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("disclosure", "table", "is_published"),
    [
        (None, {}, True),
        (CLOSED, {}, False),
        (CLOSED, {"disclosure": "open"}, True),
        (None, {"decisions": {"columns": [{"field": "a", "treatment": "mask"}]}}, False),
        (CLOSED, {"meaning": {"found": {}, "said": NOTES}}, True),
    ],
)
def test_notes_of_rows_that_are_not_for_everybody_are_published_only_if_somebody_said_them(
    disclosure: dict[str, Any] | None, table: dict[str, Any], is_published: bool
) -> None:
    (found,) = list_resources(make_draft(disclosure, **table), None, {})
    assert isinstance(found, TableResource)
    assert bool(found.footnotes) == is_published
    assert ("制表人" in str(found.to_json())) == is_published


def test_steps_are_sealed_since_the_third_edition_and_earlier_seals_hold() -> None:
    def seals(edition: int, **table: Any) -> str:
        draft = make_draft(**table)
        draft.seal_edition = edition
        return seal(draft, None)

    assert seals(2, recipe=STEPS) == seals(2)
    assert seals(3, recipe=STEPS) != seals(3)
    assert seals(2) != seals(1)


def test_another_file_of_a_table_has_no_copy_of_its_texts_yet() -> None:
    kept = {"texts": "d" * 64, "texts_of": "e" * 64, "reading": {"sheet": "一月"}}
    values = {"file": "new.xlsx", "upload": "f" * 64, "upload_bytes": 2, "reading": {"sheet": "一月"}}
    (table,) = make_draft(**kept).resources
    come_again(table, values)
    assert (table.texts, table.texts_of, table.checked, table.upload) == (None, None, False, "f" * 64)
    draft = make_draft(**kept)
    more = {"name": "t", "choices": None, "decisions": None, "meaning": None, "edition": None, "recipe": None}
    take_again(draft, Received(tables=[{**more, **values}], attachments=[]))
    (table,) = draft.resources
    assert (table.texts, table.texts_of, table.checked, table.upload) == (None, None, False, "f" * 64)
