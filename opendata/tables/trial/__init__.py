"""A table kept as columns of text, so that a column can be checked by other rules without reading the file again."""
