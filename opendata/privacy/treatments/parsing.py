"""Decisions about personal data, read from JSON that anyone may have written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, TypeGuard, TypeVar

from opendata.domain.moments import read_day
from opendata.domain.privacy import Generalisation, Ground, Kind, Reason, Treatment
from opendata.domain.schema import Field, TableSchema
from opendata.errors import N_, Fault, InvalidMetadataError, Listed, escape_pointer, fault
from opendata.privacy.treatments.decisions import SMALL_CELL, Aggregation, Decision, Decisions

MAX_TEXT = 500
"""Characters: the longest article, note or name."""

MAX_WIDTH = 1_000_000_000
MAX_THRESHOLD = 1000
LEAST_THRESHOLD = 3

_ALLOWED: Mapping[Treatment, frozenset[str]] = {
    Treatment.DROP: frozenset(["kind"]),
    Treatment.MASK: frozenset(["kind", "within"]),
    Treatment.GENERALISE: frozenset(["kind", "to", "width", "on"]),
    Treatment.PSEUDONYMISE: frozenset(["kind"]),
    Treatment.AGGREGATE: frozenset(["kind"]),
    Treatment.PUBLISH: frozenset(["kind", "ground", "article", "note"]),
    Treatment.NOT_PERSONAL: frozenset(["kind", "reason", "note"]),
}
"""The properties that each treatment takes, beside `field` and `treatment`."""

_TYPES: Mapping[Generalisation, frozenset[str]] = {
    Generalisation.COUNTY: frozenset(["string", "any"]),
    Generalisation.TOWNSHIP: frozenset(["string", "any"]),
    Generalisation.YEAR: frozenset(["date", "datetime", "string", "any", "integer"]),
    Generalisation.MONTH: frozenset(["date", "datetime", "string", "any", "integer"]),
    Generalisation.AGE_BAND: frozenset(["date", "datetime", "integer"]),
    Generalisation.RANGE: frozenset(["integer", "number"]),
}
"""The types of fields that each generalisation takes."""

_NUMBERS = ("integer", "number")
_Code = TypeVar("_Code", bound=StrEnum)


def parse_decisions(document: object, schema: TableSchema) -> Decisions:
    """Read decisions about the table of a schema from JSON.

    Raises `InvalidMetadataError` with one fault per point: a field that isn't in the schema, two decisions about one,
    an unknown treatment, a ground without an article, a generalisation that its type doesn't allow, a decision that
    doesn't fit the aggregation.
    """
    faults = list(_find_faults(document, {item.name: item for item in schema.fields}))
    if faults:
        raise InvalidMetadataError(N_("The decisions about personal data can't be used"), faults=faults)
    assert isinstance(document, Mapping)  # noqa: S101 - told by the faults
    return Decisions(
        columns=tuple(_build_decision(item) for item in document.get("columns", ())),
        aggregation=_build_aggregation(document["aggregate"]) if "aggregate" in document else None,
    )


def _build_decision(found: Mapping[str, Any]) -> Decision:
    treatment = Treatment(found["treatment"])
    to = _read(Generalisation, found.get("to"))
    widths = {Generalisation.AGE_BAND: 10, Generalisation.RANGE: 0}
    return Decision(
        field=found["field"],
        treatment=treatment,
        kind=_read(Kind, found.get("kind")),
        within=found.get("within", False),
        to=to,
        width=found.get("width", widths.get(to, 0) if to is not None else 0),
        on=found.get("on", ""),
        ground=_read(Ground, found.get("ground")),
        article=found.get("article", "").strip(),
        reason=_read(Reason, found.get("reason")),
        note=found.get("note", "").strip(),
    )


def _build_aggregation(found: Mapping[str, Any]) -> Aggregation:
    threshold = found.get("threshold", SMALL_CELL)
    return Aggregation(by=tuple(found["by"]), sums=tuple(found.get("sum", ())), threshold=threshold)


def _read(code: type[_Code], text: str | None) -> _Code | None:
    return None if text is None else code(text)


_Fields = Mapping[str, Field] | None
"""The fields of the table by name; None while it isn't read, when only what is wrong for any table is found."""


