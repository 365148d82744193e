"""The next edition of a table: which one a file is, and what its rows are to the published ones."""
