"""What is proposed for the fields of a form: shown beside them with its reason, and taken over where somebody asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import gettext, ngettext

from opendata.metadata.properties.proposing import Proposal
from opendata.metadata.properties.reading import load_profile
from opendata.problems import choose_voice
from opendata.web.core.languages import choose_separator
from opendata.web.properties.fields import Values, name_fields, show_value
from opendata.web.properties.shown import name_property, say_property


@dataclass(frozen=True, slots=True)
class ShownProposal:
    """A proposal in words: the value and the reason for it."""

    value: str
    reason: str


def show_proposals(proposals: Mapping[str, Proposal], values: Values) -> Mapping[str, ShownProposal]:
    """The proposals for fields in which there is nothing yet, by the name of their property."""
    voice = choose_voice()
    return {
        name: ShownProposal(say_property(name, item.value), voice.fill(item.message, item.params))
        for name, item in proposals.items()
        if not any(values.get(field, "").strip() for field in name_fields(load_profile().properties[name]))
    }


def say_proposals(shown: Mapping[str, ShownProposal]) -> str:
    """How many fields something is proposed for, and which; that there are none."""
    if not shown:
        return str(gettext("There is nothing to propose for the fields that are still empty"))
    names = choose_separator().join(map(name_property, shown))
    return str(
        ngettext(
            "%(num)s proposal is shown beside its field: %(names)s",
            "%(num)s proposals are shown beside their fields: %(names)s",
            len(shown),
            names=names,
        )
    )


def take_proposal(proposals: Mapping[str, Proposal], name: str, values: Values) -> Values:
    """A form with the proposal for a property in its fields; as it was if nothing is proposed."""
    if name not in proposals:
        return values
    return {**values, **show_value(load_profile().properties[name], proposals[name].value)}
