"""Drafts over REST: files come in, their state, findings and matching."""
