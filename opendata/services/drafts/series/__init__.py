"""Series: files of one schema that are parts of one table, recognised, joined, kept apart, and continued."""
