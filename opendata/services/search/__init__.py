"""Finding datasets: what the index has of each, keeping it up to date, and asking it."""
