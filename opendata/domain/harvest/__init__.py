"""Harvesting: what other portals say about their datasets, and what became of reading it."""
