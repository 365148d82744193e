"""What can be done with a table, in words: its formats and calls as they are for the reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request

from opendata.problems import choose_voice
from opendata.services.capabilities.capabilities import State
from opendata.services.core.actors import Actor
from opendata.web.core.instance import services


@dataclass(frozen=True, slots=True, kw_only=True)
class Ability:
    """A format or call of a table: its address, if it is possible, and remarks on it."""

    label: str
    address: str
    state: State
    remarks: Sequence[str]


def list_abilities(dataset: str, version: str, resource: str, reader: Actor | None) -> Sequence[Ability]:
    """The formats and calls of a table. Raises `NotFoundError`, `WithdrawnError`, `SuspendedError`."""
    voice, found = choose_voice(), []
    for item in services().capabilities.list(dataset, version, resource, reader):
        said = [voice.fill(text.message, text.params) for text in (item.note, item.remedy) if text is not None]
        reason = [voice.say_error(item.reason)] if item.reason is not None else []
        found.append(
            Ability(
                label=voice.translate(item.label),
                address=f"{request.script_root}{item.path}" if item.path and item.state != State.IMPOSSIBLE else "",
                state=item.state,
                remarks=[*reason, *said],
            )
        )
    return found
