"""Field types: which Arrow type each has, how its values are cast and written, how its cells are repaired."""
