"""Tables of a draft joined into one, taken apart again, or kept apart: what a person says about a series.

Joining only notes what belongs together. The worker writes the rows of all parts into one text (`building`), which is
read, checked and published like any other file. Each part keeps what its table was, so that it can be one again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opendata.db.models import Draft, DraftResource
from opendata.domain.editions.beginning import begin_again
from opendata.domain.editions.modes import EditionJson
from opendata.domain.editions.series import (
    FIELD_TYPES,
    KEPT,
    Cut,
    PartOfSeriesJson,
    SeriesJson,
    SeriesOffer,
    SeriesView,
)
from opendata.domain.manifest import Manifest
from opendata.domain.meaning.periods import read_period
from opendata.domain.schema import find_own
from opendata.errors import N_, Fault, InvalidMetadataError, Listed, fault
from opendata.intake.meaning.finding import describe_names
from opendata.metadata.identifiers import suggest_identifier
from opendata.recipes.columns import is_chinese
from opendata.recipes.recipe import read_recipe, recall_recipe
from opendata.recipes.verbs import EDIT, JOIN_HEADERS
from opendata.services.drafts.meaning.names import read_stem
from opendata.services.drafts.series.deciding import join_decisions
from opendata.services.drafts.series.meaning import agree_on_said, place_part
from opendata.services.drafts.series.naming import read_value
from opendata.services.drafts.series.offers import (
    find_column,
    find_differences,
    find_offers,
    is_single,
    list_file_marks,
    list_labels,
    list_marks,
    name_part,
)

MOST_COLUMN = 100
_OF_TABLE = (
    *("name", "title", "description", "i18n", "file", "upload", "upload_bytes", "schema", "schema_name"),
    *("dialect", "encoding", "recipe", "choices", "disclosure", "decisions", "meaning", "edition"),
)
"""What a table is by what was sent and said; all else comes of its check."""

_SAID = ("title", "description", "i18n", "schema", "schema_name", "disclosure", "decisions", "meaning")
"""What may be said of a joined table with the corrected file of one part."""


def change_series(row: Draft, resource: DraftResource, said: Mapping[str, Any] | None, base: Manifest | None) -> bool:
    """Follow what a person says; whether the table must be checked again.

    `said` has the `tables` that are one with this one, in the order of their rows, and the `column` that says which
    row is whose (missing: as proposed; empty: none). None takes a joined table apart, and keeps others apart. Raises
    `InvalidMetadataError`.
    """
    if said is None:
        if is_single(resource):
            _keep_apart(row, resource)
            return False
        take_apart(row, resource)
        return True
    _join(row, resource, said, base)
    return True


def view_series(resource: DraftResource) -> SeriesView | None:
    """The parts of a table that was joined."""
    series = resource.series or {}
    parts = series.get("parts")
    if not parts:
        return None
    shown, first = [], 2
    for part in parts:
        rows = part.get("rows", 0)
        shown.append({"file": part["file"], "value": part.get("value", ""), "rows": rows, "firstRow": first})
        first += rows
    return SeriesView(cut=series["cut"], column=series["column"], added=series["added"], parts=shown)


def list_unanswered(row: Draft) -> list[Fault]:
    """A fault for each series about which nobody has said whether it is one table."""
    text = N_("Say whether these tables are joined into one or kept apart: %(names)s")
    return [
        fault(f"/resources/{offer.tables[0]}/series", text, names=Listed(offer.tables))
        for offer in find_offers(row)
        if offer.asks
    ]


def take_apart(row: Draft, resource: DraftResource) -> None:
    """Make the parts of a joined table tables of their own again, each as it was, and forget the series."""
    parts = (resource.series or {}).get("parts", [])
    if len(parts) > 1:
        kept = row.dataset.series or {}
        row.dataset.series = {name: item for name, item in kept.items() if name != resource.name} or None
    row.privacy = [item for item in row.privacy if item["resource"] != resource.name]
    taken = {item.name for item in row.resources if item is not resource} | {item.name for item in row.attachments}
    tables = [_as_table(part, taken) for part in parts]
    if resource.decisions:  # the newest word about the persons in all parts
        tables = [{**table, "decisions": resource.decisions} for table in tables]
    _follow(resource, tables[0])
    position = max(item.position for item in row.resources)
    for number, values in enumerate(tables[1:], start=1):
        row.resources.append(DraftResource(position=position + number, **values))


def make_part(resource: DraftResource, value: str) -> PartOfSeriesJson:
    """A table of a draft as a part of another one. Where it was read, its text needn't be read from the file again."""
    table = {name: getattr(resource, name) for name in _OF_TABLE}
    table["reading"] = {"sheet": (resource.reading or {}).get("sheet")}
    part = PartOfSeriesJson(
        file=resource.file,
        upload=resource.upload,
        upload_bytes=resource.upload_bytes,
        value=value,
        columns=dict((resource.choices or {}).get("columns") or {}),
        found=dict((resource.meaning or {}).get("found") or {}),
        table=table,
    )
    made = (resource.csv, resource.parquet, resource.findings, resource.texts, resource.part_csv, resource.part_parquet)
    part["made"] = [name for name in made if name]
    if resource.checked and resource.engine_dialect:
        part["marks"] = list_file_marks(resource)
        part["plain"], part["dialect"] = resource.plain, resource.engine_dialect
    return part


