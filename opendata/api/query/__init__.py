"""Asking published tables over REST: rows of one table, SQL over many."""
