"""The catalogue as a frozen DuckLake: one file that DuckDB attaches. Source: DuckLake specification 1.0."""
