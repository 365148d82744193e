"""What a file says about a table as a whole, what a person said about it, and what of both holds.

What was found is a question while it is less sure than `CERTAIN` and nobody has answered. What a person said holds
against what was found; `None` says that there is no such thing. In JSON the names are those of the manifest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self, TypedDict

from opendata.domain.texts import I18n, Source

CERTAIN = 0.9
"""What is less sure than this is asked."""

TEXTS = ("title", "unit", "period", "source", "compiledBy")
"""The properties that are one text each."""

NAMES = (*TEXTS, "units", "footnotes")


class Place(StrEnum):
    """Where something was found: above or below the table, in its header, the name of its sheet or file, its rows."""

    ABOVE = "above"
    BELOW = "below"
    HEADER = "header"
    SHEET = "sheet"
    FILE = "file"
    DATA = "data"


class FootnoteJson(TypedDict, total=False):
    """A note about a table: its text, its mark and the columns whose names have that mark."""

    text: str
    mark: str
    columns: Sequence[str]


@dataclass(frozen=True, slots=True)
class FoundText:
    """Something found: its value, where, in which line, and how sure (0..1). `other` is what another place says."""

    value: str
    where: Place
    line: str
    sure: float
    other: str = ""

    def describe(self) -> dict[str, Any]:
        """As JSON."""
        found = {"value": self.value, "where": str(self.where), "line": self.line[:300], "sure": self.sure}
        return {**found, "other": self.other} if self.other else found


@dataclass(frozen=True, slots=True)
class FoundNote:
    """A note found: `columns` are those whose names have its mark."""

    text: str
    where: Place
    sure: float
    mark: str = ""
    columns: tuple[str, ...] = ()

    def describe(self) -> FootnoteJson:
        """As JSON."""
        found = FootnoteJson(text=self.text)
        if self.mark:
            found["mark"] = self.mark
        if self.columns:
            found["columns"] = list(self.columns)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMeaning:
    """What a file says about a table. `title_en` is a second title in English, `units` are those of columns."""

    title: FoundText | None = None
    title_en: FoundText | None = None
    unit: FoundText | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    period: FoundText | None = None
    source: FoundText | None = None
    office: FoundText | None = None
    notes: Sequence[FoundNote] = ()

    def describe(self) -> dict[str, Any]:
        """As JSON, without what wasn't found."""
        texts = {
            "title": self.title,
            "titleEn": self.title_en,
            "unit": self.unit,
            "period": self.period,
            "source": self.source,
            "compiledBy": self.office,
        }
        found: dict[str, Any] = {name: item.describe() for name, item in texts.items() if item is not None}
        if self.units:
            found["units"] = dict(self.units)
        if self.notes:
            found["footnotes"] = [note.describe() for note in self.notes]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class TableMeaning:
    """What is published about a table as a whole; what is empty isn't."""

    title: str = ""
    i18n: I18n = field(default_factory=dict)
    unit: str = ""
    period: str = ""
    sources: Sequence[Source] = ()
    compiled_by: str = ""
    footnotes: Sequence[FootnoteJson] = ()

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read the descriptor of a resource."""
        ours = document.get("opendata", {})
        return cls(
            title=document.get("title", ""),
            i18n=ours.get("i18n", {}),
            unit=ours.get("unit", ""),
            period=ours.get("period", ""),
            sources=tuple(document.get("sources", ())),
            compiled_by=ours.get("compiledBy", ""),
            footnotes=tuple(ours.get("footnotes", ())),
        )

    def describe(self) -> dict[str, Any]:
        """What is ours of it in the descriptor of a resource, beside title and sources."""
        found = {
            "unit": self.unit,
            "period": self.period,
            "compiledBy": self.compiled_by,
            "footnotes": [dict(note) for note in self.footnotes],
        }
        return {name: value for name, value in found.items() if value}

    def say_all(self) -> dict[str, Any]:
        """All of it as a person would say it, so that nothing is looked for in a file."""
        source = (
            " ".join(filter(None, (self.sources[0].get("title"), self.sources[0].get("path")))) if self.sources else ""
        )
        return {
            "title": self.title or None,
            "unit": self.unit or None,
            "period": self.period or None,
            "source": source or None,
            "compiledBy": self.compiled_by or None,
            "footnotes": [dict(note) for note in self.footnotes],
        }


def find_value(found: Mapping[str, Any], name: str) -> Any:
    """The value of something found, None where it wasn't."""
    item = found.get(name)
    return item["value"] if isinstance(item, Mapping) and "value" in item and name != "units" else item


