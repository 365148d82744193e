"""The privacy gate: what was found, what was decided, and the decisions applied."""