def _find_faults(document: object, fields: _Fields) -> Iterator[Fault]:
    if not isinstance(document, Mapping) or not set(document) <= {"columns", "aggregate"}:
        yield fault("", N_("Decisions must be a JSON object with “columns” and “aggregate” and nothing else"))
        return
    columns = document.get("columns", [])
    if not isinstance(columns, list):
        yield fault("/columns", N_("“%(key)s” must be a list"), key="columns")
        return
    seen: set[str] = set()
    for number, item in enumerate(columns):
        yield from _find_column_faults(f"/columns/{number}", item, fields, seen)
    if "aggregate" in document:
        gone = {
            item["field"]
            for item in columns
            if isinstance(item, Mapping) and item.get("treatment") == "drop" and isinstance(item.get("field"), str)
        }
        yield from _find_aggregation_faults(document["aggregate"], fields, gone)
        yield from _find_shown_faults(document["aggregate"], columns)
    elif any(isinstance(item, Mapping) and item.get("treatment") == "aggregate" for item in columns):
        yield fault("/aggregate", N_("A column is to be aggregated, so “aggregate” must say by which columns"))


def _find_column_faults(place: str, found: object, fields: _Fields, seen: set[str]) -> Iterator[Fault]:
    if not isinstance(found, Mapping):
        yield fault(place, N_("Each decision must be an object with “field” and “treatment”"))
        return
    name, treatment = found.get("field"), found.get("treatment")
    if not _is_column(name, fields):
        yield fault(f"{place}/field", N_("“field” must be the name of a column of this table"))
        return
    if name in seen:
        yield fault(f"{place}/field", N_("There are two decisions about the column “%(name)s”"), name=name)
    seen.add(name)
    if not isinstance(treatment, str) or treatment not in list(Treatment):
        yield _choices(f"{place}/treatment", "treatment", Treatment)
        return
    chosen = Treatment(treatment)
    for key in found:
        if key not in ("field", "treatment") and key not in _ALLOWED[chosen]:
            yield fault(
                f"{place}/{escape_pointer(key)}",
                N_("“%(key)s” isn't a property of the treatment “%(treatment)s”"),
                key=str(key),
                treatment=treatment,
            )
    yield from _find_value_faults(place, found, chosen)
    if chosen is Treatment.GENERALISE:
        yield from _find_generalisation_faults(place, found, fields[name] if fields is not None else None)


def _find_value_faults(place: str, found: Mapping[str, Any], treatment: Treatment) -> Iterator[Fault]:
    """What is wrong with the values of properties, and which are missing."""
    for key, code in (("kind", Kind), ("to", Generalisation), ("ground", Ground), ("reason", Reason)):
        if key in found and (not isinstance(found[key], str) or found[key] not in list(code)):
            yield _choices(f"{place}/{key}", key, code)
    for key in ("article", "note"):
        if key in found and not _is_text(found[key]):
            yield fault(
                f"{place}/{key}", N_("“%(key)s” must be text of at most %(limit)s characters"), key=key, limit=MAX_TEXT
            )
    if "within" in found and not isinstance(found["within"], bool):
        yield fault(f"{place}/within", N_("“%(key)s” must be true or false"), key="within")
    if treatment is Treatment.MASK and "kind" not in found and found.get("within") is not True:
        yield _choices(f"{place}/kind", "kind", Kind)
    if treatment is Treatment.PUBLISH:
        if "ground" not in found:
            yield _choices(f"{place}/ground", "ground", Ground)
        if not _is_text(found.get("article")) or not found["article"].strip():
            yield fault(f"{place}/article", N_("Name the law and the article that require publication"))
    if treatment is Treatment.NOT_PERSONAL:
        if "reason" not in found:
            yield _choices(f"{place}/reason", "reason", Reason)
        elif found["reason"] == Reason.OTHER and not str(found.get("note") or "").strip():
            yield fault(f"{place}/note", N_("Explain why this isn't personal data"))


def _find_generalisation_faults(place: str, found: Mapping[str, Any], field: Field | None) -> Iterator[Fault]:
    to, width = found.get("to"), found.get("width")
    if "to" not in found:
        yield _choices(f"{place}/to", "to", Generalisation)
    if not isinstance(to, str) or to not in list(Generalisation):
        return
    chosen = Generalisation(to)
    if field is not None and field.type not in _TYPES[chosen]:
        yield fault(
            f"{place}/to",
            N_("A column of the type “%(type)s” can't be generalised to “%(to)s”"),
            type=field.type,
            to=to,
        )
    if chosen in (Generalisation.RANGE, Generalisation.AGE_BAND):
        if (width is None and chosen is Generalisation.RANGE) or (
            width is not None and not _is_count(width, MAX_WIDTH)
        ):
            yield fault(
                f"{place}/width",
                N_("“%(key)s” must be a whole number from 1 to %(limit)s"),
                key="width",
                limit=MAX_WIDTH,
            )
    elif width is not None:
        yield fault(f"{place}/width", N_("Only ranges and age bands have a width"))
    if field is None:
        return
    needs_day = chosen is Generalisation.AGE_BAND and field.type in ("date", "datetime")
    if needs_day and read_day(found.get("on")) is None:
        yield fault(f"{place}/on", N_("“on” must be the day on which ages are counted, such as 2026-01-01"))
    elif not needs_day and "on" in found:
        yield fault(f"{place}/on", N_("Only age bands of dates need “on”"))


