"""A schema as texts that a clerk can read and change: one row for each field, and what is said of the whole table."""
