"""What is personal in a table, what may be done about it, and how far the rest still points to persons."""