def take_part_again(resource: DraftResource, values: Mapping[str, Any]) -> bool:
    """Take a file into a joined table: in the place of the part of its name or value, else as a further part.

    False where it may have all rows, as files have the column of the parts themselves. Raises `InvalidMetadataError`
    where its name doesn't say which part it is, has a month without a year, or is of something else than the others.
    """
    series = resource.series or {}
    parts = list(series.get("parts", ()))
    if not parts or len({part["upload"] for part in parts}) < len(parts):
        return False
    value = read_value(Cut(series["cut"]), series["rest"], [read_stem(values["file"])])
    same = [
        place
        for place, part in enumerate(parts)
        if part["file"] == values["file"] or (value is not None and part.get("value") == value)
    ]
    if (len(same) > 1 or (value is None and not same)) and not series["added"]:
        return False
    _require_clear(series, values["file"], value)
    sent = {name: values[name] for name in ("file", "upload", "upload_bytes")}
    model = parts[same[0]] if same else parts[0]
    of_file = {name: values[name] for name in ("choices", "dialect", "encoding")}
    table = {**model["table"], **sent, **of_file, "reading": {"sheet": None}}
    part = PartOfSeriesJson(
        file=values["file"],
        upload=values["upload"],
        upload_bytes=values["upload_bytes"],
        value=value or model.get("value", ""),
        table=table,
    )
    if same:
        part["value"] = model.get("value", "")
        parts[same[0]] = part
    else:
        part["table"]["name"] = values["name"]
        parts = sorted([*parts, part], key=place_part)
    changed: SeriesJson = {**series, "parts": parts}
    changed.pop("made", None)
    resource.series = changed
    for name in _SAID:
        if values[name]:
            setattr(resource, name, values[name])
    ask_again(resource)
    _forget_check(resource)
    return True


def _require_clear(series: SeriesJson, file: str, value: str | None) -> None:
    parts = series["parts"]
    if [part["file"] for part in parts].count(file) == 1:
        return
    is_dated = any(read_period(part.get("value", "")) is not None for part in parts)
    is_vague = (value is None and series["added"]) or (is_dated and value is not None and read_period(value) is None)
    if is_vague or series["rest"] not in read_stem(file):
        text = N_(
            "It isn't clear which part of the table “%(file)s” is. Name it like the others, such as “%(example)s”"
        )
        raise InvalidMetadataError(faults=[fault("/file", text, file=file, example=parts[0]["file"])])


def ask_again(resource: DraftResource) -> None:
    """Forget what was answered about the rows of a joined table, which are others now: it is asked again."""
    resource.recipe = recall_recipe(resource.recipe)
    if resource.edition is not None:
        edition: EditionJson = {**resource.edition}
        for name in ("by", "asks", "repeats"):
            edition.pop(name, None)  # type: ignore[misc]
        resource.edition = edition


