"""The forms and calls of a published table: each is ready, made on request, or not possible with reason and remedy.

Every answer here is the one that the address itself gives: the reason is the error that it is refused with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from urllib.parse import quote, urlencode

from opendata.domain.manifest import Manifest
from opendata.domain.resources import TableResource
from opendata.errors import (
    N_,
    InputError,
    NotFoundError,
    NotPublicError,
    OpendataError,
    StateError,
    SuspendedError,
    WithdrawnError,
)
from opendata.exchange.iceberg.names import name_id
from opendata.exchange.iceberg.schemas import read_columns
from opendata.query.values import name_columns
from opendata.services.catalogue.versions import LATEST, Versions
from opendata.services.charts.charts import FORMS as CHARTS
from opendata.services.charts.charts import Charts, refuse_chart
from opendata.services.core.actors import Actor
from opendata.services.delivery.answers import ANSWER_FORMS, require_points
from opendata.services.delivery.differences import find_key_fault
from opendata.services.delivery.forms import FORMS, Forms, require_fit
from opendata.services.query.queries import refuse_table
from opendata.tables.forms.workbook_parts import SHEET_ROWS
from opendata.telemetry.trail import note_momentary

_LABELS: Mapping[str, str] = {
    "csv": N_("CSV"),
    "csvExcel": N_("CSV for Excel"),
    "parquet": N_("Parquet"),
    "xlsx": N_("Excel workbook"),
    "json": N_("JSON"),
    "jsonl": N_("JSON Lines"),
    "arrow": N_("Arrow"),
    "schema": N_("Schema"),
    "report": N_("Validation report"),
    "profile": N_("Profile of the columns"),
    "citation": N_("Citation"),
    "geojson": N_("GeoJSON"),
    "table": N_("Look into the table"),
    "rows": N_("Rows: filter, sort, sum up"),
    "sql": N_("SQL"),
    "iceberg": N_("Table of Apache Iceberg"),
    "chart": N_("Chart"),
    "changes": N_("Changes since a version"),
    "openapi": N_("Description of the API (OpenAPI)"),
}
_VALUES = ("least", "greatest", "mean", "top", "histogram", "longest", "shortest")
_JSON = "application/json"
_SELECT = 'SELECT * FROM "{place}"."{table}" LIMIT 10'

_APPLY = N_("Apply to the publisher for a grant. With one, sign in or send your token")
_NARROWER = N_("Download CSV, Parquet or JSON Lines, or ask for some of the columns as rows")
_DIFFERENCE = N_("Get the difference of the two versions, or download the whole table")
_PLAIN_FILES = N_("Download the table as CSV or Parquet")
_NO_CHART = N_("Choose a kind of chart and its columns on the page of the chart")
_LATER = N_("Wait for the next version. This is the first that has the table")
_GRANTED = N_("Ask for the rows of this table alone. They follow your grant")
_NOT_FOR_ALL = N_("The catalogue of Apache Iceberg has only tables that anybody may have")
_DROPPED = N_("The newest version hasn't this table, so the catalogue of Apache Iceberg hasn't either")
_TAG = N_("In engines, the table is %(table)s of the catalogue /iceberg. This version is the tag %(tag)s")
_GRANTED_FILES = N_("Download the files of this table. They follow your grant")

_NOTHING_BEFORE = N_("There is no older version of this table that could be compared")
_SHEETS = N_("The rows are split over %(sheets)s worksheets or more, since one holds %(rows)s")
_WITHHELD = N_("Values of %(count)s columns are withheld, since they may describe persons. Counts are shown")


class State(StrEnum):
    """Whether something is there, is made when somebody asks for it, or isn't possible."""

    READY = "ready"
    ON_REQUEST = "onRequest"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A text to be translated, with what fills it."""

    message: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """A form (`kind` is `format`) or a call of a table.

    `path` is its address at this portal, or empty if it has no address. `reason` says why it isn't possible, and
    `remedy` what to do instead. `note` says what else there is to know.
    """

    name: str
    kind: str
    state: State
    path: str
    media_type: str
    reason: OpendataError | None = None
    remedy: Said | None = None
    note: Said | None = None

    @property
    def label(self) -> str:
        """What people call it, to be translated."""
        return _LABELS[self.name]


class Capabilities:
    """Lists the formats and calls of a table."""

    def __init__(self, versions: Versions, forms: Forms, charts: Charts) -> None:
        self._versions = versions
        self._forms = forms
        self._charts = charts

    def list(self, dataset: str, version: str, resource: str, reader: Actor | None = None) -> Sequence[Capability]:
        """All forms and calls of a table, as they are for a reader.

        Raises `NotFoundError`, `WithdrawnError`, `SuspendedError`.
        """
        number = self._versions.find_latest(dataset) if version == LATEST else version
        manifest = self._versions.get_manifest(dataset, number)
        table = self._versions.get_table(dataset, number, resource)
        refusal = self._find_refusal(dataset, number, resource, reader)
        return [*self._list_formats(manifest, table, refusal), *self._list_calls(manifest, table, refusal, reader)]

    def _find_refusal(self, dataset: str, version: str, resource: str, reader: Actor | None) -> OpendataError | None:
        """Why a reader can't have the rows, if so: they aren't public, or their file is damaged."""
        try:
            self._versions.find_file(dataset, version, resource, "parquet", reader)
            self._versions.find_file(dataset, version, resource, "csv", reader)
        except OpendataError as error:
            return error
        return None

    def _list_formats(
        self, manifest: Manifest, table: TableResource, refusal: OpendataError | None
    ) -> Iterator[Capability]:
        dataset, version = manifest.name, manifest.version
        for name in ("csv", "csvExcel", *list(FORMS)[1:]):
            excel, suffix = name == "csvExcel", "csv" if name == "csvExcel" else name
            reason, note = refusal or _find_misfit(table, suffix), None
            state = State.IMPOSSIBLE
            if reason is None:
                is_there = self._forms.is_there(dataset, version, table, suffix, excel=excel)
                state = State.READY if is_there else State.ON_REQUEST
                if not is_there:
                    note_momentary()  # the next reader may find it made
                if suffix == "xlsx" and table.rows >= SHEET_ROWS:
                    sheets = -(-table.rows // (SHEET_ROWS - 1))
                    note = Said(message=_SHEETS, params={"sheets": sheets, "rows": f"{SHEET_ROWS:,}"})
            yield Capability(
                name=name,
                kind="format",
                state=state,
                path=f"{_place(manifest, table)}.{suffix}{'?excel=1' if excel else ''}",
                media_type=FORMS[suffix],
                reason=reason,
                remedy=_advise(reason),
                note=note,
            )

        yield self._find_geojson(manifest, table, refusal)

    def _find_geojson(self, manifest: Manifest, table: TableResource, refusal: OpendataError | None) -> Capability:
        """Points on a map, where the table has some: an answer about all rows."""
        named = name_columns(table.schema.fields)
        path = f"{_rest(manifest, table)}/rows.geojson"
        try:
            require_points(list(named), list(named.values()))
        except InputError as error:
            found = _call("geojson", path, ANSWER_FORMS["geojson"], refusal or error)
            return replace(found, kind="format", remedy=_advise(refusal) if refusal else Said(message=_PLAIN_FILES))
        return replace(_call("geojson", path, ANSWER_FORMS["geojson"], refusal), kind="format")

    def _list_calls(
        self, manifest: Manifest, table: TableResource, refusal: OpendataError | None, reader: Actor | None
    ) -> Iterator[Capability]:
        place = _place(manifest, table)
        rest = _rest(manifest, table)
        yield _call("table", place, "text/html", refusal)
        yield _call("rows", f"{rest}/rows", _JSON, refusal)
        yield self._find_sql(manifest, table, refusal)
        yield self._find_iceberg(manifest, table, refusal)
        yield self._find_chart(manifest, table, refusal, reader)
        yield self._find_changes(manifest, table, refusal, reader)
        report: OpendataError | None = None
        note: Said | None = None
        try:
            columns = self._versions.get_profile(manifest.name, manifest.version, table.name, reader)
            withheld = sum(1 for item in columns if item["count"] and not any(key in item for key in _VALUES))
            note = Said(message=_WITHHELD, params={"count": withheld}) if withheld else None
        except OpendataError as error:
            report = error
        page = f"/datasets/{manifest.name}/{manifest.version}/#{table.name}"
        yield _call("profile", "" if report else page, "text/html", report, note)
        yield _call("report", f"{place}.report.json", _JSON, report)
        yield _call("schema", f"{place}.schema.json", _JSON)
        citation = f"/datasets/{manifest.name}/{manifest.version}/citation.txt"
        yield _call("citation", citation, "text/plain; charset=utf-8")
        yield _call("openapi", f"{rest}/openapi.json", _JSON)

    def _find_sql(self, manifest: Manifest, table: TableResource, refusal: OpendataError | None) -> Capability:
        """SQL reads only what everybody may have, and says the same of all other tables, existing or not."""
        place = f"{manifest.name}@{manifest.version}"
        text = _SELECT.format(place=place, table=table.name)
        path = f"/api/v1/sql?{urlencode({'q': text})}"
        if table.name in self._versions.list_readable(None, manifest.name, manifest.version):
            return _call("sql", path, _JSON, refusal)
        reason = refuse_table(place, table.name, text.index('"') + 1)
        remedy = Said(message=_APPLY if isinstance(refusal, NotPublicError) else _GRANTED)
        return replace(_call("sql", path, _JSON, reason), remedy=remedy)

    def _find_iceberg(self, manifest: Manifest, table: TableResource, refusal: OpendataError | None) -> Capability:
        """The table in the catalogue of Iceberg. What it can't have, it doesn't know, so that has no address."""
        reason, remedy = refusal, _advise(refusal)
        if table.name not in self._versions.list_readable(None, manifest.name, manifest.version):
            reason, remedy = NotFoundError(_NOT_FOR_ALL), Said(message=_GRANTED_FILES)
        elif reason is None:
            reason, remedy = self._refuse_iceberg(manifest, table), Said(message=_PLAIN_FILES)
        if reason is not None:
            return replace(_call("iceberg", "", _JSON, reason), remedy=remedy)
        names = {item.name for item in manifest.tables}
        place = name_id(manifest.name, self._is_there), name_id(table.name, names.__contains__)
        note = Said(message=_TAG, params={"table": ".".join(place), "tag": f"v{manifest.version}"})
        return _call("iceberg", "/iceberg/v1/namespaces/{}/tables/{}".format(*place), _JSON, note=note)

    def _refuse_iceberg(self, manifest: Manifest, table: TableResource) -> OpendataError | None:
        """Why Iceberg can't have a table: its columns, or that the newest version has no such table."""
        try:
            read_columns(table.schema.fields)
            newest = self._versions.get_manifest(manifest.name, self._versions.find_latest(manifest.name))
        except (SuspendedError, WithdrawnError):
            return None
        except StateError as error:
            return error
        return None if any(item.name == table.name for item in newest.tables) else NotFoundError(_DROPPED)

    def _is_there(self, dataset: str) -> bool:
        """Whether a dataset has versions."""
        try:
            self._versions.find_latest(dataset)
        except (NotFoundError, WithdrawnError):
            return False
        return True

    def _find_chart(
        self, manifest: Manifest, table: TableResource, refusal: OpendataError | None, reader: Actor | None
    ) -> Capability:
        """The chart that fits the table best."""
        path = f"{_place(manifest, table)}/chart.svg"
        if refusal is None and not self._charts.find_table(*_name(manifest, table), reader).proposals:
            return replace(_call("chart", path, CHARTS["svg"], refuse_chart()), remedy=Said(message=_NO_CHART))
        return _call("chart", path, CHARTS["svg"], refusal)

    def _find_changes(
        self, manifest: Manifest, table: TableResource, refusal: OpendataError | None, reader: Actor | None
    ) -> Capability:
        """What changed since the version before, if it has the table too."""
        dataset, version = manifest.name, manifest.version
        before = self._versions.find_predecessor(dataset, version)
        earlier = None
        if before is not None and before.is_standing:
            tables = self._versions.get_manifest(dataset, before.version).tables
            earlier = next((item for item in tables if item.name == table.name), None)
        if before is None or earlier is None:
            found = _call("changes", "", FORMS["csv"], InputError(_NOTHING_BEFORE))
            return replace(found, remedy=Said(message=_LATER))
        reason = refusal
        try:
            self._versions.require_rows(reader, dataset, before.version, version, resource=table.name)
        except NotPublicError as error:
            reason = error
        fault = find_key_fault(dataset, before.version, version, earlier, table)
        path = f"{_place(manifest, table)}.csv?since={before.version}"
        return _call("changes", path, FORMS["csv"], reason or fault)


