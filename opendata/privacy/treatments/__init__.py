"""Decisions about columns with personal data, and what is done to a table because of them."""
