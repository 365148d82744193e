"""Editions of a table: what a file is to the published rows."""
