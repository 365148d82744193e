"""The grid of a schema as a form: a row for each field, out of the texts of its cells and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext

from opendata.errors import N_, Fault
from opendata.problems import choose_voice
from opendata.services.workbench.states import BenchState
from opendata.services.workbench.workbench import Bench
from opendata.tables.dictionary.cells import KEY, REST, Cells, find_cell, read_cells, write_cells
from opendata.tables.dictionary.properties import CODES, list_properties, list_table_properties
from opendata.tables.trial.counting import Count
from opendata.web.core.instance import services
from opendata.web.core.numbers import read_number
from opendata.wording.findings import explain
from opendata.wording.schemas.dictionary import CELL_TITLES
from opendata.wording.schemas.field_types import TYPE_EXAMPLES, TYPES

MOST_ROWS = 300
"""A schema of more fields is edited as a workbook."""

_MOST_OPTIONS = 20_000

MATCHES: Mapping[str, str] = {
    "exact": N_("The file has exactly these columns, in this order"),
    "equal": N_("The file has exactly these columns, in any order"),
    "subset": N_("The file has these columns and may have others"),
    "superset": N_("The file has no other columns, but some of these may be missing"),
    "partial": N_("The file has at least one of these columns, and may have others"),
}


@dataclass(slots=True, kw_only=True)
class Row:
    """A field in the grid: its texts, the label of its column, what is wrong with it, what it would break."""

    number: int
    cells: Mapping[str, str]
    source: str
    errors: dict[str, list[str]] = field(default_factory=dict)
    count: Count | None = None
    wrong: Sequence[WrongCell] = ()

    @property
    def is_open(self) -> bool:
        """Whether something is wrong among what is folded away."""
        return bool(self.errors.keys() - {"title", "name", "type", "unit", "required", KEY, "source"})


@dataclass(frozen=True, slots=True)
class WrongCell:
    """A cell that would be wrong, and why."""

    row: int
    text: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What a form says: the texts, and the state they make. `faults` are of texts that can't be read."""

    cells: Cells
    state: BenchState
    faults: Sequence[Fault]


def list_languages() -> Sequence[str]:
    """The languages that a schema is translated into: all but the first."""
    return list(services().settings.languages[1:])


def offer_types() -> Sequence[tuple[str, str]]:
    """The types to choose from, each with an example."""
    found = []
    for name, example in TYPE_EXAMPLES.items():
        title = gettext(TYPES[name])
        found.append(
            (name, gettext("%(type)s, such as %(example)s", type=title, example=example) if example else title)
        )
    return found


def read_grid(form: Mapping[str, str]) -> Sent:
    """The texts of a form and the state they make."""
    languages = list_languages()
    count = min(read_number(form.get("rows", "")) or 0, MOST_ROWS)
    keys = [*(item.key for item in list_properties(languages)), CODES, KEY, REST]
    rows = [{key: form.get(f"f{number}-{key}", "") for key in keys} for number in range(count)]
    table_keys = [*(item.key for item in list_table_properties(languages)), REST]
    cells = Cells(table={key: form.get(f"t-{key}", "") for key in table_keys}, rows=rows)
    found = read_cells(cells, languages)
    renames = {
        was: row["name"].strip()
        for number, row in enumerate(rows)
        if (was := form.get(f"f{number}-was", "")) and row["name"].strip() and was != row["name"].strip()
    }
    sources = [form.get(f"f{number}-source", "") for number in range(count)]
    state = BenchState(schema=_rename(found.schema, renames), sources=sources, ref=form.get("ref", "")[:200])
    return Sent(cells=cells, state=state, faults=found.faults)


def _rename(schema: Mapping[str, Any], renames: Mapping[str, str]) -> Mapping[str, Any]:
    """A schema whose keys follow the fields that have other names now."""
    if not renames:
        return schema
    found = dict(schema)
    unique, foreign = found.get("uniqueKeys"), found.get("foreignKeys")
    if isinstance(unique, list):
        found["uniqueKeys"] = [_rename_all(key, renames) for key in unique]
    if isinstance(foreign, list):
        found["foreignKeys"] = [
            {**key, "fields": _rename_all(key.get("fields"), renames)} if isinstance(key, Mapping) else key
            for key in foreign
        ]
    return found


def _rename_all(names: Any, renames: Mapping[str, str]) -> Any:
    if isinstance(names, str):
        return renames.get(names, names)
    return [renames.get(name, name) if isinstance(name, str) else name for name in names] if names else names


