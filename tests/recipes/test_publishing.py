"""What readers see of a recipe: no text of a cell that isn't published, nor a column that became one."""

from __future__ import annotations

from typing import Any

import pytest

from opendata.errors import InvalidMetadataError
from opendata.recipes.publishing import forget_texts, publish_recipe, withhold_texts
from opendata.recipes.recipe import read_recipe

TURNED = {
    "steps": [
        {"verb": "rename", "field": "张三 13800001111", "to": "张三"},
        {"verb": "unpivot", "columns": ["张三", "李四"], "name": "person", "value": "amount"},
        {"verb": "missing", "field": "amount", "texts": ["…"]},
    ]
}


def publish(hidden: tuple[str, ...] = (), *, hides_all: bool = False, personal: str = "") -> dict[str, Any] | None:
    """The recipe above as a manifest has it; texts with `personal` in them look like personal data."""
    return publish_recipe(
        read_recipe(TURNED),
        hides_all=hides_all,
        hidden=hidden,
        is_personal=lambda text: bool(personal) and personal in text,
    )


def test_columns_that_became_cells_are_published_only_with_these() -> None:
    assert publish() == TURNED
    for found in (publish(("person",)), publish(("amount",)), publish(hides_all=True), publish(personal="三")):
        assert found is not None
        assert [step["verb"] for step in found["steps"]] == ["rename", "unpivot", "missing"]
        assert not any(name in str(found) for name in ("张三", "李四", "13800001111"))
        assert found["steps"][1] == {"verb": "unpivot", "name": "person", "value": "amount"}
    withheld = withhold_texts(TURNED)
    assert "张三" not in str(withheld)
    assert "李四" not in str(withheld)


def test_what_is_erased_is_not_kept_in_the_steps_for_the_next_file() -> None:
    told = [
        {"verb": "missing", "field": "a", "texts": ["…", "N/A"]},
        {"verb": "missing", "field": "a", "texts": ["赵六"]},
        {"verb": "leave-out", "field": "a", "what": "text", "text": "王五"},
        {"verb": "leave-out", "field": "a", "what": "totals"},
        {"verb": "edit", "field": "a", "old": "x", "new": "y", "row": 3},
    ]
    assert forget_texts({"steps": told})["steps"] == [told[0], told[3]]
    assert forget_texts(TURNED)["steps"] == [TURNED["steps"][2]]


def test_columns_are_turned_into_rows_once_only() -> None:
    twice = [{"verb": "unpivot", "columns": ["a", "b"], "name": f"n{number}", "value": f"v{number}"} for number in "12"]
    with pytest.raises(InvalidMetadataError, match="once only"):
        read_recipe({"steps": twice})
