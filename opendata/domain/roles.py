"""The roles of those who act."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What somebody is.

    A reader may have the data they were granted, an editor works for one publisher, a maintainer for all; the system
    itself has no account.
    """

    READER = "reader"
    EDITOR = "editor"
    MAINTAINER = "maintainer"
    SYSTEM = "system"


ACCOUNT_ROLES = (Role.READER, Role.EDITOR, Role.MAINTAINER)
