"""Tables: bytes into rows, rows into a report and typed Arrow batches, batches into canonical CSV and Parquet.

Pure: no web, no database, no network. Functions take and give paths, rows and record batches.
"""
