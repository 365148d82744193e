"""The catalogue itself as tables: what is in it, in columns with types, keys and words in two languages."""
