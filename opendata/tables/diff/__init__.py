"""What changed between two tables, row by row."""
