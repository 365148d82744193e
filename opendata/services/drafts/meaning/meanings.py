"""What a table of a draft means: found in its file, corrected by a person, and kept with the dataset for the next."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from opendata.db.models import Draft, DraftResource
from opendata.domain.editions.modes import Mode
from opendata.domain.meaning.table_meaning import (
    CERTAIN,
    TableMeaning,
    doubt_changed,
    list_questions,
    recall,
    settle,
)
from opendata.domain.profile import ColumnProfile
from opendata.domain.resources import TableResource
from opendata.domain.schema import Field, find_own
from opendata.errors import N_, InvalidMetadataError, fault
from opendata.intake.meaning.finding import find_meaning
from opendata.intake.meaning.units import code_unit, find_unit, is_one_unit
from opendata.intake.opening import WORKBOOKS
from opendata.intake.tables import OpenedTable
from opendata.services.drafts.meaning.names import read_stem

_NOT_OF_TABLE = re.compile(
    r"率|比|指数|倍|[%％‰]|增长|增速|增幅|个数|户数|人数|数量|件数|次数|单位数|年份|年度|月份|编号|代码|编码|序号|排名|位次|邮编"
    r"|电话|经度|纬度|year|month|code|\bid\b|\bno\b|rank|rate|ratio|index|count|share",
    re.IGNORECASE,
)


def understand(
    row: Draft,
    resource: DraftResource,
    opened: OpenedTable,
    profile: Sequence[ColumnProfile],
    before: TableResource | None,
    personal: Collection[str] = (),
) -> dict[str, Any]:
    """What the file of a table says, and what a person said of it or of the file before, as the row keeps it.

    `before` is the table in the version before, `personal` are columns with personal data: their values tell nothing.
    """
    kept = (row.dataset.meanings or {}).get(resource.name)
    said = (resource.meaning or {}).get("said") or {}
    if (resource.choices or {}).get("exact"):
        return {"found": {}, "said": said}
    if "found" in (series := resource.series or {}):
        found = {**(series["found"] or {})}
        return {"found": _doubt_unit(doubt_changed(kept, found), before), "said": {**recall(kept, found), **said}}
    layout = opened.understanding.layout
    sheet = opened.understanding.sheet if opened.understanding.form in WORKBOOKS else None
    found = find_meaning(
        file=read_stem(resource.file),
        sheet=sheet,
        above=layout.titles,
        below=layout.footnotes,
        labels=opened.labels,
        profile=[item for item in profile if item["name"] not in personal],
        is_named=bool(resource.title) or before is not None,
    ).describe()
    if "found" not in (resource.meaning or {}):
        is_corrected = row.replaces is not None and (kept or {}).get("draft") == row.replaces
        said = {**recall(kept, found, with_period=is_corrected), **said}
    found = _agree_on_period(row, resource, found)
    return {"found": _doubt_unit(doubt_changed(kept, found), before), "said": said}


def say(row: Draft, resource: DraftResource, said: dict[str, Any] | None) -> bool:
    """Keep what a person says of a table, with the dataset too; whether it must be checked again for its columns."""
    before = resource.meaning or {}
    earlier = before.get("said") or {}
    merged = {} if said is None else {**earlier, **said}
    if said is not None and "units" in said:
        merged["units"] = {**(earlier.get("units") or {}), **_choose_units(resource, said["units"], earlier)}
    merged = _drop_repeated(resource, merged)
    resource.meaning = {**before, "said": merged}
    row.dataset.meanings = {**(row.dataset.meanings or {}), resource.name: {**resource.meaning, "draft": row.id}}
    changed = (earlier.get("units") or {}) != (merged.get("units") or {})
    return _follow_units(resource, merged) or changed


def _choose_units(
    resource: DraftResource, units: Mapping[str, str | None], earlier: Mapping[str, Any]
) -> dict[str, str | None]:
    """The units said of columns, without those that these have anyway."""
    known, before = dict(list_units(resource)), earlier.get("units") or {}
    return {
        label: unit
        for label, unit in units.items()
        if label in before or (code_unit(unit) if unit else None) != known.get(label)
    }


def _drop_repeated(resource: DraftResource, said: Mapping[str, Any]) -> dict[str, Any]:
    """What a person says without what the file says too: that is read from the next file again."""
    known = {"found": (resource.meaning or {}).get("found") or {}, "said": {}}
    asked, plain = list_questions(known), settle(known, title=resource.title, i18n=resource.i18n)
    same: dict[str, Any] = {**plain.say_all(), "i18n": {key: dict(texts) for key, texts in plain.i18n.items()}}
    kept = {}
    for name, value in said.items():
        given = value
        if name == "i18n":
            given = {key: texts for key, texts in value.items() if any(texts.values())}
        elif name == "unit" and value and code_unit(value) == code_unit(plain.unit):
            given = same[name]  # it is shown by its code
        if name in asked or name == "units" or given != same.get(name):
            kept[name] = value
    return {name: value for name, value in kept.items() if name != "units" or value}


def settle_table(resource: DraftResource) -> TableMeaning:
    """What is published about a table of a draft."""
    found = settle(resource.meaning, title=resource.given_title, i18n=resource.i18n)
    return replace(found, title=found.title or resource.title, unit=code_unit(found.unit) if found.unit else "")


def view_meaning(resource: DraftResource) -> dict[str, Any]:
    """What is known of a table as REST shows it: what would be published, the questions, what was found and said."""
    known = resource.meaning or {}
    settled = settle_table(resource)
    return {
        "title": settled.title,
        "i18n": {key: dict(texts) for key, texts in settled.i18n.items()},
        "unit": settled.unit,
        "units": dict(list_units(resource)),
        "period": settled.period,
        "source": settled.sources[0].get("title", "") if settled.sources else "",
        "compiledBy": settled.compiled_by,
        "footnotes": [dict(note) for note in settled.footnotes],
        "questions": list(list_questions(known)),
        "found": dict(known.get("found") or {}),
        "said": dict(known.get("said") or {}),
    }


def list_units(resource: DraftResource) -> Iterator[tuple[str, str]]:
    """The columns of a table that have a unit, by their names."""
    schema = resource.untreated or resource.published_schema or resource.schema or {}
    for descriptor in schema.get("fields", ()):
        unit = find_own(descriptor).get("unit")
        if isinstance(unit, str) and unit:
            yield descriptor["name"], unit


def said_units(resource: DraftResource) -> Mapping[str, str | None]:
    """The units that a person gave columns, by their labels; None: they have none."""
    units: Mapping[str, str | None] = ((resource.meaning or {}).get("said") or {}).get("units") or {}
    return units


def propose_units(schema: Mapping[str, Any], meaning: Mapping[str, Any]) -> dict[str, Any]:
    """A proposed schema whose numbers have the unit of the table if it is one, except for rates and counts."""
    unit = settle(meaning).unit
    if not is_one_unit(unit):
        return dict(schema)
    return {**schema, "fields": [_with_unit(item, code_unit(unit)) for item in schema["fields"]]}


def require_unit(row: Draft) -> None:
    """Raises `InvalidMetadataError` if the unit of a table isn't the one before, and nobody has said which is right.

    Its numbers would be wrong by a factor without anything else showing it.
    """
    faults = [
        fault("/meaning/unit", text, table=item.called, new=found["value"], old=found["other"])
        for item in row.resources
        for found in [((item.meaning or {}).get("found") or {}).get("unit") or {}]
        if found.get("other") and "unit" in list_questions(item.meaning)
        for text in [
            N_(
                "The file of “%(table)s” gives the unit %(new)s, but the unit before was %(old)s. Say which is right"
                " under “What the file says about itself”"
            )
        ]
    ]
    text = N_(
        "The rows of “%(table)s” are added to a table in %(old)s, but they are in %(new)s. Convert them, or replace the"
        " whole table"
    )
    faults += [
        fault("/meaning/unit", text, table=item.called, new=unit, old=found["other"])
        for item in row.resources
        for found in [((item.meaning or {}).get("found") or {}).get("unit") or {}]
        for unit in [settle(item.meaning).unit]
        if found.get("other") and (item.edition or {}).get("mode") == Mode.APPEND and unit not in ("", found["other"])
    ]
    if faults:
        raise InvalidMetadataError(faults=faults[:1] if len(row.resources) == 1 else faults)


def _agree_on_period(row: Draft, resource: DraftResource, found: dict[str, Any]) -> dict[str, Any]:
    """What was found, with a period that is certain where another table of the same file says so."""
    period = found.get("period")
    others = [item for item in row.resources if item is not resource and item.upload == resource.upload]
    if period is None or all(settle(item.meaning).period != period["value"] for item in others):
        return found
    return {**found, "period": {**period, "sure": max(period["sure"], CERTAIN)}}


def _doubt_unit(found: dict[str, Any], before: TableResource | None) -> dict[str, Any]:
    """What was found, with a question where the unit of the table isn't that of the version before."""
    unit = found.get("unit")
    if unit is None or before is None or not before.unit or code_unit(unit["value"]) == before.unit:
        return found
    return {**found, "unit": {**unit, "sure": min(unit["sure"], 0.6), "other": before.unit}}


