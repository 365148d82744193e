"""Pages of tables: all rows in a grid, what is in a column, SQL over many tables."""
