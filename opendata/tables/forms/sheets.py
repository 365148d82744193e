"""Findings for people: the list as CSV and Excel, and the uploaded table as Excel with its wrong cells coloured.

Values stay what they are: text is written as text, so that codes keep their zeros and no formula is ever run.
Source: OWASP on formulas in CSV.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO

from opendata.errors import N_
from opendata.tables.forms.csv_lines import guard_formula
from opendata.tables.forms.workbook import WorkbookWriter
from opendata.tables.forms.workbook_parts import SHEET_COLUMNS
from opendata.tables.report.findings import iterate_findings
from opendata.tables.text.decoding import DecodingFault
from opendata.wording.findings import explain
from opendata.wording.voice import Voice

HEADINGS = (N_("Row"), N_("Column"), N_("Value"), N_("Rule"), N_("What is wrong"), N_("How to fix it"))
SHEET = N_("Findings")
REST = N_(
    "This workbook can't hold everything: some rows, or the ends of long texts, are missing. The CSV file is complete"
)

_COMMENT = 2000
_AT_END = {"missing-cell": 0, "extra-cell": -1}


def write_findings_csv(path: Path, out: BinaryIO, voice: Voice) -> None:
    """Write a findings file as CSV that Excel opens: UTF-8 with its mark, text that looks like a formula quoted."""
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(list_headings(voice))
    for finding in iterate_findings(path):
        row, *texts = _list_cells(finding, voice)
        writer.writerow([row, *(guard_formula(item) for item in texts)])
    text.detach()


def write_findings_xlsx(path: Path, out: BinaryIO, voice: Voice) -> None:
    """Write a findings file as an Excel workbook, up to the rows that a worksheet holds. `out` is seekable."""
    with WorkbookWriter(out, sheet=voice.translate(SHEET), widths=(8, 20, 30, 24, 60, 60), frozen=1) as book:
        book.write_row(list_headings(voice), "heading")
        book.filter(len(HEADINGS))
        for finding in iterate_findings(path):
            if book.is_full:
                book.remark(voice.translate(REST))
                break
            book.write_row(_list_cells(finding, voice), "wrapped")


def write_marked_xlsx(
    rows: Iterable[Sequence[str]],
    findings: Iterable[Mapping[str, Any]],
    out: BinaryIO,
    voice: Voice,
    *,
    header_row: int = 1,
) -> None:
    """Write a table as an Excel workbook with the wrong cells coloured and commented; rows keep their numbers.

    `rows` are the records of the source, `findings` in their order; those without a row are shown at `header_row`. Ends
    quietly if the source cannot be read further. A full worksheet says so. The number of comments is limited: beyond
    it, cells are coloured only. `out` is seekable.
    """
    labels: dict[str, int] = {}
    with WorkbookWriter(out, sheet=voice.translate(SHEET), frozen=header_row) as book:
        for number, record, told in _join(rows, findings, header_row):
            while book.rows < number - 1 and not book.is_full:
                book.write_row(())
            if book.is_full:
                book.remark(voice.translate(REST))
                break
            if number == header_row:
                labels = {label.strip(): place for place, label in reversed([*enumerate(record)])}
            placed = _place_findings(told, len(record), labels)
            marks = {place: _find_strongest(group) for place, group in placed.items()}
            book.write_row(record, "text", marks)
            for place, group in sorted(placed.items()):
                book.comment(place, _compose_comment(group, voice))
        if book.is_cut:
            book.remark(voice.translate(REST))


def list_headings(voice: Voice) -> list[str]:
    """What the columns of a list are called."""
    return [voice.translate(text) for text in HEADINGS]


def _list_cells(finding: Mapping[str, Any], voice: Voice) -> tuple[int | None, str, str, str, str, str]:
    explained = explain(voice, finding)
    return (finding["row"], finding["fieldName"] or "", finding["cell"] or "", *explained)


def _join(
    rows: Iterable[Sequence[str]], findings: Iterable[Mapping[str, Any]], header_row: int
) -> Iterator[tuple[int, Sequence[str], list[Mapping[str, Any]]]]:
    """Number, cells and findings of each row; a row that only findings refer to has no cells."""
    groups = groupby(findings, key=lambda item: item["row"] or 0)
    number, group = next(groups, (None, None))
    of_header = list(group) if number == 0 and group is not None else []
    if number == 0:
        number, group = next(groups, (None, None))
    last = 0
    for last, record in enumerate(_read_quietly(rows), start=1):
        told = of_header if last == header_row else []
        if number == last and group is not None:
            told = [*told, *group]
            number, group = next(groups, (None, None))
        yield last, record, told
    if last < header_row and of_header:
        yield header_row, [], of_header
    while number is not None and group is not None:
        yield number, [], list(group)
        number, group = next(groups, (None, None))


def _read_quietly(rows: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    try:
        yield from rows
    except DecodingFault:
        return  # a finding says where and why


def _place_findings(
    told: Sequence[Mapping[str, Any]], width: int, labels: Mapping[str, int]
) -> dict[int, list[Mapping[str, Any]]]:
    """The findings of a row by the place of the cell that tells them."""
    places: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for item in told:
        if item["fieldNumber"] is not None:
            place = item["fieldNumber"] - 1
        elif item["type"] in _AT_END:
            place = max(width + _AT_END[item["type"]], 0)
        else:  # of the row as a whole, or of the columns of a key
            place = labels.get((item["fieldName"] or "").partition(", ")[0], 0)
        places[min(place, SHEET_COLUMNS - 1)].append(item)
    return places


def _find_strongest(group: Sequence[Mapping[str, Any]]) -> str:
    found = {item["strength"] for item in group}
    return next((strength for strength in ("error", "warning", "note") if strength in found), "error")


def _compose_comment(group: Sequence[Mapping[str, Any]], voice: Voice) -> str:
    parts = []
    for item in group[:20]:
        explained = explain(voice, item)
        parts.append("\n".join(text for text in (explained.message, explained.advice) if text))
    text = "\n\n".join(parts)
    return text if len(text) <= _COMMENT else text[: _COMMENT - 1] + "…"
