"""Open Data Contract Standard: what a version promises, as contracts between producers and users have it."""