def list_rows(
    bench: Bench, cells: Cells, sources: Sequence[str], faults: Sequence[Fault]
) -> tuple[Sequence[Row], Mapping[str, list[str]]]:
    """The rows of the grid, and what is wrong with the table as a whole."""
    rows = [
        Row(number=number, cells=row, source=sources[number] if number < len(sources) else "")
        for number, row in enumerate(cells.rows)
    ]
    of_table: dict[str, list[str]] = {}
    for item in faults:
        number, key = find_cell(item.pointer)
        text = choose_voice().say_fault(item)
        if number is None or number >= len(rows):
            of_table.setdefault(key, []).append(text)
        else:
            if key == "name" and not rows[number].cells.get("name", "").strip():
                text = gettext("Enter a name for this column")
            rows[number].errors.setdefault(key, []).append(text)
    for row in rows:
        if row.source and row.source not in bench.labels:
            row.errors.setdefault("source", []).append(gettext("The file has no such column"))
    return rows, of_table


def show_counts(rows: Sequence[Row], counts: Mapping[int, Count]) -> None:
    """Put what fields would break into their rows."""
    for row in rows:
        row.count = counts.get(row.number)
        row.wrong = list_wrong(row.count) if row.count else ()


def list_wrong(count: Count) -> Sequence[WrongCell]:
    """The first wrong cells of a field or a key, in the reader's words."""
    voice = choose_voice()
    return [WrongCell(item["row"] or 0, str(item["cell"] or ""), explain(voice, item).message) for item in count.cells]


def offers_columns(bench: Bench, rows: Sequence[Row]) -> bool:
    """Whether the columns of the file can be chosen from a list in each row."""
    return len(bench.labels) * max(len(rows), 1) <= _MOST_OPTIONS


def list_unused(bench: Bench, sources: Sequence[str]) -> Sequence[str]:
    """The columns of the file that no field has."""
    return [label for label in bench.labels if label not in sources]


def change_rows(state: BenchState, action: str, bench: Bench) -> BenchState:
    """The state with a row more, less or elsewhere: `add`, `missing`, `up-3`, `down-3`, `delete-3`."""
    verb, _, place = action.partition("-")
    number = read_number(place)
    fields = [dict(item) for item in state.schema["fields"]]
    sources = [*state.sources, *([""] * (len(fields) - len(state.sources)))][: len(fields)]
    match verb:
        case "add":
            fields.append({"name": "", "type": "string"})
            sources.append("")
        case "missing":
            for label in list_unused(bench, sources):
                fields.append({"name": label, "type": "string"})
                sources.append(label)
        case "delete" if number is not None and number < len(fields):
            gone = str(fields.pop(number)["name"])
            sources.pop(number)
            return _with_fields(_without_key(state, gone), fields, sources)
        case "up" | "down" if number is not None and number < len(fields):
            other = number + (1 if verb == "down" else -1)
            if 0 <= other < len(fields):
                fields[number], fields[other] = fields[other], fields[number]
                sources[number], sources[other] = sources[other], sources[number]
    return _with_fields(state, fields, sources)


def _with_fields(state: BenchState, fields: Sequence[Mapping[str, Any]], sources: Sequence[str]) -> BenchState:
    return BenchState(schema={**state.schema, "fields": list(fields)}, sources=sources, ref=state.ref)


def _without_key(state: BenchState, name: str) -> BenchState:
    """The state with a field out of the primary key, before it is deleted."""
    key = state.schema.get("primaryKey")
    left = [item for item in key if item != name] if isinstance(key, list) else key
    schema = {item: value for item, value in state.schema.items() if item != "primaryKey"}
    return BenchState(schema={**schema, **({"primaryKey": left} if left else {})}, sources=state.sources, ref=state.ref)


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs in one column between the last version and the schema here."""

    name: str
    key: str
    before: str
    after: str


def list_differences(bench: Bench) -> Sequence[Difference]:
    """Side by side: what the schema says otherwise than that of the last version."""
    if bench.last is None:
        return ()
    languages = list_languages()
    before = {row.get("name", ""): row for row in write_cells(bench.last.descriptor, languages).rows}
    after = {row.get("name", ""): row for row in write_cells(bench.state.schema, languages).rows}
    found = []
    for name in dict.fromkeys([*before, *after]):
        if name not in after or name not in before:
            there, gone = gettext("there"), gettext("not there")
            found.append(Difference(name, "", there if name in before else gone, there if name in after else gone))
            continue
        one, other = before[name], after[name]
        for key in dict.fromkeys([*one, *other]):
            if key != "name" and one.get(key, "") != other.get(key, ""):
                found.append(Difference(name, key, _show(key, one.get(key, "")), _show(key, other.get(key, ""))))
    return found


def _show(key: str, text: str) -> str:
    if key == "type":
        return str(gettext(TYPES[text])) if text in TYPES else text
    if key in ("required", "unique", KEY):
        return str(gettext("yes") if text else gettext("no"))
    return text


def name_cell(key: str) -> str:
    """What a cell is called; of a translation with its language."""
    part, _, language = key.rpartition("_")
    if part in CELL_TITLES and language in list_languages():
        return f"{gettext(CELL_TITLES[part])} ({language})"
    return gettext(CELL_TITLES[key]) if key in CELL_TITLES else key
