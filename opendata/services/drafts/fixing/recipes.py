"""Recipes of tables: kept with a draft and with its dataset, applied again to the table's next file."""

from __future__ import annotations

from typing import Any

from opendata.db.models import Dataset, DraftResource
from opendata.domain.recipes import Recipe
from opendata.recipes.recipe import describe_recipe, read_recipe, recall_recipe
from opendata.recipes.verbs import EDIT


def keep_recipe(dataset: Dataset, resource: DraftResource, recipe: Recipe) -> None:
    """Keep the steps of a table with its draft, and with the dataset for the table's next file."""
    resource.recipe = describe_recipe(recipe) if recipe.steps else None
    dataset.recipes = {**(dataset.recipes or {}), resource.name: describe_recipe(recipe)}


def recall_steps(dataset: Dataset, table: str) -> dict[str, Any] | None:
    """The steps of a table's earlier file as they apply to its next one; None where there are none.

    A correction of one cell by its row stays with its file: in another one the row is another.
    """
    kept = (dataset.recipes or {}).get(table)
    if not kept:
        return None
    steps = [step for step in read_recipe(kept).steps if step.verb != EDIT or "key" in step.params]
    return recall_recipe(describe_recipe(Recipe(tuple(steps))))


def read_steps(resource: DraftResource) -> Recipe:
    """The steps of a table."""
    return read_recipe(resource.recipe) if resource.recipe else Recipe()
