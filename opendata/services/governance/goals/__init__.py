"""The goals that evaluations of open-data portals set, computed from what the portal has."""
