"""Every code of the privacy gate has words in every language."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import pytest

from opendata.domain.privacy import (
    Certainty,
    Evidence,
    Generalisation,
    Ground,
    Kind,
    Reason,
    RiskLevel,
    Sign,
    Treatment,
)
from opendata.settings import LANGUAGES
from opendata.wording.privacy import (
    CERTAINTIES,
    EVIDENCE_SENTENCES,
    GENERALISATIONS,
    GROUNDS,
    KINDS,
    REASONS_NOT_PERSONAL,
    RISKS,
    TREATMENTS,
    say_sign,
)
from opendata.wording.voice import voice_of

WORDS: list[tuple[type[StrEnum], Mapping[StrEnum, str]]] = [
    (Kind, KINDS),
    (Certainty, CERTAINTIES),
    (Evidence, EVIDENCE_SENTENCES),
    (Treatment, TREATMENTS),
    (Ground, GROUNDS),
    (Reason, REASONS_NOT_PERSONAL),
    (Generalisation, GENERALISATIONS),
    (RiskLevel, RISKS),
]


@pytest.mark.parametrize(("codes", "words"), WORDS, ids=lambda item: getattr(item, "__name__", ""))
def test_every_code_has_words(codes: type[StrEnum], words: Mapping[StrEnum, str]) -> None:
    assert list(words) == list(codes)
    for text in words.values():
        assert len({voice_of(language).translate(text) for language in LANGUAGES}) == len(LANGUAGES)


PARAMETERS: Mapping[Evidence, tuple[str, ...]] = {
    Evidence.COLUMN_NAME: ("word",),
    Evidence.PATTERN: ("count", "of"),
    Evidence.CHECK_DIGIT: ("count", "of"),
    Evidence.CARD_PREFIX: ("count", "of"),
    Evidence.SURNAMES: ("count", "of"),
    Evidence.HOME_WORDS: ("count", "of"),
    Evidence.INSIDE_TEXT: ("count",),
    Evidence.CONTEXT_WORD: ("word",),
    Evidence.YEARS: ("first", "last"),
    Evidence.BESIDE: ("field",),
    Evidence.MOVEMENT: ("field",),
}
"""The parameters that the screen gives each sign."""


@pytest.mark.parametrize("code", Evidence)
def test_a_sign_fills_its_sentence(code: Evidence) -> None:
    sign = Sign(code, tuple((name, 3) for name in PARAMETERS[code]))
    for language in LANGUAGES:
        assert "%" not in say_sign(voice_of(language), sign)
