"""The work on a draft in the reader's words: what is being done, and why it was stopped."""

from __future__ import annotations

from collections.abc import Mapping

from opendata.domain.drafts import Failure
from opendata.domain.stages import parse_stage
from opendata.errors import N_
from opendata.wording.voice import Voice

STAGES: Mapping[str, str] = {
    "scan": N_("Scanning %(name)s for viruses"),
    "hold": N_("Held until the virus scanner answers"),
    "hold-large": N_("Held, because the virus scanner doesn't accept %(name)s"),
    "read": N_("Reading %(name)s"),
    "check": N_("Checking %(name)s"),
    "store": N_("Storing %(name)s"),
    "compare": N_("Comparing %(name)s with the previous version"),
    "screen": N_("Screening %(name)s for personal data"),
    "keys": N_("Checking the keys between tables"),
    "publish": N_("Publishing"),
}

FAILURES: Mapping[str, str] = {
    "out-of-memory": N_(
        "Checking the file takes more than the %(size)s MiB of memory that this portal gives to one draft."
        " Split the file, or ask the portal's operator to allow more"
    ),
    "too-long": N_(
        "The work made no progress for %(seconds)s seconds and was stopped. Split the file, or ask the"
        " portal's operator to check it"
    ),
    "no-end": N_(
        "The work took more than %(seconds)s seconds, which is unusual for a file of this size, and was stopped."
        " Split the file, or ask the portal's operator to check it"
    ),
    "worker-died": N_(
        "The worker ended several times while working on this draft. The file may be too large for its memory"
    ),
    "worker-ended": N_("The process that was working on this draft ended (%(reason)s)"),
}
"""Why work was stopped, as a code → the sentence for it."""


def say_stage(voice: Voice, stage: str, titles: Mapping[str, str] | None = None) -> str:
    """What is being done, by the text a draft keeps; nothing where it waits. `titles` says what names are called."""
    found = parse_stage(stage)
    text = STAGES.get(found.name)
    return voice.translate(text) % {"name": (titles or {}).get(found.resource, found.resource)} if text else stage


def say_failure(voice: Voice, failure: Failure) -> str:
    """Why the work on a draft was stopped: a limit of ours, one of our exceptions, or what a library said."""
    message = failure.get("message") or FAILURES.get(failure.get("code", ""))
    return voice.fill(message, failure.get("params") or {}) if message else str(failure.get("detail", ""))
