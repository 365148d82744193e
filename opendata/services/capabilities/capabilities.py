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
from opendata.errors import N_, InputError, NotPublicError, OpendataError, StateError
from opendata.services.catalogue.versions import LATEST, Versions
from opendata.services.core.actors import Actor
from opendata.services.delivery.differences import find_key_fault
from opendata.services.delivery.forms import FORMS, Forms, require_fit
from opendata.services.query.queries import refuse_table
from opendata.tables.forms.workbook_parts import SHEET_ROWS

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
    "rows": N_("Rows: filter, sort, sum up"),
    "sql": N_("SQL"),
    "changes": N_("Changes since a version"),
    "openapi": N_("Description of the API (OpenAPI)"),
}
_VALUES = ("least", "greatest", "mean", "top", "histogram", "longest", "shortest")
_JSON = "application/json"
_SELECT = 'SELECT * FROM "{place}"."{table}" LIMIT 10'

_APPLY = N_("Apply to the publisher for a grant. With one, sign in or send your token")
_NARROWER = N_("Download CSV, Parquet or JSON Lines, or ask for some of the columns as rows")
_DIFFERENCE = N_("Get the difference of the two versions, or download the whole table")
_LATER = N_("Wait for the next version. This is the first that has the table")
_GRANTED = N_("Ask for the rows of this table alone: they follow your grant")
_NOTHING_BEFORE = N_("There is no older version of this table that could be compared")
_SHEETS = N_("The rows are split over %(sheets)s worksheets or more, since one holds %(rows)s")
_WITHHELD = N_("Values of %(count)s columns are withheld, since they may describe persons. Counts are shown")
_MADE = N_("It is made when somebody first asks for it, so the first download begins later")


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

    def __init__(self, versions: Versions, forms: Forms) -> None:
        self._versions = versions
        self._forms = forms

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
                state, note = (State.READY, None) if is_there else (State.ON_REQUEST, Said(message=_MADE))
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

    def _list_calls(
        self, manifest: Manifest, table: TableResource, refusal: OpendataError | None, reader: Actor | None
    ) -> Iterator[Capability]:
        place = _place(manifest, table)
        rest = f"/api/v1/datasets/{manifest.name}/{manifest.version}/{table.name}"
        yield _call("rows", f"{rest}/rows", _JSON, refusal)
        yield self._find_sql(manifest, table, refusal)
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
