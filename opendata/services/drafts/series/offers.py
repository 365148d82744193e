"""Which tables of a draft look like the parts of one: the same columns, and names that differ by period or area alone.

Where anything else differs, they aren't offered to be joined; what differs is said instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from opendata.db.models import Draft, DraftResource
from opendata.domain.editions.series import Cut, SeriesOffer
from opendata.domain.meaning.periods import read_period
from opendata.domain.meaning.table_meaning import find_value, settle
from opendata.domain.schema import find_own
from opendata.intake.meaning.periods import find_partial
from opendata.intake.meaning.units import code_unit
from opendata.services.drafts.meaning.names import read_stem
from opendata.services.drafts.series.naming import NamedPart, name_column, read_areas, read_name
from opendata.tables.diff.joining import find_unlike

MARKS = ("unit", "percent", "crs")
"""The properties of a field that its file gives it."""

_ANY_YEAR = 2000
_Named = tuple[DraftResource, NamedPart]


def find_offers(row: Draft) -> Sequence[SeriesOffer]:
    """The tables of a draft that could be one, also those that somebody keeps apart."""
    tables = [item for item in row.resources if item.checked and is_single(item) and list_labels(item)]
    found: dict[tuple[Cut, str], list[_Named]] = {}
    others: dict[frozenset[str], list[DraftResource]] = {}
    for item in tables:
        named = read_name(name_part(item, tables), _find_year(item))
        if named is not None:
            found.setdefault((named.cut, named.rest), []).append((item, named))
        else:
            others.setdefault(frozenset(list_labels(item)), []).append(item)
    for alike in others.values():
        areas = read_areas([name_part(item, alike) for item in alike])
        if areas is not None:
            found[Cut.AREA, str(alike[0].name)] = list(zip(alike, areas, strict=True))
    return [offer for parts in found.values() for offer in _offer(parts)]


def is_single(item: DraftResource) -> bool:
    """Whether a table comes from one file, and isn't joined already."""
    return "parts" not in (item.series or {})


def list_labels(item: DraftResource) -> Sequence[str]:
    """The names of the columns of a table as its file has them, or as somebody said they are."""
    labels = (item.report or {}).get("labels") or ()
    columns = (item.choices or {}).get("columns") or {}
    return [str(columns.get(label, label)) for label in labels]


def name_part(item: DraftResource, tables: Sequence[DraftResource]) -> str:
    """What tells a table from others: the name of its sheet, if it shares its file with any of them, else its file's.

    Of a container that is the name of the file in it.
    """
    sheet = (item.reading or {}).get("sheet")
    is_shared = any(one is not item and one.upload == item.upload for one in tables)
    return str(sheet) if sheet and is_shared else read_stem(item.file)


def find_differences(parts: Sequence[DraftResource]) -> Iterator[tuple[str, str, str]]:
    """What differs between tables that are to be one: of which kind, in which table, and how."""
    first = parts[0]
    for item in parts[1:]:
        missing, extra = find_unlike(list_labels(first), list_labels(item))
        if missing or extra:
            yield "columns", item.name, ", ".join([*missing, *extra])
        elif len(set(list_labels(item))) < len(list_labels(item)) and list_labels(first) != list_labels(item):
            yield "columns", item.name, ", ".join(list_labels(item))
        unit, other = find_unit(item), find_unit(first)
        list_them = list_marks if item.valid and first.valid else list_file_marks
        marks, others = list_them(item), list_them(first)
        unlike = [name for name in {**marks, **others} if marks.get(name) != others.get(name)]
        if unit != other:
            yield "unit", item.name, unit or other
        elif unlike:
            yield "unit", item.name, ", ".join(unlike)
        if _list_rules(item) != _list_rules(first):
            yield "schema", item.name, ""


def list_marks(item: DraftResource) -> dict[str, dict[str, Any]]:
    """What the columns of a checked table keep of its file beside their values, by the names of their fields."""
    schema = item.untreated or item.published_schema or {}
    found = {
        str(field["name"]): {name: value for name, value in find_own(field).items() if name in MARKS}
        for field in schema.get("fields", ())
    }
    return {name: mark for name, mark in found.items() if mark}


