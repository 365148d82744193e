"""What click says of its own, named so that the catalogues have it: click asks gettext for the terminal's language.

The texts of the operating system that messages repeat are here as well.
"""

from __future__ import annotations

import gettext
from gettext import ngettext

from opendata.errors import N_
from opendata.settings import TRANSLATIONS

TEXTS = (
    N_("Error: {message}"),
    N_("Usage:"),
    N_("Options"),
    N_("Positional arguments"),
    N_("Commands"),
    N_("required"),
    N_("default: {default}"),
    N_("file"),
    N_("directory"),
    N_("path"),
    N_("Try '{command} {option}' for help."),
    N_("Show this message and exit."),
    N_("Show the version and exit."),
    N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"),
    N_("Missing argument"),
    N_("Missing option"),
    N_("Missing parameter"),
    N_("Missing command."),
    N_("No such option {name!r}."),
    N_("No such command {name!r}."),
    N_("Option {name!r} does not take a value."),
    N_("{value!r} is not a valid {number_type}."),
    N_("{value} is not in the range {range}."),
    N_("{name} {filename!r} does not exist."),
    N_("{name} {filename!r} is a file."),
    N_("{name} {filename!r} is a directory."),
    N_("{name} {filename!r} is not readable."),
    N_("Aborted!"),
)

SYSTEM_TEXTS = (
    N_("No such file or directory"),
    N_("Permission denied"),
    N_("File exists"),
    N_("Is a directory"),
    N_("Not a directory"),
    N_("Directory not empty"),
    N_("No space left on device"),
    N_("Read-only file system"),
    N_("Connection refused"),
    N_("Address already in use"),
)
"""What the operating system says, which messages repeat."""


def use_catalogues() -> None:
    """Have click find our translations, those of its plural forms too."""
    gettext.bindtextdomain("messages", str(TRANSLATIONS))


def _name_plurals() -> tuple[str, ...]:
    """Never called: pybabel reads it."""
    return (
        ngettext("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})", 1),
        ngettext("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)", 1),
        ngettext("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments.", 1),
        ngettext("{value!r} is not {choice}.", "{value!r} is not one of {choices}.", 1),
    )
