"""Whole answers of queries as files: every form, each made once and kept among the derived files.

An answer follows from what was asked, of which bytes, by which edition of the engine, so its file has a name before it
is made, and the same link gives the same bytes. The gate is asked first, each time, so nobody gets a file of rows
that aren't for them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from opendata.domain.schema import Field, TableSchema
from opendata.errors import N_, InputError, Listed, NotFoundError, StateError
from opendata.metadata.explanation import explain_answer, explain_columns, explain_origin, label
from opendata.query.values import EDITION, RowsQuery
from opendata.services.catalogue.versions import Versions
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.services.delivery.forms import FORMS, ServedForm, serve_derived
from opendata.services.query.answers import QuerySource, RowsStream
from opendata.services.query.queries import Queries
from opendata.storage.derived import DerivedFolder
from opendata.storage.faults import require_room

if TYPE_CHECKING:
    import pyarrow as pa

    from opendata.tables.forms.geojson_form import PointColumns

ANSWER_FORMS: Mapping[str, str] = {**FORMS, "geojson": "application/geo+json"}
"""The suffix of each form of an answer → its media type."""

_ENCODED = ("csv", "jsonl", "geojson")
_EDITION = 1

_NO_POINTS = N_(
    "These rows have no points: GeoJSON needs one column of the type geopoint, or one column with longitudes and one"
    " with latitudes, named so. Select them, or choose another format"
)
_OTHER_CRS = N_("GeoJSON needs coordinates in WGS 84, and these are in %(crs)s. Choose another format")
_NO_FORM = N_("Answers aren't available as “%(suffix)s”. Choose one of: %(forms)s")
_WIDE = N_("This table has more columns than an Excel worksheet allows. Choose another format")

_LARGE = N_(
    "This answer is larger than the %(most)s MB that one may have and was stopped. Filter more rows out, ask for fewer"
    " columns, or download the whole table"
)
_SLOTS = 64
"""Few queries run at once anyway, and nobody waits for what another asks, whose join may take minutes."""

_PART = 4
"""One answer has at most the fourth part of the room for files that are made on demand."""

Open = Callable[[], AbstractContextManager[RowsStream]]
Pages = Callable[[], Sequence[tuple[str, Sequence[Sequence[str]]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """An answer that is to be made: how its rows are had, what it is made of, and what explains it."""

    open: Open
    sources: Sequence[QuerySource]
    schema: TableSchema | None
    text: str
    pages: Pages


class AnswerForms:
    """Makes files of answers."""

    def __init__(self, context: Context, versions: Versions, queries: Queries) -> None:
        self._languages = context.settings.languages
        self._versions = versions
        self._queries = queries
        self._place, self.free_bytes = context.settings.derived_folder, context.settings.free_bytes
        self.most_bytes = context.settings.derived_bytes // _PART
        self._folder = DerivedFolder(self._place, context.settings.derived_bytes, lane="answer-", slots=_SLOTS)

    def find_rows(
        self,
        place: tuple[str, str, str],
        query: RowsQuery,
        suffix: str,
        text: str,
        reader: Actor | None = None,
    ) -> tuple[ServedForm, QuerySource]:
        """The rows that a query finds in a table (dataset, version, resource), all of them if it has no limit.

        `text` is how the query was asked, for the file to say so. Raises as `Queries.stream_rows`, and `InputError`
        for rows that the form can't have.
        """
        _require_form(suffix)
        if query.cursor:
            raise InputError(
                N_("“cursor” reads page by page, so it can't be used for a file. Leave it out, or use “offset”")
            )
        source, fingerprint = self._queries.identify(*place, query, reader)
        number = (source.dataset, source.version, source.resource)
        manifest, table = self._versions.get_manifest(*number[:2]), self._versions.get_table(*number)

        def explain() -> Sequence[tuple[str, Sequence[Sequence[str]]]]:
            origin = explain_origin(manifest, table, self._languages)
            answer = explain_answer(text, EDITION, [source.hash], self._languages)
            return (("dictionary", explain_columns(table, self._languages)), ("origin", [*origin, *answer]))

        asked = _Asked(
            open=partial(self._queries.stream_rows, *number, query, reader),
            sources=(source,),
            schema=table.schema,
            text=text,
            pages=explain,
        )
        name = f"{source.dataset}-{source.version}-{source.resource}-rows.{suffix}"
        return self._make(asked, fingerprint, suffix, name), source

    def find_select(self, text: str, suffix: str, limit: int | None = None) -> tuple[ServedForm, Sequence[QuerySource]]:
        """All rows of one SELECT over public tables, or the first `limit`. Raises as `Queries.stream_select`."""
        _require_form(suffix)
        sources, fingerprint = self._queries.identify_select(text)

        def explain() -> Sequence[tuple[str, Sequence[Sequence[str]]]]:
            tables = [f"{item.dataset}@{item.version}/{item.resource} {item.hash}" for item in sources]
            heading = [label(key, self._languages) for key in ("item", "value")]
            return (("origin", [heading, *explain_answer(text, EDITION, tables, self._languages)]),)

        asked = _Asked(
            open=partial(self._queries.stream_select, text, limit),
            sources=sources,
            schema=None,
            text=text,
            pages=explain,
        )
        return self._make(asked, f"{fingerprint}-{limit}", suffix, f"answer.{suffix}"), sources

    def _make(self, asked: _Asked, fingerprint: str, suffix: str, name: str) -> ServedForm:
        places = [(item.dataset, item.version, item.resource) for item in asked.sources]
        parts = [fingerprint, places, asked.text, self._languages]
        answer = hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()
        digests = tuple(dict.fromkeys(item.hash.removeprefix("sha256:") for item in asked.sources))
        key = "-".join([*digests[:1], "answer", answer, f"{suffix}.{_EDITION}"])
        file = self._folder.get(key, partial(self._write, asked, suffix), digests[1:])
        form = serve_derived(key, file, name, ANSWER_FORMS[suffix], may_be_encoded=suffix in _ENCODED)
        return replace(form, is_public=all(item.is_public for item in asked.sources), origins=digests[1:])

    def _write(self, asked: _Asked, suffix: str, target: Path) -> None:
        from opendata.tables.forms import batches

        with asked.open() as whole:
            stream = replace(whole, batches=self._bound(whole.batches, target))
            if suffix == "csv":
                nulls, years = [], set()
                for column in stream.columns:
                    field = column.field
                    nulls.append(asked.schema.null_text_of(field) if asked.schema and field else "")
                    years |= {column.name} if field is not None and field.type == "year" else set()
                batches.write_csv(stream.batches, stream.schema, target, nulls=nulls, years=years)
            elif suffix == "arrow":
                batches.write_arrow(stream.batches, stream.schema, target)
            elif suffix == "parquet":
                batches.write_parquet(stream.batches, stream.schema, target, _describe(asked, stream))
            else:
                self._write_from_parquet(asked, stream, suffix, target)

    def _bound(self, batches: Iterable[pa.RecordBatch], target: Path) -> Iterator[pa.RecordBatch]:
        """The same rows, while they and their file are as large as may be. A join makes many out of few.

        Raises `InputError`, `StorageFullError`.
        """
        size = 0
        for batch in batches:
            size += batch.nbytes
            if max(size, target.stat().st_size if target.exists() else 0) > self.most_bytes:
                raise InputError(_LARGE, most=max(1, self.most_bytes >> 20))
            require_room(self._place, self.free_bytes)
            yield batch

    def _write_from_parquet(self, asked: _Asked, stream: RowsStream, suffix: str, target: Path) -> None:
        """What must know all values of a column before it writes the first is made from a Parquet file."""
        from opendata.tables.forms import batches
        from opendata.tables.forms.geojson_form import write_geojson
        from opendata.tables.forms.json_form import write_json

        points = None
        if suffix == "geojson":
            points = require_points([item.name for item in stream.columns], [item.field for item in stream.columns])
        beside = target.with_name(f"{target.name}-rows")
        try:
            batches.write_parquet(stream.batches, stream.schema, beside, {})
            if points is not None:
                write_geojson(beside, target, points)
            elif suffix == "jsonl":
                write_json(beside, target, lines=True)
            else:
                self._write_workbook(asked, beside, target)
        finally:
            beside.unlink(missing_ok=True)

    def _write_workbook(self, asked: _Asked, parquet: Path, target: Path) -> None:
        from opendata.tables.forms.workbook_form import Page, write_workbook_form

        pages = [Page(label(key, self._languages).replace(" / ", " "), rows) for key, rows in asked.pages()]
        name, cut_note = asked.sources[0].resource if asked.sources else "answer", label("cut", self._languages)
        try:
            write_workbook_form(parquet, target, name=name, pages=pages, cut_note=cut_note)
        except ValueError:
            raise StateError(_WIDE) from None


def require_points(names: Sequence[str], fields: Sequence[Field | None]) -> PointColumns:
    """The columns in which the points of rows are. Raises `InputError` if GeoJSON can't be made of them."""
    from opendata.tables.forms.geojson_form import find_points

    points = find_points(names, fields)
    if points is None:
        raise InputError(_NO_POINTS)
    if points.crs:
        raise InputError(_OTHER_CRS, crs=points.crs)
    return points


def _require_form(suffix: str) -> None:
    if suffix not in ANSWER_FORMS or suffix == "json":
        raise NotFoundError(_NO_FORM, suffix=suffix[:20], forms=Listed(ANSWER_FORMS))


def _describe(asked: _Asked, stream: RowsStream) -> Mapping[str, str]:
    """What the footer of a Parquet file says: what it was read from, how, and the fields that columns are."""
    fields = [dict(item.field.descriptor) | {"name": item.name} for item in stream.columns if item.field is not None]
    sources = [
        {"dataset": item.dataset, "version": item.version, "resource": item.resource, "hash": item.hash}
        for item in asked.sources
    ]
    found = {"sources": sources, "query": asked.text, "edition": EDITION, "fields": fields}
    return {name: json.dumps(value, ensure_ascii=False, sort_keys=True) for name, value in found.items()}
