"""The columns of a draft's table as the workbench offers them, and what makes them the fields of a schema.

In, a table whose file has `编号, 2018年, 2019年` and whose steps turn years into rows
Out, `编号, year, value`

A field may have another name than its column: without steps the column is then chosen for the field, with steps a step
renames it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from opendata.db.models import DraftResource
from opendata.domain.recipes import Recipe, Step
from opendata.recipes.plan import make_plan
from opendata.recipes.verbs import JOIN_HEADERS, RENAME, REORDER
from opendata.services.drafts.fixing.recipes import read_steps
from opendata.services.workbench.states import BenchState
from opendata.tables.schema.header import make_distinct


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """What makes columns fields: `columns` chosen for them (label → field), and steps `added` to those of the table."""

    columns: Mapping[str, str]
    added: Sequence[Step] = ()
    recipe: Recipe = field(default_factory=Recipe)

    @property
    def whole(self) -> Recipe:
        """All steps of the table then."""
        return Recipe((*self.recipe.steps, *self.added))


def list_labels(found: DraftResource) -> Sequence[str]:
    """The labels of the columns of a checked table as its steps leave them, made distinct."""
    labels = make_distinct((found.report or {}).get("labels", ())) if found.checked else ()
    recipe = read_steps(found)
    plan = make_plan(recipe)
    if plan is None or not labels:
        return labels
    said = said_columns(found)
    headers = [step.params["labels"] for step in recipe.steps if step.verb == JOIN_HEADERS]
    work = plan.begin([said.get(label, label) for label in labels], headers, first_row=2, marks={})
    return make_distinct(work.labels)


def said_columns(found: DraftResource) -> Mapping[str, str]:
    """The columns that somebody chose for fields: label → field."""
    return (found.choices or {}).get("columns") or {}


def has_steps(found: DraftResource) -> bool:
    """Whether steps change the table before it is checked."""
    return make_plan(read_steps(found)) is not None


def arrange(found: DraftResource, state: BenchState) -> Arrangement:
    """What makes the columns of a table the fields of a schema that is edited."""
    labels, recipe = list_labels(found), read_steps(found)
    pairs = {
        source: name for source, name in zip(state.sources, state.names, strict=False) if source in labels and name
    }
    by_order = state.schema.get("fieldsMatch", "exact") == "exact"
    places = [labels.index(source) for source in pairs]
    is_ordered = not by_order or places == sorted(places)
    renamed = {source: name for source, name in pairs.items() if source != name}
    if not has_steps(found):
        return Arrangement(columns=pairs if renamed or not is_ordered else {}, recipe=recipe)
    added = [Step(RENAME, source, {"to": name}) for source, name in renamed.items()]
    if not is_ordered:
        added.append(Step(REORDER, "", {"fields": [*pairs.values()]}))
    return Arrangement(columns=said_columns(found), added=added, recipe=recipe)


def find_sources(state: BenchState, labels: Sequence[str]) -> BenchState:
    """The state whose fields have a column of their name, where the one they had is called so now."""
    if not any(source and source not in labels for source in state.sources):
        return state
    pairs = zip(state.sources, state.names, strict=False)
    sources = [name if source not in labels and name in labels else source for source, name in pairs]
    return replace(state, sources=sources)
