"""How well an entry's metadata serve the checkers of other systems."""
