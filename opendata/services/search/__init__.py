"""Finding datasets: what the index is told about each, keeping it up to date, and asking it."""
