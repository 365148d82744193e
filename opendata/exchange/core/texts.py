"""Texts by language: what an object of the catalogue is called in each language it has a name in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opendata.domain.texts import I18n

LITERAL_TAGS: Mapping[str, str] = {"zh": "zh-Hans"}
"""Language → its tag in literals (BCP 47), where that says more than the language."""


def list_texts(text: str, i18n: I18n, key: str, default: str) -> Mapping[str, str]:
    """Language → text, the default language first, without empty ones."""
    found = {default: text, **{name: str(texts.get(key) or "") for name, texts in i18n.items() if name != default}}
    return {language: item for language, item in found.items() if item}


def choose_text(texts: Mapping[str, str], *languages: str) -> str:
    """The text in the first of these languages that has one, else any; empty without texts."""
    return next((texts[language] for language in languages if texts.get(language)), next(iter(texts.values()), ""))


def list_words(words: Sequence[str], i18n: I18n, key: str, default: str) -> Mapping[str, Sequence[str]]:
    """Language → words, such as keywords, the default language first, without languages that have none."""
    found: dict[str, Sequence[str]] = {default: list(words)}
    for language, texts in i18n.items():
        given: Any = texts.get(key)
        if language != default and isinstance(given, list | tuple):
            found[language] = [str(item) for item in given]
    return {language: items for language, items in found.items() if items}


def tag_language(language: str) -> str:
    """The tag of a language in literals."""
    return LITERAL_TAGS.get(language, language)
