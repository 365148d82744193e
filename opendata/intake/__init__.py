"""Files as departments have them: what kind, which tables are in them, and each table as plain delimited text."""
