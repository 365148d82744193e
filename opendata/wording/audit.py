"""What the actions of the audit log, and the scopes of tokens, are called on pages."""

from __future__ import annotations

from collections.abc import Mapping

from opendata.errors import N_

ACTIONS: Mapping[str, str] = {
    "accept-grant": N_("Accepted a grant"),
    "accept-key": N_("Accepted the key of a server"),
    "alarm": N_("Found a damaged file"),
    "archive": N_("Archived"),
    "ask-archive": N_("Asked to archive"),
    "approve": N_("Approved"),
    "ask-address": N_("Asked to use an e-mail address"),
    "ask-recovery": N_("Asked for a link to set a new password"),
    "change": N_("Changed"),
    "change-address": N_("Changed the e-mail address"),
    "change-address-failed": N_("Failed to change the e-mail address"),
    "change-password": N_("Changed the password"),
    "change-password-failed": N_("Failed to change the password"),
    "comment": N_("Commented"),
    "create": N_("Created"),
    "cut": N_("Cut off old events"),
    "delete": N_("Deleted"),
    "delete-source": N_("Ended automatic fetching"),
    "disable": N_("Closed the account"),
    "discard": N_("Discarded"),
    "download": N_("Downloaded"),
    "drop": N_("Left out"),
    "enable": N_("Reopened the account"),
    "end-grant": N_("Ended a grant"),
    "end-session": N_("Ended sessions"),
    "erase": N_("Erased"),
    "erratum": N_("Corrected"),
    "fetch": N_("Asked to fetch a table"),
    "fetch-failed": N_("Failed to fetch a table"),
    "fetch-stopped": N_("Stopped fetching a table"),
    "foreign-request": N_("Refused a form or host that isn't ours"),
    "grant": N_("Gave a grant"),
    "healed": N_("A damaged file is whole again"),
    "publish": N_("Published"),
    "rebuild": N_("Rebuilt the catalogue"),
    "recover": N_("Issued a recovery link"),
    "recovered": N_("Used a recovery link"),
    "refused": N_("Refused: no permission"),
    "release": N_("Made public again"),
    "rename": N_("Renamed"),
    "reopen": N_("Reopened"),
    "restore": N_("Restored a backup"),
    "retry": N_("Tried again"),
    "return": N_("Returned"),
    "revoke": N_("Revoked"),
    "rotate": N_("Changed the signing key"),
    "set-password": N_("Set a password"),
    "set-source": N_("Set automatic fetching"),
    "sign": N_("Signed checks"),
    "sign-in": N_("Signed in"),
    "sign-in-failed": N_("Failed to sign in"),
    "sign-in-refused": N_("Refused sign-ins after too many attempts"),
    "sign-out": N_("Signed out"),
    "slowed-down": N_("Refused: too many requests"),
    "submit": N_("Submitted"),
    "suspend": N_("Stopped"),
    "token-refused": N_("Refused a token"),
    "update": N_("Changed the metadata"),
    "upload": N_("Uploaded"),
    "withdraw": N_("Withdrew"),
}
"""Action → its name. An action that isn't here is shown by its word."""

VERB_NAMES: Mapping[str, str] = {
    "read": N_("read what you may read"),
    "upload": N_("upload files, and edit drafts and metadata"),
    "publish": N_("submit, review, publish and stop"),
    "admin": N_("everything else, such as grants, tokens and the audit log"),
}
"""Scope of a token → its name."""
