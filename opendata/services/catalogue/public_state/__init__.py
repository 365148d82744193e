"""Public records of what the database alone would have: the basic catalogue, pages, published reports."""
