"""The language of the terminal: that of the locale where the program speaks it, English elsewhere."""

from __future__ import annotations

import os
from collections.abc import Mapping

from opendata.errors import OpendataError
from opendata.settings import LANGUAGES, SOURCE_LANGUAGE
from opendata.wording.voice import Voice, voice_of


def read_language(environ: Mapping[str, str]) -> str:
    """The language of the first locale variable that says anything (POSIX: LC_ALL, LC_MESSAGES, LANG)."""
    found = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    language = found.lower().partition("_")[0].partition(".")[0]
    return language if language in LANGUAGES else SOURCE_LANGUAGE


def choose_voice() -> Voice:
    """The voice of the person at the terminal."""
    return voice_of(read_language(os.environ))


def say(message: str, /, **params: object) -> str:
    """A text in the reader's language, parameters filled in; texts among them are translated where they can be."""
    return choose_voice().fill(message, params)


def ngettext(one: str, many: str, number: int, /) -> str:
    """A text with a number (`num`) in the reader's language. gettext's own name, by which texts are collected."""
    return choose_voice().count(one, many, number)


def say_error(error: OpendataError) -> str:
    """An exception of ours in the reader's language, each of its faults on a line of its own."""
    voice = choose_voice()
    lines = [voice.say_error(error)]
    for item in error.faults:
        text = voice.say_fault(item)
        lines.append(f"  {item.pointer}: {text}" if item.pointer else f"  {text}")
    return "\n".join(lines)