def _find_aggregation_faults(found: object, fields: _Fields, gone: set[str]) -> Iterator[Fault]:
    place = "/aggregate"
    if not isinstance(found, Mapping) or not set(found) <= {"by", "sum", "threshold"}:
        yield fault(place, N_("“aggregate” must be an object with “by”, “sum” and “threshold”"))
        return
    by, sums = found.get("by"), found.get("sum", [])
    for key, names in (("by", by), ("sum", sums)):
        if not isinstance(names, list) or not all(_is_column(name, fields) for name in names):
            yield fault(f"{place}/{key}", N_("“%(key)s” must be a list of columns of this table"), key=key)
        elif len(set(names)) < len(names):
            yield fault(f"{place}/{key}", N_("“%(key)s” names a column more than once"), key=key)
        elif gone.intersection(names):
            yield fault(f"{place}/{key}", N_("“%(key)s” names a column that is removed"), key=key)
        elif key == "by" and not names:
            yield fault(f"{place}/by", N_("Choose at least one column to count by"))
        elif key == "sum" and fields is not None and any(fields[name].type not in _NUMBERS for name in names):
            yield fault(f"{place}/sum", N_("Only columns of numbers can be summed"))
    if isinstance(by, list) and isinstance(sums, list) and set(map(str, by)) & set(map(str, sums)):
        yield fault(f"{place}/sum", N_("A column can't be counted by and summed at the same time"))
    threshold = found.get("threshold", SMALL_CELL)
    if not _is_count(threshold, MAX_THRESHOLD) or threshold < LEAST_THRESHOLD:
        yield fault(
            f"{place}/threshold",
            N_("“threshold” must be a whole number from %(least)s to %(limit)s"),
            least=LEAST_THRESHOLD,
            limit=MAX_THRESHOLD,
        )


def _find_shown_faults(aggregate: object, columns: list[Any]) -> Iterator[Fault]:
    """The columns that are to be aggregated away and whose values the counts would show."""
    by = aggregate.get("by") if isinstance(aggregate, Mapping) else None
    for number, item in enumerate(columns):
        is_hidden = isinstance(item, Mapping) and item.get("treatment") == Treatment.AGGREGATE
        if is_hidden and isinstance(by, list) and item.get("field") in by:
            text = N_("Counting by the column “%(name)s” shows each of its values. Choose another treatment for it")
            yield fault(f"/columns/{number}/treatment", text, name=item["field"])


def require_shape(document: object) -> None:
    """Raises `InvalidMetadataError` for what can't be decisions about any table: for those whose table isn't read yet.

    What fits the table is found by `parse_decisions`.
    """
    if not isinstance(document, Mapping):
        raise InvalidMetadataError(faults=[fault("", N_("Decisions must be a JSON object"))])
    faults = list(_find_faults({key: document[key] for key in ("columns", "aggregate") if key in document}, None))
    quasi = document.get("quasi", [])
    if not isinstance(quasi, list) or not all(_is_column(name, None) for name in quasi):
        faults.append(fault("/quasi", N_("“%(key)s” must be a list of columns of this table"), key="quasi"))
    if faults:
        raise InvalidMetadataError(N_("The decisions about personal data can't be used"), faults=faults)


def _is_column(name: object, fields: _Fields) -> TypeGuard[str]:
    return isinstance(name, str) and (fields is None or name in fields)


def _choices(place: str, key: str, code: Iterable[StrEnum]) -> Fault:
    return fault(place, N_("“%(key)s” must be one of %(names)s"), key=key, names=Listed(item.value for item in code))


def _is_text(found: object) -> bool:
    return isinstance(found, str) and len(found) <= MAX_TEXT and "\0" not in found


def _is_count(found: object, limit: int) -> bool:
    return isinstance(found, int) and not isinstance(found, bool) and 1 <= found <= limit
