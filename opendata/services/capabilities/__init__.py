"""The formats and calls of a published table, and why one of them isn't possible."""
