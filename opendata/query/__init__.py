"""Rows out of published Parquet: queries are checked here and run by DuckDB in a process of its own."""
