"""The tables of a version as record sets: fields with types, keys, references, statistics and units.

Source: Croissant 1.1, sections RecordSet, Field and Representing Descriptive Statistics; the summary statistics of the
DDI Alliance by their codes; Q4049983 (cardinality) of Wikidata.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.domain.profile import ColumnProfile
from opendata.domain.resources import TableResource
from opendata.domain.schema import Field
from opendata.exchange.core.texts import choose_text, list_texts

Json = dict[str, Any]
Profiles = Mapping[str, Sequence[ColumnProfile]]
"""Table → what is in its columns."""

DDI = "http://rdf-vocabulary.ddialliance.org/cv/SummaryStatisticType/2.1.2/"
_COUNT = "http://www.wikidata.org/entity/Q4049983"
_NOT_IN_IDS = frozenset(' "#%/<>?[\\]^`{|}')
_TYPES: Mapping[str, str] = {
    "integer": "sc:Integer",
    "year": "sc:Integer",
    "number": "sc:Float",
    "boolean": "sc:Boolean",
    "date": "sc:Date",
    "datetime": "sc:DateTime",
}
_STATISTICS = (
    ("count", "ValidCases", "c646dd8", ""),
    ("missing", "InvalidCases", "6459c62", ""),
    ("mean", "ArithmeticMean", "7975ed0", ""),
    ("least", "Minimum", "a1d0ec6", "sc:minValue"),
    ("greatest", "Maximum", "8321e79", "sc:maxValue"),
)
"""Part of a profile, its name and code at the DDI Alliance, and the property of schema.org that says the same."""


def list_record_sets(entry: CatalogueEntry, language: str, profiles: Profiles, *, annotates: bool) -> Iterator[Json]:
    """A record set for each table that anybody may have. Annotations came with 1.1.

    The source of the fields is the Parquet file, which knows types and missing values: readers of CSV take codes with
    leading zeros for numbers.
    """
    tables = {table.name: table for table in entry.list_tables()}
    for table in tables.values():
        by_name = {column["name"]: column for column in profiles.get(table.name, ())}
        found: Json = {
            "@type": "cr:RecordSet",
            "@id": table.name,
            "name": choose_text(list_texts(table.title, table.i18n, "title", language), language) or table.name,
            **_say_description(table, language),
            "key": [{"@id": identify_field(table.name, name)} for name in table.schema.primary_key],
            "field": [
                _describe_field(table, item, tables, language, by_name.get(item.name) if annotates else None, annotates)
                for item in table.schema.fields
            ],
        }
        if annotates:
            found["annotation"] = [_annotate(f"{table.name}#count", "count", table.rows, _COUNT)]
        yield {key: value for key, value in found.items() if value not in ("", [])}


def identify_field(table: str, name: str) -> str:
    """The id of a field: `table/column`, escaped where an IRI can't have a character."""
    return f"{table}/{_escape(name)}"


def _escape(text: str) -> str:
    return "".join(
        quote(letter, safe="", errors="replace")
        if letter in _NOT_IN_IDS or not letter.isprintable() or "\ud800" <= letter <= "\udfff"
        else letter
        for letter in text
    )


def _say_description(table: TableResource, language: str) -> Json:
    text = choose_text(list_texts(table.description, table.i18n, "description", language), language)
    return {"description": text} if text else {}


def _describe_field(
    table: TableResource,
    item: Field,
    tables: Mapping[str, TableResource],
    language: str,
    profile: ColumnProfile | None,
    annotates: bool,
) -> Json:
    place = identify_field(table.name, item.name)
    unit = item.own.get("unit")
    unit = unit if isinstance(unit, str) else ""
    titles = list_texts(item.title, item.i18n, "title", language)
    parts = [
        choose_text(titles, language) if choose_text(titles, language) != item.name else "",
        choose_text(list_texts(item.description, item.i18n, "description", language), language),
        f"[{unit}]" if unit and not annotates else "",
    ]
    found: Json = {
        "@type": "cr:Field",
        "@id": place,
        "name": item.name,
        "description": "\n".join(filter(None, parts)),
        "dataType": _TYPES.get(item.type, "sc:Text"),
        "source": {"fileObject": {"@id": f"{table.name}.parquet"}, "extract": {"column": item.name}},
    }
    target = _find_target(table, item, tables)
    if target:
        found["references"] = {"field": {"@id": target}}
    if annotates:
        found["annotation"] = list(_list_annotations(place, unit, profile))
    return {key: value for key, value in found.items() if value not in ("", [])}


def _find_target(table: TableResource, item: Field, tables: Mapping[str, TableResource]) -> str:
    """The field that a foreign key of this one column refers to, in another record set of the document.

    A reference is of one field to one field: keys of several columns aren't written, they would be read as several.
    """
    for key in table.schema.foreign_keys:
        if key.fields == (item.name,) and not key.package and key.resource not in ("", table.name):
            other = tables.get(key.resource)
            if other is not None and key.reference_fields[0] in other.schema.names:
                return identify_field(other.name, key.reference_fields[0])
    return ""


def _list_annotations(place: str, unit: str, profile: ColumnProfile | None) -> Iterator[Json]:
    if unit:
        yield _annotate(f"{place}#unit", "unit", unit, "sc:Text", "sc:unitText")
    if profile is None:
        return
    for part, name, code, same in _STATISTICS:
        value = profile.get(part)
        if isinstance(value, int | float | str):
            shown = _read_number(value) if profile["type"] in ("number", "integer") else value
            yield _annotate(f"{place}#{name}", name, shown, f"ddi-stats:{code}", same)
    distinct = profile["distinct"]
    if distinct["exact"]:
        yield _annotate(f"{place}#distinct", "distinct", distinct["count"], _COUNT)


def _read_number(value: int | float | str) -> int | float | str:
    """A number that was written as text, where JSON can have it without losing a digit."""
    try:
        return float(value) if isinstance(value, str) and Decimal(repr(float(value))) == Decimal(value) else value
    except (ArithmeticError, ValueError):
        return value


def _annotate(place: str, name: str, value: object, kind: str, same: str = "") -> Json:
    found: Json = {"@type": "cr:Field", "@id": place, "name": name, "value": value, "dataType": kind}
    if same:
        found["equivalentProperty"] = same
    return found
