"""The languages the program speaks, and one voice for each: a text with its parameters, said in a reader's language.

Texts are written in English in the code and translated by catalogues of gettext, one folder a language; English needs
none. A folder more under `translations` is a language more.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from functools import cache

from opendata.errors import N_, Fault, Listed, OpendataError
from opendata.settings import LANGUAGES, SOURCE_LANGUAGE, TRANSLATIONS


class Voice:
    """Says texts in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._catalogue = _read_catalogue(language)

    def translate(self, text: str) -> str:
        """A text without parameters; as it is where the catalogue has none for it."""
        return self._catalogue.gettext(text) if text else text

    def say(self, text: str, /, **params: object) -> str:
        """A text with its parameters; those that are texts of ours are translated too."""
        return self.fill(text, params)

    def fill(self, text: str, params: Mapping[str, object]) -> str:
        """A text in the reader's language, filled with the parameters from one mapping."""
        said = self.translate(text)
        if not params:
            return said
        return said % {key: self._say_param(value) for key, value in params.items()}

    def _say_param(self, value: object) -> object:
        if isinstance(value, Listed):
            return self.translate(N_(", ")).join(value.items)
        return self.translate(value) if isinstance(value, str) else value

    def count(self, one: str, many: str, number: int) -> str:
        """A text with a number (`num`), in the form that the number needs."""
        return self._catalogue.ngettext(one, many, number) % {"num": number}

    def say_fault(self, fault: Fault) -> str:
        """What is wrong with one value of an input."""
        return self.fill(fault.message, dict(fault.params))

    def say_error(self, error: OpendataError) -> str:
        """What an exception of ours says, without its faults."""
        return self.fill(error.message, error.params)

    @property
    def separator(self) -> str:
        """What stands between the items of an enumeration."""
        return self.translate(N_("; "))


@cache
def voice_of(language: str) -> Voice:
    """The voice of a language; English where the program doesn't speak it."""
    return Voice(language if language in LANGUAGES else SOURCE_LANGUAGE)


def _read_catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("messages", TRANSLATIONS, [language], fallback=language == SOURCE_LANGUAGE)
