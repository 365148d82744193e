"""The kinds of mail that the portal sends, and for each how many one person gets and for how long it is tried."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LetterKind(StrEnum):
    """What a mail is about."""

    TEST = "test"
    CONFIRM_ADDRESS = "confirm-address"
    ADDRESS_CHANGED = "address-changed"
    RECOVERY = "recovery"
    RECOVERED = "recovered"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - the name of a kind
    NEW_SIGN_IN = "new-sign-in"
    NEW_TOKEN = "new-token"  # noqa: S105 - the name of a kind
    INVITATION = "invitation"
    FACTOR_ADDED = "factor-added"
    FACTOR_REMOVED = "factor-removed"
    IDENTITY_ADDED = "identity-added"
    IDENTITY_REMOVED = "identity-removed"
    VACANCY = "vacancy"
    SOURCE_FAILED = "source-failed"
    SOURCE_STOPPED = "source-stopped"
    SOURCE_WAITS = "source-waits"
    GROUND_LOST = "ground-lost"
    DUTIES = "duties"
    REQUEST_RECEIVED = "request-received"
    REQUEST_NEWS = "request-news"
    REQUEST_NEW = "request-new"
    REQUEST_DUE = "request-due"
    SUBSCRIBED = "subscribed"
    EVENTS = "events"


class LetterState(StrEnum):
    """What became of a mail. `dropped`: nobody wants it any more, or it came from a backup."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterRule:
    """How a kind of mail is treated.

    An address gets at most `per_hour` of them. After `hours`, a mail isn't tried any longer. A mail with a link has a
    `path`, and the link ends with a secret text that begins with `secret`.
    """

    per_hour: int = 10
    hours: int = 72
    secret: str = ""
    path: str = ""


LETTERS: dict[LetterKind, LetterRule] = {
    LetterKind.TEST: LetterRule(),
    LetterKind.CONFIRM_ADDRESS: LetterRule(per_hour=3, hours=24, secret="odm_", path="/confirm-address/"),  # noqa: S106
    LetterKind.ADDRESS_CHANGED: LetterRule(),
    LetterKind.RECOVERY: LetterRule(per_hour=3, hours=12, secret="odr_", path="/recover/"),  # noqa: S106
    LetterKind.RECOVERED: LetterRule(),
    LetterKind.PASSWORD_CHANGED: LetterRule(),
    LetterKind.NEW_SIGN_IN: LetterRule(per_hour=5),
    LetterKind.NEW_TOKEN: LetterRule(),
    LetterKind.INVITATION: LetterRule(per_hour=5, secret="odj_", path="/join/"),  # noqa: S106
    LetterKind.FACTOR_ADDED: LetterRule(),
    LetterKind.FACTOR_REMOVED: LetterRule(),
    LetterKind.IDENTITY_ADDED: LetterRule(),
    LetterKind.IDENTITY_REMOVED: LetterRule(),
    LetterKind.VACANCY: LetterRule(per_hour=100),
    LetterKind.SOURCE_FAILED: LetterRule(),
    LetterKind.SOURCE_STOPPED: LetterRule(),
    LetterKind.SOURCE_WAITS: LetterRule(),
    LetterKind.GROUND_LOST: LetterRule(),
    LetterKind.DUTIES: LetterRule(),
    LetterKind.REQUEST_RECEIVED: LetterRule(per_hour=3, hours=24, secret="odq_", path="/requests/confirm/"),  # noqa: S106
    LetterKind.REQUEST_NEWS: LetterRule(),
    LetterKind.REQUEST_NEW: LetterRule(per_hour=30),
    LetterKind.REQUEST_DUE: LetterRule(per_hour=30),
    LetterKind.SUBSCRIBED: LetterRule(per_hour=3, hours=24, secret="ods_", path="/subscriptions/confirm/"),  # noqa: S106
    LetterKind.EVENTS: LetterRule(per_hour=60),
}
