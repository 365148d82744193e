"""What is kept of a publisher's history, and of the publishers that a dataset has had."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NotRequired, TypedDict

from opendata.domain.texts import I18n


class Change(StrEnum):
    """What happened to a publisher.

    `merged` and `split` are where it ended, `absorbed` and `founded` what others became part of it or began it.
    """

    RENAMED = "renamed"
    MERGED = "merged"
    ABSORBED = "absorbed"
    SPLIT = "split"
    FOUNDED = "founded"
    CLOSED = "closed"
    REOPENED = "reopened"


class HistoryEntry(TypedDict):
    """One change of a publisher, at a time (RFC 3339). All of it is public.

    `title` and `i18n` are the names until then, of a renaming; `others` the publishers that it went to or came from.
    """

    kind: str
    at: str
    reason: str
    title: NotRequired[str]
    i18n: NotRequired[I18n]
    others: NotRequired[Sequence[str]]


class Move(TypedDict):
    """That a dataset went from one publisher to another, at a time (RFC 3339), and why.

    `kind` is `moved`, `merged` or `split`.
    """

    kind: str
    source: str
    target: str
    at: str
    reason: str
