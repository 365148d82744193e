"""What is proposed for the fields of a form: shown beside them with its reason, and taken over where somebody asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from opendata.metadata.properties.proposing import Proposal
from opendata.metadata.properties.reading import load_profile
from opendata.problems import choose_voice
from opendata.web.properties.fields import Values, name_fields, show_value
from opendata.web.properties.shown import say_property


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


def take_proposal(proposals: Mapping[str, Proposal], name: str, values: Values) -> Values:
    """A form with the proposal for a property in its fields; as it was if nothing is proposed."""
    if name not in proposals:
        return values
    return {**values, **show_value(load_profile().properties[name], proposals[name].value)}
