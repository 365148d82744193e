"""What would fail if a draft's table were checked by a schema: counted over all its rows, from its columns as text.

The copy of the columns, as the steps of the table leave them, is made at the first count, in a process of its own, and
kept in the private store beside what it was made of. A count runs in such a process too: two at once on a machine, and
a newer one of the same table ends the older.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import select, update

from opendata.confined import Bounds, BrokenOffError, Cause
from opendata.db.models import Draft, DraftResource
from opendata.domain.drafts import ENDED
from opendata.domain.recipes import REPAIR, Recipe
from opendata.domain.schema import find_own
from opendata.errors import N_, StateError, TooLargeError, UnreadableFileError
from opendata.recipes.recipe import describe_recipe
from opendata.recipes.trial import Text, count_confined, warm_up
from opendata.services.catalogue.files.needed_blobs import list_unneeded
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.services.drafts.draft_view import find_scanned_table
from opendata.services.workbench.columns import Arrangement, arrange, has_steps
from opendata.services.workbench.states import BenchState, find_faults
from opendata.storage.turns import Turns, superseded
from opendata.tables.schema.schema import read_schema
from opendata.tables.trial.counting import Count, Wish
from opendata.tables.trial.counting import Counts as Found

logger = logging.getLogger(__name__)

LISTED = 5
COPIED_BYTES = 2 * 1024**3
"""Of a larger text, in bytes, no copy is made: to see what fails, save the schema."""

_BUSY = N_("Others are counting just now. Try again in a few seconds")
_SLOW = N_("Counting takes longer than %(seconds)s seconds. Save the schema to have the whole table checked")
_LARGE = N_("Counting takes too much memory. Save the schema to have the whole table checked")
_BROKEN = N_("The rows can't be counted: the process that read them ended unexpectedly")
_COPY_SECONDS = 120
_FORM = 2
"""Counted up when copies are made in another way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCount:
    """What would fail: `fields` by the number of the field in the schema, from 0, `keys` those of several fields.

    A field that is wrong itself or has no column isn't counted. `table` is what is wrong with rows and the header as a
    whole; None where some fields alone are counted, or something is wrong with the schema.
    """

    rows: int
    fields: Mapping[int, Count]
    keys: Sequence[Count]
    table: Count | None


