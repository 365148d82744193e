"""Sources: where the table of a dataset is fetched from, when, and what became of it."""
