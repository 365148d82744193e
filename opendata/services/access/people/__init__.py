"""People: who has which role, invitations, and handing over."""