def _place(manifest: Manifest, table: TableResource) -> str:
    return f"/datasets/{manifest.name}/{manifest.version}/{quote(table.name)}"


def _rest(manifest: Manifest, table: TableResource) -> str:
    return "/api/v1/datasets/" + "/".join(_name(manifest, table))


def _name(manifest: Manifest, table: TableResource) -> tuple[str, str, str]:
    return manifest.name, manifest.version, table.name


def _call(
    name: str, path: str, media_type: str, reason: OpendataError | None = None, note: Said | None = None
) -> Capability:
    return Capability(
        name=name,
        kind="call",
        state=State.IMPOSSIBLE if reason else State.READY,
        path=path,
        media_type=media_type,
        reason=reason,
        remedy=_advise(reason),
        note=note,
    )


def _find_misfit(table: TableResource, suffix: str) -> OpendataError | None:
    try:
        require_fit(table, suffix)
    except StateError as error:
        return error
    return None


def _advise(reason: OpendataError | None) -> Said | None:
    """What to do where something isn't possible."""
    if isinstance(reason, NotPublicError):
        return Said(message=_APPLY)
    if isinstance(reason, StateError):
        return Said(message=_NARROWER)
    if isinstance(reason, InputError):
        return Said(message=_DIFFERENCE)
    return None