def _join(row: Draft, resource: DraftResource, said: Mapping[str, Any], base: Manifest | None) -> None:
    tables = _find_tables(row, resource, said["tables"])
    _require_alike(tables)
    decisions = join_decisions(tables)
    offer = next((one for one in find_offers(row) if set(one.tables) == {item.name for item in tables}), None)
    values = _list_values(tables, offer)
    cut = offer.cut if offer is not None else Cut.NAME
    column, is_held = find_column(cut, tables, values)
    if "column" in said:
        column, is_held = _read_column(said["column"], list_labels(tables[0]))
    parts = [make_part(item, value) for item, value in zip(tables, values, strict=True)]
    rest = offer.rest if offer is not None else ""
    series = SeriesJson(cut=cut, column=column, added=bool(column) and not is_held, rest=rest, parts=parts)
    stem = _find_stem(tables, offer)
    name = _choose_name(row, resource, stem, base)
    schema = _find_schema(tables)
    for item in tables:
        row.privacy = [found for found in row.privacy if found["resource"] != item.name]
        if item is not resource:
            row.resources.remove(item)
    resource.series = series
    resource.name = name
    resource.title = _agree([item.title for item in tables]) or (stem if is_chinese([stem]) else "")
    resource.description = _agree([item.description for item in tables]) or ""
    resource.i18n = _agree([item.i18n for item in tables]) or {}
    resource.file = f"{stem or row.dataset.meta['title']}.csv"
    resource.decisions = decisions
    resource.edition = begin_again(resource.edition)
    resource.meaning = {"said": agree_on_said(tables)}
    resource.choices = None
    if schema is not None:
        resource.schema = add_field(schema, series) if series["added"] else schema
        resource.schema_name = "" if series["added"] else resource.schema_name
    _forget_check(resource)
    row.dataset.series = {**(row.dataset.series or {}), name: {key: series[key] for key in KEPT}}  # type: ignore[literal-required]


def add_field(schema: Mapping[str, Any], series: SeriesJson) -> dict[str, Any]:
    """The schema of the parts with the field that tells their rows apart, which is then part of every key."""
    column = series["column"]
    if any(field.get("name") == column for field in schema.get("fields", ())):
        return dict(schema)
    kind = FIELD_TYPES.get(Cut(series["cut"]), "string")
    if kind != "string" and any(read_period(part.get("value", "")) is None for part in series.get("parts", ())):
        kind = "string"
    extended = {**schema, "fields": [{"name": column, "type": kind}, *schema["fields"]]}
    key = schema.get("primaryKey")
    if key:
        extended["primaryKey"] = [column, *([key] if isinstance(key, str) else key)]
    if schema.get("uniqueKeys"):
        extended["uniqueKeys"] = [[column, *key] for key in schema["uniqueKeys"]]
    return extended


def _find_tables(row: Draft, resource: DraftResource, names: Sequence[str]) -> list[DraftResource]:
    """The tables to be joined, in the order of their rows."""
    known = {item.name: item for item in row.resources}
    wanted = list(dict.fromkeys(names if resource.name in names else [resource.name, *names]))
    unknown = [name for name in wanted if name not in known]
    if unknown:
        text = N_("The draft has no uploaded table “%(name)s”")
        raise InvalidMetadataError(faults=[fault("/series/tables", text, name=unknown[0][:100])])
    if len(wanted) < 2:
        raise InvalidMetadataError(faults=[fault("/series/tables", N_("Name at least two tables to join"))])
    tables = [known[name] for name in wanted]
    joined = [item.name for item in tables if not is_single(item)]
    if joined:
        text = N_("“%(name)s” is joined already. Take it apart first")
        raise InvalidMetadataError(faults=[fault("/series/tables", text, name=joined[0])])
    return tables


def _require_alike(tables: Sequence[DraftResource]) -> None:
    """Raises `InvalidMetadataError` where rows of one table would mean something else in another one."""
    texts = {
        "columns": N_("“%(table)s” can't be joined: its columns differ (%(what)s)"),
        "unit": N_("“%(table)s” can't be joined: its unit differs (%(what)s). Convert its numbers first"),
        "schema": N_("“%(table)s” can't be joined: it is checked by other rules. Give all tables the same schema"),
    }
    faults = [
        fault("/series/tables", texts[kind], table=name, what=what) for kind, name, what in find_differences(tables)
    ]
    text = N_("“%(table)s” has steps of its own. Take them back, join the tables, and repeat the steps for all rows")
    faults += [
        fault("/series/tables", text, table=item.name)
        for item in tables
        if (item.recipe or {}) != (tables[0].recipe or {})
        or any(step.verb in (EDIT, JOIN_HEADERS) for step in read_recipe(item.recipe or {"steps": []}).steps)
    ]
    if faults:
        raise InvalidMetadataError(faults=faults)