def _follow_units(resource: DraftResource, said: Mapping[str, Any]) -> bool:
    """Give the fields of a table's own schema the units that a person says; whether any changed."""
    if not resource.schema:
        return False
    other = ((resource.meaning or {}).get("found") or {}).get("unit", {}).get("other")
    unit, units = said.get("unit"), said.get("units") or {}
    fields = []
    for descriptor in resource.schema.get("fields", ()):
        own, name = find_own(descriptor), descriptor.get("name")
        wanted = own.get("unit")
        if name in units and wanted:
            wanted = code_unit(units[name]) if units[name] else None
        elif "unit" in said and other and wanted == code_unit(other) and not find_unit(str(name)):
            wanted = code_unit(unit) if unit else None
        if wanted == own.get("unit"):
            fields.append(descriptor)
            continue
        kept = {key: value for key, value in own.items() if key != "unit"} | ({"unit": wanted} if wanted else {})
        plain = {key: value for key, value in descriptor.items() if key != "opendata"}
        fields.append({**plain, **({"opendata": kept} if kept else {})})
    if fields == list(resource.schema.get("fields", ())):
        return False
    resource.schema = {**resource.schema, "fields": fields}
    return True


def _with_unit(descriptor: Mapping[str, Any], unit: str) -> Mapping[str, Any]:
    item = Field.from_json(descriptor)
    if item.type not in ("number", "integer") or item.is_measured or _NOT_OF_TABLE.search(item.name):
        return descriptor
    return {**descriptor, "opendata": {**item.own, "unit": unit}}
