"""The roles of those who act: what they are for a publisher, or for the whole instance."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What somebody is.

    A reader may have the data they were granted. For a publisher and those below it, an editor uploads and edits, a
    reviewer reviews and approves, and a lead does both and decides about persons and replies. For the whole instance, a
    maintainer changes everything, an auditor reads everything, and an evaluator reads the figures. The system itself
    has no account.
    """

    READER = "reader"
    EDITOR = "editor"
    REVIEWER = "reviewer"
    LEAD = "lead"
    MAINTAINER = "maintainer"
    AUDITOR = "auditor"
    EVALUATOR = "evaluator"
    SYSTEM = "system"


ACCOUNT_ROLES = (Role.READER, Role.EDITOR, Role.MAINTAINER)
"""What the releases before appointments know, and `users.role` may say."""

PUBLISHER_ROLES = (Role.EDITOR, Role.REVIEWER, Role.LEAD)
"""Roles at a publisher, which reach down to those below it."""

INSTANCE_ROLES = (Role.MAINTAINER, Role.AUDITOR, Role.EVALUATOR)
"""Roles for the whole instance."""

WATCHING_ROLES = (Role.AUDITOR, Role.EVALUATOR)
"""Who has one of these changes nothing, so they have no other role."""

ROLES = (Role.READER, *PUBLISHER_ROLES, *INSTANCE_ROLES)
"""What an account may be; a reader is one without an appointment."""
