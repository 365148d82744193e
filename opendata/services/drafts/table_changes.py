"""What may be changed about a table that was sent: the rules it is read and checked by, and who may have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opendata.db.models import Dataset, Draft, DraftResource
from opendata.domain.manifest import Manifest
from opendata.errors import N_, InvalidMetadataError, fault
from opendata.intake.understanding import read_choices
from opendata.privacy.treatments.parsing import require_shape
from opendata.recipes.following import tighten
from opendata.recipes.recipe import read_recipe, read_repairs, replace_repairs
from opendata.services.catalogue.schemas import resolve_schema
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.services.drafts.draft_view import NO_ROWS, is_said_empty, say_empty
from opendata.services.drafts.edition.switching import CHANGES, switch_edition
from opendata.services.drafts.fixing.recipes import keep_recipe, read_steps
from opendata.services.drafts.meaning.meanings import say
from opendata.services.drafts.meaning.names import rename_table
from opendata.services.drafts.meaning.said import read_said
from opendata.services.drafts.readings import remember_choices
from opendata.services.drafts.series.joining import change_series
from opendata.services.privacy.gate import BY, NOTES, QUASI, RESTORED, is_restored
from opendata.services.privacy.treating import declare_columns, read_decisions
from opendata.tables.text.dialect import read_dialect

_WITHOUT_CHECK = frozenset({"no_rows", "meaning", "name", "series"})
"""What may change without anything else to check: units and names alone are written into the files too."""


class TableChanges:
    """Changes to a table, checked before the draft is touched.

    `changes` has any of `schema`, `dialect`, `recipe`, `repairs`, `choices`, `disclosure`, `decisions`, `meaning`,
    `name`, `no_rows`, `series`, and of those that `switch_edition` takes; with a `schema` also `for_next`: the next
    files of this table are checked by it as well. Raises `InvalidMetadataError`, `InvalidSchemaError`.
    """

    def __init__(self, context: Context, changes: Mapping[str, Any]) -> None:
        self._changes = changes
        self._schema, self._schema_name = None, ""
        if changes.get("schema") not in (None, ""):
            self._schema, self._schema_name = resolve_schema(context, "/schema", changes["schema"])
        if changes.get("dialect"):
            read_dialect(changes["dialect"])
        self._repairs = read_repairs(changes["repairs"]) if "repairs" in changes else None
        self._recipe = read_recipe(changes["recipe"] or {"steps": []}) if "recipe" in changes else None
        self._said = read_said(changes["meaning"]) if "meaning" in changes else None
        self._choices = read_choices(changes["choices"]).describe() if "choices" in changes else None

    def apply(self, row: Draft, resource: DraftResource, actor: Actor, base: Manifest | None) -> bool:
        """Make the changes in the name of an actor; whether the table must be checked again.

        `base` is the manifest of the version before. Steps, choices, decisions and meaning are kept with the dataset,
        for the table's next file. Raises `InvalidMetadataError` for decisions that don't fit the table.
        """
        changes, dataset = self._changes, row.dataset
        is_joined = "series" in changes and change_series(row, resource, changes["series"], base)
        if is_joined and changes["series"] is not None:
            _keep_of_whole(dataset, resource)
        is_switched = bool(changes.keys() & CHANGES) and switch_edition(row, resource, base, changes, actor)
        is_renamed = "name" in changes and rename_table(row, resource, changes["name"], base)
        name = resource.name
        if "decisions" in changes:
            _decide(row, resource, changes["decisions"], actor)
        if "schema" in changes:
            resource.schema, resource.schema_name = self._schema, self._schema_name
            keep_schema(dataset, name, resource if changes.get("for_next") else None)
        if "disclosure" in changes:
            resource.disclosure = changes["disclosure"] or ""
        if "dialect" in changes:
            resource.dialect = changes["dialect"]
        if self._choices is not None:
            resource.choices = {**self._choices, **({NO_ROWS: True} if is_said_empty(resource) else {})}
            remember_choices(dataset, name, row.id, self._choices)
        if self._recipe is not None or self._repairs is not None:
            recipe = self._recipe or read_steps(resource)
            if self._repairs is not None:
                recipe = replace_repairs(recipe, self._repairs)
            keep_recipe(dataset, resource, recipe)
            if resource.schema and "schema" not in changes:
                resource.schema = tighten(resource.schema)
        if "no_rows" in changes:
            say_empty(resource, changes["no_rows"])
        is_measured = "meaning" in changes and say(row, resource, self._said)
        is_other = is_measured or is_renamed or is_switched or is_joined
        if set(changes) <= {*_WITHOUT_CHECK, *CHANGES} and not is_other:
            return False
        resource.checked = False
        return True


def keep_schema(dataset: Dataset, table: str, resource: DraftResource | None) -> None:
    """Keep the schema of a table for its next files, or with None what the last version has: the newest word counts."""
    kept = {name: item for name, item in (dataset.schemas or {}).items() if name != table}
    if resource is not None and resource.schema:
        kept[table] = {"schema": resource.schema, "name": resource.schema_name}
    dataset.schemas = kept or None


def _keep_of_whole(dataset: Dataset, resource: DraftResource) -> None:
    """Keep the steps and decisions that the parts of a joined table have in common for the next file of the whole."""
    keep_recipe(dataset, resource, read_steps(resource))
    if resource.decisions and not is_restored(resource):
        dataset.decisions = {**(dataset.decisions or {}), resource.name: resource.decisions}


def _decide(row: Draft, resource: DraftResource, document: Mapping[str, Any] | None, actor: Actor) -> None:
    """Keep decisions about the personal data of a table, and who decided; with the dataset too, for its next file."""
    known = resource.untreated or resource.published_schema
    if document is not None:
        require_shape(document)
    if document is not None and known is not None:
        # a file may have more columns than its schema
        schema = declare_columns(known, [item["name"] for item in resource.profile or ()])
        read_decisions(document, schema)
        unknown = [name for name in document.get(QUASI, ()) if name not in schema.names]
        if unknown:
            text = N_("“%(key)s” must be a list of columns of this table")
            raise InvalidMetadataError(faults=[fault(f"/{QUASI}", text, key=QUASI)])
    said = {key: value for key, value in (document or {}).items() if key not in NOTES}
    if is_restored(resource):
        resource.decisions = {**said, BY: actor.name, RESTORED: True}
        return
    resource.decisions = {**said, BY: actor.name} if said else None
    kept = {**(row.dataset.decisions or {}), resource.name: resource.decisions}
    row.dataset.decisions = {name: item for name, item in kept.items() if item} or None
