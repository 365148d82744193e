"""The catalogue as an Excel workbook: for people to read, and as a template that they fill in and send back."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import BinaryIO

from opendata.domain.basics.codes import DOMAINS, NAMES
from opendata.domain.basics.entries import LISTS, TITLES, Entry
from opendata.errors import N_
from opendata.services.governance.basics.table import name_domain
from opendata.tables.forms.book import Book, measure, name_sheet
from opendata.wording.voice import Voice

_FIELDS = (
    "domain",
    "matter",
    "item",
    "content",
    "basis",
    "time_limit",
    "body",
    "channels",
    "audiences",
    "methods",
    "levels",
    "kinds",
    "supervision",
)
_NUMBER = N_("No.")
_HELP: Mapping[str, str] = {
    "domain": N_("One of the 26 pilot domains from the list, or the name of an own one"),
    "matter": N_("The larger matter, such as “Policy documents”"),
    "item": N_("The matter within it, such as “Laws and regulations”"),
    "content": N_("Required. What is disclosed, element by element"),
    "basis": N_("The law or document that says it must be disclosed"),
    "time_limit": N_("Required. Such as “信息形成或者变更之日起20个工作日内”, “及时” or “长期”"),
    "body": N_("Required. The name of the department. If it is a publisher of this portal, write the name it has here"),
    "channels": N_("One or several from the list, with “、” between them. Write others after “其他：”"),
    "audiences": N_("The whole society or a specific group. Write which group in brackets after it"),
    "methods": N_("Required. Proactive, on application, or both"),
    "levels": N_("One or several from the list, with “、” between them"),
    "kinds": N_("If your catalogue gives it: decisions, execution, management, services, results"),
    "supervision": N_("Where people can complain: a telephone number or an address"),
}
_WIDTH = 24
_JOIN = "、"


def write_workbook(entries: Iterable[Entry], voice: Voice, title: str) -> BinaryIO:
    """A workbook with the entries, which can be changed and sent back as a list of the catalogue."""
    return _write([_write_row(entry, voice) for entry in entries], voice, title)


def write_template(domain: str, voice: Voice) -> BinaryIO:
    """A workbook to fill in: headings, choices, help. Its first row has a domain unless that is empty."""
    rows = [["1", name_domain(domain, voice.language)]] if domain else []
    return _write(rows, voice, name_domain(domain, voice.language) or voice.translate(N_("Basic catalogue")))


def _write(rows: Sequence[Sequence[str]], voice: Voice, title: str) -> BinaryIO:
    heads = [voice.translate(_NUMBER), *(voice.translate(TITLES[name]) for name in _FIELDS)]
    listed = {name: [_say_code(code, codes, voice) for code in codes] for name, codes in LISTS.items()}
    listed["domain"] = [domain.title(voice.language) for domain in DOMAINS.values()]
    lines: list[list[str]] = [[voice.translate(N_("Heading")), voice.translate(N_("How to fill it in"))]]
    lines += [[voice.translate(TITLES[name]), voice.translate(_HELP[name])] for name in _FIELDS]
    ranges = {}
    help_name = name_sheet(voice.translate(N_("Explanations")))
    for name in _FIELDS:
        if name in listed:
            lines += [[], [voice.translate(TITLES[name])]]
            first = len(lines) + 1
            lines += [[choice] for choice in listed[name]]
            ranges[_FIELDS.index(name) + 1] = f"'{help_name}'!$A${first}:$A${len(lines)}"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        book = Book(archive)
        widths = [max(width, _WIDTH) for width in measure([heads, *rows])]
        widths[0] = 8
        with book.begin_sheet(name_sheet(title), widths, choices=ranges) as sheet:
            for place, texts in enumerate([heads, *rows]):
                sheet.write_texts(texts, "wrapped" if place else "heading")
        with book.begin_sheet(help_name, [40, 80]) as sheet:
            for place, texts in enumerate(lines):
                sheet.write_texts(texts, "wrapped" if place else "heading")
        book.finish()
    out.seek(0)
    return out


def _write_row(entry: Entry, voice: Voice) -> list[str]:
    found = {"domain": name_domain(entry.domain, voice.language)}
    for name, codes in LISTS.items():
        found[name] = _JOIN.join(_say_code(code, codes, voice) for code in getattr(entry, name))
    if entry.group:
        found["audiences"] += f"（{entry.group}）"
    if entry.other_channels:
        found["channels"] = found["channels"].rstrip() + f"：{entry.other_channels}"
    return ["", *(found[name] if name in found else getattr(entry, name) for name in _FIELDS)]


def _say_code(code: str, codes: type[StrEnum], voice: Voice) -> str:
    return voice.translate(NAMES[codes(code)])
