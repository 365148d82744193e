"""The quality of published tables."""
