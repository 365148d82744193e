"""The index of columns: which column is called what, which may have a value, which have keys in common."""
