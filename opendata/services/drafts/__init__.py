"""Drafts: files come in, are matched, looked at, submitted and reviewed."""
