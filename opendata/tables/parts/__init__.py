"""Files of tables cut into parts, and the tail that joins Parquet files."""
