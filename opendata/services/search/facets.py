"""What the values of facets are called."""

from __future__ import annotations

from collections.abc import Mapping

from opendata.domain.texts import I18n
from opendata.errors import N_
from opendata.metadata.properties.code_lists import find_codes, name_region
from opendata.wording.voice import voice_of

LABELS: Mapping[str, str] = {
    "publisher": N_("Publisher"),
    "theme": N_("Theme"),
    "format": N_("Format"),
    "updateCycle": N_("Update cycle"),
    "disclosure": N_("Disclosure"),
    "license": N_("Licence"),
    "period": N_("Year covered"),
    "region": N_("Region"),
    "punctuality": N_("Next edition"),
}

_CODES = {"theme": "themes", "updateCycle": "updateCycles", "disclosure": "disclosures", "license": "licenses"}
_PUNCTUALITY = {"onTime": N_("On time"), "late": N_("Late")}


def name_value(facet: str, value: str, language: str, title: str = "", i18n: I18n | None = None) -> str:
    """A value in a language; itself where nothing is known of it. `title` and `i18n` are those of a publisher."""
    if facet in _CODES:
        code = find_codes(_CODES[facet]).get(value)
        return code.title(language) if code else value
    if facet == "region":
        return name_region(value, language) or value
    if facet == "punctuality":
        return voice_of(language).translate(_PUNCTUALITY[value])
    if facet == "format":
        return value.upper()
    return (i18n or {}).get(language, {}).get("title") or title or value
