"""Why a version has the number it has: each reason with the part of the number it raises, and in words.

The words are kept with the version, in every language of the catalogue, as its note of what changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from opendata.domain.comparison import ReasonText
from opendata.metadata.properties.reading import load_profile
from opendata.settings import LANGUAGES, SOURCE_LANGUAGE
from opendata.wording.reasons import NAMES, say_reason
from opendata.wording.schemas.units import show_unit
from opendata.wording.voice import voice_of

BUMPS = ("patch", "minor", "major")
"""The parts of a number that a reason raises, the least first."""

_MOST = 100
"""At most this many reasons are kept with a version; the version number takes all of them into account."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. `type` is a key of `REASONS`, `params` fill them: `resource`, `field`, `count` and the like.

    `titles` says by language what the resource is called, where it has a title.
    """

    type: str
    bump: str
    params: Mapping[str, Any] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def text(self) -> Mapping[str, str]:
        """The reason in each language."""
        return {language: say_reason(voice_of(language), self.type, self._call(language)) for language in LANGUAGES}

    def _call(self, language: str) -> Mapping[str, Any]:
        """The parameters with what people of a language call the resource and the properties."""
        found = dict(self.params)
        if "resource" in found:
            found["resource"] = self.titles.get(language) or found["resource"]
        if self.type.startswith("unit-"):
            found |= {name: show_unit(found[name], language) for name in ("old", "new") if name in found}
        if "names" in found:
            known, voice = load_profile().properties, voice_of(language)
            names = [
                known[name].label(language) if name in known else voice.translate(NAMES.get(name, name))
                for name in found["names"].split(", ")
            ]
            found["names"] = voice.separator.join(names)
        return found

    def describe(self) -> ReasonText:
        """As the manifest has it."""
        found = {"type": self.type, "bump": self.bump, **self.params, "text": dict(self.text)}
        return cast(ReasonText, found)


def find_bump(reasons: Iterable[Reason]) -> str | None:
    """The highest part that one of the reasons raises; None without a reason."""
    return max((reason.bump for reason in reasons), key=BUMPS.index, default=None)


def keep_reasons(reasons: Sequence[Reason]) -> list[ReasonText]:
    """The reasons as a manifest has them, the strongest first, and of very many those."""
    ordered = sorted(reasons, key=lambda reason: -BUMPS.index(reason.bump))
    kept = ordered[:_MOST]
    left = len(ordered) - len(kept)
    return [item.describe() for item in (*kept, *([Reason("more", "patch", {"count": left})] if left else []))]


def list_texts(reasons: Iterable[ReasonText | str]) -> list[str]:
    """The reasons that a version keeps, in English; those of old versions are that alone."""
    return [item if isinstance(item, str) else item["text"][SOURCE_LANGUAGE] for item in reasons]


def write_note(reasons: Iterable[ReasonText | str]) -> dict[str, str]:
    """The note of what changed: the reasons that a version keeps as one sentence in each language."""
    texts = [dict.fromkeys(LANGUAGES, item) if isinstance(item, str) else item["text"] for item in reasons]
    return {
        language: voice_of(language).separator.join(item.get(language) or item[SOURCE_LANGUAGE] for item in texts)
        for language in LANGUAGES
    }