def list_file_marks(item: DraftResource) -> dict[str, dict[str, Any]]:
    """What the columns of a table keep of its file, by their labels: before all steps, and also of a faulty table."""
    marks = {int(number): mark for number, mark in (item.marks or {}).items()}
    labels = enumerate(list_labels(item), start=1)
    return {label: dict(marks[number]) for number, label in labels if number in marks}


def _offer(parts: Sequence[_Named]) -> Iterator[SeriesOffer]:
    """The offer to join tables, if they are several with a value each."""
    values = [named.value for _, named in parts]
    if len(parts) < 2 or len(set(values)) < len(values) or not _share_columns([item for item, _ in parts]):
        return
    ordered = sorted(parts, key=_place)
    tables = [item for item, _ in ordered]
    cut = ordered[0][1].cut
    column, is_held = find_column(cut, tables, [named.value for _, named in ordered])
    is_apart = any((item.series or {}).get("apart") for item in tables)
    differences = list(find_differences(tables))
    yield SeriesOffer(
        cut=cut,
        tables=[item.name for item in tables],
        files=[item.file if not _has_sheet(item, tables) else name_part(item, tables) for item in tables],
        values=[named.value for _, named in ordered],
        column=column,
        added=not is_held,
        columns=len(list_labels(tables[0])),
        rest=ordered[0][1].rest,
        differences=differences,
        asks=not is_apart and not differences and all(item.edition is not None for item in tables),
        is_apart=is_apart,
    )


def find_column(cut: Cut, tables: Sequence[DraftResource], values: Sequence[str]) -> tuple[str, bool]:
    """The column that tells the parts apart, and whether the files have it already."""
    labels = list_labels(tables[0])
    wanted = name_column(cut, labels)
    if wanted in labels:
        return wanted, True
    profiles: list[dict[str, Any]] = [{column["name"]: column for column in item.profile or ()} for item in tables]
    for label in labels:
        held = [_find_constant(profile.get(label)) for profile in profiles]
        if all(one and _means(cut, one, value) for one, value in zip(held, values, strict=True)):
            return label, True
    return wanted, False


def _find_constant(column: dict[str, Any] | None) -> str:
    """The only value of a column, empty where it has others too."""
    if not column or column.get("missing") or column["distinct"] != {"count": 1, "exact": True}:
        return ""
    return next((str(item["value"]) for item in column.get("top", ())), str(column.get("least", "")))


def _means(cut: Cut, held: str, value: str) -> bool:
    """Whether a cell says what the name of its file says."""
    if cut == Cut.AREA:
        return held.strip() == value
    named = read_name(held.strip())
    return held.strip() == value or (named is not None and named.value == value)


def _place(part: _Named) -> tuple[str, int]:
    """Where a part comes: by its period, else as it was sent."""
    item, named = part
    period = read_period(named.value)
    if period is None and (partial := find_partial(named.value, _ANY_YEAR)) is not None:
        period = partial.period
    return (period.start.isoformat() if period is not None else "", item.position)


def _find_year(item: DraftResource) -> int | None:
    """The year that a file says elsewhere: in its name, its title."""
    stem = read_name(read_stem(item.file))
    found = (item.meaning or {}).get("found") or {}
    for text in (stem.value if stem else "", find_value(found, "period") or ""):
        period = read_period(text)
        if period is not None and period.start.year == period.end.year:
            return period.start.year
    return None


def find_unit(item: DraftResource) -> str:
    """The unit of a table as a whole: what a person said of it, else what its file says."""
    unit = settle(item.meaning).unit
    return code_unit(unit) if unit else ""


def _list_rules(item: DraftResource) -> Any:
    """The schema of a table, by the names of its columns: their order doesn't count."""
    schema = dict(item.schema or {})
    fields = {field.get("name"): field for field in schema.pop("fields", ())}
    return schema, fields, item.disclosure


def _share_columns(tables: Sequence[DraftResource]) -> bool:
    """Whether tables have so many columns in common that they could have been meant to be one."""
    each = [set(list_labels(item)) for item in tables]
    return 2 * len(set.intersection(*each)) >= max(map(len, each))


def _has_sheet(item: DraftResource, tables: Sequence[DraftResource]) -> bool:
    return any(one is not item and one.upload == item.upload for one in tables)
