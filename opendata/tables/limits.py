"""Bounds of tables that readers of files, of schemas and of repairs share."""

MAX_FIELDS = 5000
"""Columns of a table, at most."""
