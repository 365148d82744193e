"""Questions to published tables: rows of one, SQL over many, each answer with what it was read from."""
