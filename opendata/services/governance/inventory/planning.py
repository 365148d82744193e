"""What a file of items would do: each row matched with the item that it is about, compared, and checked cell by cell.

rows of texts → patch of metadata → item it is about (id, else index number, else publisher and title)
              → new | changed | unchanged | wrong, with the cells that are wrong
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Alias, Dataset, IndexNumber, Publisher
from opendata.domain.metadata import DatasetMetadata
from opendata.errors import N_, Fault, InvalidMetadataError, OpendataError, UnreadableFileError, fault
from opendata.intake.filled_tables import FilledTable
from opendata.metadata.dataset import read_metadata
from opendata.metadata.properties.data_items import derive_items
from opendata.metadata.properties.patches import merge_patch
from opendata.services.catalogue.entries import next_metadata
from opendata.services.catalogue.manifests import Manifests
from opendata.services.catalogue.publishers import follow_publishers
from opendata.services.core.access import disclosure_of
from opendata.services.core.actors import Actor
from opendata.services.governance.inventory.columns import (
    Column,
    build_patch,
    clean_heading,
    find_column,
    find_headings,
    parse_day,
)
from opendata.services.governance.inventory.import_values import CellFault, ImportRow, RowKind
from opendata.services.governance.inventory.plans import Plans
from opendata.tables.forms.csv_lines import guard_formula
from opendata.tables.forms.workbook_parts import name_column

MOST_ROWS = 100_000
_AT_ONCE = 500


@dataclass(slots=True)
class _Row:
    """A row of the file: its texts by the keys of their columns, and the letters of these columns."""

    sheet: str
    number: int
    cells: Mapping[str, str]
    letters: Mapping[str, str]
    publisher: Publisher | None = None
    known: str | None = None
    faults: list[Fault] = field(default_factory=list)


class Planner:
    """Plans the import of one file within one unit of work."""

    def __init__(self, session: Session, manifests: Manifests, plans: Plans, actor: Actor, publisher: str) -> None:
        self._session = session
        self._manifests = manifests
        self._plans = plans
        self._actor = actor
        self._publishers = _find_publishers(session)
        self._default = publisher
        self._aliases = dict(session.execute(select(Alias.old, Alias.dataset_id)).all())
        self._taken = {*session.scalars(select(Dataset.id)), *self._aliases}
        self._lines: dict[tuple[str, str], int] = {}

    def plan(self, tables: Sequence[FilledTable]) -> tuple[list[ImportRow], list[str]]:
        """The rows of all tables that have a heading for titles, and the headings that aren't known.

        Raises `UnreadableFileError` where there is no such table, or where it has too many rows.
        """
        rows: list[_Row] = []
        ignored: list[str] = []
        filled = [table for table in tables if any(_find(label, "title") for label in table.labels)]
        if not filled:
            text = N_("The file has no table with the heading “%(heading)s”. Download the template and fill it in")
            raise UnreadableFileError(text, heading=find_headings()["title"].label("zh"))
        for table in filled:
            columns = [find_headings().get(clean_heading(label)) for label in table.labels]
            ignored += [label for label, found in zip(table.labels, columns, strict=True) if label and found is None]
            rows += _read_rows(table, columns)
            if len(rows) > MOST_ROWS:
                raise UnreadableFileError(
                    N_("The file has more than %(limit)s rows. Send it in parts"), limit=MOST_ROWS
                )
        for row in rows:
            self._find_publisher(row)
        self._match(rows)
        found: list[ImportRow] = []
        for start in range(0, len(rows), _AT_ONCE):
            part = rows[start : start + _AT_ONCE]
            ids = {row.known for row in part if row.known is not None}
            there = {item.id: item for item in self._session.scalars(select(Dataset).where(Dataset.id.in_(ids)))}
            found += [self._judge(row, there.get(row.known or "")) for row in part]
        return found, list(dict.fromkeys(ignored))

    def _find_publisher(self, row: _Row) -> None:
        """The publisher that the row names by id, name or code; by none of them, the one whose file it is."""
        named = [row.cells.get(key, "").strip() for key in ("publisher", "publisherCode")]
        given = [text for text in named if text] or [self._default]
        if not given[0]:
            row.faults.append(fault("/publisher", N_("Say which publisher holds the item")))
            return
        matches = [self._publishers.get(text, ()) for text in given]
        both = [item for item in matches[0] if all(item in others for others in matches)]
        if not both:
            row.faults.append(fault("/publisher", N_("There is no publisher “%(id)s”"), id=" ".join(given)[:200]))
        elif len(both) > 1:
            text = N_("Several publishers are called “%(name)s”. Give the code of the one that is meant")
            row.faults.append(fault("/publisher", text, name=given[0][:200]))
        elif both[0].ended is not None:
            row.faults.append(fault("/publisher", N_("The publisher “%(id)s” has ended"), id=both[0].id))
        elif not self._actor.may_edit(both[0].id):
            text = N_("You can't change the inventory of “%(publisher)s”")
            row.faults.append(fault("/publisher", text, publisher=both[0].title))
        else:
            row.publisher = both[0]

    def _match(self, rows: Sequence[_Row]) -> None:
        """Find the item that each row is about."""
        owners = {row.publisher.id for row in rows if row.publisher is not None}
        titles: dict[tuple[str, str], str] = {}
        for owner in owners:
            query = select(Dataset.id, Dataset.title).where(Dataset.publisher_id == owner).order_by(Dataset.id.desc())
            titles |= {(owner, title or ""): name for name, title in self._session.execute(query)}
        waiting = select(Dataset).where(Dataset.proposed.is_not(None), Dataset.publisher_id.in_(owners))
        for item in self._session.scalars(waiting):
            if item.proposed is not None:  # JSON's null is one too
                titles.setdefault((item.publisher_id, next_metadata(item)["title"]), item.id)
        numbers = _find_numbers(self._session, [row.cells.get("indexNumber", "").strip() for row in rows])
        for row in rows:
            owner = row.publisher.id if row.publisher is not None else ""
            title, number = row.cells.get("title", "").strip(), row.cells.get("indexNumber", "").strip()
            said = row.cells.get("id", "").strip()
            if said and said not in self._taken:
                text = N_("There is no item “%(id)s”. Leave the cell empty for a new item")
                row.faults.append(fault("/id", text, id=said[:100]))
            row.known = self._aliases.get(said, said) or numbers.get(number) or titles.get((owner, title))

    def _judge(self, row: _Row, item: Dataset | None) -> ImportRow:
        """What a row does to the item that it is about, or as a new one."""
        if row.known is not None and not row.faults:
            if item is None:
                row.faults.append(fault("/id", N_("There is no item “%(id)s”"), id=row.known[:100]))
            elif not self._actor.may_edit(item.publisher_id, item.id):
                text = N_("You can't change the inventory of “%(publisher)s”")
                row.faults.append(fault("/id", text, publisher=item.publisher.title))
            elif row.publisher is not None and item.publisher_id != row.publisher.id:
                text = N_("The item belongs to “%(publisher)s”, and a file can't move it")
                row.faults.append(fault("/publisher", text, publisher=item.publisher.title))
        self._refuse_second(row)
        patch = build_patch(row.cells)
        self._look_at_items(row, item, patch)
        if not (patch.get("indexNumber") or item is None):
            patch.pop("indexNumber", None)
        before: Mapping[str, Any] = next_metadata(item) if item is not None else {}
        merged = merge_patch(before, patch)
        if not (merged.get("disclosure") or {}).get("attribute") or (
            "disclosure.attribute" in row.cells and not row.cells["disclosure.attribute"].strip()
        ):
            row.faults.append(fault("/disclosure/attribute", N_("Say whether the item is open, conditional or closed")))
        metadata = None
        if item is None or merged != before:
            metadata = self._read(row, merged)
        if metadata is not None and _withdraws(item, metadata):
            text = N_("This would withdraw all its published versions. Change it on the page of the dataset instead")
            row.faults.append(fault("/disclosure/attribute", text))
        is_changed = metadata is not None and (item is None or metadata.to_json() != before)
        plans = self._look_at_plan(row, item, metadata)
        title = row.cells.get("title", "").strip() or str(before.get("title", ""))
        changed: list[Column] = []
        if row.faults:
            kind = RowKind.WRONG
        elif item is None:
            kind = RowKind.NEW
        else:
            changed = _list_changed(before, metadata.to_json() if metadata is not None else before, patch)
            changed += [find_headings()["opens"]] if plans else []
            kind = RowKind.CHANGED if is_changed or plans else RowKind.UNCHANGED
        return ImportRow(
            sheet=row.sheet,
            row=row.number,
            kind=kind,
            id=item.id if item is not None else "",
            title=title,
            publisher=row.publisher.id if row.publisher is not None else "",
            changed=changed,
            patch=patch if is_changed else None,
            metadata=metadata if item is None else None,
            plans=plans,
            opens=parse_day(row.cells.get("opens", "")) if plans else None,
            reason=row.cells.get("opensReason", "").strip(),
            faults=[_place(row, item) for item in row.faults],
        )

    def _refuse_second(self, row: _Row) -> None:
        """A second row about the same item, or with the same title of the same publisher, is wrong."""
        owner = row.publisher.id if row.publisher is not None else ""
        key = ("", row.known) if row.known else (owner, row.cells.get("title", "").strip())
        if key[1] and key in self._lines:
            text = N_("Row %(row)s is about the same item")
            row.faults.append(fault("/title", text, row=self._lines[key]))
        else:
            self._lines[key] = row.number

    def _look_at_items(self, row: _Row, item: Dataset | None, patch: dict[str, Any]) -> None:
        """The information items of a published table are its columns, and nothing else."""
        if item is None or item.latest is None or "dataItems" not in patch:
            return
        said = patch.pop("dataItems")
        tables = self._manifests.get(item.id, item.latest).tables
        if said and said != derive_items(table.schema for table in tables):
            text = N_("The items of published data are the columns of its tables. Leave the cell as it was, or empty")
            row.faults.append(fault("/dataItems", text))

    def _read(self, row: _Row, merged: Mapping[str, Any]) -> DatasetMetadata | None:
        try:
            return read_metadata(merged)
        except InvalidMetadataError as error:
            row.faults += error.faults
            return None

    def _look_at_plan(self, row: _Row, item: Dataset | None, metadata: DatasetMetadata | None) -> bool:
        """Whether the row has another day for the plan than there is."""
        text = row.cells.get("opens", "").strip()
        day = parse_day(text)
        if text and day is None:
            row.faults.append(fault("/opens", N_("“%(value)s” isn't a day. Write it like 2026-09-30"), value=text[:60]))
            return False
        if "opens" not in row.cells or day == (item.opens if item is not None else None):
            return False
        if item is not None and metadata is None and not row.faults:
            metadata = read_metadata(next_metadata(item))
        if metadata is None:
            return False
        trial = item if item is not None else Dataset(id="", meta=metadata.to_json())
        try:
            self._plans.require_possible(trial, day, row.cells.get("opensReason", "").strip(), metadata.disclosure)
        except InvalidMetadataError as error:
            row.faults += error.faults
        except OpendataError as error:
            row.faults.append(Fault("/opens", error.message, tuple(error.params.items())))
        return True


def _withdraws(item: Dataset | None, metadata: DatasetMetadata) -> bool:
    """Whether versions of an item would be withdrawn, since fewer people may have its data by new metadata."""
    return item is not None and item.latest is not None and metadata.disclosure.is_narrower_than(disclosure_of(item))


def _find(label: str, key: str) -> bool:
    found = find_headings().get(clean_heading(label))
    return found is not None and found.key == key


def _read_rows(table: FilledTable, columns: Sequence[Column | None]) -> Iterator[_Row]:
    places = [(place, column.key) for place, column in enumerate(columns) if column is not None]
    letters = {key: name_column(place + table.before) for place, key in places}
    for number, cells in table.read():
        texts = {key: _unguard(cells[place]) if place < len(cells) else "" for place, key in places}
        if any(text.strip() for text in texts.values()):
            yield _Row(table.sheet, number, texts, letters)


def _unguard(text: str) -> str:
    """A text without the sign that keeps spreadsheets from taking it for a formula."""
    return text[1:] if text.startswith("'") and guard_formula(text[1:]) == text else text


def _find_publishers(session: Session) -> Mapping[str, Sequence[Publisher]]:
    """The publishers by all that a cell may call them; one that was merged stands for the one that it became."""
    rows = {row.id: row for row in session.scalars(select(Publisher))}
    found: dict[str, list[Publisher]] = {}
    for row in rows.values():
        names = {row.id, row.title, row.code or "", *(str(texts.get("title", "")) for texts in row.i18n.values())}
        became = follow_publishers(session, [row.id]) if row.ended is not None else [row.id]
        meant = rows[became[0]] if len(became) == 1 else row
        for name in names - {""}:
            if meant not in found.setdefault(name, []):
                found[name].append(meant)
    return found


def _find_numbers(session: Session, numbers: Sequence[str]) -> Mapping[str, str]:
    """The items that have some index numbers, by these."""
    found: dict[str, str] = {}
    wanted = sorted({number for number in numbers if number})
    for start in range(0, len(wanted), _AT_ONCE):
        part = wanted[start : start + _AT_ONCE]
        query = select(IndexNumber.number, Dataset.id).join(Dataset, Dataset.uuid == IndexNumber.dataset_uuid)
        found |= dict(session.execute(query.where(IndexNumber.number.in_(part))).all())
    return found


def _list_changed(before: Mapping[str, Any], after: Mapping[str, Any], patch: Mapping[str, Any]) -> list[Column]:
    """The columns of a patch that make a difference."""
    found = []
    for name, value in patch.items():
        if before.get(name) != after.get(name):
            parts = value if isinstance(value, Mapping) else {}
            old, new = before.get(name) or {}, after.get(name) or {}
            pointers = (
                [f"/{name}/{part}" for part in parts if old.get(part) != new.get(part)] if parts else [f"/{name}"]
            )
            found += [find_column(pointer) for pointer in pointers]
    return found


def _place(row: _Row, item: Fault) -> CellFault:
    """The cell that a fault is about."""
    column = find_column(item.pointer)
    return CellFault(
        sheet=row.sheet,
        row=row.number,
        letters=row.letters.get(column.key, ""),
        column=column,
        value=row.cells.get(column.key, "")[:200],
        fault=item,
    )
