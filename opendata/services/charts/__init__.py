"""Charts of published tables: what fits them, what is drawn, and the pictures."""
