"""A table against its schema: cells, rows, keys, and the checks a schema declares."""
