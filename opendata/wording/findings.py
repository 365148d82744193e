"""A finding in the reader's words: what it is called, what is wrong, how to fix it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from opendata.errors import N_
from opendata.wording.finding_sentences import (
    NAMELESS,
    SENTENCES,
    Sentences,
)
from opendata.wording.notes import quote_names
from opendata.wording.rule_sentences import CONSTRAINTS, WARNINGS
from opendata.wording.schemas.field_types import TYPE_ADVICE, TYPES
from opendata.wording.schemas.patterns import build_example, describe_pattern
from opendata.wording.voice import Voice

MAX_CELL = 200
"""Characters that are shown of a cell, at most."""

LESSER: Mapping[str, str] = {"warning": N_("Warning"), "note": N_("Note")}
"""Strengths of rules that do not block publication → their names."""

_FORMATS = {"%Y": "YYYY", "%m": "MM", "%d": "DD", "%H": "hh", "%M": "mm", "%S": "ss", "%y": "YY"}


class Explanation(NamedTuple):
    """A finding in the reader's words."""

    title: str
    message: str
    advice: str


def explain(voice: Voice, finding: Mapping[str, Any]) -> Explanation:
    """A row of a findings file in the reader's words: it has `code`, `rule`, `params`, `cell`, `fieldName`, `type`.

    One that was kept before codes were has its type alone, which says less.
    """
    code = str(finding.get("code") or finding.get("type") or "")
    rule, params = str(finding.get("rule") or ""), dict(finding.get("params") or {})
    found = choose_sentences(code, rule)
    if found is None:
        return Explanation(code, code, "")
    cell = finding.get("cell")
    name = str(finding.get("fieldName") or "")
    shown = {
        "value": shorten(str(cell or "")),
        "column": name or str(finding.get("label") or ""),
        "label": str(finding.get("label") or (cell if code.endswith("-label") else "") or ""),
        "number": finding.get("fieldNumber") or "",
        "rule": rule,
        **{key: _write(code, key, value) for key, value in params.items()},
    }
    message, advice = found.message, found.advice
    if code == "constraint-error" and rule == "pattern":
        message = _word_pattern(voice, str(params.get("limit", "")), shown) or message
    if code in ("type-error", "array-item-type", "kept-as-text") and "type" in params:
        shown["type"] = voice.translate(TYPES.get(params["type"], params["type"]))
    if code == "type-error" and "type" in params:
        advice = advise_type(voice, params["type"], params.get("format", "default"))
    else:
        advice = _fill(voice, advice, shown)
    if cell is None and code in NAMELESS:
        message = NAMELESS[code]
    if "message" in params:
        return Explanation(voice.translate(found.title), voice.fill(params["message"], params["params"]), advice)
    title = voice.translate(found.title)
    return Explanation(title, _fill(voice, message, shown) or title, advice)


def explain_error(voice: Voice, error: Mapping[str, Any]) -> Explanation:
    """An error of a report, as a Frictionless descriptor, in the reader's words."""
    return explain(voice, {**error, **(error.get("opendata") or {})})


def _word_pattern(voice: Voice, pattern: str, shown: dict[str, Any]) -> str:
    """The sentence that says in words what fits, or shows a value that does; empty where there is neither."""
    shown |= {"form": describe_pattern(voice, pattern), "example": build_example(pattern)}
    if shown["form"]:
        return N_("“%(value)s” isn't written as required: %(form)s")
    return N_("“%(value)s” doesn't match the pattern %(limit)s. “%(example)s” would") if shown["example"] else ""


def say_warning(voice: Voice, code: str, params: Mapping[str, Any]) -> str:
    """A warning of a report in the reader's words."""
    shown = {key: _write(code, key, value) for key, value in params.items()}
    if isinstance(params.get("params"), Mapping):
        shown["message"] = voice.fill(params["message"], params["params"])
    return voice.translate(WARNINGS[code]) % shown


def name_rule(voice: Voice, code: str, rule: str = "") -> str:
    """What a finding is called: its code, or type; of a broken constraint its own name."""
    found = choose_sentences(code, rule)
    return voice.translate(found.title) if found else code


def choose_sentences(code: str, rule: str) -> Sentences | None:
    """The sentences of a code or error type; of a broken constraint those of the constraint."""
    known = CONSTRAINTS.get(rule) if code == "constraint-error" else None
    return known or SENTENCES.get(code)


def advise_type(voice: Voice, kind: str, form: str) -> str:
    """How a value of a type is written; of a date in a format of its own that format: YYYY-MM-DD."""
    if form not in ("default", "", "any") and kind in ("date", "datetime", "time"):
        for sign, letters in _FORMATS.items():
            form = form.replace(sign, letters)
        return voice.say(N_("Write it as %(form)s"), form=form)
    return voice.translate(TYPE_ADVICE.get(form if kind == "string" else kind, N_("Correct the value")))


def shorten(text: str) -> str:
    """A cell as a sentence shows it, cut where it is very long."""
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"


def _fill(voice: Voice, text: str, shown: Mapping[str, Any]) -> str:
    """A sentence with what it shows; nothing where a finding kept by an earlier release lacks something of it."""
    try:
        return voice.translate(text) % shown
    except KeyError:
        return ""


def _write(code: str, name: str, value: Any) -> str:
    if isinstance(value, list | tuple):
        return (
            quote_names(value) if name == "fields" and code.endswith("-check") else shorten(", ".join(map(str, value)))
        )
    return shorten(str(value))