def list_questions(meaning: Mapping[str, Any] | None) -> Sequence[str]:
    """The names of what was found, isn't sure, and nobody has answered."""
    found, said = _split(meaning)
    return [name for name in TEXTS if name in found and found[name]["sure"] < CERTAIN and name not in said]


def settle(meaning: Mapping[str, Any] | None, *, title: str = "", i18n: I18n | None = None) -> TableMeaning:
    """What holds of what was found and said about a table; `title` and `i18n` are those that its sender gave it."""
    found, said = _split(meaning)
    values = {name: _choose(found, said, name) for name in TEXTS}
    chosen = said["title"] or "" if "title" in said else title or values["title"]
    english = found.get("titleEn")
    translated = {key: dict(texts) for key, texts in (i18n or {}).items()}
    if english and chosen == find_value(found, "title") and "en" not in translated:
        translated["en"] = {"title": english["value"]}
    for language, texts in (said.get("i18n") or {}).items():
        kept = {key: text for key, text in {**translated.get(language, {}), **texts}.items() if text}
        translated = {
            **{key: item for key, item in translated.items() if key != language},
            **({language: kept} if kept else {}),
        }
    notes = said.get("footnotes") if "footnotes" in said else found.get("footnotes")
    return TableMeaning(
        title=chosen,
        i18n=translated,
        unit=values["unit"],
        period=values["period"],
        sources=({"title": values["source"]},) if values["source"] else (),
        compiled_by=values["compiledBy"],
        footnotes=tuple(notes or ()),
    )


def settle_units(found: Mapping[str, str], said: Mapping[str, str | None]) -> dict[str, str]:
    """The units of columns by their labels: what was found in these, and what a person said."""
    return {label: unit for label, unit in {**found, **said}.items() if unit}


def recall(kept: Mapping[str, Any] | None, found: Mapping[str, Any], *, with_period: bool = False) -> dict[str, Any]:
    """What a person said about an earlier file that holds for this one: where the file says the same as then.

    The period doesn't, unless this file corrects the earlier one: each has its own. But that a table has no period
    holds where this file has only the same uncertain sign of one.
    """
    before, said = _split(kept)
    held = {
        name: value
        for name, value in said.items()
        if name not in ("units", "period") and find_value(before, name) == find_value(found, name)
    }
    is_repeated = with_period and find_value(before, "period") == find_value(found, "period")
    if "period" in said and (is_repeated or (said["period"] is None and _has_same_sign(before, found))):
        held["period"] = said["period"]
    earlier, now = before.get("units") or {}, found.get("units") or {}
    units = {key: unit for key, unit in (said.get("units") or {}).items() if earlier.get(key) == now.get(key)}
    return {**held, "units": units} if units else held


def _has_same_sign(before: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Whether a period was found, without being certain, where one was found before."""
    earlier, now = before.get("period") or {}, found.get("period") or {"sure": 0.0}
    return earlier.get("where") == now.get("where") and bool(now["sure"] < CERTAIN)


def doubt_changed(kept: Mapping[str, Any] | None, found: Mapping[str, Any]) -> dict[str, Any]:
    """What was found, with a question where the unit differs from that of the file before or from what was said."""
    before, said = _split(kept)
    doubted = dict(found)
    for name in ("unit", "title", "source", "compiledBy"):
        item, earlier = found.get(name), find_value(before, name)
        differs = item is not None and item["value"] != earlier
        if item is not None and differs and (name in said or (name == "unit" and earlier)):
            doubted[name] = {**item, "sure": min(item["sure"], 0.6), "other": said.get(name) or earlier or ""}
    return doubted


def _choose(found: Mapping[str, Any], said: Mapping[str, Any], name: str) -> str:
    if name in said:
        return said[name] or ""
    item = found.get(name)
    return item["value"] if item is not None and item["sure"] >= CERTAIN else ""


def _split(meaning: Mapping[str, Any] | None) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    known = meaning or {}
    return known.get("found") or {}, known.get("said") or {}
