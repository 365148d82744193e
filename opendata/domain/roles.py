"""The roles of those who act."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What somebody is: an editor of one publisher, a maintainer of all, or the system itself, which has no account."""

    EDITOR = "editor"
    MAINTAINER = "maintainer"
    SYSTEM = "system"


ACCOUNT_ROLES = (Role.EDITOR, Role.MAINTAINER)
