"""A finished table in its file formats: CSV and Parquet, JSON, Arrow, Excel workbooks."""
