"""Word documents as tables."""
