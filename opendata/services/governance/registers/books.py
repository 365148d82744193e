"""Applications as files: a workbook of one or of a batch, and JSON. What is missing is said in the first worksheet."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

from opendata.domain.registers.form import FIELDS, Section
from opendata.errors import N_
from opendata.services.governance.registers.values import Form
from opendata.tables.forms.book import Book, measure, name_sheet
from opendata.wording.governance.registers import FIELDS as NAMES
from opendata.wording.governance.registers import SECTIONS
from opendata.wording.voice import Voice

COMPLETE = N_("Nothing is missing that the register asks for.")
INCOMPLETE = N_("This application isn't complete: what is listed below is missing. Don't hand it in like this.")
NO_TEXT = N_(
    "The text of the letter of commitment is the register office's own. Only the name and digest of yours are here."
)
MISSING = N_("missing")

_CHECK = N_("Check first")
_BATCH = N_("Applications for registration")
_DATASET, _VERSION = N_("Dataset"), N_("Version")


def write_book(form: Form, voice: Voice) -> BinaryIO:
    """A worksheet with what is missing, and one for each part of the application."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        book = Book(archive)
        _write_check(book, [form], voice)
        for section in Section:
            with book.begin_sheet(name_sheet(voice.translate(SECTIONS[section])), [44, 90, 14]) as sheet:
                sheet.write_texts([voice.translate(N_("Item")), voice.translate(N_("Content")), ""], "heading")
                for item in form.answers:
                    if item.field.section == section:
                        mark = voice.translate(MISSING) if item.is_missing else ""
                        sheet.write_texts([voice.translate(NAMES[item.field.name]), item.value, mark], "wrapped")
        book.finish()
    out.seek(0)
    return out


def write_batch(forms: Sequence[Form], voice: Voice) -> BinaryIO:
    """A worksheet with what is missing, and one with a row for each application."""
    out = io.BytesIO()
    headings = [voice.translate(_DATASET), *(voice.translate(NAMES[item.name]) for item in FIELDS)]
    rows = [[form.registration.dataset.id, *(item.value for item in form.answers)] for form in forms]
    with zipfile.ZipFile(out, "w") as archive:
        book = Book(archive)
        _write_check(book, forms, voice)
        with book.begin_sheet(name_sheet(voice.translate(_BATCH)), measure([headings, *rows[:200]])) as sheet:
            sheet.write_texts(headings, "heading")
            for row in rows:
                sheet.write_texts(row, "wrapped")
        book.finish()
    out.seek(0)
    return out


def describe_form(form: Form, voice: Voice) -> Mapping[str, Any]:
    """An application as JSON: each part with its fields, and the names of those that are missing."""
    view = form.registration
    return {
        "registration": view.id,
        "dataset": view.dataset.id,
        "version": view.version,
        "kind": str(view.kind),
        "complete": not form.gaps,
        "missing": [item.field.name for item in form.gaps],
        "sections": [
            {
                "section": str(section),
                "title": voice.translate(SECTIONS[section]),
                "fields": [
                    {
                        "name": item.field.name,
                        "title": voice.translate(NAMES[item.field.name]),
                        "value": item.value,
                        "missing": item.is_missing,
                    }
                    for item in form.answers
                    if item.field.section == section
                ],
            }
            for section in Section
        ],
        "documents": [{"kind": str(item.kind), "name": item.name, "sha256": item.sha256} for item in view.documents],
    }


def _write_check(book: Book, forms: Sequence[Form], voice: Voice) -> None:
    """What is missing, plainly, before anything else."""
    is_complete = not any(form.gaps for form in forms)
    with book.begin_sheet(name_sheet(voice.translate(_CHECK)), [30, 16, 60]) as sheet:
        sheet.write_texts([voice.translate(COMPLETE if is_complete else INCOMPLETE)], "heading")
        sheet.write_texts([voice.translate(NO_TEXT)], "wrapped")
        if not is_complete:
            headings = [voice.translate(text) for text in (_DATASET, _VERSION, N_("What is missing"))]
            sheet.write_texts(headings, "heading")
        for form in forms:
            for item in form.gaps:
                found = form.registration
                sheet.write_texts([found.dataset.id, found.version, voice.translate(NAMES[item.field.name])], "wrapped")