def _list_values(tables: Sequence[DraftResource], offer: SeriesOffer | None) -> list[str]:
    """What the rows of each table have in the column: what its name says, else the name itself."""
    if offer is None:
        return [name_part(item, tables) for item in tables]
    values = dict(zip(offer.tables, offer.values, strict=True))
    return [values[item.name] for item in tables]


def _read_column(column: str | None, labels: Sequence[str]) -> tuple[str, bool]:
    """The column that a person names, and whether the files have it."""
    name = (column or "").strip()
    if len(name) > MOST_COLUMN or any(char in name for char in "\r\n\0"):
        text = N_("Enter a name of at most %(limit)s characters in one line")
        raise InvalidMetadataError(faults=[fault("/series/column", text, limit=MOST_COLUMN)])
    return name, name in labels


def _find_stem(tables: Sequence[DraftResource], offer: SeriesOffer | None) -> str:
    """What the names of the parts have in common, or the name of the file that all are in; else nothing."""
    stems = {describe_names(name_part(item, tables)) for item in tables}
    stem = offer.rest if offer is not None else stems.pop() if len(stems) == 1 else ""
    is_one_file = len({item.upload for item in tables}) == 1
    return stem or (describe_names(read_stem(tables[0].file)) if is_one_file else "")


def _choose_name(row: Draft, resource: DraftResource, stem: str, base: Manifest | None) -> str:
    """The name of the whole: that of a published table among the parts, else what their names have in common."""
    published = {item.name for item in (base.resources if base else ())}
    if resource.name in published:
        return resource.name
    others = {item.name for item in row.resources if item is not resource} | {item.name for item in row.attachments}
    return suggest_identifier(stem or row.dataset_id, taken=others | published, resource=True)


def _find_schema(tables: Sequence[DraftResource]) -> dict[str, Any] | None:
    """The schema of the whole: that of the parts with what their columns keep of the files; None where all is text.

    Files that say themselves of which types their columns are have a schema by that.
    """
    first = tables[0]
    if first.schema:
        marks = list_marks(first)
        fields = [_with_marks(field, marks.get(str(field.get("name")), {})) for field in first.schema["fields"]]
        return {**first.schema, "fields": fields}
    known = [item.untreated or item.published_schema or {"fields": []} for item in tables]
    is_typed = any(field.get("type", "string") != "string" for field in known[0]["fields"])
    return dict(known[0]) if is_typed and all(item == known[0] for item in known) else None


def _with_marks(field: Mapping[str, Any], marks: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**field, "opendata": {**marks, **find_own(field)}} if marks else field


def _keep_apart(row: Draft, resource: DraftResource) -> None:
    """Note that a table, and those that look like parts of the same one, stay tables of their own."""
    offer = next((one for one in find_offers(row) if resource.name in one.tables), None)
    names = set(offer.tables) if offer is not None else {resource.name}
    for item in row.resources:
        if item.name in names:
            item.series = SeriesJson(apart=True)


def _as_table(part: PartOfSeriesJson, taken: set[str]) -> dict[str, Any]:
    """A part as the row of a table."""
    values = dict(part["table"])
    values["name"] = suggest_identifier(values["name"], taken=taken, resource=True)
    taken.add(values["name"])
    values["edition"] = begin_again(values["edition"])
    return {**values, "series": SeriesJson(apart=True)}


def _follow(resource: DraftResource, values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        setattr(resource, key, value)
    reading = resource.reading
    _forget_check(resource)
    resource.reading = reading


def _forget_check(resource: DraftResource) -> None:
    """Forget what came of the check of a table whose rows are now others."""
    resource.checked = resource.valid = False
    resource.reading = {"sheet": None}
    resource.plain = resource.engine_dialect = resource.texts = resource.texts_of = None
    resource.changes = resource.profile = resource.report = None


def _agree(items: Sequence[Any]) -> Any:
    """What all say; None where they differ."""
    return items[0] if all(item == items[0] for item in items) else None
