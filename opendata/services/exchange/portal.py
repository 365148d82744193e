"""The portal as its documents name it: from the identity kept by page, the settings, or a general name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opendata.domain.catalogue.entries import Portal
from opendata.errors import N_
from opendata.services.governance.site.identity import Identity
from opendata.settings import Settings
from opendata.wording.voice import voice_of

_NAME = N_("Open Data Portal")


class Portals:
    """Reads who the portal is."""

    def __init__(self, settings: Settings, identity: Identity) -> None:
        self._settings = settings
        self._identity = identity

    def get(self) -> Portal:
        """The portal in all its languages."""
        kept = self._identity.read()
        languages = self._settings.languages or ("zh", "en")
        names = _list_texts(kept, "name", languages)
        for language in languages:
            names.setdefault(language, self._settings.title or voice_of(language).translate(_NAME))
        organiser = _list_texts(kept, "organiser", languages) or names
        mailto = (item for item in self._settings.security_contact if item.startswith("mailto:"))
        return Portal(
            names=names,
            organiser=organiser,
            languages=languages,
            email=next(mailto, "").removeprefix("mailto:"),
            telephone=str(kept.get("telephone") or ""),
        )


def _list_texts(kept: Mapping[str, Any], name: str, languages: tuple[str, ...]) -> dict[str, str]:
    """A field of the identity in each language that it is given in."""
    translations = kept.get("i18n") or {}
    found = {languages[0]: kept.get(name), **{key: (translations.get(key) or {}).get(name) for key in languages[1:]}}
    return {language: str(text) for language, text in found.items() if text}
