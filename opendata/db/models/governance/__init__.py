"""The tables of who answers for what."""
