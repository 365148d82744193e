"""What the pages of a review call deeds and results."""

from __future__ import annotations

from collections.abc import Mapping

from opendata.errors import N_

DEEDS: Mapping[str, str] = {
    "upload": N_("uploaded the files"),
    "change": N_("changed a table: its rules, its steps or what is said about it"),
    "drop": N_("left out a table or an attachment"),
    "submit": N_("submitted the draft"),
    "sign": N_("signed checks"),
    "approve": N_("approved the draft"),
    "return": N_("returned the draft"),
    "publish": N_("asked for publication"),
    "discard": N_("discarded the draft"),
    "retry": N_("started the work again"),
    "comment": N_("commented"),
    "remove": N_("removed a file with a virus"),
    "erase": N_("erased the files that were sent"),
}
"""Verb of the audit log → what someone did with the draft."""

RESULTS: Mapping[str, str] = {"passed": N_("passed"), "refused": N_("refused")}
"""Result of a check → its name."""