class Counts:
    """Counts.

    Raises `NotFoundError`, `NotPermittedError`, `OverloadedError`, `SupersededError`, `TooLargeError`,
    `UnreadableFileError`, and `StateError` for a table that isn't checked yet, or whose file can't be read.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._turns = Turns(context.settings.home / "turns")

    def count(
        self,
        actor: Actor | None,
        draft: str,
        resource: str,
        state: BenchState,
        only: Collection[int] | None = None,
        limit: int = LISTED,
    ) -> TableCount:
        """Count what each field would break, of some fields `only`; of all also the keys of several fields."""
        with self._context.read() as session:
            row, found = find_scanned_table(self._context, session, actor, draft, resource)
            publisher = row.dataset.publisher_id
            if row.status in ENDED or not found.checked or found.engine_dialect is None:
                raise StateError(N_("The rows can be counted once the check of the table has come to its end"))
            session.expunge_all()
        usable, names = _make_usable(state), state.names
        wanted = [place for place in usable.places if only is None or place in only]
        if not wanted:
            return TableCount(rows=found.rows, fields={}, keys=(), table=None)
        arranged = arrange(found, state)
        wish = Wish(
            schema=usable.schema,
            only=None if only is None else [names[place] for place in wanted],
            renames={} if has_steps(found) else arranged.columns,
            recipe=Recipe(tuple(step for step in arranged.recipe.steps if step.verb == REPAIR)),
            limit=limit,
        )
        with self._turns.take(publisher, f"{draft}/{resource}/count", _BUSY) as is_wanted:
            counts = self._run(found, _make_text(found, arranged, state), wish, arranged, is_wanted)
        self.get_ready()
        fields = {place: counts.fields[names[place]] for place in wanted if names[place] in counts.fields}
        return TableCount(
            rows=counts.rows, fields=fields, keys=counts.keys, table=counts.table if usable.is_whole else None
        )

    def get_ready(self) -> None:
        """Have a process ready for the next count: somebody is looking at a schema."""
        warm_up()

    def _run(
        self,
        found: DraftResource,
        text: Text,
        wish: Wish,
        arranged: Arrangement,
        is_wanted: Callable[[], bool],
    ) -> Found:
        settings, private = self._context.settings, self._context.private
        of = _digest(found, text)
        try:
            with ExitStack() as opened:
                if found.texts and found.texts_of == of:
                    copy, source = opened.enter_context(private.local_copy(found.texts)), None
                    # somebody waits for it, and it is short
                    bounds = Bounds(seconds=settings.preview_seconds, memory=settings.preview_memory_bytes, nice=1)
                else:
                    folder = opened.enter_context(self._context.work_folder())
                    path = opened.enter_context(self._context.kept_copy(found.plain or found.upload))
                    if path.stat().st_size > COPIED_BYTES:
                        raise TooLargeError(_LARGE)
                    copy, source = folder / "copy.parquet", replace(text, path=str(path))
                    bounds = Bounds(seconds=_COPY_SECONDS, memory=settings.preview_memory_bytes)
                # A copy that is begun is made to its end: every count needs it.
                still = is_wanted if source is None else lambda: True
                answer = count_confined(copy, source, wish, bounds, added=arranged.added, is_wanted=still)
                if source is not None:
                    self._keep(found, private.put_blob(copy)[0], of)
                if not is_wanted():
                    raise superseded()
                return answer
        except BrokenOffError as error:
            if error.cause is Cause.UNWANTED:
                raise superseded() from None
            logger.warning("a count of %s (%s bytes): %s", found.upload, found.upload_bytes, error)
            if error.cause is Cause.TIME:
                raise TooLargeError(_SLOW, seconds=settings.preview_seconds) from None
            if error.cause is Cause.MEMORY:
                raise TooLargeError(_LARGE) from None
            raise UnreadableFileError(_BROKEN) from None

    def _keep(self, found: DraftResource, blob: str, of: str) -> None:
        """Note the copy in place of an older one, unless the draft has ended or has another file meanwhile.

        Then nothing may be left of it.
        """
        at_work = select(Draft.id).where(Draft.status.not_in(ENDED))
        query = update(DraftResource).where(
            DraftResource.id == found.id, DraftResource.upload == found.upload, DraftResource.draft_id.in_(at_work)
        )
        with self._context.write() as session:
            kept = session.execute(query.values(texts=blob, texts_of=of))
            is_kept = bool(getattr(kept, "rowcount", 0))
        left = {found.texts} - {None, blob} if is_kept else {blob}
        with self._context.read() as session:
            gone = list_unneeded(self._context, session, [name for name in left if name]) if left else set()
        for name in gone:
            self._context.private.delete_blob(name)


def _make_text(found: DraftResource, arranged: Arrangement, state: BenchState) -> Text:
    """What a copy is made of, beside the file: steps, and what they see of the columns."""
    if not has_steps(found):
        return Text(path="", dialect=found.engine_dialect or {}, marks=_read_marks(found))
    is_named = bool((found.report or {}).get("labels"))
    return Text(
        path="",
        dialect=found.engine_dialect or {},
        recipe=Recipe(tuple(step for step in arranged.recipe.steps if step.verb != REPAIR)),
        renames=arranged.columns,
        names=() if is_named else state.names,
        marks=_read_marks(found),
    )


def _read_marks(found: DraftResource) -> Mapping[int, Mapping[str, Any]]:
    return {int(number): mark for number, mark in (found.marks or {}).items()}


def _digest(found: DraftResource, text: Text) -> str:
    """What a copy is made of."""
    made = [found.plain or found.upload, {**asdict(text), "recipe": describe_recipe(text.recipe)}, _FORM]
    return hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Usable:
    """What of a schema can be counted: `places` are the fields that aren't wrong, `is_whole`: nothing is wrong."""

    schema: Mapping[str, Any]
    places: Sequence[int]
    is_whole: bool


def _make_usable(state: BenchState) -> _Usable:
    """The schema that is edited, with fields that are wrong replaced by ones that take any value."""
    fields = state.schema.get("fields", ())
    if not find_faults(state.schema):
        return _Usable(schema=read_schema(state.schema).descriptor, places=range(len(fields)), is_whole=True)
    lexical, known = _keep_lexical(state.schema), state.names
    times = Counter(known)
    usable: list[Mapping[str, Any]] = []
    places = []
    for number, item in enumerate(fields):
        alone = {**lexical, "fields": [item]}
        if number < len(known) and times[known[number]] == 1 and not find_faults(alone):
            usable.append(read_schema(alone).descriptor["fields"][0])
            places.append(number)
        else:  # it keeps its place, for the columns that are matched by their order
            usable.append({"name": f"\x00{number}", "type": "any"})
    names = {known[place] for place in places}
    match = state.schema.get("fieldsMatch")
    schema = {**lexical, **_keep_keys(state.schema, names), "fields": usable}
    if isinstance(match, str) and not find_faults({"fields": [{"name": "a"}], "fieldsMatch": match}):
        schema["fieldsMatch"] = match
    return _Usable(schema=schema, places=places, is_whole=False)


def _keep_lexical(table: Mapping[str, Any]) -> dict[str, Any]:
    strengths = find_own(table).get("strengths")
    kept = {"missingValues": table["missingValues"]} if isinstance(table.get("missingValues"), list) else {}
    found = {**kept, "opendata": {"strengths": strengths}} if strengths else kept
    return {} if find_faults({**found, "fields": [{"name": "a"}]}) else found


def _keep_keys(schema: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """The keys all of whose fields are counted."""

    def is_usable(key: Any) -> bool:
        return isinstance(key, list) and bool(key) and all(name in names for name in key)

    primary, unique = schema.get("primaryKey"), schema.get("uniqueKeys")
    primary = [primary] if isinstance(primary, str) else primary
    kept: dict[str, Any] = {"primaryKey": primary} if is_usable(primary) else {}
    keys = [key for key in unique if is_usable(key)] if isinstance(unique, list) else []
    return {**kept, "uniqueKeys": keys} if keys else kept
