"""Editions of a table, as services hand them out."""
