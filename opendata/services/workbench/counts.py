"""What would fail if a draft's table were checked by a schema: counted over all its rows, from its columns as text.

The copy of the columns is made at the first count, in a process of its own, and kept in the private store beside what
it was made of. A count runs in such a process too: two at once on a machine, and a newer one ends the older.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from opendata.confined import Bounds, BrokenOffError, Cause
from opendata.db.models import Draft, DraftResource
from opendata.domain.drafts import ENDED
from opendata.domain.schema import find_own
from opendata.errors import N_, BusyError, NotFoundError, StateError, TooLargeError, UnreadableFileError
from opendata.recipes.recipe import read_recipe
from opendata.services.catalogue.needed_blobs import list_unneeded
from opendata.services.core.actors import Actor, require_editor
from opendata.services.core.context import Context
from opendata.services.core.scans import require_scanned
from opendata.services.drafts.draft_view import find_draft
from opendata.services.workbench.states import BenchState, find_faults
from opendata.services.workbench.workbench import list_labels
from opendata.storage.turns import Turns
from opendata.tables.schema.schema import read_schema
from opendata.tables.trial.counting import Count, Wish
from opendata.tables.trial.process import Text, count_confined

logger = logging.getLogger(__name__)

LISTED = 5
COPIED_BYTES = 2 * 1024**3
"""Of a larger text, in bytes, no copy is made: to see what fails, save the schema."""

_BUSY = N_("A newer count has begun, or others are counting just now. Try again in a few seconds")
_SLOW = N_("Counting takes longer than %(seconds)s seconds. Save the schema to have the whole table checked")
_LARGE = N_("Counting takes too much memory. Save the schema to have the whole table checked")
_BROKEN = N_("The rows can't be counted: the process that read them ended unexpectedly")
_COPY_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCount:
    """What would fail: `fields` by the number of the field in the schema, from 0, `keys` those of several fields.

    A field that is wrong itself or has no column isn't counted.
    """

    rows: int
    fields: Mapping[int, Count]
    keys: Sequence[Count]


class Counts:
    """Counts.

    Raises `NotFoundError`, `NotPermittedError`, `BusyError`, `TooLargeError`, `UnreadableFileError`, and `StateError`
    for a table that isn't checked yet, or whose file can't be read.
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
            row = find_draft(session, draft)
            publisher = row.dataset.publisher_id
            require_editor(actor, publisher, row.dataset_id)
            found = next((item for item in row.resources if item.name == resource), None)
            if found is None:
                raise NotFoundError(N_("The draft has no uploaded table “%(name)s”"), name=resource[:100])
            require_scanned(self._context, row, found.upload)
            if row.status in ENDED or not found.checked or found.engine_dialect is None:
                raise StateError(N_("The rows can be counted once the check of the table has come to its end"))
            session.expunge_all()
        wish, places = _make_wish(found, state, only, limit)
        if not wish.fields:
            return TableCount(rows=found.rows, fields={}, keys=())
        with self._turns.take(publisher, f"{draft}/{resource}/count", _BUSY) as is_wanted:
            rows, counts = self._run(found, wish, is_wanted)
        fields = dict(zip(places, counts, strict=False))
        return TableCount(rows=rows, fields=fields, keys=counts[len(places) :])

    def _run(self, found: DraftResource, wish: Wish, is_wanted: Callable[[], bool]) -> tuple[int, Sequence[Count]]:
        settings, private = self._context.settings, self._context.private
        of = _digest(found)
        try:
            with ExitStack() as opened:
                if found.texts and found.texts_of == of:
                    copy, text = opened.enter_context(private.local_copy(found.texts)), None
                    bounds = Bounds(seconds=settings.preview_seconds, memory=settings.preview_memory_bytes)
                else:
                    folder = opened.enter_context(self._context.work_folder())
                    source = opened.enter_context(self._context.kept_copy(found.plain or found.upload))
                    if source.stat().st_size > COPIED_BYTES:
                        raise TooLargeError(_LARGE)
                    copy, text = folder / "copy.parquet", Text(path=str(source), dialect=found.engine_dialect or {})
                    bounds = Bounds(seconds=_COPY_SECONDS, memory=settings.preview_memory_bytes)
                answer = count_confined(copy, text, wish, bounds, is_wanted=is_wanted)
                if text is not None:
                    self._keep(found, private.put_blob(copy)[0], of)
                return answer
        except BrokenOffError as error:
            if error.cause is Cause.UNWANTED:
                raise BusyError(_BUSY) from None
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


def _digest(found: DraftResource) -> str:
    """What a copy is made of: the text, and how it is split."""
    made = json.dumps([found.plain or found.upload, found.engine_dialect], sort_keys=True)
    return hashlib.sha256(made.encode()).hexdigest()


def _make_wish(
    found: DraftResource, state: BenchState, only: Collection[int] | None, limit: int
) -> tuple[Wish, Sequence[int]]:
    """What to count, and which field each of the counted ones is."""
    labels = list_labels(found)
    fields: dict[int, Mapping[str, Any]] = {}
    places: list[int] = []
    table = {name: value for name, value in state.schema.items() if name in ("missingValues", "opendata")}
    for number, item in enumerate(state.schema.get("fields", ())):
        column = _find_column(number, state.sources, labels)
        if column is None or column in fields or (only is not None and number not in only):
            continue
        alone = {**_keep_lexical(table), "fields": [item]}
        if not find_faults(alone):
            fields[column] = read_schema(alone).descriptor["fields"][0]
            places.append(number)
    names = [item["name"] for item in fields.values()]
    if len(set(names)) < len(names):  # two of one name: that is the fault to mend first
        keep = {column: item for column, item in fields.items() if names.count(item["name"]) == 1}
        places = [place for place, column in zip(places, fields, strict=True) if column in keep]
        fields, names = keep, [item["name"] for item in keep.values()]
    recipe = read_recipe(found.recipe) if found.recipe else None
    wish = Wish(
        fields=fields,
        keys=_list_keys(state.schema, names),
        table=_keep_lexical(table),
        repairs=recipe.repairs if recipe else {},
        limit=limit,
    )
    return wish, places


def _find_column(number: int, sources: Sequence[str], labels: Sequence[str]) -> int | None:
    """The column of a field, from 1; of a table without a header by their order."""
    if not labels:
        return number + 1
    source = sources[number] if number < len(sources) else ""
    return labels.index(source) + 1 if source in labels else None


def _keep_lexical(table: Mapping[str, Any]) -> dict[str, Any]:
    strengths = find_own(table).get("strengths")
    kept = {"missingValues": table["missingValues"]} if isinstance(table.get("missingValues"), list) else {}
    return {**kept, "opendata": {"strengths": strengths}} if strengths else kept


def _list_keys(schema: Mapping[str, Any], names: Collection[str]) -> Sequence[tuple[str, Sequence[str]]]:
    """The keys all of whose fields are counted."""
    primary, unique = schema.get("primaryKey"), schema.get("uniqueKeys")
    keys: list[tuple[str, Any]] = [("primaryKey", [primary] if isinstance(primary, str) else primary)]
    keys += [("uniqueKeys", key) for key in unique] if isinstance(unique, list) else []
    return [(kind, key) for kind, key in keys if isinstance(key, list) and key and all(name in names for name in key)]
