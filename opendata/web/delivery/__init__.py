"""Downloads: every file of a version, whole or a range of it."""
