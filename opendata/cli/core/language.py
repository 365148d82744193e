"""The language of the terminal: Chinese where the locale says so, English elsewhere."""

from __future__ import annotations

import gettext
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from opendata.errors import OpendataError

_CATALOGUES = Path(__file__).resolve().parents[2] / "web" / "translations"


def read_language(environ: Mapping[str, str]) -> str:
    """`zh` or `en`, by the first locale variable that says anything (POSIX: LC_ALL, LC_MESSAGES, LANG)."""
    found = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    return "zh" if found.lower().startswith("zh") else "en"


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    files = sorted(_CATALOGUES.glob("zh*/LC_MESSAGES/messages.mo"))
    if not files:
        return gettext.NullTranslations()
    with files[0].open("rb") as stream:
        return gettext.GNUTranslations(stream)


def tell(message: str, /, **params: object) -> str:
    """A text in the reader's language, parameters filled in; texts among them are translated where they can be."""
    catalogue = _catalogue(read_language(os.environ))
    text = catalogue.gettext(message) if message else message
    if not params:
        return text
    return text % {
        key: catalogue.gettext(value) if isinstance(value, str) and value else value for key, value in params.items()
    }


def tell_error(error: OpendataError) -> str:
    """An exception of ours in the reader's language, each of its faults on a line of its own."""
    lines = [tell(error.message, **error.params)]
    for item in error.faults:
        text = tell(item.message, **dict(item.params))
        lines.append(f"  {item.pointer}: {text}" if item.pointer else f"  {text}")
    return "\n".join(lines)
