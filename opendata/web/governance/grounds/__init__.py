"""Pages of the negative list, of what lacks a ground, and of the self-check."""
