"""Which answer another site may show in a frame of its page: none, unless its view says so."""

from __future__ import annotations

from flask import g


def allow_frames() -> None:
    """Let any site frame this answer. It mustn't have forms, scripts or anything about who is signed in."""
    g.may_be_framed = True


def may_be_framed() -> bool:
    """Whether any site may frame this answer."""
    return bool(g.get("may_be_framed"))
