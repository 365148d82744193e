"""Columns as Arrow arrays: their bytes, shapes and counts, whole columns at a time."""
