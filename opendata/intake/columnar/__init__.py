"""Tables in Parquet and Arrow files."""
