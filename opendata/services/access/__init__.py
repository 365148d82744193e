"""Accounts, tokens and the signing keys."""
