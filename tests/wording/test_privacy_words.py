"""Every code of the privacy gate has words in every language."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import pytest

from opendata.domain.privacy import (
    EVIDENCE,
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


@pytest.mark.parametrize("code", Evidence)
def test_a_sign_fills_its_sentence(code: Evidence) -> None:
    sign = Sign(code, tuple((name, 3) for name in EVIDENCE[code]))
    for language in LANGUAGES:
        assert "%" not in say_sign(voice_of(language), sign)
